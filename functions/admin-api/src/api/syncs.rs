//! The sync log: what every sync, report and backup did, page by page.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    data::syncs::{Filter, SyncPage, read},
    extract::Params,
    problem::Problem,
    state::App,
};

/// The sync log, newest first.
#[utoipa::path(get, path = "/syncs", params(Filter), responses(
    (status = 200, description = "A page.", body = SyncPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<SyncPage>, Problem> {
    Ok(Json(read(&app, &filter).await?))
}
