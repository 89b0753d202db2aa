//! `cargo xtask omissions`: leaves out, one after another, what somebody who adds a thing may forget, and says which check
//! speaks. CONTRIBUTING has a table for each kind of thing; a test compares them with this list.
//!
//! What only the suite with its databases sees stands in the tables by the test that sees it, and is no part of this.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

/// Something left out.
pub struct Omission {
    /// What is being added: a table of CONTRIBUTING.
    pub thing: &'static str,
    /// The place that was forgotten: a row of it.
    pub place: &'static str,
    without: Without,
    speaks: Check,
}

/// What is done to the tree.
enum Without {
    /// The last occurrence of a text in a file becomes another.
    Text(&'static str, &'static str, &'static str),
    /// The same in several files.
    Texts(&'static [(&'static str, &'static str, &'static str)]),
    /// Every occurrence.
    Everywhere(&'static str, &'static str, &'static str),
    /// The files of a folder whose names begin so are not there.
    Files(&'static str, &'static str),
}

/// What is asked.
#[derive(PartialEq)]
enum Check {
    /// The compiler, warnings being errors as in the whole run: a package.
    Compiler(&'static str),
    /// Tests that need no database: a package, and what its tests are called.
    Tests(&'static str, &'static str),
}

const TASK: &str = "shared/src/task.rs";
const EVENT: &str = "shared/src/notify/event.rs";
const CHANNEL: &str = "shared/src/notify/channel.rs";
const TEXTS: &str = "shared/src/notify/render/texts.rs";
const PAGES: &str = "functions/admin-api/src/pages.rs";

/// Everything that the compiler and the fast tests see. What is left out belongs to something that exists: to the tree it is
/// as if it had been added without it.
pub const OMISSIONS: &[Omission] = &[
    Omission {
        thing: "a task",
        place: "`functions!`",
        without: Without::Text(TASK, "    Cleanup, \"cleanup\";\n", ""),
        speaks: Check::Compiler("cleanup"),
    },
    Omission {
        thing: "a task",
        place: "`TASKS`",
        without: Without::Text(TASK, "Function::Cleanup, 600)", "Function::Backup, 600)"),
        speaks: Check::Tests("shared", "every_function_has_a_task"),
    },
    Omission {
        thing: "a task",
        place: "its failure",
        without: Without::Text(TASK, "        failure_event: Some(Event::CleanupFailed),\n", ""),
        speaks: Check::Tests("shared", "every_function_has_a_task"),
    },
    Omission {
        thing: "a task",
        place: "`become_function`",
        without: Without::Text(
            "infra/local/src/lib.rs",
            "        Function::Cleanup => serve::<cleanup::Cleanup>(),\n",
            "",
        ),
        speaks: Check::Compiler("gazelle-local"),
    },
    Omission {
        thing: "a task",
        place: "`default-members`",
        without: Without::Text("Cargo.toml", "    \"functions/cleanup\",\n", ""),
        speaks: Check::Tests("deployment", "every_function_is_built"),
    },
    Omission {
        thing: "a task",
        place: "`template.yaml`",
        without: Without::Text("template.yaml", "CodeUri: functions/cleanup", "CodeUri: functions/backup"),
        speaks: Check::Tests("deployment", "the_template_of_this_repository"),
    },
    Omission {
        thing: "a task",
        place: "`events`",
        without: Without::Files("events", "cleanup."),
        speaks: Check::Tests("deployment", "every_function_is_built"),
    },
    Omission {
        thing: "a task",
        place: "README",
        without: Without::Everywhere("README.md", "cleanup", "tidying"),
        speaks: Check::Tests("deployment", "every_function_is_built"),
    },
    Omission {
        thing: "a mirror column",
        place: "the mapping",
        without: Without::Text("shared/src/mirror/rows.rs", "        \"size\": node.text(\"size\"),\n", ""),
        speaks: Check::Tests("e2e", "every_column_of_the_mapping"),
    },
    Omission {
        thing: "a mirror column",
        place: "the expectation",
        without: Without::Text("tests/src/expected.rs", "size=size ", ""),
        speaks: Check::Tests("e2e", "every_column_of_the_mapping"),
    },
    Omission {
        thing: "a mirror column",
        place: "the company",
        without: Without::Text(
            "infra/local/src/company.rs",
            "            \"travelMode\": \"DRIVING\",\n",
            "",
        ),
        speaks: Check::Tests("e2e", "every_column_of_the_mapping"),
    },
    Omission {
        thing: "a mirror column",
        place: "Gazelle's schema",
        without: Without::Text(
            "shared/src/gazelle/schema.graphql",
            "  damppChaserHumidistatModel:",
            "  damppChaser:",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "a channel",
        place: "`channels!`",
        without: Without::Text(
            CHANNEL,
            "    /// A chat with the bot.\n    Telegram, \"telegram\", \"channel-telegram\";\n",
            "",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "a channel",
        place: "its words",
        without: Without::Texts(&[
            ("shared/words/fr/messages.ftl", "channel-telegram = ", "channel-pigeon = "),
            ("shared/words/en/messages.ftl", "channel-telegram = ", "channel-pigeon = "),
        ]),
        speaks: Check::Tests("shared", "every_channel_is_called_something"),
    },
    Omission {
        thing: "a channel",
        place: "`Channels::send`",
        without: Without::Text(
            "shared/src/notify/channels.rs",
            "            Channel::Telegram => match",
            "            Channel::Slack => match",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "a channel",
        place: "`configured_for`",
        without: Without::Text(
            "shared/src/notify/direct.rs",
            "            Channel::Telegram => self.telegram.is_some() && person.telegram_chat_id.is_some(),\n",
            "",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "a channel",
        place: "what the vendor refuses",
        without: Without::Everywhere(
            "infra/local/src/sandbox/refusals.rs",
            "        \"telegram\",\n",
            "        \"slack\",\n",
        ),
        speaks: Check::Tests("gazelle-local", "every_channel_has_a_vendor"),
    },
    Omission {
        thing: "a channel",
        place: "the titles of its problems",
        without: Without::Text(
            TEXTS,
            "            Some(Channel::Telegram) => \"telegram-does-not-take-our\",\n",
            "",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "a page",
        place: "its route",
        without: Without::Text(PAGES, "        .route(\"/nights\", get(nights::show))\n", ""),
        speaks: Check::Compiler("admin-api"),
    },
    Omission {
        thing: "a page",
        place: "its module",
        without: Without::Text(PAGES, "mod nights;\n", ""),
        speaks: Check::Compiler("admin-api"),
    },
    Omission {
        thing: "a page",
        place: "its template",
        without: Without::Files("functions/admin-api/templates", "nights.html"),
        speaks: Check::Compiler("admin-api"),
    },
    Omission {
        thing: "a page",
        place: "its words",
        without: Without::Texts(&[
            ("shared/words/fr/console.ftl", "skip-to-the-content = ", "skip-to-nothing = "),
            ("shared/words/en/console.ftl", "skip-to-the-content = ", "skip-to-nothing = "),
        ]),
        speaks: Check::Tests("shared", "every_key_that_is_used_exists"),
    },
    Omission {
        thing: "a page",
        place: "`VIEWS`",
        without: Without::Text("tests/tests/browser.rs", "    \"/nights\",\n", "    \"/journal\",\n"),
        speaks: Check::Tests("e2e", "every_page_is_among_the_views"),
    },
    Omission {
        thing: "a setting",
        place: "`setting_rules`",
        without: Without::Text(
            "infra/supabase/functions/console_settings.sql",
            "('humidity.margin', 'number', 0, 30, '2')",
            "('humidity.other', 'number', 0, 30, '2')",
        ),
        speaks: Check::Tests("shared", "every_setting_has_its_meaning"),
    },
    Omission {
        thing: "a setting",
        place: "its meaning",
        without: Without::Texts(&[
            ("shared/words/fr/settings.ftl", "setting-humidity-margin = ", "setting-humidity-other = "),
            ("shared/words/en/settings.ftl", "setting-humidity-margin = ", "setting-humidity-other = "),
        ]),
        speaks: Check::Tests("shared", "every_setting_has_its_meaning"),
    },
    Omission {
        thing: "a setting",
        place: "its meaning in the other language",
        without: Without::Text(
            "shared/words/en/settings.ftl",
            "setting-humidity-margin = ",
            "setting-humidity-other = ",
        ),
        speaks: Check::Tests("shared", "both_languages_have_the_same_keys"),
    },
    Omission {
        thing: "a setting",
        place: "whoever obeys it",
        without: Without::Text(
            "infra/supabase/functions/console_settings.sql",
            "('humidity.margin', 'number', 0, 30, '2')",
            "('humidity.margin', 'number', 0, 30, '2'), ('humidity.other', 'number', 0, 30, '2')",
        ),
        speaks: Check::Tests("e2e", "every_setting_has_somebody"),
    },
    Omission {
        thing: "an event",
        place: "`events!`",
        without: Without::Text(EVENT, "    SyncDrift, \"sync.drift\", \"event-sync-drift\";\n", ""),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "an event",
        place: "its name",
        without: Without::Texts(&[
            ("shared/words/fr/messages.ftl", "event-sync-drift = ", "event-sync-other = "),
            ("shared/words/en/messages.ftl", "event-sync-drift = ", "event-sync-other = "),
        ]),
        speaks: Check::Tests("shared", "every_event_has_a_name"),
    },
    Omission {
        thing: "an event",
        place: "its title and advice",
        without: Without::Text(
            TEXTS,
            "        Event::SyncDrift => (\"title-sync-drift\", \"advice-sync-drift\"),\n",
            "",
        ),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "an event",
        place: "its message",
        without: Without::Text("shared/src/notify/render.rs", "            | Event::SyncDrift\n", ""),
        speaks: Check::Compiler("shared"),
    },
    Omission {
        thing: "an event",
        place: "its sample",
        without: Without::Everywhere("tests/src/samples.rs", "\"sync.drift\"", "\"sync.quarantine\""),
        speaks: Check::Tests("e2e", "every_event_has_a_sample"),
    },
    Omission {
        thing: "an event",
        place: "the runbook",
        without: Without::Text("docs/RUNBOOK.md", "## sync.drift\n", "## sync.other\n"),
        speaks: Check::Tests("e2e", "every_event_has_a_sample"),
    },
];

/// Plants every omission whose thing or place contains `filter`.
///
/// # Errors
/// When the tree has changes that are not committed, an omission cannot be planted, or one was silent.
pub fn run(filter: &str) -> anyhow::Result<()> {
    let root = tools::root();
    let changes = Command::new("git").args(["status", "--porcelain"]).current_dir(&root).output()?;
    ensure!(changes.stdout.is_empty(), "commit first: the omissions are planted in this tree and taken back");
    let wanted = |omission: &&Omission| omission.name().contains(filter);
    ensure!(OMISSIONS.iter().any(|omission| wanted(&omission)), "no omission is called {filter:?}");
    let mut silent = Vec::new();
    let mut green = Vec::new();
    for omission in OMISSIONS.iter().filter(wanted) {
        let name = omission.name();
        // A check that fails by itself says nothing.
        if !green.contains(&&omission.speaks) {
            let said = omission.speaks.ask(&root)?;
            ensure!(said.is_none(), "{name}: fails without it: {}", said.unwrap_or_default());
            green.push(&omission.speaks);
        }
        let planted = Planted::plant(&root, &omission.without).with_context(|| name.clone())?;
        let said = omission.speaks.ask(&root)?;
        drop(planted);
        match said {
            Some(said) => println!("✅ {name} – {said}"),
            None => {
                println!("❌ {name} – nobody");
                silent.push(name);
            }
        }
    }
    ensure!(silent.is_empty(), "{} omissions were not noticed", silent.len());
    Ok(())
}

impl Omission {
    fn name(&self) -> String {
        format!("{}: {}", self.thing, self.place)
    }
}

impl Check {
    /// Who spoke, and what it said first; none: nobody.
    fn ask(&self, root: &Path) -> anyhow::Result<Option<String>> {
        let (name, arguments): (&str, Vec<&str>) = match self {
            Self::Compiler(package) => (
                "the compiler",
                vec!["clippy", "--quiet", "--package", package, "--all-targets", "--", "--deny", "warnings"],
            ),
            Self::Tests(package, tests) => (
                "the tests",
                vec!["test", "--quiet", "--package", package, "--lib", "--bins", "--tests", tests],
            ),
        };
        let mut arguments = arguments;
        // The suite is a test target, the other packages have theirs beside the code.
        if matches!(self, Self::Tests("e2e", _)) {
            arguments.retain(|argument| !["--lib", "--bins"].contains(argument));
        }
        let answer = Command::new("cargo").args(arguments).current_dir(root).output()?;
        let said = [answer.stdout, answer.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if answer.status.success() {
            let is_asked = match self {
                Self::Compiler(_) => true,
                Self::Tests(..) => {
                    said.lines().any(|line| line.starts_with("running ") && line != "running 0 tests")
                }
            };
            ensure!(is_asked, "there is no such test:\n{said}");
            return Ok(None);
        }
        let told = match self {
            Self::Compiler(_) => said.lines().find(|line| {
                line.starts_with("error[") || line.starts_with("error: ") && said.contains("-->")
            }),
            Self::Tests(_, tests) => {
                said.lines().find(|line| line.contains("panicked at") && line.contains(tests))
            }
        };
        let Some(told) = told else { bail!("cargo failed for another reason:\n{said}") };
        let told = told.split(" panicked at").next().unwrap_or(told);
        Ok(Some(format!("{name}: {}", told.trim_start_matches("thread ").trim_matches('\''))))
    }
}

/// Files as they were, which they are again when this is dropped.
struct Planted(Vec<(PathBuf, Vec<u8>)>);

impl Planted {
    fn plant(root: &Path, without: &Without) -> anyhow::Result<Self> {
        let mut planted = Self(Vec::new());
        match without {
            Without::Text(file, from, to) => planted.replace_last(&root.join(file), from, to)?,
            Without::Texts(texts) => {
                for (file, from, to) in *texts {
                    planted.replace_last(&root.join(file), from, to)?;
                }
            }
            Without::Everywhere(file, from, to) => {
                let path = root.join(file);
                let text = planted.keep(&path)?;
                ensure!(text.contains(from), "{file} has no {from:?}");
                fs::write(path, text.replace(from, to))?;
            }
            Without::Files(folder, start) => {
                for entry in fs::read_dir(root.join(folder))? {
                    let path = entry?.path();
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    if name.starts_with(start) {
                        planted.keep(&path)?;
                        fs::remove_file(path)?;
                    }
                }
                ensure!(!planted.0.is_empty(), "{folder} has no {start}");
            }
        }
        Ok(planted)
    }

    fn replace_last(&mut self, path: &Path, from: &str, to: &str) -> anyhow::Result<()> {
        let text = self.keep(path)?;
        let at = text.rfind(from).with_context(|| format!("{} has no {from:?}", path.display()))?;
        Ok(fs::write(path, format!("{}{to}{}", &text[..at], &text[at + from.len()..]))?)
    }

    fn keep(&mut self, path: &Path) -> anyhow::Result<String> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        self.0.push((path.to_owned(), text.clone().into_bytes()));
        Ok(text)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        for (path, content) in &self.0 {
            if let Err(error) = fs::write(path, content) {
                eprintln!("{}: {error}; `git checkout` brings it back", path.display());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the tables of CONTRIBUTING: what is added, the place, and what speaks.
    fn rows(text: &str) -> Vec<(String, String, String)> {
        let mut thing = String::new();
        let mut rows = Vec::new();
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("### Add ") {
                thing = heading.to_owned();
            }
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            if let [place, _, speaks] = cells[..]
                && line.starts_with('|')
                && !place.starts_with("---")
                && place != "place"
            {
                rows.push((thing.clone(), place.to_owned(), speaks.to_owned()));
            }
        }
        rows
    }

    #[test]
    fn every_row_of_contributing_says_who_speaks_and_what_can_be_planted_is() {
        let text = fs::read_to_string(tools::root().join("CONTRIBUTING.md")).unwrap();
        let rows = rows(&text);
        assert!(rows.len() > OMISSIONS.len(), "{rows:?}");
        for (thing, place, speaks) in &rows {
            let omission = OMISSIONS.iter().find(|known| known.thing == thing && known.place == place);
            let expected = match omission.map(|known| &known.speaks) {
                Some(Check::Compiler(_)) => "the compiler".to_owned(),
                Some(Check::Tests(package, tests)) => format!("`cargo test -p {package} {tests}`"),
                None => {
                    assert!(speaks.starts_with("`cargo xtask test --file "), "{thing}: {place}: {speaks}");
                    continue;
                }
            };
            assert_eq!(speaks, &expected, "{thing}: {place}");
        }
        for known in OMISSIONS {
            assert!(
                rows.iter().any(|(thing, place, _)| known.thing == thing && known.place == place),
                "{}: {} has no row",
                known.thing,
                known.place
            );
        }
    }
}
