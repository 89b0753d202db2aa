//! The SQLite database of the settings, if there is one: a consistent copy of a live file, looked at before it goes
//! and after it came back.
//!
//! It is copied whatever it is. What only its own program could check (a collation, a module, a function) is said; so is
//! what breaks the rules of its own tables. A file that is damaged is copied as it is, beside the good copies: what can
//! still be saved is saved, and nothing good goes because of it. Only what is no SQLite file at all is refused.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use futures::StreamExt;
use object_store::ObjectStoreExt;
use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    backup::{Backup, StepResult},
};
use serde_json::json;
use shared::{
    clock,
    config::{Setting, Settings},
    http::Http,
    run::Run,
    task::TaskError,
    text::clean,
};
use tempfile::TempDir;
use url::Url;

use crate::{
    codec::{Encoder, Key, Meter},
    copy::{Manifest, Note, NoteKind, Part},
    error::BackupError,
    read::Bytes,
    store::{self, Store},
};

const NAME: &str = "database";
/// A database that others hold locked for so long is not waited for any longer.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a file that changes while it is copied byte by byte is copied again.
const ATTEMPTS: usize = 5;
/// Things that are said of a file at most.
const NOTES: usize = 20;

/// Where the database is.
pub struct Source {
    url: Url,
    endpoint: Option<String>,
}

impl Source {
    /// Reads `BACKUP_SQLITE_URL`: `file:`, `s3:` or `https:`.
    pub fn read(settings: &mut Settings, _http: &Http) -> Option<Self> {
        let text = settings.optional(Setting::BackupSqliteUrl)?;
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "file" | "s3" | "https" | "http") => {
                Some(Self { url, endpoint: settings.optional(Setting::AwsEndpointUrl) })
            }
            _ => {
                settings.problem("BACKUP_SQLITE_URL is no file:, s3: or https: address");
                None
            }
        }
    }

    /// A consistent copy of the database in temporary storage.
    async fn fetch(&self, folder: &Path) -> Result<Fetched, BackupError> {
        let target = folder.join("copy.sqlite");
        if self.url.scheme() == "file" {
            let source = self
                .url
                .to_file_path()
                .map_err(|()| BackupError::SourceMissing("BACKUP_SQLITE_URL names no file".into()))?;
            blocking(move || live_copy(&source, target, LOCK_TIMEOUT)).await
        } else {
            self.download(&target).await?;
            Ok(Fetched { file: target, notes: Vec::new() })
        }
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

/// A copy of the database in temporary storage.
#[derive(Debug)]
struct Fetched {
    file: PathBuf,
    notes: Vec<Note>,
}

fn note(kind: NoteKind, about: &str) -> Note {
    Note { kind, about: clean(about, 80) }
}

/// A live file as it is at one instant, whatever is being written. `patience`: for how long a lock is waited for.
fn live_copy(source: &Path, target: PathBuf, timeout: Duration) -> Result<Fetched, BackupError> {
    if !source.is_file() {
        return Err(BackupError::SourceMissing("the SQLite file is not there".into()));
    }
    match in_one_step(source, &target, timeout) {
        Ok(()) => Ok(Fetched { file: target, notes: Vec::new() }),
        Err(CopyFailure::Final(error)) => Err(error),
        // A reader may not touch the journal of a transaction that was interrupted, nor read past damaged pages: both
        // are the business of a copy.
        Err(CopyFailure::Unreadable) => aside(source, &target),
    }
}

/// Why a database cannot be copied from inside.
#[derive(Debug)]
enum CopyFailure {
    /// Nor in another way.
    Final(BackupError),
    /// But its bytes can.
    Unreadable,
}

impl From<rusqlite::Error> for CopyFailure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => CopyFailure::Final(BackupError::Full),
            Some(ErrorCode::NotADatabase) => CopyFailure::Final(damaged(&error)),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                CopyFailure::Final(BackupError::SqliteBusy)
            }
            _ => CopyFailure::Unreadable,
        }
    }
}

/// All pages in one step, under one read lock: a copy in several steps starts over at every write of another program,
/// and a writer that never rests would keep it from its end for ever. Writers wait, or say that they are locked, for as
/// long as the copy of the bytes takes.
fn in_one_step(source: &Path, target: &Path, timeout: Duration) -> Result<(), CopyFailure> {
    let end = Instant::now() + timeout;
    let source = Connection::open_with_flags(source, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(timeout)?;
    let mut copy = Connection::open(target)?;
    let backup = Backup::new(&source, &mut copy)?;
    loop {
        let step = backup.step(-1)?;
        if step == StepResult::Done {
            return Ok(());
        }
        if step == StepResult::More {
            continue;
        }
        // `Busy` or `Locked`: the lock was waited for already, as a rule.
        if Instant::now() >= end {
            return Err(CopyFailure::Final(BackupError::SqliteBusy));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The files that belong to a database, by what is added to its name.
const COMPANIONS: [&str; 3] = ["", "-journal", "-wal"];

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Copies the bytes of a database with its journals, and opens the copy as its own program would: what was interrupted is
/// rolled back or completed there. The original is not touched.
fn aside(source: &Path, target: &Path) -> Result<Fetched, BackupError> {
    let raw = beside(target, ".raw");
    let state = || -> Vec<Option<(u64, Option<SystemTime>)>> {
        let of = |ending| std::fs::metadata(beside(source, ending)).ok();
        COMPANIONS.iter().map(|ending| of(ending).map(|file| (file.len(), file.modified().ok()))).collect()
    };
    let mut attempts = 0;
    loop {
        attempts += 1;
        let before = state();
        for ending in COMPANIONS {
            let copied = beside(&raw, ending);
            match std::fs::copy(beside(source, ending), &copied) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !ending.is_empty() => {
                    let _ = std::fs::remove_file(copied);
                }
                done => drop(done?),
            }
        }
        if state() == before {
            break;
        }
        if attempts == ATTEMPTS {
            return Err(BackupError::SqliteBusy);
        }
    }
    let was_interrupted = COMPANIONS[1..]
        .iter()
        .any(|ending| std::fs::metadata(beside(&raw, ending)).is_ok_and(|file| file.len() > 0));
    match recovered(&raw, target) {
        Ok(()) => {
            let notes = if was_interrupted { vec![note(NoteKind::Recovered, "")] } else { Vec::new() };
            Ok(Fetched { file: target.to_owned(), notes })
        }
        // Damaged: as it is.
        Err(CopyFailure::Unreadable) => Ok(Fetched { file: raw, notes: Vec::new() }),
        Err(CopyFailure::Final(error)) => Err(error),
    }
}

fn recovered(raw: &Path, target: &Path) -> Result<(), CopyFailure> {
    // What an attempt before left is of no use.
    let _ = std::fs::remove_file(target);
    let source = Connection::open(raw)?;
    source.query_row("select count(*) from sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open(target)?;
    let step = Backup::new(&source, &mut copy)?.step(-1)?;
    if step == StepResult::Done { Ok(()) } else { Err(CopyFailure::Unreadable) }
}

fn damaged(error: &rusqlite::Error) -> BackupError {
    // SQLite's own words may quote data; its code does not.
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => BackupError::Full,
        Some(code) => BackupError::SqliteDamaged(format!("{code:?}")),
        None => BackupError::SqliteDamaged("unreadable".into()),
    }
}

/// What a look at a file found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Examined {
    /// Rows of each table that could be counted.
    tables: BTreeMap<String, u64>,
    /// Bytes of the pages in use.
    bytes: u64,
    notes: Vec<Note>,
    damage: Option<String>,
}

impl Examined {
    fn rows(&self) -> u64 {
        self.tables.values().sum()
    }

    fn say(&mut self, kind: NoteKind, about: &str) {
        let note = note(kind, about);
        if self.notes.len() < NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Takes note of a failure: of the file, or of what this program does not have.
    fn fail(&mut self, error: &rusqlite::Error, about: &str) {
        match error.sqlite_error_code() {
            Some(
                code @ (ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure | ErrorCode::NotADatabase),
            ) => {
                self.damage.get_or_insert_with(|| format!("{code:?}"));
            }
            _ => self.say(NoteKind::Unchecked, about),
        }
    }

    /// A line of `integrity_check`.
    fn judge(&mut self, line: &str) {
        let after = |words: &str| line.find(words).map(|at| &line[at + words.len()..]);
        let table = |text: &str| text.split(['.', ' ']).next().unwrap_or_default().to_owned();
        if line == "ok" {
            return;
        }
        // A rule of the table that its rows do not keep; every page is as it should be.
        if let Some(rest) = after("CHECK constraint failed in ").or_else(|| after(" value in ")) {
            self.say(NoteKind::Constraint, &table(rest));
        } else if let Some(rest) = after("unable to validate the inverted index for ") {
            self.say(
                NoteKind::Unchecked,
                rest.split(' ').nth(2).unwrap_or_default().trim_start_matches("main."),
            );
        } else {
            self.damage.get_or_insert_with(|| "integrity_check".into());
        }
    }
}

/// Looks at a file of which nobody else knows: pages, rules and rows of all tables, as far as this program can.
///
/// # Errors
/// When it is no SQLite file, or there is no room.
fn examine(path: &Path) -> Result<Examined, BackupError> {
    // Not read-only: SQLite then leaves the rules of the tables out of what it checks. Nothing is written.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let database = Connection::open_with_flags(path, flags).map_err(|error| damaged(&error))?;
    let mut found = Examined::default();
    let tables = match tables(&database) {
        Ok(tables) => tables,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            return Err(damaged(&error));
        }
        Err(error) => {
            found.fail(&error, "");
            found.damage.get_or_insert_with(|| "its schema cannot be read".into());
            return Ok(found);
        }
    };
    check(&database, &tables, &mut found);
    check_references(&database, &mut found);
    for table in tables {
        // An index may need a collation that is not here; the rows themselves do not.
        let quoted = table.replace('"', "\"\"");
        let count = |how: &str| {
            let sql = format!("select count(*) from \"{quoted}\" {how}");
            database.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        match count("not indexed").or_else(|_| count("")) {
            Ok(rows) => drop(found.tables.insert(table, rows.unsigned_abs())),
            Err(error) => found.fail(&error, &table),
        }
    }
    let pragma = |name: &str| database.query_row(&format!("pragma {name}"), [], |row| row.get::<_, i64>(0));
    if let (Ok(pages), Ok(free), Ok(size)) =
        (pragma("page_count"), pragma("freelist_count"), pragma("page_size"))
    {
        found.bytes = (pages - free).unsigned_abs() * size.unsigned_abs();
    }
    Ok(found)
}

fn tables(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name";
    database.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The integrity of the whole file; where this program lacks something for that, of each table.
fn check(database: &Connection, tables: &[String], found: &mut Examined) {
    let lines = |argument: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = database.prepare(&format!("pragma integrity_check{argument}"))?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match lines("") {
        Ok(lines) => lines.iter().for_each(|line| found.judge(line)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => found.fail(&error, ""),
        Err(_) => {
            for table in tables {
                match lines(&format!("(\"{}\")", table.replace('"', "\"\""))) {
                    Ok(lines) => lines.iter().for_each(|line| found.judge(line)),
                    Err(error) => found.fail(&error, table),
                }
            }
        }
    }
}

/// Rows that refer to rows that are not there: a program that keeps foreign keys off may live with them.
fn check_references(database: &Connection, found: &mut Examined) {
    let orphans = || -> rusqlite::Result<Vec<String>> {
        let mut statement =
            database.prepare("select distinct \"table\" from pragma_foreign_key_check order by 1")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    match orphans() {
        Ok(tables) => tables.iter().for_each(|table| found.say(NoteKind::Orphans, table)),
        Err(error) => found.fail(&error, "foreign keys"),
    }
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
    let Fetched { file, mut notes } = source.fetch(folder.path()).await?;
    let examined = file.clone();
    let found = blocking(move || examine(&examined)).await?;
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
    let rows = found.rows();
    notes.extend(found.notes);
    Ok(Part {
        name: NAME.into(),
        object,
        stored: upload.finish().await?,
        rows,
        content: plain.sha256,
        read_at,
        plain_bytes: found.bytes,
        tables: found.tables,
        notes,
        damage: found.damage,
        ..Part::default()
    })
}

/// Reads the part back into a file, and looks at it as it was looked at before: what is the same byte for byte is found
/// to be the same.
pub async fn check_back(
    store: &Store,
    location: &str,
    manifest: &Manifest,
    part: &Part,
    key: Option<&Key>,
) -> Result<(), BackupError> {
    let folder = TempDir::new()?;
    let file = folder.path().join("back.sqlite");
    download(store, location, manifest, part, key, &file).await?;
    let (content, found) = blocking(move || {
        let mut meter = Meter::default();
        read_pieces(&file, |piece| {
            meter.update(piece);
            Ok(())
        })?;
        Ok((meter.finish().sha256, examine(&file)?))
    })
    .await?;
    // Copies of former versions name no tables.
    let is_same = content == part.content
        && found.rows() == part.rows
        && (part.tables.is_empty() || found.tables == part.tables)
        && found.damage == part.damage;
    if is_same { Ok(()) } else { Err(BackupError::Corrupt(format!("{}: rows or checksum", part.name))) }
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use shared::error_kind::ErrorKind;

    use super::*;

    const SOON: Duration = Duration::from_millis(50);

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

    fn copied(source: &Path, folder: &Path) -> (Fetched, Examined) {
        let fetched = live_copy(source, folder.join("copy.sqlite"), LOCK_TIMEOUT).unwrap();
        let found = examine(&fetched.file).unwrap();
        (fetched, found)
    }

    fn said(notes: &[Note]) -> Vec<String> {
        notes.iter().map(|note| format!("{} {}", note.kind.name(), note.about)).collect()
    }

    #[test]
    fn a_live_database_is_copied_as_it_is_at_one_instant() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        let live = Connection::open(&path).unwrap();
        live.execute_batch("pragma journal_mode = wal; begin; insert into parent values (3);").unwrap();
        let (fetched, found) = copied(&path, folder.path());
        assert_eq!((found.rows(), found.damage, found.notes), (3, None, vec![]));
        assert!(fetched.notes.is_empty());
        assert!(found.bytes > 0);
    }

    #[test]
    fn a_writer_that_never_rests_does_not_keep_the_copy_from_its_end() {
        for mode in ["wal", "delete"] {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("live.sqlite");
            let live = Connection::open(&path).unwrap();
            // More pages than one step of a thousand.
            live.execute_batch(&format!(
                "pragma journal_mode = {mode}; pragma synchronous = off;
                 create table t (id integer primary key, note blob);
                 with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
                 insert into t select i, zeroblob(4000) from n;"
            ))
            .unwrap();
            let is_over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let is_over = &is_over;
                let writer = scope.spawn(move || {
                    live.busy_timeout(Duration::from_secs(10)).unwrap();
                    let start = Instant::now();
                    let mut id = 0;
                    while !is_over.load(Ordering::Relaxed) && start.elapsed() < Duration::from_secs(20) {
                        id = id % 2000 + 1;
                        live.execute("update t set note = zeroblob(3999) where id = ?1", [id]).unwrap();
                    }
                    is_over.load(Ordering::Relaxed)
                });
                let outcome = live_copy(&path, folder.path().join("copy.sqlite"), LOCK_TIMEOUT);
                is_over.store(true, Ordering::Relaxed);
                assert!(writer.join().unwrap(), "{mode}: the copy ended while there was writing");
                let found = examine(&outcome.unwrap().file).unwrap();
                assert_eq!((found.rows(), found.damage), (2000, None), "{mode}");
            });
        }
    }

    #[test]
    fn a_lock_that_is_not_given_up_has_its_own_name() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        let live = Connection::open(&path).unwrap();
        live.execute_batch("begin exclusive; insert into parent values (3);").unwrap();
        let locked = live_copy(&path, folder.path().join("copy.sqlite"), SOON).unwrap_err();
        assert_eq!(locked.kind(), ErrorKind::SqliteBusy);
        live.execute_batch("commit").unwrap();
        assert_eq!(copied(&path, folder.path()).1.rows(), 4);
    }

    #[test]
    fn a_missing_file_and_one_that_is_no_database_are_refused() {
        let folder = TempDir::new().unwrap();
        let missing = live_copy(&folder.path().join("none"), folder.path().join("copy"), SOON);
        assert_eq!(missing.unwrap_err().kind(), ErrorKind::BackupSourceMissing);
        let path = database(folder.path());
        std::fs::write(&path, b"this is no database, whatever its name says").unwrap();
        let refused = live_copy(&path, folder.path().join("copy.sqlite"), SOON)
            .and_then(|fetched| examine(&fetched.file).map(|_| ()));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::SqliteDamaged);
    }

    #[test]
    fn an_emptied_file_is_a_database_without_a_row() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        std::fs::write(&path, b"").unwrap();
        let (_, found) = copied(&path, folder.path());
        assert_eq!(found, Examined { bytes: found.bytes, ..Examined::default() });
    }

    #[test]
    fn orphans_and_broken_rules_are_said_and_are_no_damage() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "pragma foreign_keys = off; insert into child values (2, 99), (3, 98);
                 create table rule (n integer check (n > 0), m text not null);
                 pragma ignore_check_constraints = on; insert into rule values (-1, 'x');",
            )
            .unwrap();
        let (_, found) = copied(&path, folder.path());
        assert_eq!(found.damage, None);
        assert_eq!(said(&found.notes), ["constraint rule", "orphans child"]);
        assert_eq!(found.tables, [("child".into(), 3), ("parent".into(), 2), ("rule".into(), 1)].into());
    }

    #[test]
    fn a_collation_of_its_own_program_is_said_and_its_rows_are_counted() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        // As its own program leaves it: the schema names a collation that nobody here has.
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "create table named (name text collate nocase unique); insert into named values ('a'), ('b'), ('c');
                 create table keyed (name text collate nocase primary key) without rowid; insert into keyed values ('a');
                 pragma writable_schema = on;
                 update sqlite_schema set sql = replace(sql, 'collate nocase', 'collate own');
                 pragma writable_schema = off;",
            )
            .unwrap();
        let (_, found) = copied(&path, folder.path());
        assert_eq!(found.damage, None);
        assert_eq!(found.tables.get("named"), Some(&3), "{found:?}");
        assert_eq!(found.tables.get("parent"), Some(&2));
        let said = said(&found.notes);
        assert!(
            said.contains(&"unchecked named".to_owned()) && said.contains(&"unchecked keyed".to_owned()),
            "{said:?}"
        );
    }

    #[test]
    fn a_table_of_a_module_that_is_not_here_is_said() {
        let folder = TempDir::new().unwrap();
        let path = database(folder.path());
        // As its own program leaves it: the schema names a module that nobody here has.
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "pragma writable_schema = on;
                 insert into sqlite_schema (type, name, tbl_name, rootpage, sql)
                 values ('table', 'strange', 'strange', 0, 'CREATE VIRTUAL TABLE strange USING their_own(a, b)');
                 pragma writable_schema = off;",
            )
            .unwrap();
        let (_, found) = copied(&path, folder.path());
        assert_eq!(found.damage, None);
        assert_eq!(said(&found.notes), ["unchecked strange"]);
        assert_eq!(found.rows(), 3);
    }

    /// A database as it is on the disk while a transaction is half written, and the rows that it had before.
    fn interrupted(folder: &Path) -> (PathBuf, u64) {
        let live = folder.join("live.sqlite");
        let path = folder.join("crashed.sqlite");
        let database = Connection::open(&live).unwrap();
        database
            .execute_batch(
                "pragma journal_mode = delete; pragma cache_size = 5;
                 create table t (id integer primary key, note text);
                 with recursive n (i) as (select 1 union all select i + 1 from n where i < 500)
                 insert into t select i, hex(zeroblob(100)) from n;
                 begin; update t set note = hex(zeroblob(120)); delete from t where id > 100;",
            )
            .unwrap();
        // The program dies: what is on the disk stays.
        for ending in ["", "-journal"] {
            std::fs::copy(beside(&live, ending), beside(&path, ending)).unwrap();
        }
        assert!(std::fs::metadata(beside(&path, "-journal")).unwrap().len() > 512);
        (path, 500)
    }

    #[test]
    fn an_interrupted_transaction_is_rolled_back_in_the_copy_and_only_there() {
        let folder = TempDir::new().unwrap();
        let (path, rows) = interrupted(folder.path());
        let before = COMPANIONS.map(|ending| std::fs::read(beside(&path, ending)).ok());
        let (fetched, found) = copied(&path, folder.path());
        assert_eq!((found.rows(), found.damage), (rows, None));
        assert_eq!(said(&fetched.notes), ["recovered "]);
        assert_eq!(COMPANIONS.map(|ending| std::fs::read(beside(&path, ending)).ok()), before);
    }

    #[test]
    fn a_damaged_page_is_copied_as_it_is_and_reported() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("live.sqlite");
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "create table t (id integer primary key, note text);
                 with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
                 insert into t select i, hex(zeroblob(50)) from n;
                 create table sound (id integer primary key); insert into sound values (1), (2);",
            )
            .unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for byte in &mut bytes[4096 * 3..4096 * 6] {
            *byte = 0xA5;
        }
        std::fs::write(&path, &bytes).unwrap();
        let (fetched, found) = copied(&path, folder.path());
        assert!(found.damage.is_some(), "{found:?}");
        assert_eq!(found.tables.get("sound"), Some(&2), "what is whole is counted");
        let kept = std::fs::read(&fetched.file).unwrap();
        assert_eq!(kept[4096 * 6..], bytes[4096 * 6..], "nothing of it is lost");

        // The first page itself, behind the mark of a SQLite file.
        for byte in &mut bytes[100..4096] {
            *byte = 0xA5;
        }
        std::fs::write(&path, &bytes).unwrap();
        assert!(copied(&path, folder.path()).1.damage.is_some());
    }
}
