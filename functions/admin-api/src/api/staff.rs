//! The people who receive notices. Their addresses are for administrators only.

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
        staff::{StaffForm, StaffMember, read},
    },
    problem::Problem,
    state::App,
};

/// Everybody.
#[utoipa::path(get, path = "/staff", responses(
    (status = 200, description = "By key.", body = Vec<StaffMember>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<StaffMember>>, Problem> {
    read(&app).await.map(Json)
}

/// Makes a person, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/staff/{key}", request_body = StaffForm,
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = StaffMember),
    Problem,
))]
pub async fn save(
    author: Author,
    Path(key): Path<String>,
    form: Checked<StaffForm>,
) -> Result<Json<StaffMember>, Problem> {
    author.ask("save_staff", json!({"p_key": key, "p_values": form.values})).await.map(Json)
}

/// Deletes a person. Refused while rules name them.
#[utoipa::path(delete, path = "/staff/{key}",
    params(("key" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = StaffMember),
    Problem,
))]
pub async fn delete(author: Author, Path(key): Path<String>) -> Result<Json<StaffMember>, Problem> {
    author.find("delete_staff", json!({"p_key": key})).await.map(Json)
}
