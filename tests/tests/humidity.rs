//! Humidity alerts: from notes and measurements in Gazelle to the table and to people.

use e2e::{Backend, Bed};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

/// Replaces the timeline by these notes: id, instant, note, all on the first piano of an institution.
fn write(bed: &Bed, notes: &[(&str, &str, &str)]) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let institution = json!("cli_local_000002");
    let piano = company.pianos.iter().find(|piano| piano["client"]["id"] == institution).unwrap().clone();
    company.timeline = notes
        .iter()
        .map(|(id, at, note)| {
            json!({
                "id": format!("tme_local_{id}"), "occurredAt": at, "type": "SERVICE_ENTRY_MANUAL", "summary": "Accord",
                "comment": note, "duration": null, "relatedId": null, "relatedType": null,
                "client": {"id": institution}, "piano": {"id": piano["id"]}, "user": {"id": "usr_local_000001"},
                "invoice": null, "estimate": null,
            })
        })
        .collect();
    company.reindex();
}

async fn scan(bed: &Bed) -> anyhow::Result<Value> {
    let run = bed.stack.invoke(Function::HumidityAlerts, &json!({})).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    Ok(run.answer.stats)
}

async fn alerts(bed: &Bed) -> anyhow::Result<Vec<(String, String, bool)>> {
    let rows = bed
        .stack
        .rows("humidity_alerts", "timeline_entry_id,alert_type,is_resolved", "observed_at,alert_type")
        .await?;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    Ok(rows
        .iter()
        .map(|row| (text(row, "timeline_entry_id"), text(row, "alert_type"), row["is_resolved"] == true))
        .collect())
}

fn found(id: &str, kind: &str, is_resolved: bool) -> (String, String, bool) {
    (format!("tme_local_{id}"), kind.to_owned(), is_resolved)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_note_of_a_year_to_come_ends_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let notes = [("1", "2026-01-10T15:00:00Z", "21C, 28.5%"), ("2", "2062-01-12T15:00:00Z", "21C, 42%")];
    write(&bed, &notes);
    bed.fill().await?;
    scan(&bed).await?;
    assert_eq!(alerts(&bed).await?, [found("1", "TROP_SEC", false)]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_problem_is_reported_once_with_what_was_found_and_a_later_note_ends_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.listen("humidity.alert", true).await?;
    write(
        &bed,
        &[
            ("1", "2026-01-10T15:00:00Z", "21C, 28.5%"),
            ("2", "2026-01-12T15:00:00Z", "Housse enlevée, avec remise de 20 %"),
            ("3", "2026-01-13T15:00:00Z", "PLS débranché, rebranché"),
            ("4", "2025-11-01T15:00:00Z", "Réservoir vide, il y a longtemps"),
        ],
    );
    bed.fill().await?;
    let stats = scan(&bed).await?;
    assert_eq!((&stats["scanned"], &stats["inserted"], &stats["told"]), (&json!(3), &json!(3), &json!(2)));
    let first =
        [found("1", "TROP_SEC", false), found("2", "housse", false), found("3", "alimentation", true)];
    assert_eq!(alerts(&bed).await?, first);
    let mut subjects: Vec<String> = bed
        .stack
        .sandbox
        .email_messages()
        .iter()
        .map(|mail| format!("{} {}", mail.to, mail.body["subject"].as_str().unwrap()))
        .collect();
    subjects.sort();
    assert_eq!(subjects.len(), 2);
    assert!(subjects[0].starts_with("nicolas@example.com 🏜️ Trop sec — "), "{subjects:?}");
    assert!(subjects[1].starts_with("nicolas@example.com 🧥 Housse absente — "), "{subjects:?}");
    assert_eq!(bed.notified(), ["louise", "louise", "nicolas", "nicolas"]);
    let slack: String = bed.stack.sandbox.slack_messages().iter().map(|sent| sent.body.to_string()).collect();
    assert!(slack.contains("28,5 %") && slack.contains("« housse enlevée »"), "{slack}");
    assert!(!slack.contains("\"0 %"));

    // The same window again says nothing new.
    let stats = scan(&bed).await?;
    assert_eq!(
        (&stats["inserted"], &stats["updated"], &stats["resolved"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(bed.notified().len(), 4);

    // A later visit ends both; a note that was edited after the fact is seen.
    write(
        &bed,
        &[
            ("1", "2026-01-10T15:00:00Z", "21C, 28.5%"),
            ("2", "2026-01-12T15:00:00Z", "Housse enlevée. Réservoir vide"),
            ("3", "2026-01-13T15:00:00Z", "PLS débranché, rebranché"),
            ("4", "2025-11-01T15:00:00Z", "Réservoir vide, il y a longtemps"),
            ("5", "2026-01-15T05:00:00Z", "21C, 40%. Housse replacée"),
        ],
    );
    bed.sync("2026-01-16T06:00:00Z").await?;
    bed.stack.take_events();
    let stats = scan(&bed).await?;
    assert_eq!((&stats["inserted"], &stats["resolved"]), (&json!(1), &json!(2)));
    assert_eq!(
        alerts(&bed).await?,
        [
            found("1", "TROP_SEC", true),
            found("2", "housse", true),
            found("2", "reservoir", false),
            found("3", "alimentation", true)
        ]
    );
    assert_eq!(bed.notified().len(), 6);
    Ok(())
}

/// Moves the piano of the notes to another institution, as Gazelle does: an inactive one stays behind, and the new one has
/// a copy of the history.
fn move_piano(bed: &Bed) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let old = company.timeline[0]["piano"]["id"].clone();
    let at = company.pianos.iter().position(|piano| piano["id"] == old).unwrap();
    let mut new = company.pianos[at].clone();
    (new["id"], new["client"]) = ("ins_local_900001".into(), json!({"id": "cli_local_000003"}));
    company.pianos[at]["status"] = "INACTIVE".into();
    company.pianos[at]["updatedAt"] = "2026-01-15T20:00:00Z".into();
    let copies: Vec<Value> = company
        .timeline
        .iter()
        .map(|entry| {
            let mut copy = entry.clone();
            copy["id"] = entry["id"].as_str().unwrap().replace("_local_", "_local_c").into();
            copy["piano"] = json!({"id": new["id"]});
            copy["client"] = new["client"].clone();
            copy
        })
        .collect();
    company.timeline.extend(copies);
    company.pianos.push(new);
    company.reindex();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_piano_that_moved_takes_its_problems_along_and_nobody_is_notified_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.listen("humidity.alert", true).await?;
    write(
        &bed,
        &[
            ("1", "2026-01-10T15:00:00Z", "Housse enlevée"),
            ("2", "2026-01-11T15:00:00Z", "PLS débranché"),
            ("3", "2026-01-12T15:00:00Z", "Réservoir vide"),
        ],
    );
    bed.fill().await?;
    assert_eq!(scan(&bed).await?["told"], 3);
    let rows = bed.stack.rows("humidity_alerts", "id", "observed_at").await?;
    let arguments = json!({"alert_id": rows[1]["id"], "notes": "vu sur place"});
    let _: Value = bed.stack.observer.rpc("resolve_humidity_alert", &arguments).await?;
    let _: Value =
        bed.stack.observer.rpc("archive_humidity_alert", &json!({"alert_id": rows[2]["id"]})).await?;

    move_piano(&bed);
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    bed.sync("2026-01-16T06:00:00Z").await?;
    let stats = scan(&bed).await?;
    assert_eq!((&stats["scanned"], &stats["inserted"], &stats["told"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(bed.notified().len(), 6);
    let open = async |bed: &Bed| -> anyhow::Result<Vec<String>> {
        let columns = "timeline_entry_id,is_resolved,archived,resolution_notes";
        let rows = bed.stack.rows("humidity_alerts", columns, "observed_at,timeline_entry_id").await?;
        let seen = |row: &Value| {
            let name = row["timeline_entry_id"].as_str().unwrap().replace("tme_local_", "");
            let state = match (row["archived"] == true, row["is_resolved"] == true) {
                (true, _) => "archived",
                (_, true) => row["resolution_notes"].as_str().unwrap(),
                (false, false) => "open",
            };
            format!("{name}: {state}")
        };
        Ok(rows.iter().map(seen).collect())
    };
    let after = [
        "1: le piano n'est plus là",
        "c1: open",
        "2: vu sur place",
        "c2: vu sur place",
        "3: archived",
        "c3: archived",
    ];
    assert_eq!(open(&bed).await?, after);
    let again = scan(&bed).await?;
    assert_eq!((&again["inserted"], &again["resolved"], &again["told"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(open(&bed).await?, after);

    // In the week's figures it is one piano.
    if let Some(database) = &bed.database {
        let client = gazelle_local::postgrest::Database::connect(&database.url).await?;
        let week = "select (internal.weekly_activity('2026-01-05T05:00Z', '2026-01-19T05:00Z') ->> 'pianos')::bigint";
        assert_eq!(client.query_one(week, &[]).await?.get::<_, i64>(0), 1);
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn more_than_five_at_once_are_one_digest_and_people_may_resolve_and_archive(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.listen("humidity.alert", true).await?;
    let ids: Vec<String> = (1..=7).map(|n| n.to_string()).collect();
    let times: Vec<String> = (1..=7).map(|n| format!("2026-01-{n:02}T15:00:00Z")).collect();
    let notes: Vec<(&str, &str, &str)> =
        ids.iter().zip(&times).map(|(id, at)| (id.as_str(), at.as_str(), "PLS débranché")).collect();
    write(&bed, &notes);
    bed.fill().await?;
    scan(&bed).await?;
    assert_eq!(bed.stack.sandbox.email_messages().len(), 1);
    assert_eq!(bed.stack.sandbox.email_messages()[0].body["subject"], "⚠️ 7 alertes d'humidité");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);

    let rows = bed.stack.rows("humidity_alerts", "id", "observed_at").await?;
    let arguments = json!({"alert_id": rows[0]["id"], "notes": "vu sur place"});
    let resolved: Value = bed.stack.observer.rpc("resolve_humidity_alert", &arguments).await?;
    assert_eq!(resolved["resolution_notes"], "vu sur place");
    let archived: Value =
        bed.stack.observer.rpc("archive_humidity_alert", &json!({"alert_id": rows[1]["id"]})).await?;
    assert_eq!(archived["archived"], true);
    assert_eq!(bed.stack.rows("humidity_alerts_active", "id", "id").await?.len(), 6);
    let stats =
        bed.stack.rows("humidity_alerts_stats", "alert_type,total,resolved,active", "alert_type").await?;
    assert_eq!(stats, [json!({"alert_type": "alimentation", "total": 7, "resolved": 1, "active": 5})]);
    // What people decided stays decided.
    let again = scan(&bed).await?;
    assert_eq!((&again["inserted"], &again["resolved"]), (&json!(0), &json!(0)));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn institutions_may_have_limits_of_their_own_and_other_clients_are_not_watched(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    write(&bed, &[("1", "2026-01-10T15:00:00Z", "21C, 36%"), ("2", "2026-01-11T15:00:00Z", "PLS débranché")]);
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let other = company.timeline.iter_mut().find(|entry| entry["comment"] == "PLS débranché").unwrap();
        other["client"]["id"] = "cli_local_000020".into();
    }
    bed.fill().await?;
    assert_eq!(scan(&bed).await?["inserted"], 0);
    let own = json!({"options": {"humidity_low": 38}}).to_string();
    let institution = bed.stack.observer.from("institutions").eq("slug", "vincent-dindy");
    bed.stack.write(institution.update(own)).await?;
    scan(&bed).await?;
    assert_eq!(alerts(&bed).await?, [found("1", "TROP_SEC", false)]);
    let all = json!({"value": true}).to_string();
    bed.stack
        .write(bed.stack.observer.from("settings").eq("key", "humidity.all_clients").update(all))
        .await?;
    scan(&bed).await?;
    assert_eq!(alerts(&bed).await?.len(), 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_language_model_is_asked_only_when_it_is_wanted_once_per_unclear_note_and_recorded(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    write(
        &bed,
        &[
            ("1", "2026-01-10T15:00:00Z", "Le PLS clignote rouge, plus une goutte"),
            // An identity of any letters.
            ("2,(\"a)", "2026-01-11T15:00:00Z", "Le PLS fait un bruit incertain"),
            ("3", "2026-01-12T15:00:00Z", "PLS débranché"),
            ("4", "2026-01-13T15:00:00Z", "Accord 440"),
        ],
    );
    bed.fill().await?;
    scan(&bed).await?;
    assert_eq!(alerts(&bed).await?, [found("3", "alimentation", false)]);
    assert!(bed.stack.rows("ai_events", "id", "id").await?.is_empty());

    let on = json!({"value": true}).to_string();
    bed.stack
        .write(bed.stack.observer.from("settings").eq("key", "humidity.model_enabled").update(on))
        .await?;
    let unset = bed.stack.invoke(Function::HumidityAlerts, &json!({})).await?;
    assert_eq!(unset.answer.status, "warning", "the rules do their work without it");
    bed.stack.lambda.environment.insert("ANTHROPIC_API_KEY".into(), "local-model-key".into());
    scan(&bed).await?;
    assert_eq!(alerts(&bed).await?, [found("1", "reservoir", false), found("3", "alimentation", false)]);
    let events = bed.stack.rows("ai_events", "feature,success,confidence", "id").await?;
    assert_eq!(
        events,
        [
            json!({"feature": "humidity", "success": true, "confidence": 0.9}),
            json!({"feature": "humidity", "success": true, "confidence": 0.5})
        ]
    );
    scan(&bed).await?;
    assert_eq!(bed.stack.rows("ai_events", "id", "id").await?.len(), 2, "each note is asked about once");
    assert_eq!(alerts(&bed).await?.len(), 2, "what the model found stays found");
    // A model that refuses is a warning, and its note is asked about again.
    bed.stack.lambda.environment.insert("ANTHROPIC_API_KEY".into(), "another".into());
    write(&bed, &[("9", "2026-01-14T15:00:00Z", "Le PLS clignote rouge")]);
    bed.sync("2026-01-16T06:00:00Z").await?;
    let refused = bed.stack.invoke(Function::HumidityAlerts, &json!({})).await?;
    assert_eq!(refused.answer.status, "warning", "{:?}", refused.answer);
    Ok(())
}
