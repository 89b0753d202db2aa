//! Alerts about unconfirmed appointments: who has not confirmed, what was reported, and what nobody took note of yet.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::clock;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which day is checked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Check {
    /// `YYYY-MM-DD`; tomorrow in Montréal by default.
    #[param(value_type = Option<String>, format = Date)]
    pub target_date: Option<Date>,
    /// Types of appointments to leave out, with commas between.
    pub exclude_types: Option<String>,
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

/// What was reported about one appointment.
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
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

/// Which page of the history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryWindow {
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// How many to leave out; old clients page so.
    pub offset: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
}

/// Which alerts wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PendingWindow {
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// Gazelle's id of a technician.
    pub technician_id: Option<String>,
}

/// What was reported, newest first.
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
    pub alerts: Vec<AppointmentAlert>,
    /// Of this page.
    pub count: i64,
    pub pending: i64,
    pub sent: i64,
    pub failed: i64,
    pub next: Option<String>,
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
    pub status: &'static str,
    pub service: &'static str,
}

/// What old clients send.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SendOptions {
    /// Tomorrow in Montréal: the task warns of no other day.
    #[schema(value_type = Option<String>, format = Date)]
    pub target_date: Option<Date>,
    /// Not taken: each technician is notified of their own.
    pub technician_ids: Option<Vec<String>>,
    /// For the audit.
    pub reason: Option<String>,
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

pub fn tomorrow(app: &App) -> Date {
    clock::business_date(app.now()).checked_add(1.day()).unwrap_or(Date::MAX)
}

/// The same for the page.
pub async fn read_history(app: &App, window: &HistoryWindow) -> Result<History, Problem> {
    let arguments = json!({
        "p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor,
        "p_offset": window.offset.map(|offset| offset.min(10_000)),
    });
    app.ask("appointment_history", &arguments).await
}

/// The same for the page.
pub async fn count(app: &App) -> Result<AppointmentStats, Problem> {
    app.ask("appointment_stats", &json!({"p_now": app.now().to_string()})).await
}

/// The same for the page.
pub async fn read_pending(app: &App, window: &PendingWindow) -> Result<Pending, Problem> {
    let arguments = json!({
        "p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor,
        "p_technician_id": window.technician_id,
    });
    app.ask("appointment_pending", &arguments).await
}
