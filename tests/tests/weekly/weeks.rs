//! Two weeks to tell of: a quiet one, and one in which everything happens.

use e2e::{Bed, NIGHT};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

/// An id.
pub fn uuid(number: u32) -> String {
    format!("7d1b2c90-52f4-4c1e-8a37-{number:012}")
}

/// The week before: a log as the runs of that week left it.
pub async fn quiet_week(bed: &Bed) -> anyhow::Result<()> {
    let monday: Timestamp = "2026-01-05T06:00:00Z".parse()?;
    let mut runs = Vec::new();
    for night in 0..7_u32 {
        let at = (monday + i64::from(24 * night).hours()).to_string();
        let counts = json!({"inserted": night, "updated": 2, "unchanged": 100, "deleted": 0});
        let run = |id: u32, task: &str, label: &str, ms: u32| {
            json!({"id": uuid(id), "task_name": task, "task_label": label, "status": "success", "started_at": at,
                   "completed_at": at, "duration_ms": ms, "stats": {"collections": {"clients": counts}}})
        };
        runs.push(run(100 + night, "sync_gazelle", "Sync Gazelle Totale", 21_000 + night));
        runs.push(run(200 + night, "backup", "Backup SQL", 40_000));
        runs.extend((0..30).map(|tick| {
            run(1000 + 100 * night + tick, "notification_dispatch", "Envoi des notifications", 300)
        }));
    }
    bed.put("scheduler_logs", json!(runs)).await?;
    bed.put("cash_sessions", json!([cash(1, "2026-01-06T15:00:00Z", 100_000)])).await
}

/// A cash session.
pub fn cash(id: u32, opened_at: &str, cents: i64) -> Value {
    json!({"id": uuid(id), "operator_id": uuid(1), "site_id": uuid(2), "status": "CLOSED", "opened_at": opened_at,
           "closed_at": opened_at, "total_sales": cents, "total_items": 5})
}

/// What the company did in the week: two appointments and one that was cancelled, work on one piano, a problem that
/// was settled and one that was not.
fn company_work(bed: &Bed) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let client = json!("cli_local_000002");
    let piano = company.pianos.iter().find(|piano| piano["client"]["id"] == client).unwrap()["id"].clone();
    for (at, (status, kind, start)) in [
        ("ACTIVE", "APPOINTMENT", "2026-01-12T14:00:00Z"),
        ("COMPLETE", "APPOINTMENT", "2026-01-19T03:30:00Z"),
        ("CANCELED", "APPOINTMENT", "2026-01-14T14:00:00Z"),
        ("ACTIVE", "PERSONAL", "2026-01-14T14:00:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let change =
            json!({"status": status, "type": kind, "start": start, "user": {"id": "usr_local_000002"}});
        for (field, value) in change.as_object().unwrap() {
            company.appointments[at][field] = value.clone();
        }
    }
    let note = |id: u32, at: &str, text: &str| {
        json!({"id": format!("tme_local_{id}"), "occurredAt": at, "type": "SERVICE_ENTRY_MANUAL", "summary": "Accord",
               "comment": text, "duration": null, "relatedId": null, "relatedType": null, "client": {"id": client},
               "piano": {"id": piano}, "user": {"id": "usr_local_000001"}, "invoice": null, "estimate": null})
    };
    company.timeline = vec![
        note(1, "2026-01-13T15:00:00Z", "PLS débranché, housse enlevée"),
        note(2, "2026-01-14T15:00:00Z", "PLS rebranché"),
    ];
    company.reindex();
}

/// The week itself: the night's chain, a night on which Gazelle fails, and everything else that runs.
pub async fn eventful_week(bed: &mut Bed) -> anyhow::Result<()> {
    let day = SignedDuration::from_hours(24);
    company_work(bed);
    let planned = |status: &str| json!([{"id": 9000, "asset_id": 9000, "scheduled_date": "2026-01-01", "status": status}]);
    bed.put("assets", json!([{"id": 9000, "name": "Camion", "category": "véhicule"}])).await?;
    bed.put("maintenances", planned("planifiée")).await?;
    assert_eq!(bed.sync(NIGHT).await?.answer.status, "success");
    bed.stack.deliver_events().await?;
    bed.put("maintenances", planned("complétée")).await?;
    bed.run("maintenance_alerts", "2026-01-15T07:00:00Z").await?;
    assert_eq!(bed.run("rv_alerts", "2026-01-15T21:00:00Z").await?.answer.status, "success");
    assert_eq!(bed.run("backup", "2026-01-15T08:00:00Z").await?.answer.status, "success");
    assert_eq!(bed.run("cleanup", "2026-01-15T09:00:00Z").await?.answer.status, "success");
    assert_eq!(bed.run("restore_drill", "2026-01-15T10:00:00Z").await?.answer.status, "success");

    bed.stack.advance(day);
    bed.stack.break_with(&["gazelle:500".parse().unwrap()]);
    assert_eq!(bed.sync("2026-01-16T06:00:00Z").await?.answer.status, "error");
    bed.stack.break_with(&[]);
    bed.stack.advance(day);
    assert_eq!(bed.sync("2026-01-17T06:00:00Z").await?.answer.status, "success");
    bed.stack.deliver_events().await?;
    bed.run("notification_dispatch", "2026-01-17T07:00:00Z").await?;

    let incident = |id: u32, kind: &str, opened: &str, closed: Value| {
        json!({"id": uuid(id), "kind": kind, "subject": id.to_string(), "label": id.to_string(), "severity": "error",
               "fingerprint": id.to_string(), "opened_at": opened, "closed_at": closed})
    };
    bed.put(
        "incidents",
        json!([
            // From the week before; one within another; one that is still open; one that is over before the week.
            incident(1, "availability", "2026-01-12T04:00:00Z", json!("2026-01-12T05:10:00Z")),
            incident(2, "availability", "2026-01-14T12:00:00Z", json!("2026-01-14T12:30:00Z")),
            incident(3, "availability", "2026-01-14T12:10:00Z", json!("2026-01-14T12:20:00Z")),
            incident(4, "availability", "2026-01-19T04:45:00Z", Value::Null),
            incident(5, "availability", "2026-01-11T04:00:00Z", json!("2026-01-11T05:00:00Z")),
            incident(6, "missed_run", "2026-01-13T12:00:00Z", Value::Null),
        ]),
    )
    .await?;
    let anomaly = |id: u32, severity: &str, seen: &str, resolved: Value| {
        json!({"id": uuid(id), "category": "sync", "type": "repeated", "severity": severity, "fingerprint": id.to_string(),
               "first_seen_at": seen, "last_seen_at": seen, "opened_at": seen, "status": if resolved.is_null() { "open" } else { "resolved" },
               "resolved_at": resolved})
    };
    bed.put(
        "anomalies",
        json!([
            anomaly(1, "high", "2026-01-13T12:00:00Z", json!("2026-01-14T12:00:00Z")),
            anomaly(2, "medium", "2026-01-13T12:00:00Z", Value::Null),
            anomaly(3, "medium", "2026-01-06T12:00:00Z", json!("2026-01-13T12:00:00Z")),
        ]),
    )
    .await?;
    bed.put(
        "cash_sessions",
        json!([cash(2, "2026-01-12T15:00:00Z", 98_750), cash(3, "2026-01-18T20:00:00Z", 24_700)]),
    )
    .await?;
    let login = |user: &str, success: bool, at: &str| json!({"user_hash": user, "address_hash": "x", "success": success, "created_at": at});
    bed.put(
        "login_history",
        json!([
            login("a", true, "2026-01-13T12:00:00Z"),
            login("a", true, "2026-01-14T12:00:00Z"),
            login("b", true, "2026-01-14T12:00:00Z"),
            login("c", false, "2026-01-14T12:00:00Z"),
            login("d", true, "2026-01-19T05:00:00Z"),
        ]),
    )
    .await?;
    let call = |success: bool, confidence: Value| {
        json!({"feature": "humidity", "model": "x", "success": success, "confidence": confidence,
               "created_at": "2026-01-14T12:00:00Z"})
    };
    bed.put("ai_events", json!([call(true, json!(0.9)), call(true, json!(0.7)), call(false, Value::Null)]))
        .await
}

/// Gives what was measured on the clock the values of a document: the report itself is not touched.
pub async fn still_clocks(bed: &Bed) -> anyhow::Result<()> {
    let write = async |table: &str, key: &str, value: &Value, change: Value| {
        let rows = bed.stack.observer.from(table).eq(key, value.as_str().unwrap());
        bed.stack.write(rows.update(change.to_string())).await
    };
    for run in bed.stack.rows("scheduler_logs", "id,task_name,scheduled_for", "id").await? {
        let at = &run["scheduled_for"];
        if at.is_null() {
            continue;
        }
        let ms = 1000 * (1 + run["task_name"].as_str().unwrap().len());
        let change = json!({"started_at": at, "completed_at": at, "duration_ms": ms});
        write("scheduler_logs", "id", &run["id"], change).await?;
    }
    for copy in bed.stack.rows("backups", "id", "id").await? {
        let at = "2026-01-18T08:00:00Z";
        write("backups", "id", &copy["id"], json!({"started_at": at, "created_at": at})).await?;
    }
    for drill in bed.stack.rows("restore_drills", "id", "id").await? {
        let change = json!({"created_at": "2026-01-18T10:00:00Z", "rto_seconds": 12.5});
        write("restore_drills", "id", &drill["id"], change).await?;
    }
    Ok(())
}
