//! What a run leaves in the log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A row of `scheduler_logs`, as the SQL functions answer it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunRecord {
    pub id: String,
    #[serde(default)]
    pub run_key: String,
    pub task_name: String,
    pub status: String,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub stats: Value,
    pub triggered_by: Option<String>,
    pub parent_run_id: Option<String>,
    pub attempt: u32,
    pub duration_ms: Option<u64>,
    pub started_at: Timestamp,
    pub scheduled_for: Option<Timestamp>,
    pub correlation_id: String,
    #[serde(default)]
    pub parameters: Value,
    pub lease_token: Option<String>,
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnswerError {
    /// Stable name.
    pub kind: String,
    /// What happened, without data.
    pub message: String,
}
