//! `POST /alerts/generate`: a run of `maintenance_alerts` inside the request, because its callers wait for its figures.
//! One database function does it; the run is recorded, locked and ended as every other.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    clock,
    http::Retry,
    run::LEASE,
    supabase::{QUICK, SupabaseError},
    task::Function,
};
use utoipa::ToSchema;

use super::{
    requests::{Wanted, Wish},
    shapes::ProblemBody,
};
use crate::{access::Caller, problem::Problem, state::App};

/// What the run's row says as well.
const MESSAGE: &str = "Alertes régénérées avec succès";

/// Within what a request may take: the gateway gives up after 30 s.
const IN_TIME: Retry =
    Retry { attempts: 2, timeout: Duration::from_secs(9), budget: Duration::from_secs(20), ..Retry::SAFE };

/// What the run did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Generated {
    message: &'static str,
    alerts_created: u64,
    alerts_updated: u64,
    /// Over: closed, never deleted.
    alerts_resolved: u64,
    run_id: String,
    /// Where the run is shown.
    location: String,
}

/// Computes the maintenance alerts now, and answers when it is done.
#[utoipa::path(post, path = "/alerts/generate", responses(
    (status = 200, description = "Done, and recorded as a run.", body = Generated),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn generate(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Generated>, Problem> {
    let spec = Function::MaintenanceAlerts.tasks().next().ok_or_else(Problem::internal)?;
    let wanted = Wanted::new(&caller, spec, Wish::default())?;
    let stats = work(&app, &wanted).await?;
    let figure = |name: &str| stats[name].as_u64().unwrap_or_default();
    Ok(Json(Generated {
        message: MESSAGE,
        alerts_created: figure("created"),
        alerts_updated: figure("updated"),
        alerts_resolved: figure("resolved"),
        location: format!("/runs/{}", wanted.run_id),
        run_id: wanted.run_id,
    }))
}

/// What the database made of the run.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    stats: Value,
    live_run_id: Option<String>,
}

async fn work(app: &App, wanted: &Wanted) -> Result<Value, Problem> {
    let now = app.now();
    let arguments = json!({
        "p_request": wanted.request, "p_lease_seconds": LEASE.as_secs(), "p_message": MESSAGE,
        "p_today": clock::business_date(now).to_string(), "p_now": now.to_string(),
    });
    let done = app.supabase.rpc_within("generate_maintenance_alerts", &arguments, IN_TIME).await;
    let done: Outcome = match done {
        Ok(done) => done,
        Err(error) => return Err(failed(app, wanted, error).await),
    };
    done.live_run_id.map_or(Ok(done.stats), |live| Err(Problem::live(&live)))
}

/// Records a run that the database refused: its own transaction left nothing. While the database does not answer there is
/// nowhere to record it.
async fn failed(app: &App, wanted: &Wanted, error: SupabaseError) -> Problem {
    tracing::error!(run_id = wanted.run_id, %error, "run.failed");
    if !matches!(error, SupabaseError::Unavailable(_)) {
        let now = app.now().to_string();
        let error = json!({"at": now, "kind": "supabase_refused", "message": error.to_string()});
        let arguments = json!({"p_request": wanted.request, "p_error": error, "p_now": now});
        if let Err(error) = app.supabase.rpc_within::<()>("record_failed_run", &arguments, QUICK).await {
            tracing::error!(run_id = wanted.run_id, %error, "run.failure_not_recorded");
        }
    }
    match error {
        // Nobody gave a value: what the database does not take is its own.
        SupabaseError::Data { .. } => Problem::internal(),
        error => error.into(),
    }
}
