//! Runs: the log of the old clients, the list with its filters, and one run with all that belongs to it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::{
    supabase::QUICK,
    task::{TASKS, TaskSpec},
};

use super::extract::Params;
use crate::{problem::Problem, state::App};

const MAX_LIMIT: u32 = 200;

/// The fields of `GET /scheduler/logs` (`domain/console-and-api.md` 2).
const LOG_FIELDS: [&str; 12] = [
    "id",
    "task_name",
    "task_label",
    "started_at",
    "completed_at",
    "duration_seconds",
    "status",
    "message",
    "stats",
    "triggered_by",
    "triggered_by_user",
    "created_at",
];

/// What both lists can be asked for.
#[derive(Deserialize)]
pub struct Filter {
    limit: Option<u32>,
    cursor: Option<String>,
    task: Option<String>,
    status: Option<Status>,
    triggered_by: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    include: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Queued,
    Running,
    Success,
    Warning,
    Error,
}

struct Page {
    runs: Vec<Map<String, Value>>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
    limit: u32,
}

/// `GET /scheduler/logs`: a bare array; the next page is in `Link`.
pub async fn logs(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<(HeaderMap, Json<Vec<Map<String, Value>>>), Problem> {
    let include = filter.include.clone();
    let mut page = page(&app, filter, 20).await?;
    for run in &mut page.runs {
        run.retain(|field, _| LOG_FIELDS.contains(&field.as_str()));
        if run["status"] == "queued" {
            // Old clients know three states.
            run.insert("status".into(), "running".into());
        }
    }
    let mut headers = HeaderMap::new();
    let more = if include.is_some() { "&include=frequent" } else { "" };
    let link = page.next.map(|cursor| format!("<?limit={}&cursor={cursor}{more}>; rel=\"next\"", page.limit));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        headers.insert(header::LINK, link);
    }
    Ok((headers, Json(page.runs)))
}

/// `GET /runs`: `{runs, next_cursor}`.
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<Value>, Problem> {
    let page = page(&app, filter, 50).await?;
    Ok(Json(json!({"runs": page.runs, "next_cursor": page.next})))
}

/// `GET /runs/{id}`: with parameters, errors, parent, children and notices.
pub async fn detail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    if !is_uuid(&id) {
        return Err(Problem::not_found());
    }
    let run: Value = app.supabase.rpc_within("run_detail", &json!({"p_id": id}), QUICK).await?;
    if run.is_null() { Err(Problem::not_found()) } else { Ok(Json(run)) }
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
    let mut runs: Vec<Map<String, Value>> = app.supabase.rpc_within("list_runs", &arguments, QUICK).await?;
    let has_more = runs.len() > limit as usize;
    runs.truncate(limit as usize);
    let next = runs.last().filter(|_| has_more).map(cursor_of);
    Ok(Page { runs, next, limit })
}

/// The tasks that a caller may mean.
pub fn unknown_task(task: &str) -> Problem {
    let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
    let shown = shared::text::truncate(task, 60);
    Problem::invalid(format!("La tâche «{shown}» n'existe pas. Tâches: {}.", known.join(", ")))
}

fn cursor_of(run: &Map<String, Value>) -> String {
    let text = |field: &str| run[field].as_str().unwrap_or_default();
    URL_SAFE_NO_PAD.encode(format!("{} {}", text("started_at"), text("id")))
}

fn read_cursor(cursor: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (at, id) = text.split_once(' ')?;
    let is_valid = at.parse::<Timestamp>().is_ok() && is_uuid(id);
    is_valid.then(|| (at.to_owned(), id.to_owned()))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_the_last_row_of_a_page_says_and_nothing_else_passes() {
        let id = "00000000-0000-4000-a000-000000000001";
        let run = json!({"started_at": "2026-01-15T06:00:00.123456+00:00", "id": id});
        let cursor = cursor_of(run.as_object().unwrap());
        assert_eq!(read_cursor(&cursor).unwrap(), ("2026-01-15T06:00:00.123456+00:00".into(), id.into()));
        for wrong in ["", "planted", &URL_SAFE_NO_PAD.encode("now x"), &URL_SAFE_NO_PAD.encode([255, 0])] {
            assert!(read_cursor(wrong).is_none(), "{wrong}");
        }
    }
}
