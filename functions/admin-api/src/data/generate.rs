//! `POST /alerts/generate`: a run of `maintenance_alerts` inside the request, because its callers wait for its figures.
//! One database function does it; the run is recorded, locked and ended as every other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    clock,
    error_kind::ErrorKind,
    http::Retry,
    run::LEASE,
    supabase::{QUICK, SupabaseError},
};
use utoipa::ToSchema;

use crate::{data::requests::Wanted, problem::Problem, state::App};

/// What the run's row says as well.
pub const MESSAGE: &str = "Alertes régénérées avec succès";

/// Within what a request may take: the gateway gives up after 30 s.
const IN_TIME: Retry =
    Retry { attempts: 2, timeout: Duration::from_secs(9), budget: Duration::from_secs(20), ..Retry::SAFE };

/// What the run did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Generated {
    pub message: &'static str,
    pub alerts_created: u64,
    pub alerts_updated: u64,
    /// Over: closed, never deleted.
    pub alerts_resolved: u64,
    pub run_id: String,
    /// Where the run is shown.
    pub location: String,
}

/// What the database made of the run.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    pub stats: Value,
    pub live_run_id: Option<String>,
}

pub async fn work(app: &App, wanted: &Wanted) -> Result<Value, Problem> {
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
        let error = json!({"at": now, "kind": ErrorKind::SupabaseRefused, "message": error.to_string()});
        let arguments = json!({"p_request": wanted.request, "p_error": error, "p_now": now});
        if let Err(error) = app.supabase.rpc_within::<()>("record_failed_run", &arguments, QUICK).await {
            tracing::error!(run_id = wanted.run_id, %error, "run.failure_not_recorded");
        }
    }
    // Nobody gave a value: what the database does not take is its own.
    if matches!(error, SupabaseError::Data { .. }) { Problem::internal() } else { error.into() }
}
