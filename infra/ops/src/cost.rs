//! `cargo ops cost`: what a month costs at list price, from the template, the registry of tasks and the time that
//! runs take. It counts what runs by itself; runs that people ask for are on top, and too few to matter.

mod deployment;
mod prices;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Args;
use jiff::{Timestamp, ToSpan};
use shared::{
    clock::Schedule,
    config, events, metrics,
    task::{Function, TASKS, TaskSpec},
};

use self::deployment::Deployment;

/// What a month may cost, in US dollars.
const BUDGET: f64 = 5.0;

/// What to reckon with.
#[derive(Args)]
pub struct Arguments {
    /// Billed milliseconds per run, as JSON: {"sync_gazelle": 41000, …}. The others keep their usual time.
    #[arg(long, value_name = "FILE")]
    measured: Option<PathBuf>,
    /// A parameter of the template, as NAME=VALUE; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// Writes the table of docs/DEPLOY.md, which has the usual durations and the default parameters.
    #[arg(long, conflicts_with_all = ["measured", "parameter"])]
    write: bool,
}

/// Prints the bill; more than [`BUDGET`] is an error.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let text = ::deployment::own()?;
    let deployment = Deployment::read(&text, &arguments.parameter)?;
    let mut durations = usual_durations();
    if let Some(path) = &arguments.measured {
        let measured = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let measured: BTreeMap<String, u64> =
            serde_json::from_slice(&measured).context("expected {\"task\": milliseconds}")?;
        for (name, ms) in measured {
            let task = TaskSpec::named(&name).with_context(|| format!("no task is called {name}"))?;
            durations.insert(task.name, ms);
        }
    }
    let lines = bill(&deployment, &durations)?;
    if arguments.write {
        let path = document();
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        std::fs::write(&path, with_table(&text)?).with_context(|| format!("writing {}", path.display()))?;
    }
    println!("A month at list price, without any free allowance, in USD:\n");
    for line in &lines {
        println!("{:<48} {:>12.3} × {:>14.10} = {:>7.3}", line.what, line.quantity, line.price, line.usd());
    }
    let total = total(&lines);
    println!("{:<48} {:>41.2}\n", "total", total);
    ensure!(
        total < BUDGET,
        "{total:.2} USD a month are not under {BUDGET} USD: docs/DEPLOY.md, \"What it costs\""
    );
    println!("under {BUDGET} USD a month");
    Ok(())
}

/// One line of the bill.
struct Line {
    what: String,
    quantity: f64,
    /// US dollars for one.
    price: f64,
}

impl Line {
    fn usd(&self) -> f64 {
        self.quantity * self.price
    }
}

fn total(lines: &[Line]) -> f64 {
    lines.iter().map(Line::usd).sum()
}

fn document() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DEPLOY.md"))
}

/// The document with the table as it is now.
fn with_table(text: &str) -> anyhow::Result<String> {
    ::deployment::documents::replaced(text, "cargo ops cost --write", &table()?).context("docs/DEPLOY.md")
}

/// The bill with the defaults, and what the optional parts add.
fn table() -> anyhow::Result<String> {
    let of = |parameters: &[&str]| {
        let parameters: Vec<String> = parameters.iter().map(|parameter| (*parameter).to_owned()).collect();
        bill(&Deployment::read(&::deployment::own()?, &parameters)?, &usual_durations())
    };
    let lines = of(&[])?;
    let usual = total(&lines);
    let mut table = "| what | how many | each | a month |\n|---|---|---|---|\n".to_owned();
    let mut small = 0.0;
    for line in &lines {
        if line.usd() < 0.05 {
            small += line.usd();
            continue;
        }
        table += &format!("| {} | {:.1} | {} | {:.2} |\n", line.what, line.quantity, line.price, line.usd());
    }
    table +=
        &format!("| what is less than 0.05 each | | | {small:.2} |\n| **total** | | | **{usual:.2}** |\n");
    for parameter in ["Dashboard=yes", "ThrottleAlarms=yes"] {
        let more = total(&of(&[parameter])?) - usual;
        table += &format!("| `{parameter}` | | | + {more:.2} |\n");
    }
    Ok(table)
}

/// Billed milliseconds of a usual run: the local stack at full size, unoptimised as a small Lambda is slow, with 40 ms
/// to Supabase and 300 ms to Gazelle, rounded up. What waits for other people's services has a cautious guess. A task
/// that is not in the table takes its whole limit.
fn usual_durations() -> BTreeMap<&'static str, u64> {
    const MEASURED: [(&str, u64); 12] = [
        ("sync_gazelle", 100_000),
        ("rapport_timeline", 10_000),
        ("humidity_alerts", 2_000),
        ("backup", 30_000),
        ("restore_drill", 40_000),
        ("rv_alerts", 10_000),
        ("maintenance_alerts", 1_000),
        ("cleanup", 3_000),
        ("availability", 3_000),
        ("anomalies", 3_000),
        ("weekly_report", 5_000),
        ("notification_dispatch", 500),
    ];
    let mut durations: BTreeMap<&str, u64> =
        TASKS.iter().map(|task| (task.name, task.time_limit.as_millis() as u64)).collect();
    durations.extend(MEASURED);
    durations
}

/// Runs of each task in a month, and in which share of its hours a task runs that is not frequent.
struct Month {
    runs: BTreeMap<&'static str, f64>,
    scheduled: f64,
    share_of_hours: f64,
}

impl Month {
    /// Plays the deployed schedules for a year.
    fn of(deployment: &Deployment) -> anyhow::Result<Self> {
        let start = Timestamp::UNIX_EPOCH + (20_454 * 24).hours();
        let end = start + (365 * 24).hours();
        let mut runs: BTreeMap<&str, f64> = TASKS.iter().map(|task| (task.name, 0.0)).collect();
        let mut hours = BTreeSet::new();
        for scheduled in deployment.functions.iter().flat_map(|function| &function.schedules) {
            let task = TASKS.iter().find(|task| scheduled.input.contains(&format!("\"{}\"", task.name)));
            let task = task.with_context(|| format!("a schedule of no task: {}", scheduled.input))?;
            let schedule: Schedule = scheduled.expression.parse()?;
            let mut at = start;
            while let Some(next) = schedule.next_after(at).filter(|next| *next <= end) {
                *runs.entry(task.name).or_default() += 1.0 / 12.0;
                if !task.is_frequent() {
                    hours.insert(next.as_second().div_euclid(3600));
                }
                at = next;
            }
        }
        let scheduled = runs.values().sum();
        // What an event starts runs after each sync, in the same hour.
        let syncs = runs["sync_gazelle"];
        for task in TASKS.iter().filter(|task| task.listens_to == Some(events::SYNC_SUCCEEDED)) {
            *runs.entry(task.name).or_default() += syncs;
        }
        Ok(Self { runs, scheduled, share_of_hours: hours.len() as f64 / (365.0 * 24.0) })
    }
}

fn bill(deployment: &Deployment, durations: &BTreeMap<&str, u64>) -> anyhow::Result<Vec<Line>> {
    let month = Month::of(deployment)?;
    let mut lines = Vec::new();
    let mut add = |what: &str, quantity: f64, price: f64| {
        lines.push(Line { what: what.into(), quantity, price });
    };
    let (requests, gb_seconds) = compute(deployment, &month, durations)?;
    let gb_second = match deployment.parameter("Architecture").as_str() {
        "arm64" => prices::LAMBDA_GB_SECOND_ARM64,
        _ => prices::LAMBDA_GB_SECOND_X86,
    };
    add("Lambda: requests", requests, prices::LAMBDA_REQUEST);
    add("Lambda: GB-seconds", gb_seconds, gb_second);
    add("EventBridge Scheduler: invocations", month.scheduled, prices::SCHEDULER_INVOCATION);
    add("EventBridge: custom events", month.runs["sync_gazelle"], prices::CUSTOM_EVENT);
    let logs = log_gb(&month, requests);
    let months_kept = deployment.parameter("LogRetentionDays").parse::<f64>()? / 30.4;
    add("CloudWatch: GB of logs taken in", logs, prices::LOG_INGESTION_GB);
    add("CloudWatch: GB-months of logs kept", logs * months_kept, prices::LOG_STORAGE_GB_MONTH);
    let (overdue, figures) = metric_months(&month);
    add("CloudWatch: metrics, how late tasks are", overdue, prices::CUSTOM_METRIC);
    add("CloudWatch: metrics, figures of runs", figures, prices::CUSTOM_METRIC);
    add("CloudWatch: alarms", deployment.count("AWS::CloudWatch::Alarm")? as f64, prices::ALARM_METRIC);
    add("CloudWatch: dashboards", deployment.count("AWS::CloudWatch::Dashboard")? as f64, prices::DASHBOARD);
    add("API Gateway: the watcher's probes of the console", month.runs["availability"], prices::HTTP_REQUEST);
    let secrets = if deployment.parameter("BackupSecretArn").is_empty() { 1.0 } else { 2.0 };
    add("Secrets Manager: secrets", secrets, prices::SECRET);
    add("Secrets Manager: calls", secret_calls(deployment, &month), prices::SECRET_CALL);
    add("S3: GB-months of copies, assumed", 1.0, prices::S3_GB_MONTH);
    Ok(lines)
}

/// Requests and GB-seconds of all functions.
fn compute(
    deployment: &Deployment,
    month: &Month,
    durations: &BTreeMap<&str, u64>,
) -> anyhow::Result<(f64, f64)> {
    /// An alarm that is raised and ends, each day.
    const ALARMS: f64 = 60.0;
    const ALARM_SECONDS: f64 = 2.0;
    /// The console's `/health`, which each availability check asks for.
    const HEALTH_SECONDS: f64 = 0.3;
    let probes = month.runs["availability"];
    let mut requests = ALARMS + probes;
    let mut gb_seconds = ALARMS * ALARM_SECONDS * deployment.memory_gb(Function::AlarmRelay)?
        + probes * HEALTH_SECONDS * deployment.memory_gb(Function::AdminApi)?;
    for task in TASKS {
        let runs = month.runs[task.name];
        let seconds = Duration::from_millis(durations[task.name]).as_secs_f64();
        requests += runs;
        gb_seconds += runs * seconds * deployment.memory_gb(task.function)?;
    }
    Ok((requests, gb_seconds))
}

/// GB of log lines: the platform's and ours of each run, the figure of each availability check, and the gateway's line
/// about each probe of the console. The bus writes only what it could not hand over.
fn log_gb(month: &Month, requests: f64) -> f64 {
    const BYTES_PER_RUN: f64 = 4000.0;
    const BYTES_PER_FIGURE: f64 = 350.0;
    const BYTES_PER_ACCESS: f64 = 400.0;
    let per_check = BYTES_PER_FIGURE + BYTES_PER_ACCESS;
    (requests * BYTES_PER_RUN + month.runs["availability"] * per_check) / 1e9
}

/// Months of metrics: how late tasks are is sent all the time; success, duration and rows in the hours in which a task runs that
/// is not frequent; the counters only when there is something to count, a quarter of the hours at most.
fn metric_months(month: &Month) -> (f64, f64) {
    const OF_RARE_RUNS: [&str; 3] = ["success", "duration_ms", "rows"];
    const COUNTERS_SHARE: f64 = 0.25;
    let of_runs = metrics::OF_RUNS.len();
    let rare = OF_RARE_RUNS.len() as f64 * month.share_of_hours;
    let counters = (of_runs - OF_RARE_RUNS.len()) as f64 * COUNTERS_SHARE;
    ((metrics::COUNT - of_runs) as f64, rare + counters)
}

/// A process reads its secrets at its start and again each quarter of an hour, as long as it is asked for something. The
/// console is, by the watcher.
fn secret_calls(deployment: &Deployment, month: &Month) -> f64 {
    let reads_an_hour = 3600.0 / config::FRESH.as_secs_f64();
    let calls = deployment.functions.iter().map(|deployed| {
        let runs: f64 = if deployed.function == Function::AdminApi {
            month.runs["availability"]
        } else {
            deployed.function.tasks().map(|task| month.runs[task.name]).sum()
        };
        runs.min(prices::HOURS_PER_MONTH * reads_an_hour)
    });
    calls.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> String {
        ::deployment::own().unwrap()
    }

    fn price(parameters: &[&str], durations: &BTreeMap<&str, u64>) -> f64 {
        let parameters: Vec<String> = parameters.iter().map(|&parameter| parameter.into()).collect();
        let deployment = Deployment::read(&own(), &parameters).unwrap();
        total(&bill(&deployment, durations).unwrap())
    }

    #[test]
    fn a_month_at_list_price_stays_within_the_budget() {
        let total = price(&[], &usual_durations());
        assert!((3.0..BUDGET).contains(&total), "{total}");
    }

    #[test]
    fn the_table_of_the_document_is_this_bill() {
        let text = std::fs::read_to_string(document()).unwrap();
        assert_eq!(with_table(&text).unwrap(), text, "cargo ops cost --write");
    }

    #[test]
    fn what_is_optional_and_what_runs_longer_is_on_the_bill() {
        let usual = price(&[], &usual_durations());
        let difference = |parameters: &[&str]| price(parameters, &usual_durations()) - usual;
        assert!((difference(&["Dashboard=yes"]) - prices::DASHBOARD).abs() < 0.001);
        let throttles = Function::ALL.len() as f64 * prices::ALARM_METRIC;
        assert!((difference(&["ThrottleAlarms=yes"]) - throttles).abs() < 0.001);
        assert!(difference(&["MaintenanceAlertsSchedule=rate(1 minute)"]) > 0.1);
        assert!(difference(&["Architecture=x86_64"]) > 0.01);
        let mut slow = usual_durations();
        slow.insert("availability", 60_000);
        assert!(price(&[], &slow) - usual > 1.0);
    }

    #[test]
    fn runs_are_those_of_the_deployed_schedules_and_of_the_events() {
        let month = Month::of(&Deployment::read(&own(), &[]).unwrap()).unwrap();
        let runs = |task: &str| month.runs[task].round() as u64;
        assert_eq!((runs("sync_gazelle"), runs("rapport_timeline"), runs("weekly_report")), (30, 30, 4));
        assert_eq!((runs("availability"), runs("anomalies"), runs("import_pianos")), (8760, 1460, 0));
        // 01:00, 03:00, 04:00, 16:00 each day, Sunday 05:00, Monday 08:00: 30 of the week's 168 hours.
        assert!((month.share_of_hours - 30.0 / 168.0).abs() < 0.002, "{}", month.share_of_hours);
    }

    #[test]
    fn a_parameter_that_does_not_exist_is_refused() {
        assert!(Deployment::read(&own(), &["Dashbord=yes".into()]).is_err());
    }
}
