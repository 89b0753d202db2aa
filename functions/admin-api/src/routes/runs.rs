//! Runs: the log of the old clients, the list with its filters, and one run with all that belongs to it.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    supabase::QUICK,
    task::{TASKS, TaskSpec},
};

use utoipa::IntoParams;

use super::{
    extract::{Params, is_uuid, uuid},
    shapes::{LogEntry, ProblemBody, Run, RunDetail, RunPage, Status},
};
use crate::{problem::Problem, state::App};

const MAX_LIMIT: u32 = 200;

/// What both lists can be asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 200; 20 for the log, 50 for the list.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// Name of a task; its frequent runs are then shown.
    task: Option<String>,
    status: Option<Status>,
    /// `scheduler`, `manual` or `api`.
    triggered_by: Option<String>,
    /// First instant of the start, RFC 3339.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Instant before which it started.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// `frequent`: also the successful scheduled runs of tasks that run every few minutes.
    include: Option<String>,
}

struct Page {
    runs: Vec<Run>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
    limit: u32,
}

/// The log of the old clients: a bare array; the next page is in `Link`.
#[utoipa::path(get, path = "/scheduler/logs", params(Filter), responses(
    (status = 200, description = "Newest first.", body = Vec<LogEntry>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn logs(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<(HeaderMap, Json<Vec<LogEntry>>), Problem> {
    let include = filter.include.clone();
    let page = page(&app, filter, 20).await?;
    let mut headers = HeaderMap::new();
    let more = if include.is_some() { "&include=frequent" } else { "" };
    let link = page.next.map(|cursor| format!("<?limit={}&cursor={cursor}{more}>; rel=\"next\"", page.limit));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    Ok((headers, Json(page.runs.into_iter().map(LogEntry::from).collect())))
}

/// Runs, newest first, page by page.
#[utoipa::path(get, path = "/runs", params(Filter), responses(
    (status = 200, description = "A page.", body = RunPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<RunPage>, Problem> {
    let page = page(&app, filter, 50).await?;
    Ok(Json(RunPage { runs: page.runs, next_cursor: page.next }))
}

/// One run with parameters, errors, parent, children and notices.
#[utoipa::path(get, path = "/runs/{id}", params(("id" = String, Path, description = "The run.")), responses(
    (status = 200, description = "The run.", body = RunDetail),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn detail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<RunDetail>, Problem> {
    uuid(&id)?;
    let run: Option<RunDetail> = app.supabase.rpc_within("run_detail", &json!({"p_id": id}), QUICK).await?;
    run.map(Json).ok_or_else(Problem::not_found)
}

async fn page(app: &App, filter: Filter, default_limit: u32) -> Result<Page, Problem> {
    let limit = filter.limit.unwrap_or(default_limit).clamp(1, MAX_LIMIT);
    // One more than asked for tells whether there is another page.
    let mut wanted = json!({"limit": limit + 1});
    if let Some(cursor) = &filter.cursor {
        let (at, id) = read_cursor(cursor).ok_or_else(|| Problem::invalid("Le curseur n'est pas valide."))?;
        wanted["before_at"] = at.into();
        wanted["before_id"] = id.into();
    }
    if let Some(task) = &filter.task {
        let spec = TaskSpec::named(task).ok_or_else(|| unknown_task(task))?;
        wanted["task"] = spec.name.into();
    }
    match filter.include.as_deref() {
        // Who asks for one task wants to see it run.
        None if filter.task.is_none() => {
            wanted["without_frequent"] =
                TASKS.iter().filter(|task| task.is_frequent()).map(|t| t.name).collect();
        }
        None | Some("frequent") => {}
        Some(_) => return Err(Problem::invalid("`include` accepte: frequent.")),
    }
    for (name, value) in [
        ("status", filter.status.map(|status| json!(status))),
        ("triggered_by", filter.triggered_by.map(Value::from)),
        ("from", filter.from.map(|from| from.to_string().into())),
        ("to", filter.to.map(|to| to.to_string().into())),
    ] {
        if let Some(value) = value {
            wanted[name] = value;
        }
    }
    let arguments = json!({"p_filter": wanted});
    let mut runs: Vec<Run> = app.supabase.rpc_within("list_runs", &arguments, QUICK).await?;
    let has_more = runs.len() > limit as usize;
    runs.truncate(limit as usize);
    let next = runs.last().filter(|_| has_more).map(|run| cursor(&run.started_at, &run.id));
    Ok(Page { runs, next, limit })
}

/// The tasks that a caller may mean.
pub fn unknown_task(task: &str) -> Problem {
    let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
    let shown = shared::text::truncate(task, 60);
    Problem::invalid(format!("La tâche «{shown}» n'existe pas. Tâches: {}.", known.join(", ")))
}

fn cursor(started_at: &str, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{started_at} {id}"))
}

fn read_cursor(cursor: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (at, id) = text.split_once(' ')?;
    let is_valid = at.parse::<Timestamp>().is_ok() && is_uuid(id);
    is_valid.then(|| (at.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_the_last_row_of_a_page_says_and_nothing_else_passes() {
        let id = "00000000-0000-4000-a000-000000000001";
        let cursor = cursor("2026-01-15T06:00:00.123456+00:00", id);
        assert_eq!(read_cursor(&cursor).unwrap(), ("2026-01-15T06:00:00.123456+00:00".into(), id.into()));
        for wrong in ["", "planted", &URL_SAFE_NO_PAD.encode("now x"), &URL_SAFE_NO_PAD.encode([255, 0])] {
            assert!(read_cursor(wrong).is_none(), "{wrong}");
        }
    }
}
