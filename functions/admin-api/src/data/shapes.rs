//! The JSON that goes in and out, typed once: for the database's answers, for the callers, and for the OpenAPI document.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Requested, not yet started; after ten minutes `error`.
    Queued,
    /// At work.
    Running,
    /// Done.
    Success,
    /// Done, and something was wrong.
    Warning,
    /// Failed.
    Error,
}

/// A page of a list, as every SQL function of the console answers it.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// A run as `GET /scheduler/logs` has always shown it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    pub id: String,
    pub task_name: String,
    pub task_label: String,
    pub started_at: String,
    pub completed_at: Option<String>,
    pub duration_seconds: Option<i64>,
    /// `queued` is shown as `running`.
    pub status: Status,
    pub message: Option<String>,
    #[schema(value_type = Object)]
    pub stats: Value,
    pub triggered_by: Option<String>,
    pub triggered_by_user: Option<String>,
    pub created_at: Option<String>,
}

/// A run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Run {
    pub id: String,
    pub task_name: String,
    pub task_label: String,
    /// RFC 3339, UTC, as all instants.
    pub started_at: String,
    pub completed_at: Option<String>,
    pub duration_seconds: Option<i64>,
    pub duration_ms: Option<i64>,
    pub status: Status,
    /// One sentence for people, in French.
    pub message: Option<String>,
    #[schema(value_type = Object)]
    pub stats: Value,
    /// `scheduler`, `manual` or `api`.
    pub triggered_by: Option<String>,
    pub triggered_by_user: Option<String>,
    pub created_at: Option<String>,
    pub scheduled_for: Option<String>,
    pub attempt: u32,
    pub part: u32,
    pub parent_run_id: Option<String>,
    pub correlation_id: Option<String>,
    pub error_kind: Option<String>,
    #[schema(value_type = Object)]
    pub progress: Value,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunPage {
    pub items: Vec<Run>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A run with all that belongs to it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    #[serde(flatten)]
    pub run: Run,
    /// Whether it holds its task now: at work, or requested, and not given up.
    pub is_live: bool,
    /// Until when it holds its task without a sign of life.
    pub lease_expires_at: Option<String>,
    /// Why somebody asked for it.
    pub reason: Option<String>,
    pub request_id: Option<String>,
    /// Its log in CloudWatch.
    pub log_url: Option<String>,
    #[schema(value_type = Object)]
    pub parameters: Value,
    /// Errors of this and earlier attempts, and of single items.
    pub errors: Vec<Value>,
    /// The run whose event started this one.
    pub parent: Option<Run>,
    /// The runs that this one's event started.
    pub children: Vec<Run>,
    /// What it published.
    pub events: Vec<RunEvent>,
    /// What was reported, and to whom.
    pub notices: Vec<RunNotice>,
    /// Incidents that it explains.
    #[schema(value_type = Vec<Object>)]
    pub incidents: Vec<Value>,
    /// Anomalies that it explains.
    #[schema(value_type = Vec<Object>)]
    pub anomalies: Vec<Value>,
}

/// An event of a run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunEvent {
    pub detail_type: String,
    pub part: Option<u32>,
    pub created_at: Option<String>,
    /// Null while EventBridge has not taken it.
    pub published_at: Option<String>,
    pub attempts: u32,
    pub last_error: Option<String>,
}

/// A notice about a run.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunNotice {
    pub fingerprint: String,
    pub event_type: String,
    pub severity: String,
    pub occurrences: i64,
    pub opened_at: Option<String>,
    pub last_seen_at: Option<String>,
    pub resolved_at: Option<String>,
    pub acknowledged_at: Option<String>,
    pub acknowledged_by: Option<String>,
    pub deliveries: Vec<RunDelivery>,
}

/// A message of a notice to one person on one channel.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunDelivery {
    pub id: String,
    pub event_type: String,
    pub severity: String,
    pub channel: String,
    pub recipient: String,
    /// `first`, `again`, `escalation`, `reminder` or `recovery`.
    pub reason: String,
    /// `pending`, `sent`, `failed`, `skipped` or `unknown`.
    pub status: String,
    pub attempts: i64,
    pub created_at: Option<String>,
    pub sent_at: Option<String>,
    pub error_kind: Option<String>,
}

/// A request that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    pub success: bool,
    /// What the old clients show.
    pub message: String,
    pub task_name: String,
    pub started_at: String,
    pub run_id: String,
    /// Where the run is shown.
    pub location: String,
}

/// A task of the registry, as deployed, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    pub name: &'static str,
    pub label: &'static str,
    /// The predecessor's name of it: `sync`, `rapport`, `backup`, `alerts`.
    pub short_name: Option<&'static str>,
    pub function: &'static str,
    /// Tasks of one group never run at the same time.
    pub exclusion_group: &'static str,
    /// The deployed expression, Montréal time.
    pub schedule: Option<String>,
    pub next_run_at: Option<String>,
    /// The event that starts it.
    pub starts_on: Option<&'static str>,
    pub is_frequent: bool,
    pub has_dry_run: bool,
    pub time_limit_seconds: u64,
    #[serde(flatten)]
    pub state: TaskState,
}

/// What the database knows of a task.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskState {
    pub paused: bool,
    pub paused_by: Option<String>,
    pub paused_at: Option<String>,
    /// Why it is paused.
    pub reason: Option<String>,
    pub last_run: Option<Run>,
    pub last_success_at: Option<String>,
    /// At work, or requested.
    pub live_run_id: Option<String>,
}

/// The pause of a task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PauseState {
    pub task_name: String,
    pub paused: bool,
    pub paused_by: Option<String>,
    pub paused_at: Option<String>,
    pub resumed_at: Option<String>,
    pub reason: Option<String>,
}

/// Whether what the console stands on answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `unavailable`.
    pub status: &'static str,
    pub checks: Vec<Check>,
}

/// One dependency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Check {
    /// `database` or `auth`.
    pub name: &'static str,
    /// `ok` or `unavailable`.
    pub status: &'static str,
    pub duration_ms: u64,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    pub user_id: String,
    pub email: String,
    /// `viewer`, `operator` or `admin`.
    pub role: crate::identity::role::Role,
    /// For the header `x-csrf-token` of a change; null with a bearer token, which needs none.
    pub csrf_token: Option<String>,
    pub expires_at: Option<String>,
}

/// What was done, for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    pub message: &'static str,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Created {
    pub id: i64,
    /// The label of the asset.
    pub qr_code: Option<String>,
    pub message: &'static str,
}

/// What was done, in the predecessor's shape.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub success: bool,
    pub id: String,
}
