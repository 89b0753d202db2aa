//! Planned services of the equipment: those that follow from Gazelle, and those that people plan.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    assets,
    extract::{Author, Change, Fields, Params, row_id},
    shapes::{Created, Message, ProblemBody},
};
use crate::{problem::Problem, state::App};

/// Which maintenances.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    asset_id: Option<i64>,
    /// One of the states.
    status: Option<String>,
    /// `manual`, `gazelle_interval` or `appointment`.
    source: Option<String>,
}

/// A page of maintenances: those without a date first, then the latest.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenancePage {
    items: Vec<Maintenance>,
    /// The parameter `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A planned service.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    pub id: i64,
    pub asset_id: i64,
    /// In lists of several assets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_name: Option<String>,
    /// `préventive`, `corrective` or `inspection`.
    pub maintenance_type: String,
    pub scheduled_date: Option<String>,
    pub completed_date: Option<String>,
    pub description: Option<String>,
    pub cost: Option<f64>,
    /// `planifiée`, `en_cours`, `complétée` or `annulée`.
    pub status: String,
    /// `manual`, `gazelle_interval` or `appointment`.
    pub source: String,
    pub external_ref: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// What may be said of a maintenance: what is left out stays as it is. A new one needs `asset_id`.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes the body; the database reads the fields, and refuses each by its name.
pub struct MaintenanceValues {
    #[schema(minimum = 1)]
    asset_id: Option<i64>,
    /// `préventive` unless told.
    maintenance_type: Option<String>,
    #[schema(format = Date)]
    scheduled_date: Option<String>,
    /// The day of the change, when the status becomes `complétée` and nothing is told.
    #[schema(format = Date)]
    completed_date: Option<String>,
    #[schema(max_length = 5000)]
    description: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    cost: Option<f64>,
    /// `planifiée` unless told.
    status: Option<String>,
}

/// Maintenances, page by page.
#[utoipa::path(get, path = "/maintenances", params(Filter), responses(
    (status = 200, description = "A page.", body = MaintenancePage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<MaintenancePage>, Problem> {
    let arguments = json!({
        "p_limit": filter.limit.map(|limit| limit.min(500)), "p_cursor": filter.cursor, "p_asset_id": filter.asset_id,
        "p_status": filter.status, "p_source": filter.source,
    });
    app.ask("maintenances_page", &arguments).await.map(Json)
}

/// Plans a maintenance.
#[utoipa::path(post, path = "/maintenances", request_body = MaintenanceValues, responses(
    (status = 201, description = "Planned; `qr_code` is the label of its asset.", body = Created),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn create(
    author: Author,
    Change(values): Change<Fields>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let maintenance: Maintenance = author.ask_once("save_maintenance", json!({"p_values": values})).await?;
    // The maintenance is planned, whatever becomes of this.
    let found = assets::find(&author.app, maintenance.asset_id).await.ok();
    let qr_code = found.and_then(|found| found.asset.qr_code);
    let created = Created { id: maintenance.id, qr_code, message: "Entretien planifié" };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Changes a maintenance, also to say that it is done.
#[utoipa::path(put, path = "/maintenances/{id}", request_body = MaintenanceValues,
    params(("id" = i64, Path, description = "The maintenance.")), responses(
    (status = 200, description = "The maintenance as it is now.", body = Maintenance),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn update(
    author: Author,
    Path(id): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<Maintenance>, Problem> {
    author.find("save_maintenance", json!({"p_id": row_id(&id)?, "p_values": values})).await.map(Json)
}

/// Deletes a maintenance that a person planned; one that follows from Gazelle is cancelled instead.
#[utoipa::path(delete, path = "/maintenances/{id}",
    params(("id" = i64, Path, description = "The maintenance.")), responses(
    (status = 200, description = "Deleted.", body = Message),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let _: Maintenance = author.find("delete_maintenance", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(Message { message: "Entretien supprimé" }))
}
