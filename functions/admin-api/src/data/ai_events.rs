//! Calls of language models, told by whoever makes them: what the detector of AI errors counts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One call; a field that is not known here is refused.
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // For the document: the database reads the fields.
pub struct AiCall {
    /// What it was for.
    pub feature: String,
    pub model: String,
    pub success: bool,
    pub error_kind: Option<String>,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// 0 to 3 600 000.
    pub latency_ms: Option<i64>,
}

/// The call as it was stored.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AiEvent {
    pub id: i64,
    pub feature: String,
    pub model: String,
    pub success: bool,
    pub error_kind: Option<String>,
    pub confidence: Option<f64>,
    pub latency_ms: Option<i64>,
    pub created_at: String,
}
