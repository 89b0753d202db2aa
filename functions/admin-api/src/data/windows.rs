//! Times in which a target may be down without a word.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::{
        form::{Kind, form, text},
        local_time::Twice,
    },
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

form! {
    /// What of a window is set; what is absent stays as it is. A new one needs `starts_at` and `ends_at`. An hour that comes
    /// twice belongs to the window as a whole.
    MaintenanceWindowForm {
        /// Every target by default.
        target: text(60),
        /// An instant with its offset, such as `2026-01-15T06:00:00Z`, or a time of Montréal's clock without one, such as
        /// `2026-01-15T01:00`. Of one that comes twice the first; one that does not exist is refused.
        starts_at: Kind::Instant(Twice::First),
        /// At most 31 days later. Of a time that comes twice the second.
        ends_at: Kind::Instant(Twice::Second),
        reason: text(500),
    }
}

/// The windows.
pub async fn read(app: &App) -> Result<Vec<MaintenanceWindow>, Problem> {
    app.ask("maintenance_windows_list", &json!({"p_now": app.now().to_string()})).await
}
