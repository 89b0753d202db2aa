//! Equipment: pianos of the mirror, and what people add to it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    data::{
        alerts::Alert,
        form::{Kind, form, text},
        maintenances::Maintenance,
    },
    problem::Problem,
    state::App,
};

/// Which assets.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 by default.
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
    pub asset: Asset,
    pub client_name: Option<String>,
    /// The newest 100.
    pub maintenances: Vec<Maintenance>,
    /// The newest 100, those that are over too.
    pub alerts: Vec<Alert>,
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

form! {
    /// What may be said of an asset: what is left out stays as it is. A new one needs `name` and `category`.
    AssetValues {
        name: text(200),
        category: Kind::Word(CATEGORIES),
        description: text(5000),
        /// `ASSET-` and the number of the asset by default.
        qr_code: text(200),
        acquisition_date: Kind::Date,
        acquisition_value: Kind::Number(0.0, 1e9),
        current_value: Kind::Number(0.0, 1e9),
        location: text(200),
        assigned_to: text(200),
        /// `actif` by default.
        status: Kind::Word(STATUSES),
        client_external_id: text(100),
        service_interval_months: Kind::Whole(1, 1200),
        next_service_date: Kind::Date,
    }
}

/// What an asset may be.
pub const CATEGORIES: &[&str] =
    &["piano", "dampp_chaser", "bâtiment", "véhicule", "équipement", "mobilier", "terrain"];
/// How an asset may be.
pub const STATUSES: &[&str] = &["actif", "maintenance", "hors_service", "déclassé", "maintenance_required"];

/// A page of assets.
pub async fn read(app: &App, filter: &Filter) -> Result<AssetPage, Problem> {
    let arguments = json!({
        "p_limit": filter.limit.map(|limit| limit.min(500)), "p_cursor": filter.cursor, "p_category": filter.category,
        "p_status": filter.status, "p_search": filter.search,
    });
    app.ask("assets_page", &arguments).await
}

/// The same for the page.
pub async fn count(app: &App) -> Result<AssetStatistics, Problem> {
    app.ask("asset_statistics", &json!({})).await
}

/// The same for pages.
pub async fn find(app: &App, id: i64) -> Result<FoundAsset, Problem> {
    app.find("asset_detail", &json!({"p_id": id})).await
}
