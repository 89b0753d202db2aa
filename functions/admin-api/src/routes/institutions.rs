//! Institutions: the clients whose pianos are watched.

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

/// A client whose pianos are watched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Institution {
    pub slug: String,
    pub name: String,
    /// The client of Gazelle; without one nothing is watched.
    pub gazelle_client_id: Option<String>,
    pub active: bool,
    pub options: InstitutionOptions,
    /// What Gazelle calls the client; only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
}

/// Bounds of its own, instead of the company's.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct InstitutionOptions {
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity_low: Option<f64>,
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity_high: Option<f64>,
}

/// What of an institution is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstitutionForm {
    name: Option<String>,
    gazelle_client_id: Option<String>,
    active: Option<bool>,
    options: Option<InstitutionOptions>,
}

/// Every institution.
#[utoipa::path(get, path = "/institutions", responses(
    (status = 200, description = "By slug.", body = Vec<Institution>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<Institution>>, Problem> {
    read(&app).await.map(Json)
}

/// The institutions.
pub async fn read(app: &App) -> Result<Vec<Institution>, Problem> {
    app.ask("institutions_list", &json!({})).await
}

/// Makes an institution, or changes it; what is absent stays as it is.
#[utoipa::path(put, path = "/institutions/{slug}", request_body = InstitutionForm,
    params(("slug" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "As it is now.", body = Institution),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn save(
    author: Author,
    Path(slug): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<Institution>, Problem> {
    author.ask("save_institution", json!({"p_slug": slug, "p_values": values})).await.map(Json)
}

/// Deletes an institution.
#[utoipa::path(delete, path = "/institutions/{slug}",
    params(("slug" = String, Path, description = "Lower-case letters, digits and dashes.")), responses(
    (status = 200, description = "What it was.", body = Institution),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(slug): Path<String>) -> Result<Json<Institution>, Problem> {
    author.find("delete_institution", json!({"p_slug": slug})).await.map(Json)
}
