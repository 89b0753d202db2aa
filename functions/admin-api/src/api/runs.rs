//! Runs: the log of the old clients, the list with its filters, and one run with all that belongs to it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
};

use crate::{
    data::{
        runs::{Filter, arguments, find, read},
        shapes::{LogEntry, Page, RunDetail, RunPage},
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// The log of the old clients: a bare array; the next page, with the same filters, is in `Link`.
#[utoipa::path(get, path = "/scheduler/logs", params(Filter), responses(
    (status = 200, description = "Newest first.", body = Vec<LogEntry>,
     headers(("Link" = String, description = "`rel=\"next\"`: the next page, if there is one."))),
    Problem,
))]
pub async fn logs(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<(HeaderMap, Json<Vec<LogEntry>>), Problem> {
    let page: Page<LogEntry> = app.ask("scheduler_logs_page", &arguments(&filter, 20)?).await?;
    let mut headers = HeaderMap::new();
    let link = page.next.map(|cursor| format!("<?{}>; rel=\"next\"", filter.query(Some(&cursor))));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    Ok((headers, Json(page.items)))
}

/// Runs, newest first, page by page.
#[utoipa::path(get, path = "/runs", params(Filter), responses(
    (status = 200, description = "A page.", body = RunPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<RunPage>, Problem> {
    Ok(Json(read(&app, &filter, 50).await?))
}

/// One run: steps, figures, errors, parent and children, and who was notified.
#[utoipa::path(get, path = "/runs/{id}", params(("id" = String, Path, description = "The run.")), responses(
    (status = 200, description = "The run.", body = RunDetail),
    Problem,
))]
pub async fn detail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<RunDetail>, Problem> {
    Ok(Json(find(&app, &id).await?))
}
