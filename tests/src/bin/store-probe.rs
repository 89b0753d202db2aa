//! A process with the environment of a function that sends an object of several pieces and has it back, and that
//! writes the same manifest twice: the second one is refused.

use backup::{copy::Manifest, store::Store};
use futures::StreamExt;
use shared::{config::Settings, error_kind::ErrorKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // The store's HTTP client needs the process's TLS provider.
    let _http = shared::http::Http::new();
    let mut settings = Settings::load().await?;
    let store = Store::read(&mut settings);
    settings.check()?;
    let store = store.ok_or_else(|| anyhow::anyhow!("no store"))?;
    let mut upload = store.upload("supabase/twice", "large");
    let mut sent = Vec::new();
    for number in 0_u32..12 {
        let piece: Vec<u8> = (0..1_000_000_u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 ^ number as u8)
            .collect();
        sent.extend_from_slice(&piece);
        upload.write(&piece).await?;
    }
    upload.finish().await?;
    let mut back = Vec::new();
    let mut pieces = store.download("supabase/twice", "large").await?;
    while let Some(piece) = pieces.next().await {
        back.extend_from_slice(&piece?);
    }
    anyhow::ensure!(back == sent, "another object came back");

    let manifest = Manifest::default();
    store.put_manifest("supabase/twice", &manifest, None).await?;
    match store.put_manifest("supabase/twice", &manifest, None).await {
        Ok(()) => anyhow::bail!("overwritten"),
        Err(error) => anyhow::ensure!(error.kind() == ErrorKind::BackupStoreRefused, "{error}"),
    }
    Ok(())
}
