//! The nightly chain on realistic data.

use e2e::{Backend, Bed, NIGHT};
use gazelle_local::postgrest::{Database, row_versions};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

/// Three fifths of it are enough for some pages, one after the other, not for all; hurried or not, a process gets to its first
/// page within them.
const NOT_ENOUGH: std::time::Duration = std::time::Duration::from_secs(25);

/// What one page takes.
const PAGE: std::time::Duration = std::time::Duration::from_millis(500);

/// The sync asks Gazelle one question after the other.
async fn one_request_at_a_time(bed: &Bed) -> anyhow::Result<()> {
    bed.put("settings", json!([{"key": "sync.concurrency", "value": 1}])).await
}

/// What the run log, the sheet and the mirror say after a night that went well.

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_night_mirrors_the_company_and_writes_the_report(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let night = bed.stack.nightly(&[], &mut |_| ()).await?;

    let answers: Vec<_> = night.runs.iter().map(|run| &run.answer).collect();
    let tasks: Vec<&str> = answers.iter().map(|answer| answer.task.as_str()).collect();
    assert_eq!(tasks, ["sync_gazelle", "rapport_timeline", "humidity_alerts", "maintenance_alerts"]);
    assert!(answers.iter().all(|answer| answer.status == "success"), "{answers:?}");
    assert!(answers[1..].iter().all(|answer| answer.parent_run_id == answers[0].run_id));
    assert_eq!((answers[0].task.as_str(), answers[0].status.as_str()), ("sync_gazelle", "success"));
    assert_eq!((answers[1].task.as_str(), answers[1].status.as_str()), ("rapport_timeline", "success"));
    assert_eq!(answers[1].parent_run_id, answers[0].run_id);
    assert_eq!(answers[1].triggered_by.as_deref(), Some("scheduler"));
    bed.assert_mirrored().await?;
    for collection in ["clients", "contacts", "pianos", "timeline", "appointments"] {
        let counts = &answers[0].stats["collections"][collection];
        assert_eq!(counts["inserted"], answers[0].stats[collection], "{collection}");
    }
    assert!(bed.notified().is_empty());

    // Every stored row is its source: the untouched payload, and the columns taken from it.
    let stored = bed
        .stack
        .rows("gazelle_timeline_entries", "external_id,title,description,occurred_at,raw", "external_id")
        .await?;
    let source: Vec<Value> = {
        let company = bed.stack.sandbox.company.read().unwrap();
        let mut entries = company.timeline.clone();
        entries.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
        entries
    };
    for (row, entry) in stored.iter().zip(&source) {
        assert_eq!(row["external_id"], entry["id"]);
        assert_eq!(row["raw"]["summary"], entry["summary"]);
        assert_eq!(row["title"], entry["summary"]);
        assert_eq!(row["description"], entry["comment"]);
        let instant = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(instant(&row["occurred_at"]), instant(&entry["occurredAt"]));
    }
    assert!(stored.iter().any(|row| row["title"].as_str().is_some_and(|title| title.contains('é'))));

    // The chain and both runs are in the log of the old dashboards.
    let logs = bed.stack.rows("sync_logs", "script_name,task_type,status", "task_type").await?;
    assert_eq!(
        logs,
        [
            json!({"script_name": "Sync Gazelle → Timeline", "task_type": "chain", "status": "success"}),
            json!({"script_name": "Rapport Timeline", "task_type": "report", "status": "success"}),
            json!({"script_name": "Sync Gazelle Totale", "task_type": "sync", "status": "success"}),
        ]
    );

    // The predecessor's tab was renamed in place and nothing of its rows is left.
    let workbook = bed.stack.sandbox.workbook();
    let vincent = workbook.tabs.iter().find(|tab| tab.id == 41).unwrap();
    assert_eq!(vincent.title, "Vincent d'Indy");
    assert_eq!(vincent.frozen_rows, 1);
    assert_eq!(vincent.cells[0].len(), 7);
    let titles: Vec<&str> = workbook.report_tabs().map(|tab| tab.title.as_str()).collect();
    assert_eq!(titles, ["Vincent d'Indy", "UQAM", "Place des Arts", "Alertes Maintenance"]);
    for tab in workbook.report_tabs() {
        for row in 1..=tab.rows() {
            assert!(
                tab.shown(row, 0).parse::<jiff::civil::Date>().is_ok(),
                "{}: {}",
                tab.title,
                tab.shown(row, 0)
            );
        }
    }
    Ok(())
}

/// When each row of the mirror was last written.
async fn versions(bed: &Bed) -> anyhow::Result<Vec<Vec<Value>>> {
    let mut versions = Vec::new();
    for table in [
        "gazelle_clients",
        "gazelle_contacts",
        "gazelle_pianos",
        "gazelle_appointments",
        "gazelle_timeline_entries",
    ] {
        versions.push(bed.stack.rows(table, "external_id,synced_at", "external_id").await?);
    }
    versions.push(bed.stack.rows("users", "id,synced_at", "id").await?);
    Ok(versions)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_night_without_changes_writes_nothing_and_tells_nobody(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.nightly(&[], &mut |_| ()).await?;
    let sheet = bed.stack.sandbox.workbook().tabs;
    let before = versions(&bed).await?;
    let row_versions = async |bed: &Bed| match &bed.database {
        Some(database) => row_versions(&Database::connect(&database.url).await?).await,
        None => Ok(Vec::new()),
    };
    let rows_before = row_versions(&bed).await?;
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    let second = bed.sync("2026-01-16T06:00:00Z").await?;
    assert_eq!(second.answer.status, "success");
    for (name, counts) in second.answer.stats["collections"].as_object().unwrap() {
        let changed: u64 =
            ["inserted", "updated", "deleted"].iter().map(|field| counts[field].as_u64().unwrap()).sum();
        assert_eq!(changed, 0, "{name}: {counts}");
    }
    let followers = bed.stack.deliver_events().await?;
    assert_eq!(followers.len(), 3);
    assert!(followers.iter().all(|run| run.answer.status == "success"));
    assert_eq!(versions(&bed).await?, before);
    assert_eq!(row_versions(&bed).await?, rows_before, "not a single row version");
    assert_eq!(bed.stack.sandbox.workbook().tabs, sheet);
    assert!(bed.notified().is_empty());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn changes_deletions_and_local_values_are_mirrored_as_they_should(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    bed.sync(NIGHT).await?;
    // The predecessor kept the tag `institutional` in the mirror; Gazelle has none for this client.
    let local = json!({"tags": ["institutional"]}).to_string();
    bed.stack
        .write(bed.stack.observer.from("gazelle_clients").eq("external_id", "cli_local_000020").update(local))
        .await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        company.clients[19]["companyName"] = "Studio de l'Éveil <b>".into();
        company.clients[19]["updatedAt"] = "2026-01-15T20:00:00Z".into();
        // Older news than what is known must not win.
        company.clients[20]["companyName"] = "vieille nouvelle".into();
        company.clients[20]["updatedAt"] = "2001-01-01T00:00:00Z".into();
        company.clients[21]["status"] = "BRAND_NEW".into();
        company.clients[21]["updatedAt"] = "2026-01-15T20:00:00Z".into();
        company.pianos.pop();
        // Cancelled: still there by its status. Deleted: gone from every list.
        let upcoming: Vec<usize> = (0..company.appointments.len())
            .filter(|at| {
                company.appointments[*at]["start"].as_str() > Some("2026-01-16")
                    && company.appointments[*at]["status"] == "ACTIVE"
            })
            .collect();
        company.appointments[upcoming[0]]["status"] = "CANCELED".into();
        company.appointments[upcoming[0]]["updatedAt"] = "2026-01-15T20:00:00Z".into();
        company.appointments.remove(upcoming[1]);
        company.reindex();
    }
    let second = bed.sync("2026-01-16T06:00:00Z").await?;
    // The new status is drift: stored, reported, and no reason to hold the report back.
    assert_eq!(second.answer.status, "warning", "{:?}", second.answer);
    assert_eq!(second.answer.stats["collections"]["pianos"]["deleted"], 1);
    assert_eq!(second.answer.stats["collections"]["appointments"]["deleted"], 1);
    assert_eq!(second.answer.stats["collections"]["appointments"]["updated"], 1);
    bed.assert_mirrored().await?;

    let clients =
        bed.stack.rows("gazelle_clients", "external_id,company_name,tags,status", "external_id").await?;
    assert_eq!(clients[19]["company_name"], "Studio de l'Éveil <b>");
    assert_eq!(clients[19]["tags"], json!(["institutional"]));
    assert_ne!(clients[20]["company_name"], "vieille nouvelle");
    assert_eq!(clients[21]["status"], "BRAND_NEW");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);

    // The same drift the next night is not reported again.
    let third = bed.sync("2026-01-17T06:00:00Z").await?;
    assert_eq!(third.answer.status, "warning");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_stored_is_set_aside_and_the_rest_arrives(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        // With a character taken out it would be another row's id.
        company.timeline[7]["id"] = "tme_local_\u{0}000008".into();
        // Valid in JSON and out of the database's calendar.
        company.clients[9]["noContactUntil"] = "9999-12-31".into();
    }
    let night = bed.stack.nightly(&[], &mut |_| ()).await?;
    assert_eq!(night.runs[0].answer.status, "warning");
    assert_eq!(night.runs[0].answer.stats["quarantined"], 1);
    assert_eq!(night.runs.len(), 4, "quarantined rows do not hold back what follows");
    let set_aside = bed.stack.rows("sync_quarantine", "collection,external_id,reason", "external_id").await?;
    assert_eq!(set_aside.len(), 1, "{set_aside:?}");
    assert_eq!(set_aside[0]["collection"], "timeline");
    assert_eq!(set_aside[0]["reason"], "identifiant manquant ou illisible");
    assert!(set_aside[0]["external_id"].as_str().unwrap().starts_with("sans-id-"), "{set_aside:?}");
    assert_eq!(bed.live("gazelle_timeline_entries").await?, 269);
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    // What arrives after all is set aside no longer; what is still in the way stays.
    let of_before = json!([{"collection": "clients", "external_id": "cli_local_000010", "reason": "x"}]);
    bed.put("sync_quarantine", of_before).await?;
    bed.sync("2026-01-16T06:00:00Z").await?;
    let set_aside = bed.stack.rows("sync_quarantine", "collection,resolved_at", "collection").await?;
    let open = set_aside.iter().filter(|row| row["resolved_at"].is_null());
    assert_eq!(open.map(|row| row["collection"].as_str().unwrap()).collect::<Vec<_>>(), ["timeline"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_runs_out_of_time_hands_over_and_the_next_part_ends_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values(0, 1)] added_between: usize,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.gazelle_latency = PAGE).await?;
    bed.stack.sandbox.company.write().unwrap().timeline = {
        let company = bed.stack.sandbox.company.read().unwrap().timeline.clone();
        (0..4000)
            .map(|n| {
                let mut entry = company[n % company.len()].clone();
                entry["id"] = format!("tme_local_{n:06}").into();
                // Newest first, over nine years.
                let at = NIGHT.parse::<jiff::Timestamp>().unwrap()
                    - jiff::SignedDuration::from_hours(20 * n as i64);
                entry["occurredAt"] = at.to_string().into();
                entry
            })
            .collect()
    };
    bed.stack.sandbox.company.write().unwrap().reindex();
    one_request_at_a_time(&bed).await?;
    let limit = NOT_ENOUGH;
    let event = e2e::scheduled("sync_gazelle", NIGHT);
    let id = bed.stack.request_id();
    let first = bed.stack.invoke_within(Function::SyncGazelle, &event, &id, limit).await?;
    assert_eq!(first.answer.status, "running", "{:?}", first.answer);
    if added_between > 0 {
        // At the old end, where the first part has been already.
        let states = bed.stack.rows("sync_state", "collection,windows", "collection").await?;
        let state = states.iter().find(|state| state["collection"] == "timeline").unwrap();
        let oldest =
            state["windows"].as_object().unwrap().iter().find(|(name, _)| name.starts_with("..")).unwrap();
        assert!(oldest.1["cursor"].is_string(), "{state}");
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let mut entry = company.timeline[0].clone();
        entry["id"] = "tme_local_900000".into();
        entry["occurredAt"] = "2010-01-01T12:00:00Z".into();
        company.timeline.push(entry);
    }
    let mut parts = 1;
    // Every part goes on from the committed state; nothing is counted twice and nothing is left out.
    loop {
        let events = bed.stack.take_events();
        let continued: Vec<_> =
            events.iter().filter(|event| event.envelope["detail-type"] == "Task Continued").collect();
        let Some(event) = continued.first() else { break };
        parts += 1;
        let run = bed.stack.invoke(Function::SyncGazelle, &event.envelope).await?;
        assert_eq!(run.answer.run_id, first.answer.run_id);
        assert!(["running", "success"].contains(&run.answer.status.as_str()), "{:?}", run.answer);
        if run.answer.status == "success" {
            assert_eq!(run.answer.stats["timeline"], 4000 + added_between);
            assert_eq!(run.answer.stats["clients"], 40);
            break;
        }
    }
    assert!(parts > 1);
    bed.assert_mirrored().await?;
    let runs = bed.runs("sync_gazelle").await?;
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["attempt"], 1, "a run that is handed over does not start again");
    assert_eq!(runs[0]["errors"], json!([]));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_deletion_is_not_forgotten_when_the_run_is_handed_over(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.gazelle_latency = PAGE).await?;
    bed.sync(NIGHT).await?;
    bed.stack.take_events();
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        company.clients.clear();
        let entries = company.timeline.clone();
        company.timeline = (0..4000)
            .map(|n| {
                let mut entry = entries[n % entries.len()].clone();
                entry["id"] = format!("tme_local_{n:06}").into();
                entry
            })
            .collect();
        company.reindex();
    }
    one_request_at_a_time(&bed).await?;
    // Sunday: the whole timeline is read, and does not fit.
    let event = e2e::scheduled("sync_gazelle", "2026-01-18T06:00:00Z");
    let id = bed.stack.request_id();
    let limit = NOT_ENOUGH;
    let first = bed.stack.invoke_within(Function::SyncGazelle, &event, &id, limit).await?;
    assert_eq!(first.answer.status, "running", "{:?}", first.answer);
    let events = bed.stack.take_events();
    let continued = events.iter().find(|event| event.envelope["detail-type"] == "Task Continued").unwrap();
    let last = bed.stack.invoke(Function::SyncGazelle, &continued.envelope).await?;
    assert_eq!(last.answer.status, "warning", "{:?}", last.answer);
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    let events = bed.stack.take_events();
    assert!(events.iter().all(|event| event.envelope["detail-type"] != "Gazelle Sync Succeeded"));
    assert_eq!(bed.live("gazelle_clients").await?, 40, "nothing was deleted");
    // The same event once more finds the run ended.
    let late = bed.stack.invoke(Function::SyncGazelle, &continued.envelope).await?;
    assert_eq!(late.answer.outcome, "duplicate");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_small_collection_does_not_vanish_and_one_person_may_go(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let staff = bed.live("users").await?;
    assert_eq!(staff, 5);
    let all = bed.stack.sandbox.company.read().unwrap().users.clone();
    // None is left, two are gone, one is gone.
    for (left, status, expected) in [(0, "warning", 5), (3, "warning", 5), (4, "success", 4)] {
        {
            let mut company = bed.stack.sandbox.company.write().unwrap();
            company.users = all[..left].to_vec();
            company.reindex();
        }
        bed.stack.advance(jiff::SignedDuration::from_hours(24));
        let night = bed.stack.clock.now().to_string();
        let run = bed.sync(&night).await?;
        assert_eq!(run.answer.status, status, "{left} left: {:?}", run.answer);
        assert_eq!(bed.live("users").await?, expected, "{left} left");
        // A refusal is reported, and nothing is built on it.
        let has_succeeded = bed
            .stack
            .take_events()
            .iter()
            .any(|event| event.envelope["detail-type"] == "Gazelle Sync Succeeded");
        assert_eq!(has_succeeded, status == "success");
    }
    assert_eq!(bed.notified(), ["louise", "louise", "nicolas", "nicolas"]);
    Ok(())
}
