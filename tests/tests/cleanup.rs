//! Retention: what is old goes in batches, what is open, unacknowledged or unverified stays.

use e2e::{Backend, Bed};
use gazelle_local::postgrest::Database;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::{Function, TASKS};

const OLD: &str = "2020-01-01T00:00:00Z";
const RECENT: &str = "2026-01-12T00:00:00Z";

fn uuid(number: u32) -> String {
    format!("0c9f7a51-6d5e-4a6a-9a52-{number:012}")
}

/// Fills every table with what may go and with what must stay.
async fn fill(bed: &Bed) -> anyhow::Result<()> {
    let run = |id: u32, task: &str, status: &str, at: &str| {
        json!({"id": uuid(id), "task_name": task, "task_label": task, "status": status, "started_at": at,
               "completed_at": if status == "running" { Value::Null } else { at.into() },
               "lease_expires_at": if status == "running" { json!("2030-01-01T00:00:00Z") } else { Value::Null }})
    };
    bed.put(
        "scheduler_logs",
        json!([
            run(1, "notification_dispatch", "success", "2026-01-01T00:00:00Z"),
            run(2, "notification_dispatch", "success", RECENT),
            run(3, "notification_dispatch", "error", "2026-01-01T00:00:00Z"),
            run(4, "sync_gazelle", "success", "2026-01-01T00:00:00Z"),
            run(5, "sync_gazelle", "success", OLD),
            run(6, "sync_gazelle", "running", OLD),
        ]),
    )
    .await?;
    let delivery = |id: u32, status: &str, problem: u32| {
        json!({"id": uuid(id), "event_type": "sync.failed", "severity": "error", "channel": "slack", "recipient": "louise",
               "fingerprint": problem.to_string(), "status": status, "created_at": OLD, "next_attempt_at": "2030-01-01T00:00:00Z"})
    };
    bed.put(
        "notification_deliveries",
        json!([
            delivery(11, "sent", 11),
            delivery(12, "failed", 12),
            delivery(13, "pending", 13),
            delivery(14, "unknown", 14),
            // Who heard of an incident, or of an anomaly, that is still open.
            delivery(15, "sent", 142),
            delivery(16, "sent", 42),
        ]),
    )
    .await?;
    let set_aside = |id: &str, resolved: Value| json!({"collection": "clients", "external_id": id, "reason": "x", "resolved_at": resolved});
    bed.put("sync_quarantine", json!([set_aside("a", OLD.into()), set_aside("b", Value::Null)])).await?;
    bed.put("assets", json!([{"id": 1, "name": "Camion", "category": "véhicule"}])).await?;
    bed.put("maintenances", json!([{"id": 1, "asset_id": 1, "scheduled_date": "2020-01-01"}])).await?;
    let alert = |id: u32, is_active: bool, is_read: bool, is_dismissed: bool| {
        json!({"id": id, "fingerprint": id.to_string(), "asset_id": 1, "maintenance_id": 1, "alert_type": "MAINTENANCE_LATE",
               "message": "x", "is_active": is_active, "is_read": is_read, "is_dismissed": is_dismissed,
               "resolved_at": if is_active { Value::Null } else { OLD.into() }, "created_at": OLD, "updated_at": OLD})
    };
    bed.put(
        "alerts",
        json!([
            alert(1, false, true, false),
            alert(2, false, false, false),
            alert(3, true, true, false),
            // Its maintenance is still open: without the row it would alert again.
            alert(4, false, false, true),
        ]),
    )
    .await?;
    let unconfirmed = |id: u32, acknowledged: bool| {
        json!({"id": id, "kind": "unconfirmed", "appointment_external_id": id.to_string(), "technician_id": "usr",
               "appointment_date": "2020-01-01", "acknowledged": acknowledged, "updated_at": OLD})
    };
    bed.put("alert_logs", json!([unconfirmed(1, true), unconfirmed(2, false)])).await?;
    let humid = |id: u32, resolved: bool| {
        json!({"id": uuid(id), "timeline_entry_id": id.to_string(), "alert_type": "housse", "description": "x",
               "is_resolved": resolved, "observed_at": OLD, "updated_at": OLD})
    };
    bed.put("humidity_alerts", json!([humid(21, true), humid(22, false)])).await?;
    let anomaly = |id: u32, status: &str| {
        json!({"id": uuid(id), "category": "cash", "type": "cash_variance", "severity": "high", "fingerprint": id.to_string(),
               "first_seen_at": OLD, "last_seen_at": OLD, "opened_at": OLD, "status": status,
               "resolved_at": if status == "open" { Value::Null } else { OLD.into() }})
    };
    bed.put("anomalies", json!([anomaly(41, "resolved"), anomaly(42, "open")])).await?;
    let recommendation = |id: u32, status: &str| {
        json!({"id": uuid(id), "type": "cash_control", "priority": "high", "title": "x", "description": "x",
               "evidence_key": "x", "period_days": 7, "first_seen_at": OLD, "last_seen_at": OLD, "due_date": "2020-01-08",
               "status": status, "decided_at": if status == "open" { Value::Null } else { OLD.into() }})
    };
    bed.put("recommendations", json!([recommendation(51, "ignored"), recommendation(52, "open")])).await?;
    let sign_in = |id: u32, at: &str, success: bool| json!({"id": id, "user_hash": "x", "address_hash": "y", "success": success, "created_at": at});
    // Refused ones go sooner.
    let autumn = "2025-11-15T06:00:00Z";
    let sign_ins = [
        sign_in(61, OLD, true),
        sign_in(62, RECENT, true),
        sign_in(63, autumn, true),
        sign_in(64, autumn, false),
    ];
    bed.put("login_history", json!(sign_ins)).await?;
    let signed_in = |id: &str, until: &str| {
        json!({"id_hash": id, "user_id": "x", "email": "x", "role": "admin", "refresh_token": "x", "created_at": OLD,
               "expires_at": until, "last_seen_at": OLD, "checked_at": OLD})
    };
    let sessions = json!([signed_in("a", OLD), signed_in("b", "2026-01-15T12:00:00Z")]);
    bed.put("console_sessions", sessions).await?;
    let change = |id: u32, at: &str| json!({"id": uuid(id), "at": at, "user_id": "x", "email": "x", "action": "task.paused", "subject": "backup"});
    bed.put("audit_log", json!([change(81, OLD), change(82, RECENT)])).await?;
    let window = json!({"key": "x", "window_started_at": OLD, "window_ends_at": OLD, "count": 1});
    bed.put("rate_limits", json!([window])).await?;
    fill_logs(bed).await?;
    let session =
        json!([{"id": uuid(71), "operator_id": "a", "status": "CLOSED", "opened_at": OLD, "closed_at": OLD}]);
    bed.put("cash_sessions", session).await?;
    let copy = |id: u32, status: &str, removed: Value| {
        json!({"id": uuid(id), "run_id": uuid(id), "kind": "supabase", "location": id.to_string(), "status": status,
               "started_at": OLD, "created_at": OLD, "removed_at": removed})
    };
    bed.put(
        "backups",
        json!([
            copy(31, "verified", OLD.into()),
            copy(32, "verified", Value::Null),
            copy(33, "failed", Value::Null),
            copy(34, "inconclusive", Value::Null)
        ]),
    )
    .await
}

/// What the tasks write down while they work: of each an old row that may go, and others that stay.
async fn fill_logs(bed: &Bed) -> anyhow::Result<()> {
    let sync = |id: u32, status: &str, at: &str| json!({"id": uuid(id), "script_name": "x", "status": status, "created_at": at});
    let syncs = json!([sync(101, "success", OLD), sync(102, "running", OLD), sync(103, "success", RECENT)]);
    bed.put("sync_logs", syncs).await?;
    let event = |id: u32, published: Value| {
        json!({"id": uuid(id), "run_id": uuid(4), "source": "x", "detail_type": "x", "detail": {}, "part": id,
               "created_at": OLD, "published_at": published, "next_attempt_at": "2030-01-01T00:00:00Z"})
    };
    bed.put(
        "event_outbox",
        json!([event(111, OLD.into()), event(112, Value::Null), event(113, RECENT.into())]),
    )
    .await?;
    let call = |id: u32, at: &str| json!({"id": id, "feature": "x", "model": "y", "success": true, "created_at": at});
    bed.put("ai_events", json!([call(121, OLD), call(122, RECENT)])).await?;
    let drill = |id: u32, at: &str| json!({"id": uuid(id), "run_id": uuid(id), "location": "x", "status": "passed", "created_at": at});
    bed.put("restore_drills", json!([drill(131, OLD), drill(132, RECENT)])).await?;
    let alarm = |name: &str, at: &str| json!({"alarm_name": name, "state": "OK", "changed_at": at, "received_at": at});
    bed.put("alarm_events", json!([alarm("a", OLD), alarm("b", RECENT)])).await?;
    let incident = |id: u32, closed: Value| {
        json!({"id": uuid(id), "kind": "availability", "subject": "x", "label": "x", "severity": "error",
               "fingerprint": id.to_string(), "opened_at": OLD, "closed_at": closed})
    };
    bed.put(
        "incidents",
        json!([incident(141, OLD.into()), incident(142, Value::Null), incident(143, RECENT.into())]),
    )
    .await?;
    let check = |id: u32, at: &str| json!({"id": id, "target": "x", "ok": true, "checked_at": at});
    bed.put("monitor_checks", json!([check(151, OLD), check(152, RECENT)])).await?;
    let notice = |id: u32, seen: &str| {
        json!({"fingerprint": id.to_string(), "event_type": "sync.failed", "severity": "error", "opened_at": OLD,
               "last_seen_at": seen})
    };
    bed.put("notices", json!([notice(161, OLD), notice(162, RECENT), notice(142, OLD)])).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_and_what_is_open_stays(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    fill(&bed).await?;
    let expected = json!({
        "runs_frequent": 1, "runs": 1, "sync_logs": 1, "deliveries": 3, "events": 1, "quarantine": 1,
        "maintenance_alerts": 1, "appointment_alerts": 1, "humidity_alerts": 1, "ai_events": 1, "backups": 3,
        "restore_drills": 1, "anomalies": 1, "recommendations": 1, "login_history": 1, "login_failures": 1,
        "alarm_events": 1,
        "incidents": 1, "monitor_checks": 1, "notices": 1, "console_sessions": 1, "audit_log": 1, "rate_limits": 1,
    });
    let preview = bed
        .stack
        .invoke(Function::Cleanup, &json!({"task": "cleanup", "parameters": {"dry_run": true}}))
        .await?;
    assert_eq!(preview.answer.stats["deleted"], expected, "{:?}", preview.answer);
    assert_eq!(bed.stack.rows("alerts", "id", "id").await?.len(), 4, "a dry run deletes nothing");

    let run = bed.run("cleanup", "2026-01-15T09:00:00Z").await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["deleted"], expected);
    let left = async |table: &str, key: &str| -> anyhow::Result<Vec<String>> {
        let rows = bed.stack.rows(table, key, key).await?;
        Ok(rows.iter().map(|row| row[key].to_string().trim_matches('"').to_owned()).collect())
    };
    assert_eq!(left("notification_deliveries", "id").await?, [uuid(13), uuid(15), uuid(16)]);
    assert_eq!(left("sync_quarantine", "external_id").await?, ["b"]);
    assert_eq!(left("alerts", "id").await?, ["2", "3", "4"]);
    assert_eq!(left("alert_logs", "id").await?, ["2"]);
    assert_eq!(left("humidity_alerts", "id").await?, [uuid(22)]);
    assert_eq!(left("backups", "id").await?, [uuid(32)]);
    assert_eq!(left("anomalies", "id").await?, [uuid(42)]);
    assert_eq!(left("recommendations", "id").await?, [uuid(52)]);
    assert_eq!(left("login_history", "id").await?, ["62", "63"]);
    assert_eq!(left("console_sessions", "id_hash").await?, ["b"]);
    assert_eq!(left("audit_log", "id").await?, [uuid(82)]);
    for (table, stays) in [
        ("sync_logs", &[102, 103][..]),
        ("event_outbox", &[112, 113]),
        ("restore_drills", &[132]),
        ("incidents", &[142, 143]),
    ] {
        let stays: Vec<String> = stays.iter().map(|id| uuid(*id)).collect();
        assert_eq!(left(table, "id").await?, stays, "{table}");
    }
    assert_eq!(left("ai_events", "id").await?, ["122"]);
    assert_eq!(left("alarm_events", "alarm_name").await?, ["b"]);
    assert_eq!(left("monitor_checks", "id").await?, ["152"]);
    assert_eq!(left("notices", "fingerprint").await?, ["142", "162"]);
    assert!(left("rate_limits", "key").await?.is_empty());
    assert_eq!(left("cash_sessions", "id").await?, [uuid(71)], "books are kept");
    let runs = left("scheduler_logs", "id").await?;
    for id in [2, 3, 4, 6] {
        assert!(runs.contains(&uuid(id)), "{id}");
    }
    for id in [1, 5] {
        assert!(!runs.contains(&uuid(id)), "{id}");
    }
    let again = bed.run("cleanup", "2026-01-16T09:00:00Z").await?;
    assert_eq!(again.answer.stats["total"], 0);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_bounded_settings_count_and_nonsense_is_not_obeyed(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let events: Vec<Value> = (0..2500)
        .map(|_| json!({"feature": "x", "model": "y", "success": true, "created_at": "2025-12-01T00:00:00Z"}))
        .collect();
    bed.put("ai_events", json!(events)).await?;
    let keep = async |days: Value| {
        let change = json!({"value": days}).to_string();
        bed.stack
            .write(bed.stack.observer.from("settings").eq("key", "retention.ai_events").update(change))
            .await
    };
    for nonsense in [json!(-5), json!("all"), json!(0)] {
        keep(nonsense).await?;
        let run = bed.stack.invoke(Function::Cleanup, &json!({})).await?;
        assert_eq!(run.answer.stats["deleted"]["ai_events"], 0);
    }
    keep(json!(30)).await?;
    let before = bed.stack.traffic.of("supabase");
    let run = bed.stack.invoke(Function::Cleanup, &json!({})).await?;
    assert_eq!(run.answer.stats["deleted"]["ai_events"], 2500);
    let kinds = run.answer.stats["deleted"].as_object().unwrap().len() as u64;
    assert_eq!(
        bed.stack.traffic.of("supabase") - before,
        kinds + 2 + 3,
        "three batches of at most a thousand rows"
    );
    Ok(())
}

/// A kind that the database refuses keeps no other from being cleaned.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_is_refused_is_named_and_the_others_go() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    fill(&bed).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    database
        .batch_execute(
            "create function public.refuse_it() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
             create trigger refused before delete on public.ai_events for each row execute function public.refuse_it();
             create trigger refused before delete on public.notices for each row execute function public.refuse_it()",
        )
        .await?;
    let run = bed.run("cleanup", "2026-01-15T09:00:00Z").await?;
    let error = run.answer.error.unwrap();
    assert_eq!((run.answer.status.as_str(), error.kind.as_str()), ("error", "supabase_refused"));
    assert!(error.message.starts_with("ai_events, notices: "), "{}", error.message);
    assert_eq!(bed.stack.rows("ai_events", "id", "id").await?.len(), 2, "nothing of it went");
    assert_eq!(bed.stack.rows("audit_log", "id", "id").await?.len(), 1, "what comes after it did");
    assert_eq!(bed.stack.rows("restore_drills", "id", "id").await?.len(), 1);
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

/// The watcher needs the last success of a task that runs once a week.
#[tokio::test(flavor = "multi_thread")]
async fn no_setting_takes_the_last_success_of_a_weekly_task() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let longest =
        TASKS.iter().filter(|task| task.is_watched()).map(|task| task.newest_success_limit()).max().unwrap();
    let at = |seconds: u64| {
        let now: jiff::Timestamp = "2026-01-15T09:00:00Z".parse().unwrap();
        (now - jiff::SignedDuration::from_secs(seconds.try_into().unwrap())).to_string()
    };
    let run = |id: u32, at: String| json!({"id": uuid(id), "task_name": "weekly_report", "task_label": "x", "status": "success", "started_at": at, "completed_at": at});
    bed.put("scheduler_logs", json!([run(1, at(longest.as_secs())), run(2, at(longest.as_secs() * 3))]))
        .await?;
    // Two days are fewer than the setting takes, and are not obeyed; 15 are the fewest.
    for (days, deleted, left) in [(2, 0, vec![uuid(1), uuid(2)]), (15, 1, vec![uuid(1)])] {
        let settings = bed.stack.observer.from("settings").eq("key", "retention.runs");
        bed.stack.write(settings.update(json!({"value": days}).to_string())).await?;
        let answer = bed.run("cleanup", &format!("2026-01-{days:02}T09:00:00Z")).await?.answer;
        assert_eq!(answer.stats["deleted"]["runs"], deleted, "{days} days: {answer:?}");
        let runs = bed.runs("weekly_report").await?;
        assert_eq!(
            runs.iter().map(|run| run["id"].as_str().unwrap()).collect::<Vec<_>>(),
            left,
            "{days} days"
        );
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_the_time_is_left_for_the_next_night(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    // A second per table, more tables than four fifths of the time have seconds, and time enough to finish after them.
    let slow = std::time::Duration::from_secs(1);
    let bed = Bed::start_with(backend, |options| options.supabase_latency = slow).await?;
    let limit = std::time::Duration::from_secs(15);
    let request = bed.stack.request_id();
    let run = bed.stack.invoke_within(Function::Cleanup, &json!({}), &request, limit).await?;
    assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
    assert!(run.answer.message.unwrap().ends_with("le reste à la prochaine exécution"));
    assert!(bed.notified().is_empty());
    Ok(())
}
