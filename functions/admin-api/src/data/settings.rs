//! Company rules that people edit: thresholds, windows, retention.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::words::Language;
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

impl SettingView {
    /// What it means.
    pub fn meaning(&self, language: Language) -> String {
        let key = format!("setting-{}", self.key.replace(['.', '_'], "-"));
        language.find(&key).map_or_else(|| self.key.clone(), str::to_owned)
    }

    /// With its description, which stands in the catalogue of words.
    #[must_use]
    pub fn described(self) -> Self {
        Self { description: self.meaning(Language::Fr), ..self }
    }
}

/// The settings.
pub async fn read(app: &App) -> Result<Vec<SettingView>, Problem> {
    let settings: Vec<SettingView> = app.ask("settings_list", &json!({})).await?;
    Ok(settings.into_iter().map(SettingView::described).collect())
}
