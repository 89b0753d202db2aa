//! Where settings come from: the environment, which stays, and the secret, which is read again. A key that was replaced
//! works without a deployment: within 15 minutes everywhere, and at once where a service refuses the old one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, OnceCell};

use super::values::{Values, parse_secret, present};
use crate::{clock, events::Aws, setting::Setting};

/// A secret that was read longer ago than this is read again at the start of an invocation.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// After a reading that failed: whoever invokes does not wait for a store that does not answer, each time.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// The settings that name secrets; what the second holds only some functions may read.
const SECRETS: [Setting; 2] = [Setting::SecretArn, Setting::BackupSecretArn];

/// The values of a process.
#[derive(Default)]
pub(super) struct Source {
    /// The environment wins over the secret.
    environment: Values,
    /// Setting and name of each secret; without any nothing is ever read again.
    arns: Vec<(&'static str, String)>,
    secret: RwLock<Stored>,
    /// One reading at a time: who comes meanwhile takes what it found.
    reading: Mutex<()>,
    aws: OnceCell<Aws>,
}

#[derive(Default)]
struct Stored {
    values: Values,
    /// When it is read again.
    due_at: Timestamp,
    /// Counts the changes.
    version: u64,
    /// It was read because of a refusal in this invocation: once is enough.
    was_doubted: bool,
}

impl Source {
    /// The environment, and the secret that it names.
    pub async fn load(environment: BTreeMap<String, String>) -> Result<Self, String> {
        // A blank variable is what a template leaves of an optional parameter: it hides no value of the secret.
        let environment: Values = present(environment).collect();
        let arn = |setting: Setting| {
            Some((setting.name(), environment.get(setting.name())?.expose_secret().to_owned()))
        };
        let arns = SECRETS.into_iter().filter_map(arn).collect();
        let source = Self { environment, arns, ..Self::default() };
        source.read().await?;
        Ok(source)
    }

    /// Values that never change.
    pub fn fixed(environment: Values) -> Self {
        Self { environment, ..Self::default() }
    }

    pub fn value(&self, name: &str) -> Option<SecretString> {
        self.environment.get(name).cloned().or_else(|| self.stored().values.get(name).cloned())
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.environment.keys().cloned().collect();
        names.extend(
            self.stored().values.keys().filter(|name| !self.environment.contains_key(*name)).cloned(),
        );
        names.sort();
        names
    }

    fn stored(&self) -> RwLockReadGuard<'_, Stored> {
        self.secret.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Stored> {
        self.secret.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn version(&self) -> u64 {
        self.stored().version
    }

    /// Reads the secrets. One that cannot be read, or holds no settings, changes nothing.
    async fn read(&self) -> Result<(), String> {
        let mut values = Values::new();
        for (setting, arn) in &self.arns {
            let aws = self.aws.get_or_init(Aws::from_environment).await;
            let text = aws.secret(arn).await;
            let text = text.map_err(|error| format!("{setting}: the secret cannot be read ({error})"))?;
            values.extend(parse_secret(setting, text.expose_secret())?);
        }
        let unknown = values.keys().filter(|name| !Setting::is_name(name));
        let unknown: Vec<&str> = unknown.map(String::as_str).collect();
        let mut stored = self.change();
        let exposed = |values: &Values| -> Vec<(String, String)> {
            values.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
        };
        if exposed(&values) != exposed(&stored.values) {
            stored.version += 1;
            // Nobody reads it: most likely a misspelled name.
            if !unknown.is_empty() {
                tracing::warn!(?unknown, "secret.unknown_settings");
            }
        }
        stored.values = values;
        stored.due_at = clock::now() + FRESH;
        Ok(())
    }

    /// The start of an invocation.
    pub async fn begin(&self) {
        let _one = self.reading.lock().await;
        self.change().was_doubted = false;
        let is_due = clock::now() >= self.stored().due_at;
        if is_due && let Err(problem) = self.read().await {
            // What worked until now is used until it is refused.
            tracing::warn!(problem, "secret.not_read_again");
            self.change().due_at = clock::now() + AGAIN;
        }
    }

    /// Another value than the one that was just refused: what somebody else has read meanwhile, or what the secret holds
    /// by now. Looked up once per invocation.
    async fn instead_of(&self, name: &str, refused: &SecretString) -> Option<SecretString> {
        let _one = self.reading.lock().await;
        let other = || self.value(name).filter(|value| value.expose_secret() != refused.expose_secret());
        if let Some(other) = other() {
            return Some(other);
        }
        if std::mem::replace(&mut self.change().was_doubted, true) {
            return None;
        }
        match self.read().await {
            Ok(()) => other(),
            Err(problem) => {
                tracing::warn!(problem, "secret.not_read_again");
                None
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("names", &self.names()).finish_non_exhaustive()
    }
}

/// A key by its name: it has the value that the setting has now.
#[derive(Debug, Clone)]
pub struct Secret {
    name: String,
    source: Arc<Source>,
}

impl Secret {
    pub(super) fn new(name: &str, source: &Arc<Source>) -> Self {
        Self { name: name.to_owned(), source: source.clone() }
    }

    /// Its value; empty where the setting is gone.
    pub fn value(&self) -> SecretString {
        self.source.value(&self.name).unwrap_or_default()
    }

    /// Another value than the one that its service just refused, if the setting has changed.
    pub async fn instead_of(&self, refused: &SecretString) -> Option<SecretString> {
        let other = self.source.instead_of(&self.name, refused).await;
        if other.is_some() {
            tracing::info!(setting = self.name, "secret.changed");
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::config::Settings;

    fn settings(values: &[(&str, &str)]) -> Settings {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let source = Source {
            secret: RwLock::new(Stored { values: present(values).collect(), ..Stored::default() }),
            ..Source::default()
        };
        Settings::of(Arc::new(source))
    }

    #[test]
    fn a_key_shows_its_name_only() {
        let settings = settings(&[("SENDGRID_API_KEY", "planted")]);
        let key = settings.optional_key(Setting::SendgridApiKey).unwrap();
        assert_eq!(key.value().expose_secret(), "planted");
        let shown = format!("{key:?} {settings:?}");
        assert!(shown.contains("SENDGRID_API_KEY") && !shown.contains("planted"), "{shown}");
    }

    #[tokio::test]
    async fn a_refused_key_is_replaced_by_what_was_read_meanwhile() {
        let settings = settings(&[("KEY", "old")]);
        let key = Secret::new("KEY", &settings.source);
        let old = key.value();
        assert!(key.instead_of(&old).await.is_none(), "there is no secret to look at");
        settings.source.change().values.insert("KEY".into(), "new".to_owned().into());
        assert_eq!(key.instead_of(&old).await.unwrap().expose_secret(), "new");
        // The new one was refused as well: the refusal stands.
        assert!(key.instead_of(&key.value()).await.is_none());
    }

    /// A secret store that answers `{"KEY": "1"}`, then `2` and so on; after the third it answers nothing of use. And how
    /// often it was asked.
    async fn store() -> (Source, Arc<AtomicUsize>) {
        use std::io::{BufRead, BufReader, Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                }
                reader.read_exact(&mut vec![0; length]).unwrap();
                let body = match number {
                    ..3 => format!(r#"{{"SecretString": "{{\"KEY\": \"{}\"}}"}}"#, number + 1),
                    _ => r#"{"SecretString": "no settings"}"#.to_owned(),
                };
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        let credentials = aws_sdk_eventbridge::config::Credentials::new("a", "b", None, None, "test");
        let aws = Aws::at(&address, "ca-central-1", credentials).await;
        let source = Source {
            arns: vec![("SECRET_ARN", "arn".into())],
            aws: OnceCell::new_with(Some(aws)),
            ..Source::default()
        };
        (source, asked)
    }

    #[tokio::test]
    async fn a_refused_key_is_looked_up_once_per_invocation() {
        let (source, asked) = store().await;
        for _ in 0..3 {
            source.read().await.unwrap();
        }
        let (refused, count) = (SecretString::from("3"), || asked.load(Ordering::Relaxed));
        for (expected, why) in [(4, "it is looked up"), (4, "and not again"), (4, "whatever comes")] {
            assert!(source.instead_of("KEY", &refused).await.is_none());
            assert_eq!(count(), expected, "{why}");
        }
        source.begin().await;
        assert!(source.instead_of("KEY", &refused).await.is_none());
        assert_eq!(count(), 5, "the next invocation looks again");
    }

    #[tokio::test]
    async fn a_secret_is_read_again_after_a_quarter_of_an_hour() {
        let (source, asked) = store().await;
        source.read().await.unwrap();
        let seen = || (source.value("KEY").unwrap().expose_secret().to_owned(), source.version());
        assert_eq!(seen(), ("1".into(), 1));
        let minutes = |minutes: i64| minutes * 60_000;
        for (at, expected) in [(14, ("1", 1)), (16, ("2", 2)), (30, ("2", 2)), (32, ("3", 3)), (50, ("3", 3))]
        {
            clock::playing(minutes(at), source.begin()).await;
            let (value, version) = seen();
            assert_eq!((value.as_str(), version), expected, "after {at} minutes");
        }
        // The last reading was of no use: the next is a minute later, not at each invocation.
        let asked_before = asked.load(Ordering::Relaxed);
        for (second, more) in [(30, 0), (59, 0), (61, 1)] {
            clock::playing(minutes(50) + second * 1_000, source.begin()).await;
            assert_eq!(asked.load(Ordering::Relaxed) - asked_before, more, "{second} s after 50 minutes");
        }
    }
}
