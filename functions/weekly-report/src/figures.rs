//! The figures of one week, as `weekly_figures` answers them. Counts are 0 where nothing happened; what nobody knows
//! is `None`. Money is in cents.

use serde::{Deserialize, Serialize};
use shared::task::{TASKS, TaskSpec};

/// Everything that is known of a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Runs that ended, per task.
    pub runs: Vec<TaskRuns>,
    /// The task that failed for the longest time in a row.
    pub failing: Option<Failing>,
    /// Rows of the nightly syncs, per collection.
    pub synced: Vec<Synced>,
    /// Appointments that were not cancelled.
    pub appointments: u64,
    /// Different pianos serviced.
    pub pianos: u64,
    /// Humidity alerts.
    pub humidity: Alerts,
    /// Maintenance alerts.
    pub maintenance: Alerts,
    /// Cash sessions by their opening.
    pub cash: Cash,
    /// People.
    pub users: Users,
    /// Outages and other incidents.
    pub incidents: Incidents,
    /// Anomalies, per severity.
    pub anomalies: Vec<Anomalies>,
    /// Deliveries, per channel.
    pub notifications: Vec<Deliveries>,
    /// The language model.
    pub ai: Ai,
    /// Copies and drills.
    pub backup: Backup,
}

/// Runs of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRuns {
    /// Technical name.
    pub task: String,
    /// What people read.
    pub label: String,
    /// Runs that ended.
    pub finished: u64,
    /// Of these, without anything wrong.
    pub success: u64,
    /// Done, though something was wrong.
    pub warning: u64,
    /// Failed.
    pub error: u64,
    /// Half of the runs took no longer.
    pub median_ms: Option<u64>,
    /// The longest run.
    pub max_ms: Option<u64>,
}

/// The longest span in which a task only failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// Technical name.
    pub task: String,
    /// What people read.
    pub label: String,
    /// Failed runs in a row.
    pub runs: u64,
    /// From the first failed run until one worked, or until the end of the week.
    pub seconds: u64,
    /// Whether it worked again within the week.
    pub is_over: bool,
}

/// What the syncs did with one collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // The counters of the sync.
pub struct Synced {
    pub collection: String,
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
}

impl Synced {
    /// Rows that Gazelle gave.
    pub fn read(&self) -> u64 {
        self.inserted + self.updated + self.unchanged
    }
}

/// Alerts of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // Their names say it.
pub struct Alerts {
    pub opened: u64,
    pub closed: u64,
}

/// Cash sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // Their names say it.
pub struct Cash {
    pub sessions: u64,
    pub sales_cents: i64,
    pub items: i64,
}

/// People.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// Active accounts when the figures were made.
    pub total: u64,
    /// Who signed in.
    pub active: u64,
}

/// Outages and other incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incidents {
    /// Outages that touch the week.
    pub outages: u64,
    /// Incidents of other kinds, opened in the week.
    pub others: u64,
    /// Time within the week in which something was down.
    pub down_seconds: u64,
}

/// Anomalies of one severity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // Their names say it.
pub struct Anomalies {
    pub severity: String,
    pub opened: u64,
    pub resolved: u64,
}

/// Deliveries on one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliveries {
    /// `email`, `slack`, `telegram`.
    pub channel: String,
    /// Delivered.
    pub sent: u64,
    /// Refused permanently.
    pub failed: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Waiting, or not to be sent.
    pub unsent: u64,
}

/// Calls of the language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ai {
    /// Calls.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Mean of the calls that did not fail, 0 to 1.
    pub confidence: Option<f64>,
}

/// Copies and drills, as of the end of the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Age of the newest verified copy.
    pub age_seconds: Option<u64>,
    /// The last drill.
    pub drill: Option<Drill>,
}

/// A drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// How long ago.
    pub age_seconds: u64,
    /// Whether the copy gave back what was recorded.
    pub passed: bool,
    /// How long loading and comparing took.
    pub duration_seconds: Option<f64>,
}

impl Figures {
    /// Adds the tasks that were expected and did not run, so that their absence is seen; of a log that is not whole
    /// any more, nothing is concluded about frequent tasks.
    pub fn expect_tasks(&mut self, is_log_whole: bool) {
        let is_expected = |task: &&TaskSpec| {
            (task.schedule.is_some() || task.listens_to.is_some()) && (is_log_whole || !task.is_frequent())
        };
        for task in TASKS.iter().filter(is_expected) {
            if !self.runs.iter().any(|runs| runs.task == task.name) {
                self.runs.push(TaskRuns::none(task));
            }
        }
        // The order of the registry; what it does not know comes last.
        let place =
            |runs: &TaskRuns| TASKS.iter().position(|task| task.name == runs.task).unwrap_or(TASKS.len());
        self.runs.sort_by_key(place);
    }

    /// Whether the runs of frequent tasks are among them.
    pub fn is_log_whole(&self) -> bool {
        self.runs.iter().any(|runs| TaskSpec::named(&runs.task).is_some_and(TaskSpec::is_frequent))
    }

    /// Takes off the runs of which only the failed ones are still in the log: those of tasks that run every few
    /// minutes, whose successes are kept for days, not weeks. Their rates would be wrong.
    pub fn forget_thinned_runs(&mut self) {
        self.runs.retain(|runs| !TaskSpec::named(&runs.task).is_some_and(TaskSpec::is_frequent));
    }
}

impl TaskRuns {
    fn none(task: &TaskSpec) -> Self {
        Self {
            task: task.name.into(),
            label: task.label.into(),
            finished: 0,
            success: 0,
            warning: 0,
            error: 0,
            median_ms: None,
            max_ms: None,
        }
    }

    /// The part of the runs whose work was done; none without a run.
    pub fn success_share(&self) -> Option<f64> {
        share(self.success + self.warning, self.finished)
    }
}

/// `part` of `whole`; none of nothing.
#[allow(clippy::cast_precision_loss)] // Counts of a week.
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
