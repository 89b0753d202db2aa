//! What is probed, and with which patience.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::form::{Kind, form, text},
    problem::Problem,
    state::App,
};

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

form! {
    /// What of a target is set; what is absent stays as it is. A new one needs `label` and `url`.
    MonitorTargetForm {
        label: text(100),
        /// `http` for a new one; that of an old one does not change.
        kind: Kind::Choice(KINDS, "expects-http"),
        /// Of kind `http`, without a name and a password in it; the address of a service comes from the settings.
        url: text(2000),
        /// Empty: 200 to 299. A redirection counts only where it is named.
        expected_status: Kind::Statuses,
        expected_body: text(500),
        latency_limit_ms: Kind::Whole(1, 20_000),
        certificate_days: Kind::Whole(0, 365),
        timeout_ms: Kind::Whole(100, 20_000),
        failure_threshold: Kind::Whole(1, 100),
        success_threshold: Kind::Whole(1, 100),
        required: Kind::Flag,
        enabled: Kind::Flag,
    }
}

/// What a target may be: something with an address of its own, or a service that the settings know.
pub const KINDS: &[&str] =
    &["http", "supabase", "gazelle", "google", "slack", "sendgrid", "telegram", "console"];

/// The targets.
pub async fn read(app: &App) -> Result<Vec<MonitorTarget>, Problem> {
    app.ask("monitor_targets_list", &json!({})).await
}
