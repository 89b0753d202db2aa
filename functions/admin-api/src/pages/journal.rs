//! Journal des tâches: what can be run, what runs, and what ran.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::HeaderValue,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde::Deserialize;

use crate::{
    data::{
        runs::{self, Filter},
        shapes::{Run, RunPage, Status, TaskView},
        syncs, tasks,
    },
    extract::Params,
    pages::{figures, frame::Frame, render},
    problem::Problem,
    state::App,
};

/// Rows of a page of the log, as the predecessor had it.
const ROWS: u32 = 20;
/// Rows that a page which stays open keeps up to date.
const MOST_ROWS: u32 = 200;

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    frame: Frame,
    board: Board,
    rows: Rows,
    filter: Filter,
}

#[derive(Template)]
#[template(path = "journal_tasks.html")]
struct BoardPart {
    frame: Frame,
    board: Board,
}

#[derive(Template)]
#[template(path = "journal_rows.html")]
struct RowsPart {
    frame: Frame,
    rows: Rows,
}

/// The tasks and their buttons.
struct Board {
    main: Vec<Card>,
    imports: Vec<Card>,
    all: Vec<Card>,
    /// Changes whenever a run begins or ends.
    mark: String,
    is_live: bool,
    /// Whether it replaces a part of a page that is open.
    is_part: bool,
}

/// One task.
#[derive(Clone)]
struct Card {
    task: Arc<TaskView>,
    icon: &'static str,
    /// Label and run of another task that keeps this one waiting.
    blocked_by: Option<(String, String)>,
}

impl Card {
    /// The run that locks the button.
    fn lock(&self) -> Option<&str> {
        let own = self.task.state.live_run_id.as_deref();
        own.or(self.blocked_by.as_ref().map(|(_, run)| run.as_str()))
    }
}

impl Board {
    fn new(tasks: Vec<TaskView>, is_part: bool) -> Self {
        let live: Vec<(&str, &str, String)> = tasks
            .iter()
            .filter_map(|task| Some((task.exclusion_group, task.label, task.state.live_run_id.clone()?)))
            .collect();
        let blocked_by: Vec<Option<(String, String)>> = tasks
            .iter()
            .map(|task| {
                let other = live
                    .iter()
                    .find(|(group, label, _)| *group == task.exclusion_group && *label != task.label);
                other.map(|(_, label, run)| ((*label).to_owned(), run.clone()))
            })
            .collect();
        let (is_live, mark) = (!live.is_empty(), mark(&tasks));
        let all: Vec<Card> = tasks
            .into_iter()
            .zip(blocked_by)
            .map(|(task, blocked_by)| Card { icon: icon(task.short_name), task: Arc::new(task), blocked_by })
            .collect();
        let some =
            |wanted: fn(&TaskView) -> bool| all.iter().filter(|card| wanted(&card.task)).cloned().collect();
        Self {
            main: some(|task| task.short_name.is_some()),
            imports: some(|task| task.name.starts_with("import_")),
            all,
            mark,
            is_live,
            is_part,
        }
    }
}

/// The signs by which people know the four tasks.
fn icon(short_name: Option<&str>) -> &'static str {
    match short_name {
        Some("sync") => "🔄",
        Some("rapport") => "📊",
        Some("backup") => "💾",
        Some("alerts") => "📧",
        _ => "",
    }
}

fn mark(tasks: &[TaskView]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for task in tasks {
        let last = task.state.last_run.as_ref().map(|run| (&run.id, run.status));
        hash.update(format!("{:?}{:?}", task.state.live_run_id, last).as_bytes());
    }
    URL_SAFE_NO_PAD.encode(&hash.finish().as_ref()[..9])
}

/// A part of the log.
struct Rows {
    runs: Vec<Run>,
    /// The query that reads these rows again, and those that came since.
    refresh: Option<String>,
    /// The query of the older ones.
    next: Option<String>,
}

impl Rows {
    /// The first page. Read again, it holds whatever is not older than its last row: pages after it stay as they are.
    fn newest(filter: &Filter, page: RunPage) -> Self {
        let oldest = page.items.last().filter(|_| page.next.is_some()).map(|run| run.started_at.clone());
        let again =
            Filter { limit: Some(MOST_ROWS), from: oldest.or_else(|| filter.from.clone()), ..filter.clone() };
        Self { refresh: Some(again.query(None)), ..Self::older(filter, page) }
    }

    fn older(filter: &Filter, page: RunPage) -> Self {
        let next = page.next.map(|cursor| filter.query(Some(&cursor)));
        Self { runs: page.items, refresh: None, next }
    }
}

impl RowsPart {
    fn stats(&self, run: &Run) -> Option<String> {
        figures::shown(&run.stats)
    }
}

impl JournalPage {
    fn stats(&self, run: &Run) -> Option<String> {
        figures::shown(&run.stats)
    }

    fn is_task(&self, name: &str) -> bool {
        self.filter.task.as_deref() == Some(name)
    }

    fn statuses(&self) -> [(&'static str, &str, bool); 5] {
        let chosen = self.filter.status;
        [
            ("queued", self.frame.t("queued"), chosen == Some(Status::Queued)),
            ("running", self.frame.t("running"), chosen == Some(Status::Running)),
            ("success", self.frame.t("success"), chosen == Some(Status::Success)),
            ("warning", self.frame.t("warning"), chosen == Some(Status::Warning)),
            ("error", self.frame.t("error"), chosen == Some(Status::Error)),
        ]
    }

    fn kinds(&self) -> [(&'static str, &str, bool); 4] {
        let is = |name: &str| self.filter.kind.as_deref() == Some(name);
        [
            ("sync", "Sync", is("sync")),
            ("report", self.frame.t("report"), is("report")),
            ("backup", self.frame.t("backup"), is("backup")),
            ("chain", self.frame.t("chain"), is("chain")),
        ]
    }

    fn triggers(&self) -> [(&'static str, &str, bool); 3] {
        let is = |name: &str| self.filter.triggered_by.as_deref() == Some(name);
        [
            ("scheduler", self.frame.t("scheduled-auto"), is("scheduler")),
            ("manual", self.frame.t("manual"), is("manual")),
            ("api", "API", is("api")),
        ]
    }

    /// Whether runs of frequent tasks are left out, and the query that shows them.
    fn unfolded(&self) -> Option<String> {
        let is_folded = self.filter.include.is_none() && self.filter.task.is_none();
        let unfolded = Filter { include: Some("frequent".into()), ..self.filter.clone() };
        is_folded.then(|| unfolded.query(None))
    }
}

/// `GET /journal`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let (tasks, page) = tokio::try_join!(tasks::read(&app), runs::read(&app, &filter, ROWS))?;
    let rows = match &filter.cursor {
        None => Rows::newest(&filter, page),
        Some(_) => Rows::older(&filter, page),
    };
    render::show(&JournalPage { frame, board: Board::new(tasks, false), rows, filter })
}

/// `GET /syncs`: the page of synchronisations was a second journal; old links lead to the same runs in the one that is
/// left.
pub async fn from_syncs(Params(old): Params<syncs::Filter>) -> Redirect {
    let status = old.status.filter(|status| !status.is_empty());
    let wanted = [("type", old.task_type), ("status", status), ("from", old.from), ("to", old.to)];
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in wanted {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.append_pair(name, &value);
        }
    }
    Redirect::to(&format!("/journal?{}", query.finish()))
}

/// What an open page knows.
#[derive(Deserialize)]
pub struct Seen {
    seen: Option<String>,
}

/// `GET /journal/tasks`: the buttons. Says so when a run began or ended since, for the parts that show runs.
pub async fn board(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(seen): Params<Seen>,
) -> Result<Response, Problem> {
    let board = Board::new(tasks::read(&app).await?, true);
    let has_changed = seen.seen.as_ref() != Some(&board.mark);
    let mut response = render::show(&BoardPart { frame, board })?;
    if has_changed {
        response.headers_mut().insert("hx-trigger", HeaderValue::from_static("runs"));
    }
    Ok(response)
}

/// `GET /journal/newest`: the first rows of an open page, again.
pub async fn newest(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let page = runs::read(&app, &filter, ROWS).await?;
    if page.next.is_some() {
        // It stayed open for so long that there is a gap.
        return Ok(([("hx-refresh", "true")], "").into_response());
    }
    let rows = Rows { runs: page.items, refresh: Some(filter.query(None)), next: None };
    render::show(&RowsPart { frame, rows })
}

/// `GET /journal/rows`: older rows of an open page.
pub async fn older(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let page = runs::read(&app, &filter, ROWS).await?;
    render::show(&RowsPart { frame, rows: Rows::older(&filter, page) })
}
