//! The audit: who changed what, from what to what.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    data::audit::{AuditPage, Filter, read},
    extract::Params,
    problem::Problem,
    state::App,
};

/// Changes that people made, the newest first.
#[utoipa::path(get, path = "/audit", params(Filter), responses(
    (status = 200, description = "A page.", body = AuditPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<AuditPage>, Problem> {
    read(&app, &filter).await.map(Json)
}
