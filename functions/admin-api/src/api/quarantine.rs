//! Rows of Gazelle that could not be stored. What they held is not shown: it may be an address.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        quarantine::{Filter, QuarantinePage, QuarantinedRow, read},
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// Rows set aside.
#[utoipa::path(get, path = "/quarantine", params(Filter), responses(
    (status = 200, description = "A page.", body = QuarantinePage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<QuarantinePage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// Somebody dealt with a row; a sync that meets it again opens it again.
#[utoipa::path(post, path = "/quarantine/{collection}/{external_id}/resolve",
    params(("collection" = String, Path, description = "clients, pianos …"),
           ("external_id" = String, Path, description = "Gazelle's id.")), responses(
    (status = 200, description = "The row.", body = QuarantinedRow),
    Problem,
))]
pub async fn resolve(
    author: Author,
    Path((collection, external_id)): Path<(String, String)>,
) -> Result<Json<QuarantinedRow>, Problem> {
    let arguments = json!({"p_collection": collection, "p_external_id": external_id});
    author.find("resolve_quarantine", arguments).await.map(Json)
}
