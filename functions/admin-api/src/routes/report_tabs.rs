//! Tabs of the timeline report.

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

/// A tab.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportTab {
    pub key: String,
    pub title: String,
    /// `institution` or `alerts`.
    pub kind: String,
    pub position: i64,
    /// Clients of Gazelle whose entries it holds.
    pub client_ids: Vec<String>,
    /// For entries whose client cannot be found.
    pub keywords: Vec<String>,
    /// By which its sheet is found and renamed.
    pub former_titles: Vec<String>,
    pub enabled: bool,
}

/// What of a tab is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportTabForm {
    title: Option<String>,
    kind: Option<String>,
    position: Option<i64>,
    client_ids: Option<Vec<String>>,
    keywords: Option<Vec<String>>,
    enabled: Option<bool>,
}

/// The tabs of the timeline report.
#[utoipa::path(get, path = "/report-tabs", responses(
    (status = 200, description = "In their order.", body = Vec<ReportTab>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<ReportTab>>, Problem> {
    read(&app).await.map(Json)
}

/// The tabs.
pub async fn read(app: &App) -> Result<Vec<ReportTab>, Problem> {
    app.ask("report_tabs_list", &json!({})).await
}

/// Makes a tab, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/report-tabs/{key}", request_body = ReportTabForm,
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = ReportTab),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<ReportTab>, Problem> {
    author.ask("save_report_tab", json!({"p_key": key, "p_values": values})).await.map(Json)
}

/// Deletes a tab. Its sheet stays where it is.
#[utoipa::path(delete, path = "/report-tabs/{key}",
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = ReportTab),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(key): Path<String>) -> Result<Json<ReportTab>, Problem> {
    author.find("delete_report_tab", json!({"p_key": key})).await.map(Json)
}
