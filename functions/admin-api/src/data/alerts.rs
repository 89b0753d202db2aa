//! Maintenance alerts: what is due or late, by urgency, and what people do about it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{extract::chosen, problem::Problem, state::App};

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    /// Overdue.
    Critical,
    /// Due within days.
    High,
    Medium,
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertType {
    MaintenanceUrgent,
    MaintenanceLate,
    AssetMaintenanceRequired,
}

/// Which alerts.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 200 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Where the page begins, from `Link` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, deserialize_with = "chosen", skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<Priority>)]
    pub priority: Option<Priority>,
    #[serde(rename = "type", default, deserialize_with = "chosen", skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<AlertType>)]
    pub alert_type: Option<AlertType>,
    /// `true`: only what nobody has read; `false`: only what somebody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<bool>,
    /// Part of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// A maintenance alert.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    pub id: i64,
    pub asset_id: Option<i64>,
    pub maintenance_id: Option<i64>,
    pub alert_type: AlertType,
    pub priority: Priority,
    pub message: String,
    /// `YYYY-MM-DD`.
    pub due_date: Option<String>,
    /// Days left, or days late; 0 is today.
    pub days_count: Option<i64>,
    pub is_read: bool,
    pub is_active: bool,
    pub is_dismissed: bool,
    pub created_at: String,
    pub updated_at: String,
}

/// An alert with what a reader wants to know of its asset.
#[derive(Debug, Deserialize)]
pub struct DetailedAlert {
    #[serde(flatten)]
    pub alert: Alert,
    pub asset_name: Option<String>,
    pub location: Option<String>,
    pub client_name: Option<String>,
}

/// A page of alerts, as the database answers it.
#[derive(Debug, Deserialize)]
pub struct AlertPage<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The active alerts as the old clients of `/alertes/maintenance` read them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceAlerts {
    pub alerts: Vec<Alert>,
    /// Of all active alerts, also of those on the next pages.
    pub count: i64,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// Counts of the active alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AlertStats {
    pub total: i64,
    pub unread: i64,
    pub critical: i64,
    pub high: i64,
    pub medium: i64,
}

/// An alert after a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertChanged {
    pub message: &'static str,
    pub alert: Alert,
}

/// Which page of `/alertes/maintenance`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// At most 500; 200 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

/// A page of alerts; `details`: with the names of asset and client.
pub async fn read<T: serde::de::DeserializeOwned>(
    app: &App,
    filter: &Filter,
    details: bool,
) -> Result<AlertPage<T>, Problem> {
    let arguments = json!({
        "p_limit": filter.limit.map(|limit| limit.min(500)), "p_cursor": filter.cursor, "p_priority": filter.priority,
        "p_alert_type": filter.alert_type, "p_is_read": filter.unread.map(|unread| !unread),
        "p_search": filter.search, "p_details": details,
    });
    app.ask("alerts_page", &arguments).await
}

/// The same for pages.
pub async fn count(app: &App) -> Result<AlertStats, Problem> {
    app.ask("alert_stats", &json!({})).await
}
