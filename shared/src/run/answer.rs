//! What an invocation answers: the run as JSON, in a success or inside a Lambda error.

use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    record::{AnswerError, RunRecord},
    state::End,
};
use crate::{error_kind::ErrorKind, notify::DirectDelivery, task::TaskSpec};

/// The answer of a function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Row in `scheduler_logs`; null when nothing could be recorded.
    pub run_id: Option<String>,
    /// Task name.
    pub task: String,
    /// `success`, `warning`, `error`, `running` (handed over, or a live duplicate), `queued`.
    pub status: String,
    /// `ran`, `duplicate`, `paused`, `busy`, `queued` (until the run at work ends), `not_started`.
    pub outcome: String,
    /// `scheduler`, `manual` or `api`.
    pub triggered_by: Option<String>,
    /// The run whose event started this one.
    pub parent_run_id: Option<String>,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// One sentence, in French.
    pub message: Option<String>,
    /// Figures.
    pub stats: Value,
    /// Why it failed.
    pub error: Option<AnswerError>,
    /// Notices sent without the database.
    #[serde(rename = "told", default, skip_serializing_if = "Vec::is_empty")]
    pub notified: Vec<DirectDelivery>,
}

impl Answer {
    pub(super) fn of_record(record: &RunRecord, outcome: &str) -> Self {
        Self {
            run_id: Some(record.id.clone()),
            task: record.task_name.clone(),
            status: record.status.clone(),
            outcome: outcome.into(),
            triggered_by: record.triggered_by.clone(),
            parent_run_id: record.parent_run_id.clone(),
            attempt: record.attempt,
            duration_ms: record.duration_ms.unwrap_or_default(),
            message: record.message.clone(),
            stats: record.stats.clone(),
            error: None,
            notified: Vec::new(),
        }
    }

    pub(super) fn not_started(task: &TaskSpec) -> Self {
        Self {
            run_id: None,
            task: task.name.into(),
            status: "error".into(),
            outcome: "not_started".into(),
            triggered_by: None,
            parent_run_id: None,
            attempt: 0,
            duration_ms: 0,
            message: None,
            stats: Value::Null,
            error: None,
            notified: Vec::new(),
        }
    }

    pub(super) fn busy(task: &TaskSpec, live_run_id: String) -> Self {
        let mut answer = Self::not_started(task);
        answer.outcome = "busy".into();
        answer.status = "running".into();
        answer.error = Some(AnswerError {
            kind: ErrorKind::Busy.to_string(),
            message: format!("run {live_run_id} of the same group is at work; try again later"),
        });
        answer
    }

    pub(super) fn take(&mut self, end: &End) {
        self.status = end.status.into();
        self.duration_ms = end.duration_ms;
        self.message = Some(end.message.clone());
        self.stats = end.stats.clone();
        self.error = end.error.clone();
    }

    pub(super) fn fail(&mut self, kind: ErrorKind, error: &dyn std::fmt::Display) {
        self.status = "error".into();
        self.error = Some(AnswerError { kind: kind.to_string(), message: error.to_string() });
    }

    pub(super) fn lost(mut self) -> Self {
        self.fail(ErrorKind::LeaseLost, &"another process holds or has ended this run");
        self
    }

    pub(super) fn into_failure(self) -> Failure {
        let kind = self.error.as_ref().map_or_else(|| "error".into(), |error| error.kind.clone());
        Failure { kind, message: serde_json::to_string(&self).unwrap_or_default() }
    }
}

/// A Lambda error: `errorType` is the stable kind, `errorMessage` the [`Answer`] as JSON, so that the `Errors`
/// metric, the retry and the failure queue work and nothing is lost to whoever reads it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Stable name.
    pub kind: String,
    /// The answer as JSON, or a sentence when there was no run.
    pub message: String,
}

impl Failure {
    pub(super) fn before_run(kind: ErrorKind, error: &dyn std::fmt::Display) -> Self {
        Self { kind: kind.to_string(), message: error.to_string() }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Diagnostic { error_type: failure.kind, error_message: failure.message }
    }
}
