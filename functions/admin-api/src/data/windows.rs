//! Times in which a target may be down without a word.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::local_time::{self, Twice},
    extract::Fields,
    problem::Problem,
    state::App,
};

/// A time in which a target may be down.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindow {
    pub id: i64,
    /// Null: every one.
    pub target: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub reason: String,
    pub created_by: Option<String>,
    /// Whether it is now; only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

/// What of a window is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindowForm {
    pub target: Option<String>,
    /// An instant with its offset, such as `2026-01-15T06:00:00Z`, or a time of Montréal's clock without one, such as
    /// `2026-01-15T01:00`. Of one that comes twice the first; one that does not exist is refused.
    pub starts_at: Option<String>,
    /// At most 31 days later. Of a time that comes twice the second.
    pub ends_at: Option<String>,
    pub reason: Option<String>,
}

/// The times of a form as instants: an hour that comes twice belongs to the window as a whole.
pub fn with_instants(values: Fields) -> Result<Fields, Problem> {
    local_time::read(values, &[("starts_at", Twice::First), ("ends_at", Twice::Second)])
}

/// The windows.
pub async fn read(app: &App) -> Result<Vec<MaintenanceWindow>, Problem> {
    app.ask("maintenance_windows_list", &json!({"p_now": app.now().to_string()})).await
}
