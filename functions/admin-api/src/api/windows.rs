//! Times in which a target may be down without a word.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        form::Checked,
        windows::{MaintenanceWindow, MaintenanceWindowForm, read},
    },
    extract::row_id,
    problem::Problem,
    state::App,
};

/// Times in which a target may be down.
#[utoipa::path(get, path = "/maintenance-windows", responses(
    (status = 200, description = "The latest first, at most 200.", body = Vec<MaintenanceWindow>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<MaintenanceWindow>>, Problem> {
    read(&app).await.map(Json)
}

/// Makes a window.
#[utoipa::path(post, path = "/maintenance-windows", request_body = MaintenanceWindowForm, responses(
    (status = 201, description = "The window.", body = MaintenanceWindow),
    Problem,
))]
pub async fn create(
    author: Author,
    form: Checked<MaintenanceWindowForm>,
) -> Result<(StatusCode, Json<MaintenanceWindow>), Problem> {
    let window = author.ask_once("save_maintenance_window", json!({"p_values": form.values})).await?;
    Ok((StatusCode::CREATED, Json(window)))
}

/// Changes a window; what is absent stays as it is.
#[utoipa::path(put, path = "/maintenance-windows/{id}", request_body = MaintenanceWindowForm,
    params(("id" = String, Path, description = "The window.")), responses(
    (status = 200, description = "The window.", body = MaintenanceWindow),
    Problem,
))]
pub async fn change(
    author: Author,
    Path(id): Path<String>,
    form: Checked<MaintenanceWindowForm>,
) -> Result<Json<MaintenanceWindow>, Problem> {
    let arguments = json!({"p_id": row_id(&id)?, "p_values": form.values});
    author.find("save_maintenance_window", arguments).await.map(Json)
}

/// Deletes a window.
#[utoipa::path(delete, path = "/maintenance-windows/{id}",
    params(("id" = String, Path, description = "The window.")), responses(
    (status = 200, description = "What it was.", body = MaintenanceWindow),
    Problem,
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<MaintenanceWindow>, Problem> {
    author.find("delete_maintenance_window", json!({"p_id": row_id(&id)?})).await.map(Json)
}
