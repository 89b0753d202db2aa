//! Incidents: what is wrong now, and who takes care.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which incidents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// Those that are not over, or those that are; both by default.
    pub open: Option<bool>,
    pub kind: Option<IncidentKind>,
    /// The target, the task or the alarm.
    pub subject: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// A target does not answer.
    Availability,
    /// A task has not succeeded for too long.
    MissedRun,
    /// A task took almost all of its time.
    SlowRun,
    /// CloudWatch raised an alarm.
    Alarm,
    /// A channel takes messages and does not answer.
    Channel,
}

/// A page of incidents, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentPage {
    pub items: Vec<Incident>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// One problem from its beginning to its end.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    pub id: String,
    pub kind: IncidentKind,
    /// Whose problem it is: a target, a task or an alarm.
    pub subject: String,
    pub label: Option<String>,
    /// `critical`, `error`, `warning` or `info`.
    pub severity: String,
    pub opened_at: String,
    pub closed_at: Option<String>,
    pub closed_reason: Option<String>,
    /// Until it was over; of an open one, until now.
    pub duration_seconds: Option<i64>,
    pub acknowledged_at: Option<String>,
    pub acknowledged_by: Option<String>,
    pub error_kind: Option<String>,
    /// The run that found it.
    pub run_id: Option<String>,
    /// The failed run whose own notice reported it.
    pub explained_by_run_id: Option<String>,
    /// That of its notice.
    pub fingerprint: String,
}

/// A page of incidents.
pub async fn read(app: &App, filter: &Filter) -> Result<IncidentPage, Problem> {
    let arguments = json!({
        "p_now": app.now().to_string(), "p_limit": filter.limit, "p_cursor": filter.cursor, "p_open": filter.open,
        "p_kind": filter.kind, "p_subject": filter.subject,
    });
    app.ask("incidents_page", &arguments).await
}
