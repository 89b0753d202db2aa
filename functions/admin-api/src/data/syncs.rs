//! The sync log: what every sync, report and backup did, page by page.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    data::{logs::SyncLog, period, shapes::Page},
    problem::Problem,
    state::App,
};

/// Which rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// `success`, `warning` or `error`.
    pub status: Option<String>,
    /// `sync`, `report`, `backup` or `chain`.
    pub task_type: Option<String>,
    /// First instant, RFC 3339, or first day in Montréal, `YYYY-MM-DD`.
    pub from: Option<String>,
    /// Instant before which it ended, or last day in Montréal.
    pub to: Option<String>,
}

/// A page of the sync log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncPage {
    pub items: Vec<SyncLog>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A page of the sync log.
pub async fn read(app: &App, filter: &Filter) -> Result<SyncPage, Problem> {
    let arguments = json!({
        "p_limit": filter.limit.unwrap_or(50).min(200), "p_cursor": filter.cursor, "p_status": filter.status,
        "p_task_type": filter.task_type, "p_from": period::start(filter.from.as_deref())?,
        "p_until": period::end(filter.to.as_deref())?,
    });
    let page: Page<SyncLog> = app.ask("sync_logs_page", &arguments).await?;
    Ok(SyncPage { items: page.items, next: page.next })
}
