//! Every setting of the product, with all problems at once.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    source::{Secret, Source},
    values::{ConfigError, present},
};
use crate::setting::Setting;

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

    /// An optional setting: its value, else its default.
    pub fn optional(&self, setting: Setting) -> Option<String> {
        let value = self.source.value(setting.name()).map(|value| value.expose_secret().to_owned());
        value.or_else(|| setting.default().map(str::to_owned))
    }

    /// An optional secret.
    pub fn optional_secret(&self, setting: Setting) -> Option<SecretString> {
        self.source.value(setting.name())
    }

    /// An optional key, which has the value that the setting has when it is used.
    pub fn optional_key(&self, setting: Setting) -> Option<Secret> {
        self.source.value(setting.name()).map(|_| Secret::new(setting.name(), &self.source))
    }

    /// An optional address. Anything but an absolute http(s) address is a problem.
    pub fn optional_url(&mut self, setting: Setting) -> Option<Url> {
        self.optional(setting).map(|_| self.url(setting))
    }

    /// What people have one of each: all settings whose names begin with `prefix`, by their names.
    pub fn with_prefix(&self, prefix: &str) -> Vec<(String, Secret)> {
        let names = self.source.names().into_iter().filter(|name| name.starts_with(prefix));
        names.map(|name| (name.clone(), Secret::new(&name, &self.source))).collect()
    }

    /// A required setting: its value, else its default. When it is missing, a problem is noted and the answer is empty.
    pub fn required(&mut self, setting: Setting) -> String {
        self.optional(setting).unwrap_or_else(|| {
            self.problem(format!("{setting} is missing"));
            String::new()
        })
    }

    /// A required secret; when it is missing, a problem is noted and the answer is empty.
    pub fn required_secret(&mut self, setting: Setting) -> SecretString {
        self.required(setting).into()
    }

    /// A required key; when it is missing, a problem is noted and the value is empty.
    pub fn required_key(&mut self, setting: Setting) -> Secret {
        self.required(setting);
        Secret::new(setting.name(), &self.source)
    }

    /// A required address: its value, else its default. Anything but an absolute http(s) address is a problem.
    pub fn url(&mut self, setting: Setting) -> Url {
        let text = self.optional(setting).unwrap_or_default();
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            _ => {
                self.problem(if text.is_empty() {
                    format!("{setting} is missing")
                } else {
                    format!("{setting} is not an http(s) address")
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
