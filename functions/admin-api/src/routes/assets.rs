//! Equipment: pianos of the mirror, and what people add to it.

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
    alerts::Alert,
    extract::{Author, Change, Fields, Params, row_id},
    maintenances::Maintenance,
    shapes::{Created, Message, ProblemBody},
};
use crate::{problem::Problem, state::App};

/// Which assets.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// One of the categories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// One of the states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Part of name, place, label, description or holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// A page of assets, by name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AssetPage {
    pub items: Vec<Asset>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A piano, a vehicle, a building, …
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Asset {
    pub id: i64,
    /// Gazelle's id of the piano; null for what people added.
    pub external_ref: Option<String>,
    pub name: String,
    /// `piano`, `dampp_chaser`, `bâtiment`, `véhicule`, `équipement`, `mobilier` or `terrain`.
    pub category: String,
    pub description: Option<String>,
    /// What its label says.
    pub qr_code: Option<String>,
    pub acquisition_date: Option<String>,
    pub acquisition_value: Option<f64>,
    pub current_value: Option<f64>,
    pub location: Option<String>,
    pub assigned_to: Option<String>,
    /// `actif`, `maintenance`, `hors_service`, `déclassé` or `maintenance_required`.
    pub status: String,
    /// What Gazelle said last.
    pub gazelle_status: Option<String>,
    pub client_external_id: Option<String>,
    pub service_interval_months: Option<i64>,
    pub last_service_date: Option<String>,
    pub next_service_date: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// An asset with what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetDetail {
    #[serde(flatten)]
    asset: Asset,
    client_name: Option<String>,
    /// The newest 100.
    maintenances: Vec<Maintenance>,
    /// The newest 100, those that are over too.
    alerts: Vec<Alert>,
}

/// The same as the database answers it.
#[derive(Debug, Deserialize)]
pub struct FoundAsset {
    pub asset: Asset,
    pub client_name: Option<String>,
    pub maintenances: Vec<Maintenance>,
    pub alerts: Vec<Alert>,
}

/// Figures of all assets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AssetStatistics {
    pub total_assets: i64,
    pub active_assets: i64,
    pub total_value: f64,
    pub by_category: Vec<CategoryCount>,
}

/// How many assets a category has.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CategoryCount {
    pub category: String,
    pub count: i64,
}

/// What may be said of an asset: what is left out stays as it is. A new one needs `name` and `category`.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes the body; the database reads the fields, and refuses each by its name.
pub struct AssetValues {
    #[schema(max_length = 200)]
    name: Option<String>,
    category: Option<String>,
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// `ASSET-` and the number of the asset unless told.
    #[schema(max_length = 200)]
    qr_code: Option<String>,
    #[schema(format = Date)]
    acquisition_date: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    acquisition_value: Option<f64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    current_value: Option<f64>,
    #[schema(max_length = 200)]
    location: Option<String>,
    #[schema(max_length = 200)]
    assigned_to: Option<String>,
    status: Option<String>,
    #[schema(max_length = 100)]
    client_external_id: Option<String>,
    #[schema(minimum = 1, maximum = 1200)]
    service_interval_months: Option<i64>,
    #[schema(format = Date)]
    next_service_date: Option<String>,
}

/// Assets by name.
#[utoipa::path(get, path = "/assets", params(Filter), responses(
    (status = 200, description = "A page.", body = AssetPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<AssetPage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// A page of assets.
pub async fn read(app: &App, filter: &Filter) -> Result<AssetPage, Problem> {
    let arguments = json!({
        "p_limit": filter.limit.map(|limit| limit.min(500)), "p_cursor": filter.cursor, "p_category": filter.category,
        "p_status": filter.status, "p_search": filter.search,
    });
    app.ask("assets_page", &arguments).await
}

/// Figures of all assets.
#[utoipa::path(get, path = "/statistics", responses(
    (status = 200, description = "Figures.", body = AssetStatistics),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn statistics(State(app): State<Arc<App>>) -> Result<Json<AssetStatistics>, Problem> {
    count(&app).await.map(Json)
}

/// The same for the page.
pub async fn count(app: &App) -> Result<AssetStatistics, Problem> {
    app.ask("asset_statistics", &json!({})).await
}

/// One asset with its maintenances and alerts.
#[utoipa::path(get, path = "/assets/{id}", params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "The asset.", body = AssetDetail),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn detail(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AssetDetail>, Problem> {
    let FoundAsset { asset, client_name, maintenances, alerts } = find(&app, row_id(&id)?).await?;
    Ok(Json(AssetDetail { asset, client_name, maintenances, alerts }))
}

/// The same for pages.
pub async fn find(app: &App, id: i64) -> Result<FoundAsset, Problem> {
    app.find("asset_detail", &json!({"p_id": id})).await
}

/// Adds an asset.
#[utoipa::path(post, path = "/assets", request_body = AssetValues, responses(
    (status = 201, description = "Added.", body = Created),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn create(
    author: Author,
    Change(values): Change<Fields>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let asset: Asset = author.ask_once("save_asset", json!({"p_values": values})).await?;
    let created = Created { id: asset.id, qr_code: asset.qr_code, message: "Équipement ajouté" };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Changes an asset.
#[utoipa::path(put, path = "/assets/{id}", request_body = AssetValues,
    params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "The asset as it is now.", body = Asset),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn update(
    author: Author,
    Path(id): Path<String>,
    Change(values): Change<Fields>,
) -> Result<Json<Asset>, Problem> {
    author.find("save_asset", json!({"p_id": row_id(&id)?, "p_values": values})).await.map(Json)
}

/// Deletes an asset with its maintenances and alerts; one that Gazelle has cannot be deleted.
#[utoipa::path(delete, path = "/assets/{id}", params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "Deleted.", body = Message),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let _: Asset = author.find("delete_asset", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(Message { message: "Équipement supprimé" }))
}
