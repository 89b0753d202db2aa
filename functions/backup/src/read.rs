//! The parts of a copy as they are read: measured and decoded at the same time.

use std::io;

use futures::StreamExt;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    codec::{Decoder, Key, Meter, Pieces, Stored},
    copy::{Manifest, Part},
    error::BackupError,
    store::Store,
};

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
