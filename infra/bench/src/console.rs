//! The console: its two most asked lists at a steady pace, and the home page as a browser gets it.
//!
//! The router runs in this process (profile `fast`), in front of the real PostgREST; limits per user and address are
//! lifted.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use admin_api::Limits;
use anyhow::{Context, ensure};
use futures::future::try_join_all;
use gazelle_local::{console, postgrest::Database, sandbox::auth::USERS, stack::Stack};
use serde_json::Value;
use shared::http::{Http, json_request};
use url::Url;

use super::{Bar, Bench, Figure, ms, tasks};

/// More than a year of every task, also of those that run every few minutes and would have been cleaned up.
const LOG: &str = "
    insert into scheduler_logs (task_name, task_label, status, started_at, completed_at, scheduled_for, duration_seconds,
      duration_ms, message, stats, triggered_by, created_at, run_key)
    select t.name, t.name, case when random() < 0.005 then 'error' else 'success' end, at, at + t.seconds * interval '1 second', at,
      t.seconds, t.seconds * 1000, repeat('texte ', 20), jsonb_build_object('clients', 4000, 'rows', 27000), 'scheduler', at,
      t.name || '@' || at
    from (values ('sync_gazelle', interval '1 day', 40), ('rapport_timeline', interval '1 day', 10), ('backup', interval '1 day', 60),
                 ('rv_alerts', interval '1 day', 8), ('humidity_alerts', interval '1 day', 5), ('cleanup', interval '1 day', 3),
                 ('maintenance_alerts', interval '5 minutes', 1), ('availability', interval '5 minutes', 2),
                 ('notification_dispatch', interval '5 minutes', 1), ('anomalies', interval '30 minutes', 1)) t (name, period, seconds),
      generate_series(timestamptz '2026-01-15 05:00Z' - interval '400 days', timestamptz '2026-01-15 05:00Z', t.period) at;";

const PER_SECOND: u32 = 50;
const SECONDS: u32 = 20;
/// What a person does not notice as waiting.
const BAR_MS: f64 = 25.0;

/// Both lists and the home page.
pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let (stack, database) = bench.stack(0.01, |_| ()).await?;
    let client = Database::connect(&database.url).await?;
    let refresh = tasks::fill_assets(&stack, &client).await?;
    let recompute = async || -> anyhow::Result<f64> {
        let start = Instant::now();
        let stats: Value = stack.observer.rpc("refresh_maintenance_alerts", &refresh).await?;
        ensure!(stats["total"].as_u64() >= Some(10_000), "{stats}");
        Ok(ms(start.elapsed()))
    };
    recompute().await?;
    client.batch_execute(LOG).await?;
    client.batch_execute("vacuum analyze").await?;
    let unlimited = Limits { user: i32::MAX.unsigned_abs(), address: i32::MAX.unsigned_abs() };
    let address = console::serve(&stack, None, unlimited).await?;
    let mut figures = vec![
        list(&stack, &address, "/api/alerts", "alerts, 10 000 active, first page: p99").await?,
        list(&stack, &address, "/scheduler/logs", "log of 400 days, first page: p99").await?,
    ];
    figures[0].detail += &format!("; recomputing them takes {:.0} ms", recompute().await?);
    figures.extend(home(&stack, &address).await?);
    Ok(figures)
}

/// A list asked for at a steady pace, whether or not the answers keep up: each counts from when it was due.
async fn list(stack: &Stack, address: &Url, path: &str, name: &'static str) -> anyhow::Result<Figure> {
    let claims = stack.auth.claims(USERS[2].0, &format!("{}/auth/v1", stack.supabase_url));
    let token = stack.auth.sign(&claims.context("no such user")?)?;
    let mut request = json_request("console", "GET".parse()?, address.join(path)?, Default::default());
    request.headers.insert("authorization", format!("Bearer {token}").parse()?);
    let (http, request) = (Http::new(), Arc::new(request));
    let ask = async |due: tokio::time::Instant| -> anyhow::Result<(Duration, usize)> {
        tokio::time::sleep_until(due).await;
        let answer = http.send_once(&request, Duration::from_secs(10)).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok((due.elapsed(), answer.body.len()))
    };
    let now = tokio::time::Instant::now();
    // Connections and plans are made by the first.
    try_join_all((0..PER_SECOND).map(|at| ask(now + Duration::from_secs(1) * at / PER_SECOND))).await?;
    let now = tokio::time::Instant::now();
    let asked = (0..PER_SECOND * SECONDS).map(|at| ask(now + Duration::from_secs(1) * at / PER_SECOND));
    let mut answers = try_join_all(asked).await?;
    answers.sort();
    let at = |share: usize| answers.get(answers.len() * share / 100).map_or(f64::NAN, |(took, _)| ms(*took));
    Ok(Figure {
        name,
        value: at(99),
        unit: "ms",
        bar: Some(Bar::AtMost(BAR_MS)),
        detail: format!(
            "{PER_SECOND} per s for {SECONDS} s; half in {:.1} ms; {:.1} kB",
            at(50),
            answers[0].1 as f64 / 1e3
        ),
    })
}

/// The home page in a browser that has nothing of it yet.
async fn home(stack: &Stack, address: &Url) -> anyhow::Result<Vec<Figure>> {
    let cookie = sign_in(address).await?;
    let mut request = json_request("console", "GET".parse()?, address.clone(), Default::default());
    request.headers.insert("cookie", cookie.parse()?);
    let before = stack.traffic.of("supabase");
    let answer = Http::new().send_once(&request, Duration::from_secs(10)).await?;
    ensure!(answer.status == 200, "the home page: {}", answer.status);
    let round_trips = stack.traffic.of("supabase") - before;

    let script = tools::root().join("tests/browser/paint.py");
    let mut browser = Command::new(tools::python()?);
    browser.arg(script).args([address.as_str(), &cookie]).env("CHROMIUM", tools::chromium()?);
    let output = tokio::task::spawn_blocking(move || browser.output()).await??;
    ensure!(output.status.success(), "paint.py: {}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| seen[name].as_f64().with_context(|| format!("paint.py: {name}"));
    let figure =
        |name, value, unit, bar, detail| Figure { name, value, unit, bar: Some(Bar::AtMost(bar)), detail };
    let visits =
        format!("median of {} visits with an empty cache, after 400 days of runs", number("visits")?);
    let parts = seen["parts"].as_str().unwrap_or_default().to_owned();
    Ok(vec![
        figure("home page: round trips to the database", round_trips as f64, "", 3.0, String::new()),
        figure("home page: transferred without fonts", number("bytes")? / 1e3, "kB", 60.0, parts),
        figure("home page: first paint", number("first_paint_ms")?, "ms", 300.0, visits),
    ])
}

/// The cookie of an administrator's session.
async fn sign_in(address: &Url) -> anyhow::Result<String> {
    let (email, password, _) = USERS[0];
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", email), ("password", password), ("next", "/")])
        .finish();
    let mut request = json_request("console", "POST".parse()?, address.join("/sign-in")?, form.into());
    request.headers.insert("content-type", "application/x-www-form-urlencoded".parse()?);
    request.headers.insert("origin", address.origin().ascii_serialization().parse()?);
    let answer = Http::new().send_once(&request, Duration::from_secs(10)).await?;
    let cookie = answer.headers.get("set-cookie").context("no session")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}
