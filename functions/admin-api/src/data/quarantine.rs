//! Rows of Gazelle that could not be stored. What they held is not shown: it may be an address.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// Only those that nobody resolved (`true`), or only the others (`false`).
    pub open: Option<bool>,
    /// `clients`, `pianos` …
    pub collection: Option<String>,
}

/// A page of rows, those seen last first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QuarantinePage {
    pub items: Vec<QuarantinedRow>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A row set aside.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QuarantinedRow {
    pub collection: String,
    pub external_id: String,
    pub reason: String,
    pub run_id: Option<String>,
    pub first_seen_at: String,
    pub last_seen_at: String,
    pub occurrences: i64,
    pub resolved_at: Option<String>,
}

/// A page of rows.
pub async fn read(app: &App, filter: &Filter) -> Result<QuarantinePage, Problem> {
    let arguments = json!({
        "p_limit": filter.limit, "p_cursor": filter.cursor, "p_open": filter.open,
        "p_collection": filter.collection,
    });
    app.ask("quarantine_page", &arguments).await
}
