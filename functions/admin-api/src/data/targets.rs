//! What is probed, and with which patience.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{problem::Problem, state::App};

/// How a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetState {
    /// It answers as it should.
    Up,
    /// It answers, but slowly or with a certificate about to end.
    Degraded,
    Down,
    /// It falls and rises.
    Flapping,
    /// It is not probed: switched off, or a service that is not set up.
    Paused,
    /// A window says that it may be down.
    Maintenance,
}

/// What is probed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MonitorTarget {
    pub name: String,
    pub label: String,
    /// `http`, or one of the known services.
    pub kind: String,
    /// Of kind `http`; the address of a service comes from the settings.
    pub url: Option<String>,
    /// Empty: 200 to 299. A redirection counts only where it is named.
    pub expected_status: Vec<i64>,
    pub expected_body: Option<String>,
    pub latency_limit_ms: i64,
    pub certificate_days: i64,
    pub timeout_ms: i64,
    pub failure_threshold: i64,
    pub success_threshold: i64,
    /// The product stands still without it.
    pub required: bool,
    pub enabled: bool,
    /// Only in lists, as the rest; null before the first probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TargetState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<String>,
}

/// What of a target is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MonitorTargetForm {
    pub label: Option<String>,
    pub kind: Option<String>,
    pub url: Option<String>,
    pub expected_status: Option<Vec<i64>>,
    pub expected_body: Option<String>,
    pub latency_limit_ms: Option<i64>,
    pub certificate_days: Option<i64>,
    pub timeout_ms: Option<i64>,
    pub failure_threshold: Option<i64>,
    pub success_threshold: Option<i64>,
    pub required: Option<bool>,
    pub enabled: Option<bool>,
}

/// The targets.
pub async fn read(app: &App) -> Result<Vec<MonitorTarget>, Problem> {
    app.ask("monitor_targets_list", &json!({})).await
}
