//! `cargo ops restore`: puts a copy back.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail, ensure};
use backup::{Key, copy::Kind, restore, store::Store};
use clap::Args;
use indicatif::ProgressBar;
use shared::config::{Setting, Settings};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode},
};
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
    /// Restores a copy that nothing proves to be ours although BACKUP_AGE_KEY is set: one that is not encrypted, or whose
    /// manifest does not carry the key's mark.
    #[arg(long)]
    unproven: bool,
    /// Certificate of the database server's authority (Supabase offers it for download): needed unless the server is on
    /// this machine.
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
    let endpoint = settings.optional(Setting::AwsEndpointUrl);
    let Some((address, location)) = split(&arguments.copy) else {
        let store = Store::open(&arguments.copy, endpoint.as_deref())?;
        return list(&store, &arguments.copy, key.as_ref()).await;
    };
    let store = Store::open(&address, endpoint.as_deref())?;
    let source = restore::Source {
        store: &store,
        location: &location,
        key: key.as_ref(),
        unproven: arguments.unproven,
    };
    let into = arguments.into.as_deref().context("--into is missing: where shall the copy go?")?;
    if !into.starts_with("postgres") {
        let rows = restore::into_file(&source, into.as_ref()).await?;
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
    let restored = restore::into_postgres(&source, target, arguments.replace, &mut progress).await;
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

async fn list(store: &Store, address: &str, key: Option<&Key>) -> anyhow::Result<()> {
    let mut count = 0;
    for kind in [Kind::Supabase, Kind::Sqlite] {
        for copy in store.copies(kind, key).await? {
            count += 1;
            let verdict = match (&copy.verdict, copy.proven) {
                (_, false) => "not proven: made without this key, or by somebody else",
                (Some(verdict), true) => verdict.name(),
                (None, true) => "not verified",
            };
            println!("{}/{}  {verdict}", address.trim_end_matches('/'), copy.location);
        }
    }
    if count == 0 {
        bail!("there is no copy at {address}");
    }
    Ok(())
}

async fn connect(address: &str, ca_file: Option<&PathBuf>) -> anyhow::Result<Client> {
    let mut config: Config = address.parse().context("--into is no postgres:// address")?;
    let Some(file) = ca_file else {
        let needs_tls = !is_local(&config) || config.get_ssl_mode() == SslMode::Require;
        ensure!(
            !needs_tls,
            "the way to this server needs TLS: give the certificate of its authority with --ca-file"
        );
        let (client, connection) = config.connect(NoTls).await.context("connecting")?;
        tokio::spawn(connection);
        return Ok(client);
    };
    // Whoever stands between could say that there is no TLS.
    config.ssl_mode(SslMode::Require);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_pki_types::pem::PemObject::pem_file_iter(file)
        .with_context(|| format!("reading {}", file.display()))?
    {
        roots.add(certificate?)?;
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) =
        config.connect(MakeRustlsConnect::new(tls)).await.context("connecting with TLS")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Whether every host of an address is this machine.
fn is_local(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    };
    let addresses = config.get_hostaddrs();
    config.get_hosts().iter().all(is_here) && addresses.iter().all(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_this_machine_in_the_clear() {
        for (address, expected) in [
            ("postgres://localhost/x", true),
            ("postgres://127.0.0.1:5432/x", true),
            ("postgres://[::1]/x", true),
            ("postgres:///x?host=/run/postgresql", true),
            ("postgres://db.project.example/x", false),
            ("postgres://192.0.2.1/x?sslmode=disable", false),
            ("postgres://localhost,db.project.example/x", false),
            ("postgres://localhost/x?hostaddr=192.0.2.1", false),
        ] {
            assert_eq!(is_local(&address.parse().unwrap()), expected, "{address}");
        }
    }
}
