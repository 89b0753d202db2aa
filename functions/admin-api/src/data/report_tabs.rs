//! Tabs of the timeline report.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::form::{Kind, form, text},
    problem::Problem,
    state::App,
};

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

form! {
    /// What of a tab is set; what is absent stays as it is. A new one needs `title`.
    ReportTabForm {
        /// Google takes 100 characters, of which the report needs 18: a large one is filled as « ~ en préparation: TITLE ».
        title: text(82),
        /// `institution` by default.
        kind: Kind::Choice(&["institution", "alerts"], "expects-tab-kind"),
        /// The last one by default.
        position: Kind::Whole(1, 1000),
        client_ids: Kind::Texts(None),
        keywords: Kind::Texts(None),
        enabled: Kind::Flag,
    }
}

/// The tabs.
pub async fn read(app: &App) -> Result<Vec<ReportTab>, Problem> {
    app.ask("report_tabs_list", &json!({})).await
}
