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

/// A run as `GET /scheduler/logs` has always shown it (`domain/console-and-api.md` 2).
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    id: String,
    task_name: String,
    task_label: String,
    started_at: String,
    completed_at: Option<String>,
    duration_seconds: Option<i64>,
    /// `queued` is shown as `running`.
    status: Status,
    message: Option<String>,
    #[schema(value_type = Object)]
    stats: Value,
    triggered_by: Option<String>,
    triggered_by_user: Option<String>,
    created_at: Option<String>,
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
    pub log_url: Option<String>,
}

impl From<Run> for LogEntry {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            task_name: run.task_name,
            task_label: run.task_label,
            started_at: run.started_at,
            completed_at: run.completed_at,
            duration_seconds: run.duration_seconds,
            // Old clients know three states.
            status: if run.status == Status::Queued { Status::Running } else { run.status },
            message: run.message,
            stats: run.stats,
            triggered_by: run.triggered_by,
            triggered_by_user: run.triggered_by_user,
            created_at: run.created_at,
        }
    }
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunPage {
    pub runs: Vec<Run>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// A run with all that belongs to it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunDetail {
    #[serde(flatten)]
    run: Run,
    #[schema(value_type = Object)]
    parameters: Value,
    /// Errors of this and earlier attempts, and of single items.
    #[schema(value_type = Vec<Object>)]
    errors: Vec<Value>,
    /// The run whose event started this one.
    parent: Option<Run>,
    /// The runs that this one's event started.
    children: Vec<Run>,
    /// Who was told of it.
    notices: Vec<Delivery>,
}

/// A message about a run to one person on one channel.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    id: String,
    event_type: String,
    severity: String,
    channel: String,
    recipient: String,
    /// `pending`, `sent`, `failed`, `skipped` or `unknown`.
    status: String,
    created_at: String,
    sent_at: Option<String>,
    error_kind: Option<String>,
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
    paused: bool,
    paused_by: Option<String>,
    paused_at: Option<String>,
    /// Why it is paused.
    reason: Option<String>,
    last_run: Option<Run>,
    last_success_at: Option<String>,
    /// At work, or requested.
    live_run_id: Option<String>,
}

/// The pause of a task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PauseState {
    task_name: String,
    paused: bool,
    paused_by: Option<String>,
    paused_at: Option<String>,
    resumed_at: Option<String>,
    reason: Option<String>,
}

/// Whether what the console stands on answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok` or `unavailable`.
    pub status: &'static str,
    pub checks: Vec<Check>,
}

/// One dependency.
#[derive(Debug, Serialize, ToSchema)]
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
    pub role: crate::access::Role,
    /// For the header `x-csrf-token` of a change; null with a bearer token, which needs none.
    pub csrf_token: Option<String>,
    pub expires_at: Option<String>,
}

/// What is wrong, as RFC 9457 has it. Problems may have further fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// Stable.
    pub code: &'static str,
    /// A sentence for people, in French.
    pub detail: String,
    /// `run_live`: the run that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// `run_live`: where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}
