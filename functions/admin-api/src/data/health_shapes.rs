//! The JSON of `/admin/health…`, and what the home page shows of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::data::{
    anomalies::{Anomaly, Severity},
    recommendations::Recommendation,
    shapes::Status,
};

/// The health of the whole.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HealthReport {
    /// Always `success`: anything else is a problem.
    pub status: String,
    pub system_health: SystemHealth,
    pub anomalies: OpenAnomalies,
    /// Those that are open.
    pub recommendations: Vec<Recommendation>,
    pub scheduler_status: SchedulerState,
    pub ai: Ai,
    pub error_rate: ErrorRate,
    pub usage: Usage,
}

/// The whole in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    Healthy,
    Degraded,
    Critical,
}

/// The whole in figures.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SystemHealth {
    pub overall_status: Overall,
    pub anomalies_detected: u64,
    /// Records of severity `critical`.
    pub critical_anomalies: u64,
    /// Whether a schedule started something in the last 15 minutes.
    pub scheduler_running: bool,
    /// Registered tasks, paused or not.
    pub active_tasks: u64,
    pub timestamp: String,
    /// When the anomalies were looked for; null before the first time.
    pub computed_at: Option<String>,
}

/// Open anomalies, the gravest first, at most 100 of each.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OpenAnomalies {
    pub cash_anomalies: Vec<Anomaly>,
    pub sync_anomalies: Vec<Anomaly>,
    pub auth_anomalies: Vec<Anomaly>,
    pub classification_anomalies: Vec<Anomaly>,
    /// Of the mirrored data and the humidity.
    pub data_anomalies: Vec<Anomaly>,
    /// Detectors that failed.
    pub detection_anomalies: Vec<Anomaly>,
}

impl OpenAnomalies {
    /// Of every kind.
    pub fn all(&mut self) -> impl Iterator<Item = &mut Anomaly> {
        [
            &mut self.cash_anomalies,
            &mut self.sync_anomalies,
            &mut self.auth_anomalies,
            &mut self.classification_anomalies,
            &mut self.data_anomalies,
            &mut self.detection_anomalies,
        ]
        .into_iter()
        .flatten()
    }
}

/// How many anomalies are open.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnomalySummary {
    pub total_anomalies: u64,
    pub critical_anomalies: u64,
}

/// `GET /admin/health/anomalies`
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnomalyReport {
    pub status: String,
    pub anomalies: OpenAnomalies,
    pub summary: AnomalySummary,
    pub timestamp: String,
}

/// `GET /admin/health/scheduler`
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SchedulerReport {
    pub status: String,
    pub scheduler: SchedulerState,
}

/// The scheduler and its tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SchedulerState {
    /// Whether a schedule started something in the last 15 minutes.
    pub running: bool,
    pub tasks: Vec<TaskHealth>,
    pub total_tasks: u64,
}

/// How a task stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskHealth {
    pub name: String,
    pub label: Option<String>,
    /// Neither paused nor deployed without its schedule.
    pub enabled: bool,
    pub last_run: Option<String>,
    /// Null for a task that something else starts.
    pub next_run: Option<String>,
    /// At work now, or requested.
    pub running: bool,
    /// Between two starts; null for a task that only people start.
    pub interval_minutes: Option<u64>,
    pub last_status: Option<Status>,
    pub last_run_id: Option<String>,
    pub last_message: Option<String>,
    /// Why it failed, as a code.
    pub last_error_kind: Option<String>,
    /// 0 is a value.
    pub last_duration_ms: Option<i64>,
    pub last_success: Option<String>,
    pub paused_by: Option<String>,
    pub paused_at: Option<String>,
    pub pause_reason: Option<String>,
    pub live_run: Option<LiveRun>,
}

/// A run that is at work or requested.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LiveRun {
    pub id: String,
    pub status: Status,
    pub started_at: String,
    #[schema(value_type = Option<Object>)]
    pub progress: Option<Value>,
    pub triggered_by: Option<String>,
    pub triggered_by_user: Option<String>,
}

/// Calls of language models.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Ai {
    pub calls: u64,
    pub errors: u64,
    /// Null without calls, as the means.
    pub error_percent: Option<f64>,
    pub mean_confidence: Option<f64>,
    pub mean_latency_ms: Option<i64>,
    #[serde(default = "day")]
    pub period_hours: u32,
}

/// Ended runs, and how many of them failed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorRate {
    pub runs: u64,
    pub errors: u64,
    /// Null without runs.
    pub percent: Option<f64>,
    #[serde(default = "day")]
    pub period_hours: u32,
}

/// What was used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    pub runs_by_trigger: BTreeMap<String, u64>,
    pub notifications_sent: BTreeMap<String, u64>,
    /// Who signed in.
    pub people: u64,
    pub cash_sessions: u64,
    /// Rows of the mirror, as counted last.
    pub rows: BTreeMap<String, u64>,
    #[serde(default = "day")]
    pub period_hours: u32,
}

fn day() -> u32 {
    24
}

/// A task's nights.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskNights {
    pub task_name: String,
    pub nights: Vec<Night>,
}

/// A task on one date in Montréal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Night {
    /// `YYYY-MM-DD`
    pub date: String,
    pub runs: u64,
    pub errors: u64,
    pub warnings: u64,
    /// The worst of them.
    pub status: Status,
    pub max_ms: Option<i64>,
}

/// Open anomalies by severity.
#[derive(Debug, Deserialize)]
pub struct AnomalyCounts {
    pub total: u64,
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
}

impl AnomalyCounts {
    /// Their severities with a count, the gravest first.
    pub fn by_severity(&self) -> impl Iterator<Item = (Severity, u64)> {
        let counts = [
            (Severity::Critical, self.critical),
            (Severity::High, self.high),
            (Severity::Medium, self.medium),
            (Severity::Low, self.low),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0)
    }
}
