//! The registry of tasks, and what a task is: a name, a time limit and one `run`.
//!
//! The template, the local scheduler and the console agree with this registry; a test says so. A new task is a
//! variant of [`Function`], an entry in [`TASKS`] and a crate: the compiler names every other place.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    error_kind::ErrorKind,
    events::{self, DomainEvent},
    gazelle::GazelleError,
    http::{Cause, HttpError},
    notify::{Event, Notice},
    supabase::SupabaseError,
};

macro_rules! functions {
    ($($variant:ident, $name:literal;)*) => {
        /// The Lambda functions, one crate each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Function {
            $(
                #[doc = concat!("`functions/", $name, "`")]
                $variant,
            )*
        }

        impl Function {
            /// All functions.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The crate, which is also the folder and the binary.
            pub const fn crate_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

functions! {
    SyncGazelle, "sync-gazelle";
    TimelineReport, "timeline-report";
    HumidityAlerts, "humidity-alerts";
    Backup, "backup";
    AppointmentAlerts, "appointment-alerts";
    MaintenanceAlerts, "maintenance-alerts";
    Cleanup, "cleanup";
    AvailabilityCheck, "availability-check";
    AnomalyDetection, "anomaly-detection";
    WeeklyReport, "weekly-report";
    NotificationDispatch, "notification-dispatch";
    // Run no task: CloudWatch calls the one, HTTP requests the other.
    AlarmRelay, "alarm-relay";
    AdminApi, "admin-api";
}

impl Function {
    /// The tasks of this function; the first is what `{}` starts.
    pub fn tasks(self) -> impl Iterator<Item = &'static TaskSpec> {
        TASKS.iter().filter(move |task| task.function == self)
    }

    /// Limit of one invocation: the longest of its tasks; the relay speaks quickly, and an HTTP API of AWS waits for an
    /// answer at most 30 s.
    pub fn time_limit(self) -> Duration {
        let without_task = if self == Function::AdminApi { 29 } else { 60 };
        self.tasks().map(|task| task.time_limit).max().unwrap_or(Duration::from_secs(without_task))
    }
}

/// Which row a run leaves in `sync_logs`, the log of the old dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncLog {
    /// `task_type` of the row.
    TaskType(&'static str),
    /// No row.
    None,
}

/// A task's part in the chain "Sync Gazelle → Timeline".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Starts it: when this run fails, the chain has ended.
    Starts,
    /// Ends it, when it was started by the event.
    Ends,
    /// Has nothing to do with it.
    None,
}

/// What the registry knows of a task.
#[derive(Debug)]
pub struct TaskSpec {
    /// Technical name, as in `scheduler_logs.task_name`.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Who runs it.
    pub function: Function,
    /// Short name of the predecessor's endpoints (`sync`, `rapport`, `backup`, `alerts`).
    pub alias: Option<&'static str>,
    /// Default schedule, Montréal time. `None`: started by events or on request only.
    pub schedule: Option<&'static str>,
    /// Detail type of the event that starts it.
    pub listens_to: Option<&'static str>,
    /// Limit of one invocation.
    pub time_limit: Duration,
    /// Tasks of the same group never run at the same time.
    pub exclusion_group: &'static str,
    /// How often a success is expected, at least.
    pub expected_period: Duration,
    /// Row in `sync_logs`.
    pub sync_log: SyncLog,
    /// Part in the chain.
    pub chain: Chain,
    /// Whether the task knows the parameter `dry_run`: it says what it would do, and does nothing.
    pub has_dry_run: bool,
    /// Event type of the notice when a run fails.
    pub failure_event: Option<Event>,
    /// Tasks that the local stack runs first, so that this one finds something to work on.
    pub needs: &'static [&'static str],
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const HALF_HOUR: Duration = Duration::from_secs(1800);

/// A task that nothing starts yet, that runs beside every other one and whose failures nobody hears of.
const fn task(name: &'static str, label: &'static str, function: Function, limit_seconds: u64) -> TaskSpec {
    TaskSpec {
        name,
        label,
        function,
        alias: None,
        schedule: None,
        listens_to: None,
        time_limit: Duration::from_secs(limit_seconds),
        exclusion_group: name,
        expected_period: Duration::MAX,
        sync_log: SyncLog::None,
        chain: Chain::None,
        has_dry_run: false,
        failure_event: None,
        needs: &[],
    }
}

/// A sync: of everything, or an import of one collection on request.
const fn import(name: &'static str, label: &'static str) -> TaskSpec {
    TaskSpec {
        exclusion_group: "gazelle_mirror",
        sync_log: SyncLog::TaskType("sync"),
        failure_event: Some(Event::SyncFailed),
        ..task(name, label, Function::SyncGazelle, 900)
    }
}

/// Every task of the product.
pub const TASKS: &[TaskSpec] = &[
    TaskSpec {
        schedule: Some("cron(0 1 * * ? *)"),
        alias: Some("sync"),
        expected_period: DAY,
        chain: Chain::Starts,
        ..import("sync_gazelle", "Sync Gazelle Totale")
    },
    import("import_clients", "Import Clients"),
    import("import_contacts", "Import Contacts"),
    import("import_pianos", "Import Pianos"),
    import("import_timeline", "Import Timeline"),
    import("import_appointments", "Import Rendez-vous"),
    TaskSpec {
        alias: Some("rapport"),
        listens_to: Some(events::SYNC_SUCCEEDED),
        expected_period: DAY,
        sync_log: SyncLog::TaskType("report"),
        chain: Chain::Ends,
        needs: &["sync_gazelle"],
        failure_event: Some(Event::ReportFailed),
        ..task("rapport_timeline", "Rapport Timeline", Function::TimelineReport, 300)
    },
    TaskSpec {
        listens_to: Some(events::SYNC_SUCCEEDED),
        expected_period: DAY,
        needs: &["sync_gazelle"],
        failure_event: Some(Event::HumidityFailed),
        ..task("humidity_alerts", "Alertes Humidité", Function::HumidityAlerts, 300)
    },
    TaskSpec {
        schedule: Some("cron(0 3 * * ? *)"),
        alias: Some("backup"),
        expected_period: DAY,
        sync_log: SyncLog::TaskType("backup"),
        needs: &["sync_gazelle"],
        has_dry_run: true,
        failure_event: Some(Event::BackupFailed),
        ..task("backup", "Backup SQL", Function::Backup, 900)
    },
    TaskSpec {
        schedule: Some("cron(0 5 ? * SUN *)"),
        exclusion_group: "backup",
        expected_period: WEEK,
        needs: &["sync_gazelle", "backup"],
        failure_event: Some(Event::BackupFailed),
        ..task("restore_drill", "Essai de restauration", Function::Backup, 900)
    },
    TaskSpec {
        schedule: Some("cron(0 16 * * ? *)"),
        alias: Some("alerts"),
        exclusion_group: "gazelle_mirror",
        expected_period: DAY,
        sync_log: SyncLog::TaskType("sync"),
        needs: &["sync_gazelle"],
        failure_event: Some(Event::AppointmentsFailed),
        ..task("rv_alerts", "Sync RV & Alertes", Function::AppointmentAlerts, 600)
    },
    TaskSpec {
        schedule: Some("rate(5 minutes)"),
        listens_to: Some(events::SYNC_SUCCEEDED),
        expected_period: FIVE_MINUTES,
        needs: &["sync_gazelle"],
        failure_event: Some(Event::MaintenanceFailed),
        ..task("maintenance_alerts", "Génération des alertes", Function::MaintenanceAlerts, 60)
    },
    TaskSpec {
        schedule: Some("cron(0 4 * * ? *)"),
        expected_period: DAY,
        has_dry_run: true,
        failure_event: Some(Event::CleanupFailed),
        ..task("cleanup", "Nettoyage", Function::Cleanup, 600)
    },
    TaskSpec {
        schedule: Some("rate(5 minutes)"),
        expected_period: FIVE_MINUTES,
        failure_event: Some(Event::AvailabilityFailed),
        ..task("availability", "Disponibilité", Function::AvailabilityCheck, 60)
    },
    TaskSpec {
        schedule: Some("rate(30 minutes)"),
        expected_period: HALF_HOUR,
        has_dry_run: true,
        failure_event: Some(Event::AnomalyFailed),
        ..task("anomalies", "Détection d'anomalies", Function::AnomalyDetection, 120)
    },
    TaskSpec {
        schedule: Some("cron(0 8 ? * MON *)"),
        expected_period: WEEK,
        has_dry_run: true,
        failure_event: Some(Event::ReportWeeklyFailed),
        ..task("weekly_report", "Rapport hebdomadaire", Function::WeeklyReport, 120)
    },
    TaskSpec {
        schedule: Some("rate(5 minutes)"),
        expected_period: FIVE_MINUTES,
        ..task("notification_dispatch", "Envoi des notifications", Function::NotificationDispatch, 120)
    },
];

impl TaskSpec {
    /// The task of this name.
    pub fn named(name: &str) -> Option<&'static TaskSpec> {
        TASKS.iter().find(|task| task.name == name)
    }

    /// The task that a person means: its name, its crate or its short name.
    pub fn meant_by(word: &str) -> Option<&'static TaskSpec> {
        Self::named(word)
            .or_else(|| TASKS.iter().find(|task| task.alias == Some(word)))
            .or_else(|| TASKS.iter().find(|task| task.function.crate_name() == word))
    }

    /// The key by which failures are one problem, about which one notice is sent: the run, so that its retries do not each send
    /// one; for a task that runs every few minutes its name, so that its runs do not either.
    pub fn problem_key<'a>(&'a self, run_key: &'a str) -> &'a str {
        if self.is_frequent() { self.name } else { run_key }
    }

    /// Whether somebody is notified when the task has not succeeded for too long: when something other than a person
    /// starts it.
    pub fn is_watched(&self) -> bool {
        self.expected_period < Duration::MAX && (self.schedule.is_some() || self.listens_to.is_some())
    }

    /// How late a success may be: three attempts of full length (the first and Lambda's two retries) and ten
    /// minutes for the waits between them.
    pub fn grace(&self) -> Duration {
        self.time_limit * 3 + Duration::from_secs(600)
    }

    /// The age that the newest success may reach before the task counts as missing: its period and its grace, and
    /// an hour more where the period is a day or longer, because one day a year has 25 hours.
    pub fn newest_success_limit(&self) -> Duration {
        let longest_day = if self.expected_period >= DAY { HOUR } else { Duration::ZERO };
        self.expected_period.saturating_add(self.grace() + longest_day)
    }

    /// Whether the task's default schedule is a `rate(…)`: then a run that finds another one at work may give up.
    pub fn is_frequent(&self) -> bool {
        self.schedule.is_some_and(|schedule| schedule.starts_with("rate("))
    }
}

/// How a run that did not fail ended.
#[derive(Debug)]
pub enum Outcome {
    /// The work is done.
    Finished(Finished),
    /// The time was not enough: the next part goes on from the committed state.
    Continued {
        /// What the next part needs.
        continuation: Value,
        /// Figures so far.
        stats: Value,
        /// The next part begins then; none: at once.
        not_before: Option<jiff::Timestamp>,
    },
}

/// The end of a run.
#[derive(Debug, Default)]
pub struct Finished {
    /// Something was wrong, though the work is done: status `warning`.
    pub warning: bool,
    /// One sentence for people, in French.
    pub message: String,
    /// Figures, as a JSON object.
    pub stats: Value,
    /// Domain events to publish.
    pub events: Vec<DomainEvent>,
    /// Notices to deliver.
    pub notices: Vec<Notice>,
    /// Structured errors of single items, at most 25.
    pub errors: Vec<Value>,
}

/// Why a run failed. Variants follow what the harness does about them.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Gazelle failed.
    #[error(transparent)]
    Gazelle(#[from] GazelleError),
    /// Supabase failed.
    #[error(transparent)]
    Supabase(#[from] SupabaseError),
    /// Another outside service failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Anything that the task itself names.
    #[error("{message}")]
    Failed {
        /// Why.
        kind: ErrorKind,
        /// What happened and what to do, without data.
        message: String,
    },
    /// Parameters that the task does not understand.
    #[error("parameters: {0}")]
    Parameters(String),
    /// A setting is missing or wrong.
    #[error(transparent)]
    Configuration(#[from] crate::config::ConfigError),
    /// The work was still going on when its time ended.
    #[error("the time limit was reached during the work")]
    DeadlineExceeded,
    /// The task panicked.
    #[error("the task panicked")]
    Panic,
}

impl TaskError {
    /// The stable name in `scheduler_logs.error_kind` and in the Lambda error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            TaskError::Gazelle(error) => error.kind(),
            TaskError::Supabase(SupabaseError::Unavailable(_)) => ErrorKind::SupabaseUnavailable,
            TaskError::Supabase(SupabaseError::LeaseLost) => ErrorKind::LeaseLost,
            TaskError::Supabase(_) => ErrorKind::SupabaseRefused,
            TaskError::Http(error) if error.cause.is_transient() => ErrorKind::ServiceUnavailable,
            TaskError::Http(_) => ErrorKind::ServiceRefused,
            TaskError::Failed { kind, .. } => *kind,
            TaskError::Parameters(_) => ErrorKind::BadParameters,
            TaskError::Configuration(_) => ErrorKind::Configuration,
            TaskError::DeadlineExceeded => ErrorKind::DeadlineExceeded,
            TaskError::Panic => ErrorKind::Panic,
        }
    }

    /// What helps to find the cause, without anybody's data: see [`GazelleError::details`].
    pub fn details(&self) -> Option<Value> {
        match self {
            TaskError::Gazelle(error) => Some(error.details())
                .filter(|details| details.as_object().is_some_and(|fields| !fields.is_empty())),
            TaskError::Supabase(SupabaseError::Refused { status, code }) => {
                Some(json!({"http_status": status, "code": code}))
            }
            TaskError::Supabase(SupabaseError::Data { code, .. } | SupabaseError::Input { code, .. }) => {
                Some(json!({"code": code}))
            }
            TaskError::Http(HttpError { cause: Cause::Status(status), .. })
            | TaskError::Supabase(SupabaseError::Unavailable(HttpError {
                cause: Cause::Status(status),
                ..
            })) => Some(json!({"http_status": status})),
            TaskError::Http(_)
            | TaskError::Supabase(
                SupabaseError::Unavailable(_) | SupabaseError::LeaseLost | SupabaseError::Malformed,
            )
            | TaskError::Failed { .. }
            | TaskError::Parameters(_)
            | TaskError::Configuration(_)
            | TaskError::DeadlineExceeded
            | TaskError::Panic => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_function_has_a_task() {
        for (at, task) in TASKS.iter().enumerate() {
            assert!(TASKS[at + 1..].iter().all(|other| other.name != task.name));
            // Who delivers messages cannot tell that it does not.
            let is_notified = task.failure_event.is_some() || task.function == Function::NotificationDispatch;
            assert!(is_notified, "nobody is told when {} fails", task.name);
            if let Some(schedule) = task.schedule {
                let schedule: crate::clock::Schedule = schedule.parse().unwrap();
                assert!(
                    !schedule.hours().contains(&2),
                    "{}: 02:00 to 02:59 does not exist once a year",
                    task.name
                );
            }
        }
        for function in Function::ALL {
            let has_task = function.tasks().next().is_some();
            assert_eq!(
                has_task,
                !matches!(function, Function::AlarmRelay | Function::AdminApi),
                "{function:?}"
            );
        }
    }

    #[test]
    fn a_success_may_be_as_late_as_its_retries_and_the_longest_day_make_it() {
        let limit = |name| TaskSpec::named(name).unwrap().newest_success_limit().as_secs();
        assert_eq!(limit("sync_gazelle"), 24 * 3600 + 3 * 900 + 600 + 3600);
        assert_eq!(limit("maintenance_alerts"), 300 + 3 * 60 + 600);
        let unwatched: Vec<&str> =
            TASKS.iter().filter(|task| !task.is_watched()).map(|task| task.name).collect();
        assert!(unwatched.iter().all(|name| name.starts_with("import_")), "{unwatched:?}");
        assert_eq!(unwatched.len(), 5);
    }

    #[test]
    fn people_may_name_a_task_by_its_crate_or_its_short_name() {
        assert_eq!(TaskSpec::meant_by("sync").unwrap().name, "sync_gazelle");
        assert_eq!(TaskSpec::meant_by("sync-gazelle").unwrap().name, "sync_gazelle");
        assert_eq!(TaskSpec::meant_by("rapport").unwrap().name, "rapport_timeline");
        assert!(TaskSpec::meant_by("nothing").is_none());
    }
}
