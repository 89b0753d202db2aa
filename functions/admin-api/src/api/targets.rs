//! What is probed, and with which patience.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        form::Checked,
        targets::{MonitorTarget, MonitorTargetForm, read},
    },
    problem::Problem,
    state::App,
};

/// What is probed, and how it stands.
#[utoipa::path(get, path = "/monitor-targets", responses(
    (status = 200, description = "By name.", body = Vec<MonitorTarget>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<MonitorTarget>>, Problem> {
    read(&app).await.map(Json)
}

/// Makes a target, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/monitor-targets/{name}", request_body = MonitorTargetForm,
    params(("name" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = MonitorTarget),
    Problem,
))]
pub async fn save(
    author: Author,
    Path(name): Path<String>,
    form: Checked<MonitorTargetForm>,
) -> Result<Json<MonitorTarget>, Problem> {
    author.ask("save_monitor_target", json!({"p_name": name, "p_values": form.values})).await.map(Json)
}

/// Deletes a target. Its incident is closed. Known services are switched off instead.
#[utoipa::path(delete, path = "/monitor-targets/{name}",
    params(("name" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = MonitorTarget),
    Problem,
))]
pub async fn delete(author: Author, Path(name): Path<String>) -> Result<Json<MonitorTarget>, Problem> {
    author.find("delete_monitor_target", json!({"p_name": name})).await.map(Json)
}
