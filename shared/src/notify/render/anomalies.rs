//! Messages about anomalies: what, since when, what to do. Counts and tasks; no amounts and no people.

use jiff::Timestamp;
use serde_json::Value;

use super::{Message, local_time, shown};
use crate::{notify::figures::severity_name, words::Language};

/// One sentence about an anomaly, from what its notice holds: `anomaly_type`, `subject`, `count` and so on.
pub fn anomaly_sentence(notice: &Value, language: Language) -> String {
    let kind = notice["anomaly_type"].as_str().unwrap_or_default();
    if matches!(kind, "unusual_duration" | "unusual_volume") {
        return unusual(notice, language);
    }
    let number = |field: &'static str| (field, notice[field].as_f64().unwrap_or_default().into());
    let key = match kind {
        "cash_variance_repeated" if notice["of"] == "register" => "sentence-cash-variance-repeated-register",
        "cash_variance_repeated" => "sentence-cash-variance-repeated-operator",
        "sync_failure" => "sentence-sync-failure",
        "consecutive_failures" => "sentence-consecutive-failures",
        "stuck_task" => "sentence-stuck-task",
        "cash_variance" => "sentence-cash-variance",
        "auth_failure" => "sentence-auth-failure",
        "auth_attack" => "sentence-auth-attack",
        "ai_error_rate" => "sentence-ai-error-rate",
        "ai_confidence" => "sentence-ai-confidence",
        "stale_collection" => "sentence-stale-collection",
        "row_count_drop" => "sentence-row-count-drop",
        "orphan_rows" => "sentence-orphan-rows",
        "humidity_backlog" => "sentence-humidity-backlog",
        "detection_error" => "sentence-detection-error",
        other => return shown(other, 40),
    };
    let fields = ["count", "hours", "days", "percent", "total", "usual", "attempts", "addresses"];
    language.sentence(key, fields.map(number))
}

fn unusual(notice: &Value, language: Language) -> String {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let number = |field: &str| notice[field].as_f64().unwrap_or_default().max(0.0) as u64;
    let day = DAYS.get(number("weekday").saturating_sub(1) as usize).map_or("", |key| language.text(key));
    let (key, [value, usual]) = if notice["anomaly_type"] == "unusual_duration" {
        ("sentence-unusual-duration", ["value", "usual"].map(|field| lasting(number(field), language)))
    } else {
        let rows = |field| language.sentence("rows", [("count", number(field).into())]);
        ("sentence-unusual-volume", ["value", "usual"].map(rows))
    };
    language.sentence(key, [("value", value.into()), ("usual", usual.into()), ("day", day.into())])
}

/// `45 s`, `12 min`, `3 h 30 min`, `2 j 4 h`.
fn lasting(seconds: u64, language: Language) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} {} {hours} h", language.text("d")),
    }
}

/// The message about an anomaly that was found, or is over.
pub(super) fn anomaly(is_over: bool, data: &Value, language: Language) -> Message {
    let icon = match (is_over, data["anomaly_severity"].as_str()) {
        (true, _) => "✅",
        (_, Some("critical")) => "🚨",
        (_, Some("high")) => "❌",
        _ => "⚠️",
    };
    let kind = data["anomaly_type"].as_str().unwrap_or_default();
    let mut title = format!("{icon} {}", name(kind, language));
    let subject = subject(data["subject"].as_str().unwrap_or_default(), language);
    if !subject.is_empty() {
        title = format!("{title} — {subject}");
    }
    if is_over {
        title.push_str(language.text("it-is-over"));
    }
    let since = data["since"].as_str().unwrap_or_default();
    let mut facts = vec![
        ("Site".to_owned(), shown(data["site"].as_str().unwrap_or_default(), 100)),
        (language.text("severity").to_owned(), severity(data, language)),
        (language.text("since").to_owned(), local_time(since)),
    ];
    if let Some(over) = data["resolved_at"].as_str().filter(|_| is_over) {
        facts.push((language.text("over").to_owned(), local_time(over)));
        facts.push((language.text("lasted").to_owned(), elapsed(since, over, language)));
    }
    facts.retain(|(_, value)| !value.is_empty());
    Message {
        title,
        intro: if is_over { Vec::new() } else { vec![anomaly_sentence(data, language)] },
        facts,
        advice: if is_over { over_advice(language) } else { advice(kind, language) },
        ..Message::default()
    }
}

fn elapsed(since: &str, over: &str, language: Language) -> String {
    let (Ok(since), Ok(over)) = (since.parse::<Timestamp>(), over.parse::<Timestamp>()) else {
        return String::new();
    };
    lasting(u64::try_from(over.as_second() - since.as_second()).unwrap_or_default(), language)
}

fn name(kind: &str, language: Language) -> String {
    let known = language.find(&format!("anomaly-{}", kind.replace(['.', '_'], "-")));
    known.map_or_else(|| shown(kind, 40), str::to_owned)
}

/// A task or a place as it is; a collection, a relation or a detector by its name for people.
fn subject(subject: &str, language: Language) -> String {
    let known = language.find(&format!("subject-{}", subject.replace(['.', '_'], "-")));
    known.map_or_else(|| shown(subject, 80), str::to_owned)
}

fn severity(data: &Value, language: Language) -> String {
    let severity = data["anomaly_severity"].as_str().unwrap_or_default();
    severity_name(severity, language).unwrap_or_default().to_owned()
}

fn over_advice(language: Language) -> String {
    language.text("nothing-do-not-seen-any").to_owned()
}

fn advice(kind: &str, language: Language) -> String {
    let key = match kind {
        "sync_failure" | "consecutive_failures" => "anomaly-advice-sync-failure",
        "stuck_task" => "anomaly-advice-stuck-task",
        "cash_variance" | "cash_variance_repeated" => "anomaly-advice-cash-variance",
        "auth_failure" => "anomaly-advice-auth-failure",
        "auth_attack" => "anomaly-advice-auth-attack",
        "ai_error_rate" | "ai_confidence" => "anomaly-advice-ai-error-rate",
        "stale_collection" | "row_count_drop" | "orphan_rows" => "anomaly-advice-stale-collection",
        "humidity_backlog" => "anomaly-advice-humidity-backlog",
        "detection_error" => "anomaly-advice-detection-error",
        _ => "anomaly-advice-other",
    };
    language.text(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_over_says_how_long_it_lasted() {
        let data = json!({"anomaly_type": "sync_failure", "subject": "Backup SQL",
                          "since": "2026-01-15T06:00:00Z", "resolved_at": "2026-01-15T09:30:00Z"});
        let message = anomaly(true, &data, Language::Fr);
        assert_eq!(message.title, "✅ Échecs répétés — Backup SQL: c'est terminé");
        assert!(
            message.facts.contains(&("A duré".to_owned(), "3 h 30 min".to_owned())),
            "{:?}",
            message.facts
        );
        let days = json!({"since": "2026-01-15T06:00:00Z", "resolved_at": "2026-01-17T10:30:00Z"});
        assert_eq!(anomaly(true, &days, Language::Fr).facts[2].1, "2 j 4 h");
        assert_eq!(anomaly(true, &days, Language::En).facts[2].1, "2 d 4 h");
    }

    #[test]
    fn counts_are_written_without_a_point() {
        let data = json!({"anomaly_type": "ai_error_rate", "count": 6, "total": 20, "percent": 30.0});
        assert_eq!(anomaly_sentence(&data, Language::Fr), "6 appels sur 20 ont échoué (30 %).");
        assert_eq!(anomaly_sentence(&data, Language::En), "6 of 20 calls failed (30 %).");
    }
}
