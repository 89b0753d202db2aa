//! Lists of the console page by page: every row once, filters that mean what they say, and no more rows read than
//! shown.

use e2e::{
    Backend, Bed, empty_database,
    rpc::{MORNING, ask, frequent},
};
use gazelle_local::{migrations, postgrest::Database};
use rstest::rstest;
use serde_json::{Value, json};

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
        (
            "sync_logs_page",
            "sync_logs",
            rows(
                &|n| json!({"id": id(n), "script_name": "x", "task_type": "sync", "status": "success", "created_at": at}),
            ),
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
    assert_eq!(count(json!({"p_tasks": ["availability"]})).await?, 1);
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
    migrations::migrate(&url).await?;
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
        "p_tasks => array['backup']",
        "p_status => 'success', p_tasks => array['sync_gazelle']",
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
