//! Planted secrets and a planted address appear nowhere that anybody looks.

use anyhow::Context;
use e2e::{Backend, Bed};
use gazelle_local::{faults::FaultSpec, sandbox::credentials, supabase};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::TASKS;

/// Four in the afternoon of the day after the night.
const AFTERNOON: &str = "2026-01-15T21:00:00Z";

/// The mirror holds what Gazelle has of people; nothing else may.
const PEOPLE: [&str; 5] = [
    "gazelle_appointments",
    "gazelle_clients",
    "gazelle_contacts",
    "gazelle_pianos",
    "gazelle_timeline_entries",
];
/// A table of its own, which no page shows and no message quotes.
const TOKENS: &str = "system_settings";

/// An address in every field of a person that is no message's business.
fn plant(bed: &Bed) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    company.timeline[3]["comment"] = "jean@planted.example\u{0}".into();
    // Of a piano of an institution: what the alert says comes from this note.
    let institution = json!("cli_local_000002");
    let piano =
        company.pianos.iter().find(|piano| piano["client"]["id"] == institution).unwrap()["id"].clone();
    company.timeline[4] = json!({
        "id": "tme_local_900001", "occurredAt": "2026-01-14T15:00:00Z", "type": "SERVICE_ENTRY_MANUAL",
        "summary": "Accord", "comment": "Housse enlevée, écrire à jean@planted.example", "duration": null,
        "relatedId": null, "relatedType": null, "client": {"id": institution}, "piano": {"id": piano},
        "user": {"id": "usr_local_000001"}, "invoice": null, "estimate": null,
    });
    company.clients[5]["status"] = "BRAND_NEW".into();
    company.clients[6]["personalNotes"] = "jean@planted.example".into();
    let contact = &mut company.clients[7]["contacts"][0];
    contact["defaultEmail"] = json!({"email": "jean@planted.example"});
    company.pianos[8]["notes"] = "jean@planted.example".into();
    company.reindex();
}

/// Every table of the database as one text, but for `except`.
async fn tables(bed: &Bed, except: &[&str]) -> anyhow::Result<String> {
    let tables: Vec<Value> = bed.stack.observer.rpc("backup_tables", &json!({})).await?;
    assert!(tables.len() > 40, "{}", tables.len());
    let mut text = String::new();
    for table in tables {
        let name = table["name"].as_str().context("a name")?;
        if !except.contains(&name) {
            let column = table["columns"][0]["name"].as_str().context("a column")?;
            for row in bed.stack.rows(name, "*", column).await? {
                text.push_str(&format!("{name} {row}\n"));
            }
        }
    }
    Ok(text)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_address_reaches_a_log_a_message_or_a_table_for_display(
    #[values(Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut seen = String::new();
    for faults in [
        vec![],
        vec!["gazelle:500"],
        vec!["gazelle:graphql-error", "slack:500"],
        vec!["google:500"],
        vec!["eventbridge:partial"],
        vec!["gazelle:token-expired"],
    ] {
        let mut bed = Bed::start(backend).await?;
        bed.listen("humidity.alert", true).await?;
        plant(&bed);
        let everywhere = json!({"telegram_chat_id": "1001"}).to_string();
        bed.stack.write(bed.stack.observer.from("staff").eq("key", "louise").update(everywhere)).await?;
        let faults: Vec<FaultSpec> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        let night = bed.stack.nightly(&faults, &mut |_| ()).await?;
        let mut runs = night.runs;
        bed.stack.faults.lift();
        for spec in TASKS {
            runs.push(bed.run(spec.name, AFTERNOON).await?);
        }
        for run in &runs {
            seen.push_str(&run.invocation.log);
            seen.push_str(&serde_json::to_string(&run.answer)?);
        }
        seen.push_str(&tables(&bed, &[&PEOPLE[..], &[TOKENS, "sync_quarantine"]].concat()).await?);
        for row in bed.stack.rows("sync_quarantine", "collection,external_id,reason", "external_id").await? {
            seen.push_str(&row.to_string());
        }
        for table in PEOPLE {
            let rows = bed.stack.rows(table, "*", "external_id").await?;
            // It came in; of appointments nothing was planted, their notes are for whoever goes there.
            let is_planted = table != "gazelle_appointments";
            let is_mirrored = Value::from(rows).to_string().contains("planted.example");
            assert_eq!(is_mirrored, is_planted, "{table}");
        }
        for message in bed.stack.sandbox.slack_messages() {
            seen.push_str(&message.body.to_string());
        }
        for message in bed.stack.sandbox.telegram_messages() {
            seen.push_str(&message.body.to_string());
        }
        for mail in bed.stack.sandbox.email_messages() {
            seen.push_str(&mail.body["content"].to_string());
        }
    }
    // The test sees what it looks at.
    for text in ["run.finished", "sync.failed", "Gazelle ne répond pas", "humidity_alerts {", "backups {"] {
        assert!(seen.contains(text), "{text}");
    }
    let key = supabase::key("service_role");
    let private_key = credentials::SERVICE_ACCOUNT_KEY.lines().nth(1).unwrap();
    for secret in [
        key.as_str(),
        private_key,
        credentials::GAZELLE_CLIENT_SECRET,
        credentials::SENDGRID_KEY,
        credentials::MODEL_KEY,
        credentials::TELEGRAM_TOKEN,
        credentials::CONSOLE_SESSION_KEY,
        "/services/T0/",
        "local-gazelle-access-token",
        "local-gazelle-refresh-token",
        "local-google-access-token",
        "local-aws-secret",
        "planted.example",
        "allan@example.com",
    ] {
        let place = seen.find(secret).map(|at| {
            let start = (at.saturating_sub(200)..=at).find(|at| seen.is_char_boundary(*at)).unwrap_or(at);
            &seen[start..at]
        });
        assert!(place.is_none(), "{secret} after …{}", place.unwrap_or_default());
    }
    Ok(())
}
