//! Run now: a run is queued in the log, its event published, and only then is anything said. The task does the rest.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    events::QueuedEvent,
    supabase::QUICK,
    task::{TASKS, TaskSpec},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Change, Params},
    runs::unknown_task,
    shapes::{Accepted, ProblemBody},
};
use crate::{
    access::{Caller, random},
    problem::Problem,
    state::App,
};

/// What a request may say. `user_email` of old clients is not read: the signed-in user is recorded.
#[derive(Deserialize, Default, ToSchema)]
pub struct Wish {
    /// Say what would be done, and do nothing; only for tasks with `has_dry_run`.
    #[serde(default)]
    dry_run: bool,
    /// For the audit.
    reason: Option<String>,
    /// What the task itself understands; its defaults unless told.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
}

impl Wish {
    /// Nothing but why.
    pub fn because(reason: Option<String>) -> Self {
        Self { reason, ..Self::default() }
    }
}

#[derive(Deserialize)]
struct Outcome {
    live_run_id: Option<String>,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    events: Vec<QueuedEvent>,
}

/// Runs a task now: by its name, or by the predecessor's short name (`sync`, `rapport`, `backup`, `alerts`).
#[utoipa::path(post, path = "/scheduler/run/{task}", request_body = Option<Wish>,
    params(("task" = String, Path, description = "Name of the task.")), responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn run_task(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    Change(wish): Change<Wish>,
) -> Result<Response, Problem> {
    let by_alias = || TASKS.iter().find(|spec| spec.alias == Some(task.as_str()));
    let spec = TaskSpec::named(&task).or_else(by_alias).ok_or_else(|| unknown_task(&task))?;
    request(&app, &caller, spec, wish).await
}

/// Imports one collection now.
#[utoipa::path(post, path = "/scheduler/run/import/{collection}", request_body = Option<Wish>,
    params(("collection" = String, Path, description = "clients, contacts, pianos, timeline or appointments.")),
    responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn run_import(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(collection): Path<String>,
    Change(wish): Change<Wish>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named(&format!("import_{collection}")).ok_or_else(|| {
        let known: Vec<&str> = TASKS.iter().filter_map(|task| task.name.strip_prefix("import_")).collect();
        Problem::invalid_with("problem-collections", [("known", known.join(", "))])
    })?;
    request(&app, &caller, spec, wish).await
}

/// What a request for the report may say, in the address or in the body.
#[derive(Debug, Deserialize, Default, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportWish {
    /// Recorded with the run. Every run builds all tabs anew, with or without it.
    #[serde(default)]
    full_refresh: bool,
}

/// Generates the timeline report now. The documented `append` and `counts` are not known before the run ends: nothing
/// is ever appended, and the rows per tab are the run's `stats.tabs`.
#[utoipa::path(post, path = "/reports/timeline/generate", params(ReportWish), request_body = Option<ReportWish>,
    responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn generate_report(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<ReportWish>,
    Change(said): Change<ReportWish>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named("rapport_timeline").ok_or_else(Problem::internal)?;
    let mut wish = Wish::default();
    if asked.full_refresh || said.full_refresh {
        wish.parameters = Some(Map::from_iter([("full_refresh".into(), true.into())]));
    }
    request(&app, &caller, spec, wish).await
}

/// Requests a run of a task: the answer says that it is recorded.
pub async fn request(app: &App, caller: &Caller, spec: &TaskSpec, wish: Wish) -> Result<Response, Problem> {
    let wanted = Wanted::new(caller, spec, wish)?;
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

/// A run that somebody wants, as the SQL functions take it.
pub struct Wanted {
    pub run_id: String,
    pub request: Value,
}

impl Wanted {
    /// A run of its own; nothing is recorded yet.
    pub fn new(caller: &Caller, spec: &TaskSpec, wish: Wish) -> Result<Self, Problem> {
        let mut parameters = wish.parameters.unwrap_or_default();
        if wish.dry_run {
            if !spec.has_dry_run {
                return Err(Problem::invalid_with("problem-no-dry-run", [("task", spec.name.into())]));
            }
            parameters.insert("dry_run".into(), true.into());
        }
        let run_id = new_run_id().ok_or_else(Problem::internal)?;
        let mut request = json!({
            "run_id": run_id, "task": spec.name, "label": spec.label, "exclusion_group": spec.exclusion_group,
            "triggered_by": caller.triggered_by, "actor": caller.actor(), "failure_event": spec.failure_event,
        });
        // Without parameters the task has its defaults.
        if !parameters.is_empty() {
            request["parameters"] = parameters.into();
        }
        if let Some(reason) = wish.reason {
            request["reason"] = shared::text::truncate(&reason, 500).into();
        }
        tracing::info!(run_id, task = spec.name, triggered_by = caller.triggered_by, "run.requested");
        Ok(Self { run_id, request })
    }
}

/// Publishes at once; what fails stays in the outbox, where the dispatcher finds it.
async fn publish(app: &App, events: &[QueuedEvent]) {
    let outcomes = app.aws().await.publish(&app.bus, events).await;
    for refused in outcomes.iter().filter_map(|outcome| outcome.error.as_deref()) {
        tracing::warn!(error = refused, "event.refused");
    }
    let arguments = json!({"p_results": outcomes, "p_now": app.now().to_string()});
    if let Err(error) = app.supabase.rpc_within::<u32>("settle_events", &arguments, QUICK).await {
        // Published again, they find the run at work: a duplicate does nothing.
        tracing::warn!(%error, "events.not_settled");
    }
}

/// What the old clients show (`domain/console-and-api.md` 2).
fn message(spec: &TaskSpec) -> String {
    let what = match spec.name {
        "sync_gazelle" => "Synchronisation Gazelle démarrée",
        "rapport_timeline" => "Génération du rapport Timeline démarrée",
        "backup" => "Backup de la base de données démarré",
        "rv_alerts" => "Synchronisation RV & Alertes démarrée",
        _ => return format!("{} démarré en arrière-plan", spec.label),
    };
    format!("{what} en arrière-plan")
}

/// Made here and not in the database: the call may be repeated without a second run.
fn new_run_id() -> Option<String> {
    let mut bytes = random::<16>()?;
    // Version 4 of RFC 9562.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
