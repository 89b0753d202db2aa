//! `POST /alerts/generate`: a run of `maintenance_alerts` inside the request, because its callers wait for its figures.
//! It is recorded, locked and ended as every run; the one difference is the process that does it.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State};
use maintenance_alerts::MaintenanceAlerts;
use serde::Serialize;
use serde_json::Value;
use shared::{
    run::{self, Lent},
    task::{Task, TaskSpec},
};
use utoipa::ToSchema;

use super::{
    requests::{Queued, Wish, queue},
    shapes::ProblemBody,
};
use crate::{access::Caller, problem::Problem, state::App};

/// Within what a request may take.
const TIME: Duration = Duration::from_secs(25);

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
    let spec = MaintenanceAlerts::FUNCTION.tasks().next().ok_or_else(Problem::internal)?;
    let queued = queue(&app, &caller, spec, Wish::default(), true).await?;
    let stats = work(&app, spec, &queued).await?;
    let figure = |name: &str| stats[name].as_u64().unwrap_or_default();
    Ok(Json(Generated {
        message: "Alertes régénérées avec succès",
        alerts_created: figure("created"),
        alerts_updated: figure("updated"),
        alerts_resolved: figure("resolved"),
        location: format!("/runs/{}", queued.run_id),
        run_id: queued.run_id,
    }))
}

async fn work(app: &App, spec: &TaskSpec, queued: &Queued) -> Result<Value, Problem> {
    let lent = Lent {
        http: app.http.clone(),
        supabase: app.supabase.clone(),
        bus: app.bus.clone(),
        aws: app.aws().await.clone(),
    };
    match run::adopt(MaintenanceAlerts, lent, spec, &queued.run_id, TIME).await {
        Ok(answer) => Ok(answer.stats),
        Err(failure) => {
            tracing::error!(run_id = queued.run_id, kind = failure.kind, "run.failed");
            Err(match failure.kind.as_str() {
                // A scheduled run came in between.
                "busy" => Problem::live(&queued.run_id),
                "supabase_unavailable" | "deadline_exceeded" => Problem::unavailable(),
                _ => Problem::internal(),
            })
        }
    }
}
