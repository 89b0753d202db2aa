//! `POST /alerts/generate`: a run of `maintenance_alerts` inside the request, because its callers wait for its figures.
//! One database function does it; the run is recorded, locked and ended as every other.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use shared::task::Function;

use crate::{
    access::caller::Caller,
    data::{
        generate::{Generated, MESSAGE, work},
        requests::{RunOptions, Wanted},
    },
    problem::{Problem, ProblemBody},
    state::App,
};

/// Computes the maintenance alerts now, and answers when it is done.
#[utoipa::path(post, path = "/alerts/generate", responses(
    (status = 200, description = "Done, and recorded as a run.", body = Generated),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn generate(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Generated>, Problem> {
    let spec = Function::MaintenanceAlerts.tasks().next().ok_or_else(Problem::internal)?;
    let wanted = Wanted::new(caller.actor(), caller.triggered_by, spec, RunOptions::default())?;
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
