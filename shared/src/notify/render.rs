//! What people read: a title, facts, a table, what to do, links. French; English for those who want it.
//!
//! Texts are made from error kinds and figures, never from what a service answered; what came from outside is
//! shown on one line and bounded.

mod alerts;
mod anomalies;
mod message;
mod monitoring;
mod names;
mod texts;
mod values;
pub mod weekly;

use serde_json::Value;
use url::Url;

use self::values::{local_time, shown};
pub use self::{
    anomalies::anomaly_sentence,
    message::{Bar, Message, Row, Section, Table, Tone},
    names::{error_name, event_name},
};
use super::{
    Event,
    item::{Item, Place},
};
use crate::{error_kind::ErrorKind, text::clean, words::Language};

const FACT_LIMIT: usize = 600;

/// What a digest says of one notice besides its title.
const DETAIL_LIMIT: usize = 300;

impl Message {
    /// The message about an event.
    pub fn render(event: Event, data: &Value, language: Language, console: Option<&Url>) -> Self {
        let with = |facts| Self {
            title: texts::title(event, data, language),
            facts,
            advice: texts::advice(event, data, language),
            ..Self::default()
        };
        let message = match event {
            Event::AppointmentsUnconfirmed | Event::AppointmentsUnassigned => {
                alerts::appointments(event == Event::AppointmentsUnconfirmed, data, language)
            }
            Event::HumidityAlert => alerts::humidity(data, language),
            Event::MaintenanceLate => alerts::maintenance("maintenance-overdue", data, language),
            Event::MaintenanceUrgent => alerts::maintenance("maintenance-due-soon", data, language),
            Event::MaintenanceAssetRequired => {
                alerts::maintenance("assets-that-need-maintenance", data, language)
            }
            Event::ReportWeekly => weekly::weekly(data, language),
            Event::AnomalySync
            | Event::AnomalyCash
            | Event::AnomalyAuth
            | Event::AnomalyAi
            | Event::AnomalyData
            | Event::AnomalyDetection => anomalies::anomaly(false, data, language),
            Event::AnomalyResolved => anomalies::anomaly(true, data, language),
            Event::AvailabilityDown
            | Event::AvailabilityRecovered
            | Event::HeartbeatMissed
            | Event::HeartbeatRecovered
            | Event::RunSlow
            | Event::RunRecovered
            | Event::AlarmRaised
            | Event::AlarmRecovered
            | Event::ChannelDisabled
            | Event::ChannelSilent
            | Event::ChannelRecovered
            | Event::SystemTest => with(monitoring::facts(data, language)),
            Event::SyncFailed
            | Event::SyncDeletionGuard
            | Event::SyncDrift
            | Event::SyncQuarantine
            | Event::ReportFailed
            | Event::ReportWeeklyFailed
            | Event::EventRefused
            | Event::SupabaseDown
            | Event::GazelleAuthorizationExpiring
            | Event::BackupFailed
            | Event::BackupWarning
            | Event::AppointmentsFailed
            | Event::HumidityFailed
            | Event::MaintenanceFailed
            | Event::CleanupFailed
            | Event::AnomalyFailed
            | Event::AvailabilityFailed => with(facts(data, language)),
        };
        Self { links: links(event, data, language, console), ..message }
    }

    /// The same for a row of the database, which another version may have written: what has no name here is shown as it is.
    pub fn of(event_type: &str, data: &Value, language: Language, console: Option<&Url>) -> Self {
        match Event::named(event_type) {
            Some(event) => Self::render(event, data, language, console),
            None => Self {
                title: event_type.to_owned(),
                facts: facts(data, language),
                advice: language.text("advice-runbook").to_owned(),
                ..Self::default()
            },
        }
    }
}

/// What goes out as one message: a notice, or the notices of a digest, every one of them. `place` is where they stand in
/// a digest that takes several messages.
pub(super) fn outgoing(
    items: &[Item],
    place: Option<Place>,
    language: Language,
    console: Option<&Url>,
) -> Message {
    if let [item] = items {
        let message = Message::of(&item.event_type, &item.data, language, console);
        let title = match () {
            () if item.is_reminder => {
                format!("{} {}", language.text("title-of-a-reminder"), message.title)
            }
            () if item.is_escalation => {
                format!("{} {}", language.text("title-of-an-escalation"), message.title)
            }
            () => message.title.clone(),
        };
        return Message { title, ..message };
    }
    let rows = items.iter().map(|item| {
        let message = Message::of(&item.event_type, &item.data, language, None);
        let detail = message.facts.into_iter().map(|(_, value)| value).next().unwrap_or_default();
        let since = local_time(item.data["since"].as_str().unwrap_or_default());
        vec![since, message.title, clean(&detail, DETAIL_LIMIT)]
    });
    Message {
        title: digest_title(items.len(), place, language),
        table: Some(Table {
            headers: ["time", "what", "detail"].map(|key| language.text(key).to_owned()).to_vec(),
            rows: rows.collect(),
        }),
        advice: language.text("console-has-details").to_owned(),
        links: console
            .map(|console| (language.text("open-the-console").to_owned(), console.clone()))
            .into_iter()
            .collect(),
        ..Message::default()
    }
}

/// `🗞️ 52 notifications`; of a digest that takes several messages, also which of them these are.
fn digest_title(shown: usize, place: Option<Place>, language: Language) -> String {
    let Place { before, total } = place.unwrap_or(Place { before: 0, total: shown });
    let count =
        [("count", total.max(shown).into()), ("from", (before + 1).into()), ("to", (before + shown).into())];
    language.sentence(if shown < total { "digest-part" } else { "digest-title" }, count)
}

fn links(event: Event, data: &Value, language: Language, console: Option<&Url>) -> Vec<(String, Url)> {
    let page = |path: &str| {
        let mut page = console?.clone();
        page.set_path(&format!("{}/{path}", page.path().trim_end_matches('/')));
        Some(page)
    };
    let runbook = page("runbook").map(|mut page| {
        page.set_fragment(Some(event.name()));
        page
    });
    let run = data["run_id"].as_str().and_then(|run_id| page(&format!("runs/{run_id}")));
    let alarm = monitoring::alarm_page(data);
    // What a message only counts can be seen there.
    let list = if event == Event::HumidityAlert {
        page("humidity-alerts")
    } else if matches!(
        event,
        Event::MaintenanceLate | Event::MaintenanceUrgent | Event::MaintenanceAssetRequired
    ) {
        page("alerts")
    } else {
        None
    };
    let list = list.filter(|_| alerts::beyond(data) > 0);
    list.map(|list| (language.text("see-all-alerts").to_owned(), list))
        .into_iter()
        .chain(run.map(|run| (language.text("open-the-run").to_owned(), run)))
        .chain(alarm.map(|alarm| (language.text("open-the-alarm").to_owned(), alarm)))
        .chain(runbook.map(|runbook| (language.text("link-to-the-runbook").to_owned(), runbook)))
        .collect()
}

fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    const LABELS: [(&str, &str); 12] = [
        ("task_label", "fact-task-label"),
        ("error_kind", "fact-error-kind"),
        ("error", "fact-error"),
        ("data_as_of", "fact-data-as-of"),
        ("since", "fact-since"),
        ("detail_type", "fact-detail-type"),
        ("collection", "fact-collection"),
        ("candidates", "fact-candidates"),
        ("limit", "fact-limit"),
        ("live", "fact-live"),
        ("rows", "fact-rows"),
        ("sample", "fact-sample"),
    ];
    let kind = data["error_kind"].as_str().and_then(ErrorKind::named);
    LABELS
        .iter()
        .filter_map(|(field, label)| {
            let value = match (&data[*field], *field) {
                (Value::Null, _) => return None,
                // The sentence behind a known kind says it better than the error's own.
                (Value::String(_), "error") if kind.is_some_and(|kind| !kind.keeps_its_sentence()) => {
                    return None;
                }
                (Value::String(kind), "error_kind") => error_name(kind, language),
                (Value::String(instant), "since" | "data_as_of") => local_time(instant),
                (Value::String(text), _) => text.clone(),
                (Value::Array(items), _) => {
                    items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
                }
                (other, _) => other.to_string(),
            };
            Some((language.text(label).to_owned(), shown(&value, FACT_LIMIT)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(count: usize, place: Option<Place>) -> Message {
        let item = |number: usize| {
            serde_json::from_value(json!({
                "id": number.to_string(), "event_type": "sync.failed", "due_at": "2026-01-15T06:00:00Z",
                "data": {"task_label": format!("Tâche {number}"), "since": "2026-01-15T06:00:03Z"},
            }))
            .unwrap()
        };
        let items: Vec<Item> = (0..count).map(item).collect();
        outgoing(&items, place, Language::Fr, None)
    }

    #[test]
    fn a_digest_shows_every_notice_and_counts_those_of_its_other_messages() {
        let message = digest(52, Some(Place { before: 0, total: 52 }));
        assert_eq!(message.title, "🗞️ 52 notifications");
        let rows = &message.table.unwrap().rows;
        assert_eq!(rows.len(), 52);
        assert_eq!(rows[51][2], "Tâche 51");
        assert!(message.intro.is_empty(), "{:?}", message.intro);
        assert_eq!(
            digest(100, Some(Place { before: 0, total: 130 })).title,
            "🗞️ 130 notifications (1 à 100)"
        );
        assert_eq!(
            digest(30, Some(Place { before: 100, total: 130 })).title,
            "🗞️ 130 notifications (101 à 130)"
        );
    }

    #[test]
    fn a_place_or_a_client_keeps_its_name() {
        let data = json!({"appointments": [{"client": "École Saint-Nicolas", "place": "Nicolas-Denys", "technician": "Nick"}],
                          "date": "2026-01-16"});
        let message = Message::render(Event::AppointmentsUnassigned, &data, Language::Fr, None);
        let row = message.table.unwrap().rows[0].join(" ");
        assert!(
            row.contains("École Saint-Nicolas") && row.contains("Nicolas-Denys") && row.contains("Nick"),
            "{row}"
        );
    }

    #[test]
    fn what_a_message_only_counts_has_a_link() {
        let console: Url = "https://console.example/gazelle".parse().unwrap();
        let data = json!({"count": 130, "items": ["a: en retard", "b: en retard"]});
        let message = Message::render(Event::MaintenanceLate, &data, Language::Fr, Some(&console));
        assert_eq!(message.intro, ["Et 128 de plus dans la console."]);
        assert_eq!(message.links[0].1.as_str(), "https://console.example/gazelle/alerts");
        let all = json!({"count": 2, "items": ["a: en retard", "b: en retard"]});
        assert!(Message::render(Event::MaintenanceLate, &all, Language::Fr, Some(&console)).intro.is_empty());
    }

    #[test]
    fn a_message_says_what_since_when_and_what_to_do() {
        let data = json!({"task_label": "Sync Gazelle Totale", "run_id": "r1", "error_kind": "gazelle_unavailable",
                          "error": "gazelle: answered HTTP 500", "since": "2026-01-15T06:00:03Z"});
        let console = "https://console.example/".parse().ok();
        let message = Message::render(Event::SyncFailed, &data, Language::Fr, console.as_ref());
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
        let english = Message::render(Event::SyncFailed, &data, Language::En, None);
        assert_eq!(english.facts[1].1, "Gazelle does not answer");
    }
}
