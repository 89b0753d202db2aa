//! The typed rows that detectors read, the settings they obey, and what they answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{notify::anomaly_sentence, words::Language};

/// How grave an anomaly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stored, not reported.
    Low,
    /// Something to look at.
    Medium,
    /// Something to look at today.
    High,
    /// The detection itself is blind.
    Critical,
}

/// What a family of detectors watches: its anomalies are over only when it was evaluated and did not find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Runs of tasks.
    Sync,
    /// Cash sessions.
    Cash,
    /// Sign-ins.
    Auth,
    /// Language models.
    Ai,
    /// The mirror.
    Data,
    /// Humidity alerts that nobody settles.
    Humidity,
    /// Durations and volumes.
    Unusual,
    /// The detectors themselves.
    Detection,
}

impl Category {
    /// Its name, as stored.
    pub const fn name(self) -> &'static str {
        match self {
            Category::Sync => "sync",
            Category::Cash => "cash",
            Category::Auth => "auth",
            Category::Ai => "ai",
            Category::Data => "data",
            Category::Humidity => "humidity",
            Category::Unusual => "unusual",
            Category::Detection => "detection",
        }
    }
}

/// One anomaly, as a detector found it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Who found it.
    pub category: Category,
    /// `cash_variance` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How grave.
    pub severity: Severity,
    /// The same problem has the same one, in every run.
    pub fingerprint: String,
    /// For administrators: ids, amounts, hashes; no name and no address of a person.
    pub details: Value,
    /// One French sentence.
    pub description: String,
    /// What messages may say; see `shared::notify::anomaly_sentence`.
    pub notice: Value,
    /// The failed runs behind it: if people heard of one, they know.
    pub run_ids: Vec<String>,
    /// Fingerprint of the finding that speaks for this one.
    pub covered_by: Option<String>,
}

impl Finding {
    /// A finding about `subject`, which makes it one problem with those of other runs. `notice` holds what may be
    /// said to anybody who gets messages.
    pub fn new(
        category: Category,
        kind: &'static str,
        subject: &str,
        severity: Severity,
        notice: Value,
    ) -> Self {
        let mut said = notice.clone();
        said["anomaly_type"] = kind.into();
        Self {
            category,
            kind,
            severity,
            fingerprint: format!("{kind}:{subject}"),
            details: json!({}),
            description: anomaly_sentence(&said, Language::Fr),
            notice,
            run_ids: Vec::new(),
            covered_by: None,
        }
    }

    /// The same with what only administrators see.
    pub fn with_details(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// The same with the failed runs behind it.
    pub fn with_runs(self, run_ids: &[String]) -> Self {
        Self { run_ids: run_ids.to_vec(), ..self }
    }
}

/// The thresholds: each is the row `anomaly.` and the field's name of `settings`, which describes it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Thresholds {
    pub cash_medium_cents: i64,
    pub cash_high_cents: i64,
    pub cash_repeated: usize,
    pub sync_failures_medium: u32,
    pub sync_failures_high: u32,
    pub consecutive_failures: u32,
    pub stuck_hours: f64,
    pub auth_failures_medium: u32,
    pub auth_failures_high: u32,
    pub ai_minimum_calls: u32,
    pub ai_error_percent_medium: f64,
    pub ai_error_percent_high: f64,
    pub ai_confidence: f64,
    pub stale_hours: f64,
    pub row_drop_percent: f64,
    pub orphan_percent: f64,
    pub humidity_backlog_days: i64,
    pub unusual_spread: f64,
    pub unusual_minimum_runs: usize,
    pub unusual_minimum_percent: f64,
    pub unusual_minimum_seconds: f64,
    pub unusual_minimum_rows: f64,
}

/// As they are unless somebody changes them.
#[cfg(test)]
impl Default for Thresholds {
    fn default() -> Self {
        let rules = include_str!("../../../infra/supabase/functions/console_settings.sql");
        let standard = |rule: &str| {
            let [key, .., standard] = rule.split(", ").collect::<Vec<_>>()[..] else { return None };
            let key = key.strip_prefix("('anomaly.")?.trim_end_matches('\'').to_owned();
            Some((key, serde_json::from_str(standard.trim_matches('\'')).ok()?))
        };
        let rules = rules
            .lines()
            .flat_map(|line| line.trim().split("), "))
            .map(|rule| rule.trim_end_matches([',', ')']));
        Self::deserialize(rules.filter_map(standard).collect::<serde_json::Map<String, Value>>())
            .expect("every threshold")
    }
}

/// What `anomaly_run_inputs` answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RunInputs {
    /// Tasks with failures.
    pub tasks: Vec<FailingTask>,
    /// Runs at work.
    pub running: Vec<RunningTask>,
}

/// A task that failed lately.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct FailingTask {
    /// `task_name`, or `script_name` of an old writer.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// In the last 24 hours.
    pub recent_failures: u32,
    /// Since the last success.
    pub consecutive_failures: u32,
    /// The last of them.
    pub last_failure_at: Option<Timestamp>,
    /// The first of those of the last 24 hours.
    pub recent_since: Option<Timestamp>,
    /// The first of those since the last success.
    pub consecutive_since: Option<Timestamp>,
    /// The failed runs, newest first; none for an old writer.
    pub run_ids: Option<Vec<String>>,
}

/// A run at work.
#[derive(Debug, Clone, Deserialize)]
pub struct RunningTask {
    /// Run.
    pub run_id: String,
    /// Task.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Since when.
    pub started_at: Timestamp,
}

/// A closed cash session with a gap; amounts in cents.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CashSession {
    /// Session.
    pub session_id: String,
    /// Who had it.
    pub operator_id: String,
    /// The same as a keyed hash: what a fingerprint may hold, which more people read than may know who it was.
    pub operator_hash: String,
    /// Where.
    pub site_id: Option<String>,
    /// At which register.
    pub register_id: Option<String>,
    /// What people call it.
    pub register_name: Option<String>,
    /// The register's own limit in cents.
    pub variance_limit: Option<i64>,
    /// Counted minus expected.
    pub variance: i64,
    /// Expected.
    pub closing_amount: Option<i64>,
    /// Counted.
    pub actual_amount: Option<i64>,
    /// When.
    pub closed_at: Timestamp,
}

/// Sign-ins of one person from one place within 24 hours.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SignIns {
    /// Who, hashed.
    pub user_hash: String,
    /// From where, hashed.
    pub address_hash: String,
    /// Refused ones.
    pub failures: u32,
    /// All.
    pub attempts: u32,
    /// The last refused one.
    pub last_failure_at: Option<Timestamp>,
}

/// Calls of a language model within 24 hours.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AiCalls {
    /// What for.
    pub feature: String,
    /// All.
    pub calls: u32,
    /// Failed ones.
    pub failures: u32,
    /// Mean over the others that say how sure they are.
    pub mean_confidence: Option<f64>,
    /// Why calls failed.
    pub error_kinds: Option<Vec<String>>,
}

/// What `anomaly_mirror_inputs` answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct MirrorInputs {
    /// Sizes.
    pub collections: Vec<CollectionSize>,
    /// Freshness.
    pub watermarks: Vec<Watermark>,
    /// Rows that point to nothing.
    pub orphans: Vec<Orphans>,
}

/// How many rows a mirrored collection has and had.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CollectionSize {
    /// `clients` …
    pub name: String,
    /// Not deleted.
    pub live: u64,
    /// Figures of the last seven days.
    pub samples: u32,
    /// Their median.
    pub median: Option<f64>,
}

/// How far a collection was read.
#[derive(Debug, Clone, Deserialize)]
pub struct Watermark {
    /// `clients` …
    pub name: String,
    /// Start of the last run that read it to its end.
    pub watermark: Timestamp,
    /// Nightly syncs that ended since.
    pub syncs_since: u32,
    /// Those of them that failed.
    pub failed_run_ids: Vec<String>,
}

/// Rows whose client or piano the mirror does not have.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Orphans {
    /// `pianos.client` …
    pub relation: String,
    /// How many.
    pub orphans: u64,
    /// Of how many.
    pub total: u64,
    /// Some of their ids.
    pub sample: Option<Vec<String>>,
}

/// Humidity alerts that are open for too long.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HumidityBacklog {
    /// How many.
    pub late: u32,
    /// The oldest.
    pub oldest_at: Option<Timestamp>,
}

/// Duration and volume of a run.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Figures {
    /// Milliseconds.
    pub duration_ms: f64,
    /// Rows it handled, if it says.
    pub volume: Option<f64>,
}

/// The last success of a task, and those before it on the same weekday.
#[derive(Debug, Clone, Deserialize)]
pub struct LastSuccess {
    /// Task.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Run.
    pub run_id: String,
    /// When.
    pub started_at: Timestamp,
    /// Its own figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Those to compare with.
    pub same_weekday: Vec<Figures>,
}
