//! Metrics, in CloudWatch's embedded metric format: a line of JSON on standard output that Lambda's log stream turns
//! into metrics, without a call. Logs go to standard error; nothing else writes on standard output.
//!
//! CloudWatch bills each metric, times its dimension values, for every hour in which it was sent. So there are few
//! of them, a counter at zero is not sent, and a frequent task that succeeded sends only its counters: Lambda itself
//! counts and times those runs, for nothing. Outside of Lambda nothing is written.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::{
    clock,
    notify::Delivered,
    run::Answer,
    setting::Setting,
    task::{Function, TaskSpec},
};

/// Namespace of every metric.
pub const NAMESPACE: &str = "GazelleTasks";
/// The dimension of every metric: the stack of the function, so that two stacks in one account never answer for each other.
pub const STACK_DIMENSION: &str = "Stack";
/// How late the latest task is: 1 and more is a task that has not succeeded in time.
pub const OVERDUE: &str = "overdue";
/// What the end of a run sends: name and unit.
///
/// `success` is 1 or 0. `rows` is what the run's figures count as rows: read by a sync, copied by a backup, written by
/// the report. `retries` are HTTP requests that were sent again.
pub const OF_RUNS: [(&str, &str); 7] = [
    ("duration_ms", "Milliseconds"),
    ("success", "Count"),
    ("rows", "Count"),
    ("deliveries_sent", "Count"),
    ("deliveries_failed", "Count"),
    ("deliveries_unknown", "Count"),
    ("retries", "Count"),
];

/// How many metrics CloudWatch may bill: those of runs, and the one that says how late tasks are.
pub const COUNT: usize = OF_RUNS.len() + 1;

/// Sends how late the latest task is, with its name: the time since its first start that no success answers for, as a
/// share of what it may take. The alarm `…-overdue` is raised at 1.
pub fn overdue(task: &TaskSpec, share: f64) {
    emit(overdue_document(task, share));
}

/// Sends the figures of a run that has just ended.
pub(crate) fn run_ended(task: &TaskSpec, answer: &Answer, delivered: Delivered, retries: u64) {
    let figures = run_figures(task, answer, delivered, retries);
    if !figures.is_empty() {
        let names: Vec<(&str, &str)> =
            OF_RUNS.into_iter().filter(|(name, _)| figures.contains_key(*name)).collect();
        let mut document = document(&names, figures);
        document["task"] = task.name.into();
        document["run_id"] = json!(answer.run_id);
        emit(document);
    }
}

fn overdue_document(task: &TaskSpec, share: f64) -> Value {
    let mut document =
        document(&[(OVERDUE, "None")], [(OVERDUE.to_owned(), json!(share))].into_iter().collect());
    document["task"] = task.name.into();
    document
}

fn run_figures(task: &TaskSpec, answer: &Answer, delivered: Delivered, retries: u64) -> Map<String, Value> {
    let mut figures = Map::new();
    let is_error = answer.status == "error";
    // A run that was handed over has not ended.
    if answer.status != "running" && (is_error || !task.is_frequent()) {
        figures.insert("success".into(), u64::from(!is_error).into());
        figures.insert("duration_ms".into(), answer.duration_ms.into());
    }
    // The deliveries of the dispatcher are its work, not its notices.
    let of_work = |key: &str| {
        let is_dispatcher = task.function == Function::NotificationDispatch;
        answer.stats[key].as_u64().filter(|_| is_dispatcher).unwrap_or_default()
    };
    let counters = [
        ("rows", rows(&answer.stats)),
        ("deliveries_sent", u64::from(delivered.sent) + of_work("sent")),
        ("deliveries_failed", u64::from(delivered.failed) + of_work("failed")),
        ("deliveries_unknown", u64::from(delivered.unknown) + of_work("unknown")),
        ("retries", retries),
    ];
    for (name, value) in counters.into_iter().filter(|(_, value)| *value > 0) {
        figures.insert(name.into(), value.into());
    }
    figures
}

/// The rows of a run: `rows`, or for a sync what it read of each collection, or the `rows` of each kind of copy.
fn rows(stats: &Value) -> u64 {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    match (stats["rows"].as_u64(), stats["collections"].as_object()) {
        (Some(rows), _) => rows,
        (None, Some(collections)) => collections.keys().map(|name| number(&stats[name])).sum(),
        (None, None) => stats.as_object().into_iter().flatten().map(|(_, part)| number(&part["rows"])).sum(),
    }
}

fn document(metrics: &[(&str, &str)], values: Map<String, Value>) -> Value {
    let metrics: Vec<Value> =
        metrics.iter().map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
    let mut document = Value::Object(values);
    document["_aws"] = json!({
        "Timestamp": clock::now().as_millisecond(),
        "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[STACK_DIMENSION]], "Metrics": metrics}],
    });
    document
}

/// Writes a document where Lambda reads it. The template gives every function the name of its stack; CloudWatch refuses
/// a dimension without a value.
fn emit(mut document: Value) {
    if std::env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some() {
        let stack = Setting::StackName.of_the_process();
        document[STACK_DIMENSION] = stack.unwrap_or_else(|| "unknown".into()).into();
        // A metric that cannot be written is not worth a run.
        writeln!(std::io::stdout().lock(), "{document}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &str, stats: Value) -> Answer {
        serde_json::from_value(json!({
            "run_id": "r", "task": "t", "status": status, "outcome": "ran", "triggered_by": null,
            "parent_run_id": null, "attempt": 1, "duration_ms": 41_000, "message": null, "stats": stats, "error": null,
        }))
        .unwrap()
    }

    fn figures(task: &str, status: &str, stats: Value) -> Value {
        let task = TaskSpec::named(task).unwrap();
        Value::Object(run_figures(task, &answer(status, stats), Delivered::default(), 0))
    }

    #[test]
    fn the_latest_task_is_a_metric_in_the_embedded_format_and_its_name_is_no_dimension() {
        let document = overdue_document(TaskSpec::named("backup").unwrap(), 1.25);
        assert_eq!((&document["overdue"], &document["task"]), (&json!(1.25), &json!("backup")));
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "GazelleTasks");
        assert_eq!(directive["Dimensions"], json!([["Stack"]]));
        assert_eq!(directive["Metrics"], json!([{"Name": "overdue", "Unit": "None"}]));
        assert!(document["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    }

    #[test]
    fn a_run_sends_its_figures_by_stack_and_no_zero() {
        let task = TaskSpec::named("sync_gazelle").unwrap();
        let stats =
            json!({"clients": 40, "pianos": 2, "collections": {"clients": {}, "pianos": {}}, "full": false});
        let delivered = Delivered { sent: 2, ..Delivered::default() };
        let figures = run_figures(task, &answer("warning", stats), delivered, 3);
        let expected =
            json!({"success": 1, "duration_ms": 41_000, "rows": 42, "deliveries_sent": 2, "retries": 3});
        assert_eq!(Value::Object(figures.clone()), expected);
        let document = document(&OF_RUNS, figures);
        assert_eq!(document["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
    }

    #[test]
    fn a_frequent_task_sends_its_failures_and_its_counters_only() {
        assert_eq!(figures("maintenance_alerts", "success", json!({"created": 1})), json!({}));
        let failed = json!({"success": 0, "duration_ms": 41_000});
        assert_eq!(figures("maintenance_alerts", "error", json!({})), failed);
        let dispatched = json!({"sent": 5, "pending": 1, "failed": 0, "unknown": 1});
        assert_eq!(
            figures("notification_dispatch", "success", dispatched),
            json!({"deliveries_sent": 5, "deliveries_unknown": 1})
        );
    }

    #[test]
    fn a_run_that_was_handed_over_has_neither_succeeded_nor_failed() {
        assert_eq!(figures("sync_gazelle", "running", json!({"rows": 7})), json!({"rows": 7}));
    }

    #[test]
    fn the_rows_of_a_backup_are_those_of_its_kinds() {
        let stats = json!({"supabase": {"rows": 30}, "sqlite": {"rows": 12}});
        assert_eq!(figures("backup", "success", stats)["rows"], 42);
    }
}
