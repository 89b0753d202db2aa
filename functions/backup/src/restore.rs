//! Putting a copy back: into a migrated Postgres, all or nothing; or a SQLite file.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use tokio_postgres::Client;

use crate::{
    Key,
    copy::{Kind, Manifest, Part},
    sqlite,
    store::Store,
    verify::Rows,
};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Tables.
    pub tables: usize,
    /// Rows.
    pub rows: u64,
    /// Tables that were written while they were copied: theirs is not one instant.
    pub moving: Vec<String>,
    /// References that some rows do not keep; they hold for new rows.
    pub orphans: Vec<String>,
}

/// A foreign key, and how it goes and comes back.
struct Reference {
    name: String,
    drop: String,
    add: String,
    validate: String,
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
    // Tables are copied one after the other, each at its own instant: a row may refer to one that was not there
    // yet. The references come back without a judgement on the rows, which is passed at the end.
    let references = references(transaction.client()).await?;
    for reference in &references {
        transaction.batch_execute(&reference.drop).await?;
    }
    for part in &manifest.parts {
        let sql = format!(
            "do $$ begin execute 'delete from public.{0} where ' || internal.backup_filter('{1}'); end $$",
            quote(&part.name).replace('\'', "''"),
            part.name.replace('\'', "''")
        );
        transaction.batch_execute(&sql).await.with_context(|| part.name.clone())?;
    }
    for part in &manifest.parts {
        progress(&format!("{}: {} rows", part.name, part.rows));
        load(transaction.client(), store, location, &manifest, part, key).await?;
    }
    for reference in &references {
        transaction.batch_execute(&reference.add).await?;
    }
    transaction.commit().await?;
    let mut orphans = Vec::new();
    for reference in &references {
        if target.batch_execute(&reference.validate).await.is_err() {
            orphans.push(reference.name.clone());
        }
    }
    Ok(Restored {
        orphans,
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

async fn references(target: &Client) -> anyhow::Result<Vec<Reference>> {
    let rows = target
        .query(
            "select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint
             where contype = 'f' and connamespace = 'public'::regnamespace",
            &[],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let (table, name, definition): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            let definition = definition.trim_end_matches(" NOT VALID");
            Reference {
                drop: format!("alter table {table} drop constraint {name}"),
                add: format!("alter table {table} add constraint {name} {definition} not valid"),
                validate: format!("alter table {table} validate constraint {name}"),
                name: format!("{table}.{name}"),
            }
        })
        .collect())
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
