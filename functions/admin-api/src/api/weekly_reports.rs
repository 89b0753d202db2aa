//! Weekly reports: made once on Monday morning, and kept.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};

use crate::{
    data::weekly_reports::{Filter, WeeklyReportPage, WholeWeeklyReport, find, read},
    extract::Params,
    problem::Problem,
    state::App,
};

/// Weekly reports without their contents, the newest first.
#[utoipa::path(get, path = "/weekly-reports", params(Filter), responses(
    (status = 200, description = "A page.", body = WeeklyReportPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<WeeklyReportPage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// One weekly report with its figures and its text.
#[utoipa::path(get, path = "/weekly-reports/{period_start}",
    params(("period_start" = String, Path, description = "The Monday, `YYYY-MM-DD`.")), responses(
    (status = 200, description = "The report.", body = WholeWeeklyReport),
    Problem,
))]
pub async fn detail(
    State(app): State<Arc<App>>,
    Path(period_start): Path<String>,
) -> Result<Json<WholeWeeklyReport>, Problem> {
    find(&app, &period_start).await.map(Json)
}
