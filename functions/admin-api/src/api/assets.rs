//! Equipment: pianos of the mirror, and what people add to it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;

use crate::{
    data::{
        assets::{
            Asset, AssetDetail, AssetPage, AssetStatistics, AssetValues, Filter, FoundAsset, count, find,
            read,
        },
        author::Author,
        form::Checked,
        shapes::{Created, Message},
    },
    extract::{Params, row_id},
    problem::Problem,
    state::App,
};

/// Assets by name.
#[utoipa::path(get, path = "/assets", params(Filter), responses(
    (status = 200, description = "A page.", body = AssetPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<AssetPage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// Figures of all assets.
#[utoipa::path(get, path = "/statistics", responses(
    (status = 200, description = "Figures.", body = AssetStatistics),
    Problem,
))]
pub async fn statistics(State(app): State<Arc<App>>) -> Result<Json<AssetStatistics>, Problem> {
    count(&app).await.map(Json)
}

/// One asset with its maintenances and alerts.
#[utoipa::path(get, path = "/assets/{id}", params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "The asset.", body = AssetDetail),
    Problem,
))]
pub async fn detail(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<AssetDetail>, Problem> {
    let FoundAsset { asset, client_name, maintenances, alerts } = find(&app, row_id(&id)?).await?;
    Ok(Json(AssetDetail { asset, client_name, maintenances, alerts }))
}

/// Adds an asset.
#[utoipa::path(post, path = "/assets", request_body = AssetValues, responses(
    (status = 201, description = "Added.", body = Created),
    Problem,
))]
pub async fn create(
    author: Author,
    form: Checked<AssetValues>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let asset: Asset = author.ask_once("save_asset", json!({"p_values": form.values})).await?;
    let created = Created { id: asset.id, qr_code: asset.qr_code, message: "Équipement ajouté" };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Changes an asset.
#[utoipa::path(put, path = "/assets/{id}", request_body = AssetValues,
    params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "The asset as it is now.", body = Asset),
    Problem,
))]
pub async fn update(
    author: Author,
    Path(id): Path<String>,
    form: Checked<AssetValues>,
) -> Result<Json<Asset>, Problem> {
    author.find("save_asset", json!({"p_id": row_id(&id)?, "p_values": form.values})).await.map(Json)
}

/// Deletes an asset with its maintenances and alerts; one that Gazelle has cannot be deleted.
#[utoipa::path(delete, path = "/assets/{id}", params(("id" = i64, Path, description = "The asset.")), responses(
    (status = 200, description = "Deleted.", body = Message),
    Problem,
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let _: Asset = author.find("delete_asset", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(Message { message: "Équipement supprimé" }))
}
