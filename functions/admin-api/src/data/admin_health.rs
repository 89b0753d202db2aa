//! `/admin/health…`: the health of the whole from stored results. Nothing is detected or
//! probed again; only `/admin/health/database` asks the database whether it is there.
//!
//! Open are those that say nothing but that something answers.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use shared::{
    clock::{self, Schedule},
    task::{TASKS, TaskSpec},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    data::health_shapes::{TaskHealth, TaskNights},
    problem::Problem,
    state::App,
};

/// That the router is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accessible {
    pub message: &'static str,
}

/// That the service is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicHealth {
    /// Always `healthy`: nothing is asked.
    pub status: &'static str,
    pub service: &'static str,
    pub timestamp: String,
}

/// Whether the database is there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatabaseHealth {
    /// `healthy` or `unhealthy`.
    pub status: &'static str,
    /// `connected` or `disconnected`.
    pub database: &'static str,
    pub timestamp: String,
}

/// Which nights.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct NightsFilter {
    /// At most 92; 30 by default.
    pub days: Option<u16>,
}

/// The heat map of so many days.
pub async fn read_nights(app: &App, days: u16) -> Result<Vec<TaskNights>, Problem> {
    let arguments = json!({"p_tasks": names(), "p_now": app.now().to_string(), "p_days": days});
    app.ask("task_nights", &arguments).await
}

pub async fn of_tasks<T: DeserializeOwned>(app: &App, function: &str) -> Result<T, Problem> {
    app.ask(function, &json!({"p_tasks": names(), "p_now": app.now().to_string()})).await
}

/// The registered tasks.
pub fn names() -> Vec<&'static str> {
    TASKS.iter().map(|task| task.name).collect()
}

/// Adds what the database does not know: the deployed schedules.
pub fn deployed(app: &App, tasks: &mut [TaskHealth]) {
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
