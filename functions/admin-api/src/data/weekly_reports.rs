//! Weekly reports: made once on Monday morning, and kept.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which reports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// At most 104; 26 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

/// A page of reports, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WeeklyReportPage {
    pub items: Vec<WeeklyReport>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// The report of one week, Monday to Sunday in Montréal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WeeklyReport {
    /// The Monday, `YYYY-MM-DD`.
    pub period_start: String,
    /// The Sunday.
    pub period_end: String,
    /// `pending`, `sent`, `partial`, `failed`, `unknown`, or `skipped` when nobody wants it.
    pub delivery_status: String,
    pub run_id: String,
    pub created_at: String,
}

/// A report with its contents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WholeWeeklyReport {
    #[serde(flatten)]
    pub report: WeeklyReport,
    /// `{week, figures, before}`; `before` are the figures of the week before.
    #[schema(value_type = Object)]
    pub data: Value,
    /// As it was reported, in French.
    pub text: String,
}

/// A page of reports.
pub async fn read(app: &App, filter: &Filter) -> Result<WeeklyReportPage, Problem> {
    app.ask("weekly_reports_page", &json!({"p_limit": filter.limit, "p_cursor": filter.cursor})).await
}

/// The report of the week that begins on a Monday.
pub async fn find(app: &App, period_start: &str) -> Result<WholeWeeklyReport, Problem> {
    let monday: Date = period_start.parse().map_err(|_| Problem::not_found())?;
    app.find("weekly_report", &json!({"p_period_start": monday.to_string()})).await
}
