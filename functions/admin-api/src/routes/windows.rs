//! Times in which a target may be down without a word.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    extract::{Author, Change, Fields, row_id},
    local_time::{self, Twice},
    shapes::ProblemBody,
};
use crate::{problem::Problem, state::App};

/// A time in which a target may be down.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindow {
    pub id: i64,
    /// Null: every one.
    pub target: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
    pub created_by: Option<String>,
    /// Whether it is now; only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// What of a window is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindowForm {
    target: Option<String>,
    /// An instant with its offset, such as `2026-01-15T06:00:00Z`, or a time of Montréal's clock without one, such as
    /// `2026-01-15T01:00`. Of one that comes twice the first; one that does not exist is refused.
    starts_at: Option<String>,
    /// At most 31 days later. Of a time that comes twice the second.
    ends_at: Option<String>,
    reason: Option<String>,
}

/// The times of a form as instants: an hour that comes twice belongs to the window as a whole.
fn with_instants(values: Fields) -> Result<Fields, Problem> {
    local_time::read(values, &[("starts_at", Twice::First), ("ends_at", Twice::Second)])
}

/// Times in which a target may be down.
#[utoipa::path(get, path = "/maintenance-windows", responses(
    (status = 200, description = "The latest first, at most 200.", body = Vec<MaintenanceWindow>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<MaintenanceWindow>>, Problem> {
    read(&app).await.map(Json)
}

/// The windows.
pub async fn read(app: &App) -> Result<Vec<MaintenanceWindow>, Problem> {
    app.ask("maintenance_windows_list", &json!({"p_now": app.now().to_string()})).await
}

/// Makes a window.
#[utoipa::path(post, path = "/maintenance-windows", request_body = MaintenanceWindowForm, responses(
    (status = 201, description = "The window.", body = MaintenanceWindow),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn create(
    author: Author,
    Change(values): Change<Fields>,
) -> Result<(StatusCode, Json<MaintenanceWindow>), Problem> {
    let values = with_instants(values)?;
    let window = author.ask_once("save_maintenance_window", json!({"p_values": values})).await?;
    Ok((StatusCode::CREATED, Json(window)))
}

/// Changes a window; what is absent stays as it is.
#[utoipa::path(put, path = "/maintenance-windows/{id}", request_body = MaintenanceWindowForm,
    params(("id" = String, Path, description = "The window.")), responses(
    (status = 200, description = "The window.", body = MaintenanceWindow),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn change(
    author: Author,
    Path(id): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<MaintenanceWindow>, Problem> {
    let arguments = json!({"p_id": row_id(&id)?, "p_values": with_instants(values)?});
    author.find("save_maintenance_window", arguments).await.map(Json)
}

/// Deletes a window.
#[utoipa::path(delete, path = "/maintenance-windows/{id}",
    params(("id" = String, Path, description = "The window.")), responses(
    (status = 200, description = "What it was.", body = MaintenanceWindow),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<MaintenanceWindow>, Problem> {
    author.find("delete_maintenance_window", json!({"p_id": row_id(&id)?})).await.map(Json)
}
