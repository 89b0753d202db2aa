//! Durations and volumes that are not those of the task's other runs on the same weekday.
//!
//! Compared are medians, and the spread is the median absolute deviation: one bad night does not move them.

use serde_json::{Value, json};
use shared::clock;

use crate::model::{Category, Finding, LastSuccess, Severity, Thresholds};

/// Makes a median absolute deviation comparable with a standard deviation.
const TO_STANDARD_DEVIATION: f64 = 1.4826;

/// Tasks whose last success took or handled unusually much or little.
pub fn detect(tasks: &[LastSuccess], thresholds: &Thresholds) -> Vec<Finding> {
    tasks
        .iter()
        .flat_map(|task| duration(task, thresholds).into_iter().chain(volume(task, thresholds)))
        .collect()
}

fn duration(task: &LastSuccess, thresholds: &Thresholds) -> Option<Finding> {
    let seconds = task.figures.duration_ms / 1000.0;
    let usual: Vec<f64> = task.same_weekday.iter().map(|past| past.duration_ms / 1000.0).collect();
    let median = unusual_against(seconds, &usual, thresholds.unusual_minimum_seconds, thresholds)?;
    Some(finding("unusual_duration", task, seconds, median, usual.len()))
}

fn volume(task: &LastSuccess, thresholds: &Thresholds) -> Option<Finding> {
    let rows = task.figures.volume?;
    let usual: Vec<f64> = task.same_weekday.iter().filter_map(|past| past.volume).collect();
    let median = unusual_against(rows, &usual, thresholds.unusual_minimum_rows, thresholds)?;
    Some(finding("unusual_volume", task, rows, median, usual.len()))
}

/// The usual value, when `value` is far from it: in spreads, in itself, and as a share. With a spread of zero,
/// which runs that are alike have, the first alone would flag a second more.
fn unusual_against(value: f64, usual: &[f64], minimum: f64, thresholds: &Thresholds) -> Option<f64> {
    if usual.len() < thresholds.unusual_minimum_runs {
        return None;
    }
    let center = median(usual)?;
    let deviations: Vec<f64> = usual.iter().map(|value| (value - center).abs()).collect();
    let spread = median(&deviations)? * TO_STANDARD_DEVIATION;
    let distance = (value - center).abs();
    let is_far = distance > thresholds.unusual_spread * spread
        && distance > minimum
        && distance > center * thresholds.unusual_minimum_percent / 100.0;
    is_far.then_some(center)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

fn finding(kind: &'static str, task: &LastSuccess, value: f64, usual: f64, runs: usize) -> Finding {
    let weekday = clock::business_date(task.started_at).weekday().to_monday_one_offset();
    let notice = json!({
        "subject": task.label, "weekday": weekday, "value": rounded(value), "usual": rounded(usual),
    });
    Finding::new(Category::Unusual, kind, &task.name, Severity::Medium, notice).with_details(json!({
        "task": task.name, "run_id": task.run_id, "value": rounded(value), "usual": rounded(usual), "compared_runs": runs,
    }))
}

fn rounded(value: f64) -> Value {
    json!(value.round())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Figures;

    fn judged(seconds: f64, usual: &[f64]) -> Vec<Finding> {
        let figures = |seconds: f64| Figures { duration_ms: seconds * 1000.0, volume: None };
        let task = LastSuccess {
            name: "backup".into(),
            label: "Backup SQL".into(),
            run_id: "r1".into(),
            // A Tuesday in Montréal.
            started_at: "2026-01-13T08:00:00Z".parse().unwrap(),
            figures: figures(seconds),
            same_weekday: usual.iter().map(|seconds| figures(*seconds)).collect(),
        };
        detect(&[task], &Thresholds::default())
    }

    #[test]
    fn an_unusual_duration_is_explained_in_words() {
        let findings = judged(720.0, &[180.0, 170.0, 190.0, 175.0, 185.0, 180.0, 178.0, 182.0]);
        assert_eq!((findings[0].kind, findings[0].severity), ("unusual_duration", Severity::Medium));
        assert_eq!(findings[0].description, "A duré 12 min; un mardi habituel: 3 min.");
        assert_eq!(findings[0].fingerprint, "unusual_duration:backup");
    }

    #[test]
    fn four_runs_are_no_habit_and_five_are() {
        assert!(judged(720.0, &[180.0; 4]).is_empty());
        assert_eq!(judged(720.0, &[180.0; 5]).len(), 1);
    }

    #[test]
    fn runs_that_are_alike_do_not_make_seconds_a_problem() {
        assert!(judged(10.0, &[2.0; 8]).is_empty(), "five times as long, but seconds");
        assert!(judged(600.0, &[500.0; 8]).is_empty(), "100 seconds, but a fifth");
        assert!(
            judged(1000.0, &[100.0, 900.0, 200.0, 800.0, 500.0, 300.0, 700.0]).is_empty(),
            "anything is usual"
        );
    }

    #[test]
    fn volumes_are_compared_where_both_sides_have_one_and_nothing_is_a_volume() {
        let figures = |volume| Figures { duration_ms: 1000.0, volume };
        let task = |volume, past| LastSuccess {
            name: "rapport_timeline".into(),
            label: "Rapport Timeline".into(),
            run_id: "r1".into(),
            started_at: "2026-01-13T08:00:00Z".parse().unwrap(),
            figures: figures(volume),
            same_weekday: vec![figures(past); 6],
        };
        let judged = |task| detect(&[task], &Thresholds::default());
        assert_eq!(
            judged(task(Some(0.0), Some(4000.0)))[0].description,
            "0 ligne; un mardi habituel: 4000 lignes."
        );
        assert!(judged(task(None, Some(4000.0))).is_empty());
        assert!(judged(task(Some(0.0), None)).is_empty());
        assert!(judged(task(Some(3000.0), Some(4000.0))).is_empty());
    }
}
