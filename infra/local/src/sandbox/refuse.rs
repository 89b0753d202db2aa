//! The answer to what a vendor refuses.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A refusal with the reason, as each vendor has one.
pub(super) fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, axum::Json(json!({"error": reason}))).into_response()
}
