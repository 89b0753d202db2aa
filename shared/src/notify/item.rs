//! What a message of the outbox is made of.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// One notice of a message.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub id: String,
    pub event_type: String,
    pub data: Value,
    pub due_at: Timestamp,
    #[serde(default)]
    pub is_reminder: bool,
    #[serde(default)]
    pub is_escalation: bool,
}

/// Where a message stands in its digest, in notices.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Place {
    /// Those of earlier messages.
    pub before: usize,
    /// Those of the whole digest.
    pub total: usize,
}
