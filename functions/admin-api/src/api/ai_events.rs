//! Calls of language models, reported by whoever makes them: what the detector of AI errors counts.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::json;

use crate::{
    data::{
        ai_events::{AiCall, AiEvent},
        form::Checked,
    },
    problem::Problem,
    state::App,
};

/// Records one call of a language model.
#[utoipa::path(post, path = "/ai-events", request_body = AiCall, responses(
    (status = 201, description = "Recorded.", body = AiEvent),
    Problem,
))]
pub async fn record(
    State(app): State<Arc<App>>,
    form: Checked<AiCall>,
) -> Result<(StatusCode, Json<AiEvent>), Problem> {
    let arguments = json!({"p_values": form.values, "p_now": app.now().to_string()});
    let event = app.ask_once("insert_ai_event", &arguments).await?;
    Ok((StatusCode::CREATED, Json(event)))
}
