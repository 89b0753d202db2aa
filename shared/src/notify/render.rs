//! What people read: a title, facts, a table, what to do, links. French; English for those who want it.
//!
//! Texts are made from error kinds and figures, never from what a service answered; what came from outside is
//! shown on one line and bounded.

mod alerts;
mod texts;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    clock,
    text::{clean, display_names},
};

/// Language of a recipient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    fn pick<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn own(self, fr: &str, en: &str) -> String {
        self.pick(fr, en).to_owned()
    }
}

/// A message before it takes the form of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub title: String,
    /// Sentences before the facts.
    pub intro: Vec<String>,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Several things of one kind.
    pub table: Option<Table>,
    /// What to do.
    pub advice: String,
    /// Label and address.
    pub links: Vec<(String, Url)>,
}

/// A small table; every row has as many cells as there are headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Headers.
    pub headers: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

const FACT_LIMIT: usize = 600;

impl Message {
    /// The message about an event.
    pub fn render(event_type: &str, data: &Value, language: Language, console: Option<&Url>) -> Self {
        let kind = data["error_kind"].as_str().unwrap_or_default();
        let plain = || Self {
            title: texts::title(event_type, kind, language),
            facts: facts(data, language),
            advice: texts::advice(event_type, kind, language),
            ..Self::default()
        };
        let message = match event_type {
            "rv.unconfirmed" | "rv.unassigned" => alerts::appointments(event_type, data, language),
            "humidity.alert" => alerts::humidity(data, language),
            "maintenance.late" | "maintenance.urgent" | "maintenance.asset_required" => {
                alerts::maintenance(event_type, data, language)
            }
            _ => plain(),
        };
        Self { links: links(event_type, data, language, console), ..message }
    }
}

fn links(event_type: &str, data: &Value, language: Language, console: Option<&Url>) -> Vec<(String, Url)> {
    let Some(console) = console else {
        return Vec::new();
    };
    let page = |path: &str| {
        let mut page = console.clone();
        page.set_path(&format!("{}/{path}", console.path().trim_end_matches('/')));
        page
    };
    let mut runbook = page("runbook");
    runbook.set_fragment(Some(event_type));
    let run = data["run_id"].as_str().map(|run_id| page(&format!("runs/{run_id}")));
    run.map(|run| (language.own("Voir l'exécution", "Open the run"), run))
        .into_iter()
        .chain([(language.own("Que faire", "Runbook"), runbook)])
        .collect()
}

fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    const LABELS: [(&str, &str, &str); 12] = [
        ("task_label", "Tâche", "Task"),
        ("error_kind", "Erreur", "Error"),
        ("error", "Détail", "Detail"),
        ("data_as_of", "Données du", "Data of"),
        ("since", "Depuis", "Since"),
        ("detail_type", "Événement", "Event"),
        ("collection", "Collection", "Collection"),
        ("candidates", "Suppressions demandées", "Deletions asked for"),
        ("limit", "Limite", "Limit"),
        ("live", "Fiches actuelles", "Current rows"),
        ("rows", "Fiches", "Rows"),
        ("sample", "Liste (extrait)", "List (excerpt)"),
    ];
    LABELS
        .iter()
        .filter_map(|(field, fr, en)| {
            let value = match (&data[*field], *field) {
                (Value::Null, _) => return None,
                // The sentence behind a known kind says it better than the error's own.
                (Value::String(_), "error") if texts::is_known(data["error_kind"].as_str()) => return None,
                (Value::String(kind), "error_kind") => texts::explanation(kind, language),
                (Value::String(instant), "since" | "data_as_of") => local_time(instant),
                (Value::String(text), _) => text.clone(),
                (Value::Array(items), _) => {
                    items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                }
                (other, _) => other.to_string(),
            };
            Some((language.own(fr, en), shown(&value, FACT_LIMIT)))
        })
        .collect()
}

/// A text as people see it.
fn shown(text: &str, limit: usize) -> String {
    clean(&display_names(text), limit)
}

/// An instant as people in Montréal write it.
fn local_time(instant: &str) -> String {
    match instant.parse::<Timestamp>() {
        Ok(instant) => instant.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_says_what_since_when_and_what_to_do() {
        let data = json!({"task_label": "Sync Gazelle Totale", "run_id": "r1", "error_kind": "gazelle_unavailable",
                          "error": "gazelle: answered HTTP 500", "since": "2026-01-15T06:00:03Z"});
        let console = "https://console.example/".parse().ok();
        let message = Message::render("sync.failed", &data, Language::Fr, console.as_ref());
        assert_eq!(message.title, "❌ Erreur de synchronisation");
        assert_eq!(
            message.facts,
            [
                ("Tâche".to_owned(), "Sync Gazelle Totale".to_owned()),
                ("Erreur".to_owned(), "Gazelle ne répond pas".to_owned()),
                ("Depuis".to_owned(), "2026-01-15 01:00".to_owned()),
            ]
        );
        assert_eq!(message.links[1].1.as_str(), "https://console.example/runbook#sync.failed");
        let english = Message::render("sync.failed", &data, Language::En, None);
        assert_eq!(english.facts[1].1, "Gazelle does not answer");
    }
}
