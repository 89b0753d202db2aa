//! Tasks: what the registry and the deployment say of each, its pause, its last run.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    supabase::QUICK,
    task::{TASKS, TaskSpec},
};

use super::{extract::Change, runs::unknown_task};
use crate::{access::Caller, problem::Problem, state::App};

/// What a pause may say.
#[derive(Deserialize, Default)]
pub struct Pause {
    reason: Option<String>,
}

/// `GET /tasks`
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<Value>>, Problem> {
    let names: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
    let arguments = json!({"p_tasks": names, "p_now": app.now().to_string()});
    let mut states: BTreeMap<String, Map<String, Value>> =
        app.supabase.rpc_within("task_overview", &arguments, QUICK).await?;
    Ok(Json(TASKS.iter().map(|spec| of_task(&app, spec, states.remove(spec.name))).collect()))
}

fn of_task(app: &App, spec: &TaskSpec, state: Option<Map<String, Value>>) -> Value {
    let schedule = app.schedule(spec.name);
    let mut task = json!({
        "name": spec.name, "label": spec.label, "short_name": spec.alias,
        "function": spec.function.crate_name(), "exclusion_group": spec.exclusion_group,
        "schedule": schedule.map(|(expression, _)| expression),
        "next_run_at": schedule.and_then(|(_, next)| next).map(|next| next.to_string()),
        "starts_on": spec.listens_to, "is_frequent": spec.is_frequent(), "has_dry_run": spec.has_dry_run,
        "time_limit_seconds": spec.time_limit.as_secs(),
    });
    if let Value::Object(fields) = &mut task {
        fields.extend(state.unwrap_or_default());
    }
    task
}

/// `POST /tasks/{task}/pause`: scheduled and chained runs end at once; a requested one still runs.
pub async fn pause(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    Change(pause): Change<Pause>,
) -> Result<Json<Value>, Problem> {
    set_paused(&app, &caller, &task, true, pause).await
}

/// `POST /tasks/{task}/resume`
pub async fn resume(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    Change(pause): Change<Pause>,
) -> Result<Json<Value>, Problem> {
    set_paused(&app, &caller, &task, false, pause).await
}

async fn set_paused(
    app: &App,
    caller: &Caller,
    task: &str,
    paused: bool,
    pause: Pause,
) -> Result<Json<Value>, Problem> {
    let spec = TaskSpec::named(task).ok_or_else(|| unknown_task(task))?;
    let mut arguments = json!({
        "p_task": spec.name, "p_paused": paused, "p_actor": caller.actor(), "p_now": app.now().to_string(),
    });
    if let Some(reason) = pause.reason {
        arguments["p_reason"] = shared::text::truncate(&reason, 500).into();
    }
    Ok(Json(app.supabase.rpc_within("set_task_paused", &arguments, QUICK).await?))
}
