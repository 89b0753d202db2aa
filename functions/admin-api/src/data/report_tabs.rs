//! Tabs of the timeline report.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{problem::Problem, state::App};

/// A tab.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportTab {
    pub key: String,
    pub title: String,
    /// `institution` or `alerts`.
    pub kind: String,
    pub position: i64,
    /// Clients of Gazelle whose entries it holds.
    pub client_ids: Vec<String>,
    /// For entries whose client cannot be found.
    pub keywords: Vec<String>,
    /// By which its sheet is found and renamed.
    pub former_titles: Vec<String>,
    pub enabled: bool,
}

/// What of a tab is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportTabForm {
    pub title: Option<String>,
    pub kind: Option<String>,
    pub position: Option<i64>,
    pub client_ids: Option<Vec<String>>,
    pub keywords: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// The tabs.
pub async fn read(app: &App) -> Result<Vec<ReportTab>, Problem> {
    app.ask("report_tabs_list", &json!({})).await
}
