//! Gaps in cash registers: each one beyond its limit, and the repetition for one operator or one register.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::{CashSession, Category, Finding, Severity, Thresholds};

/// Single gaps that are listed; repetition is judged on all.
const LISTED: usize = 100;
/// Days that the sessions come from.
const DAYS: u32 = 7;

/// Gaps of the last seven days. `sessions` come newest first.
pub fn detect(sessions: &[CashSession], thresholds: &Thresholds) -> Vec<Finding> {
    let flagged: Vec<(&CashSession, Severity)> =
        sessions.iter().filter_map(|session| Some((session, severity(session, thresholds)?))).collect();
    let mut findings: Vec<Finding> =
        flagged.iter().take(LISTED).map(|(session, severity)| single(session, *severity)).collect();

    let mut by_operator: BTreeMap<&str, Vec<&CashSession>> = BTreeMap::new();
    let mut by_register: BTreeMap<&str, Vec<&CashSession>> = BTreeMap::new();
    for (session, _) in &flagged {
        by_operator.entry(&session.operator_hash).or_default().push(session);
        if let Some(register) = &session.register_id {
            by_register.entry(register).or_default().push(session);
        }
    }
    for (of, groups) in [("operator", by_operator), ("register", by_register)] {
        let repeated = groups.into_iter().filter(|(_, group)| group.len() >= thresholds.cash_repeated);
        findings.extend(repeated.map(|(key, group)| several(of, key, &group)));
    }
    findings
}

/// Beyond the limit, not at it: a gap of exactly 10.00 is none.
fn severity(session: &CashSession, thresholds: &Thresholds) -> Option<Severity> {
    let gap = session.variance.abs();
    let limit = session.variance_limit.unwrap_or(thresholds.cash_medium_cents);
    let severity = if gap > thresholds.cash_high_cents { Severity::High } else { Severity::Medium };
    (gap > limit).then_some(severity)
}

fn single(session: &CashSession, severity: Severity) -> Finding {
    let notice = json!({"subject": session.register_name, "site": session.site_id});
    Finding::new(Category::Cash, "cash_variance", &session.session_id, severity, notice).with_details(json!({
        "session_id": session.session_id, "operator_id": session.operator_id, "site_id": session.site_id,
        "register_id": session.register_id, "variance_cents": session.variance,
        "closing_amount_cents": session.closing_amount, "actual_amount_cents": session.actual_amount,
        "closed_at": session.closed_at.to_string(),
    }))
}

fn several(of: &str, key: &str, group: &[&CashSession]) -> Finding {
    // Who the operator is stands in the details: a message names the register only.
    let (id, subject, site) = match of {
        "register" => (key, group[0].register_name.clone(), group[0].site_id.clone()),
        _ => (group[0].operator_id.as_str(), None, None),
    };
    let notice = json!({"subject": subject, "site": site, "of": of, "count": group.len(), "days": DAYS});
    let key = format!("{of}:{key}");
    Finding::new(Category::Cash, "cash_variance_repeated", &key, Severity::High, notice).with_details(json!({
        "of": of, "id": id, "count": group.len(),
        "session_ids": group.iter().map(|session| &session.session_id).collect::<Vec<_>>(),
        "variance_cents": group.iter().map(|session| session.variance).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u32, variance: i64) -> CashSession {
        CashSession {
            session_id: format!("s{number}"),
            operator_hash: format!("h{number}"),
            variance,
            ..CashSession::default()
        }
    }

    fn judged(sessions: &[CashSession]) -> Vec<(&'static str, Severity)> {
        detect(sessions, &Thresholds::default()).iter().map(|found| (found.kind, found.severity)).collect()
    }

    #[test]
    fn ten_dollars_are_no_gap_and_fifty_are_not_yet_grave() {
        for (cents, expected) in [
            (1000, None),
            (-1000, None),
            (1001, Some(Severity::Medium)),
            (5000, Some(Severity::Medium)),
            (5001, Some(Severity::High)),
            (-6000, Some(Severity::High)),
        ] {
            let expected: Vec<_> = expected.map(|severity| ("cash_variance", severity)).into_iter().collect();
            assert_eq!(judged(&[session(1, cents)]), expected, "{cents}");
        }
    }

    #[test]
    fn a_register_may_have_a_limit_of_its_own() {
        let own = |limit| CashSession { variance_limit: Some(limit), ..session(1, 1500) };
        assert!(judged(&[own(1500)]).is_empty());
        assert_eq!(judged(&[own(1499)]), [("cash_variance", Severity::Medium)]);
    }

    #[test]
    fn three_gaps_of_one_operator_or_register_are_repeated_and_three_of_three_are_not() {
        let gaps = |number| session(number, 2000);
        assert_eq!(judged(&[gaps(1), gaps(2), gaps(3)]).len(), 3);
        let of_one = |number| CashSession { operator_hash: "h".into(), ..gaps(number) };
        assert_eq!(judged(&[of_one(1), of_one(2)]).len(), 2);
        let found = judged(&[of_one(1), of_one(2), of_one(3)]);
        assert_eq!(found[3], ("cash_variance_repeated", Severity::High));
        let at_one = |number| CashSession { register_id: Some("r".into()), ..gaps(number) };
        assert_eq!(judged(&[at_one(1), at_one(2), at_one(3)]).len(), 4);
        // What is within the limit does not count.
        let small = CashSession { variance: 900, ..of_one(3) };
        assert_eq!(judged(&[of_one(1), of_one(2), small]).len(), 2);
    }

    #[test]
    fn amounts_and_operators_are_not_in_what_messages_say() {
        let secret = CashSession {
            operator_id: "op-7".into(),
            register_name: Some("Caisse 1".into()),
            ..session(1, 98_765)
        };
        let group: Vec<CashSession> =
            (0..3).map(|number| CashSession { session_id: format!("s{number}"), ..secret.clone() }).collect();
        for finding in detect(&group, &Thresholds::default()) {
            let said = format!("{} {} {}", finding.notice, finding.description, finding.fingerprint);
            assert!(!said.contains("987") && !said.contains("op-7"), "{said}");
            assert!(finding.details.to_string().contains("98765"));
        }
    }
}
