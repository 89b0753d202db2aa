//! What people read, in their language: one catalogue per language, in [Fluent](https://projectfluent.org), in the folder
//! `words`.
//!
//! A key stands in the code as a literal, so that a search for it finds both. The tests of this module fail for a key that
//! one language lacks, that nobody uses, that does not exist, or whose placeholders differ.

use std::{collections::HashMap, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement},
    unicode::unescape_unicode_to_string,
};
use serde::Deserialize;

pub use fluent_bundle::FluentValue as Value;

/// Language of a reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

/// The files of a language.
macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!("../words/", $language, "/console.ftl")),
            include_str!(concat!("../words/", $language, "/messages.ftl")),
            include_str!(concat!("../words/", $language, "/problems.ftl")),
            include_str!(concat!("../words/", $language, "/settings.ftl")),
        ]
    };
}

static FRENCH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read("fr", &files!("fr")));
static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read("en", &files!("en")));

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// Its code, as HTML and the cookies have it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The text of a key that has no placeholder.
    pub fn text(self, key: &'static str) -> &'static str {
        self.find(key).unwrap_or(key)
    }

    /// The same, of a key that is made of a code: none when the code has no words.
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.catalogue().plain.get(key).map(AsRef::as_ref)
    }

    /// The sentence of a key with its placeholders filled; a number chooses among plural forms.
    pub fn sentence<'a>(self, key: &str, values: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> String {
        self.catalogue().sentence(key, values.into_iter().collect()).unwrap_or_else(|| key.into())
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::Fr => &FRENCH,
            Self::En => &ENGLISH,
        }
    }
}

/// The words of one language.
struct Catalogue {
    /// Those without a placeholder, which most are: nothing is computed for them.
    plain: HashMap<String, Box<str>>,
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// The catalogue of some files. What cannot be read is left out, and missed by the tests.
    fn read(language: &str, files: &[&str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(language.parse().into_iter().collect());
        // The texts are no mixture of directions, and end up in Slack, too, which shows the marks.
        bundle.set_use_isolating(false);
        let mut plain = HashMap::new();
        for file in files {
            let resource = FluentResource::try_new((*file).into()).unwrap_or_else(|(resource, _)| resource);
            for entry in resource.entries() {
                if let Entry::Message(message) = entry
                    && let Some(text) = message.value.as_ref().and_then(text)
                {
                    plain.insert(message.id.name.to_owned(), marked(text).into());
                }
            }
            bundle.add_resource_overriding(resource);
        }
        Self { plain, bundle }
    }

    fn sentence(&self, key: &str, values: FluentArgs<'_>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        // What is missing shows as its name; the tests compare the placeholders.
        Some(marked(self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()))
    }
}

/// The text of a pattern that only has literals.
fn text(pattern: &Pattern<&str>) -> Option<String> {
    let literal = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => Some((*value).to_owned()),
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::StringLiteral { value }),
        } => Some(unescape_unicode_to_string(value).into_owned()),
        PatternElement::Placeable { .. } => None,
    };
    pattern.elements.iter().map(literal).collect()
}

/// With `MARKED_WORDS` in the environment of a development build, every text of the catalogue shows where it begins and
/// ends: what then stands on a page without marks is data, or a text that is missing here.
fn marked(text: String) -> String {
    static IS_MARKED: LazyLock<bool> =
        LazyLock::new(|| cfg!(debug_assertions) && std::env::var_os("MARKED_WORDS").is_some());
    if *IS_MARKED { format!("⟦{text}⟧") } else { text }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        path::Path,
    };

    use super::*;

    /// Message by key, as their texts.
    fn messages(files: &[&str]) -> BTreeMap<String, String> {
        let mut messages = BTreeMap::new();
        for file in files {
            let resource = FluentResource::try_new((*file).into()).expect("Fluent");
            for entry in resource.entries() {
                if let Entry::Message(message) = entry {
                    let before = messages.insert(message.id.name.to_owned(), format!("{:?}", message.value));
                    assert_eq!(before, None, "twice: {}", message.id.name);
                }
            }
        }
        messages
    }

    fn placeholders(message: &str) -> BTreeSet<&str> {
        let named = message.split("VariableReference { id: Identifier { name: \"").skip(1);
        named.filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_placeholders() {
        let (french, english) = (messages(&files!("fr")), messages(&files!("en")));
        assert!(french.len() > 500);
        let lacks = |messages: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            other.keys().filter(|key| !messages.contains_key(*key)).cloned().collect::<Vec<_>>()
        };
        assert_eq!((lacks(&french, &english), lacks(&english, &french)), (Vec::new(), Vec::new()), "lacks");
        for (key, message) in &french {
            assert_eq!(placeholders(message), placeholders(&english[key]), "{key}");
        }
    }

    /// The sources that may use a key: everything that runs, without this file.
    fn sources() -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("a folder").map(Result::unwrap) {
                let path = entry.path();
                let is_source = path.extension().is_some_and(|end| end == "rs" || end == "html");
                if path.is_dir() {
                    walk(&path, found);
                } else if is_source && !path.ends_with("shared/src/words.rs") {
                    found.push(std::fs::read_to_string(path).expect("a source"));
                }
            }
        }
        let mut found = Vec::new();
        for folder in ["src", "templates", "../functions"] {
            walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
        }
        found
    }

    /// The beginnings of the reasons that stand in Rust.
    fn is_reason(text: &str) -> bool {
        text.starts_with("expects-") || ["at-most-characters", "is-required", "unknown-field"].contains(&text)
    }

    fn is_key(text: &str) -> bool {
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }

    #[test]
    fn every_key_is_used_and_every_key_that_is_used_exists() {
        let keys: BTreeSet<String> = messages(&files!("fr")).into_keys().collect();
        let sources = sources();
        let literals: BTreeSet<&str> = sources.iter().flat_map(|source| source.split('"')).collect();
        // `format!("error-{}", …)` uses every key that begins so.
        let families: Vec<&str> = literals
            .iter()
            .filter_map(|literal| literal.split_once("-{"))
            .map(|(family, _)| family)
            .filter(|family| !family.is_empty() && is_key(family))
            .collect();
        let is_used = |key: &str| {
            literals.contains(key)
                || families
                    .iter()
                    .any(|family| key.strip_prefix(family).is_some_and(|rest| rest.starts_with('-')))
        };
        let unused: Vec<&String> = keys.iter().filter(|key| !is_used(key)).collect();
        assert!(unused.is_empty(), "nobody uses {unused:#?}");

        let uses = [".t(", ".n(", "language.text(", "language.sentence(", "invalid(", "invalid_with("];
        let missing: BTreeSet<&str> = sources
            .iter()
            .flat_map(|source| uses.iter().flat_map(|before| source.split(before).skip(1)))
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"').map(|(key, _)| key))
            .filter(|key| is_key(key) && !keys.contains(*key))
            .collect();
        assert!(missing.is_empty(), "the catalogue lacks {missing:#?}");
    }

    #[test]
    fn every_reason_of_a_refused_value_has_its_sentence() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/supabase/functions");
        let mut reasons = BTreeSet::from(["cursor".to_owned()]);
        // What a form decides by itself.
        let forms = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/admin-api/src/data");
        for entry in std::fs::read_dir(forms).expect("a folder").map(Result::unwrap) {
            let source = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            let literals = source.split('"').skip(1).step_by(2);
            reasons.extend(literals.filter(|text| is_reason(text)).map(str::to_owned));
        }
        for entry in std::fs::read_dir(folder).expect("a folder").map(Result::unwrap) {
            let sql = std::fs::read_to_string(entry.path()).expect("SQL");
            for call in sql.split("perform internal.refuse(").skip(1) {
                let arguments = call.split(';').next().unwrap_or_default();
                // A field is written with `_`, a reason with `-`.
                let quoted = arguments.split('\'').skip(1).step_by(2);
                reasons.extend(quoted.filter(|text| text.contains('-') && is_key(text)).map(str::to_owned));
            }
        }
        assert!(reasons.len() > 40, "{}", reasons.len());
        let known: BTreeSet<String> = messages(&files!("fr"))
            .into_keys()
            .filter_map(|key| key.strip_prefix("refused-").map(str::to_owned))
            .filter(|reason| reason != "for-good" && reason != "lower")
            .collect();
        assert_eq!(reasons, known);
    }

    #[test]
    fn every_setting_has_its_meaning() {
        let file = "../infra/supabase/functions/console_settings.sql";
        let sql = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("SQL");
        let rules = sql.split_once("internal.setting_rules()").expect("the rules").1;
        let rules = rules.split_once("$$;").expect("their end").0;
        let quoted: Vec<&str> = rules.split('\'').skip(1).step_by(2).collect();
        // A rule is ('key', 'kind', …).
        let ruled: BTreeSet<String> = quoted
            .windows(2)
            .filter(|pair| ["whole", "number", "flag"].contains(&pair[1]) && pair[0] != "retention.")
            .map(|pair| pair[0].replace(['.', '_'], "-"))
            .collect();
        assert!(ruled.len() > 30, "{}", ruled.len());
        let meant: BTreeSet<String> = messages(&[include_str!("../words/fr/settings.ftl")])
            .into_keys()
            .filter_map(|key| key.strip_prefix("setting-").map(str::to_owned))
            // Made of the rules of retention, which the database has.
            .filter(|key| !key.starts_with("retention-"))
            .collect();
        assert_eq!(ruled, meant);
    }
}
