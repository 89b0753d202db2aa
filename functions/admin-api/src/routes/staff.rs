//! The people who receive notices. Their addresses are for administrators only.

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

/// Somebody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffMember {
    pub key: String,
    pub gazelle_id: Option<String>,
    pub first_name: String,
    pub display_name: String,
    /// Without one, the variable `EMAIL_<FIRST NAME>`: no accents, `_` for spaces, hyphens and apostrophes.
    pub email: Option<String>,
    /// Name of a setting `SLACK_WEBHOOK_…`, never the address itself.
    pub slack_webhook_key: Option<String>,
    pub telegram_chat_id: Option<String>,
    /// `fr` or `en`.
    pub language: String,
    /// `admin`, `assistant`, `technician`.
    pub roles: Vec<String>,
    pub active: bool,
}

/// What of somebody is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffForm {
    gazelle_id: Option<String>,
    first_name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    slack_webhook_key: Option<String>,
    telegram_chat_id: Option<String>,
    language: Option<String>,
    roles: Option<Vec<String>>,
    active: Option<bool>,
}

/// Everybody.
#[utoipa::path(get, path = "/staff", responses(
    (status = 200, description = "By key.", body = Vec<StaffMember>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<StaffMember>>, Problem> {
    read(&app).await.map(Json)
}

/// The people.
pub async fn read(app: &App) -> Result<Vec<StaffMember>, Problem> {
    app.ask("staff_list", &json!({})).await
}

/// Makes a person, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/staff/{key}", request_body = StaffForm,
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = StaffMember),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<StaffMember>, Problem> {
    author.ask("save_staff", json!({"p_key": key, "p_values": values})).await.map(Json)
}

/// Deletes a person. Refused while rules name them.
#[utoipa::path(delete, path = "/staff/{key}",
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = StaffMember),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(key): Path<String>) -> Result<Json<StaffMember>, Problem> {
    author.find("delete_staff", json!({"p_key": key})).await.map(Json)
}
