//! `cargo xtask db`: the functions' migration from `infra/supabase/functions`, and `schema.sql` from a database to which all
//! migrations were applied.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

use std::path::Path;

use anyhow::Context;
use clap::Parser;
use gazelle_local::{migrations, postgrest::Database, schema};

/// Writes infra/supabase/migrations/…_functions.sql and infra/supabase/schema.sql, after a change of SQL.
#[derive(Parser)]
#[command(name = "cargo xtask db")]
struct Arguments {}

fn main() -> anyhow::Result<()> {
    Arguments::parse();
    tokio::runtime::Runtime::new()?.block_on(async {
        // The newest that the product is deployed on.
        let postgres = tools::Postgres::start(tools::POSTGRES_VERSIONS[0])?;
        // What the functions take, a database says best: they are applied once without knowing it.
        write(&schema::functions_file(), &schema::functions(&[])?)?;
        let url = format!("{}/postgres", postgres.url);
        migrations::migrate(&url).await?;
        let client = Database::connect(&url).await?;
        let functions = schema::functions(&schema::signatures(&client).await?)?;
        write(&schema::functions_file(), &functions)?;
        write(&schema::schema_file(), &schema::description(&client).await?)?;
        Ok(())
    })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    println!("{}: {} lines", path.display(), text.lines().count());
    Ok(())
}
