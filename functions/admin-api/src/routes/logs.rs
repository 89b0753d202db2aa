//! The log endpoints of the old dashboards, their figures, and the last sync (`domain/console-and-api.md` 3 and 4).

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::Params,
    shapes::{LogEntry, ProblemBody},
};
use crate::{problem::Problem, state::App};

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// At most 100; 30 of the tasks, 20 of the syncs.
    limit: Option<u32>,
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Hours until now; 24 unless told, at most 9600.
    pub hours: Option<u32>,
}

/// The newest runs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecentLogs {
    logs: Vec<LogEntry>,
    count: i64,
    /// Start of the last success, however long ago.
    last_success: Option<String>,
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
    logs: Vec<SyncLog>,
    count: i64,
    /// Instant of the last success, however long ago.
    last_success: Option<String>,
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

/// The newest runs of all tasks, the frequent ones included.
#[utoipa::path(get, path = "/scheduler-logs/recent", params(Newest), responses(
    (status = 200, description = "Newest first.", body = RecentLogs),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn recent_runs(
    State(app): State<Arc<App>>,
    Params(newest): Params<Newest>,
) -> Result<Json<RecentLogs>, Problem> {
    Ok(Json(app.ask("scheduler_logs_recent", &limit(&newest)).await?))
}

/// How many runs, how many succeeded, how long they took; also per task.
#[utoipa::path(get, path = "/scheduler-logs/stats", params(Span), responses(
    (status = 200, description = "The figures.", body = LogStats),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn run_stats(
    State(app): State<Arc<App>>,
    Params(span): Params<Span>,
) -> Result<Json<LogStats>, Problem> {
    Ok(Json(app.ask("scheduler_logs_stats", &hours(&app, &span)).await?))
}

/// The newest rows of the sync log.
#[utoipa::path(get, path = "/sync-logs/recent", params(Newest), responses(
    (status = 200, description = "Newest first.", body = RecentSyncs),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn recent_syncs(
    State(app): State<Arc<App>>,
    Params(newest): Params<Newest>,
) -> Result<Json<RecentSyncs>, Problem> {
    Ok(Json(app.ask("sync_logs_recent", &limit(&newest)).await?))
}

/// How many syncs, reports and backups, how many succeeded, how long they took; also per script.
#[utoipa::path(get, path = "/sync-logs/stats", params(Span), responses(
    (status = 200, description = "The figures.", body = SyncStats),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn sync_stats(
    State(app): State<Arc<App>>,
    Params(span): Params<Span>,
) -> Result<Json<SyncStats>, Problem> {
    Ok(Json(sync_figures(&app, &span).await?))
}

/// The last sync.
#[utoipa::path(get, path = "/system/status", responses(
    (status = 200, description = "The last sync; the fields are null before the first.", body = SystemStatus),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn system_status(State(app): State<Arc<App>>) -> Result<Json<SystemStatus>, Problem> {
    Ok(Json(last_sync(&app).await?))
}

/// Figures of the sync log.
pub async fn sync_figures(app: &App, span: &Span) -> Result<SyncStats, Problem> {
    app.ask("sync_logs_stats", &hours(app, span)).await
}

/// The last sync.
pub async fn last_sync(app: &App) -> Result<SystemStatus, Problem> {
    app.ask("system_status", &json!({})).await
}

fn limit(newest: &Newest) -> Value {
    json!({"p_limit": newest.limit.map(|limit| limit.min(100))})
}

fn hours(app: &App, span: &Span) -> Value {
    json!({"p_now": app.now().to_string(), "p_hours": span.hours.map(|hours| hours.min(9_600))})
}
