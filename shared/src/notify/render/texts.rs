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
    language.sentence(title_key(event, data), [("subject", shown(text(data, "subject"), 80).into())])
}

/// What somebody can do about it; of an event whose message has its own advice, where the runbook is.
pub(super) fn advice(event: Event, data: &Value, language: Language) -> String {
    language.text(advice_key(event, data)).to_owned()
}

fn title_key(event: Event, data: &Value) -> &'static str {
    match event {
        Event::SyncFailed => "title-sync-failed",
        Event::SyncDeletionGuard => "title-sync-deletion-guard",
        Event::SyncDrift => "title-sync-drift",
        Event::SyncQuarantine => "title-sync-quarantine",
        Event::ReportFailed => "title-report-failed",
        Event::ReportWeekly => "title-report-weekly",
        Event::ReportWeeklyFailed => "title-report-weekly-failed",
        Event::EventRefused => "title-event-refused",
        Event::SupabaseDown => "title-supabase-down",
        Event::GazelleAuthorizationExpiring if text(data, "error_kind").is_empty() => {
            "title-gazelle-authorization-expiring-soon"
        }
        Event::GazelleAuthorizationExpiring => "title-gazelle-authorization-expiring",
        Event::BackupFailed => "title-backup-failed",
        Event::BackupWarning => "title-backup-warning",
        Event::AppointmentsFailed => "title-rv-failed",
        Event::HumidityFailed => "title-humidity-failed",
        Event::MaintenanceFailed => "title-maintenance-failed",
        Event::CleanupFailed => "title-cleanup-failed",
        Event::AnomalyFailed => "title-anomaly-failed",
        Event::AvailabilityFailed => "title-availability-failed",
        Event::AvailabilityDown if is_flapping(data) => "about-is-unstable",
        Event::AvailabilityDown => "about-does-not-answer",
        Event::AvailabilityRecovered => "about-answers-again",
        Event::HeartbeatMissed => "about-has-not-succeeded-time",
        Event::HeartbeatRecovered => "about-has-succeeded-again",
        Event::AlarmRaised => "about-aws-alarm",
        Event::AlarmRecovered => "about-aws-alarm-over",
        Event::ChannelDisabled => match Channel::named(text(data, "channel")) {
            Some(Channel::Slack) => "slack-refuses-our-messages",
            Some(Channel::Email) => "sendgrid-refuses-our-e-mails",
            Some(Channel::Telegram) => "telegram-refuses-our-messages",
            None => event.words(),
        },
        Event::ChannelSilent if says_why(data) => match Channel::named(text(data, "channel")) {
            Some(Channel::Slack) => "slack-does-not-take-our",
            Some(Channel::Email) => "sendgrid-does-not-take-our",
            Some(Channel::Telegram) => "telegram-does-not-take-our",
            None => event.words(),
        },
        Event::ChannelSilent => "about-does-not-answer-our-messages",
        Event::ChannelRecovered => "about-answers-our-messages-again",
        Event::SystemTest => "test-notification",
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
        | Event::AnomalyResolved => event.words(),
    }
}

fn advice_key(event: Event, data: &Value) -> &'static str {
    let of_kind = ErrorKind::named(text(data, "error_kind")).and_then(ErrorKind::advice);
    of_kind.unwrap_or_else(|| match event {
        Event::SyncFailed => "advice-sync-failed",
        Event::ReportFailed => "advice-report-failed",
        Event::SyncDeletionGuard => "advice-sync-deletion-guard",
        Event::SyncDrift => "advice-sync-drift",
        Event::SyncQuarantine => "advice-sync-quarantine",
        Event::EventRefused => "advice-event-refused",
        Event::SupabaseDown => "advice-supabase-down",
        Event::GazelleAuthorizationExpiring => "advice-gazelle-authorization-expiring",
        Event::BackupFailed => "advice-backup-failed",
        Event::BackupWarning => "advice-backup-warning",
        Event::AppointmentsFailed => "advice-rv-failed",
        Event::HumidityFailed => "advice-humidity-failed",
        Event::AvailabilityFailed
        | Event::MaintenanceFailed
        | Event::CleanupFailed
        | Event::AnomalyFailed => "advice-next-run",
        Event::ReportWeekly => "advice-report-weekly",
        Event::ReportWeeklyFailed => "advice-report-weekly-failed",
        Event::AvailabilityDown if is_flapping(data) => "service-falls-comes-back-there",
        Event::AvailabilityDown => "check-state-service-message-will",
        Event::HeartbeatMissed => "open-last-run-if-none",
        Event::AlarmRaised => "open-alarm-follow-runbook",
        Event::AvailabilityRecovered
        | Event::HeartbeatRecovered
        | Event::AlarmRecovered
        | Event::ChannelRecovered => "nothing-to-do",
        Event::ChannelDisabled => "channel-off-messages-take-another",
        Event::ChannelSilent if says_why(data) => "messages-take-another-channel-one",
        Event::ChannelSilent => "nobody-knows-whether-last-messages",
        Event::SystemTest => "channel-works-nothing-do",
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
        | Event::AnomalyResolved => "advice-runbook",
    })
}

/// Whether a service comes and goes.
fn is_flapping(data: &Value) -> bool {
    data["state"] == "flapping"
}

/// Whether the vendor said why it takes nothing.
fn says_why(data: &Value) -> bool {
    !text(data, "error_kind").is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_event_has_a_name_a_title_and_advice_in_both_languages() {
        let troubles = [
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
                for data in &troubles {
                    let title = title(*event, data, language);
                    assert_ne!(title, title_key(*event, data), "{event} has no title");
                    assert!(language.find(advice_key(*event, data)).is_some(), "{event} has no advice");
                }
            }
        }
    }
}
