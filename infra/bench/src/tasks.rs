//! The back-office tasks: maintenance alerts over many assets, reading of notes, copies of a large company.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use gazelle_local::{company::Company, postgrest::Database, stack::Stack};
use serde_json::{Value, json};
use shared::{
    task::Function,
    text::{measurements, note, read_note},
};

use super::{Bar, Bench, Figure, sync};

/// 100 000 pianos, a tenth of them due soon or late, with notes and appointments.
const ASSETS: &str = "
    insert into gazelle_pianos (external_id, client_external_id, make, model, serial_number, location, status,
      service_interval_months, calculated_last_service, calculated_next_service, needs_repair_or_rebuilding, synced_at)
    select 'ins_' || i, 'cli_' || i / 3, 'Yamaha', 'U' || i % 5, i::text, 'Local ' || i % 100, 'ACTIVE', 12, date '2025-01-15',
      case when i % 10 = 0 then date '2026-01-10' + (i / 10) % 13 else date '2026-02-04' + i % 300 end, i % 1000 = 1, '2026-01-01'
    from generate_series(1, 100000) i;
    insert into gazelle_timeline_entries (external_id, piano_id, entry_type, occurred_at, description)
    select 'tme_' || i || '_' || g, 'ins_' || i, (array['SERVICE_ENTRY_MANUAL', 'PIANO_MEASUREMENT', 'APPOINTMENT'])[1 + g % 3],
      timestamptz '2026-01-01 12:00Z' - g * interval '60 days', repeat('note ', 20)
    from generate_series(1, 100000) i, generate_series(1, 3) g;
    insert into gazelle_appointments (external_id, appointment_date, status, event_type)
    select 'evt_' || i, date '2025-11-16' + i % 150, case when i % 150 < 60 then 'COMPLETE' else 'ACTIVE' end, 'APPOINTMENT'
    from generate_series(1, 9000) i;
    insert into gazelle_appointment_pianos select 'evt_' || i, 'ins_' || i * 10 + 3 from generate_series(1, 9000) i;";

/// One in a hundred pianos gets another date, half of them a note.
const CHANGE: &str = "
    update gazelle_pianos set calculated_next_service = calculated_next_service + 90 where id % 100 = $1;
    insert into gazelle_timeline_entries (external_id, piano_id, entry_type, occurred_at)
    select 'new_' || id, external_id, 'SERVICE_ENTRY_MANUAL', '2026-01-14 15:00Z' from gazelle_pianos where id % 200 = $1;";

/// Fills the assets of a stack; the arguments with which a run computes their alerts.
pub async fn fill_assets(stack: &Stack, client: &tokio_postgres::Client) -> anyhow::Result<Value> {
    client.batch_execute(ASSETS).await?;
    client.batch_execute("vacuum analyze").await?;
    let request = json!({
        "kind": "manual", "run_key": "bench", "task_name": "maintenance_alerts", "task_label": "bench",
        "exclusion_group": "bench", "part": 0, "request_id": "bench", "triggered_by": "manual", "lease_seconds": 3600,
    });
    let now = "2026-01-15T18:00:00Z";
    let claim: Value = stack.observer.rpc("claim_run", &json!({"p_request": request, "p_now": now})).await?;
    let run = &claim["run"];
    Ok(json!({
        "p_run_id": run["id"], "p_lease": run["lease_token"], "p_lease_seconds": 3600, "p_today": "2026-01-15", "p_now": now,
    }))
}

/// The computation as the task asks for it, and the reading of its result.
pub async fn maintenance(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (stack, database) = bench.stack(0.01, |_| ()).await?;
    let client = Database::connect(&database.url).await?;
    let arguments = fill_assets(&stack, &client).await?;
    let refresh = async || -> anyhow::Result<(Duration, Value)> {
        let start = Instant::now();
        let stats: Value = stack.observer.rpc("refresh_maintenance_alerts", &arguments).await?;
        Ok((start.elapsed(), stats))
    };
    let (first, stats) = refresh().await?;
    let active = stats["total"].as_u64().context("total")?;
    client.batch_execute("vacuum analyze").await?;
    let (mut changed, mut read) = (Duration::MAX, Duration::MAX);
    for round in 1..=3 {
        client.batch_execute(&CHANGE.replace("$1", &(round * 7).to_string())).await?;
        changed = changed.min(refresh().await?.0);
        let start = Instant::now();
        let rows = client.query("select * from active_alerts order by rank, due_date, id", &[]).await?;
        read = read.min(start.elapsed());
        ensure!(rows.len() > 9_000, "{} active alerts", rows.len());
    }
    Ok(vec![
        Figure {
            name: "maintenance alerts, 100 000 assets, 1 % changing",
            value: changed.as_secs_f64(),
            unit: "s",
            bar: Some(Bar::AtMost(2.0)),
            detail: format!(
                "one round trip; {active} active alerts; the very first run {:.1} s",
                first.as_secs_f64()
            ),
        },
        Figure {
            name: "recomputing / reading the active alerts",
            value: changed.as_secs_f64() / read.as_secs_f64(),
            unit: "times",
            bar: Some(Bar::AtLeast(10.0)),
            detail: format!("{:.0} ms to read them all", read.as_secs_f64() * 1000.0),
        },
    ])
}

/// Classifying and measuring the notes of the company, on one core.
pub fn notes() -> anyhow::Result<Vec<Figure>> {
    let company = Company::generate(1.0, 1, jiff::civil::date(2026, 1, 15));
    let notes: Vec<String> = company
        .timeline
        .iter()
        .filter(|entry| entry["type"] == "SERVICE_ENTRY_MANUAL" || entry["type"] == "PIANO_MEASUREMENT")
        .map(|entry| note(entry["summary"].as_str(), entry["comment"].as_str()))
        .collect();
    let mut best = 0.0_f64;
    let (mut alerts, mut values) = (0, 0);
    for _ in 0..5 {
        (alerts, values) = (0, 0);
        let start = Instant::now();
        for note in &notes {
            alerts += usize::from(read_note(note).has_alert());
            values += measurements(note).len();
        }
        best = best.max(notes.len() as f64 / start.elapsed().as_secs_f64());
    }
    ensure!(
        alerts > 100 && values > 100,
        "{alerts} alerts and {values} measurements in {} notes",
        notes.len()
    );
    Ok(vec![Figure {
        name: "humidity: notes classified",
        value: best,
        unit: "per s",
        bar: Some(Bar::AtLeast(200_000.0)),
        detail: format!("{} notes, {alerts} with a trouble, {values} measurements", notes.len()),
    }])
}

/// A copy of the company at scale 1 and 10, beside `pg_dump` of the same data.
pub async fn copies(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let mut peaks = Vec::new();
    let mut detail = String::new();
    for scale in [1.0, 10.0] {
        let (mut stack, database) = bench.stack(scale, |_| ()).await?;
        sync(&stack).await?;
        stack.lambda.executable = bench.backup.clone();
        let run = stack.invoke(Function::Backup, &json!({})).await?;
        ensure!(run.answer.status == "success", "the copy ended as {:?}", run.answer);
        peaks.push(run.invocation.peak_rss_bytes as f64 / 1e6);
        let seconds = run.invocation.duration.as_secs_f64();
        let rows = run.answer.stats["supabase"]["rows"].as_f64().context("rows")?;
        let start = Instant::now();
        let dump = Command::new(tools::psql()?.with_file_name("pg_dump"))
            .args(["--format=custom", "--schema=public", "--no-sync", "--file=/dev/null"])
            .arg(&database.url)
            .status()?;
        ensure!(dump.success(), "pg_dump");
        let dumped = start.elapsed().as_secs_f64();
        detail = format!(
            "{rows:.0} rows: {:.0} rows/s written, read back and compared ({seconds:.1} s); pg_dump {:.0} rows/s ({dumped:.1} s)",
            rows / seconds,
            rows / dumped
        );
    }
    Ok(vec![
        Figure { name: "backup: peak memory, scale 10", value: peaks[1], unit: "MB", bar: None, detail },
        Figure {
            name: "backup: peak memory, scale 10 / scale 1",
            value: peaks[1] / peaks[0],
            unit: "times",
            bar: Some(Bar::AtMost(1.2)),
            detail: format!("{:.1} MB at scale 1", peaks[0]),
        },
    ])
}
