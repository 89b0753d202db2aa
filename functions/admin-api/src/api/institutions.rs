//! Institutions: the clients whose pianos are watched.

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
        institutions::{Institution, InstitutionForm, read},
    },
    problem::Problem,
    state::App,
};

/// Every institution.
#[utoipa::path(get, path = "/institutions", responses(
    (status = 200, description = "By slug.", body = Vec<Institution>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<Institution>>, Problem> {
    read(&app).await.map(Json)
}

/// Makes an institution, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/institutions/{slug}", request_body = InstitutionForm,
    params(("slug" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = Institution),
    Problem,
))]
pub async fn save(
    author: Author,
    Path(slug): Path<String>,
    form: Checked<InstitutionForm>,
) -> Result<Json<Institution>, Problem> {
    author.ask("save_institution", json!({"p_slug": slug, "p_values": form.values})).await.map(Json)
}

/// Deletes an institution.
#[utoipa::path(delete, path = "/institutions/{slug}",
    params(("slug" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = Institution),
    Problem,
))]
pub async fn delete(author: Author, Path(slug): Path<String>) -> Result<Json<Institution>, Problem> {
    author.find("delete_institution", json!({"p_slug": slug})).await.map(Json)
}
