//! Errors and doubts of language models.

use serde_json::json;

use crate::model::{AiCalls, Category, Finding, Severity, Thresholds};

/// Hours that calls are counted over.
pub const WINDOW_HOURS: i64 = 24;

/// Features whose model fails or is unsure too often. A few calls prove nothing.
pub fn detect(features: &[AiCalls], thresholds: &Thresholds) -> Vec<Finding> {
    let judged = features.iter().filter(|calls| calls.calls >= thresholds.ai_minimum_calls);
    judged.flat_map(|calls| errors(calls, thresholds).into_iter().chain(doubts(calls, thresholds))).collect()
}

fn errors(calls: &AiCalls, thresholds: &Thresholds) -> Option<Finding> {
    let percent = 100.0 * f64::from(calls.failures) / f64::from(calls.calls.max(1));
    let severity = match percent {
        percent if percent > thresholds.ai_error_percent_high => Severity::High,
        percent if percent > thresholds.ai_error_percent_medium => Severity::Medium,
        _ => return None,
    };
    let notice = json!({
        "subject": calls.feature, "count": calls.failures, "total": calls.calls, "percent": percent.round(),
    });
    Some(Finding::new(Category::Ai, "ai_error_rate", &calls.feature, severity, notice).with_details(json!({
        "feature": calls.feature, "calls": calls.calls, "failures": calls.failures, "error_kinds": calls.error_kinds,
    })))
}

fn doubts(calls: &AiCalls, thresholds: &Thresholds) -> Option<Finding> {
    let mean = calls.mean_confidence.filter(|mean| *mean < thresholds.ai_confidence)?;
    let percent = (100.0 * mean).round();
    let notice = json!({"subject": calls.feature, "percent": percent});
    Some(
        Finding::new(Category::Ai, "ai_confidence", &calls.feature, Severity::Low, notice)
            .with_details(json!({"feature": calls.feature, "calls": calls.calls, "mean_confidence": mean})),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(calls: u32, failures: u32, mean_confidence: Option<f64>) -> Vec<(&'static str, Severity)> {
        let calls = AiCalls { calls, failures, mean_confidence, ..AiCalls::default() };
        detect(&[calls], &Thresholds::default()).iter().map(|found| (found.kind, found.severity)).collect()
    }

    #[test]
    fn a_share_of_errors_counts_from_twenty_calls_and_beyond_its_limits() {
        assert!(judged(19, 19, Some(0.1)).is_empty());
        assert!(judged(20, 1, None).is_empty(), "5 % is not beyond 5 %");
        assert_eq!(judged(20, 2, None), [("ai_error_rate", Severity::Medium)]);
        assert_eq!(judged(20, 4, None), [("ai_error_rate", Severity::Medium)]);
        assert_eq!(judged(20, 5, None), [("ai_error_rate", Severity::High)]);
    }

    #[test]
    fn a_mean_confidence_below_the_limit_is_stored_and_not_reported() {
        assert!(judged(20, 0, Some(0.6)).is_empty());
        assert_eq!(judged(20, 0, Some(0.59)), [("ai_confidence", Severity::Low)]);
        assert!(judged(20, 0, None).is_empty(), "no answer says how sure it is");
    }
}
