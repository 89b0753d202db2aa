//! Run now: a run is queued in the log, its event published, and only then is anything said. The task does the rest.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{events::QueuedEvent, supabase::QUICK, task::TaskSpec};
use utoipa::{IntoParams, ToSchema};

use crate::{identity::keys::random, problem::Problem, state::App};

/// What a request may say. `user_email` of old clients is not read: the signed-in user is recorded.
#[derive(Deserialize, Default, ToSchema)]
pub struct RunOptions {
    /// Say what would be done, and do nothing; only for tasks with `has_dry_run`.
    #[serde(default)]
    pub dry_run: bool,
    /// For the audit.
    pub reason: Option<String>,
    /// What the task itself understands; without it, the task's defaults.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Map<String, Value>>,
}

impl RunOptions {
    /// Nothing but why.
    pub fn because(reason: Option<String>) -> Self {
        Self { reason, ..Self::default() }
    }
}

#[derive(Deserialize)]
pub struct Outcome {
    pub live_run_id: Option<String>,
    #[serde(default)]
    pub started_at: String,
    #[serde(default)]
    pub events: Vec<QueuedEvent>,
}

/// What a request for the report may say, in the address or in the body.
#[derive(Debug, Deserialize, Default, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportOptions {
    /// Recorded with the run. Every run builds all tabs anew, with or without it.
    #[serde(default)]
    pub full_refresh: bool,
}

/// A run that somebody wants, as the SQL functions take it.
pub struct Wanted {
    pub run_id: String,
    pub request: Value,
}

impl Wanted {
    /// A run of its own; nothing is recorded yet.
    pub fn new(
        actor: Value,
        triggered_by: &str,
        spec: &TaskSpec,
        options: RunOptions,
    ) -> Result<Self, Problem> {
        let mut parameters = options.parameters.unwrap_or_default();
        if options.dry_run {
            if !spec.has_dry_run {
                return Err(Problem::invalid_with("problem-no-dry-run", [("task", spec.name.into())]));
            }
            parameters.insert("dry_run".into(), true.into());
        }
        let run_id = new_run_id().ok_or_else(Problem::internal)?;
        let mut request = json!({
            "run_id": run_id, "task": spec.name, "label": spec.label, "exclusion_group": spec.exclusion_group,
            "triggered_by": triggered_by, "actor": actor, "failure_event": spec.failure_event,
        });
        // Without parameters the task has its defaults.
        if !parameters.is_empty() {
            request["parameters"] = parameters.into();
        }
        if let Some(reason) = options.reason {
            request["reason"] = shared::text::truncate(&reason, 500).into();
        }
        tracing::info!(run_id, task = spec.name, triggered_by, "run.requested");
        Ok(Self { run_id, request })
    }
}

/// Publishes at once; what fails stays in the outbox, where the dispatcher finds it.
pub async fn publish(app: &App, events: &[QueuedEvent]) {
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

/// What the old clients show.
pub fn message(spec: &TaskSpec) -> String {
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
