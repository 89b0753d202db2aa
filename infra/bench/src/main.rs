//! `cargo xtask bench`: speed and memory, each figure beside what it is compared with and the bar it must hold.
//!
//! Measured are the released function and the real PostgREST. The stack around them is built by the profile `fast`.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

mod baseline;
mod bench;
mod console;
mod figure;
mod monitoring;
mod reading;
mod tasks;
mod writes;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Parser;
use gazelle_local::postgrest::{Database, row_versions};
use serde_json::{Value, json};
use shared::task::Function;

use self::{
    bench::{Bench, median, ms, sync},
    figure::{Bar, Figure},
};

/// Speed and memory, each figure beside its bar.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Only one group: notes, maintenance, backup, availability, anomalies, console, start, predecessor, writes, reading, memory, report.
    group: Option<String>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Builds what is measured, then measures.
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Each alone: a build of several unifies their features, and measures another function than the deployed one.
    for function in
        ["admin-api", "sync-gazelle", "timeline-report", "backup", "availability-check", "anomaly-detection"]
    {
        tools::run(tools::cargo().args(["build", "--release", "--package", function]))?;
    }
    tools::run(tools::cargo().args(["build", "--release", "--package", "shared", "--example", "bare"]))?;
    tokio::runtime::Runtime::new()?.block_on(measure(&arguments))
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    // The version of the client programs that Debian has: `pg_dump` reads no newer server.
    let postgres = tools::Postgres::start(15)?;
    let release = tools::root().join("target/release");
    let bench = Bench {
        postgres,
        postgrest: tools::postgrest()?,
        function: release.join("sync-gazelle"),
        backup: release.join("backup"),
    };
    let mut figures = Vec::new();
    let mut add = |new: Vec<Figure>| {
        new.iter().for_each(Figure::print);
        figures.extend(new);
    };
    let wanted = |group: &str| arguments.group.as_ref().is_none_or(|only| only == group);
    if wanted("notes") {
        add(tasks::notes()?);
    }
    if wanted("maintenance") {
        add(tasks::maintenance(&bench).await?);
    }
    if wanted("backup") {
        add(tasks::copies(&bench).await?);
    }
    if wanted("availability") {
        add(monitoring::availability(&bench).await?);
    }
    if wanted("anomalies") {
        add(monitoring::anomalies(&bench).await?);
    }
    if wanted("console") {
        add(console::measure(&bench).await?);
    }
    if wanted("start") {
        add(start(&bench, &release.join("examples/bare")).await?);
    }
    if wanted("writes") {
        add(writes(&bench).await?);
    }
    if wanted("reading") {
        add(reading::measure(&bench).await?);
    }
    if wanted("memory") {
        add(memory(&bench).await?);
    }
    if wanted("report") {
        add(report(&bench).await?);
    }
    if wanted("predecessor") {
        add(against_the_predecessor(&bench, 0.1, 20, 50.0).await?);
        add(against_the_predecessor(&bench, 1.0, 0, 10.0).await?);
    }
    ensure!(!figures.is_empty(), "there is no such group of figures");
    let missed = figures.iter().filter(|figure| !figure.holds()).count();
    if arguments.json {
        let figures: Vec<Value> = figures.iter().map(Figure::json).collect();
        println!("{}", json!({"ok": missed == 0, "figures": figures}));
    }
    ensure!(missed == 0, "{missed} figures miss their bar");
    Ok(())
}

async fn start(bench: &Bench, bare: &std::path::Path) -> anyhow::Result<Vec<Figure>> {
    let (mut stack, _database) = bench.stack(0.01, |_| ()).await?;
    sync(&stack).await?;
    let admin_api = bench.function.with_file_name("admin-api");
    let (mut bare_next, mut next, mut first, mut console) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let health = std::fs::read_to_string(tools::root().join("events/admin-api.health.json"))?;
    for _ in 0..15 {
        stack.lambda.executable = bare.to_owned();
        let run = stack
            .lambda
            .invoke(Function::SyncGazelle, "{}", "bare", Duration::from_secs(10), &stack.tripwire)
            .await?;
        bare_next.push(ms(run.init));
        stack.lambda.executable = bench.function.clone();
        let run = stack.invoke(Function::SyncGazelle, &json!({})).await?;
        next.push(ms(run.invocation.init));
        first.push(ms(run.invocation.first_request.context("the sync made no request")?));
        stack.lambda.executable = admin_api.clone();
        let run = stack
            .lambda
            .invoke(Function::AdminApi, &health, "console", Duration::from_secs(10), &stack.tripwire)
            .await?;
        console.push(ms(run.first_request.context("the console made no request")?));
    }
    let (bare_next, next, first) = (median(bare_next), median(next), median(first));
    let console = median(console);
    let zipped = Command::new("gzip").args(["-9", "-c"]).arg(&bench.function).output()?.stdout.len();
    Ok(vec![
        Figure {
            name: "start to first request / bare runtime",
            value: first / bare_next,
            unit: "times",
            bar: Some(Bar::AtMost(6.0)),
            detail: format!("{first:.1} ms; start to /next {next:.1} ms; bare {bare_next:.1} ms"),
        },
        Figure {
            name: "console: start to first request / bare",
            value: console / bare_next,
            unit: "times",
            bar: Some(Bar::AtMost(8.0)),
            detail: format!("{console:.1} ms"),
        },
        Figure {
            name: "sync-gazelle, deflated",
            value: zipped as f64 / 1e6,
            unit: "MB",
            bar: Some(Bar::AtMost(5.0)),
            detail: format!("binary {:.1} MB", std::fs::metadata(&bench.function)?.len() as f64 / 1e6),
        },
    ])
}

async fn against_the_predecessor(
    bench: &Bench,
    scale: f64,
    latency_ms: u64,
    bar: f64,
) -> anyhow::Result<Vec<Figure>> {
    let latency = Duration::from_millis(latency_ms);
    let (stack, database) = bench.stack(scale, |options| options.supabase_latency = latency).await?;
    let own = sync(&stack).await?.invocation.duration;
    drop(database);
    let (stack, _database) = bench.stack(scale, |options| options.supabase_latency = latency).await?;
    let start = Instant::now();
    let requests = baseline::run(&stack).await?;
    let predecessor = start.elapsed();
    Ok(vec![Figure {
        name: if latency_ms > 0 {
            "faster than row by row, 20 ms, scale 0.1"
        } else {
            "faster than row by row, scale 1"
        },
        value: predecessor.as_secs_f64() / own.as_secs_f64(),
        unit: "times",
        bar: Some(Bar::AtLeast(bar)),
        detail: format!(
            "{:.2} s against {:.1} s ({requests} requests)",
            own.as_secs_f64(),
            predecessor.as_secs_f64()
        ),
    }])
}

async fn writes(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (stack, database) = bench.stack(1.0, |_| ()).await?;
    sync(&stack).await?;
    let client = Database::connect(&database.url).await?;
    let before = row_versions(&client).await?;
    let second = sync(&stack).await?;
    let is_untouched = before == row_versions(&client).await?;
    let rates = writes::compare(&stack, &client).await?;
    Ok(vec![
        Figure {
            name: "pages / plain bulk upsert",
            value: rates.pages / rates.plain,
            unit: "times",
            bar: Some(Bar::AtLeast(0.8)),
            detail: format!("{:.0} rows/s against {:.0} rows/s", rates.pages, rates.plain),
        },
        Figure {
            name: "second run: tables with a new row version",
            value: f64::from(u8::from(!is_untouched)),
            unit: "",
            bar: Some(Bar::AtMost(0.0)),
            detail: format!(
                "{:.2} s for the second run at scale 1",
                second.invocation.duration.as_secs_f64()
            ),
        },
    ])
}

async fn memory(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let mut peaks = Vec::new();
    for scale in [1.0, 10.0] {
        let (stack, _database) = bench.stack(scale, |_| ()).await?;
        peaks.push(sync(&stack).await?.invocation.peak_rss_bytes as f64 / 1e6);
    }
    let mb =
        |name, value| Figure { name, value, unit: "MB", bar: Some(Bar::AtMost(64.0)), detail: String::new() };
    Ok(vec![
        mb("peak memory, scale 1", peaks[0]),
        mb("peak memory, scale 10", peaks[1]),
        Figure {
            name: "peak memory, scale 10 / scale 1",
            value: peaks[1] / peaks[0],
            unit: "times",
            bar: Some(Bar::AtMost(1.1)),
            detail: String::new(),
        },
    ])
}

/// Notes of one institution, every other one an alert.
const MANY_NOTES: &str = "
    insert into gazelle_timeline_entries (external_id, client_id, entry_type, title, description, occurred_at)
    select 'tme_many_' || lpad(n::text, 7, '0'), 'cli_local_000002', 'SERVICE_ENTRY_MANUAL', 'Accord 440, 21°C, 40%',
           case when n % 2 = 0 then 'Réservoir vide' else 'Tout va bien, ' || repeat('le piano chante ', 12) end,
           timestamptz '2026-01-14 12:00Z' - n * interval '20 minutes'
    from generate_series(1, $1::integer) n";

async fn report(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, rows) in
        [("report memory at 30 000 rows", 30_000_i32), ("report memory at 120 000 rows", 120_000)]
    {
        let (mut stack, database) = bench.stack(0.01, |_| ()).await?;
        sync(&stack).await?;
        let client = Database::connect(&database.url).await?;
        client.execute(MANY_NOTES, &[&rows]).await?;
        client.batch_execute("analyze").await?;
        stack.lambda.executable = bench.function.with_file_name("timeline-report");
        let run = stack.invoke(Function::TimelineReport, &json!({"task": "rapport_timeline"})).await?;
        ensure!(run.answer.status == "success", "the report ended as {:?}", run.answer);
        figures.push(Figure {
            name,
            value: run.invocation.peak_rss_bytes as f64 / 1e6,
            unit: "MB",
            bar: Some(Bar::AtMost(96.0)),
            detail: format!(
                "{:.1} s, {} requests",
                run.invocation.duration.as_secs_f64(),
                run.answer.stats["requests"]
            ),
        });
    }
    Ok(figures)
}
