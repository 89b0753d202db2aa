//! Planned services of the equipment: those that follow from Gazelle, and those that people plan.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;

use crate::{
    data::{
        assets,
        author::Author,
        form::Checked,
        maintenances::{Filter, Maintenance, MaintenancePage, MaintenanceValues},
        shapes::{Created, Message},
    },
    extract::{Params, row_id},
    problem::Problem,
    state::App,
};

/// Maintenances, page by page.
#[utoipa::path(get, path = "/maintenances", params(Filter), responses(
    (status = 200, description = "A page.", body = MaintenancePage),
    Problem,
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
    Problem,
))]
pub async fn create(
    author: Author,
    form: Checked<MaintenanceValues>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let maintenance: Maintenance =
        author.ask_once("save_maintenance", json!({"p_values": form.values})).await?;
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
    Problem,
))]
pub async fn update(
    author: Author,
    Path(id): Path<String>,
    form: Checked<MaintenanceValues>,
) -> Result<Json<Maintenance>, Problem> {
    author.find("save_maintenance", json!({"p_id": row_id(&id)?, "p_values": form.values})).await.map(Json)
}

/// Deletes a maintenance that a person planned; one that follows from Gazelle is cancelled instead.
#[utoipa::path(delete, path = "/maintenances/{id}",
    params(("id" = i64, Path, description = "The maintenance.")), responses(
    (status = 200, description = "Deleted.", body = Message),
    Problem,
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let _: Maintenance = author.find("delete_maintenance", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(Message { message: "Entretien supprimé" }))
}
