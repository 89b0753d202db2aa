//! Postgres inside this process, one backend behind a socket.
//!
//! The migrations are applied once per process; every database is a copy of that one. A connection that ends, however it
//! ends, makes room for the next one: the data are in files.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Context;
use pglite_oxide::{PgliteProxy, PgliteServer};
use tempfile::TempDir;
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::migrations;

/// The files of a database with all migrations.
static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();

/// A database of its own; gone when dropped.
#[derive(Debug)]
pub struct Postgres {
    /// Connection string of the superuser. There is one backend: a second connection waits for the end of the first.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Postgres {
    /// A new database with all migrations.
    pub async fn migrated() -> anyhow::Result<Self> {
        let template = TEMPLATE.get_or_try_init(template).await?.path().to_owned();
        spawn_blocking(move || Self::serve(&template)).await?
    }

    /// Serves a copy of the files in `template`.
    fn serve(template: &Path) -> anyhow::Result<Self> {
        let files = TempDir::new().context("a folder for the database")?;
        copy(template, files.path())?;
        let listener = TcpListener::bind("127.0.0.1:0").context("a port for the database")?;
        let address = listener.local_addr()?;
        let proxy = PgliteProxy::new(files.path());
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = stopped.clone();
        thread::Builder::new().name("postgres".into()).spawn(move || {
            while !is_stopped.load(Ordering::SeqCst) {
                // A client that disappears in the middle of an exchange is this connection's end, not the server's.
                if let Err(error) = proxy.accept_tcp_once(&listener) {
                    tracing::debug!(error = format!("{error:#}"), "connection.ended");
                }
            }
            drop(files);
        })?;
        // The engine calls the database that clients use `template1`.
        let url = format!("postgresql://postgres@{address}/template1?sslmode=disable");
        Ok(Self { url, address, stopped })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Ends the wait for the next connection; a client that is still there ends it by leaving.
        TcpStream::connect(self.address).ok();
    }
}

async fn template() -> anyhow::Result<TempDir> {
    let files = TempDir::new().context("a folder for the database")?;
    let root: PathBuf = files.path().to_owned();
    let server = spawn_blocking(move || PgliteServer::builder().path(root).start())
        .await?
        .context("the embedded Postgres did not start")?;
    migrations::migrate(&server.database_url()).await?;
    spawn_blocking(move || server.shutdown()).await??;
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
