//! Company rules that people edit: thresholds, windows, retention.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{problem::Problem, state::App};

/// One setting.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// `humidity.low` …
    pub key: String,
    /// A number or a flag.
    pub value: Value,
    /// For people, in French.
    pub description: String,
    /// `whole`, `number` or `flag`.
    pub kind: String,
    /// Of a number.
    pub minimum: Option<f64>,
    /// Of a number.
    pub maximum: Option<f64>,
    /// What it is unless somebody changes it.
    pub default: Value,
    pub updated_at: String,
    pub updated_by: Option<String>,
}

/// A value for a setting.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SettingForm {
    /// A number or a flag.
    #[serde(default)]
    pub value: Value,
}

/// The settings.
pub async fn read(app: &App) -> Result<Vec<SettingView>, Problem> {
    app.ask("settings_list", &json!({})).await
}
