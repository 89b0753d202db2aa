//! Alerts about unconfirmed appointments: who has not confirmed, what was told, and what nobody took note of yet.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{clock, task::TaskSpec};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Author, Change, Params},
    requests::{Wish, request},
    shapes::{Accepted, Done, ProblemBody},
};
use crate::{access::Caller, problem::Problem, state::App};

/// Which day is checked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Check {
    /// `YYYY-MM-DD`; tomorrow in Montréal unless told.
    #[param(value_type = Option<String>, format = Date)]
    target_date: Option<Date>,
    /// Types of appointments to leave out, with commas between.
    exclude_types: Option<String>,
}

/// The unconfirmed appointments of a day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    pub target_date: String,
    pub checked_at: String,
    pub technicians: Vec<Technician>,
    pub total_technicians: i64,
    pub total_appointments: i64,
}

/// A technician with the appointments that nobody has confirmed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Technician {
    /// Gazelle's id; null for appointments without anybody.
    pub id: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub unconfirmed_count: i64,
    pub appointments: Vec<Appointment>,
}

/// An appointment that nobody has confirmed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Appointment {
    pub appointment_id: i64,
    pub external_id: Option<String>,
    pub appointment_date: Option<String>,
    /// `HH:MM:SS` in Montréal; null for the whole day.
    pub appointment_time: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub service_type: Option<String>,
    pub client_id: Option<String>,
    pub client_name: Option<String>,
    pub client_email: Option<String>,
    pub client_phone: Option<String>,
    pub status: Option<String>,
    pub created_at: Option<String>,
}

/// What was told about one appointment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AppointmentAlert {
    /// A number, or what the predecessor had.
    pub id: Value,
    pub appointment_id: Option<i64>,
    pub appointment_external_id: Option<String>,
    pub technician_id: Option<String>,
    pub technician_name: Option<String>,
    pub appointment_date: Option<String>,
    pub appointment_time: Option<String>,
    pub client_name: Option<String>,
    pub service_type: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// `pending`, then what became of the message: `sent`, `failed`, `skipped` or `unknown`.
    pub status: Option<String>,
    pub acknowledged: bool,
    pub acknowledged_at: Option<String>,
    pub acknowledged_by: Option<String>,
    pub sent_at: Option<String>,
    pub triggered_by: Option<String>,
    pub appointment_count: Option<i64>,
    pub run_id: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// At most 200; 50 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
}

/// Which page of the history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryWindow {
    /// At most 200; 50 unless told.
    limit: Option<u32>,
    /// How many to leave out; old clients page so.
    offset: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
}

/// Which alerts wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PendingWindow {
    /// At most 200; 50 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// Gazelle's id of a technician.
    technician_id: Option<String>,
}

/// What was told, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct History {
    pub alerts: Vec<AppointmentAlert>,
    /// Of this page.
    pub count: i64,
    pub total_appointments_alerted: i64,
    pub stats_by_user: BTreeMap<String, i64>,
    pub stats_by_technician: BTreeMap<String, i64>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// What nobody took note of.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Pending {
    pub alerts: Vec<AppointmentAlert>,
    /// Of this page.
    pub count: i64,
    pub next: Option<String>,
}

/// Alerts about appointments that were made within the day before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Late {
    alerts: Vec<AppointmentAlert>,
    /// Of this page.
    count: i64,
    pending: i64,
    sent: i64,
    failed: i64,
    next: Option<String>,
}

/// Figures.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AppointmentStats {
    pub total_alerts_sent: i64,
    pub alerts_last_7_days: i64,
    pub alerts_last_30_days: i64,
    pub by_user: BTreeMap<String, i64>,
    /// At least `sent`, `failed`, `pending`, `skipped` and `unknown`.
    pub by_status: BTreeMap<String, i64>,
    pub total_appointments_alerted: i64,
}

/// That this part answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceHealth {
    status: &'static str,
    service: &'static str,
}

/// What old clients send.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SendWish {
    /// Tomorrow in Montréal: the task warns of no other day.
    #[schema(value_type = Option<String>, format = Date)]
    target_date: Option<Date>,
    /// Not taken: each technician is told of their own.
    technician_ids: Option<Vec<String>>,
    /// For the audit.
    reason: Option<String>,
}

impl Check {
    /// One day, or tomorrow.
    pub fn on(target_date: Option<Date>) -> Self {
        Self { target_date, exclude_types: None }
    }
}

impl HistoryWindow {
    /// Another than the first page.
    pub fn at(cursor: Option<String>) -> Self {
        Self { cursor, ..Self::default() }
    }
}

/// That this part answers; whoever gets here has been looked up in the database.
#[utoipa::path(get, path = "/alertes-rv/health", responses(
    (status = 200, description = "It does.", body = ServiceHealth),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn health() -> Json<ServiceHealth> {
    Json(ServiceHealth { status: "healthy", service: "alertes-rv" })
}

/// The unconfirmed appointments of a day, by technician.
#[utoipa::path(get, path = "/alertes-rv/check", params(Check), responses(
    (status = 200, description = "As the mirror has them now.", body = Checked),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn check(
    State(app): State<Arc<App>>,
    Params(wanted): Params<Check>,
) -> Result<Json<Checked>, Problem> {
    read_check(&app, &wanted).await.map(Json)
}

/// The same for the page.
pub async fn read_check(app: &App, wanted: &Check) -> Result<Checked, Problem> {
    let date = wanted.target_date.unwrap_or_else(|| tomorrow(app));
    if !(2000..2200).contains(&date.year()) {
        return Err(Problem::invalid("problem-target-date"));
    }
    let excluded = wanted.exclude_types.iter().flat_map(|types| types.split(','));
    let excluded: Vec<&str> = excluded.map(str::trim).filter(|name| !name.is_empty()).collect();
    let arguments = json!({
        "p_target_date": date.to_string(), "p_now": app.now().to_string(), "p_exclude_types": excluded,
    });
    app.ask("appointment_check", &arguments).await
}

fn tomorrow(app: &App) -> Date {
    clock::business_date(app.now()).checked_add(1.day()).unwrap_or(Date::MAX)
}

/// What was told, newest first.
#[utoipa::path(get, path = "/alertes-rv/history", params(HistoryWindow), responses(
    (status = 200, description = "A page, and figures of all.", body = History),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn history(
    State(app): State<Arc<App>>,
    Params(window): Params<HistoryWindow>,
) -> Result<Json<History>, Problem> {
    read_history(&app, &window).await.map(Json)
}

/// The same for the page.
pub async fn read_history(app: &App, window: &HistoryWindow) -> Result<History, Problem> {
    let arguments = json!({
        "p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor,
        "p_offset": window.offset.map(|offset| offset.min(10_000)),
    });
    app.ask("appointment_history", &arguments).await
}

/// Alerts about appointments that were made within the day before.
#[utoipa::path(get, path = "/alertes-rv/late-assignment", params(Window), responses(
    (status = 200, description = "A page, and counts of all.", body = Late),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn late(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<Late>, Problem> {
    let arguments = json!({"p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor});
    app.ask("appointment_late", &arguments).await.map(Json)
}

/// Figures.
#[utoipa::path(get, path = "/alertes-rv/stats", responses(
    (status = 200, description = "Figures.", body = AppointmentStats),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn stats(State(app): State<Arc<App>>) -> Result<Json<AppointmentStats>, Problem> {
    count(&app).await.map(Json)
}

/// The same for the page.
pub async fn count(app: &App) -> Result<AppointmentStats, Problem> {
    app.ask("appointment_stats", &json!({"p_now": app.now().to_string()})).await
}

/// What nobody took note of.
#[utoipa::path(get, path = "/alertes-rv/pending", params(PendingWindow), responses(
    (status = 200, description = "Newest first.", body = Pending),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn pending(
    State(app): State<Arc<App>>,
    Params(window): Params<PendingWindow>,
) -> Result<Json<Pending>, Problem> {
    read_pending(&app, &window).await.map(Json)
}

/// The same for the page.
pub async fn read_pending(app: &App, window: &PendingWindow) -> Result<Pending, Problem> {
    let arguments = json!({
        "p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor,
        "p_technician_id": window.technician_id,
    });
    app.ask("appointment_pending", &arguments).await
}

/// Somebody took note of an alert.
#[utoipa::path(post, path = "/alertes-rv/resolve/{id}",
    params(("id" = String, Path, description = "The alert.")), responses(
    (status = 200, description = "Noted, or was already.", body = Done),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn resolve(author: Author, Path(id): Path<String>) -> Result<Json<Done>, Problem> {
    // Numbers, and whatever keys the predecessor had.
    if id.len() > 100 || id.contains('\0') {
        return Err(Problem::not_found());
    }
    author.find("console_acknowledge_appointment", json!({"p_id": id})).await.map(Json)
}

/// Warns of tomorrow's unconfirmed appointments now: the afternoon's task, requested.
#[utoipa::path(post, path = "/alertes-rv/send", request_body = Option<SendWish>, responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn send(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Change(wish): Change<SendWish>,
) -> Result<Response, Problem> {
    if wish.target_date.is_some_and(|date| date != tomorrow(&app)) {
        return Err(Problem::invalid("problem-target-date-tomorrow"));
    }
    if wish.technician_ids.is_some_and(|ids| !ids.is_empty()) {
        return Err(Problem::invalid("problem-technician-ids"));
    }
    let spec = TaskSpec::named("rv_alerts").ok_or_else(Problem::internal)?;
    request(&app, &caller, spec, Wish::because(wish.reason)).await
}
