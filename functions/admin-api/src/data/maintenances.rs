//! Planned services of the equipment: those that follow from Gazelle, and those that people plan.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::data::form::{Kind, form, text};

/// Which maintenances.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    pub asset_id: Option<i64>,
    /// One of the states.
    pub status: Option<String>,
    /// `manual`, `gazelle_interval` or `appointment`.
    pub source: Option<String>,
}

/// A page of maintenances: those without a date first, then the latest.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenancePage {
    pub items: Vec<Maintenance>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
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

form! {
    /// What may be said of a maintenance: what is left out stays as it is. A new one needs `asset_id`.
    MaintenanceValues {
        asset_id: Kind::Whole(1, 9_007_199_254_740_991),
        /// `préventive` by default.
        maintenance_type: Kind::Word(TYPES),
        scheduled_date: Kind::Date,
        /// The day of the change, when the status becomes `complétée` and no day is given.
        completed_date: Kind::Date,
        description: text(5000),
        cost: Kind::Number(0.0, 1e9),
        /// `planifiée` by default.
        status: Kind::Word(STATUSES),
    }
}

/// What a maintenance may be.
pub const TYPES: &[&str] = &["préventive", "corrective", "inspection"];
/// How a maintenance may stand.
pub const STATUSES: &[&str] = &["planifiée", "en_cours", "complétée", "annulée"];
