//! The object store of the copies: a local folder (`file://…`) or a bucket (`s3://…`).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    BackoffConfig, ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    RetryConfig,
    aws::{AmazonS3Builder, Checksum},
    http::HttpBuilder,
    local::LocalFileSystem,
    path::Path,
};
use serde_json::json;
use shared::{
    clock,
    config::{Setting, Settings},
};
use url::Url;

use crate::{
    codec::{Key, Meter, Stored},
    copy::{Copy, Kind, Manifest},
    document::Document,
    error::BackupError,
    verdict::Verdict,
};

/// The smallest piece of an upload in pieces that S3 takes.
const S3_PIECE: usize = 5 << 20;
/// A folder takes pieces of any size.
const FILE_PIECE: usize = 1 << 20;

/// The store of all copies.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    base: Path,
    /// Bytes of one piece of an upload; what is smaller goes at once.
    piece: usize,
}

impl Store {
    /// Reads `BACKUP_URL`; a problem is noted in `settings`.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let address = settings.required(Setting::BackupUrl);
        if address.is_empty() {
            return None;
        }
        match Self::open(&address, settings.optional(Setting::AwsEndpointUrl).as_deref()) {
            Ok(store) => Some(store),
            Err(error) => {
                settings.problem(format!("BACKUP_URL: {error}"));
                None
            }
        }
    }

    /// Opens a store. `endpoint` is another address for S3: an emulator.
    ///
    /// # Errors
    /// When the address is not one of the known kinds.
    pub fn open(address: &str, endpoint: Option<&str>) -> Result<Self, BackupError> {
        let url = Url::parse(address)
            .map_err(|_| BackupError::Refused("expected file:///folder or s3://bucket".into()))?;
        let (objects, base) = open(&url, endpoint)?;
        let piece = if url.scheme() == "s3" { S3_PIECE } else { FILE_PIECE };
        Ok(Self { objects, base, piece })
    }

    fn path(&self, location: &str, object: &str) -> Path {
        location.split('/').chain([object]).fold(self.base.clone(), |path, part| path.join(part))
    }

    /// Begins an upload into a copy.
    pub fn upload(&self, location: &str, object: &str) -> Upload {
        Upload {
            objects: self.objects.clone(),
            path: self.path(location, object),
            pieces: None,
            piece: self.piece,
            waiting: Vec::with_capacity(self.piece),
            meter: Meter::default(),
        }
    }

    /// The bytes of an object of a copy.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn download(
        &self,
        location: &str,
        object: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, BackupError>>, BackupError> {
        let found = self.objects.get(&self.path(location, object)).await?;
        Ok(found.into_stream().map_err(BackupError::from).boxed())
    }

    /// Makes a copy exist, with the mark of the key where there is one. Never over another one.
    ///
    /// # Errors
    /// When there is a manifest already, or the store does not take it.
    pub async fn put_manifest(
        &self,
        location: &str,
        manifest: &Manifest,
        key: Option<&Key>,
    ) -> Result<(), BackupError> {
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|_| BackupError::Refused("the manifest has no JSON form".into()))?;
        self.put(location, Document::Manifest, text, key, PutMode::Create).await
    }

    /// Says in the store itself how the verification ended: a copy must be understood without the database.
    /// `accepted`: a person has said that it is right although it holds less than those before it.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn record_verdict(
        &self,
        location: &str,
        verdict: &Verdict,
        accepted: bool,
        key: Option<&Key>,
    ) -> Result<(), BackupError> {
        let text = json!({
            "outcome": verdict.name(), "detail": verdict.detail(), "accepted": accepted,
            "at": clock::now().to_string(),
        });
        let text = text.to_string().into_bytes();
        self.put(location, Document::Verification, text, key, PutMode::Overwrite).await
    }

    /// Writes a document; its mark stands before it does.
    async fn put(
        &self,
        location: &str,
        document: Document,
        text: Vec<u8>,
        key: Option<&Key>,
        mode: PutMode,
    ) -> Result<(), BackupError> {
        if let Some(key) = key {
            let mark = PutPayload::from(key.mark(location, document, &text));
            self.objects.put(&self.path(location, &document.mark()), mark).await?;
        }
        let path = self.path(location, &document.object());
        self.objects.put_opts(&path, PutPayload::from(text), mode.into()).await?;
        Ok(())
    }

    /// The text of a document, and whether it carries the mark of the key. Whoever can write into the store can put
    /// anything there, but no mark. Without a key nothing can be proven, and nothing needs to be.
    async fn document(
        &self,
        location: &str,
        document: Document,
        key: Option<&Key>,
    ) -> Result<(Bytes, bool), BackupError> {
        let text = self.objects.get(&self.path(location, &document.object())).await?.bytes().await?;
        let Some(key) = key else { return Ok((text, true)) };
        let path = self.path(location, &document.mark());
        let mark = match self.objects.get(&path).await.map_err(BackupError::from) {
            Ok(mark) => String::from_utf8_lossy(&mark.bytes().await?).into_owned(),
            Err(BackupError::NotFound) => String::new(),
            Err(error) => return Err(error),
        };
        let proven = key.has_marked(location, document, &text, &mark);
        Ok((text, proven))
    }

    /// The manifest of a copy that this key's owner has made. A copy that was made without a key proves nothing, and is
    /// refused where there is one.
    ///
    /// # Errors
    /// When there is none, it is damaged, or it is not proven.
    pub async fn manifest(&self, location: &str, key: Option<&Key>) -> Result<Manifest, BackupError> {
        let (text, marked) = self.document(location, Document::Manifest, key).await?;
        let damaged = |_| BackupError::Corrupt("the manifest is damaged".into());
        if !marked {
            let encrypted = serde_json::from_slice::<Manifest>(&text).map_err(damaged)?.encrypted;
            return Err(BackupError::Unproven(if encrypted {
                "its manifest does not carry the mark of BACKUP_AGE_KEY"
            } else {
                "it is not encrypted"
            }));
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    /// The copies of a kind, newest first; what has no manifest is none. What this key does not prove is among them, as
    /// such: it holds nothing, and no verdict on it counts.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn copies(&self, kind: Kind, key: Option<&Key>) -> Result<Vec<Copy>, BackupError> {
        let mut copies = Vec::new();
        for (location, objects) in self.places(kind).await? {
            let has = |document: Document| {
                objects.iter().any(|path| path.filename() == Some(document.object().as_str()))
            };
            if !has(Document::Manifest) {
                continue;
            }
            let (mut verdict, accepted, mut proven) = if has(Document::Verification) {
                self.verdict(&location, key).await?
            } else {
                (None, false, true)
            };
            let manifest = match self.manifest(&location, key).await {
                Ok(manifest) => manifest,
                // What cannot be read for now is not what is damaged.
                Err(BackupError::Corrupt(detail)) => {
                    verdict = Some(Verdict::Failed(detail));
                    Manifest::default()
                }
                Err(BackupError::Unproven(_)) => {
                    (verdict, proven) = (None, false);
                    Manifest::default()
                }
                Err(error) => return Err(error),
            };
            let started_at = manifest.started_at;
            copies.push(Copy { location, started_at, proven, verdict, sizes: manifest.sizes(), accepted });
        }
        copies.sort_by(|a, b| b.location.cmp(&a.location));
        Ok(copies)
    }

    /// Every place of a kind with its objects, copy or not.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn places(&self, kind: Kind) -> Result<BTreeMap<String, Vec<Path>>, BackupError> {
        let folder = self.base.clone().join(kind.name());
        let mut places: BTreeMap<String, Vec<Path>> = BTreeMap::new();
        let mut objects = self.objects.list(Some(&folder));
        while let Some(object) = objects.next().await {
            let path = object?.location;
            let place = path
                .prefix_match(&folder)
                .and_then(|mut rest| rest.next())
                .map(|part| part.as_ref().to_owned());
            if let Some(place) = place {
                places.entry(format!("{}/{place}", kind.name())).or_default().push(path);
            }
        }
        Ok(places)
    }

    /// Deletes a place; what makes it a copy goes first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn remove(&self, mut objects: Vec<Path>) -> Result<(), BackupError> {
        let manifest = Document::Manifest.object();
        objects.sort_by_key(|path| path.filename() != Some(manifest.as_str()));
        for path in objects {
            match self.objects.delete(&path).await.map_err(BackupError::from) {
                Ok(()) | Err(BackupError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How a verification ended, whether a person accepted the copy, and whether the key proves that.
    async fn verdict(
        &self,
        location: &str,
        key: Option<&Key>,
    ) -> Result<(Option<Verdict>, bool, bool), BackupError> {
        let (text, proven) = self.document(location, Document::Verification, key).await?;
        if !proven {
            return Ok((None, false, false));
        }
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        let detail = value["detail"].as_str().unwrap_or_default().to_owned();
        let verdict = match value["outcome"].as_str() {
            Some("verified") => Some(Verdict::Verified),
            Some("failed") => Some(Verdict::Failed(detail)),
            Some("inconclusive") => Some(Verdict::Inconclusive(detail)),
            Some("reduced") => Some(Verdict::Reduced(detail)),
            Some("damaged") => Some(Verdict::Damaged(detail)),
            _ => None,
        };
        Ok((verdict, value["accepted"] == true, true))
    }
}

/// Opens an address: the store behind it and the path in it.
pub(crate) fn open(url: &Url, endpoint: Option<&str>) -> Result<(Arc<dyn ObjectStore>, Path), BackupError> {
    match url.scheme() {
        "file" => {
            let folder =
                url.to_file_path().map_err(|()| BackupError::Refused("expected file:///folder".into()))?;
            std::fs::create_dir_all(&folder)?;
            Ok((Arc::new(LocalFileSystem::new_with_prefix(folder)?), Path::default()))
        }
        "s3" => {
            let bucket = url.host_str().ok_or_else(|| BackupError::Refused("expected s3://bucket".into()))?;
            // A bucket with Object Lock takes nothing without a checksum.
            let mut builder = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_checksum_algorithm(Checksum::SHA256)
                .with_retry(retries());
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
            }
            let path = Path::parse(url.path().trim_matches('/'))
                .map_err(|_| BackupError::Refused("the path of the address is not usable".into()))?;
            Ok((Arc::new(builder.build()?), path))
        }
        _ => Err(BackupError::Refused("expected file:///folder or s3://bucket".into())),
    }
}

/// Opens a file behind an http(s) address.
pub(crate) fn open_http(url: &Url) -> Result<(Arc<dyn ObjectStore>, Path), BackupError> {
    let unusable = |_| BackupError::Refused("the path of the address is not usable".into());
    let path = Path::parse(url.path().trim_matches('/')).map_err(unusable)?;
    let mut origin = url.clone();
    origin.set_path("");
    let objects = HttpBuilder::new()
        .with_url(origin.as_str())
        .with_client_options(ClientOptions::new().with_allow_http(url.scheme() == "http"))
        .with_retry(retries())
        .build()?;
    Ok((Arc::new(objects), path))
}

/// As long as other services are waited for.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(5),
            ..BackoffConfig::default()
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(60),
    }
}

/// An object on its way into the store: in one piece if it is small, else piece by piece, one at a time, so that
/// memory does not depend on its size.
pub struct Upload {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    pieces: Option<Box<dyn MultipartUpload>>,
    piece: usize,
    waiting: Vec<u8>,
    meter: Meter,
}

impl Upload {
    /// Sends some bytes, once there are enough of them.
    ///
    /// # Errors
    /// When the store does not take them.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BackupError> {
        self.meter.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.piece - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
            if self.waiting.len() == self.piece {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<(), BackupError> {
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(self.piece));
        let pieces = match &mut self.pieces {
            Some(pieces) => pieces,
            None => self.pieces.insert(self.objects.put_multipart(&self.path).await?),
        };
        Ok(pieces.put_part(piece.into()).await?)
    }

    /// Ends the object: only now it is there.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn finish(mut self) -> Result<Stored, BackupError> {
        if self.pieces.is_none() {
            self.objects.put(&self.path, self.waiting.into()).await?;
        } else if let Err(error) = self.complete().await {
            self.abort().await;
            return Err(error);
        }
        Ok(self.meter.finish())
    }

    async fn complete(&mut self) -> Result<(), BackupError> {
        if !self.waiting.is_empty() {
            self.send().await?;
        }
        if let Some(pieces) = &mut self.pieces {
            pieces.complete().await?;
        }
        Ok(())
    }

    /// Gives up: nothing of it stays.
    pub async fn abort(self) {
        if let Some(mut pieces) = self.pieces
            && let Err(error) = pieces.abort().await
        {
            tracing::warn!(error = %BackupError::from(error), "upload.not_aborted");
        }
    }
}
