//! `cargo ops restore`: puts a copy back.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use backup::{Key, copy::Kind, restore, store::Store};
use clap::Args;
use indicatif::ProgressBar;
use shared::config::Settings;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What goes where.
#[derive(Args)]
pub struct Arguments {
    /// A copy, as `backups.location` below the store's address: s3://bucket/supabase/2026…; the store's address
    /// alone lists its copies.
    copy: String,
    /// postgres://… of a database whose migrations are applied; for a SQLite copy the name of a new file.
    #[arg(long, value_name = "URL")]
    into: Option<String>,
    /// Replaces what the target holds.
    #[arg(long)]
    replace: bool,
    /// Certificate of the database server's authority, for a target with sslmode=require (Supabase offers it for
    /// download).
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,
}

/// Restores, or lists the copies. `BACKUP_AGE_KEY` opens an encrypted copy.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(execute(arguments))
}

async fn execute(arguments: &Arguments) -> anyhow::Result<()> {
    // Installs the TLS provider that the store's client needs.
    shared::http::Http::new();
    let mut settings = Settings::load().await?;
    let key = Key::read(&mut settings);
    settings.check()?;
    let endpoint = settings.optional("AWS_ENDPOINT_URL");
    let Some((address, location)) = split(&arguments.copy) else {
        let store = Store::open(&arguments.copy, endpoint.as_deref())?;
        return list(&store, &arguments.copy).await;
    };
    let store = Store::open(&address, endpoint.as_deref())?;
    let into = arguments.into.as_deref().context("--into is missing: where shall the copy go?")?;
    if !into.starts_with("postgres") {
        let rows = restore::into_file(&store, &location, key.as_ref(), into.as_ref()).await?;
        println!("{into}: {rows} rows");
        return Ok(());
    }
    let target = connect(into, arguments.ca_file.as_ref()).await?;
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(150));
    let mut progress = |line: &str| {
        if bar.is_hidden() {
            eprintln!("▸ {line}");
        }
        bar.set_message(line.to_owned());
    };
    let restored =
        restore::into_postgres(&store, &location, key.as_ref(), target, arguments.replace, &mut progress)
            .await;
    bar.finish_and_clear();
    let restored = restored?;
    println!("{} tables, {} rows", restored.tables, restored.rows);
    if !restored.moving.is_empty() {
        println!("written while they were copied, so not of one instant: {}", restored.moving.join(", "));
    }
    for reference in &restored.orphans {
        println!("some rows refer to rows that are not in the copy: {reference}");
    }
    println!("next: cargo ops gazelle authorize, since no copy holds the token");
    Ok(())
}

/// Store and place of a copy's address.
fn split(copy: &str) -> Option<(String, String)> {
    let copy = copy.trim_end_matches('/');
    [Kind::Supabase, Kind::Sqlite].iter().find_map(|kind| {
        let at = copy.rfind(&format!("/{}/", kind.name()))?;
        Some((copy[..at].to_owned(), copy[at + 1..].to_owned()))
    })
}

async fn list(store: &Store, address: &str) -> anyhow::Result<()> {
    let mut count = 0;
    for kind in [Kind::Supabase, Kind::Sqlite] {
        for copy in store.copies(kind).await? {
            count += 1;
            let verdict = copy.verdict.as_ref().map_or("not verified", |verdict| verdict.name());
            println!("{}/{}  {verdict}", address.trim_end_matches('/'), copy.location);
        }
    }
    if count == 0 {
        bail!("there is no copy at {address}");
    }
    Ok(())
}

async fn connect(address: &str, ca_file: Option<&PathBuf>) -> anyhow::Result<Client> {
    let needs_tls = address.contains("sslmode=require") || address.contains("sslmode=verify");
    let Some(file) = ca_file else {
        if needs_tls {
            bail!("this address asks for TLS: give the server's certificate authority with --ca-file");
        }
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.context("connecting")?;
        tokio::spawn(connection);
        return Ok(client);
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_pki_types::pem::PemObject::pem_file_iter(file)
        .with_context(|| format!("reading {}", file.display()))?
    {
        roots.add(certificate?)?;
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) = tokio_postgres::connect(address, MakeRustlsConnect::new(config))
        .await
        .context("connecting with TLS")?;
    tokio::spawn(connection);
    Ok(client)
}
