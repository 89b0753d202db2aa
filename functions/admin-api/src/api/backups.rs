//! Copies of the database, and the drills that load one of them.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    data::backups::{BackupPage, Filter, read},
    extract::Params,
    problem::Problem,
    state::App,
};

/// Copies, newest first.
#[utoipa::path(get, path = "/backups", params(Filter), responses(
    (status = 200, description = "A page.", body = BackupPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<BackupPage>, Problem> {
    Ok(Json(read(&app, &filter).await?))
}
