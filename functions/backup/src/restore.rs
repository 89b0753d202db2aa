//! Putting a copy back: into a migrated Postgres, all or nothing; or a SQLite file.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use tokio_postgres::Client;

use crate::{
    Key,
    copy::{Kind, Manifest, Part},
    read::Rows,
    sqlite,
    store::Store,
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

/// A copy to be restored.
pub struct Source<'a> {
    /// Its store.
    pub store: &'a Store,
    /// Its place there.
    pub location: &'a str,
    /// Opens it, and proves it.
    pub key: Option<&'a Key>,
    /// A person has said that it need not be proven.
    pub unproven: bool,
}

impl Source<'_> {
    async fn manifest(&self) -> anyhow::Result<Manifest> {
        let key = self.key.filter(|_| !self.unproven);
        Ok(self.store.manifest(self.location, key).await?)
    }
}

/// Loads a copy into a database whose migrations are applied. What the target holds is replaced, if that is meant;
/// its secrets stay, since no copy has any. Of what the manifest says, the target's own catalogue knows every word before it
/// becomes part of a statement.
///
/// # Errors
/// When the target is in use, the copy is not proven or damaged, or a row does not fit: then nothing has changed.
pub async fn into_postgres(
    source: &Source<'_>,
    mut target: Client,
    replace: bool,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<Restored> {
    let manifest = source.manifest().await?;
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
        create(transaction.client(), part).await.with_context(|| part.name.clone())?;
    }
    // Tables are copied one after the other, each at its own instant: a row may refer to one that was not there
    // yet. The references come back without a judgement on the rows, which is passed at the end.
    let references = references(transaction.client()).await?;
    for reference in &references {
        transaction.batch_execute(&reference.drop).await?;
    }
    for part in &manifest.parts {
        let filter: String =
            transaction.query_one("select internal.backup_filter($1)", &[&part.name]).await?.get(0);
        let sql = format!("delete from public.{} where {filter}", quote(&part.name));
        transaction.batch_execute(&sql).await.with_context(|| part.name.clone())?;
    }
    for part in &manifest.parts {
        progress(&format!("{}: {} rows", part.name, part.rows));
        load(transaction.client(), source, &manifest, part).await?;
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
pub async fn into_file(source: &Source<'_>, file: &Path) -> anyhow::Result<u64> {
    let manifest = source.manifest().await?;
    let [part] = &manifest.parts[..] else { bail!("this copy is not a SQLite file") };
    ensure!(manifest.kind == Kind::Sqlite, "this copy is of Supabase: give a postgres:// address");
    ensure!(!file.exists(), "{} is there already", file.display());
    sqlite::download(source.store, source.location, &manifest, part, source.key, file).await?;
    Ok(part.rows)
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table that no migration makes: as it was, and closed to the public roles.
async fn create(target: &Client, part: &Part) -> anyhow::Result<()> {
    let table = format!("public.{}", quote(&part.name));
    let kind = "select relkind::text from pg_class where oid = to_regclass($1)";
    if let Some(found) = target.query_opt(kind, &[&table]).await? {
        let kind: String = found.get(0);
        ensure!(["r", "p"].contains(&kind.as_str()), "in the target it is no table");
        return Ok(());
    }
    let mut columns = Vec::new();
    for column in &part.columns {
        let known = target.query_one("select format_type(to_regtype($1), -1)", &[&column.data_type]).await;
        let known: Option<String> = known.context("a type that is none")?.get(0);
        ensure!(known.as_ref() == Some(&column.data_type), "{}: a type that is none", column.name);
        columns.push(format!("{} {}", quote(&column.name), column.data_type));
    }
    if part.key != ["ctid"] {
        // As `quote_ident` writes them.
        let named = |key: &&str| {
            part.columns.iter().find(|column| column.name == **key || quote(&column.name) == **key)
        };
        let keys = part.key.iter().map(|key| named(&key.as_str()).map(|column| quote(&column.name)));
        let keys: Option<Vec<String>> = keys.collect();
        columns.push(format!("primary key ({})", keys.context("a key without its columns")?.join(", ")));
    }
    target.batch_execute(&format!("create table {table} ({})", columns.join(", "))).await?;
    target.execute("select internal.protect_table($1::text::regclass)", &[&table]).await?;
    Ok(())
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

async fn load(target: &Client, source: &Source<'_>, manifest: &Manifest, part: &Part) -> anyhow::Result<()> {
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
    let mut rows = Rows::open(source.store, source.location, manifest, part, source.key).await?;
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
