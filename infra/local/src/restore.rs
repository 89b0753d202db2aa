//! Putting a copy back: into a migrated Postgres, all or nothing; or a SQLite file.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use backup::{
    Key,
    copy::{Kind, Manifest, Part},
    sqlite,
    store::Store,
    verify::Rows,
};
use tokio_postgres::Client;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Tables.
    pub tables: usize,
    /// Rows.
    pub rows: u64,
    /// Tables that were written while they were copied: theirs is not one instant.
    pub moving: Vec<String>,
}

/// Loads a copy into a database whose migrations are applied. What the target holds is replaced, if that is meant;
/// its secrets stay, since no copy has any.
///
/// # Errors
/// When the target is in use, the copy is damaged, or a row does not fit: then nothing has changed.
pub async fn into_postgres(
    store: &Store,
    location: &str,
    key: Option<&Key>,
    mut target: Client,
    replace: bool,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<Restored> {
    let manifest = store.manifest(location).await?;
    ensure!(manifest.kind == Kind::Supabase, "this copy is a SQLite file: give a file name");
    let in_use: i64 = target
        .query_one(
            "select (select count(*) from public.gazelle_clients) + (select count(*) from public.scheduler_logs)",
            &[],
        )
        .await
        .context("the target has no tables: apply the migrations first")?
        .get(0);
    ensure!(in_use == 0 || replace, "the target holds data; --replace replaces it");

    let transaction = target.transaction().await?;
    for part in &manifest.parts {
        transaction.batch_execute(&create(part)).await.with_context(|| part.name.clone())?;
    }
    let order = parents_first(transaction.client(), &manifest).await?;
    for part in order.iter().rev() {
        let sql = format!(
            "do $$ begin execute 'delete from public.{0} where ' || internal.backup_filter('{1}'); end $$",
            quote(&part.name).replace('\'', "''"),
            part.name.replace('\'', "''")
        );
        transaction.batch_execute(&sql).await.with_context(|| part.name.clone())?;
    }
    for part in &order {
        progress(&format!("{}: {} rows", part.name, part.rows));
        load(transaction.client(), store, location, &manifest, part, key).await?;
    }
    transaction.commit().await?;
    Ok(Restored {
        tables: manifest.parts.len(),
        rows: manifest.rows(),
        moving: manifest.moving().into_iter().map(str::to_owned).collect(),
    })
}

/// Writes the SQLite database of a copy into a file that is not there yet.
///
/// # Errors
/// When the file exists or the copy is damaged.
pub async fn into_file(store: &Store, location: &str, key: Option<&Key>, file: &Path) -> anyhow::Result<u64> {
    let manifest = store.manifest(location).await?;
    let [part] = &manifest.parts[..] else { bail!("this copy is not a SQLite file") };
    ensure!(manifest.kind == Kind::Sqlite, "this copy is of Supabase: give a postgres:// address");
    ensure!(!file.exists(), "{} is there already", file.display());
    sqlite::download(store, location, &manifest, part, key, file).await?;
    Ok(part.rows)
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table that no migration makes: as it was, and closed to the public roles.
fn create(part: &Part) -> String {
    let columns: Vec<String> =
        part.columns.iter().map(|column| format!("{} {}", quote(&column.name), column.data_type)).collect();
    let key = match part.key.iter().any(|column| column == "ctid") {
        true => String::new(),
        false => format!(", primary key ({})", part.key.join(", ")),
    };
    let table = quote(&part.name);
    format!(
        "do $$ begin if to_regclass('public.{escaped}') is null then
           create table public.{table} ({}{key});
           perform internal.protect_table('public.{escaped}');
         end if; end $$",
        columns.join(", "),
        escaped = table.replace('\'', "''"),
    )
}

/// The tables in an order in which every row finds the row that it refers to.
async fn parents_first<'a>(target: &Client, manifest: &'a Manifest) -> anyhow::Result<Vec<&'a Part>> {
    let references = target
        .query(
            "select c.conrelid::regclass::text, c.confrelid::regclass::text from pg_constraint c
             where c.contype = 'f' and c.connamespace = 'public'::regnamespace and c.conrelid <> c.confrelid",
            &[],
        )
        .await?;
    let references: Vec<(String, String)> = references
        .iter()
        .map(|row| {
            let name = |at| row.get::<_, String>(at).trim_matches('"').to_owned();
            (name(0), name(1))
        })
        .collect();
    let mut left: Vec<&Part> = manifest.parts.iter().collect();
    let mut order: Vec<&Part> = Vec::new();
    while !left.is_empty() {
        let is_waiting = |part: &&Part| {
            references
                .iter()
                .any(|(child, parent)| *child == part.name && left.iter().any(|other| other.name == *parent))
        };
        let (waiting, ready): (Vec<&Part>, Vec<&Part>) = left.iter().partition(|part| is_waiting(part));
        ensure!(!ready.is_empty(), "tables refer to each other in a circle");
        order.extend(ready);
        left = waiting;
    }
    Ok(order)
}

async fn load(
    target: &Client,
    store: &Store,
    location: &str,
    manifest: &Manifest,
    part: &Part,
    key: Option<&Key>,
) -> anyhow::Result<()> {
    let table = quote(&part.name);
    // A column that the target does not have any more is left out; one that is new gets its default.
    let existing = target
        .query(
            "select a.attname::text from pg_attribute a where a.attrelid = $1::text::regclass and a.attnum > 0
             and not a.attisdropped and a.attgenerated = ''",
            &[&format!("public.{table}")],
        )
        .await?;
    let existing: Vec<String> = existing.iter().map(|row| row.get(0)).collect();
    let columns: Vec<String> = part
        .columns
        .iter()
        .filter(|column| existing.contains(&column.name))
        .map(|column| quote(&column.name))
        .collect();
    let columns = columns.join(", ");
    let insert = format!(
        "insert into public.{table} ({columns}) overriding system value
         select {columns} from json_populate_recordset(null::public.{table}, ('[' || $1::text || ']')::json)"
    );
    let mut rows = Rows::open(store, location, manifest, part, key).await?;
    let mut loaded = 0;
    while let Some(lines) = rows.next().await {
        let objects = lines.trim_end().replace('\n', ",");
        loaded += target.execute(&insert, &[&objects]).await.with_context(|| part.name.clone())?;
    }
    rows.finish().await?;
    ensure!(loaded == part.rows, "{}: {loaded} rows instead of {}", part.name, part.rows);
    let sequences = target
        .query(
            "select quote_ident(a.attname), pg_get_serial_sequence($1, a.attname) from pg_attribute a
             where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped
               and pg_get_serial_sequence($1, a.attname) is not null",
            &[&format!("public.{table}")],
        )
        .await?;
    for sequence in sequences {
        let (column, name): (String, String) = (sequence.get(0), sequence.get(1));
        let sql = format!(
            "select setval('{}', coalesce((select max({column}) from public.{table}), 0) + 1, false)",
            name.replace('\'', "''")
        );
        target.batch_execute(&sql).await?;
    }
    Ok(())
}
