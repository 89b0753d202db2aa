//! What documents say of the registry: `cargo xtask template --write` writes it between two comments.

use std::path::PathBuf;

use anyhow::Context;
use shared::{config::Setting, notify::Event, words::Language};

/// A document, and what writes its part.
pub struct Document {
    /// From the root of the repository.
    pub path: &'static str,
    table: fn() -> String,
}

/// Every document with a written part of the registry.
pub const DOCUMENTS: [Document; 2] =
    [Document { path: "README.md", table: settings }, Document { path: "docs/RUNBOOK.md", table: notices }];

const COMMAND: &str = "cargo xtask template --write";
const END: &str = "<!-- end of what is written -->\n";

impl Document {
    /// Where it is.
    pub fn file(&self) -> PathBuf {
        tools::root().join(self.path)
    }

    /// Its text as it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(self.file()).with_context(|| format!("reading {}", self.path))
    }

    /// A text of this document with its part as it should be.
    ///
    /// # Errors
    /// When the text has no place for it.
    pub fn written(&self, text: &str) -> anyhow::Result<String> {
        replaced(text, COMMAND, &(self.table)()).context(self.path)
    }
}

/// A text of Markdown with `part` where a comment says that `command` writes it.
///
/// # Errors
/// When there is no such comment, or none that ends the part.
pub fn replaced(text: &str, command: &str, part: &str) -> anyhow::Result<String> {
    let begin = format!("<!-- written by `{command}` -->\n");
    let (before, rest) = text.split_once(&begin).with_context(|| format!("there is no line {begin}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("there is no line {END}"))?;
    Ok(format!("{before}{begin}\n{part}\n{END}{after}"))
}

fn settings() -> String {
    let mut table = String::from("| setting | needed by | default | meaning |\n|---|---|---|---|\n");
    for setting in Setting::ALL {
        let default = setting.default().map_or("–".to_owned(), |default| format!("`{default}`"));
        table.push_str(&format!(
            "| `{setting}` | {} | {default} | {} |\n",
            setting.needed_by(),
            setting.meaning()
        ));
    }
    table
}

/// Each notice with its entry, and what the console's lists call it.
fn notices() -> String {
    let mut table = String::from("| entry | in French | in English |\n|---|---|---|\n");
    for event in Event::ALL {
        let [french, english] = [Language::Fr, Language::En].map(|language| language.text(event.words()));
        table.push_str(&format!("| [`{event}`](#{}) | {french} | {english} |\n", slug(event.name())));
    }
    table
}

/// What a heading is linked by where the repository is read: GitHub leaves dots out.
fn slug(heading: &str) -> String {
    heading.chars().filter(|&sign| sign != '.').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_say_what_the_registry_has() {
        for document in &DOCUMENTS {
            let text = document.read().unwrap();
            assert_eq!(document.written(&text).unwrap(), text, "{COMMAND}");
        }
    }

    #[test]
    fn a_change_by_hand_is_seen_and_put_right() {
        for (document, from, to) in [
            (&DOCUMENTS[0], "| `SUPABASE_URL` | all |", "| `SUPABASE_URL` | – |"),
            (&DOCUMENTS[0], "| `BACKUP_URL` |", "| `BACKUP_ADDRESS` |"),
            (&DOCUMENTS[1], "| [`run.slow`](#runslow) |", "| [`run.slow`](#runslower) |"),
        ] {
            let text = document.read().unwrap();
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "nothing changed: {from}");
            assert_eq!(document.written(&changed).unwrap(), text, "{from}");
        }
        assert!(replaced("no comment\n", COMMAND, "").is_err());
        assert!(replaced(&format!("<!-- written by `{COMMAND}` -->\n"), COMMAND, "").is_err());
    }

    #[test]
    fn every_setting_stands_in_one_cell() {
        for setting in Setting::ALL {
            let texts = [setting.needed_by(), setting.meaning(), setting.default().unwrap_or("–")];
            for text in texts {
                assert!(!text.is_empty() && !text.contains(['|', '\n']), "{setting}: {text:?}");
            }
        }
    }
}
