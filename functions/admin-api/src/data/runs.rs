//! Runs: the log of the old clients, the list with its filters, and one run with all that belongs to it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::task::{Chain, SyncLog, TASKS, TaskSpec};
use utoipa::IntoParams;

use crate::{
    data::{
        period,
        shapes::{Page, Run, RunDetail, RunPage, Status},
    },
    extract::uuid,
    problem::Problem,
    state::App,
};

/// What both lists can be asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 200; 20 for the log, 50 for the list.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// Name of a task; its frequent runs are then shown.
    pub task: Option<String>,
    /// `sync`, `report`, `backup` or `chain`: the tasks that leave such a row in the log of the old dashboards.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `running` finds queued runs too.
    pub status: Option<Status>,
    /// `scheduler`, `manual` or `api`.
    pub triggered_by: Option<String>,
    /// E-mail of who asked for it.
    pub user: Option<String>,
    /// First instant of the start, RFC 3339, or first day in Montréal, `YYYY-MM-DD`.
    pub from: Option<String>,
    /// Instant before which it started, or last day in Montréal.
    pub to: Option<String>,
    /// Text of the task's name, the message, the user or the kind of error.
    pub search: Option<String>,
    /// `frequent`: also the successful scheduled runs of tasks that run every few minutes.
    pub include: Option<String>,
}

impl Filter {
    /// The query of another page with the same filters.
    pub fn query(&self, cursor: Option<&str>) -> String {
        let wanted = Self { cursor: cursor.map(str::to_owned), ..self.clone() };
        // Texts, numbers and names only: nothing that cannot be written.
        serde_urlencoded::to_string(wanted).unwrap_or_default()
    }
}

/// A page of runs.
pub async fn read(app: &App, filter: &Filter, default_limit: u32) -> Result<RunPage, Problem> {
    let page: Page<Run> = app.ask("runs_page", &arguments(filter, default_limit)?).await?;
    Ok(RunPage { items: page.items, next: page.next })
}

/// A run with all that belongs to it.
pub async fn find(app: &App, id: &str) -> Result<RunDetail, Problem> {
    uuid(id)?;
    app.find("console_run_detail", &json!({"p_id": id, "p_now": app.now().to_string()})).await
}

pub fn arguments(filter: &Filter, default_limit: u32) -> Result<Value, Problem> {
    let task = match &filter.task {
        Some(task) => Some(TaskSpec::named(task).ok_or_else(|| unknown_task(task))?.name),
        None => None,
    };
    let kind = filter.kind.as_deref().map(tasks_of).transpose()?;
    let tasks: Option<Vec<&str>> = match (task, kind) {
        (Some(task), Some(kind)) => Some(kind.into_iter().filter(|name| *name == task).collect()),
        (Some(task), None) => Some(vec![task]),
        (None, kind) => kind,
    };
    let include_frequent = match filter.include.as_deref() {
        // Who asks for one task wants to see it run.
        None => task.is_some(),
        Some("frequent") => true,
        Some(_) => return Err(Problem::invalid("problem-include")),
    };
    let frequent: Vec<&str> = TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect();
    Ok(json!({
        "p_limit": filter.limit.unwrap_or(default_limit).min(200), "p_cursor": filter.cursor, "p_tasks": tasks,
        "p_include_frequent": include_frequent, "p_frequent_tasks": frequent, "p_status": filter.status,
        "p_triggered_by": filter.triggered_by, "p_user": filter.user, "p_search": filter.search,
        "p_from": period::start(filter.from.as_deref())?, "p_until": period::end(filter.to.as_deref())?,
    }))
}

/// The tasks of a type of the sync log.
fn tasks_of(kind: &str) -> Result<Vec<&'static str>, Problem> {
    let is_of = |task: &&TaskSpec| match kind {
        "chain" => task.chain != Chain::None,
        kind => matches!(task.sync_log, SyncLog::TaskType(name) if name == kind),
    };
    let tasks: Vec<&str> = TASKS.iter().filter(is_of).map(|task| task.name).collect();
    if tasks.is_empty() { Err(Problem::invalid("problem-type")) } else { Ok(tasks) }
}

/// The tasks that a caller may mean.
pub fn unknown_task(task: &str) -> Problem {
    let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
    let shown = shared::text::truncate(task, 60);
    Problem::invalid_with("problem-unknown-task", [("task", shown.to_owned()), ("known", known.join(", "))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_has_the_filters_of_this_one() {
        let filter = Filter {
            limit: Some(20),
            cursor: Some("old".into()),
            status: Some(Status::Error),
            search: Some("100 % & plus".into()),
            ..Filter::default()
        };
        assert_eq!(filter.query(Some("new")), "limit=20&cursor=new&status=error&search=100+%25+%26+plus");
        assert_eq!(Filter::default().query(None), "");
    }
}
