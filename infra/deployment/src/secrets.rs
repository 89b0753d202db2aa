//! No secret stands in the template.

use serde_yaml_ng::Value as Yaml;

use super::Problems;

/// No value that looks like a secret, and no literal under a name that asks for one.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
pub fn check(yaml: &Yaml, place: &str, problems: &mut Problems) {
    const MARKS: [&str; 8] = [
        "hooks.slack.com/services/",
        "SG.",
        "sb_secret_",
        "eyJhbGciOi",
        "-----BEGIN",
        "AKIA",
        "xoxb-",
        "ghp_",
    ];
    const NAMES: [&str; 6] = ["KEY", "SECRET", "TOKEN", "WEBHOOK", "PASSWORD", "SERVICE_ACCOUNT_JSON"];
    match yaml {
        Yaml::Mapping(fields) => {
            for (name, value) in fields {
                let name = name.as_str().unwrap_or_default();
                let asks = name.chars().all(|letter| !letter.is_lowercase())
                    && NAMES.iter().any(|mark| name.contains(mark));
                problems.unless(!(asks && matches!(value, Yaml::String(_))), || {
                    format!("{place}.{name}: a literal secret")
                });
                check(value, &format!("{place}.{name}"), problems);
            }
        }
        Yaml::Sequence(items) => items.iter().for_each(|item| check(item, place, problems)),
        Yaml::Tagged(tagged) => check(&tagged.value, place, problems),
        Yaml::String(text) => problems
            .unless(!MARKS.iter().any(|mark| text.contains(mark)), || format!("{place}: a literal secret")),
        _ => {}
    }
}
