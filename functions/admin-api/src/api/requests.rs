//! Run now: a run is queued in the log, its event published, and only then is anything said. The task does the rest.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, json};
use shared::{
    supabase::QUICK,
    task::{TASKS, TaskSpec},
};

use crate::{
    access::caller::Caller,
    data::{
        requests::{Outcome, ReportOptions, RunOptions, Wanted, message, publish},
        runs::unknown_task,
        shapes::Accepted,
    },
    extract::{Change, Params},
    problem::{Problem, ProblemBody},
    state::App,
};

/// Runs a task now: by its name, or by the predecessor's short name (`sync`, `rapport`, `backup`, `alerts`).
#[utoipa::path(post, path = "/scheduler/run/{task}", request_body = Option<RunOptions>,
    params(("task" = String, Path, description = "Name of the task.")), responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn run_task(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    Change(options): Change<RunOptions>,
) -> Result<Response, Problem> {
    let by_alias = || TASKS.iter().find(|spec| spec.alias == Some(task.as_str()));
    let spec = TaskSpec::named(&task).or_else(by_alias).ok_or_else(|| unknown_task(&task))?;
    request(&app, &caller, spec, options).await
}

/// Imports one collection now.
#[utoipa::path(post, path = "/scheduler/run/import/{collection}", request_body = Option<RunOptions>,
    params(("collection" = String, Path, description = "clients, contacts, pianos, timeline or appointments.")),
    responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn run_import(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(collection): Path<String>,
    Change(options): Change<RunOptions>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named(&format!("import_{collection}")).ok_or_else(|| {
        let known: Vec<&str> = TASKS.iter().filter_map(|task| task.name.strip_prefix("import_")).collect();
        Problem::invalid_with("problem-collections", [("known", known.join(", "))])
    })?;
    request(&app, &caller, spec, options).await
}

/// Generates the timeline report now. The documented `append` and `counts` are not known before the run ends: nothing
/// is ever appended, and the rows per tab are the run's `stats.tabs`.
#[utoipa::path(post, path = "/reports/timeline/generate", params(ReportOptions), request_body = Option<ReportOptions>,
    responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn generate_report(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<ReportOptions>,
    Change(said): Change<ReportOptions>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named("rapport_timeline").ok_or_else(Problem::internal)?;
    let mut options = RunOptions::default();
    if asked.full_refresh || said.full_refresh {
        options.parameters = Some(Map::from_iter([("full_refresh".into(), true.into())]));
    }
    request(&app, &caller, spec, options).await
}

/// Requests a run of a task: the answer says that it is recorded.
pub async fn request(
    app: &App,
    caller: &Caller,
    spec: &TaskSpec,
    options: RunOptions,
) -> Result<Response, Problem> {
    let wanted = Wanted::new(caller.actor(), caller.triggered_by, spec, options)?;
    let arguments = json!({"p_request": wanted.request, "p_now": app.now().to_string()});
    let outcome: Outcome = app.supabase.rpc_within("request_run", &arguments, QUICK).await?;
    if let Some(live) = outcome.live_run_id {
        return Err(Problem::live(&live));
    }
    publish(app, &outcome.events).await;
    let location = format!("/runs/{}", wanted.run_id);
    let body = Accepted {
        success: true,
        message: message(spec),
        task_name: spec.name.into(),
        started_at: outcome.started_at,
        run_id: wanted.run_id,
        location: location.clone(),
    };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
