//! The migrations, and their application to a database.

use std::path::PathBuf;

use anyhow::Context;
use tokio_postgres::NoTls;

/// The migrations, in order: name and text.
pub fn migrations() -> anyhow::Result<Vec<(String, String)>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../supabase/migrations"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file)?;
            Ok((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
        })
        .collect()
}

/// Applies the migrations over a connection string.
pub async fn migrate(database_url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
    let connection = tokio::spawn(connection);
    for (name, text) in migrations()? {
        client.batch_execute(&text).await.with_context(|| format!("migration {name}"))?;
    }
    drop(client);
    connection.await??;
    Ok(())
}
