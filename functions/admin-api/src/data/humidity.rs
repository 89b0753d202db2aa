//! Humidity alerts, in the predecessor's shapes: lists, counts, and what people do about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// At most 500; 100 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

/// Which alerts of all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// `true`: only what is over; `false`: only what lasts.
    pub resolved: Option<bool>,
    /// Gazelle's id of a piano.
    pub piano_id: Option<String>,
}

/// What one note or measurement said of a piano.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityAlert {
    pub id: String,
    pub timeline_entry_id: String,
    pub client_id: Option<String>,
    pub piano_id: Option<String>,
    /// From notes: `housse`, `alimentation`, `reservoir`, `environnement`; from measurements: `TROP_SEC`, `TROP_HUMIDE`.
    pub alert_type: String,
    pub description: String,
    pub is_resolved: bool,
    pub observed_at: String,
    pub archived: bool,
    pub resolved_at: Option<String>,
    pub resolution_notes: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// `note`, `measurement` or `model`.
    pub source: String,
    /// Percent, where it was measured.
    pub value: Option<f64>,
    /// `scan` or `person`.
    pub resolved_by: Option<String>,
    pub archived_at: Option<String>,
    pub client_name: Option<String>,
    pub piano_make: Option<String>,
    pub piano_model: Option<String>,
    pub room_number: Option<String>,
    pub technician_note: Option<String>,
}

/// Counts of the alerts that are not archived.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub total: i64,
    pub unresolved: i64,
    pub resolved: i64,
}

/// A page of alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityPage {
    pub alerts: Vec<HumidityAlert>,
    /// Of this page.
    pub count: i64,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A page of alerts with the counts of all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityAll {
    pub alerts: Vec<HumidityAlert>,
    /// Of this page.
    pub count: i64,
    pub stats: Counts,
    pub next: Option<String>,
}

/// The unresolved alerts of the institutions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityInstitutional {
    pub alerts: Vec<HumidityAlert>,
    pub stats: Counts,
    pub next: Option<String>,
}

/// Figures without the archived alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityStats {
    pub total_alerts: i64,
    pub unresolved: i64,
    pub resolved: i64,
    pub by_type: BTreeMap<String, i64>,
    pub institutional_unresolved: i64,
}

/// What somebody did about it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ResolutionNotes {
    pub resolution_notes: Option<String>,
}

/// The same for pages.
pub async fn count(app: &App) -> Result<HumidityStats, Problem> {
    app.ask("humidity_stats", &json!({})).await
}

/// A page of one of the three lists.
pub async fn read(app: &App, standing: AlertState, window: &Window) -> Result<HumidityPage, Problem> {
    app.ask(standing.function(), &window.arguments()).await
}

/// How an alert stands: each has a list of its own.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    #[default]
    Unresolved,
    Resolved,
    Archived,
}

impl AlertState {
    pub fn function(self) -> &'static str {
        match self {
            Self::Unresolved => "humidity_unresolved",
            Self::Resolved => "humidity_resolved",
            Self::Archived => "humidity_archived",
        }
    }
}

impl Window {
    /// Another than the first page.
    pub fn at(cursor: Option<String>) -> Self {
        Self { limit: None, cursor }
    }

    pub fn arguments(&self) -> serde_json::Value {
        json!({"p_limit": self.limit.map(|limit| limit.min(500)), "p_cursor": self.cursor})
    }
}
