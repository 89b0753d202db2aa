//! Calls of language models, reported by whoever makes them: what the detector of AI errors counts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data::form::{Kind, form, text};

form! {
    /// One call; a field that is not known here is refused.
    AiCall {
        /// What it was for.
        feature (required): text(100),
        model (required): text(100),
        success (required): Kind::Flag,
        error_kind: text(100),
        /// 0 to 1.
        confidence: Kind::Number(0.0, 1.0),
        latency_ms: Kind::Whole(0, 3_600_000),
    }
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
