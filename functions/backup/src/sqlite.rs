//! The SQLite database of the settings, if there is one: a consistent copy of a live file, checked before it goes
//! and after it came back.

use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use futures::StreamExt;
use object_store::ObjectStoreExt;
use rusqlite::{Connection, OpenFlags, backup::Backup};
use serde_json::json;
use shared::{clock, config::Settings, http::Http, run::Run, task::TaskError};
use tempfile::TempDir;
use url::Url;

use crate::{
    codec::{Encoder, Key, Meter},
    copy::{Manifest, Part},
    error::BackupError,
    store::{self, Store},
    verify::Bytes,
};

const NAME: &str = "database";

/// Where the database is.
pub struct Source {
    url: Url,
    endpoint: Option<String>,
}

impl Source {
    /// Reads `BACKUP_SQLITE_URL`: `file:`, `s3:` or `https:`.
    pub fn read(settings: &mut Settings, _http: &Http) -> Option<Self> {
        let text = settings.optional("BACKUP_SQLITE_URL")?;
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "file" | "s3" | "https" | "http") => {
                Some(Self { url, endpoint: settings.optional("AWS_ENDPOINT_URL") })
            }
            _ => {
                settings.problem("BACKUP_SQLITE_URL is no file:, s3: or https: address");
                None
            }
        }
    }

    /// A consistent copy of the database in temporary storage.
    async fn fetch(&self, folder: &Path) -> Result<PathBuf, BackupError> {
        let target = folder.join("copy.sqlite");
        if self.url.scheme() == "file" {
            let source = self
                .url
                .to_file_path()
                .map_err(|()| BackupError::SourceMissing("BACKUP_SQLITE_URL names no file".into()))?;
            let copied = target.clone();
            blocking(move || online_copy(&source, &copied)).await?;
        } else {
            self.download(&target).await?;
        }
        Ok(target)
    }

    async fn download(&self, target: &Path) -> Result<(), BackupError> {
        let (objects, path) = match self.url.scheme() {
            "s3" => store::open(&self.url, self.endpoint.as_deref())?,
            _ => store::open_http(&self.url)?,
        };
        let mut stream = match objects.get(&path).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(BackupError::SourceMissing("there is no SQLite database at its address".into()));
            }
            found => found?.into_stream(),
        };
        let mut file = File::create(target)?;
        while let Some(piece) = stream.next().await {
            file.write_all(&piece?)?;
        }
        file.sync_all()?;
        Ok(())
    }
}

/// The online backup API sees a live database as it is at one instant, whatever is being written.
fn online_copy(source: &Path, target: &Path) -> Result<(), BackupError> {
    if !source.is_file() {
        return Err(BackupError::SourceMissing("the SQLite file is not there".into()));
    }
    let source = Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(damaged)?;
    let mut copy = Connection::open(target).map_err(damaged)?;
    let backup = Backup::new(&source, &mut copy).map_err(damaged)?;
    backup.run_to_completion(1000, std::time::Duration::from_millis(5), None).map_err(damaged)
}

fn damaged(error: rusqlite::Error) -> BackupError {
    // SQLite's own words may quote data; its code does not.
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => BackupError::Full,
        Some(code) => BackupError::SqliteDamaged(format!("{code:?}")),
        None => BackupError::SqliteDamaged("unreadable".into()),
    }
}

/// Integrity and foreign keys; the rows of all tables.
fn examine(path: &Path) -> Result<u64, BackupError> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(damaged)?;
    let integrity: String =
        database.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(damaged)?;
    if integrity != "ok" {
        return Err(BackupError::SqliteDamaged("integrity_check".into()));
    }
    let broken: i64 = database
        .query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0))
        .map_err(damaged)?;
    if broken > 0 {
        return Err(BackupError::SqliteDamaged(format!("{broken} broken foreign keys")));
    }
    let mut names = database
        .prepare(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'",
        )
        .map_err(damaged)?;
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(damaged)?;
    let mut rows = 0;
    for name in names {
        let count = format!("select count(*) from \"{}\"", name.replace('"', "\"\""));
        rows += database.query_row(&count, [], |row| row.get::<_, i64>(0)).map_err(damaged)?.unsigned_abs();
    }
    Ok(rows)
}

/// Copies the database into its part.
pub async fn copy(
    source: &Source,
    run: &Run,
    store: &Store,
    key: Option<&Key>,
    location: &str,
) -> Result<Part, TaskError> {
    run.report(json!({"table": "sqlite"}));
    let folder = TempDir::new().map_err(BackupError::from)?;
    let read_at = clock::now();
    let file = source.fetch(folder.path()).await?;
    let examined = file.clone();
    let rows = blocking(move || examine(&examined)).await?;
    let object = format!("{NAME}.sqlite.zst{}", if key.is_some() { ".age" } else { "" });
    let mut upload = store.upload(location, &object);
    let sent = async {
        let mut encoder = Encoder::new(key)?;
        let mut meter = Meter::default();
        let mut file = File::open(&file)?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            meter.update(&buffer[..count]);
            let ready = encoder.write(&buffer[..count])?;
            if !ready.is_empty() {
                upload.write(&ready).await?;
            }
        }
        upload.write(&encoder.finish()?).await?;
        Ok::<_, BackupError>(meter.finish())
    };
    let plain = match sent.await {
        Ok(plain) => plain,
        Err(error) => {
            upload.abort().await;
            return Err(error.into());
        }
    };
    Ok(Part {
        name: NAME.into(),
        object,
        stored: upload.finish().await?,
        rows,
        content: plain.sha256,
        read_at,
        ..Part::default()
    })
}

/// Reads the part back into a file, and examines it as if it were the database.
pub async fn check(
    store: &Store,
    location: &str,
    manifest: &Manifest,
    part: &Part,
    key: Option<&Key>,
) -> Result<(), BackupError> {
    let folder = TempDir::new()?;
    let file = folder.path().join("back.sqlite");
    download(store, location, manifest, part, key, &file).await?;
    let rows = blocking(move || {
        let mut meter = Meter::default();
        read_pieces(&file, |piece| {
            meter.update(piece);
            Ok(())
        })?;
        Ok((meter.finish().sha256, examine(&file)?))
    })
    .await?;
    match rows == (part.content.clone(), part.rows) {
        true => Ok(()),
        false => Err(BackupError::Corrupt(format!("{}: rows or checksum", part.name))),
    }
}

/// A large file is never in memory as a whole.
fn read_pieces(
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => each(&buffer[..count])?,
        }
    }
}

/// Writes the database of a copy into a file.
///
/// # Errors
/// When the part is missing or damaged.
pub async fn download(
    store: &Store,
    location: &str,
    manifest: &Manifest,
    part: &Part,
    key: Option<&Key>,
    target: &Path,
) -> Result<(), BackupError> {
    let mut output = File::create(target)?;
    let (encrypted, key) = (manifest.encrypted, key.cloned());
    let bytes = Bytes::open(store, location, part, move |pieces| {
        crate::Decoder::new(pieces, encrypted, key.as_ref())?.copy_to(&mut output)?;
        output.sync_all()
    })
    .await?;
    bytes.finish(&part.name, &part.stored).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| BackupError::Inconclusive("a thread is gone".into()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(folder: &Path) -> PathBuf {
        let path = folder.join("live.sqlite");
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch(
                "create table parent (id integer primary key);
                 create table child (id integer primary key, parent_id integer references parent (id));
                 insert into parent values (1), (2); insert into child values (1, 1);",
            )
            .unwrap();
        path
    }

    #[test]
    fn a_live_database_is_copied_as_it_is_at_one_instant() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        let live = Connection::open(&path).unwrap();
        live.execute_batch("pragma journal_mode = wal; begin; insert into parent values (3);").unwrap();
        let copy = folder.path().join("copy.sqlite");
        online_copy(&path, &copy).unwrap();
        assert_eq!(examine(&copy).unwrap(), 3);
    }

    #[test]
    fn a_missing_and_a_damaged_database_are_told_apart() {
        let folder = TempDir::new().unwrap();
        let missing = online_copy(&folder.path().join("none"), &folder.path().join("copy"));
        assert_eq!(missing.unwrap_err().kind(), "backup_source_missing");
        let path = database(folder.path());
        let live = Connection::open(&path).unwrap();
        live.execute_batch("pragma foreign_keys = off; insert into child values (2, 99)").unwrap();
        assert_eq!(examine(&path).unwrap_err().kind(), "sqlite_damaged");
        std::fs::write(&path, b"this is no database, whatever its name says").unwrap();
        assert_eq!(examine(&path).unwrap_err().kind(), "sqlite_damaged");
    }
}
