//! Reading a copy back: the same bytes, the same rows, in a form that restores.

use std::io;

use futures::StreamExt;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    codec::{Content, Decoder, Key, Meter, Pieces, Stored},
    copy::{Kind, Manifest, Part},
    error::BackupError,
    sqlite,
    store::Store,
};

/// How a verification ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was read back and is what was written.
    Verified,
    /// Something is not what was written.
    Failed(String),
    /// It could not be read.
    Inconclusive(String),
    /// It is what was written, but holds much less than the good copies: it is kept beside them.
    Reduced(String),
    /// It is what was written, but what was copied is damaged: it is kept beside the good copies.
    Damaged(String),
}

impl Verdict {
    /// Stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Failed(_) => "failed",
            Verdict::Inconclusive(_) => "inconclusive",
            Verdict::Reduced(_) => "reduced",
            Verdict::Damaged(_) => "damaged",
        }
    }

    /// What is wrong.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Verdict::Verified => None,
            Verdict::Failed(detail)
            | Verdict::Inconclusive(detail)
            | Verdict::Reduced(detail)
            | Verdict::Damaged(detail) => Some(detail),
        }
    }
}

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
    match content.rows == part.rows && content.checksum() == part.content {
        true => Ok(()),
        false => Err(BackupError::Corrupt(format!(
            "{}: {} rows instead of {}",
            part.name, content.rows, part.rows
        ))),
    }
}

/// Lines that travel together at most.
const BATCH_LINES: usize = 500;
const BATCH_BYTES: usize = 1 << 20;

/// The rows of a part, in batches of lines.
pub struct Rows {
    batches: mpsc::Receiver<String>,
    bytes: Bytes,
    expected: Stored,
    name: String,
}

impl Rows {
    /// Begins to read a part.
    ///
    /// # Errors
    /// When the object is missing or the store does not answer.
    pub async fn open(
        store: &Store,
        location: &str,
        manifest: &Manifest,
        part: &Part,
        key: Option<&Key>,
    ) -> Result<Self, BackupError> {
        let (sender, batches) = mpsc::channel(2);
        let bytes = Bytes::open(store, location, part, {
            let (encrypted, key) = (manifest.encrypted, key.cloned());
            move |pieces| decode(pieces, encrypted, key.as_ref(), &sender)
        })
        .await?;
        Ok(Self { batches, bytes, expected: part.stored.clone(), name: part.name.clone() })
    }

    /// The next lines.
    pub async fn next(&mut self) -> Option<String> {
        self.batches.recv().await
    }

    /// Whether everything that was read is what was written.
    ///
    /// # Errors
    /// When it is not, or when the store stopped answering.
    pub async fn finish(self) -> Result<(), BackupError> {
        self.bytes.finish(&self.name, &self.expected).await
    }
}

fn decode(
    pieces: Pieces,
    encrypted: bool,
    key: Option<&Key>,
    sender: &mpsc::Sender<String>,
) -> io::Result<()> {
    let mut batch = String::new();
    let mut lines = 0;
    let gone = |_| io::Error::other("the reader is gone");
    Decoder::new(pieces, encrypted, key)?.lines(|line| {
        batch.push_str(line);
        batch.push('\n');
        lines += 1;
        if lines >= BATCH_LINES || batch.len() >= BATCH_BYTES {
            lines = 0;
            sender.blocking_send(std::mem::take(&mut batch)).map_err(gone)?;
        }
        Ok(())
    })?;
    if !batch.is_empty() {
        sender.blocking_send(batch).map_err(gone)?;
    }
    Ok(())
}

/// A download that is measured and decoded at the same time.
pub(crate) struct Bytes {
    download: JoinHandle<Result<Stored, BackupError>>,
    decode: JoinHandle<io::Result<()>>,
}

impl Bytes {
    pub async fn open(
        store: &Store,
        location: &str,
        part: &Part,
        decode: impl FnOnce(Pieces) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, BackupError> {
        let mut stream = match store.download(location, &part.object).await {
            Err(BackupError::NotFound) => {
                return Err(BackupError::Corrupt(format!("{} is missing", part.object)));
            }
            stream => stream?,
        };
        let (sender, receiver) = mpsc::channel(4);
        let download = tokio::spawn(async move {
            let mut meter = Meter::default();
            while let Some(piece) = stream.next().await {
                let piece = piece?;
                meter.update(&piece);
                // A decoder that gave up says why; the checksum is still taken to the end.
                let _ = sender.send(piece).await;
            }
            Ok(meter.finish())
        });
        let decode = tokio::task::spawn_blocking(move || decode(Pieces::new(receiver)));
        Ok(Self { download, decode })
    }

    pub async fn finish(self, name: &str, expected: &Stored) -> Result<(), BackupError> {
        let gone = |_| BackupError::Inconclusive("a thread is gone".into());
        let decoded = self.decode.await.map_err(gone)?;
        let stored = self.download.await.map_err(gone)??;
        if stored != *expected {
            return Err(BackupError::Corrupt(format!("{name}: size or checksum")));
        }
        // What is written as it should be and cannot be decoded: another key.
        decoded.map_err(|error| BackupError::Corrupt(format!("{name}: {error}")))
    }
}
