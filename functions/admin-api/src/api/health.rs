//! `GET /health`: whether what the console stands on answers, by really asking it. Open, so it names nothing else.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::Value;

use crate::{
    data::{health::look, shapes::Health},
    state::App,
};

/// Whether what the console stands on answers: one result per dependency, at most some seconds old.
#[utoipa::path(get, path = "/health", security(()), responses(
    (status = 200, description = "All of it does.", body = Health),
    (status = 503, description = "Not all of it.", body = Health),
))]
pub async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (code, health) = app.health.answer(app.now(), look(&app)).await;
    (code, Json(health))
}
