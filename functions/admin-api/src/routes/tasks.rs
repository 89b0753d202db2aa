//! Tasks: what the registry and the deployment say of each, its pause, its last run.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::json;
use shared::task::{TASKS, TaskSpec};
use utoipa::ToSchema;

use super::{
    extract::{Author, Change},
    runs::unknown_task,
    shapes::{PauseState, ProblemBody, TaskState, TaskView},
};
use crate::{problem::Problem, state::App};

/// What a pause may say.
#[derive(Deserialize, Default, ToSchema)]
pub struct Pause {
    reason: Option<String>,
}

/// Every task, as deployed, and how it stands.
#[utoipa::path(get, path = "/tasks", responses(
    (status = 200, description = "In the order of the registry.", body = Vec<TaskView>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<TaskView>>, Problem> {
    Ok(Json(read(&app).await?))
}

/// Every task, in the order of the registry.
pub async fn read(app: &App) -> Result<Vec<TaskView>, Problem> {
    let names: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
    let arguments = json!({"p_tasks": names, "p_now": app.now().to_string()});
    let mut states: BTreeMap<String, TaskState> = app.ask("task_overview", &arguments).await?;
    Ok(TASKS.iter().map(|spec| of_task(app, spec, states.remove(spec.name).unwrap_or_default())).collect())
}

fn of_task(app: &App, spec: &TaskSpec, state: TaskState) -> TaskView {
    let schedule = app.schedule(spec.name);
    TaskView {
        name: spec.name,
        label: spec.label,
        short_name: spec.alias,
        function: spec.function.crate_name(),
        exclusion_group: spec.exclusion_group,
        schedule: schedule.map(|(expression, _)| expression.to_owned()),
        next_run_at: schedule.and_then(|(_, next)| next).map(|next| next.to_string()),
        starts_on: spec.listens_to,
        is_frequent: spec.is_frequent(),
        has_dry_run: spec.has_dry_run,
        time_limit_seconds: spec.time_limit.as_secs(),
        state,
    }
}

/// Pauses a task: its scheduled and chained runs end at once; a requested one still runs.
#[utoipa::path(post, path = "/tasks/{task}/pause", request_body = Option<Pause>,
    params(("task" = String, Path, description = "Name of the task.")), responses(
    (status = 200, description = "Paused, or was already.", body = PauseState),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn pause(
    author: Author,
    Path(task): Path<String>,
    Change(pause): Change<Pause>,
) -> Result<Json<PauseState>, Problem> {
    set_paused(&author, &task, true, pause).await
}

/// Ends the pause of a task.
#[utoipa::path(post, path = "/tasks/{task}/resume", request_body = Option<Pause>,
    params(("task" = String, Path, description = "Name of the task.")), responses(
    (status = 200, description = "Not paused any more.", body = PauseState),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn resume(
    author: Author,
    Path(task): Path<String>,
    Change(pause): Change<Pause>,
) -> Result<Json<PauseState>, Problem> {
    set_paused(&author, &task, false, pause).await
}

async fn set_paused(
    author: &Author,
    task: &str,
    paused: bool,
    pause: Pause,
) -> Result<Json<PauseState>, Problem> {
    let spec = TaskSpec::named(task).ok_or_else(|| unknown_task(task))?;
    let reason = pause.reason.map(|reason| shared::text::truncate(&reason, 500));
    let arguments = json!({"p_task": spec.name, "p_paused": paused, "p_reason": reason});
    author.ask("set_task_paused", arguments).await.map(Json)
}
