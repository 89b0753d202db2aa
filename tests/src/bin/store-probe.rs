//! A process with the environment of a function that writes the same manifest twice: the second one is refused.

use backup::{copy::Manifest, store::Store};
use shared::config::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // The store's HTTP client needs the process's TLS provider.
    let _http = shared::http::Http::new();
    let mut settings = Settings::load().await?;
    let store = Store::read(&mut settings);
    settings.check()?;
    let store = store.ok_or_else(|| anyhow::anyhow!("no store"))?;
    let manifest = Manifest::default();
    store.put_manifest("supabase/twice", &manifest).await?;
    match store.put_manifest("supabase/twice", &manifest).await {
        Ok(()) => anyhow::bail!("overwritten"),
        Err(error) => anyhow::ensure!(error.kind() == "backup_store_refused", "{error}"),
    }
    Ok(())
}
