//! Titles, reasons and advice, in French and English.

use crate::words::Language;

pub(super) fn title(event_type: &str, kind: &str, language: Language) -> String {
    let soon = if event_type == "gazelle.authorization_expiring" && kind.is_empty() { "-soon" } else { "" };
    let key = format!("title-{}{soon}", event_type.replace(['.', '_'], "-"));
    language.find(&key).unwrap_or(event_type).to_owned()
}

/// The reason in words; an unknown kind stays as it is.
pub(super) fn explanation(kind: &str, language: Language) -> String {
    let status =
        kind.strip_prefix("http_").filter(|status| status.bytes().all(|digit| digit.is_ascii_digit()));
    match status {
        Some(status) => language.sentence("http-answer", [("status", status.into())]),
        None => known(kind, language).unwrap_or(kind).to_owned(),
    }
}

/// Whether an error kind has words of its own.
pub(super) fn is_known(kind: Option<&str>) -> bool {
    kind.is_some_and(|kind| known(kind, Language::Fr).is_some())
}

fn known(kind: &str, language: Language) -> Option<&'static str> {
    language.find(&format!("error-{}", kind.replace('_', "-")))
}

pub(super) fn advice(event_type: &str, kind: &str, language: Language) -> String {
    let key = match (event_type, kind) {
        (_, "configuration") => "advice-configuration",
        ("sync.failed", _) => "advice-sync-failed",
        ("report.failed", _) => "advice-report-failed",
        ("sync.deletion_guard", _) => "advice-sync-deletion-guard",
        ("sync.drift", _) => "advice-sync-drift",
        ("sync.quarantine", _) => "advice-sync-quarantine",
        ("event.refused", _) => "advice-event-refused",
        ("supabase.down", _) => "advice-supabase-down",
        ("gazelle.authorization_expiring", _) => "advice-gazelle-authorization-expiring",
        ("backup.failed", _) => "advice-backup-failed",
        ("backup.warning", "backup_reduced") => "advice-backup-reduced",
        ("backup.warning", _) => "advice-backup-warning",
        ("rv.failed", _) => "advice-rv-failed",
        ("humidity.failed", _) => "advice-humidity-failed",
        ("availability.failed" | "maintenance.failed" | "cleanup.failed" | "anomaly.failed", _) => {
            "advice-next-run"
        }
        ("report.weekly", _) => "advice-report-weekly",
        ("report.weekly_failed", _) => "advice-report-weekly-failed",
        _ => "advice-runbook",
    };
    language.text(key).to_owned()
}
