//! Titles, reasons and advice: which text of the catalogue an event or an error has.

use serde_json::Value;

use super::{alerts::text, shown};
use crate::{
    error_kind::ErrorKind,
    notify::{Channel, Event},
    words::Language,
};

/// The title of a message; of an event whose message makes its own, what lists call it.
pub(super) fn title(event: Event, data: &Value, language: Language) -> String {
    let (title, _) = keys(event, data);
    language.sentence(title, [("subject", shown(text(data, "subject"), 80).into())])
}

/// What somebody can do about it; of an event whose message has its own advice, where the runbook is.
pub(super) fn advice(event: Event, data: &Value, language: Language) -> String {
    let of_kind = ErrorKind::named(text(data, "error_kind")).and_then(ErrorKind::advice);
    language.text(of_kind.unwrap_or_else(|| keys(event, data).1)).to_owned()
}

/// Of the title and of the advice.
fn keys(event: Event, data: &Value) -> (&'static str, &'static str) {
    match event {
        Event::SyncFailed => ("title-sync-failed", "advice-sync-failed"),
        Event::SyncDeletionGuard => ("title-sync-deletion-guard", "advice-sync-deletion-guard"),
        Event::SyncDrift => ("title-sync-drift", "advice-sync-drift"),
        Event::SyncQuarantine => ("title-sync-quarantine", "advice-sync-quarantine"),
        Event::ReportFailed => ("title-report-failed", "advice-report-failed"),
        Event::ReportWeekly => ("title-report-weekly", "advice-report-weekly"),
        Event::ReportWeeklyFailed => ("title-report-weekly-failed", "advice-report-weekly-failed"),
        Event::EventRefused => ("title-event-refused", "advice-event-refused"),
        Event::SupabaseDown => ("title-supabase-down", "advice-supabase-down"),
        Event::GazelleAuthorizationExpiring if says_why(data) => {
            ("title-gazelle-authorization-expiring", "advice-gazelle-authorization-expiring")
        }
        Event::GazelleAuthorizationExpiring => {
            ("title-gazelle-authorization-expiring-soon", "advice-gazelle-authorization-expiring")
        }
        Event::BackupFailed => ("title-backup-failed", "advice-backup-failed"),
        Event::BackupWarning => ("title-backup-warning", "advice-backup-warning"),
        Event::AppointmentsFailed => ("title-rv-failed", "advice-rv-failed"),
        Event::HumidityFailed => ("title-humidity-failed", "advice-humidity-failed"),
        Event::MaintenanceFailed => ("title-maintenance-failed", "advice-next-run"),
        Event::CleanupFailed => ("title-cleanup-failed", "advice-next-run"),
        Event::AnomalyFailed => ("title-anomaly-failed", "advice-next-run"),
        Event::AvailabilityFailed => ("title-availability-failed", "advice-next-run"),
        Event::AvailabilityDown if is_flapping(data) => {
            ("about-is-unstable", "service-falls-comes-back-there")
        }
        Event::AvailabilityDown => ("about-does-not-answer", "check-state-service-message-will"),
        Event::AvailabilityRecovered => ("about-answers-again", "nothing-to-do"),
        Event::HeartbeatMissed => ("about-has-not-succeeded-time", "open-last-run-if-none"),
        Event::HeartbeatRecovered => ("about-has-succeeded-again", "nothing-to-do"),
        Event::RunSlow => ("about-took-almost-all-its-time", "advice-run-slow"),
        Event::RunRecovered => ("about-took-its-usual-time-again", "nothing-to-do"),
        Event::AlarmRaised => ("about-aws-alarm", "open-alarm-follow-runbook"),
        Event::AlarmRecovered => ("about-aws-alarm-over", "nothing-to-do"),
        Event::ChannelDisabled => {
            let title = match Channel::named(text(data, "channel")) {
                Some(Channel::Slack) => "slack-refuses-our-messages",
                Some(Channel::Email) => "sendgrid-refuses-our-e-mails",
                Some(Channel::Telegram) => "telegram-refuses-our-messages",
                None => event.words(),
            };
            (title, "channel-off-messages-take-another")
        }
        Event::ChannelSilent if says_why(data) => {
            let title = match Channel::named(text(data, "channel")) {
                Some(Channel::Slack) => "slack-does-not-take-our",
                Some(Channel::Email) => "sendgrid-does-not-take-our",
                Some(Channel::Telegram) => "telegram-does-not-take-our",
                None => event.words(),
            };
            (title, "messages-take-another-channel-one")
        }
        Event::ChannelSilent => ("about-does-not-answer-our-messages", "nobody-knows-whether-last-messages"),
        Event::ChannelRecovered => ("about-answers-our-messages-again", "nothing-to-do"),
        Event::SystemTest => ("test-notification", "channel-works-nothing-do"),
        Event::AppointmentsUnconfirmed
        | Event::AppointmentsUnassigned
        | Event::HumidityAlert
        | Event::MaintenanceLate
        | Event::MaintenanceUrgent
        | Event::MaintenanceAssetRequired
        | Event::AnomalySync
        | Event::AnomalyCash
        | Event::AnomalyAuth
        | Event::AnomalyAi
        | Event::AnomalyData
        | Event::AnomalyDetection
        | Event::AnomalyResolved => (event.words(), "advice-runbook"),
    }
}

/// Whether a service comes and goes.
fn is_flapping(data: &Value) -> bool {
    data["state"] == "flapping"
}

/// Whether a reason is known, such as that of a vendor who takes nothing.
fn says_why(data: &Value) -> bool {
    !text(data, "error_kind").is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_event_has_a_name_a_title_and_advice_in_both_languages() {
        let problems = [
            json!({}),
            json!({"state": "flapping"}),
            json!({"error_kind": "refused", "channel": "slack"}),
            json!({"error_kind": "refused", "channel": "email"}),
            json!({"error_kind": "refused", "channel": "telegram"}),
            json!({"error_kind": "refused", "channel": "pigeon"}),
        ];
        for event in Event::ALL {
            for language in Language::ALL {
                assert!(language.find(event.words()).is_some(), "{event} has no name");
                for data in &problems {
                    let (key, advice) = keys(*event, data);
                    assert_ne!(title(*event, data, language), key, "{event} has no title");
                    assert!(language.find(advice).is_some(), "{event} has no advice");
                }
            }
        }
    }
}
