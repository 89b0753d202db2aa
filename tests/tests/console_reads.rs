//! What the console reads and writes through the database, in the documented shapes, on rows made by real runs.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

use e2e::{Backend, Bed, empty_database};
use gazelle_local::{postgrest::Database, supabase};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    supabase::SupabaseError,
    task::{TASKS, TaskSpec},
};

/// Ten past seven on the morning of the bed's night.
const MORNING: &str = "2026-01-15T12:10:00Z";
/// Who clicks.
const USER: &str = "louise@example.com";

async fn ask(bed: &Bed, function: &str, arguments: Value) -> anyhow::Result<Value> {
    bed.stack
        .observer
        .rpc(function, &arguments)
        .await
        .map_err(|error| anyhow::anyhow!("{function} {arguments}: {error:?}"))
}

/// The code with which a call is refused.
async fn refused(bed: &Bed, function: &str, arguments: Value) -> anyhow::Result<String> {
    match bed.stack.observer.rpc::<Value>(function, &arguments).await {
        Err(SupabaseError::Refused { code, .. } | SupabaseError::Data { code, .. }) => Ok(code),
        other => anyhow::bail!("{function} {arguments}: {other:?}"),
    }
}

fn tasks() -> Value {
    TASKS.iter().map(|task| task.name).collect()
}

fn frequent() -> Value {
    TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect()
}

/// Objects whose keys are data: task names, event types, collections.
const MAPS: [&str; 13] = [
    "by_type",
    "by_user",
    "details",
    "evidence",
    "notifications_sent",
    "options",
    "parameters",
    "progress",
    "rows",
    "runs_by_trigger",
    "stats_by_technician",
    "stats_by_user",
    "tables_updated",
];

/// The shape of an answer: the names and kinds of its fields, lists as one element with all that theirs have.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => {
            assert!(text.ends_with('Z'), "an instant without Z: {text}");
            json!("instant")
        }
        Value::String(_) => json!("text"),
        Value::Array(items) => Value::Array(items.iter().map(shape).reduce(both).into_iter().collect()),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::Object(_) if MAPS.contains(&name.as_str()) => (name.clone(), json!("map")),
                // The figures of a run are data; the counts of a list are not.
                Value::Object(inner) if name == "stats" && !inner.contains_key("unresolved") => {
                    (name.clone(), json!("map"))
                }
                _ => (name.clone(), shape(value)),
            })
            .collect(),
    }
}

/// One shape for two values of the same field.
fn both(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(mut left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "two shapes in one list: {left:?} {right:?}");
            for (name, value) in right {
                let merged = both(left[&name].take(), value);
                left.insert(name, merged);
            }
            Value::Object(left)
        }
        (Value::Array(left), Value::Array(right)) => {
            Value::Array(left.into_iter().chain(right).reduce(both).into_iter().collect())
        }
        (left, right) if left == right => left,
        (Value::String(left), Value::String(right)) => {
            let mut kinds: Vec<&str> = left.split(" or ").chain(right.split(" or ")).collect();
            kinds.sort_unstable();
            kinds.dedup();
            json!(kinds.join(" or "))
        }
        // Nothing, or the thing itself.
        (Value::String(kind), thing) | (thing, Value::String(kind)) => {
            assert_eq!(kind, "null");
            thing
        }
        (left, right) => panic!("two kinds in one list: {left} {right}"),
    }
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
    let detail = ask(&bed, "run_detail", json!({"p_id": sync["id"], "p_now": MORNING})).await?;
    let failed = bed.runs("rapport_timeline").await?.pop().unwrap();
    let told = ask(&bed, "run_detail", json!({"p_id": failed["id"], "p_now": MORNING})).await?;
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
    assert_eq!(ask(&bed, "run_detail", nobody).await?, Value::Null);
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
async fn alerts_come_by_urgency_page_by_page_and_what_people_do_is_noted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let now = MORNING;
    let asset = |values: Value| json!({"p_values": values, "p_user": USER, "p_now": now});
    let mut ids = Vec::new();
    for name in ["Camion", "Grue"] {
        let saved = ask(
            &bed,
            "save_asset",
            asset(json!({"name": name, "category": "VEHICULE", "status": "maintenance_required"})),
        )
        .await?;
        assert_eq!(
            (&saved["category"], &saved["qr_code"]),
            (&json!("véhicule"), &json!(format!("ASSET-{}", saved["id"])))
        );
        ids.push(saved["id"].as_i64().unwrap());
    }
    for (day, status) in
        [("2026-01-10", "planifié"), ("2026-01-20", "PLANIFIEE"), ("2026-01-15", "planifiée")]
    {
        let planned = json!({"asset_id": ids[0], "scheduled_date": day, "status": status});
        let saved = ask(&bed, "save_maintenance", asset(planned)).await?;
        assert_eq!(saved["status"], "planifiée");
    }
    bed.run("maintenance_alerts", "2026-01-15T12:05:00Z").await?;
    let mut seen = Vec::new();
    let mut arguments = json!({"p_limit": 1});
    loop {
        let page = ask(&bed, "alerts_page", arguments.clone()).await?;
        seen.extend(page["items"].as_array().unwrap().clone());
        if page["next"].is_null() {
            break;
        }
        arguments["p_cursor"] = page["next"].clone();
    }
    let order: Vec<String> = seen
        .iter()
        .map(|alert| {
            format!("{} {} {}", alert["priority"].as_str().unwrap(), alert["due_date"], alert["days_count"])
        })
        .collect();
    assert_eq!(
        order,
        [
            "CRITICAL \"2026-01-10\" 5",
            "HIGH \"2026-01-15\" 0",
            "HIGH \"2026-01-20\" 5",
            "MEDIUM null null",
            "MEDIUM null null"
        ]
    );
    let whole = ask(&bed, "alerts_page", json!({})).await?;
    assert_eq!(whole["items"], json!(seen));
    let listed = ask(&bed, "maintenance_alerts_list", json!({"p_limit": 2})).await?;
    assert_eq!((listed["alerts"].as_array().unwrap().len(), &listed["count"]), (2, &json!(5)));
    let detailed =
        ask(&bed, "alerts_page", json!({"p_details": true, "p_search": "CAMION", "p_priority": "CRITICAL"}))
            .await?;
    assert_eq!(detailed["items"][0]["asset_name"], "Camion");

    let id = &seen[0]["id"];
    let act = json!({"p_id": id, "p_user": USER, "p_now": now});
    assert_eq!(ask(&bed, "console_read_alert", act.clone()).await?["is_read"], true);
    ask(&bed, "console_read_alert", act.clone()).await?;
    assert_eq!(ask(&bed, "console_dismiss_alert", act).await?["is_dismissed"], true);
    assert_eq!(
        ask(&bed, "console_read_alert", json!({"p_id": 0, "p_user": USER, "p_now": now})).await?,
        Value::Null
    );

    // A piano of the mirror is not deleted; what a person added is, once.
    bed.put(
        "assets",
        json!([{"id": 900001, "external_ref": "ins_1", "name": "Yamaha", "category": "piano"}]),
    )
    .await?;
    let delete = |id: i64| json!({"p_id": id, "p_user": USER, "p_now": now});
    assert_eq!(refused(&bed, "delete_asset", delete(900_001)).await?, "GT010");
    assert_eq!(ask(&bed, "delete_asset", delete(ids[1])).await?["name"], "Grue");
    assert_eq!(ask(&bed, "delete_asset", delete(ids[1])).await?, Value::Null);
    for values in [
        json!({"name": "Avion", "category": "avion"}),
        json!({"category": "piano"}),
        json!({"name": "x", "category": "piano", "nom": "x"}),
        json!({"name": "x", "category": "piano", "acquisition_date": "2026-02-30"}),
        json!({"name": "x", "category": "piano", "current_value": "cher"}),
        json!([]),
    ] {
        assert_eq!(refused(&bed, "save_asset", asset(values)).await?, "GT010");
    }
    let actions: Vec<String> = bed
        .stack
        .rows("audit_log", "actor,action", "id")
        .await?
        .iter()
        .map(|row| format!("{} {}", row["actor"].as_str().unwrap(), row["action"].as_str().unwrap()))
        .collect();
    assert_eq!(
        actions,
        [
            "asset.create",
            "asset.create",
            "maintenance.create",
            "maintenance.create",
            "maintenance.create",
            "alert.read",
            "alert.dismiss",
            "asset.delete"
        ]
        .map(|action| format!("{USER} {action}"))
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_checked_field_by_field_and_audited(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let with = |mut arguments: Value| {
        arguments["p_user"] = USER.into();
        arguments["p_now"] = MORNING.into();
        arguments
    };
    for setting in ask(&bed, "settings_list", json!({})).await?.as_array().unwrap() {
        let again = json!({"p_key": setting["key"], "p_value": setting["value"]});
        assert_eq!(ask(&bed, "save_setting", with(again)).await?["value"], setting["value"], "{setting}");
    }
    assert_eq!(
        bed.stack.rows("settings", "key", "key").await?.len(),
        ask(&bed, "settings_list", json!({})).await?.as_array().unwrap().len(),
        "every setting has its rule"
    );
    assert!(bed.stack.rows("audit_log", "id", "id").await?.is_empty(), "what changed nothing is no change");
    for (key, value) in [
        ("humidity.low", json!(65)),
        ("humidity.low", json!("trente")),
        ("humidity.low", json!(0)),
        ("humidity.all_clients", json!(1)),
        ("retention.runs", json!(1.5)),
        ("retention.runs", json!(0)),
        ("anomaly.cash_high_cents", json!(1)),
        ("gazelle_oauth_token", json!(1)),
    ] {
        assert_eq!(
            refused(&bed, "save_setting", with(json!({"p_key": key, "p_value": value}))).await?,
            "GT010",
            "{key} {value}"
        );
    }
    for (function, arguments) in [
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"recipients": ["bob"]}})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"min_severity": "grave"}})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"quiet_hours": {"from": "22:00"}}})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"escalation": [{"after_minutes": 0}]}})),
        (
            "save_notification_rule",
            json!({"p_values": {"event_type": "sync.failed", "channel": "slack", "recipients": ["allan"]}}),
        ),
        (
            "save_staff",
            json!({"p_key": "allan", "p_values": {"slack_webhook_key": "https://hooks.example/T0/B0/x"}}),
        ),
        ("save_staff", json!({"p_key": "allan", "p_values": {"email": "allan"}})),
        ("delete_staff", json!({"p_key": "allan"})),
        (
            "save_monitor_target",
            json!({"p_name": "site", "p_values": {"label": "Site", "url": "https://u:p@example.com/"}}),
        ),
        ("delete_monitor_target", json!({"p_name": "gazelle"})),
        (
            "save_maintenance_window",
            json!({"p_values": {"starts_at": "2026-01-15T06:00:00Z", "ends_at": "2026-01-15T06:00:00Z"}}),
        ),
        ("save_report_tab", json!({"p_key": "orford", "p_values": {"title": "Vincent"}})),
        (
            "save_institution",
            json!({"p_slug": "x", "p_values": {"name": "X", "options": {"humidity_low": 60, "humidity_high": 40}}}),
        ),
        ("save_cash_register", json!({"p_values": {"name": "A", "variance_limit": 0}})),
    ] {
        assert_eq!(
            refused(&bed, function, with(arguments.clone())).await?,
            "GT010",
            "{function} {arguments}"
        );
    }
    for (function, arguments) in [
        ("save_setting", json!({"p_key": "humidity.low", "p_value": 35})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"enabled": true}})),
        (
            "save_notification_rule",
            json!({"p_id": 1, "p_values": {"enabled": false, "recipients": ["allan", "allan"]}}),
        ),
        (
            "save_staff",
            json!({"p_key": "marie", "p_values": {"first_name": "Marie", "roles": ["technician"]}}),
        ),
        (
            "save_monitor_target",
            json!({"p_name": "site", "p_values": {"label": "Site", "url": "https://example.com/", "expected_status": [200]}}),
        ),
        (
            "save_maintenance_window",
            json!({"p_values": {"target": "site", "starts_at": "2026-01-15T06:00:00Z", "ends_at": "2026-01-15T02:00:00-05:00"}}),
        ),
        ("delete_monitor_target", json!({"p_name": "site"})),
        ("save_report_tab", json!({"p_key": "uqam", "p_values": {"title": "UQAM Musique"}})),
        ("save_institution", json!({"p_slug": "orford", "p_values": {"name": "Orford"}})),
        ("delete_institution", json!({"p_slug": "orford"})),
        ("save_cash_register", json!({"p_values": {"name": "Comptoir", "variance_limit": 500}})),
        ("console_open_cash_session", json!({"p_values": {"initial_amount": 10000}})),
    ] {
        assert!(ask(&bed, function, with(arguments)).await?.is_object(), "{function}");
    }
    let session = ask(&bed, "cash_sessions_page", json!({})).await?["items"][0].clone();
    assert_eq!(session["operator_id"], USER);
    let close = |actual: i64| {
        with(json!({"p_id": session["id"], "p_values": {"total_sales": 500, "actual_amount": actual}}))
    };
    assert_eq!(refused(&bed, "console_close_cash_session", close(9000)).await?, "GT007");
    assert_eq!(ask(&bed, "console_close_cash_session", close(10500)).await?["variance"], 0);
    let tabs = ask(&bed, "report_tabs_list", json!({})).await?;
    assert_eq!(tabs[0]["former_titles"], json!(["UQAM"]), "the sheet is renamed, not made twice");
    let rule = bed.stack.rows("notification_rules", "enabled,recipients,updated_by", "id").await?[0].clone();
    assert_eq!(rule, json!({"enabled": false, "recipients": ["allan"], "updated_by": USER}));
    let audit = bed.stack.rows("audit_log", "action,subject,before,after", "id").await?;
    let told: Vec<&str> = audit.iter().map(|row| row["action"].as_str().unwrap()).collect();
    insta::assert_snapshot!("console_audit", told.join("\n"));
    assert_eq!((&audit[0]["before"], &audit[0]["after"]), (&json!(30), &json!(35)));

    let event = |values: Value| json!({"p_values": values, "p_now": MORNING});
    let call =
        json!({"feature": "humidity", "model": "m", "success": true, "confidence": 0.7, "latency_ms": 120});
    assert_eq!(ask(&bed, "insert_ai_event", event(call)).await?["created_at"], MORNING);
    assert_eq!(refused(&bed, "insert_ai_event", event(json!({"feature": "humidity"}))).await?, "GT010");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn humidity_appointments_and_quarantine_are_listed_and_settled(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let alert = |number: u32, client: &str| {
        json!({"id": format!("00000000-0000-0000-0000-{number:012}"), "timeline_entry_id": format!("tme_{number}"), "client_id": client,
               "piano_id": "ins_1", "alert_type": "housse", "description": "Sans housse", "observed_at": "2026-01-10T12:00:00Z"})
    };
    let institution =
        bed.stack.rows("institutions", "gazelle_client_id", "slug").await?[0]["gazelle_client_id"].clone();
    bed.put(
        "humidity_alerts",
        json!([alert(1, institution.as_str().unwrap()), alert(2, "cli_other"), alert(3, "cli_other")]),
    )
    .await?;
    let act = |id: u32| json!({"p_id": format!("00000000-0000-0000-0000-{id:012}"), "p_user": USER, "p_now": MORNING});
    let mut resolve = act(2);
    resolve["p_notes"] = "Remise".into();
    assert_eq!(ask(&bed, "console_resolve_humidity", resolve).await?["success"], true);
    assert_eq!(ask(&bed, "console_archive_humidity", act(3)).await?["success"], true);
    assert_eq!(ask(&bed, "console_resolve_humidity", act(9)).await?, Value::Null);
    for (function, count) in [
        ("humidity_all", 2),
        ("humidity_unresolved", 1),
        ("humidity_resolved", 1),
        ("humidity_archived", 1),
        ("humidity_institutional", 1),
    ] {
        let answer = ask(&bed, function, json!({})).await?;
        assert_eq!(answer["alerts"].as_array().unwrap().len(), count, "{function}: {answer}");
    }
    assert_eq!(
        ask(&bed, "humidity_stats", json!({})).await?,
        json!({"total_alerts": 2, "unresolved": 1, "resolved": 1, "by_type": {"housse": 2}, "institutional_unresolved": 1})
    );
    assert_eq!(
        ask(&bed, "humidity_measurements", json!({"p_piano_id": "ins_1"})).await?["points"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    let told = |id: u32, status: &str, at: &str| {
        json!({"id": id, "kind": "unconfirmed", "appointment_external_id": format!("evt_{id}"), "technician_id": "usr_1", "technician_name": "Marie",
               "appointment_date": "2026-01-16", "client_phone": "514 555-0199", "technician_email": "marie@example.com", "status": status,
               "triggered_by": "rv_alerts", "created_at": at})
    };
    bed.put(
        "alert_logs",
        json!([
            told(1, "sent", "2026-01-14T21:00:00Z"),
            told(2, "failed", "2026-01-14T21:00:00Z"),
            told(3, "sent", "2025-12-20T21:00:00Z"),
            told(4, "sent", "2025-11-20T21:00:00Z")
        ]),
    )
    .await?;
    let stats = ask(&bed, "appointment_stats", json!({"p_now": MORNING})).await?;
    assert_eq!(
        (
            &stats["total_alerts_sent"],
            &stats["alerts_last_7_days"],
            &stats["alerts_last_30_days"],
            &stats["by_status"]["failed"]
        ),
        (&json!(3), &json!(1), &json!(2), &json!(1))
    );
    let settle = json!({"p_id": "1", "p_user": USER, "p_now": MORNING});
    assert_eq!(
        ask(&bed, "console_acknowledge_appointment", settle).await?,
        json!({"success": true, "id": "1"})
    );
    let pending = ask(&bed, "appointment_pending", json!({"p_technician_id": "usr_1"})).await?;
    assert_eq!(pending["count"], 3);
    let first = ask(&bed, "appointment_history", json!({"p_limit": 2})).await?;
    let rest = ask(&bed, "appointment_history", json!({"p_limit": 2, "p_cursor": first["next"]})).await?;
    assert_eq!((&rest["alerts"][1]["id"], &rest["next"]), (&json!(4), &Value::Null));
    let history = first.to_string();
    assert!(!history.contains("514 555") && !history.contains("marie@"), "{history}");

    bed.put(
        "sync_quarantine",
        json!([{"collection": "clients", "external_id": "cli_1", "reason": "bad date", "payload": "{\"email\": \"client@example.com\"}"}]),
    )
    .await?;
    let aside = ask(&bed, "quarantine_page", json!({"p_open": true})).await?;
    assert_eq!(aside["items"][0]["reason"], "bad date");
    assert!(!aside.to_string().contains("client@"));
    let settle =
        json!({"p_collection": "clients", "p_external_id": "cli_1", "p_user": USER, "p_now": MORNING});
    ask(&bed, "resolve_quarantine", settle).await?;
    assert_eq!(ask(&bed, "quarantine_page", json!({"p_open": true})).await?["items"], json!([]));
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
        json!({"p_id": "00000000-0000-0000-0000-000000000009", "p_user": USER, "p_now": MORNING});
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
