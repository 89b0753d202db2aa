//! Tabs of the timeline report.

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
        report_tabs::{ReportTab, ReportTabForm, read},
    },
    problem::Problem,
    state::App,
};

/// The tabs of the timeline report.
#[utoipa::path(get, path = "/report-tabs", responses(
    (status = 200, description = "In their order.", body = Vec<ReportTab>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<ReportTab>>, Problem> {
    read(&app).await.map(Json)
}

/// Makes a tab, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/report-tabs/{key}", request_body = ReportTabForm,
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = ReportTab),
    Problem,
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    form: Checked<ReportTabForm>,
) -> Result<Json<ReportTab>, Problem> {
    author.ask("save_report_tab", json!({"p_key": key, "p_values": form.values})).await.map(Json)
}

/// Deletes a tab. Its sheet stays where it is.
#[utoipa::path(delete, path = "/report-tabs/{key}",
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = ReportTab),
    Problem,
))]
pub async fn delete(author: Author, Path(key): Path<String>) -> Result<Json<ReportTab>, Problem> {
    author.find("delete_report_tab", json!({"p_key": key})).await.map(Json)
}
