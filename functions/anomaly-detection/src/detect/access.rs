//! Failed sign-ins of one person from one place, and all of them together when somebody tries many. Five typing errors by
//! five people are five people.

use std::collections::BTreeSet;

use serde_json::json;

use crate::model::{Category, Finding, Severity, SignIns, Thresholds};

/// Hours that sign-ins are counted over.
pub const WINDOW_HOURS: i64 = 24;

/// More failures than people make, from more places than they are at.
const ATTACK_FAILURES: u32 = 50;
const ATTACK_ADDRESSES: usize = 5;
/// … or with more names than the company has people.
const ATTACK_NAMES: usize = 20;
/// … or more people at more places than mistype on one day: nobody is notified of each.
const ATTACK_GROUPS: usize = 6;

/// Who was refused too often. An attack speaks for whatever it tried: people are notified once.
pub fn detect(groups: &[SignIns], thresholds: &Thresholds) -> Vec<Finding> {
    let attack = attack(groups, thresholds);
    let speaks = attack.as_ref().map(|attack| attack.fingerprint.clone());
    let refused = groups.iter().filter_map(|group| refused(group, thresholds));
    let refused = refused.map(|found| Finding { covered_by: speaks.clone(), ..found });
    attack.clone().into_iter().chain(refused).collect()
}

fn attack(groups: &[SignIns], thresholds: &Thresholds) -> Option<Finding> {
    let failures: u32 = groups.iter().fold(0, |sum, group| sum.saturating_add(group.failures));
    let addresses: BTreeSet<&str> = groups.iter().map(|group| group.address_hash.as_str()).collect();
    let names: BTreeSet<&str> = groups.iter().map(|group| group.user_hash.as_str()).collect();
    let notable = groups.iter().filter(|group| group.failures >= thresholds.auth_failures_medium).count();
    let is_spread =
        addresses.len() >= ATTACK_ADDRESSES || names.len() >= ATTACK_NAMES || notable >= ATTACK_GROUPS;
    if failures < ATTACK_FAILURES || !is_spread {
        return None;
    }
    let figures = json!({"count": failures, "addresses": addresses.len(), "hours": WINDOW_HOURS});
    let last = groups.iter().filter_map(|group| group.last_failure_at).max();
    let mut details = figures.clone();
    details["last_failure_at"] = last.map(|last| last.to_string()).into();
    Some(
        Finding::new(Category::Auth, "auth_attack", "sign-in", Severity::High, figures).with_details(details),
    )
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

    #[test]
    fn an_attack_from_many_places_speaks_for_them() {
        let groups = |addresses: usize, failures: u32| -> Vec<SignIns> {
            (0..addresses)
                .map(|number| SignIns {
                    address_hash: number.to_string(),
                    failures,
                    attempts: failures,
                    ..SignIns::default()
                })
                .collect()
        };
        let notable = |addresses, failures| -> Vec<&str> {
            let found = detect(&groups(addresses, failures), &Thresholds::default());
            let speaks = found.first().map(|first| first.fingerprint.clone());
            let is_notified = |found: &&Finding| found.covered_by.is_none();
            assert!(found.iter().all(|found| is_notified(&found) || found.covered_by == speaks));
            found.iter().filter(is_notified).map(|found| found.kind).collect()
        };
        assert_eq!(notable(5, 10), ["auth_attack"]);
        assert_eq!(notable(50, 20), ["auth_attack"]);
        assert_eq!(notable(4, 20).len(), 4, "an office where many mistype");
        assert!(notable(40, 1).is_empty(), "forty people who mistype once");
        // Four addresses try nineteen names each: one message, not seventy-six.
        let pairs = (0..76).map(|number| SignIns {
            user_hash: (number % 19).to_string(),
            address_hash: (number / 19).to_string(),
            failures: 10,
            attempts: 10,
            ..SignIns::default()
        });
        let found = detect(&pairs.collect::<Vec<_>>(), &Thresholds::default());
        assert_eq!(found.iter().filter(|found| found.covered_by.is_none()).count(), 1);
        // Three addresses go through a list of names, twice each.
        let names = (0..30).map(|number| SignIns {
            user_hash: number.to_string(),
            address_hash: (number % 3).to_string(),
            failures: 2,
            attempts: 2,
            ..SignIns::default()
        });
        let found = detect(&names.collect::<Vec<_>>(), &Thresholds::default());
        assert_eq!(found.iter().map(|found| found.kind).collect::<Vec<_>>(), ["auth_attack"]);
    }
}
