//! Reading a copy back: the same bytes, the same rows, in a form that restores.

use crate::{
    codec::{Content, Key},
    copy::{Kind, Manifest, Part},
    error::BackupError,
    read::Rows,
    sqlite,
    store::Store,
    verdict::Verdict,
};

/// Reads a whole copy back.
pub async fn read_back(store: &Store, location: &str, manifest: &Manifest, key: Option<&Key>) -> Verdict {
    let found = async {
        let stored = store.manifest(location, key).await?;
        if serde_json::to_value(&stored).ok() != serde_json::to_value(manifest).ok() {
            return Err(BackupError::Corrupt("the manifest".into()));
        }
        for part in &manifest.parts {
            match manifest.kind {
                Kind::Supabase => check(store, location, manifest, part, key).await?,
                Kind::Sqlite => sqlite::check_back(store, location, manifest, part, key).await?,
            }
        }
        Ok(())
    };
    match found.await {
        Ok(()) => Verdict::Verified,
        // Nothing was seen to be wrong: it was not seen.
        Err(BackupError::Unavailable(detail) | BackupError::Refused(detail)) => Verdict::Inconclusive(detail),
        Err(BackupError::Full) => Verdict::Inconclusive("temporary storage is full".into()),
        Err(BackupError::Corrupt(detail) | BackupError::SqliteDamaged(detail)) => Verdict::Failed(detail),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

async fn check(
    store: &Store,
    location: &str,
    manifest: &Manifest,
    part: &Part,
    key: Option<&Key>,
) -> Result<(), BackupError> {
    let mut rows = Rows::open(store, location, manifest, part, key).await?;
    let mut content = Content::default();
    while let Some(lines) = rows.next().await {
        content.add_lines(&lines);
    }
    rows.finish().await?;
    if content.rows == part.rows && content.checksum() == part.content {
        return Ok(());
    }
    Err(BackupError::Corrupt(format!("{}: {} rows instead of {}", part.name, content.rows, part.rows)))
}
