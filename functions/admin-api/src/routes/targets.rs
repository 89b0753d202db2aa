//! What is probed, and with which patience.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    extract::{Author, Change, Fields},
    shapes::ProblemBody,
};
use crate::{problem::Problem, state::App};

/// How a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetState {
    /// It answers as it should.
    Up,
    /// It answers, but slowly or with a certificate about to end.
    Degraded,
    Down,
    /// It falls and rises.
    Flapping,
    /// It is not probed: switched off, or a service that is not set up.
    Paused,
    /// A window says that it may be down.
    Maintenance,
}

/// What is probed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MonitorTarget {
    pub name: String,
    pub label: String,
    /// `http`, or one of the known services.
    pub kind: String,
    /// Of kind `http`; the address of a service comes from the settings.
    pub url: Option<String>,
    /// Empty: 200 to 299. A redirection counts only where it is named.
    pub expected_status: Vec<i64>,
    pub expected_body: Option<String>,
    pub latency_limit_ms: i64,
    pub certificate_days: i64,
    pub timeout_ms: i64,
    pub failure_threshold: i64,
    pub success_threshold: i64,
    /// The product stands still without it.
    pub required: bool,
    pub enabled: bool,
    /// Only in lists, as the rest; null before the first probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TargetState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<String>,
}

/// What of a target is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MonitorTargetForm {
    label: Option<String>,
    kind: Option<String>,
    url: Option<String>,
    expected_status: Option<Vec<i64>>,
    expected_body: Option<String>,
    latency_limit_ms: Option<i64>,
    certificate_days: Option<i64>,
    timeout_ms: Option<i64>,
    failure_threshold: Option<i64>,
    success_threshold: Option<i64>,
    required: Option<bool>,
    enabled: Option<bool>,
}

/// What is probed, and how it stands.
#[utoipa::path(get, path = "/monitor-targets", responses(
    (status = 200, description = "By name.", body = Vec<MonitorTarget>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<MonitorTarget>>, Problem> {
    read(&app).await.map(Json)
}

/// The targets.
pub async fn read(app: &App) -> Result<Vec<MonitorTarget>, Problem> {
    app.ask("monitor_targets_list", &json!({})).await
}

/// Makes a target, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/monitor-targets/{name}", request_body = MonitorTargetForm,
    params(("name" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = MonitorTarget),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn save(
    author: Author,
    Path(name): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<MonitorTarget>, Problem> {
    author.ask("save_monitor_target", json!({"p_name": name, "p_values": values})).await.map(Json)
}

/// Deletes a target. Its incident is closed. Known services are switched off instead.
#[utoipa::path(delete, path = "/monitor-targets/{name}",
    params(("name" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = MonitorTarget),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(name): Path<String>) -> Result<Json<MonitorTarget>, Problem> {
    author.find("delete_monitor_target", json!({"p_name": name})).await.map(Json)
}
