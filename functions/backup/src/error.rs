//! What can go wrong with a copy, by what a person does about it.

use shared::{error_kind::ErrorKind, task::TaskError};

/// A copy, or its use, failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BackupError {
    /// The source is not there.
    #[error("{0}")]
    SourceMissing(String),
    /// The SQLite file is damaged.
    #[error("the SQLite database is damaged: {0}")]
    SqliteDamaged(String),
    /// The SQLite file was being written all the time.
    #[error(
        "the SQLite database is locked or written all the time: run backup again when its program is idle"
    )]
    SqliteBusy,
    /// The store says no.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// The object is not in the store.
    #[error("there is no such bucket, folder or object")]
    NotFound,
    /// The store has no room.
    #[error("the store is full")]
    Full,
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// What was read is not what was written.
    #[error("the copy read back is not the one written: {0}")]
    Corrupt(String),
    /// What was written could not be read.
    #[error("the copy could not be read back: {0}")]
    Inconclusive(String),
    /// Nothing proves that the copy is ours, although there is a key to prove it with.
    #[error("nothing proves that this copy is ours: {0}")]
    Unproven(&'static str),
    /// There is nothing to restore.
    #[error("there is no verified copy; run backup first")]
    NoCopy,
    /// A restored copy differs from its manifest.
    #[error("the restored copy differs from its manifest: {0}")]
    Mismatch(String),
}

impl BackupError {
    /// Why, as the run log has it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            BackupError::SourceMissing(_) => ErrorKind::BackupSourceMissing,
            BackupError::SqliteDamaged(_) => ErrorKind::SqliteDamaged,
            BackupError::SqliteBusy => ErrorKind::SqliteBusy,
            BackupError::Refused(_) | BackupError::NotFound => ErrorKind::BackupStoreRefused,
            BackupError::Full => ErrorKind::BackupStoreFull,
            BackupError::Unavailable(_) => ErrorKind::BackupStoreUnavailable,
            BackupError::Corrupt(_) => ErrorKind::BackupCorrupt,
            BackupError::Inconclusive(_) => ErrorKind::BackupInconclusive,
            BackupError::Unproven(_) => ErrorKind::BackupUnproven,
            BackupError::NoCopy => ErrorKind::NoCopy,
            BackupError::Mismatch(_) => ErrorKind::DrillMismatch,
        }
    }
}

impl From<BackupError> for TaskError {
    fn from(error: BackupError) -> Self {
        TaskError::Failed { kind: error.kind(), message: error.to_string() }
    }
}

/// A failure of this machine's own files: temporary storage, or a store that is a folder.
impl From<std::io::Error> for BackupError {
    #[allow(clippy::wildcard_enum_match_arm)] // Another crate's errors.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => BackupError::Full,
            std::io::ErrorKind::PermissionDenied => BackupError::Refused("permission denied".into()),
            kind => BackupError::Unavailable(kind.to_string()),
        }
    }
}

/// The store's errors quote addresses and answers; only their kind is kept.
impl From<object_store::Error> for BackupError {
    #[allow(clippy::wildcard_enum_match_arm)] // Another crate's errors.
    fn from(error: object_store::Error) -> Self {
        use object_store::Error;
        match &error {
            Error::NotFound { .. } => BackupError::NotFound,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                BackupError::Refused("access denied".into())
            }
            Error::AlreadyExists { .. } | Error::Precondition { .. } => {
                BackupError::Refused("the object exists already".into())
            }
            _ => match io_error(&error) {
                Some(error) => std::io::Error::from(error).into(),
                None => BackupError::Unavailable("see the store's own log".into()),
            },
        }
    }
}

fn io_error(error: &dyn std::error::Error) -> Option<std::io::ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        source = cause.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_is_distinguished_from_one_that_refuses_however_deep_the_reason_is() {
        let wrapped = |kind: std::io::ErrorKind| {
            let source = Box::new(std::io::Error::from(kind));
            BackupError::from(object_store::Error::Generic { store: "test", source })
        };
        assert_eq!(wrapped(std::io::ErrorKind::StorageFull).kind(), ErrorKind::BackupStoreFull);
        assert_eq!(wrapped(std::io::ErrorKind::PermissionDenied).kind(), ErrorKind::BackupStoreRefused);
        assert_eq!(wrapped(std::io::ErrorKind::TimedOut).kind(), ErrorKind::BackupStoreUnavailable);
    }
}
