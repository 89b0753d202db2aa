//! Tasks: what the registry and the deployment say of each, its pause, its last run.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use shared::task::{TASKS, TaskSpec};
use utoipa::ToSchema;

use crate::{
    data::shapes::{TaskState, TaskView},
    problem::Problem,
    state::App,
};

/// What a pause may say.
#[derive(Deserialize, Default, ToSchema)]
pub struct Pause {
    pub reason: Option<String>,
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
