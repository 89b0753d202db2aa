//! What people read: a title, facts, what to do, links. French; English for those who want it.
//!
//! Texts are made from error kinds and figures, never from what a service answered.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{
    clock,
    text::{display_names, truncate},
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
}

/// A message before it takes the form of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub title: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// What to do.
    pub advice: String,
    /// Label and address.
    pub links: Vec<(String, Url)>,
}

const FACT_LIMIT: usize = 600;

impl Message {
    /// The message about an event.
    pub fn render(event_type: &str, data: &Value, language: Language, console: Option<&Url>) -> Self {
        let pick = |fr, en| language.pick(fr, en).to_owned();
        let kind = data["error_kind"].as_str().unwrap_or_default();
        let title = match event_type {
            "sync.failed" => pick("❌ Erreur de synchronisation", "❌ Synchronisation failed"),
            "report.failed" => pick("❌ Erreur du rapport Timeline", "❌ Timeline report failed"),
            "sync.deletion_guard" => pick("⚠️ Suppression massive refusée", "⚠️ Mass deletion refused"),
            "sync.drift" => pick("⚠️ Gazelle a changé de forme", "⚠️ Gazelle changed its shape"),
            "sync.quarantine" => pick("⚠️ Fiches mises de côté", "⚠️ Rows set aside"),
            "event.refused" => pick("❌ Suite non déclenchée", "❌ Follow-up not started"),
            "supabase.down" => pick("🚨 Supabase ne répond pas", "🚨 Supabase does not answer"),
            "gazelle.authorization_expiring" if kind.is_empty() => {
                pick("⚠️ Autorisation Gazelle bientôt expirée", "⚠️ Gazelle authorization expires soon")
            }
            "gazelle.authorization_expiring" => {
                pick("🚨 Autorisation Gazelle refusée", "🚨 Gazelle authorization refused")
            }
            other => other.to_owned(),
        };
        let mut links = Vec::new();
        if let Some(console) = console {
            let mut runbook = console.clone();
            runbook.set_path(&format!("{}/runbook", console.path().trim_end_matches('/')));
            runbook.set_fragment(Some(event_type));
            if let Some(run_id) = data["run_id"].as_str() {
                let mut run = console.clone();
                run.set_path(&format!("{}/runs/{run_id}", console.path().trim_end_matches('/')));
                links.push((pick("Voir l'exécution", "Open the run"), run));
            }
            links.push((pick("Que faire", "Runbook"), runbook));
        }
        Self { title, facts: facts(data, language), advice: advice(event_type, kind, language), links }
    }
}

fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    const LABELS: [(&str, &str, &str); 10] = [
        ("task_label", "Tâche", "Task"),
        ("error_kind", "Erreur", "Error"),
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
                (Value::String(kind), "error_kind") => explanation(kind, language),
                (Value::String(instant), "since") => local_time(instant),
                (Value::String(text), _) => text.clone(),
                (Value::Array(items), _) => {
                    items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                }
                (other, _) => other.to_string(),
            };
            Some((language.pick(fr, en).to_owned(), truncate(&display_names(&value), FACT_LIMIT)))
        })
        .collect()
}

/// An instant as people in Montréal write it.
fn local_time(instant: &str) -> String {
    match instant.parse::<Timestamp>() {
        Ok(instant) => instant.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => String::new(),
    }
}

fn explanation(kind: &str, language: Language) -> String {
    let (fr, en) = match kind {
        "gazelle_unavailable" => ("Gazelle ne répond pas", "Gazelle does not answer"),
        "gazelle_refused" => ("Gazelle a refusé la requête", "Gazelle refused the request"),
        "gazelle_authorization" => ("Gazelle refuse notre autorisation", "Gazelle refuses our authorization"),
        "gazelle_malformed" | "incomplete_read" => {
            ("la lecture de Gazelle est incomplète", "the reading of Gazelle is incomplete")
        }
        "supabase_unavailable" => ("Supabase ne répond pas", "Supabase does not answer"),
        "supabase_refused" => ("Supabase a refusé la requête", "Supabase refused the request"),
        "google_unavailable" => ("Google Sheets ne répond pas", "Google Sheets does not answer"),
        "google_refused" => ("Google Sheets a refusé la requête", "Google Sheets refused the request"),
        "configuration" => ("configuration incomplète", "incomplete configuration"),
        "deadline_exceeded" => ("temps limite dépassé", "time limit reached"),
        "lost" => ("le processus a disparu", "the process disappeared"),
        "panic" => ("erreur interne", "internal error"),
        other => return other.to_owned(),
    };
    language.pick(fr, en).to_owned()
}

fn advice(event_type: &str, kind: &str, language: Language) -> String {
    let (fr, en) = match (event_type, kind) {
        (_, "configuration") => (
            "Compléter les réglages nommés dans le journal, puis relancer la tâche.",
            "Complete the settings named in the log, then run the task again.",
        ),
        ("sync.failed", _) => (
            "Le rapport n'est pas généré: les données d'hier restent en place. AWS réessaie deux fois; ensuite, relancer « Sync Gazelle Totale ».",
            "The report is not made: yesterday's data stay. AWS tries twice more; after that, run the sync again.",
        ),
        ("report.failed", _) => (
            "La synchronisation a réussi; la feuille garde son contenu précédent. Relancer « Rapport Timeline ».",
            "The sync succeeded; the sheet keeps its previous content. Run the timeline report again.",
        ),
        ("sync.deletion_guard", _) => (
            "Rien n'a été supprimé. Vérifier dans Gazelle; si les suppressions sont voulues, voir le guide.",
            "Nothing was deleted. Check in Gazelle; if the deletions are meant, see the runbook.",
        ),
        ("sync.drift", _) => (
            "Les données sont conservées; prévenir la personne qui maintient Gazelle Tasks.",
            "The data are kept; tell whoever maintains Gazelle Tasks.",
        ),
        ("sync.quarantine", _) => (
            "Le reste est à jour. Corriger les fiches nommées dans Gazelle, ou les examiner dans la console.",
            "All else is up to date. Correct the named rows in Gazelle, or examine them in the console.",
        ),
        ("event.refused", _) => (
            "La suite partira dès qu'EventBridge répond; sinon relancer la tâche qui manque.",
            "The follow-up starts as soon as EventBridge answers; else run the missing task.",
        ),
        ("supabase.down", _) => (
            "Vérifier l'état du projet Supabase, puis relancer la tâche.",
            "Check the state of the Supabase project, then run the task again.",
        ),
        ("gazelle.authorization_expiring", _) => (
            "Autoriser de nouveau: cargo xtask gazelle authorize.",
            "Authorize again: cargo xtask gazelle authorize.",
        ),
        _ => ("Voir le guide.", "See the runbook."),
    };
    language.pick(fr, en).to_owned()
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
