//! Company rules that people edit: thresholds, windows, retention.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        settings::{SettingForm, SettingView, read},
    },
    extract::Change,
    problem::Problem,
    state::App,
};

/// Every setting that people may edit.
#[utoipa::path(get, path = "/settings", responses(
    (status = 200, description = "By key.", body = Vec<SettingView>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<SettingView>>, Problem> {
    read(&app).await.map(Json)
}

/// Sets one setting.
#[utoipa::path(put, path = "/settings/{key}", request_body = SettingForm,
    params(("key" = String, Path, description = "The setting.")), responses(
    (status = 200, description = "The setting.", body = SettingView),
    Problem,
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    Change(form): Change<SettingForm>,
) -> Result<Json<SettingView>, Problem> {
    if !read(&author.app).await?.iter().any(|setting| setting.key == key) {
        return Err(Problem::not_found());
    }
    let saved: SettingView = author.ask("save_setting", json!({"p_key": key, "p_value": form.value})).await?;
    Ok(Json(saved.described()))
}
