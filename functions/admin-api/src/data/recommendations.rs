//! Recommendations: what should be done, why, until when, and what people decided.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which recommendations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    pub status: Option<RecommendationStatus>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecommendationStatus {
    Open,
    Done,
    Ignored,
}

/// How pressing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RecommendationPriority)]
pub enum Priority {
    High,
    Medium,
    Low,
}

/// A page of recommendations, those seen last first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecommendationPage {
    pub items: Vec<Recommendation>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// What should be done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Recommendation {
    /// `cash_control`, `sync_monitoring`, …
    #[serde(rename = "type")]
    pub kind: String,
    pub priority: Priority,
    pub title: String,
    pub description: String,
    /// Step by step.
    pub actions: Vec<String>,
    pub id: String,
    /// What it is about, where there are several.
    pub subject: String,
    /// The figures behind it.
    #[schema(value_type = Object)]
    pub evidence: Value,
    pub status: RecommendationStatus,
    /// `YYYY-MM-DD`
    pub due_date: String,
    /// For so long after a decision it does not come back.
    pub period_days: u32,
    pub first_seen_at: String,
    pub last_seen_at: String,
    pub decided_at: Option<String>,
    pub decided_by: Option<String>,
}

/// What somebody decided.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `open` takes a decision back.
    pub status: Option<RecommendationStatus>,
}

/// A page of recommendations.
pub async fn read(app: &App, filter: &Filter) -> Result<RecommendationPage, Problem> {
    let arguments = json!({"p_limit": filter.limit, "p_cursor": filter.cursor, "p_status": filter.status});
    app.ask("recommendations_page", &arguments).await
}
