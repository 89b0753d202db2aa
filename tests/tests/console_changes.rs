//! What people change through the console: checked field by field, and noted.

use e2e::{
    Backend, Bed,
    rpc::{MORNING, USER, actor, ask, refused},
};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn alerts_come_by_urgency_page_by_page_and_what_people_do_is_noted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let now = MORNING;
    let asset = |values: Value| json!({"p_values": values, "p_actor": actor(), "p_now": now});
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
    let act = json!({"p_id": id, "p_actor": actor(), "p_now": now});
    assert_eq!(ask(&bed, "console_read_alert", act.clone()).await?["is_read"], true);
    ask(&bed, "console_read_alert", act.clone()).await?;
    assert_eq!(ask(&bed, "console_dismiss_alert", act).await?["is_dismissed"], true);
    assert_eq!(
        ask(&bed, "console_read_alert", json!({"p_id": 0, "p_actor": actor(), "p_now": now})).await?,
        Value::Null
    );

    // A piano of the mirror is not deleted; what a person added is, once.
    bed.put(
        "assets",
        json!([{"id": 900001, "external_ref": "ins_1", "name": "Yamaha", "category": "piano"}]),
    )
    .await?;
    let delete = |id: i64| json!({"p_id": id, "p_actor": actor(), "p_now": now});
    assert_eq!(refused(&bed, "delete_asset", delete(900_001)).await?, "GT010");
    assert_eq!(ask(&bed, "delete_asset", delete(ids[1])).await?["name"], "Grue");
    assert_eq!(ask(&bed, "delete_asset", delete(ids[1])).await?, Value::Null);
    // What depends on the row has words for people; what a form checks by itself is refused all the same.
    for (values, code) in [
        (json!({"name": "Avion", "category": "avion"}), "GT010"),
        (json!({"category": "piano"}), "GT010"),
        (json!({"name": "x", "category": "piano", "acquisition_date": "2026-02-30"}), "22008"),
        (json!({"name": "x", "category": "piano", "current_value": "cher"}), "22P02"),
        (json!({"name": "x", "category": "piano", "current_value": -1}), "23514"),
        (json!([]), "22023"),
    ] {
        assert_eq!(refused(&bed, "save_asset", asset(values.clone())).await?, code, "{values}");
    }
    let actions: Vec<String> = bed
        .stack
        .rows("audit_log", "email,action", "seq")
        .await?
        .iter()
        .map(|row| format!("{} {}", row["email"].as_str().unwrap(), row["action"].as_str().unwrap()))
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
        arguments["p_actor"] = actor();
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
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"quiet_hours": {"from": "22:00"}}})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"escalation": [{"after_minutes": 0}]}})),
        (
            "save_notification_rule",
            json!({"p_values": {"event_type": "sync.failed", "channel": "slack", "recipients": ["allan"]}}),
        ),
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
        ("save_report_tab", json!({"p_key": "orford", "p_values": {"title": "uqam"}})),
        ("save_report_tab", json!({"p_key": "orford", "p_values": {"title": " PLACE  des arts"}})),
        ("save_report_tab", json!({"p_key": "uqam", "p_values": {"title": "VINCENT D'INDY"}})),
        ("save_report_tab", json!({"p_key": "orford", "p_values": {"title": "~ EN PRÉPARATION: Orford"}})),
        (
            "save_institution",
            json!({"p_slug": "x", "p_values": {"name": "X", "options": {"humidity_low": 60, "humidity_high": 40}}}),
        ),
    ] {
        assert_eq!(
            refused(&bed, function, with(arguments.clone())).await?,
            "GT010",
            "{function} {arguments}"
        );
    }
    // What a form checks by itself, for whoever writes past it.
    for (function, arguments) in [
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"min_severity": "grave"}})),
        (
            "save_staff",
            json!({"p_key": "allan", "p_values": {"slack_webhook_key": "https://hooks.example/T0/B0/x"}}),
        ),
        ("save_staff", json!({"p_key": "allan", "p_values": {"email": "allan"}})),
        ("save_report_tab", json!({"p_key": "orford", "p_values": {"title": "é".repeat(83)}})),
        ("save_cash_register", json!({"p_values": {"name": "A", "variance_limit": 0}})),
    ] {
        let code = refused(&bed, function, with(arguments.clone())).await?;
        assert_eq!(code, "23514", "{function} {arguments}");
    }
    for (function, arguments) in [
        ("save_setting", json!({"p_key": "humidity.low", "p_value": 35})),
        ("save_notification_rule", json!({"p_id": 1, "p_values": {"enabled": true}})),
        (
            "save_notification_rule",
            json!({"p_id": 1, "p_values": {"enabled": false, "recipients": ["allan"]}}),
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
        ("save_report_tab", json!({"p_key": "uqam", "p_values": {"title": "UQAM MUSIQUE"}})),
        ("save_report_tab", json!({"p_key": "longest", "p_values": {"title": "é".repeat(82)}})),
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
    assert_eq!(refused(&bed, "console_close_cash_session", close(9000)).await?, "GT010");
    assert_eq!(ask(&bed, "console_close_cash_session", close(10500)).await?["variance"], 0);
    let tabs = ask(&bed, "report_tabs_list", json!({})).await?;
    assert_eq!(tabs[0]["former_titles"], json!(["UQAM"]), "the sheet is renamed, not made twice");
    let rule = bed.stack.rows("notification_rules", "enabled,recipients,updated_by", "id").await?[0].clone();
    assert_eq!(rule, json!({"enabled": false, "recipients": ["allan"], "updated_by": USER}));
    let audit = bed.stack.rows("audit_log", "action,subject,before,after", "seq").await?;
    let notified: Vec<&str> = audit.iter().map(|row| row["action"].as_str().unwrap()).collect();
    insta::assert_snapshot!("console_audit", notified.join("\n"));
    assert_eq!((&audit[0]["before"], &audit[0]["after"]), (&json!(30), &json!(35)));

    let event = |values: Value| json!({"p_values": values, "p_now": MORNING});
    let call =
        json!({"feature": "humidity", "model": "m", "success": true, "confidence": 0.7, "latency_ms": 120});
    assert_eq!(ask(&bed, "insert_ai_event", event(call)).await?["created_at"], MORNING);
    assert_eq!(refused(&bed, "insert_ai_event", event(json!({"feature": "humidity"}))).await?, "23502");
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
    let act = |id: u32| json!({"p_id": format!("00000000-0000-0000-0000-{id:012}"), "p_actor": actor(), "p_now": MORNING});
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

    let notified = |id: u32, status: &str, at: &str| {
        json!({"id": id, "kind": "unconfirmed", "appointment_external_id": format!("evt_{id}"), "technician_id": "usr_1", "technician_name": "Marie",
               "appointment_date": "2026-01-16", "client_phone": "514 555-0199", "technician_email": "marie@example.com", "status": status,
               "triggered_by": "rv_alerts", "created_at": at})
    };
    bed.put(
        "alert_logs",
        json!([
            notified(1, "sent", "2026-01-14T21:00:00Z"),
            notified(2, "failed", "2026-01-14T21:00:00Z"),
            notified(3, "sent", "2025-12-20T21:00:00Z"),
            notified(4, "sent", "2025-11-20T21:00:00Z")
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
    let settle = json!({"p_id": "1", "p_actor": actor(), "p_now": MORNING});
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
        json!({"p_collection": "clients", "p_external_id": "cli_1", "p_actor": actor(), "p_now": MORNING});
    ask(&bed, "resolve_quarantine", settle).await?;
    assert_eq!(ask(&bed, "quarantine_page", json!({"p_open": true})).await?["items"], json!([]));
    Ok(())
}
