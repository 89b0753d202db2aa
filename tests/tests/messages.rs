//! Every message as people get it: snapshots, the vendors' contracts, and texts that mean harm.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

use e2e::{Backend, Bed, slack_verdicts};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

const RUN: &str = "e3d9a6c4-21b7-4f5d-8a0e-7c94b5f1d260";

/// One notice of every kind, with data as the functions and the database make them.
fn notices() -> Vec<(&'static str, &'static str, Value)> {
    let failure = |task: &str, kind: &str| json!({"task_label": task, "run_id": RUN, "error_kind": kind, "error": "detail", "since": "2026-01-15T06:00:03Z"});
    let humid = |kind: &str, value: Value, words: Value| {
        json!({"id": RUN, "alert_type": kind, "piano": "Steinway & Sons D #42", "client": "Place des Arts",
               "location": "Salle Wilfrid-Pelletier", "value": value, "words": words, "observed_at": "2026-01-14T15:00:00Z"})
    };
    let appointment = |time: &str, technician: &str| {
        json!({"time": time, "client": "Studio Hautbois", "place": "12 rue de l'Accord, Montréal", "piano": "Yamaha U1 #7",
               "phone": "514-555-0107", "notes": "Sonner à l'arrière", "technician": technician})
    };
    let own = |stale: Value| {
        json!({"run_id": RUN, "date": "2026-01-16", "first_name": "Nicolas", "data_as_of": stale,
               "appointments": [appointment("09:00", "Nick"), appointment("14:30", "Nick")]})
    };
    vec![
        ("sync.failed", "unavailable", failure("Sync Gazelle Totale", "gazelle_unavailable")),
        (
            "sync.deletion_guard",
            "refused",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "collection": "clients", "candidates": 400,
            "limit": 200, "live": 4000, "sample": ["cli_local_000001", "cli_local_000002"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "sync.drift",
            "new value",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "sample": ["clients.status = BRAND_NEW"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "sync.quarantine",
            "one row",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "rows": 1, "sample": ["timeline tme_local_000004"], "since": "2026-01-15T06:00:03Z"}),
        ),
        ("report.failed", "google", failure("Rapport Timeline", "google_unavailable")),
        (
            "event.refused",
            "refused",
            json!({"detail_type": "Gazelle Sync Succeeded", "run_id": RUN, "error": "ThrottlingException", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "supabase.down",
            "down",
            json!({"task_label": "Sync Gazelle Totale", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "gazelle.authorization_expiring",
            "soon",
            json!({"task_label": "Sync Gazelle Totale", "run_id": RUN, "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "gazelle.authorization_expiring",
            "refused",
            failure("Sync Gazelle Totale", "gazelle_authorization"),
        ),
        ("backup.failed", "corrupt", failure("Backup SQL", "backup_corrupt")),
        ("backup.failed", "drill", failure("Essai de restauration", "drill_mismatch")),
        ("rv.unconfirmed", "two", own(Value::Null)),
        ("rv.unconfirmed", "stale", own(json!("2026-01-15T06:00:03Z"))),
        (
            "rv.unassigned",
            "one",
            json!({"run_id": RUN, "date": "2026-01-16", "appointments": [appointment("09:00", "à attribuer")]}),
        ),
        (
            "rv.failed",
            "outage",
            json!({"task_label": "Sync RV & Alertes", "run_id": RUN, "error_kind": "gazelle_unavailable", "error": "x",
            "data_as_of": "2026-01-15T06:00:03Z", "since": "2026-01-15T21:00:03Z"}),
        ),
        (
            "humidity.alert",
            "too dry",
            json!({"run_id": RUN, "alerts": [humid("TROP_SEC", json!(28.5), Value::Null)]}),
        ),
        (
            "humidity.alert",
            "too humid",
            json!({"run_id": RUN, "alerts": [humid("TROP_HUMIDE", json!(72), Value::Null)]}),
        ),
        (
            "humidity.alert",
            "cover",
            json!({"run_id": RUN, "alerts": [humid("housse", Value::Null, json!("housse enlevée"))]}),
        ),
        (
            "humidity.alert",
            "digest",
            json!({"run_id": RUN, "count": 23, "alerts": [
            humid("alimentation", Value::Null, json!("débranché")), humid("reservoir", Value::Null, json!("réservoir vide")),
            humid("environnement", Value::Null, json!("trop sec"))]}),
        ),
        ("humidity.failed", "database", failure("Alertes Humidité", "supabase_unavailable")),
        (
            "maintenance.late",
            "one",
            json!({"run_id": RUN, "asset": "Yamaha U1 #7", "message": "Yamaha U1 #7: en retard de 5 jours (prévu le 2026-01-10)",
            "due_date": "2026-01-10", "days_count": 5, "location": "Studio 3", "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "maintenance.late",
            "many",
            json!({"run_id": RUN, "count": 30, "items": ["Yamaha U1 #7: en retard de 5 jours (prévu le 2026-01-10)"], "since": "2026-01-15T06:00:03Z"}),
        ),
        (
            "maintenance.urgent",
            "digest",
            json!({"run_id": RUN, "count": 1, "items": ["Yamaha U1 #7: entretien dans 3 jours (2026-01-18)"], "since": "2026-01-15T13:00:03Z"}),
        ),
        (
            "maintenance.asset_required",
            "digest",
            json!({"run_id": RUN, "count": 1, "items": ["Camion: demande un entretien: signalé"], "since": "2026-01-15T13:00:03Z"}),
        ),
        ("maintenance.failed", "database", failure("Génération des alertes", "supabase_refused")),
        ("cleanup.failed", "deadline", failure("Nettoyage", "deadline_exceeded")),
    ]
}

/// Sends notices on both channels to Nicolas; answers the Slack messages and the e-mails in their order.
async fn sent(bed: &Bed, notices: &[(&str, &str, Value)]) -> anyhow::Result<(Vec<Value>, Vec<Value>)> {
    let delivery = |(number, (event_type, _, data)): (usize, &(&str, &str, Value))| {
        ["slack", "email"].map(|channel| {
            json!({"event_type": event_type, "severity": "error", "channel": channel, "recipient": "nicolas",
                   "fingerprint": format!("{number:04}"), "data": data,
                   "created_at": format!("2026-01-15T05:{:02}:{:02}Z", number / 60, number % 60),
                   "next_attempt_at": "2026-01-15T05:00:00Z"})
        })
    };
    let rows: Vec<Value> = notices.iter().enumerate().flat_map(delivery).collect();
    bed.put("notification_deliveries", json!(rows)).await?;
    let run = bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    assert_eq!(run.answer.stats["sent"], 2 * notices.len(), "{:?}", run.answer);
    let slack = bed.stack.sandbox.slack_messages().into_iter().map(|sent| sent.body).collect();
    let email = bed.stack.sandbox.email_messages().into_iter().map(|sent| sent.body).collect();
    Ok((slack, email))
}

/// What SendGrid takes, closed by hand: nothing beside these fields, no empty text, no line break in a subject.
fn sendgrid_contract() -> jsonschema::Validator {
    let address = json!({"type": "object", "additionalProperties": false, "required": ["email"], "properties": {
        "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"}, "name": {"type": "string", "minLength": 1}}});
    let contract = json!({
        "type": "object", "additionalProperties": false, "required": ["personalizations", "from", "subject", "content"],
        "properties": {
            "personalizations": {"type": "array", "minItems": 1, "maxItems": 1000, "items": {
                "type": "object", "additionalProperties": false, "required": ["to"],
                "properties": {"to": {"type": "array", "minItems": 1, "maxItems": 1000, "items": address}}}},
            "from": address,
            "subject": {"type": "string", "minLength": 1, "maxLength": 998, "pattern": "^[^\\r\\n]+$"},
            "content": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": false, "required": ["type", "value"],
                "properties": {"type": {"enum": ["text/plain", "text/html"]}, "value": {"type": "string", "minLength": 1}}}},
        },
    });
    jsonschema::validator_for(&contract).unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_as_it_was_agreed_and_valid_for_its_vendor(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.lambda.environment.insert("CONSOLE_URL".into(), "https://console.example/gazelle".into());
    let notices = notices();
    let (slack, email) = sent(&bed, &notices).await?;
    for ((event_type, name, _), (slack, email)) in notices.iter().zip(slack.iter().zip(&email)) {
        let shown = format!(
            "Slack\n-----\n{}\n\nSubject: {}\n-----\n{}\n-----\n{}",
            serde_json::to_string_pretty(&slack["blocks"])?,
            email["subject"].as_str().unwrap(),
            email["content"][0]["value"].as_str().unwrap(),
            email["content"][1]["value"].as_str().unwrap()
        );
        insta::assert_snapshot!(format!("{event_type}.{}", name.replace(' ', "_")), shown);
        let anchor = format!("https://console.example/gazelle/runbook#{event_type}");
        assert!(shown.contains(&anchor), "{event_type} links to its entry in the runbook");
    }
    for (message, verdict) in slack.iter().zip(slack_verdicts(&slack).await?) {
        assert!(verdict.is_null(), "{verdict}: {message}");
    }
    let contract = sendgrid_contract();
    for message in &email {
        let problems: Vec<String> = contract.iter_errors(message).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
    for (field, value) in
        [("subject", json!("a\nb")), ("subject", json!("")), ("content", json!([])), ("cc", json!("x"))]
    {
        let mut broken = email[0].clone();
        broken[field] = value;
        assert!(!contract.is_valid(&broken), "not refused: {field}");
    }
    // Each kind of notice has an entry in the runbook.
    let runbook = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RUNBOOK.md"))?;
    for (event_type, _, _) in &notices {
        assert!(runbook.contains(&format!("\n## {event_type}\n")), "{event_type}");
    }
    // And each rule speaks of a notice that is known here.
    for rule in bed.stack.rows("notification_rules", "event_type", "event_type").await? {
        let known = notices.iter().any(|(event_type, _, _)| rule["event_type"] == *event_type);
        assert!(known, "{rule}");
    }
    Ok(())
}

/// Replaces every text of a notice.
fn poison(value: &Value, text: &str) -> Value {
    match value {
        // What the program itself writes stays: kinds, dates, ids.
        Value::Object(fields) => fields
            .iter()
            .map(|(name, inner)| {
                let own = [
                    "run_id",
                    "error_kind",
                    "since",
                    "date",
                    "observed_at",
                    "data_as_of",
                    "due_date",
                    "alert_type",
                    "time",
                ];
                (name.clone(), if own.contains(&name.as_str()) { inner.clone() } else { poison(inner, text) })
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| poison(item, text)).collect(),
        Value::String(_) => text.into(),
        other => other.clone(),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_shown_as_texts_and_bounded(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let long = "<b>&".repeat(2500);
    let hostile = [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "<!channel> *gras* <https://evil.example|cliquer> & `code`",
        "gauche\u{202e}etiord\u{2066}\u{200f}",
        "ligne\r\nBcc: tous@example.com\u{1b}[31m",
        &long,
    ];
    let notices: Vec<(&str, &str, Value)> = hostile
        .iter()
        .flat_map(|text| {
            notices().into_iter().map(move |(event_type, name, data)| (event_type, name, poison(&data, text)))
        })
        .collect();
    let bed = Bed::start(backend).await?;
    let (slack, email) = sent(&bed, &notices).await?;
    for (message, verdict) in slack.iter().zip(slack_verdicts(&slack).await?) {
        assert!(verdict.is_null(), "{verdict}: {message}");
    }
    let contract = sendgrid_contract();
    for (slack, email) in slack.iter().zip(&email) {
        // A header is plain text; everything else could call everybody or hide an address.
        let sections =
            slack["blocks"].as_array().unwrap()[1..].iter().map(Value::to_string).collect::<String>();
        for active in ["<!channel>", "<https://evil", "<script", "<b>"] {
            assert!(!sections.contains(active), "{sections}");
            assert!(!slack["text"].as_str().unwrap().contains(active));
        }
        let html = email["content"][1]["value"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"), "{html}");
        let all = format!("{slack}{email}");
        for mark in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{1b}'] {
            assert!(
                !all.contains(mark) && !all.contains(&format!("\\u{:04x}", mark as u32)),
                "{mark:?}: {all}"
            );
        }
        assert!(contract.is_valid(email), "{}", email["subject"]);
        assert!(html.len() < 60_000, "{}", html.len());
    }
    Ok(())
}
