//! Failed and stuck runs. A missed run is not theirs: `availability-check` watches for that.

use jiff::Timestamp;
use serde_json::json;

use crate::model::{Category, FailingTask, Finding, RunInputs, RunningTask, Severity, Thresholds};

/// Hours that repeated failures are counted over.
pub const WINDOW_HOURS: i64 = 24;

/// Repeated failures, failures without a success in between, and runs that do not end.
pub fn detect(inputs: &RunInputs, thresholds: &Thresholds, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for task in &inputs.tasks {
        let consecutive = consecutive_failures(task, thresholds);
        findings.extend(repeated_failures(task, thresholds).map(|finding| Finding {
            // The same failures, said once: by the graver sentence.
            covered_by: consecutive.as_ref().map(|consecutive| consecutive.fingerprint.clone()),
            ..finding
        }));
        findings.extend(consecutive);
    }
    findings.extend(inputs.running.iter().filter_map(|run| stuck(run, thresholds, now)));
    findings
}

fn repeated_failures(task: &FailingTask, thresholds: &Thresholds) -> Option<Finding> {
    let severity = match task.recent_failures {
        count if count >= thresholds.sync_failures_high => Severity::High,
        count if count >= thresholds.sync_failures_medium => Severity::Medium,
        _ => return None,
    };
    let notice = json!({"subject": task.label, "count": task.recent_failures, "hours": WINDOW_HOURS});
    Some(of_task("sync_failure", task, severity, since(notice, task.recent_since)))
}

fn consecutive_failures(task: &FailingTask, thresholds: &Thresholds) -> Option<Finding> {
    let notice = json!({"subject": task.label, "count": task.consecutive_failures});
    (task.consecutive_failures >= thresholds.consecutive_failures)
        .then(|| of_task("consecutive_failures", task, Severity::High, since(notice, task.consecutive_since)))
}

/// A notice that says when the problem began, where that is known: with the first failure, not with the one that was
/// enough to be reported.
fn since(mut notice: serde_json::Value, began_at: Option<Timestamp>) -> serde_json::Value {
    if let Some(began_at) = began_at {
        notice["since"] = began_at.to_string().into();
    }
    notice
}

fn of_task(kind: &'static str, task: &FailingTask, severity: Severity, notice: serde_json::Value) -> Finding {
    let run_ids = task.run_ids.clone().unwrap_or_default();
    Finding::new(Category::Sync, kind, &task.name, severity, notice)
        .with_details(json!({
            "task": task.name, "failures": task.recent_failures, "consecutive_failures": task.consecutive_failures,
            "last_failure_at": task.last_failure_at, "run_ids": run_ids,
        }))
        .with_runs(&run_ids)
}

fn stuck(run: &RunningTask, thresholds: &Thresholds, now: Timestamp) -> Option<Finding> {
    let seconds = now.as_second() - run.started_at.as_second();
    let notice = since(json!({"subject": run.label, "hours": seconds / 3600}), Some(run.started_at));
    (seconds as f64 > thresholds.stuck_hours * 3600.0).then(|| {
        Finding::new(Category::Sync, "stuck_task", &run.name, Severity::High, notice).with_details(
            json!({"task": run.name, "run_id": run.run_id, "started_at": run.started_at.to_string()}),
        )
    })
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn failing(recent: u32, consecutive: u32) -> Vec<Finding> {
        let task = FailingTask {
            name: "backup".into(),
            label: "Backup SQL".into(),
            recent_failures: recent,
            consecutive_failures: consecutive,
            run_ids: Some(vec!["r1".into()]),
            ..FailingTask::default()
        };
        let inputs = RunInputs { tasks: vec![task], ..RunInputs::default() };
        detect(&inputs, &Thresholds::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn two_failures_are_nothing_three_medium_and_five_high() {
        let severities = |recent| failing(recent, 1).iter().map(|found| found.severity).collect::<Vec<_>>();
        assert_eq!(severities(2), []);
        assert_eq!(severities(3), [Severity::Medium]);
        assert_eq!(severities(4), [Severity::Medium]);
        assert_eq!(severities(5), [Severity::High]);
    }

    #[test]
    fn a_success_in_between_resets_the_consecutive_ones() {
        assert!(failing(2, 2).is_empty());
        let findings = failing(2, 3);
        assert_eq!((findings.len(), findings[0].kind), (1, "consecutive_failures"));
        assert_eq!(findings[0].severity, Severity::High);
        assert_eq!(findings[0].run_ids, ["r1"]);
    }

    #[test]
    fn failures_began_with_the_first_of_them() {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let task = FailingTask {
            name: "availability".into(),
            recent_failures: 3,
            consecutive_failures: 3,
            last_failure_at: at("2026-01-15T23:14:00Z"),
            recent_since: at("2026-01-15T20:00:00Z"),
            consecutive_since: at("2026-01-15T23:04:00Z"),
            ..FailingTask::default()
        };
        let inputs = RunInputs { tasks: vec![task], ..RunInputs::default() };
        let findings = detect(&inputs, &Thresholds::default(), Timestamp::UNIX_EPOCH);
        let since: Vec<&serde_json::Value> = findings.iter().map(|found| &found.notice["since"]).collect();
        assert_eq!(since, ["2026-01-15T20:00:00Z", "2026-01-15T23:04:00Z"]);
        assert!(failing(3, 3).iter().all(|found| found.notice["since"].is_null()), "nobody knows");
    }

    #[test]
    fn failures_in_a_row_speak_for_the_same_failures_counted() {
        let findings = failing(3, 3);
        assert_eq!(findings[0].kind, "sync_failure");
        assert_eq!(findings[0].covered_by.as_deref(), Some("consecutive_failures:backup"));
        assert_eq!(findings[0].description, "3 échecs en 24 h.");
        assert_eq!(findings[1].covered_by, None);
        assert_eq!(failing(3, 1)[0].covered_by, None);
    }

    #[test]
    fn a_run_is_stuck_after_two_hours_and_not_before() {
        let now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let running = |started_at| RunInputs {
            running: vec![RunningTask {
                run_id: "r1".into(),
                name: "backup".into(),
                label: "Backup SQL".into(),
                started_at,
            }],
            ..RunInputs::default()
        };
        assert!(detect(&running(now - 2.hours()), &Thresholds::default(), now).is_empty());
        let findings = detect(&running(now - 7201.seconds()), &Thresholds::default(), now);
        assert_eq!((findings[0].kind, findings[0].severity), ("stuck_task", Severity::High));
    }
}
