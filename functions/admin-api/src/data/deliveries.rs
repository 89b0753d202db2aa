//! What was sent to whom, and the problems behind it. What a message said is not shown: it may name clients.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// `pending`, `sent`, `failed`, `skipped` or `unknown`.
    pub status: Option<String>,
    /// `slack`, `email` or `telegram`.
    pub channel: Option<String>,
    /// Key of the staff.
    pub recipient: Option<String>,
    /// `sync.failed` …
    pub event_type: Option<String>,
    /// From this instant on.
    pub from: Option<String>,
    /// Before this instant.
    pub until: Option<String>,
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MessagePage {
    pub items: Vec<SentMessage>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A message to one person on one channel.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SentMessage {
    pub id: String,
    pub event_type: String,
    pub severity: String,
    pub channel: String,
    /// Key of the staff.
    pub recipient: String,
    /// The problem it is about.
    pub fingerprint: String,
    /// `first`, `again`, `escalation`, `reminder` or `recovery`.
    pub reason: String,
    /// `pending`, `sent`, `failed`, `skipped` or `unknown` (it may have arrived).
    pub status: String,
    pub attempts: i64,
    pub error_kind: Option<String>,
    pub run_id: Option<String>,
    pub created_at: String,
    /// Of a pending one.
    pub next_attempt_at: Option<String>,
    pub sent_at: Option<String>,
}

/// Which problems.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoticeFilter {
    /// At most 100; 50 by default.
    pub limit: Option<u32>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// Only those that nobody took care of and that are not over (`true`), or only the others (`false`).
    pub open: Option<bool>,
}

/// A page of problems, those seen last first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NoticePage {
    pub items: Vec<NoticeView>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A problem, and who was notified of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    pub fingerprint: String,
    pub event_type: String,
    pub severity: String,
    pub occurrences: i64,
    /// When it was noticed.
    pub opened_at: String,
    /// When it began: the first failure.
    pub since: String,
    pub last_seen_at: String,
    pub resolved_at: Option<String>,
    pub acknowledged_at: Option<String>,
    pub acknowledged_by: Option<String>,
    /// The first 50.
    pub deliveries: Vec<SentMessage>,
}

/// A page of messages.
pub async fn read(app: &App, filter: &Filter) -> Result<MessagePage, Problem> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let arguments = json!({
        "p_limit": filter.limit, "p_cursor": given(&filter.cursor), "p_status": given(&filter.status),
        "p_channel": given(&filter.channel), "p_recipient": given(&filter.recipient),
        "p_event_type": given(&filter.event_type), "p_from": instant("from", &filter.from)?,
        "p_until": instant("until", &filter.until)?,
    });
    app.ask("deliveries_page", &arguments).await
}

fn instant(name: &str, given: &Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = given.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    match parsed {
        Ok(instant) => Ok(Some(instant.to_string())),
        Err(_) => Err(Problem::invalid_with("problem-instant", [("field", name.into())])),
    }
}

/// A page of problems.
pub async fn read_notices(app: &App, filter: &NoticeFilter) -> Result<NoticePage, Problem> {
    let arguments = json!({"p_limit": filter.limit, "p_cursor": filter.cursor, "p_open": filter.open});
    app.ask("notices_page", &arguments).await
}
