//! Failed sign-ins of one person from one place. Five typing errors by five people are five people.

use serde_json::json;

use crate::model::{Category, Finding, Severity, SignIns, Thresholds};

/// Hours that sign-ins are counted over.
pub const WINDOW_HOURS: i64 = 24;

/// Who was refused too often.
pub fn detect(groups: &[SignIns], thresholds: &Thresholds) -> Vec<Finding> {
    groups.iter().filter_map(|group| refused(group, thresholds)).collect()
}

fn refused(group: &SignIns, thresholds: &Thresholds) -> Option<Finding> {
    let severity = match group.failures {
        count if count >= thresholds.auth_failures_high => Severity::High,
        count if count >= thresholds.auth_failures_medium => Severity::Medium,
        _ => return None,
    };
    let notice = json!({"count": group.failures, "attempts": group.attempts, "hours": WINDOW_HOURS});
    let subject = format!("{}:{}", group.user_hash, group.address_hash);
    Some(Finding::new(Category::Auth, "auth_failure", &subject, severity, notice).with_details(json!({
        "user_hash": group.user_hash, "address_hash": group.address_hash, "failures": group.failures,
        "attempts": group.attempts, "last_failure_at": group.last_failure_at,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_failures_are_nothing_five_medium_and_ten_high() {
        for (failures, expected) in
            [(4, None), (5, Some(Severity::Medium)), (9, Some(Severity::Medium)), (10, Some(Severity::High))]
        {
            let group = SignIns { failures, attempts: failures + 2, ..SignIns::default() };
            let found = detect(&[group], &Thresholds::default());
            assert_eq!(found.first().map(|found| found.severity), expected, "{failures}");
        }
    }

    #[test]
    fn failures_of_several_people_are_not_added_up() {
        let groups: Vec<SignIns> = (0..5)
            .map(|number| SignIns {
                user_hash: number.to_string(),
                failures: 1,
                attempts: 1,
                ..SignIns::default()
            })
            .collect();
        assert!(detect(&groups, &Thresholds::default()).is_empty());
    }
}
