//! Calls of language models, told by whoever makes them: what the detector of AI errors counts.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    extract::{Change, Fields},
    shapes::ProblemBody,
};
use crate::{problem::Problem, state::App};

/// One call; a field that is not known here is refused.
#[derive(Debug, ToSchema)]
#[allow(dead_code)] // For the document: the database reads the fields.
pub struct AiCall {
    /// What it was for.
    feature: String,
    model: String,
    success: bool,
    error_kind: Option<String>,
    /// 0 to 1.
    confidence: Option<f64>,
    /// 0 to 3 600 000.
    latency_ms: Option<i64>,
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

/// Records one call of a language model.
#[utoipa::path(post, path = "/ai-events", request_body = AiCall, responses(
    (status = 201, description = "Recorded.", body = AiEvent),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn record(
    State(app): State<Arc<App>>,
    Change(values): Change<Fields>,
) -> Result<(StatusCode, Json<AiEvent>), Problem> {
    let arguments = json!({"p_values": values, "p_now": app.now().to_string()});
    let event = app.ask_once("insert_ai_event", &arguments).await?;
    Ok((StatusCode::CREATED, Json(event)))
}
