//! The log endpoints of the old dashboards, their figures, and the last sync.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{data::shapes::LogEntry, problem::Problem, state::App};

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// At most 100; 30 of the tasks, 20 of the syncs.
    pub limit: Option<u32>,
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Hours until now; 24 by default, at most 9600.
    pub hours: Option<u32>,
}

/// The newest runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecentLogs {
    pub logs: Vec<LogEntry>,
    pub count: i64,
    /// Start of the last success, however long ago.
    pub last_success: Option<String>,
}

/// Figures of runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LogStats {
    pub total_tasks: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub running_count: i64,
    pub last_execution: Option<String>,
    /// Seconds, of the runs that ended; null when none did.
    pub avg_execution_time: Option<f64>,
    /// Percent of the ended runs that did not fail; null when none ended.
    pub success_rate: Option<f64>,
    pub period_hours: i64,
    pub tasks: Vec<TaskFigures>,
    /// Messages delivered, by event type.
    pub notifications_sent: BTreeMap<String, i64>,
}

/// Figures of one task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskFigures {
    pub task_name: String,
    pub task_label: String,
    pub total: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub running_count: i64,
    pub avg_execution_time: Option<f64>,
    pub success_rate: Option<f64>,
    pub last_execution: Option<String>,
    pub last_status: Option<String>,
}

/// A finished sync, report or backup.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SyncLog {
    pub id: String,
    pub script_name: String,
    /// `sync`, `report`, `backup` or `chain`.
    pub task_type: String,
    /// `success`, `warning` or `error`.
    pub status: String,
    pub message: Option<String>,
    #[schema(value_type = Object)]
    pub stats: Value,
    pub error_details: Option<String>,
    pub triggered_by: Option<String>,
    pub triggered_by_user: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub execution_time_seconds: Option<i64>,
    pub created_at: Option<String>,
    /// The run, unless the predecessor wrote the row.
    pub run_id: Option<String>,
}

/// The newest rows of the sync log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecentSyncs {
    pub logs: Vec<SyncLog>,
    pub count: i64,
    /// Instant of the last success, however long ago.
    pub last_success: Option<String>,
}

/// Figures of the sync log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SyncStats {
    pub total_syncs: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub last_sync: Option<String>,
    /// Seconds; null when nothing was timed.
    pub avg_execution_time: Option<f64>,
    /// Percent that did not fail; null of nothing.
    pub success_rate: Option<f64>,
    pub period_hours: i64,
    pub tasks: Vec<SyncFigures>,
}

/// Figures of one script.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SyncFigures {
    pub script_name: String,
    pub task_type: String,
    pub total: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub avg_execution_time: Option<f64>,
    pub success_rate: Option<f64>,
    pub last_execution: Option<String>,
}

/// The last sync; before the first one everything is null.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SystemStatus {
    pub last_sync_date: Option<String>,
    pub last_sync_status: Option<String>,
    /// Rows read.
    pub last_sync_items: Option<f64>,
    pub last_sync_job: Option<String>,
    pub last_sync_error: Option<String>,
    /// Seconds.
    pub execution_time: Option<f64>,
    /// Rows changed, per collection.
    pub tables_updated: BTreeMap<String, i64>,
}

/// Figures of the sync log.
pub async fn sync_figures(app: &App, span: &Span) -> Result<SyncStats, Problem> {
    app.ask("sync_logs_stats", &hours(app, span)).await
}

/// The last sync.
pub async fn last_sync(app: &App) -> Result<SystemStatus, Problem> {
    app.ask("system_status", &json!({})).await
}

pub fn limit(newest: &Newest) -> Value {
    json!({"p_limit": newest.limit.map(|limit| limit.min(100))})
}

pub fn hours(app: &App, span: &Span) -> Value {
    json!({"p_now": app.now().to_string(), "p_hours": span.hours.map(|hours| hours.min(9_600))})
}
