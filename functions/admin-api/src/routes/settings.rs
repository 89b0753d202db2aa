//! Company rules that people edit: thresholds, windows, retention.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    extract::{Author, Change},
    shapes::ProblemBody,
};
use crate::{problem::Problem, state::App};

/// One setting.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// `humidity.low` …
    pub key: String,
    /// A number or a flag.
    pub value: Value,
    /// For people, in French.
    pub description: String,
    /// `whole`, `number` or `flag`.
    pub kind: String,
    /// Of a number.
    pub minimum: Option<f64>,
    /// Of a number.
    pub maximum: Option<f64>,
    /// What it is unless somebody changes it.
    pub default: Value,
    pub updated_at: String,
    pub updated_by: Option<String>,
}

/// A value for a setting.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SettingForm {
    /// A number or a flag.
    #[serde(default)]
    value: Value,
}

/// Every setting that people may edit.
#[utoipa::path(get, path = "/settings", responses(
    (status = 200, description = "By key.", body = Vec<SettingView>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<SettingView>>, Problem> {
    read(&app).await.map(Json)
}

/// The settings.
pub async fn read(app: &App) -> Result<Vec<SettingView>, Problem> {
    app.ask("settings_list", &json!({})).await
}

/// Sets one setting.
#[utoipa::path(put, path = "/settings/{key}", request_body = SettingForm,
    params(("key" = String, Path, description = "The setting.")), responses(
    (status = 200, description = "The setting.", body = SettingView),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    Change(form): Change<SettingForm>,
) -> Result<Json<SettingView>, Problem> {
    if !read(&author.app).await?.iter().any(|setting| setting.key == key) {
        return Err(Problem::not_found());
    }
    author.ask("save_setting", json!({"p_key": key, "p_value": form.value})).await.map(Json)
}
