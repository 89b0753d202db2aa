//! Tasks: what the registry and the deployment say of each, its pause, its last run.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;
use shared::task::TaskSpec;

use crate::{
    data::{
        author::Author,
        runs::unknown_task,
        shapes::{PauseState, TaskView},
        tasks::{Pause, read},
    },
    extract::Change,
    problem::Problem,
    state::App,
};

/// Every task, as deployed, and how it stands.
#[utoipa::path(get, path = "/tasks", responses(
    (status = 200, description = "In the order of the registry.", body = Vec<TaskView>),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<TaskView>>, Problem> {
    Ok(Json(read(&app).await?))
}

/// Pauses a task: its scheduled and chained runs end at once; a requested one still runs.
#[utoipa::path(post, path = "/tasks/{task}/pause", request_body = Option<Pause>,
    params(("task" = String, Path, description = "Name of the task.")), responses(
    (status = 200, description = "Paused, or was already.", body = PauseState),
    Problem,
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
    Problem,
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
