//! Settings: typed, from the environment and from one JSON secret, with *all* missing or bad ones reported at once.
//!
//! No default person, no default key: what is missing is an error that names the setting and never its value.

mod source;

use std::{collections::BTreeMap, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::source::{FRESH, Kept, Secret};
use self::source::{Source, Values};

/// Every setting of the product. The environment wins over the secret named by `SECRET_ARN`.
#[derive(Debug)]
pub struct Settings {
    source: Arc<Source>,
    problems: Vec<String>,
}

/// Settings that are missing or unusable, all of them.
#[derive(Debug, Clone, thiserror::Error)]
#[error("configuration: {}", problems.join("; "))]
pub struct ConfigError {
    /// One sentence per setting: its name and what to do.
    pub problems: Vec<String>,
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

    fn of(source: Arc<Source>) -> Self {
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
                self.problem(match text.is_empty() {
                    true => format!("{name} is missing"),
                    false => format!("{name} is not an http(s) address"),
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

/// The values that say something, without the white space around them. An empty value is an absent one, whatever its
/// source: as a key it would let everybody in, as an address it would lead nowhere.
fn present(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = (String, SecretString)> {
    pairs.into_iter().filter_map(|(name, value)| match value.trim() {
        "" => None,
        text => Some((name, text.to_owned().into())),
    })
}

/// The values of a secret that `setting` names.
fn parse_secret(setting: &str, text: &str) -> Result<Values, String> {
    let parsed: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| format!("{setting}: the secret is not a JSON object"))?;
    let texts: BTreeMap<String, String> = parsed
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => Ok((name, text)),
            // A service-account file may be pasted as the object that it is.
            serde_json::Value::Object(_) => Ok((name, value.to_string())),
            _ => Err(format!("{setting}: {name} is not a text")),
        })
        .collect::<Result<_, _>>()?;
    Ok(present(texts).collect())
}

/// Where Supabase is and how to get in.
#[derive(Debug, Clone)]
pub struct SupabaseSettings {
    /// Base address of the project, without `/rest/v1`.
    pub url: Url,
    /// Service-role key: a JWT, or `sb_secret_…`.
    pub key: Secret,
}

impl SupabaseSettings {
    /// Reads `SUPABASE_URL`, and `SUPABASE_SERVICE_ROLE_KEY` else `SUPABASE_KEY`.
    pub fn read(settings: &mut Settings) -> Self {
        let url = settings.url("SUPABASE_URL", "");
        let key = settings
            .optional_key("SUPABASE_SERVICE_ROLE_KEY")
            .or_else(|| settings.optional_key("SUPABASE_KEY"))
            .unwrap_or_else(|| settings.required_key("SUPABASE_SERVICE_ROLE_KEY"));
        if key.value().expose_secret().chars().any(char::is_control) {
            settings.problem("SUPABASE_SERVICE_ROLE_KEY contains a control character");
        }
        Self { url, key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported_at_once_and_no_value_is_shown() {
        let mut settings = Settings::from_pairs([("SUPABASE_URL", "ftp://planted-secret")]);
        SupabaseSettings::read(&mut settings);
        settings.required("SPREADSHEET_ID");
        let error = settings.check().unwrap_err().to_string();
        assert!(error.contains("SUPABASE_URL is not an http(s) address"), "{error}");
        assert!(error.contains("SUPABASE_SERVICE_ROLE_KEY is missing"), "{error}");
        assert!(error.contains("SPREADSHEET_ID is missing"), "{error}");
        assert!(!error.contains("planted-secret"), "{error}");
    }

    #[test]
    fn an_empty_value_is_an_absent_one_whatever_its_source() {
        let blank = ["", " ", "\t\r\n"];
        for value in blank {
            let secret =
                serde_json::json!({"SUPABASE_JWT_SECRET": value, "SPREADSHEET_ID": value}).to_string();
            let from_secret =
                Settings::of(Arc::new(Source::fixed(parse_secret("SECRET_ARN", &secret).unwrap())));
            let from_pairs =
                Settings::from_pairs([("SUPABASE_JWT_SECRET", value), ("SPREADSHEET_ID", value)]);
            for mut settings in [from_secret, from_pairs] {
                assert!(settings.optional_secret("SUPABASE_JWT_SECRET").is_none(), "{value:?}");
                assert!(settings.names_with_prefix("SUPABASE_").is_empty(), "{value:?}");
                settings.required("SPREADSHEET_ID");
                let problem = settings.check().unwrap_err().to_string();
                assert!(problem.contains("SPREADSHEET_ID is missing"), "{problem}");
            }
        }
    }

    #[test]
    fn the_old_name_of_the_key_still_works() {
        let mut settings =
            Settings::from_pairs([("SUPABASE_URL", "https://x.example"), ("SUPABASE_KEY", "k")]);
        assert_eq!(SupabaseSettings::read(&mut settings).key.value().expose_secret(), "k");
        settings.check().unwrap();
    }
}
