//! Every setting of the product, with all problems at once.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    source::{Secret, Source},
    values::{ConfigError, present},
};

/// Every setting of the product. The environment wins over the secret named by `SECRET_ARN`.
#[derive(Debug)]
pub struct Settings {
    pub(super) source: Arc<Source>,
    pub(super) problems: Vec<String>,
}

impl Settings {
    /// Reads the environment and, where `SECRET_ARN` is set, the JSON secret behind it.
    ///
    /// # Errors
    /// When the secret cannot be fetched or is not a JSON object of texts.
    pub async fn load() -> Result<Self, ConfigError> {
        let source = Source::load(std::env::vars().collect()).await;
        let source = source.map_err(|problem| ConfigError { problems: vec![problem] })?;
        Ok(Self::of(Arc::new(source)))
    }

    pub(super) fn of(source: Arc<Source>) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// The settings as given, for tests and tools that do not read the environment.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::of(Arc::new(Source::fixed(present(pairs).collect())))
    }

    /// An optional setting.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.source.value(name).map(|value| value.expose_secret().to_owned())
    }

    /// An optional secret.
    pub fn optional_secret(&self, name: &str) -> Option<SecretString> {
        self.source.value(name)
    }

    /// An optional key, which has the value that the setting has when it is used.
    pub fn optional_key(&self, name: &str) -> Option<Secret> {
        self.source.value(name).map(|_| Secret::new(name, &self.source))
    }

    /// The names of all settings that begin with `prefix`.
    pub fn names_with_prefix(&self, prefix: &str) -> Vec<String> {
        self.source.names().into_iter().filter(|name| name.starts_with(prefix)).collect()
    }

    /// A required setting; when it is missing, a problem is noted and the answer is empty.
    pub fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(format!("{name} is missing"));
            String::new()
        })
    }

    /// A required secret; when it is missing, a problem is noted and the answer is empty.
    pub fn required_secret(&mut self, name: &str) -> SecretString {
        self.required(name).into()
    }

    /// A required key; when it is missing, a problem is noted and the value is empty.
    pub fn required_key(&mut self, name: &str) -> Secret {
        self.required(name);
        Secret::new(name, &self.source)
    }

    /// An address with a default. Anything but an absolute http(s) address is a problem.
    pub fn url(&mut self, name: &str, default: &str) -> Url {
        let text = self.optional(name).unwrap_or_else(|| default.to_owned());
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            _ => {
                self.problem(if text.is_empty() {
                    format!("{name} is missing")
                } else {
                    format!("{name} is not an http(s) address")
                });
                Url::parse("http://invalid.example").unwrap_or_else(|_| unreachable!())
            }
        }
    }

    /// Notes what is wrong with a setting: a sentence with its name, without its value.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When any problem was noted since the last call, with all of them.
    pub fn check(&mut self) -> Result<(), ConfigError> {
        match std::mem::take(&mut self.problems) {
            problems if problems.is_empty() => Ok(()),
            problems => Err(ConfigError { problems }),
        }
    }
}
