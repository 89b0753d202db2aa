//! What people may have to be notified of. The rules of the database, its functions and the messages speak of an event by its
//! name.

use serde::{Serialize, Serializer};

macro_rules! events {
    ($($variant:ident, $name:literal, $words:literal;)*) => {
        /// An event; its name says what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // The runbook has an entry for each.
        pub enum Event {
            $($variant,)*
        }

        impl Event {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as rules and rows have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The key of what people call it, in lists.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

events! {
    SyncFailed, "sync.failed", "event-sync-failed";
    SyncDeletionGuard, "sync.deletion_guard", "event-sync-deletion-guard";
    SyncDrift, "sync.drift", "event-sync-drift";
    SyncQuarantine, "sync.quarantine", "event-sync-quarantine";
    ReportFailed, "report.failed", "event-report-failed";
    ReportWeekly, "report.weekly", "event-report-weekly";
    ReportWeeklyFailed, "report.weekly_failed", "event-report-weekly-failed";
    EventRefused, "event.refused", "event-event-refused";
    SupabaseDown, "supabase.down", "event-supabase-down";
    GazelleAuthorizationExpiring, "gazelle.authorization_expiring", "event-gazelle-authorization-expiring";
    BackupFailed, "backup.failed", "event-backup-failed";
    BackupWarning, "backup.warning", "event-backup-warning";
    AppointmentsUnconfirmed, "rv.unconfirmed", "event-rv-unconfirmed";
    AppointmentsUnassigned, "rv.unassigned", "event-rv-unassigned";
    AppointmentsFailed, "rv.failed", "event-rv-failed";
    HumidityAlert, "humidity.alert", "event-humidity-alert";
    HumidityFailed, "humidity.failed", "event-humidity-failed";
    MaintenanceLate, "maintenance.late", "event-maintenance-late";
    MaintenanceUrgent, "maintenance.urgent", "event-maintenance-urgent";
    MaintenanceAssetRequired, "maintenance.asset_required", "event-maintenance-asset-required";
    MaintenanceFailed, "maintenance.failed", "event-maintenance-failed";
    CleanupFailed, "cleanup.failed", "event-cleanup-failed";
    AnomalySync, "anomaly.sync", "event-anomaly-sync";
    AnomalyCash, "anomaly.cash", "event-anomaly-cash";
    AnomalyAuth, "anomaly.auth", "event-anomaly-auth";
    AnomalyAi, "anomaly.ai", "event-anomaly-ai";
    AnomalyData, "anomaly.data", "event-anomaly-data";
    AnomalyDetection, "anomaly.detection", "event-anomaly-detection";
    AnomalyResolved, "anomaly.resolved", "event-anomaly-resolved";
    AnomalyFailed, "anomaly.failed", "event-anomaly-failed";
    AvailabilityDown, "availability.down", "event-availability-down";
    AvailabilityRecovered, "availability.recovered", "event-availability-recovered";
    AvailabilityFailed, "availability.failed", "event-availability-failed";
    HeartbeatMissed, "heartbeat.missed", "event-heartbeat-missed";
    HeartbeatRecovered, "heartbeat.recovered", "event-heartbeat-recovered";
    RunSlow, "run.slow", "event-run-slow";
    RunRecovered, "run.recovered", "event-run-recovered";
    AlarmRaised, "alarm.raised", "event-alarm-raised";
    AlarmRecovered, "alarm.recovered", "event-alarm-recovered";
    ChannelDisabled, "channel.disabled", "event-channel-disabled";
    ChannelSilent, "channel.silent", "event-channel-silent";
    ChannelRecovered, "channel.recovered", "event-channel-recovered";
    SystemTest, "system.test", "event-system-test";
}

impl Event {
    /// The event of a name; none when this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
