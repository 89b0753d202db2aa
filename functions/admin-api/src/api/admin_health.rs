//! `/admin/health…`: the health of the whole from stored results. Nothing is detected or
//! probed again; only `/admin/health/database` asks the database whether it is there.
//!
//! Open are those that say nothing but that something answers.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::{
    access::caller::Caller,
    data::{
        admin_health::{
            Accessible, DatabaseHealth, NightsFilter, PublicHealth, deployed, of_tasks, read_nights,
        },
        anomalies,
        health::PROBE,
        health_shapes::{AnomalyReport, HealthReport, SchedulerReport, TaskNights},
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// A constant answer: the router is there.
#[utoipa::path(get, path = "/admin/health-test", security(()), responses(
    (status = 200, description = "Always.", body = Accessible),
))]
pub async fn test() -> Json<Accessible> {
    Json(Accessible { message: "Admin endpoint accessible" })
}

/// A constant answer: the service is there. `GET /health` asks what it stands on.
#[utoipa::path(get, path = "/admin/health/public", security(()), responses(
    (status = 200, description = "Always.", body = PublicHealth),
))]
pub async fn public(State(app): State<Arc<App>>) -> Json<PublicHealth> {
    Json(PublicHealth { status: "healthy", service: "gazelle-tasks", timestamp: app.now().to_string() })
}

/// Whether the database answers a real query, some seconds ago at most; nothing of why it does not.
#[utoipa::path(get, path = "/admin/health/database", security(()), responses(
    (status = 200, description = "It does.", body = DatabaseHealth),
    (status = 503, description = "It does not.", body = DatabaseHealth),
))]
pub async fn database(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let look = async {
        let arguments = json!({"p_now": app.now().to_string()});
        let (code, status, database) =
            match app.supabase.rpc_within::<Value>("health_database", &arguments, PROBE).await {
                Ok(_) => (StatusCode::OK, "healthy", "connected"),
                Err(error) => {
                    tracing::warn!(%error, "database.disconnected");
                    (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "disconnected")
                }
            };
        (code, json!(DatabaseHealth { status, database, timestamp: app.now().to_string() }))
    };
    let (code, health) = app.database_health.answer(app.now(), look).await;
    (code, Json(health))
}

/// How the whole is: `healthy`; `degraded` with a high anomaly; `critical` with a critical one, or when a required
/// target is down. A browser gets the home page at this address.
#[utoipa::path(get, path = "/admin/health", responses(
    (status = 200, description = "The stored results.", body = HealthReport),
    Problem,
))]
pub async fn summary(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<HealthReport>, Problem> {
    let mut report: HealthReport = of_tasks(&app, "health_summary").await?;
    report.anomalies.all().for_each(|anomaly| anomalies::mask(caller.role, anomaly));
    deployed(&app, &mut report.scheduler_status.tasks);
    Ok(Json(report))
}

/// The open anomalies, as the detectors stored them.
#[utoipa::path(get, path = "/admin/health/anomalies", responses(
    (status = 200, description = "Arrays, the gravest first.", body = AnomalyReport),
    Problem,
))]
pub async fn anomalies(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<AnomalyReport>, Problem> {
    let mut report: AnomalyReport =
        app.ask("health_anomalies", &json!({"p_now": app.now().to_string()})).await?;
    report.anomalies.all().for_each(|anomaly| anomalies::mask(caller.role, anomaly));
    Ok(Json(report))
}

/// The tasks: schedule, pause, last and live run.
#[utoipa::path(get, path = "/admin/health/scheduler", responses(
    (status = 200, description = "In the order of the registry.", body = SchedulerReport),
    Problem,
))]
pub async fn scheduler(State(app): State<Arc<App>>) -> Result<Json<SchedulerReport>, Problem> {
    let mut report: SchedulerReport = of_tasks(&app, "health_scheduler").await?;
    deployed(&app, &mut report.scheduler.tasks);
    Ok(Json(report))
}

/// Night by night how each task went: the worst run of each date in Montréal.
#[utoipa::path(get, path = "/admin/health/nights", params(NightsFilter), responses(
    (status = 200, description = "Per task; a date that is absent had no run.", body = Vec<TaskNights>),
    Problem,
))]
pub async fn nights(
    State(app): State<Arc<App>>,
    Params(filter): Params<NightsFilter>,
) -> Result<Json<Vec<TaskNights>>, Problem> {
    read_nights(&app, filter.days.unwrap_or(30)).await.map(Json)
}
