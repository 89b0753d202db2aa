//! One part of a copy as a stream of bytes: lines → zstd → age, with sizes and checksums on both ends.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    iter,
    sync::{Arc, Mutex, PoisonError},
};

use age::x25519::Identity;
use bytes::{Buf, Bytes};
use ring::{
    digest::{Context, SHA256},
    hmac,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use shared::config::{Setting, Settings};
use tokio::sync::mpsc;

use crate::document::Document;

/// The default of zstd.
const LEVEL: i32 = 3;

/// The key that encrypts copies and reads them again.
#[derive(Clone)]
pub struct Key(Identity);

impl Key {
    /// Reads `BACKUP_AGE_KEY`, an age identity (`AGE-SECRET-KEY-1…`).
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let text = settings.optional_secret(Setting::BackupAgeKey)?;
        match text.expose_secret().parse::<Identity>() {
            Ok(identity) => Some(Self(identity)),
            Err(_) => {
                settings.problem("BACKUP_AGE_KEY is not an age identity (AGE-SECRET-KEY-1…)");
                None
            }
        }
    }

    /// The mark that only who has the key can put on a document of a copy: HMAC-SHA-256, in hexadecimal.
    pub fn mark(&self, location: &str, document: Document, content: &[u8]) -> String {
        hex(hmac::sign(&self.marker(), &marked(location, document, content)).as_ref())
    }

    /// Whether a mark is the document's; takes the same time for every wrong one.
    pub fn has_marked(&self, location: &str, document: Document, content: &[u8], mark: &str) -> bool {
        let pairs = mark
            .trim()
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let mark: Option<Vec<u8>> = pairs.collect();
        mark.is_some_and(|mark| {
            hmac::verify(&self.marker(), &marked(location, document, content), &mark).is_ok()
        })
    }

    fn marker(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.to_string().expose_secret().as_bytes())
    }
}

/// A document, what it is and where it stands: another copy's is no proof.
fn marked(location: &str, document: Document, content: &[u8]) -> Vec<u8> {
    [document.name().as_bytes(), location.as_bytes(), content].join(&0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a part holds, whatever the order of its rows: databases sort texts differently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// Rows.
    pub rows: u64,
    /// Bytes of the rows, as they were read.
    pub bytes: u64,
    sum: u128,
}

impl Content {
    /// Adds a row.
    pub fn add(&mut self, line: &[u8]) {
        let digest = ring::digest::digest(&SHA256, line);
        let half: [u8; 16] = std::array::from_fn(|at| digest.as_ref()[at]);
        self.rows += 1;
        self.bytes += line.len() as u64 + 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
    }

    /// Adds the lines of a page.
    pub fn add_lines(&mut self, lines: &str) {
        lines.split('\n').filter(|line| !line.is_empty()).for_each(|line| self.add(line.as_bytes()));
    }

    /// The checksum as text.
    pub fn checksum(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

/// Size and SHA-256 of a part as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Counts and hashes what goes by.
pub struct Meter {
    bytes: u64,
    hash: Context,
}

impl Default for Meter {
    fn default() -> Self {
        Self { bytes: 0, hash: Context::new(&SHA256) }
    }
}

impl Meter {
    /// Takes note of some bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// The result.
    pub fn finish(self) -> Stored {
        Stored { bytes: self.bytes, sha256: hex(self.hash.finish().as_ref()) }
    }
}

/// Where the encoder leaves what is ready to be sent.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Sink {
    Plain(Outlet),
    Encrypted(Box<age::stream::StreamWriter<Outlet>>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(outlet) => outlet.write(bytes),
            Sink::Encrypted(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compresses, and encrypts where there is a key. What is ready is taken out piece by piece.
pub struct Encoder {
    zstd: zstd::stream::write::Encoder<'static, Sink>,
    outlet: Outlet,
}

impl Encoder {
    /// An encoder for one part.
    pub fn new(key: Option<&Key>) -> io::Result<Self> {
        let outlet = Outlet::default();
        let sink = match key {
            None => Sink::Plain(outlet.clone()),
            Some(Key(identity)) => {
                let recipient = identity.to_public();
                let encryptor =
                    age::Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
                        .map_err(io::Error::other)?;
                Sink::Encrypted(Box::new(encryptor.wrap_output(outlet.clone())?))
            }
        };
        Ok(Self { zstd: zstd::stream::write::Encoder::new(sink, LEVEL)?, outlet })
    }

    /// Takes plain bytes and gives what became ready.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Bytes> {
        self.zstd.write_all(bytes)?;
        Ok(self.outlet.take())
    }

    /// Ends the part and gives the rest.
    pub fn finish(self) -> io::Result<Bytes> {
        let Self { zstd, outlet } = self;
        if let Sink::Encrypted(writer) = zstd.finish()? {
            writer.finish()?;
        }
        Ok(outlet.take())
    }
}

/// The pieces of a download, as a reader for a thread that may wait.
pub struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Pieces {
    /// Reads what is sent until the sender is gone.
    pub fn new(receiver: mpsc::Receiver<Bytes>) -> Self {
        Self { receiver, piece: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.piece.len());
        buffer[..count].copy_from_slice(&self.piece[..count]);
        self.piece.advance(count);
        Ok(count)
    }
}

/// Decrypts and decompresses a part.
pub struct Decoder<'a>(zstd::stream::read::Decoder<'a, BufReader<Box<dyn Read + Send + 'a>>>);

impl<'a> Decoder<'a> {
    /// Reads the stored bytes of a part.
    ///
    /// # Errors
    /// When it is encrypted and the key is missing or another one, or when it is no such stream.
    pub fn new(stored: impl Read + Send + 'a, encrypted: bool, key: Option<&Key>) -> io::Result<Self> {
        let plain: Box<dyn Read + Send> = match (encrypted, key) {
            (false, _) => Box::new(stored),
            (true, None) => {
                return Err(io::Error::other("the copy is encrypted and BACKUP_AGE_KEY is missing"));
            }
            (true, Some(Key(identity))) => {
                let decryptor = age::Decryptor::new(stored).map_err(io::Error::other)?;
                let reader = decryptor
                    .decrypt(iter::once(identity as &dyn age::Identity))
                    .map_err(io::Error::other)?;
                Box::new(reader)
            }
        };
        Ok(Self(zstd::stream::read::Decoder::new(plain)?))
    }

    /// Calls `each` with every line.
    ///
    /// # Errors
    /// When the stream is damaged or ends early, or when `each` fails.
    pub fn lines(self, mut each: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(1 << 16, self.0);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            let text = line.trim_end_matches('\n');
            if !text.is_empty() {
                each(text)?;
            }
            line.clear();
        }
        Ok(())
    }

    /// Writes the plain bytes.
    ///
    /// # Errors
    /// When the stream is damaged or `output` fails.
    pub fn copy_to(mut self, output: &mut impl Write) -> io::Result<u64> {
        io::copy(&mut self.0, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(key: Option<&Key>, lines: &[&str]) -> Vec<u8> {
        let mut encoder = Encoder::new(key).unwrap();
        let mut bytes = Vec::new();
        for line in lines {
            bytes.extend_from_slice(&encoder.write(format!("{line}\n").as_bytes()).unwrap());
        }
        bytes.extend_from_slice(&encoder.finish().unwrap());
        bytes
    }

    fn decoded(bytes: &[u8], encrypted: bool, key: Option<&Key>) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        Decoder::new(bytes, encrypted, key)?.lines(|line| {
            lines.push(line.to_owned());
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn what_goes_in_comes_out_with_and_without_a_key() {
        let key = Key(Identity::generate());
        let lines = ["{\"a\":1}", "{\"é\":\"\\n\"}"];
        assert_eq!(decoded(&encoded(None, &lines), false, None).unwrap(), lines);
        let sealed = encoded(Some(&key), &lines);
        assert_eq!(decoded(&sealed, true, Some(&key)).unwrap(), lines);
        assert!(decoded(&sealed, true, None).is_err());
        assert!(decoded(&sealed, true, Some(&Key(Identity::generate()))).is_err());
    }

    #[test]
    fn a_mark_is_of_one_key_one_place_and_one_document() {
        let key = Key(Identity::generate());
        let mark = key.mark("supabase/1", Document::Manifest, b"{}");
        let is_marked = |location: &str, text: &[u8], mark: &str| {
            key.has_marked(location, Document::Manifest, text, mark)
        };
        assert!(
            is_marked("supabase/1", b"{}", &mark) && is_marked("supabase/1", b"{}", &format!("{mark}\n"))
        );
        assert!(!is_marked("supabase/2", b"{}", &mark));
        assert!(!is_marked("supabase/1", b"{} ", &mark));
        assert!(!key.has_marked("supabase/1", Document::Verification, b"{}", &mark));
        assert!(!Key(Identity::generate()).has_marked("supabase/1", Document::Manifest, b"{}", &mark));
        for other in ["", "00", "é", "zz", &mark[2..], &format!("{mark}00")] {
            assert!(!is_marked("supabase/1", b"{}", other), "{other}");
        }
    }

    #[test]
    fn a_part_that_ends_early_is_damaged() {
        let many: Vec<String> = (0..10_000).map(|n| format!("{{\"n\":{n}}}")).collect();
        let lines: Vec<&str> = many.iter().map(String::as_str).collect();
        let bytes = encoded(None, &lines);
        assert!(decoded(&bytes[..bytes.len() / 2], false, None).is_err());
    }

    #[test]
    fn the_content_does_not_depend_on_the_order_of_rows() {
        let (mut one, mut other) = (Content::default(), Content::default());
        one.add_lines("a\nb\nc");
        other.add_lines("c\na\nb\n");
        assert_eq!(one, other);
        other.add_lines("c");
        assert_ne!(one, other);
    }
}
