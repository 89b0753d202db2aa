//! The audit: who changed what, from what to what.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::clock;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which changes. What is empty does not count.
#[derive(Debug, Default, Clone, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 by default.
    #[serde(skip_serializing)]
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    #[serde(skip_serializing)]
    pub cursor: Option<String>,
    /// `incident.acknowledge`, or a whole group: `incident`.
    pub action: String,
    /// `incident:6f9…`, or a whole group: `incident`.
    pub subject: String,
    /// A part of the address of who did it.
    pub email: String,
    /// A date in Montréal, or an instant.
    pub from: String,
    /// The last date in Montréal, or the instant before which.
    pub until: String,
}

/// A page of changes, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    pub items: Vec<Change>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A change that a person made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditedChange)]
pub struct Change {
    pub id: String,
    pub at: String,
    pub email: String,
    /// `task.paused`, `incident.acknowledge`, …
    pub action: String,
    /// `task:backup`, `incident:6f9…`, …
    pub subject: String,
    /// As it was; null when it was made.
    pub before: Option<Value>,
    /// As it is; null when it was deleted.
    pub after: Option<Value>,
}

/// A page of changes.
pub async fn read(app: &App, filter: &Filter) -> Result<AuditPage, Problem> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let arguments = json!({
        "p_limit": filter.limit, "p_cursor": filter.cursor, "p_action": given(&filter.action),
        "p_subject": given(&filter.subject), "p_email": given(&filter.email),
        "p_from": instant("from", &filter.from, 0)?, "p_until": instant("until", &filter.until, 1)?,
    });
    app.ask("audit_page", &arguments).await
}

/// An instant as it is, a date as the midnight at which it begins; so many days later.
fn instant(name: &str, text: &str, days: i64) -> Result<Option<String>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at.to_string()));
    }
    let date = text.parse::<Date>().ok().and_then(|date| date.checked_add(jiff::Span::new().days(days)).ok());
    let midnight = date.and_then(|date| date.to_zoned(clock::zone()).ok());
    match midnight {
        Some(midnight) => Ok(Some(midnight.timestamp().to_string())),
        None => Err(Problem::invalid_with("problem-date-or-instant", [("field", name.into())])),
    }
}
