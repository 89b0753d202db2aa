//! Titles, reasons and advice: which text of the catalogue an event or an error has.

use crate::{notify::Event, words::Language};

/// The title of a message; of an event whose message makes its own, what lists call it.
pub(super) fn title(event: Event, kind: &str, language: Language) -> String {
    let key = match event {
        Event::GazelleAuthorizationExpiring if kind.is_empty() => "title-gazelle-authorization-expiring-soon",
        Event::SyncFailed => "title-sync-failed",
        Event::SyncDeletionGuard => "title-sync-deletion-guard",
        Event::SyncDrift => "title-sync-drift",
        Event::SyncQuarantine => "title-sync-quarantine",
        Event::ReportFailed => "title-report-failed",
        Event::ReportWeekly => "title-report-weekly",
        Event::ReportWeeklyFailed => "title-report-weekly-failed",
        Event::EventRefused => "title-event-refused",
        Event::SupabaseDown => "title-supabase-down",
        Event::GazelleAuthorizationExpiring => "title-gazelle-authorization-expiring",
        Event::BackupFailed => "title-backup-failed",
        Event::BackupWarning => "title-backup-warning",
        Event::AppointmentsFailed => "title-rv-failed",
        Event::HumidityFailed => "title-humidity-failed",
        Event::MaintenanceFailed => "title-maintenance-failed",
        Event::CleanupFailed => "title-cleanup-failed",
        Event::AnomalyFailed => "title-anomaly-failed",
        Event::AvailabilityFailed => "title-availability-failed",
        other => other.words(),
    };
    language.text(key).to_owned()
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

pub(super) fn advice(event: Event, kind: &str, language: Language) -> String {
    let key = match (event, kind) {
        (_, "configuration") => "advice-configuration",
        (Event::SyncFailed, _) => "advice-sync-failed",
        (Event::ReportFailed, _) => "advice-report-failed",
        (Event::SyncDeletionGuard, _) => "advice-sync-deletion-guard",
        (Event::SyncDrift, _) => "advice-sync-drift",
        (Event::SyncQuarantine, _) => "advice-sync-quarantine",
        (Event::EventRefused, _) => "advice-event-refused",
        (Event::SupabaseDown, _) => "advice-supabase-down",
        (Event::GazelleAuthorizationExpiring, _) => "advice-gazelle-authorization-expiring",
        (Event::BackupFailed, _) => "advice-backup-failed",
        (Event::BackupWarning, "backup_reduced") => "advice-backup-reduced",
        (Event::BackupWarning, "backup_unproven") => "advice-backup-unproven",
        (Event::BackupWarning, _) => "advice-backup-warning",
        (Event::AppointmentsFailed, _) => "advice-rv-failed",
        (Event::HumidityFailed, _) => "advice-humidity-failed",
        (
            Event::AvailabilityFailed
            | Event::MaintenanceFailed
            | Event::CleanupFailed
            | Event::AnomalyFailed,
            _,
        ) => "advice-next-run",
        (Event::ReportWeekly, _) => "advice-report-weekly",
        (Event::ReportWeeklyFailed, _) => "advice-report-weekly-failed",
        _ => "advice-runbook",
    };
    language.text(key).to_owned()
}
