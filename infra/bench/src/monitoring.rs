//! Monitoring: a tick with many targets of which some never answer, and the search for anomalies in a long log.

use std::time::Duration;

use anyhow::{Context, ensure};
use gazelle_local::postgrest::Database;
use serde_json::{Value, json};
use shared::task::Function;
use tokio::net::TcpListener;

use super::{Bar, Bench, Figure, sync};

/// Ninety days of every task, a failure here and there, and what else the detectors look at.
const LOG: &str = "
    insert into scheduler_logs (task_name, task_label, status, started_at, completed_at, scheduled_for, duration_seconds,
      duration_ms, stats, triggered_by, created_at, error_kind)
    select t.name, t.name, case when random() < 0.005 then 'error' else 'success' end, at, at + t.seconds * interval '1 second', at,
      t.seconds, t.seconds * 1000, jsonb_build_object('clients', 4000, 'rows', 27000), 'scheduler', at, null
    from (values ('sync_gazelle', interval '1 day', 40), ('rapport_timeline', interval '1 day', 10), ('backup', interval '1 day', 60),
                 ('rv_alerts', interval '1 day', 8), ('humidity_alerts', interval '1 day', 5), ('cleanup', interval '1 day', 3),
                 ('maintenance_alerts', interval '5 minutes', 1), ('availability', interval '5 minutes', 2),
                 ('notification_dispatch', interval '5 minutes', 1), ('anomalies', interval '30 minutes', 1)) t (name, period, seconds),
      generate_series(timestamptz '2026-01-15 05:00Z' - interval '90 days', timestamptz '2026-01-15 05:00Z', t.period) at;
    insert into login_history (user_hash, address_hash, success, created_at)
    select md5((i % 20)::text), md5((i % 7)::text), i % 9 <> 0, timestamptz '2026-01-15 05:00Z' - i * interval '13 minutes'
    from generate_series(1, 10000) i;
    insert into cash_sessions (operator_id, site_id, status, opened_at, closed_at, closing_amount, actual_amount, variance)
    select 'op' || i % 5, 'mtl', 'CLOSED', at, at + interval '8 hours', 50000, 50000 + i % 1500, i % 1500
    from generate_series(1, 900) i, lateral (select timestamptz '2026-01-15 05:00Z' - i * interval '144 minutes') a (at);
    insert into ai_events (feature, model, success, confidence, latency_ms, created_at)
    select 'humidity', 'm', i % 30 <> 0, 0.8, 900, timestamptz '2026-01-15 05:00Z' - i * interval '10 minutes'
    from generate_series(1, 13000) i;
    analyze;";

const TARGETS: usize = 50;
const HANGING: usize = 10;
/// Limit of one probe.
const LIMIT: Duration = Duration::from_secs(3);

/// A tick over many targets, beside the limit of a single one.
pub async fn availability(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (mut stack, _database) = bench.stack(0.01, |_| ()).await?;
    // It takes connections and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").await?;
    let hanging = format!("http://{}/", mute.local_addr()?);
    let answering = format!("{}/heartbeat", stack.sandbox_url);
    let targets: Vec<Value> = (0..TARGETS)
        .map(|at| {
            json!({"name": format!("t{at:02}"), "label": "Cible", "kind": "http", "timeout_ms": LIMIT.as_millis() as u64,
                   "url": if at < HANGING { &hanging } else { &answering }})
        })
        .collect();
    stack.write(stack.observer.from("monitor_targets").upsert(json!(targets).to_string())).await?;
    stack.lambda.environment.insert("MONITOR_PRIVATE_HOSTS".into(), "127.0.0.1".into());
    stack.lambda.executable = tools::root().join("target/release/availability-check");
    let run = stack.invoke(Function::AvailabilityCheck, &json!({})).await?;
    ensure!(run.answer.status == "success", "the tick ended as {:?}", run.answer);
    let checks = stack.rows("monitor_checks", "target,ok,error_kind", "id").await?;
    let hung = checks.iter().filter(|check| check["error_kind"] == "timeout").count();
    ensure!(hung == HANGING, "{hung} targets hung: {checks:?}");
    Ok(vec![Figure {
        name: "tick, 50 targets, 10 hanging / limit of one",
        value: run.invocation.duration.as_secs_f64() / LIMIT.as_secs_f64(),
        unit: "times",
        bar: Some(Bar::AtMost(1.25)),
        detail: format!(
            "{:.2} s, limit {} s; {:.1} MB",
            run.invocation.duration.as_secs_f64(),
            LIMIT.as_secs(),
            run.invocation.peak_rss_bytes as f64 / 1e6
        ),
    }])
}

/// The search for anomalies in ninety days of log, with the mirror of the whole company.
pub async fn anomalies(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (mut stack, database) = bench.stack(1.0, |_| ()).await?;
    sync(&stack).await?;
    let client = Database::connect(&database.url).await?;
    client.batch_execute(LOG).await?;
    let runs: i64 = client.query_one("select count(*) from scheduler_logs", &[]).await?.get(0);
    stack.lambda.executable = tools::root().join("target/release/anomaly-detection");
    let run = stack.invoke(Function::AnomalyDetection, &json!({})).await?;
    ensure!(run.answer.status == "success", "the detection ended as {:?}", run.answer);
    let found = run.answer.stats["found"].as_u64().context("found")?;
    Ok(vec![
        Figure {
            name: "anomalies in 90 days of log, scale 1",
            value: run.invocation.duration.as_secs_f64(),
            unit: "s",
            bar: Some(Bar::AtMost(2.0)),
            detail: format!("{runs} runs, {found} anomalies found"),
        },
        Figure {
            name: "anomalies: peak memory",
            value: run.invocation.peak_rss_bytes as f64 / 1e6,
            unit: "MB",
            bar: Some(Bar::AtMost(64.0)),
            detail: String::new(),
        },
    ])
}
