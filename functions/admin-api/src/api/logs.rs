//! The log endpoints of the old dashboards, their figures, and the last sync.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    data::logs::{
        LogStats, Newest, RecentLogs, RecentSyncs, Span, SyncStats, SystemStatus, hours, last_sync, limit,
        sync_figures,
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// The newest runs of all tasks, the frequent ones included.
#[utoipa::path(get, path = "/scheduler-logs/recent", params(Newest), responses(
    (status = 200, description = "Newest first.", body = RecentLogs),
    Problem,
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
    Problem,
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
    Problem,
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
    Problem,
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
    Problem,
))]
pub async fn system_status(State(app): State<Arc<App>>) -> Result<Json<SystemStatus>, Problem> {
    Ok(Json(last_sync(&app).await?))
}
