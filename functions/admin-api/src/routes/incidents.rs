//! Incidents: what is wrong now, and who takes care.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::shapes::ProblemBody;
use crate::{access::Caller, problem::Problem, state::App};

/// One trouble from its beginning to its end.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    pub id: String,
    /// `availability`, `missed_run`, …
    pub kind: String,
    /// Whose trouble it is: a target or a task.
    pub subject: String,
    pub label: Option<String>,
    pub severity: String,
    pub opened_at: String,
    pub closed_at: Option<String>,
    pub acknowledged_at: Option<String>,
    pub acknowledged_by: Option<String>,
    pub error_kind: Option<String>,
    pub run_id: Option<String>,
}

/// Somebody takes care of an incident.
#[utoipa::path(post, path = "/incidents/{id}/acknowledge",
    params(("id" = String, Path, description = "The incident.")), responses(
    (status = 200, description = "The incident.", body = Incident),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn acknowledge(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Incident>, Problem> {
    super::extract::uuid(&id)?;
    let arguments = json!({"p_id": id, "p_actor": caller.actor(), "p_now": app.now().to_string()});
    app.find("console_acknowledge_incident", &arguments).await.map(Json)
}
