//! Incidents: what is wrong now, and who takes care.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        incidents::{Filter, Incident, IncidentPage, read},
    },
    extract::{Params, uuid},
    problem::Problem,
    state::App,
};

/// Incidents, the newest first.
#[utoipa::path(get, path = "/incidents", params(Filter), responses(
    (status = 200, description = "A page.", body = IncidentPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<IncidentPage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// Somebody takes care of an incident.
#[utoipa::path(post, path = "/incidents/{id}/acknowledge",
    params(("id" = String, Path, description = "The incident.")), responses(
    (status = 200, description = "The incident.", body = Incident),
    Problem,
))]
pub async fn acknowledge(author: Author, Path(id): Path<String>) -> Result<Json<Incident>, Problem> {
    uuid(&id)?;
    author.find("console_acknowledge_incident", json!({"p_id": id})).await.map(Json)
}
