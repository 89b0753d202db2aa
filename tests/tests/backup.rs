//! Copies that are verified, kept, restored and drilled; and what happens when something is wrong with them.

mod forgery;

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context;
use backup::{Key, copy::Kind, read, restore, store::Store, verdict, verify};
use e2e::{Backend, Bed, Moto, binary, console::Console, empty_database};
use gazelle_local::{migrations, postgrest::Database};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{config::Settings, task::Function};
use tokio::process::Command;

const THREE: &str = "2026-01-15T08:00:00Z";

fn store(bed: &Bed) -> Store {
    Store::open(&bed.stack.lambda.environment["BACKUP_URL"], None).unwrap()
}

fn key(bed: &Bed) -> Option<Key> {
    let text = bed.stack.lambda.environment.get("BACKUP_AGE_KEY")?;
    Key::read(&mut Settings::from_pairs([("BACKUP_AGE_KEY", text.as_str())]))
}

/// A copy without a key.
fn plain<'a>(store: &'a Store, location: &'a str) -> restore::Source<'a> {
    restore::Source { store, location, key: None, unproven: false }
}

/// Places of the copies, newest first.
async fn copies(bed: &Bed) -> Vec<String> {
    let copies = store(bed).copies(Kind::Supabase, key(bed).as_ref()).await.unwrap();
    copies.into_iter().map(|copy| copy.location).collect()
}

async fn back_up(bed: &Bed, day: usize) -> anyhow::Result<gazelle_local::stack::TaskRun> {
    bed.run("backup", &format!("2026-02-{day:02}T08:00:00Z")).await
}

/// Every file of the store with its content.
fn files(bed: &Bed) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![bed.stack.backups.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Content of every table, without the secrets that no copy has.
async fn contents(url: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let client = Database::connect(url).await?;
    let tables = client
        .query("select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'", &[])
        .await?;
    let mut contents = BTreeMap::new();
    for table in tables {
        let table: String = table.get(0);
        let sql = format!(
            "select count(*) || ':' || coalesce(md5(string_agg(line, '' order by line collate \"C\")), '')
             from (select row_to_json(t)::text as line from public.\"{table}\" t
                   where case when '{table}' = 'system_settings' then false else true end) lines"
        );
        contents.insert(table, client.query_one(&sql, &[]).await?.get(0));
    }
    Ok(contents)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroyed_database_comes_back_from_its_copy() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.fill().await?;
    let url = bed.database.as_ref().unwrap().url.clone();
    // Tables that no migration makes, with what is easily lost on the way.
    let client = Database::connect(&url).await?;
    client
        .batch_execute(
            "create table produits_catalogue (code text, prix numeric, poids float8, vu_le timestamptz, actif boolean, donnees jsonb,
               etiquettes text[], image bytea, duree interval, note varchar(40));
             insert into produits_catalogue values
               ('é\"\n''', 12.30, 0.1::float8 + 0.2, '2026-03-08 06:59:59.123456+00', null, '{\"a\": [1.10, \"x\\ny\"]}', '{a,NULL,\"b,c\"}', '\\x00ff', '1 mon 2 days', 'ç'),
               (null, 1e30, 'NaN', 'infinity', true, 'null', '{}', null, null, '');
             create table \"Mots Clés\" (\"Clé\" text, b int, somme int generated always as (b + 1) stored, primary key (\"Clé\", b));
             insert into \"Mots Clés\" (\"Clé\", b) select chr(97 + n % 26), n from generate_series(1, 2500) n;",
        )
        .await?;
    bed.put("assets", json!([{"name": "Camion", "category": "véhicule"}])).await?;
    bed.put("maintenances", json!([{"asset_id": 1, "scheduled_date": "2026-01-18"}])).await?;
    let run = bed.run("backup", THREE).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let moving: Vec<String> = serde_json::from_value(run.answer.stats["supabase"]["moving"].clone())?;
    let mut before = contents(&url).await?;

    // The old server is gone; a new, migrated one is there.
    let target = empty_database().await?;
    migrations::migrate(&target).await?;
    let location = copies(&bed).await[0].clone();
    let fresh = Database::connect(&target).await?;
    let restored = restore::into_postgres(&plain(&store(&bed), &location), fresh, false, &mut |_| ()).await?;
    assert_eq!(restored.moving, moving);
    let mut after = contents(&target).await?;
    // The log goes on after its table was read.
    for table in moving.iter().map(String::as_str).chain(["scheduler_logs", "sync_logs", "backups"]) {
        before.remove(table);
        after.remove(table);
    }
    assert_eq!(before, after);
    assert!(before.len() > 25, "{}", before.len());
    // The next row gets a number that is free.
    let fresh = Database::connect(&target).await?;
    fresh.batch_execute("insert into assets (name, category) values ('Bus', 'véhicule')").await?;

    // A target in use is not touched, unless that is meant.
    let used = Database::connect(&target).await?;
    let refused = restore::into_postgres(&plain(&store(&bed), &location), used, false, &mut |_| ()).await;
    assert!(refused.unwrap_err().to_string().contains("--replace"));
    let copy = format!("{}/{location}", bed.stack.lambda.environment["BACKUP_URL"]);
    let command = Command::new(binary("ops")?)
        .args(["restore", &copy, "--replace", "--into", &target])
        .output()
        .await?;
    let (said, complained) =
        (String::from_utf8_lossy(&command.stdout), String::from_utf8_lossy(&command.stderr));
    assert!(command.status.success(), "{said}{complained}");
    assert!(said.contains("gazelle authorize"), "{said}");
    let again = contents(&target).await?;
    assert_eq!(again["gazelle_clients"], before["gazelle_clients"]);
    assert_eq!(again["assets"], before["assets"], "what was entered since is replaced");
    let store_address = &bed.stack.lambda.environment["BACKUP_URL"];
    let list = Command::new(binary("ops")?).args(["restore", store_address]).output().await?;
    assert_eq!(String::from_utf8_lossy(&list.stdout).trim(), format!("{copy}  verified"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_is_failed_and_a_copy_without_manifest_does_not_exist(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    assert_eq!(back_up(&bed, 1).await?.answer.status, "success");
    let location = copies(&bed).await[0].clone();
    let manifest = store(&bed).manifest(&location, key(&bed).as_ref()).await?;
    assert_eq!(verify::read_back(&store(&bed), &location, &manifest, None).await.name(), "verified");
    let drill = bed.run("restore_drill", "2026-02-01T10:00:00Z").await?;
    assert_eq!(drill.answer.status, "success", "{:?}", drill.answer);
    assert!(drill.answer.stats["rto_seconds"].as_f64().is_some());

    // One byte in the middle of each part, one after the other.
    for part in manifest.parts.iter().filter(|part| part.rows > 0) {
        let file = bed.stack.backups.path().join(&location).join(&part.object);
        let whole = std::fs::read(&file)?;
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        std::fs::write(&file, damaged)?;
        assert_eq!(verify::read_back(&store(&bed), &location, &manifest, None).await.name(), "failed");
        std::fs::write(&file, &whole[..whole.len() - 1])?;
        assert_eq!(verify::read_back(&store(&bed), &location, &manifest, None).await.name(), "failed");
        std::fs::remove_file(&file)?;
        assert_eq!(verify::read_back(&store(&bed), &location, &manifest, None).await.name(), "failed");
        std::fs::write(&file, whole)?;
    }
    // Fewer rows than the manifest says, though every checksum of the object is right.
    let mut wrong = manifest.clone();
    wrong.parts[0].rows += 1;
    assert_eq!(verify::read_back(&store(&bed), &location, &wrong, None).await.name(), "failed");

    // The drill does not pass on a damaged copy, and the administrators hear of it.
    let clients = manifest.parts.iter().find(|part| part.name == "gazelle_clients").unwrap();
    let file = bed.stack.backups.path().join(&location).join(&clients.object);
    let mut damaged = std::fs::read(&file)?;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&file, damaged)?;
    let drill = bed.run("restore_drill", "2026-02-08T10:00:00Z").await?;
    assert_eq!(drill.answer.status, "error", "{:?}", drill.answer);
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    let drills = bed.stack.rows("restore_drills", "status", "created_at").await?;
    assert_eq!(drills, [json!({"status": "passed"}), json!({"status": "failed"})]);

    std::fs::remove_file(bed.stack.backups.path().join(&location).join("manifest.json"))?;
    assert!(copies(&bed).await.is_empty());
    let none = bed.run("restore_drill", "2026-02-15T10:00:00Z").await?;
    assert_eq!(none.answer.error.unwrap().kind, "no_copy");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn eleven_verified_copies_leave_ten(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for day in 1..=10 {
        bed.stack.advance(jiff::SignedDuration::from_hours(24));
        assert_eq!(back_up(&bed, day).await?.answer.status, "success");
    }
    let ten = copies(&bed).await;
    assert_eq!(ten.len(), 10);
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let preview = bed
        .stack
        .invoke(Function::Backup, &json!({"task": "backup", "parameters": {"dry_run": true}}))
        .await?;
    assert_eq!(preview.answer.stats["copies"]["supabase"]["removes"], json!([ten[9]]));
    assert_eq!(copies(&bed).await, ten, "a dry run changes nothing");
    let eleventh = back_up(&bed, 11).await?;
    assert_eq!(eleventh.answer.stats["supabase"]["removed"], json!([ten[9]]));
    let left = copies(&bed).await;
    assert_eq!((left.len(), &left[1..]), (10, &ten[..9]));
    let removed = bed.stack.rows("backups", "location,removed_at", "location").await?;
    assert_eq!(removed.iter().filter(|row| !row["removed_at"].is_null()).count(), 1);
    assert!(bed.notified().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failed_backups_delete_nothing_and_each_is_reported_once() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.fill().await?;
    back_up(&bed, 1).await?;
    let before = files(&bed);
    let client = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    // The last table cannot be read: every upload before it is interrupted work.
    client
        .batch_execute(
            "create table zzz (id int primary key);
             create function refuse() returns int language plpgsql as $$ begin raise 'planted'; end $$;
             alter function backup_page(text, integer, jsonb) rename to real_page;
             create function backup_page(p_table text, p_limit integer, p_after jsonb default null) returns jsonb language sql as
               $$ select case when p_table = 'zzz' then to_jsonb(refuse()) else real_page(p_table, p_limit, p_after) end $$;
             grant execute on all functions in schema public to service_role;
             notify pgrst, 'reload schema';",
        )
        .await?;
    for day in 2..=11 {
        bed.stack.advance(jiff::SignedDuration::from_hours(24));
        let run = back_up(&bed, day).await?;
        assert_eq!(run.answer.status, "error", "{:?}", run.answer);
        assert_eq!(bed.notified().len(), 2 * (day - 1), "once per run and administrator");
    }
    let after = files(&bed);
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
    assert_eq!(copies(&bed).await.len(), 1, "an interrupted copy does not exist");
    let failed = bed.stack.rows("backups", "status", "created_at").await?;
    assert_eq!(failed.iter().filter(|row| row["status"] == "failed").count(), 10);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_copy_shows_nothing_and_no_copy_holds_the_token(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    Console::start(&bed.stack).await?.sign_in("admin").await?;
    let sessions = bed.stack.rows("console_sessions", "id_hash", "id_hash").await?;
    back_up(&bed, 1).await?;
    let plain = read_all(&bed).await?;
    assert!(plain.contains("cli_local_000001"), "the test sees what it looks at");
    assert!(!plain.contains(sessions[0]["id_hash"].as_str().context("a session")?));
    for secret in [bed.stack.sandbox.gazelle.access_token(), bed.stack.sandbox.gazelle.refresh_token()] {
        assert!(!plain.contains(&secret));
    }

    let identity = age::x25519::Identity::generate();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    bed.stack.lambda.environment.insert("BACKUP_AGE_KEY".into(), secret);
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let run = back_up(&bed, 2).await?;
    assert_eq!(run.answer.stats["supabase"]["status"], "verified", "{:?}", run.answer);
    let location = copies(&bed).await[0].clone();
    for (path, content) in files(&bed) {
        if path.starts_with(bed.stack.backups.path().join(&location))
            && path.extension() == Some("age".as_ref())
        {
            assert!(content.starts_with(b"age-encryption.org/v1"));
        }
    }
    assert!(read_all(&bed).await?.contains("cli_local_000001"));
    let manifest = store(&bed).manifest(&location, key(&bed).as_ref()).await?;
    assert!(manifest.encrypted);
    let other = Key::read(&mut Settings::from_pairs([(
        "BACKUP_AGE_KEY",
        age::secrecy::ExposeSecret::expose_secret(&age::x25519::Identity::generate().to_string()),
    )]));
    for key in [None, other] {
        assert_eq!(
            verify::read_back(&store(&bed), &location, &manifest, key.as_ref()).await.name(),
            "failed"
        );
    }
    Ok(())
}

/// Every row of the newest copy.
async fn read_all(bed: &Bed) -> anyhow::Result<String> {
    let location = copies(bed).await[0].clone();
    let manifest = store(bed).manifest(&location, key(bed).as_ref()).await?;
    let mut text = String::new();
    for part in &manifest.parts {
        let mut rows = read::Rows::open(&store(bed), &location, &manifest, part, key(bed).as_ref()).await?;
        while let Some(lines) = rows.next().await {
            text.push_str(&lines);
        }
        rows.finish().await?;
    }
    Ok(text)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_sqlite_database_is_copied_too_and_its_absence_or_damage_is_an_error(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let folder = tempfile::TempDir::new()?;
    let file = folder.path().join("live.sqlite");
    bed.stack.lambda.environment.insert("BACKUP_SQLITE_URL".into(), format!("file://{}", file.display()));
    let missing = back_up(&bed, 1).await?;
    assert_eq!(missing.answer.error.unwrap().kind, "backup_source_missing");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    assert_eq!(copies(&bed).await.len(), 1, "the other kind is copied all the same");

    let database = rusqlite::Connection::open(&file)?;
    database.execute_batch(
        "create table t (id integer primary key, note text); insert into t values (1, 'é'), (2, null)",
    )?;
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let run = back_up(&bed, 2).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["sqlite"]["rows"], 2);
    let location = store(&bed).copies(Kind::Sqlite, None).await?[0].location.clone();
    let back = folder.path().join("back.sqlite");
    restore::into_file(&plain(&store(&bed), &location), &back).await?;
    let note: String =
        rusqlite::Connection::open(&back)?
            .query_row("select note from t where id = 1", [], |row| row.get(0))?;
    assert_eq!(note, "é");
    assert!(
        restore::into_file(&plain(&store(&bed), &location), &back).await.is_err(),
        "nothing is overwritten"
    );

    std::fs::write(&file, b"not a database at all, whatever its name may say")?;
    let damaged = back_up(&bed, 3).await?;
    assert_eq!(damaged.answer.error.unwrap().kind, "sqlite_damaged");
    assert_eq!(store(&bed).copies(Kind::Sqlite, None).await?.len(), 1);
    Ok(())
}

/// A bed whose backup copies a SQLite file as well.
async fn with_sqlite(sql: &str) -> anyhow::Result<(Bed, tempfile::TempDir, PathBuf)> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    let folder = tempfile::TempDir::new()?;
    let file = folder.path().join("live.sqlite");
    rusqlite::Connection::open(&file)?.execute_batch(sql)?;
    bed.stack.lambda.environment.insert("BACKUP_SQLITE_URL".into(), format!("file://{}", file.display()));
    Ok((bed, folder, file))
}

/// Places of the copies of the SQLite file with what they are worth, newest first.
async fn sqlite_copies(bed: &Bed) -> Vec<(String, String)> {
    let copies = store(bed).copies(Kind::Sqlite, None).await.unwrap();
    let worth = |verdict: &verdict::Verdict| verdict.name().to_owned();
    copies
        .into_iter()
        .map(|copy| (copy.location, copy.verdict.as_ref().map(worth).unwrap_or_default()))
        .collect()
}

/// The next night's backup.
async fn next_night(bed: &mut Bed, day: usize) -> anyhow::Result<gazelle_local::stack::TaskRun> {
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    back_up(bed, day).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_file_pushes_out_no_good_copy_is_reported_once_and_may_be_accepted() -> anyhow::Result<()>
{
    let (mut bed, folder, file) = with_sqlite(
        "create table t (id integer primary key, note text); insert into t values (1, 'é'), (2, null), (3, 'x');
         create table rest (id integer primary key); insert into rest values (1);",
    )
    .await?;
    assert_eq!(back_up(&bed, 1).await?.answer.status, "success");
    let good = sqlite_copies(&bed).await[0].0.clone();
    let before = files(&bed);
    // First a table, then the file as a whole.
    rusqlite::Connection::open(&file)?.execute_batch("delete from t")?;
    for day in 2..=4 {
        if day == 3 {
            std::fs::write(&file, b"")?;
        }
        let run = next_night(&mut bed, day).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["sqlite"]["removed"], json!([]));
        let message = bed.runs("backup").await?.last().unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("t: 0 lignes au lieu de 3"), "{message}");
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"], "told once");
    let worth: Vec<String> = sqlite_copies(&bed).await.into_iter().map(|(_, worth)| worth).collect();
    assert_eq!(worth, ["reduced", "reduced", "reduced", "verified"]);
    let after = files(&bed);
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
    let back = folder.path().join("back.sqlite");
    restore::into_file(&plain(&store(&bed), &good), &back).await?;
    let rows: i64 =
        rusqlite::Connection::open(&back)?.query_row("select count(*) from t", [], |row| row.get(0))?;
    assert_eq!(rows, 3);

    // A person says that it is meant: then it is the new normal.
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let accepting = json!({"task": "backup", "parameters": {"accept_reduced": true}});
    let accepted = bed.stack.invoke(Function::Backup, &accepting).await?;
    assert_eq!(accepted.answer.status, "success", "{:?}", accepted.answer);
    assert_eq!(next_night(&mut bed, 6).await?.answer.status, "success");
    assert_eq!(bed.notified().len(), 2);
    let open = bed.stack.rows("notices", "event_type,resolved_at", "opened_at").await?;
    assert!(open.iter().all(|notice| !notice["resolved_at"].is_null()), "{open:?}");
    assert_eq!(sqlite_copies(&bed).await[..2].iter().filter(|(_, worth)| worth == "verified").count(), 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_schema_pushes_out_no_good_copy_and_an_ordinary_clean_up_is_none(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let events = (0..60).map(|_| {
        json!({"feature": "humidity", "model": "m", "success": true, "created_at": "2025-01-15T08:00:00Z"})
    });
    bed.put("ai_events", events.collect()).await?;
    assert_eq!(back_up(&bed, 1).await?.answer.status, "success");
    // The clean-up empties a table of old rows: that is its work.
    bed.stack.advance(jiff::SignedDuration::from_hours(1));
    // Its process dies after the third request, the one that deletes them: what the second attempt says is all that was deleted.
    let (event, request) = (json!({"task": "cleanup"}), bed.stack.request_id());
    let limit = std::time::Duration::from_secs(60);
    bed.stack.tripwire.set(3, gazelle_local::tripwire::Moment::After);
    bed.stack.invoke_within(Function::Cleanup, &event, &request, limit).await?;
    assert_eq!(bed.stack.rows("ai_events", "id", "id").await?.len(), 0);
    let cleanup = bed.stack.invoke_within(Function::Cleanup, &event, &request, limit).await?;
    assert_eq!(cleanup.answer.stats["deleted"]["ai_events"], 60, "{:?}", cleanup.answer);
    let ordinary = next_night(&mut bed, 2).await?;
    assert_eq!(ordinary.answer.status, "success", "{:?}", ordinary.answer);
    let good = copies(&bed).await;

    let clients = bed.stack.observer.from("gazelle_contacts").not("eq", "external_id", "");
    bed.stack.write(clients.delete()).await?;
    for day in 3..=4 {
        let run = next_night(&mut bed, day).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["supabase"]["lost"][0]["table"], "gazelle_contacts");
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"], "told once");
    let left = copies(&bed).await;
    assert_eq!(left[2..], good);
    let status = bed.stack.rows("backups", "status", "created_at").await?;
    let status: Vec<&str> = status.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(status, ["verified", "verified", "reduced", "reduced"]);
    // The drill takes a good one.
    let drill = bed.run("restore_drill", "2026-02-08T10:00:00Z").await?;
    assert!(good.iter().any(|place| drill.answer.stats["location"] == **place), "{:?}", drill.answer);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_checked_of_a_file_is_said_once_and_it_is_copied_all_the_same() -> anyhow::Result<()>
{
    let (mut bed, folder, _file) = with_sqlite(
        "pragma foreign_keys = off;
         create table parent (id integer primary key);
         create table child (id integer primary key, parent_id integer references parent (id));
         insert into parent values (1); insert into child values (1, 1), (2, 99);
         create table named (name text collate nocase unique); insert into named values ('a'), ('b');
         pragma writable_schema = on;
         update sqlite_schema set sql = replace(sql, 'collate nocase', 'collate own') where name = 'named';
         insert into sqlite_schema (type, name, tbl_name, rootpage, sql)
         values ('table', 'strange', 'strange', 0, 'CREATE VIRTUAL TABLE strange USING their_own(a, b)');",
    )
    .await?;
    for day in 1..=2 {
        let run = next_night(&mut bed, day).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["sqlite"]["rows"], 5, "{:?}", run.answer.stats);
        let notes = run.answer.stats["sqlite"]["notes"].to_string();
        for (kind, about) in [("orphans", "child"), ("unchecked", "named"), ("unchecked", "strange")] {
            let note = json!({"kind": kind, "about": about});
            assert!(run.answer.stats["sqlite"]["notes"].as_array().unwrap().contains(&note), "{notes}");
        }
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"], "told once");
    let copies = sqlite_copies(&bed).await;
    assert!(copies.len() == 2 && copies.iter().all(|(_, worth)| worth == "verified"), "{copies:?}");
    let back = folder.path().join("back.sqlite");
    restore::into_file(&plain(&store(&bed), &copies[0].0), &back).await?;
    let child: i64 =
        rusqlite::Connection::open(&back)?.query_row("select count(*) from child", [], |row| row.get(0))?;
    assert_eq!(child, 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_copied_beside_the_good_copies_and_is_an_error() -> anyhow::Result<()> {
    let (mut bed, folder, file) = with_sqlite(
        "create table t (id integer primary key, note text);
         with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
         insert into t select i, hex(zeroblob(50)) from n;",
    )
    .await?;
    assert_eq!(back_up(&bed, 1).await?.answer.status, "success");
    let good = sqlite_copies(&bed).await;
    let mut bytes = std::fs::read(&file)?;
    bytes[4096 * 3..4096 * 6].fill(0xA5);
    std::fs::write(&file, &bytes)?;
    let run = next_night(&mut bed, 2).await?;
    assert_eq!(run.answer.error.unwrap().kind, "sqlite_damaged");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    let copies = sqlite_copies(&bed).await;
    assert_eq!((copies.len(), copies[0].1.as_str(), &copies[1..]), (2, "damaged", &good[..]));
    let back = folder.path().join("back.sqlite");
    restore::into_file(&plain(&store(&bed), &copies[0].0), &back).await?;
    assert_eq!(std::fs::read(&back)?[4096 * 6..], bytes[4096 * 6..], "what can be saved is there");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_a_store_like_a_folder_and_nothing_there_is_overwritten(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let moto = Moto::start().await?;
    moto.ask(&["bucket", "copies"]).await?;
    bed.stack.lambda.environment.insert("AWS_ENDPOINT_URL".into(), moto.endpoint.clone());
    bed.stack.lambda.environment.insert("BACKUP_URL".into(), "s3://copies/gazelle".into());
    let run = back_up(&bed, 1).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let drill = bed.run("restore_drill", "2026-02-01T10:00:00Z").await?;
    assert_eq!(drill.answer.status, "success", "{:?}", drill.answer);

    let location = run.answer.stats["supabase"]["location"].as_str().unwrap();
    let keys = moto.ask(&["keys", "copies"]).await?;
    assert!(keys.as_array().unwrap().contains(&json!(format!("gazelle/{location}/manifest.json"))), "{keys}");
    let twice =
        Command::new(binary("store-probe")?).env_clear().envs(&bed.stack.lambda.environment).output().await?;
    assert!(twice.status.success(), "{}", String::from_utf8_lossy(&twice.stderr));

    bed.stack.lambda.environment.insert("BACKUP_URL".into(), "s3://somebody-elses".into());
    let refused = back_up(&bed, 2).await?;
    assert_eq!(refused.answer.error.unwrap().kind, "backup_store_refused");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_written_once() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let store = Store::open(&format!("file://{}", folder.path().display()), None)?;
    let manifest = backup::copy::Manifest::default();
    store.put_manifest("supabase/one", &manifest, None).await?;
    assert!(store.put_manifest("supabase/one", &manifest, None).await.is_err());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn missing_and_wrong_settings_are_named(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.lambda.environment.insert("BACKUP_URL".into(), "ftp://planted".into());
    bed.stack.lambda.environment.insert("BACKUP_AGE_KEY".into(), "planted".into());
    bed.stack.lambda.environment.insert("BACKUP_SQLITE_URL".into(), "planted".into());
    let run = bed.stack.invoke(Function::Backup, &Value::Null).await?;
    let error = run.answer.error.unwrap();
    assert_eq!(error.kind, "configuration");
    for name in ["BACKUP_URL", "BACKUP_AGE_KEY", "BACKUP_SQLITE_URL"] {
        assert!(error.message.contains(name), "{}", error.message);
    }
    assert!(!error.message.contains("planted"), "{}", error.message);
    Ok(())
}
