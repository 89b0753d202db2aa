//! Every message as people get it: snapshots, the vendors' contracts, and texts that mean harm.

use e2e::{Backend, Bed, samples::notices, slack_verdicts};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{notify::Event, task::Function};

/// Messages of each channel, in the order of the notices; Telegram's parts of one message are joined.
pub struct Sent {
    slack: Vec<Value>,
    pub email: Vec<Value>,
    telegram: Vec<String>,
}

/// Sends notices on every channel, each to a person of its own, so that no rate holds them back.
pub async fn sent(bed: &Bed, notices: &[(&str, &str, Value)]) -> anyhow::Result<Sent> {
    let chat = |number: usize| format!("{}", 5000 + number);
    let person = |number: usize| {
        json!({"key": format!("p{number:04}"), "first_name": "Nicolas", "display_name": "Nick",
               "slack_webhook_key": "SLACK_WEBHOOK_ADMIN_2", "telegram_chat_id": chat(number)})
    };
    bed.put("staff", (0..notices.len()).map(person).collect()).await?;
    let delivery = |(number, (event_type, _, data)): (usize, &(&str, &str, Value))| {
        ["slack", "email", "telegram"].map(|channel| {
            json!({"event_type": event_type, "severity": "error", "channel": channel, "recipient": format!("p{number:04}"),
                   "fingerprint": format!("{number:04}"), "data": data,
                   "created_at": format!("2026-01-15T05:{:02}:{:02}Z", number / 60, number % 60),
                   "next_attempt_at": format!("2026-01-15T05:{:02}:{:02}Z", number / 60, number % 60)})
        })
    };
    let rows: Vec<Value> = notices.iter().enumerate().flat_map(delivery).collect();
    bed.put("notification_deliveries", json!(rows)).await?;
    let mut left = 3 * notices.len() as u64;
    while left > 0 {
        let run = bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
        let sent = run.answer.stats["sent"].as_u64().unwrap_or_default();
        assert!(sent > 0, "{:?}", run.answer);
        left -= sent;
    }
    let bodies = |sent: Vec<gazelle_local::sandbox::Sent>| sent.into_iter().map(|sent| sent.body).collect();
    let mut telegram = vec![String::new(); notices.len()];
    for part in bed.stack.sandbox.telegram_messages() {
        let at = part.to.parse::<usize>().unwrap() - 5000;
        telegram[at].push_str(part.body["text"].as_str().unwrap());
    }
    Ok(Sent {
        slack: bodies(bed.stack.sandbox.slack_messages()),
        email: bodies(bed.stack.sandbox.email_messages()),
        telegram,
    })
}

/// Telegram's own types, as a client library of the Bot API describes them; nothing beside them.
async fn telegram_contract() -> anyhow::Result<jsonschema::Validator> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/telegram.py");
    let output = tokio::process::Command::new(tools::python()?).arg(script).output().await?;
    anyhow::ensure!(output.status.success(), "telegram.py: {}", String::from_utf8_lossy(&output.stderr));
    Ok(jsonschema::validator_for(&serde_json::from_slice(&output.stdout)?)?)
}

/// Every body that Telegram was sent is what its contract says, and hand-broken ones are not.
async fn assert_telegram_bodies(bed: &Bed) -> anyhow::Result<()> {
    let contract = telegram_contract().await?;
    let bodies: Vec<Value> =
        bed.stack.sandbox.telegram_messages().into_iter().map(|sent| sent.body).collect();
    for body in &bodies {
        let problems: Vec<String> = contract.iter_errors(body).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}: {body}");
        assert!(body["text"].as_str().unwrap().encode_utf16().count() <= 4096);
    }
    for (field, value) in [
        ("text", json!(1)),
        ("chat_id", Value::Null),
        ("parse", json!("x")),
        ("link_preview_options", json!("no")),
    ] {
        let mut broken = bodies[0].clone();
        broken[field] = value;
        assert!(!contract.is_valid(&broken), "not refused: {field}");
    }
    Ok(())
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

#[test]
fn every_event_has_a_sample_and_an_entry_in_the_runbook() -> anyhow::Result<()> {
    let notices = notices();
    let runbook = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RUNBOOK.md"))?;
    for event in Event::ALL {
        assert!(notices.iter().any(|(known, _, _)| *known == event.name()), "{event} has no sample");
        assert!(runbook.contains(&format!("\n## {event}\n")), "{event} is not in the runbook");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_as_it_was_agreed_and_valid_for_its_vendor(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.lambda.environment.insert("CONSOLE_URL".into(), "https://console.example/gazelle".into());
    let notices = notices();
    let Sent { slack, email, telegram } = sent(&bed, &notices).await?;
    for (at, (event_type, name, _)) in notices.iter().enumerate() {
        let (slack, email) = (&slack[at], &email[at]);
        // What Telegram gets is the text of the e-mail.
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&telegram[at]), words(email["content"][0]["value"].as_str().unwrap()));
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
    assert_telegram_bodies(&bed).await?;
    // And each rule speaks of a notice that is known here, and of each speaks one.
    let rules = bed.stack.rows("notification_rules", "event_type", "event_type").await?;
    for event in Event::ALL {
        let is_notified = rules.iter().any(|rule| rule["event_type"] == event.name());
        // Reported without the database, or to whoever asks for it; an end goes to those who heard of the problem.
        let is_told_otherwise = [Event::SupabaseDown, Event::SystemTest].contains(event);
        let is_an_end = event.name().ends_with(".recovered") || event.name().ends_with(".resolved");
        assert!(is_notified || is_told_otherwise || is_an_end, "{event} is told to nobody");
    }
    for rule in rules {
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
                    "resolved_at",
                    "time",
                    "from",
                    "until",
                    "topic",
                    "measure",
                    "unit",
                    "state",
                    "channel",
                ];
                // The notes of an appointment are a text; those of a figure of the weekly letter are figures.
                let is_own = own.contains(&name.as_str()) || name == "notes" && inner.is_array();
                (name.clone(), if is_own { inner.clone() } else { poison(inner, text) })
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
    #[values(Backend::PostgRest)] backend: Backend,
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
    let Sent { slack, email, telegram } = sent(&bed, &notices).await?;
    assert_telegram_bodies(&bed).await?;
    for (message, verdict) in slack.iter().zip(slack_verdicts(&slack).await?) {
        assert!(verdict.is_null(), "{verdict}: {message}");
    }
    let contract = sendgrid_contract();
    for ((slack, email), telegram) in slack.iter().zip(&email).zip(&telegram) {
        // A header is plain text; everything else could call everybody or hide an address.
        let sections =
            slack["blocks"].as_array().unwrap()[1..].iter().map(Value::to_string).collect::<String>();
        for active in ["<!channel>", "<https://evil", "<script", "<b>"] {
            assert!(!sections.contains(active), "{sections}");
            assert!(!slack["text"].as_str().unwrap().contains(active));
        }
        let html = email["content"][1]["value"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"), "{html}");
        let all = format!("{slack}{email}{telegram}");
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
