//! Anomalies, as the detectors stored them.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};

use crate::{
    access::caller::Caller,
    data::anomalies::{AnomalyPage, Filter, read},
    extract::Params,
    problem::Problem,
    state::App,
};

/// Anomalies, those seen last first.
#[utoipa::path(get, path = "/anomalies", params(Filter), responses(
    (status = 200, description = "A page.", body = AnomalyPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(filter): Params<Filter>,
) -> Result<Json<AnomalyPage>, Problem> {
    read(&app, caller.role, &filter).await.map(Json)
}
