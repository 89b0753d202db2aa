//! Values of settings: an empty one is an absent one.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// Values by name.
pub(super) type Values = BTreeMap<String, SecretString>;

/// Settings that are missing or unusable, all of them.
#[derive(Debug, Clone, thiserror::Error)]
#[error("configuration: {}", problems.join("; "))]
pub struct ConfigError {
    /// One sentence per setting: its name and what to do.
    pub problems: Vec<String>,
}

/// The values that say something, without the white space around them. An empty value is an absent one, whatever its
/// source: as a key it would let everybody in, as an address it would lead nowhere.
pub(super) fn present(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = (String, SecretString)> {
    pairs.into_iter().filter_map(|(name, value)| match value.trim() {
        "" => None,
        text => Some((name, text.to_owned().into())),
    })
}

/// The values of a secret that `setting` names.
#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
pub(super) fn parse_secret(setting: &str, text: &str) -> Result<Values, String> {
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
