//! What the console reads through the database, in the documented shapes, on rows made by real runs.

use e2e::{
    Backend, Bed,
    rpc::{MORNING, USER, actor, ask, frequent, refused, tasks},
    shape::{both, shape},
};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::TaskSpec;

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
    // What no quiet night has: one problem of each kind, explained by the run that failed.
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
    let notified = ask(&bed, "console_run_detail", json!({"p_id": failed["id"], "p_now": MORNING})).await?;
    shapes.insert("run_detail".into(), both(shape(&detail), shape(&notified)));
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
    assert_eq!(notified["status"], "error");
    assert_eq!(notified["incidents"][0]["explained_by_run_id"], failed["id"]);
    assert_eq!(notified["notices"][0]["event_type"], "report.failed");
    assert!(!notified["notices"][0]["deliveries"].as_array().unwrap().is_empty());
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
