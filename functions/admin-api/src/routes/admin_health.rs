//! `/admin/health…`: the health of the whole from stored results (`domain/monitoring.md` 4.1). Nothing is detected or
//! probed again; only `/admin/health/database` asks the database whether it is there.
//!
//! Open are those that say nothing but that something answers.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    clock::{self, Schedule},
    task::{TASKS, TaskSpec},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    anomalies,
    extract::Params,
    health::PROBE,
    health_shapes::{AnomalyReport, HealthReport, SchedulerReport, TaskNights, TaskStanding},
    shapes::ProblemBody,
};
use crate::{access::Caller, problem::Problem, state::App};

/// That the router is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accessible {
    message: &'static str,
}

/// That the service is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicHealth {
    /// Always `healthy`: nothing is asked.
    status: &'static str,
    service: &'static str,
    timestamp: String,
}

/// Whether the database is there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatabaseHealth {
    /// `healthy` or `unhealthy`.
    status: &'static str,
    /// `connected` or `disconnected`.
    database: &'static str,
    timestamp: String,
}

/// Which nights.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct NightsFilter {
    /// At most 92; 30 unless told.
    days: Option<u16>,
}

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
pub async fn database(State(app): State<Arc<App>>) -> (StatusCode, Json<DatabaseHealth>) {
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
        (code, DatabaseHealth { status, database, timestamp: app.now().to_string() })
    };
    let (code, health) = app.database_health.answer(app.now(), look).await;
    (code, Json(health))
}

/// How the whole is: `healthy`; `degraded` with a high anomaly; `critical` with a critical one, or when a required
/// target is down. A browser gets the home page at this address.
#[utoipa::path(get, path = "/admin/health", responses(
    (status = 200, description = "The stored results.", body = HealthReport),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
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
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
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
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn scheduler(State(app): State<Arc<App>>) -> Result<Json<SchedulerReport>, Problem> {
    let mut report: SchedulerReport = of_tasks(&app, "health_scheduler").await?;
    deployed(&app, &mut report.scheduler.tasks);
    Ok(Json(report))
}

/// Night by night how each task went: the worst run of each date in Montréal.
#[utoipa::path(get, path = "/admin/health/nights", params(NightsFilter), responses(
    (status = 200, description = "Per task; a date that is absent had no run.", body = Vec<TaskNights>),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn nights(
    State(app): State<Arc<App>>,
    Params(filter): Params<NightsFilter>,
) -> Result<Json<Vec<TaskNights>>, Problem> {
    read_nights(&app, filter.days.unwrap_or(30)).await.map(Json)
}

/// The heat map of so many days.
pub async fn read_nights(app: &App, days: u16) -> Result<Vec<TaskNights>, Problem> {
    let arguments = json!({"p_tasks": names(), "p_now": app.now().to_string(), "p_days": days});
    app.ask("task_nights", &arguments).await
}

async fn of_tasks<T: DeserializeOwned>(app: &App, function: &str) -> Result<T, Problem> {
    app.ask(function, &json!({"p_tasks": names(), "p_now": app.now().to_string()})).await
}

/// The registered tasks.
pub fn names() -> Vec<&'static str> {
    TASKS.iter().map(|task| task.name).collect()
}

/// Adds what the database does not know: the deployed schedules.
pub fn deployed(app: &App, tasks: &mut [TaskStanding]) {
    for task in tasks {
        let Some(spec) = TaskSpec::named(&task.name) else { continue };
        let schedule = app.schedule(spec.name);
        task.label.get_or_insert_with(|| spec.label.into());
        task.enabled &= schedule.is_some() || spec.schedule.is_none();
        task.next_run = schedule.and_then(|(_, next)| next).map(|next| next.to_string());
        task.interval_minutes = match schedule {
            Some(_) => app.schedules.get(spec.name).and_then(|(_, schedule)| interval_minutes(app, schedule)),
            None if spec.listens_to.is_some() => Some(spec.expected_period.as_secs() / 60),
            None => None,
        };
    }
}

/// Between two starts, on Montréal's clock: a day has 1440 minutes there when it has 23 hours too.
fn interval_minutes(app: &App, schedule: &Schedule) -> Option<u64> {
    let first = schedule.next_after(app.now())?;
    let second = schedule.next_after(first)?;
    let zone: TimeZone = clock::zone();
    let between = second.to_zoned(zone.clone()).datetime().duration_since(first.to_zoned(zone).datetime());
    u64::try_from(between.as_mins()).ok()
}
