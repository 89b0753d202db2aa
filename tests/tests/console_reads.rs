//! What the console reads through the database, in the documented shapes, on rows made by real runs.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

#[path = "console/api.rs"]
mod api;
#[path = "console/shape.rs"]
mod shape;

use e2e::{Backend, Bed, empty_database};
use gazelle_local::{postgrest::Database, supabase};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::{TASKS, TaskSpec};

use self::{
    api::{MORNING, USER, actor, ask, refused},
    shape::{both, shape},
};

fn tasks() -> Value {
    TASKS.iter().map(|task| task.name).collect()
}

fn frequent() -> Value {
    TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect()
}

/// A company after its nightly chain and the tasks around it, one of which failed.
async fn lived_in(backend: Backend) -> anyhow::Result<Bed> {
    let mut bed = Bed::start(backend).await?;
    bed.listen("maintenance.late", true).await?;
    bed.listen("humidity.alert", true).await?;
    {
        // Tomorrow's appointment, which nobody confirmed.
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let change = json!({
            "start": "2026-01-16T15:00:00Z", "type": "APPOINTMENT", "status": "ACTIVE", "confirmedAt": null,
            "confirmedByClient": false, "user": {"id": "usr_local_000002"}, "client": {"id": "cli_local_000020"},
        });
        for (field, value) in change.as_object().unwrap() {
            company.appointments[0][field] = value.clone();
        }
    }
    let night = bed.stack.nightly(&[], &mut |_| ()).await?;
    assert!(night.runs.iter().all(|run| run.answer.status == "success"), "{:?}", night.runs);
    for (task, time) in [
        ("backup", "2026-01-15T08:00:00Z"),
        ("cleanup", "2026-01-15T09:00:00Z"),
        ("restore_drill", "2026-01-15T10:00:00Z"),
        ("availability", "2026-01-15T12:05:00Z"),
        ("maintenance_alerts", "2026-01-15T12:05:00Z"),
        ("anomalies", "2026-01-15T12:00:00Z"),
        ("weekly_report", "2026-01-15T12:00:00Z"),
        ("rv_alerts", "2026-01-15T21:00:00Z"),
    ] {
        let run = bed.run(task, time).await?;
        assert!(["success", "warning"].contains(&run.answer.status.as_str()), "{task}: {:?}", run.answer);
    }
    bed.stack.break_with(&["google:500".parse().unwrap()]);
    let report = bed.stack.invoke(shared::task::Function::TimelineReport, &json!({})).await?;
    assert_eq!(report.answer.status, "error", "{:?}", report.answer);
    bed.stack.faults.lift();
    bed.put(
        "assets",
        json!([{"id": 900001, "name": "Camion", "category": "véhicule", "status": "maintenance_required"}]),
    )
    .await?;
    bed.run("maintenance_alerts", "2026-01-15T12:06:00Z").await?;
    // What no quiet night has: one trouble of each kind, explained by the run that failed.
    let failed = bed.runs("rapport_timeline").await?.pop().unwrap()["id"].clone();
    let id = "00000000-0000-0000-0000-000000000001";
    bed.put(
        "anomalies",
        json!([{"id": id, "category": "data", "type": "stale", "severity": "high", "fingerprint": "stale:x", "description": "Vieux",
                "first_seen_at": MORNING, "last_seen_at": MORNING, "opened_at": MORNING, "explained_by_run_id": failed}]),
    )
    .await?;
    bed.put(
        "incidents",
        json!([{"id": id, "kind": "missed_run", "subject": "rapport_timeline", "label": "Rapport", "severity": "error",
                "fingerprint": "missed:x", "opened_at": MORNING, "explained_by_run_id": failed}]),
    )
    .await?;
    bed.put(
        "recommendations",
        json!([{"id": id, "type": "sync_monitoring", "priority": "high", "title": "T", "description": "D", "actions": ["A"],
                "evidence_key": "k", "period_days": 30, "first_seen_at": MORNING, "last_seen_at": MORNING, "due_date": "2026-02-01"}]),
    )
    .await?;
    let institution =
        bed.stack.rows("institutions", "gazelle_client_id", "slug").await?[0]["gazelle_client_id"].clone();
    let alert = |number: u32, resolved: bool, archived: bool| {
        json!({"timeline_entry_id": format!("tme_{number}"), "client_id": institution, "piano_id": "ins_1", "alert_type": "TROP_SEC",
               "description": "Trop sec", "observed_at": MORNING, "value": 22.5, "is_resolved": resolved, "archived": archived})
    };
    bed.put("humidity_alerts", json!([alert(1, false, false), alert(2, true, false), alert(3, true, true)]))
        .await?;
    Ok(bed)
}

/// Every answer that has no other filter than a limit.
const LISTS: [(&str, bool); 32] = [
    ("asset_statistics", false),
    ("scheduler_logs_page", false),
    ("runs_page", false),
    ("scheduler_logs_recent", false),
    ("scheduler_logs_stats", true),
    ("sync_logs_recent", false),
    ("sync_logs_stats", true),
    ("system_status", false),
    ("health_anomalies", true),
    ("health_database", true),
    ("anomalies_page", false),
    ("alerts_page", false),
    ("maintenance_alerts_list", false),
    ("alert_stats", false),
    ("assets_page", false),
    ("maintenances_page", false),
    ("humidity_institutional", false),
    ("humidity_all", false),
    ("humidity_unresolved", false),
    ("humidity_resolved", false),
    ("humidity_archived", false),
    ("humidity_stats", false),
    ("appointment_history", false),
    ("appointment_pending", false),
    ("appointment_stats", true),
    ("notification_rules_list", false),
    ("deliveries_page", false),
    ("notices_page", false),
    ("incidents_page", true),
    ("recommendations_page", false),
    ("weekly_reports_page", false),
    ("backups_page", true),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_documented_shape(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = lived_in(backend).await?;
    let mut shapes = serde_json::Map::new();
    for (function, at) in LISTS {
        let arguments = if at { json!({"p_now": MORNING}) } else { json!({}) };
        shapes.insert(function.into(), shape(&ask(&bed, function, arguments).await?));
    }
    for function in ["health_summary", "health_scheduler", "task_nights"] {
        let answer = ask(&bed, function, json!({"p_tasks": tasks(), "p_now": MORNING})).await?;
        shapes.insert(function.into(), shape(&answer));
    }
    let home =
        ask(&bed, "home", json!({"p_tasks": tasks(), "p_frequent_tasks": frequent(), "p_now": MORNING}))
            .await?;
    shapes.insert("home".into(), shape(&home));
    let check =
        ask(&bed, "appointment_check", json!({"p_target_date": "2026-01-16", "p_now": MORNING})).await?;
    shapes.insert("appointment_check".into(), shape(&check));
    for function in
        ["settings_list", "institutions_list", "report_tabs_list", "staff_list", "monitor_targets_list"]
    {
        shapes.insert(function.into(), shape(&ask(&bed, function, json!({})).await?));
    }
    let sync = &bed.runs("sync_gazelle").await?[0];
    let detail = ask(&bed, "console_run_detail", json!({"p_id": sync["id"], "p_now": MORNING})).await?;
    let failed = bed.runs("rapport_timeline").await?.pop().unwrap();
    let told = ask(&bed, "console_run_detail", json!({"p_id": failed["id"], "p_now": MORNING})).await?;
    shapes.insert("run_detail".into(), both(shape(&detail), shape(&told)));
    let week = ask(&bed, "weekly_report", json!({"p_period_start": "2026-01-05"})).await?;
    shapes.insert("weekly_report".into(), shape(&json!({"period_start": week["period_start"], "text": week["text"], "delivery_status": week["delivery_status"], "created_at": week["created_at"]})));
    insta::assert_snapshot!("console_shapes", serde_json::to_string_pretty(&shapes)?);

    // What the shapes are filled with.
    let children: Vec<&str> =
        detail["children"].as_array().unwrap().iter().map(|run| run["task_name"].as_str().unwrap()).collect();
    assert!(children.contains(&"rapport_timeline") && children.contains(&"humidity_alerts"), "{children:?}");
    assert_eq!(home["chain"][0]["id"], sync["id"]);
    assert_eq!(home["good_nights"], 1);
    assert_eq!(home["backup"]["verified"]["kind"], "supabase");
    assert_eq!(home["backup"]["drill"]["status"], "passed");
    assert_eq!(told["status"], "error");
    assert_eq!(told["incidents"][0]["explained_by_run_id"], failed["id"]);
    assert_eq!(told["notices"][0]["event_type"], "report.failed");
    assert!(!told["notices"][0]["deliveries"].as_array().unwrap().is_empty());
    let stats = ask(&bed, "scheduler_logs_stats", json!({"p_now": "2026-01-15T23:00:00Z"})).await?;
    let report = stats["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|task| task["task_name"] == "rapport_timeline")
        .unwrap();
    assert_eq!(
        (&report["total"], &report["error_count"], &report["success_rate"]),
        (&json!(2), &json!(1), &json!(50.0))
    );
    let status = ask(&bed, "system_status", json!({})).await?;
    assert_eq!(status["last_sync_status"], "success");

    // Nothing that is answered holds a client's address, a token or a webhook.
    let clients = bed.stack.rows("gazelle_clients", "email,phone", "external_id").await?;
    let mut everything = String::new();
    for (function, at) in LISTS {
        let arguments = if at { json!({"p_now": MORNING}) } else { json!({}) };
        everything += &ask(&bed, function, arguments).await?.to_string();
    }
    everything += &home.to_string();
    everything += &detail.to_string();
    for client in clients {
        for personal in [client["email"].as_str(), client["phone"].as_str()].into_iter().flatten() {
            assert!(personal.len() < 6 || !everything.contains(personal), "{personal}");
        }
    }
    for secret in ["hooks.slack", "refresh_token", "lease_token", "gazelle_oauth_token"] {
        assert!(!everything.contains(secret), "{secret}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_answers_the_same_shapes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    for (function, at) in LISTS {
        let mut arguments = if at { json!({"p_now": MORNING}) } else { json!({}) };
        let answer = ask(&bed, function, arguments.clone()).await?;
        if function.ends_with("_page") && !["assets_page", "alerts_page"].contains(&function) {
            assert_eq!((&answer["items"], &answer["next"]), (&json!([]), &Value::Null), "{function}");
            for limit in [0, -1, 100_000] {
                arguments["p_limit"] = limit.into();
                assert_eq!(ask(&bed, function, arguments.clone()).await?["items"], json!([]), "{function}");
            }
            arguments["p_cursor"] = "AAAA".into();
            assert_eq!(refused(&bed, function, arguments).await?, "GT011", "{function}");
        }
    }
    let home =
        ask(&bed, "home", json!({"p_tasks": tasks(), "p_frequent_tasks": frequent(), "p_now": MORNING}))
            .await?;
    assert_eq!(home["overall_status"], "healthy");
    assert_eq!((&home["chain"], &home["good_nights"]), (&json!([]), &json!(0)));
    let health = ask(&bed, "health_summary", json!({"p_tasks": tasks(), "p_now": MORNING})).await?;
    assert!(health["anomalies"].as_object().unwrap().values().all(|list| list == &json!([])), "{health}");
    assert_eq!(health["system_health"]["scheduler_running"], false);
    let nobody = json!({"p_id": "00000000-0000-0000-0000-000000000000"});
    assert_eq!(ask(&bed, "console_run_detail", nobody).await?, Value::Null);
    Ok(())
}

/// A finished run, so many seconds after six in the morning.
fn run(number: u32, second: u32, status: &str, message: &str) -> Value {
    json!({
        "id": format!("00000000-0000-0000-0000-{number:012}"), "task_name": "backup", "task_label": "Backup SQL",
        "started_at": format!("2026-01-15T06:{:02}:{:02}Z", second / 60, second % 60), "status": status, "message": message,
        "completed_at": "2026-01-15T07:00:00Z", "duration_seconds": 0, "triggered_by": "scheduler", "triggered_by_user": null,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_walk_by_cursor_meets_every_run_once_even_at_equal_instants(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    // Three runs share each instant; the only success is the oldest of all.
    let rows: Value = (0..60)
        .map(|number| run(number, number / 3, if number == 0 { "success" } else { "error" }, "100 % fait"))
        .collect();
    bed.put("scheduler_logs", rows).await?;
    for limit in [1, 2, 7, 60, 100_000] {
        let mut seen = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let mut arguments = json!({"p_limit": limit});
            if !cursor.is_null() {
                arguments["p_cursor"] = cursor;
            }
            let page = ask(&bed, "scheduler_logs_page", arguments).await?;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 200 && !items.is_empty());
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            cursor = page["next"].clone();
            if cursor.is_null() {
                break;
            }
            assert!(cursor.as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
        let mut expected = seen.clone();
        expected.sort();
        expected.reverse();
        assert_eq!((seen.len(), &seen), (60, &expected), "limit {limit}");
    }
    let recent = ask(&bed, "scheduler_logs_recent", json!({"p_limit": 5})).await?;
    assert_eq!((&recent["count"], &recent["last_success"]), (&json!(5), &json!("2026-01-15T06:00:00Z")));
    assert_eq!(recent["logs"][0]["duration_seconds"], 0, "0 is a value");
    assert_eq!(
        ask(&bed, "scheduler_logs_page", json!({"p_limit": 0})).await?["items"].as_array().unwrap().len(),
        1
    );

    let stats = ask(&bed, "scheduler_logs_stats", json!({"p_now": "2026-01-15T08:00:00Z"})).await?;
    assert_eq!(stats["avg_execution_time"], 0.0);
    assert_eq!((&stats["total_tasks"], &stats["success_rate"]), (&json!(60), &json!(1.7)));
    Ok(())
}

/// Every item of a list, page by page.
async fn walk(bed: &Bed, function: &str, mut arguments: Value) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    loop {
        let page = ask(bed, function, arguments.clone()).await?;
        items.extend(page["items"].as_array().unwrap().clone());
        if page["next"].is_null() {
            return Ok(items);
        }
        arguments["p_cursor"] = page["next"].clone();
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_list_can_be_walked_over_equal_keys(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let id = |number: u32| format!("00000000-0000-0000-0000-{number:012}");
    let at = MORNING;
    let rows = |row: &dyn Fn(u32) -> Value| (1..=5).map(row).collect::<Value>();
    for (function, table, five) in [
        (
            "incidents_page",
            "incidents",
            rows(
                &|n| json!({"id": id(n), "kind": "alarm", "subject": n.to_string(), "label": "x", "severity": "error", "fingerprint": id(n), "opened_at": at}),
            ),
        ),
        (
            "anomalies_page",
            "anomalies",
            rows(
                &|n| json!({"id": id(n), "category": "cash", "type": "x", "severity": "low", "fingerprint": id(n), "first_seen_at": at, "last_seen_at": at, "opened_at": at}),
            ),
        ),
        (
            "recommendations_page",
            "recommendations",
            rows(
                &|n| json!({"id": id(n), "type": "x", "subject": n.to_string(), "priority": "low", "title": "t", "description": "d", "evidence_key": "k", "period_days": 1, "first_seen_at": at, "last_seen_at": at, "due_date": "2026-02-01"}),
            ),
        ),
        (
            "backups_page",
            "backups",
            rows(
                &|n| json!({"id": id(n), "run_id": id(n), "kind": "sqlite", "location": n.to_string(), "status": "verified", "started_at": at, "created_at": at}),
            ),
        ),
        (
            "cash_sessions_page",
            "cash_sessions",
            rows(&|n| json!({"id": id(n), "operator_id": "x", "opened_at": at})),
        ),
        ("assets_page", "assets", rows(&|n| json!({"id": n, "name": "Camion", "category": "véhicule"}))),
        (
            "maintenances_page",
            "maintenances",
            rows(&|n| json!({"id": n, "asset_id": 1, "scheduled_date": null})),
        ),
        (
            "notices_page",
            "notices",
            rows(
                &|n| json!({"fingerprint": id(n), "event_type": "x.y", "severity": "info", "opened_at": at, "last_seen_at": at}),
            ),
        ),
        (
            "deliveries_page",
            "notification_deliveries",
            rows(
                &|n| json!({"id": id(n), "event_type": "x.y", "severity": "info", "channel": "slack", "recipient": "louise", "fingerprint": id(n), "status": "sent"}),
            ),
        ),
        (
            "quarantine_page",
            "sync_quarantine",
            rows(
                &|n| json!({"collection": "clients", "external_id": id(n), "reason": "x", "last_seen_at": at}),
            ),
        ),
        (
            "weekly_reports_page",
            "weekly_reports",
            rows(
                &|n| json!({"period_start": format!("2026-01-0{n}"), "period_end": "2026-01-09", "data": {}, "text": "x", "run_id": id(n)}),
            ),
        ),
    ] {
        bed.put(table, five).await?;
        let arguments = |limit: u32| match function {
            "incidents_page" | "backups_page" => json!({"p_limit": limit, "p_now": at}),
            _ => json!({"p_limit": limit}),
        };
        let whole = walk(&bed, function, arguments(200)).await?;
        assert_eq!(whole.len(), 5, "{function}");
        for limit in [1, 2] {
            assert_eq!(walk(&bed, function, arguments(limit)).await?, whole, "{function} by {limit}");
        }
    }
    // Filters.
    for (function, filter, count) in [
        (
            "deliveries_page",
            json!({"p_status": "sent", "p_channel": "slack", "p_recipient": "louise", "p_event_type": "x.y"}),
            5,
        ),
        ("deliveries_page", json!({"p_status": "failed"}), 0),
        ("incidents_page", json!({"p_open": true, "p_kind": "alarm", "p_subject": "3", "p_now": at}), 1),
        ("incidents_page", json!({"p_open": false, "p_now": at}), 0),
        ("anomalies_page", json!({"p_status": "open", "p_category": "cash", "p_severity": "low"}), 5),
        ("recommendations_page", json!({"p_status": "done"}), 0),
        ("assets_page", json!({"p_category": "VEHICULE", "p_search": "cam"}), 5),
        ("notices_page", json!({"p_open": true}), 5),
    ] {
        let items = ask(&bed, function, filter.clone()).await?["items"].as_array().unwrap().len();
        assert_eq!(items, count, "{function} {filter}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn filters_take_text_literally_and_frequent_successes_are_left_out(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let mut tick = run(1, 10, "success", "rien");
    tick["task_name"] = "availability".into();
    let mut asked = run(2, 20, "success", "à la main");
    asked["task_name"] = "availability".into();
    asked["triggered_by"] = "manual".into();
    asked["triggered_by_user"] = "Louise@example.com".into();
    let mut queued = run(3, 30, "queued", "");
    queued["completed_at"] = Value::Null;
    bed.put("scheduler_logs", json!([tick, asked, queued, run(4, 40, "error", "100 % d'échecs_ici\\")]))
        .await?;
    let count = async |filter: Value| -> anyhow::Result<usize> {
        let mut arguments = json!({"p_frequent_tasks": frequent()});
        arguments.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        Ok(ask(&bed, "scheduler_logs_page", arguments).await?["items"].as_array().unwrap().len())
    };
    assert_eq!(count(json!({})).await?, 3);
    assert_eq!(count(json!({"p_include_frequent": true})).await?, 4);
    assert_eq!(count(json!({"p_task": "availability"})).await?, 1);
    assert_eq!(count(json!({"p_status": "running"})).await?, 1, "the queue is shown as running");
    assert_eq!(count(json!({"p_triggered_by": "manual", "p_user": "louise@example.com"})).await?, 1);
    assert_eq!(count(json!({"p_from": "2026-01-15T06:00:30Z", "p_until": "2026-01-15T06:00:40Z"})).await?, 1);
    for (search, expected) in [
        ("%", 1),
        ("_", 1),
        ("\\", 1),
        ("100 % D'ÉCHECS", 1),
        ("', '') or true --", 0),
        ("$$", 0),
        ("*", 0),
        ("   ", 3),
    ] {
        assert_eq!(count(json!({"p_search": search})).await?, expected, "{search}");
    }
    let old = ask(&bed, "scheduler_logs_page", json!({"p_status": "running"})).await?;
    let real = ask(&bed, "runs_page", json!({"p_status": "running"})).await?;
    assert_eq!(
        (&old["items"][0]["status"], &real["items"][0]["status"]),
        (&json!("running"), &json!("queued"))
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn health_follows_severity_and_required_targets(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let anomaly = |number: u32, severity: &str| {
        json!({"id": format!("00000000-0000-0000-0000-{number:012}"), "category": "cash", "type": "cash_variance", "severity": severity, "fingerprint": format!("cash:{number}"),
               "first_seen_at": MORNING, "last_seen_at": MORNING, "opened_at": MORNING})
    };
    let incident = |target: &str| {
        json!({"id": "00000000-0000-0000-0000-000000000009", "kind": "availability", "subject": target, "label": target, "severity": "error",
               "fingerprint": "down", "opened_at": MORNING})
    };
    let overall = async || -> anyhow::Result<(Value, Value, Value)> {
        let health = ask(&bed, "health_summary", json!({"p_tasks": tasks(), "p_now": MORNING})).await?;
        let state = &health["system_health"];
        Ok((
            state["overall_status"].clone(),
            state["anomalies_detected"].clone(),
            state["critical_anomalies"].clone(),
        ))
    };
    bed.put("anomalies", json!([anomaly(1, "medium"), anomaly(2, "medium")])).await?;
    assert_eq!(overall().await?, (json!("healthy"), json!(2), json!(0)));
    bed.put("anomalies", json!([anomaly(3, "high")])).await?;
    assert_eq!(overall().await?, (json!("degraded"), json!(3), json!(0)));
    bed.put("incidents", json!([incident("slack")])).await?;
    assert_eq!(overall().await?.0, "degraded", "nothing stands still without Slack");
    bed.put("incidents", json!([incident("gazelle")])).await?;
    assert_eq!(overall().await?.0, "critical");
    bed.put("incidents", json!([{"id": "00000000-0000-0000-0000-000000000009", "kind": "availability", "subject": "gazelle", "label": "Gazelle", "severity": "error", "fingerprint": "down", "opened_at": MORNING, "closed_at": MORNING}])).await?;
    bed.put("anomalies", json!([anomaly(4, "critical")])).await?;
    assert_eq!(overall().await?, (json!("critical"), json!(4), json!(1)));

    let acknowledged =
        json!({"p_id": "00000000-0000-0000-0000-000000000009", "p_actor": actor(), "p_now": MORNING});
    assert_eq!(ask(&bed, "console_acknowledge_incident", acknowledged).await?["acknowledged_by"], USER);
    let spec = TaskSpec::named("backup").unwrap();
    bed.put(
        "task_states",
        json!([{"task_name": spec.name, "paused": true, "paused_by": USER, "paused_at": MORNING}]),
    )
    .await?;
    let scheduler = ask(&bed, "health_scheduler", json!({"p_tasks": [spec.name], "p_now": MORNING})).await?;
    let task = &scheduler["scheduler"]["tasks"][0];
    assert_eq!(
        (&task["enabled"], &task["paused_by"], &task["last_run"]),
        (&json!(false), &json!(USER), &Value::Null)
    );
    Ok(())
}

/// Four hundred days of runs as retention keeps them, and ten thousand active alerts.
const YEARS: &str = "
    insert into scheduler_logs (task_name, task_label, started_at, completed_at, status, triggered_by)
    select t.name, t.name, at, at, case when extract(day from at) = 1 then 'error' else 'success' end, 'scheduler'
    from (values ('maintenance_alerts', interval '5 min', 9), ('availability', interval '5 min', 9),
                 ('notification_dispatch', interval '5 min', 9), ('sync_gazelle', interval '1 day', 400),
                 ('rapport_timeline', interval '1 day', 400), ('backup', interval '1 day', 400)) t (name, step, days),
         generate_series(timestamptz '2026-01-15T12:00:00Z' - make_interval(days => t.days), '2026-01-15T12:00:00Z', t.step) at;
    insert into alerts (fingerprint, alert_type, priority, message, due_date, days_count)
    select 'f' || i, 'MAINTENANCE_LATE', (array['CRITICAL', 'HIGH', 'MEDIUM'])[1 + i % 3], 'Piano ' || i, date '2026-01-01' + i % 9, 1
    from generate_series(1, 10000) i;
    analyze;";

/// Rows of a table that a statement touches, by whole reads of the table and by index.
async fn touched(
    client: &tokio_postgres::Client,
    table: &str,
    statement: &str,
) -> anyhow::Result<(i64, i64)> {
    let counts = async || -> anyhow::Result<(i64, i64)> {
        let counters = "select coalesce(seq_tup_read, 0), coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relname = $1::text";
        let row = client.query_one(counters, &[&table]).await?;
        Ok((row.get(0), row.get(1)))
    };
    client.batch_execute("begin").await?;
    // What was not yet published of the statements before counts too.
    let before = counts().await?;
    client.query(statement, &[]).await?;
    let after = counts().await?;
    client.batch_execute("rollback").await?;
    Ok((after.0 - before.0, after.1 - before.1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_its_own_rows_whatever_the_age_of_the_log() -> anyhow::Result<()> {
    let url = empty_database().await?;
    supabase::migrate(&url).await?;
    let client = Database::connect(&url).await?;
    client.batch_execute(YEARS).await?;
    let (whole, by_index) = touched(&client, "alerts", "select alerts_page()").await?;
    assert_eq!(whole, 0);
    assert!((201..=210).contains(&by_index), "{by_index}");
    let next: String = client.query_one("select alerts_page(500) ->> 'next'", &[]).await?.get(0);
    let page = format!("select alerts_page(p_cursor => '{next}')");
    let (whole, by_index) = touched(&client, "alerts", &page).await?;
    assert_eq!(whole, 0);
    assert!((201..=210).contains(&by_index), "{by_index}");

    let frequent = "array['maintenance_alerts', 'availability', 'notification_dispatch']";
    let (whole, by_index) = touched(
        &client,
        "scheduler_logs",
        &format!("select scheduler_logs_page(20, p_frequent_tasks => {frequent})"),
    )
    .await?;
    assert_eq!(whole, 0);
    // Seven days of ticks lie between twenty nightly runs.
    assert!((21..=6200).contains(&by_index), "{by_index}");
    for filter in [
        "p_include_frequent => true",
        "p_task => 'backup'",
        "p_status => 'success', p_task => 'sync_gazelle'",
    ] {
        let page = format!("select scheduler_logs_page(20, p_frequent_tasks => {frequent}, {filter})");
        let (whole, by_index) = touched(&client, "scheduler_logs", &page).await?;
        assert_eq!(whole, 0, "{filter}");
        // At most the runs of one daily task.
        assert!((21..=402).contains(&by_index), "{filter}: {by_index}");
    }
    let home = format!(
        "select home({frequent} || array['backup', 'sync_gazelle'], {frequent}, '2026-01-15T12:10:00Z')"
    );
    let (whole, _) = touched(&client, "scheduler_logs", &home).await?;
    assert_eq!(whole, 0);
    Ok(())
}
