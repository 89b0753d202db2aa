//! Telegram's Bot API: `sendMessage` and `getMe`, with its limits and its ways of saying no.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Sandbox, Sent, credentials, limits::TELEGRAM_TEXT, lock, messages::is_json, refusals};
use crate::faults::Fault;

/// What a chat becomes when it moves: the id of a supergroup.
const MOVED: &str = "-100";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    chat_id: String,
    text: String,
    #[allow(dead_code)] // Read by the vendor only.
    link_preview_options: Option<Value>,
}

/// `POST /bot{token}/{method}`
pub async fn call(
    State(sandbox): State<Arc<Sandbox>>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bot != format!("bot{}", credentials::TELEGRAM_TOKEN) {
        return refusals::named(Fault::TelegramKey);
    }
    if sandbox.faults.has(Fault::TelegramHang) {
        return std::future::pending().await;
    }
    match method.as_str() {
        "getMe" => {
            Json(json!({"ok": true, "result": {"id": 100200300, "is_bot": true, "first_name": "Gazelle"}}))
                .into_response()
        }
        "sendMessage" if is_json(&headers) => send(&sandbox, &body),
        _ => refuse(StatusCode::NOT_FOUND, "Not Found", json!({})),
    }
}

fn send(sandbox: &Sandbox, body: &[u8]) -> Response {
    if let Some(refused) = refusals::of(&sandbox.faults, "telegram") {
        return refused;
    }
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let Ok(message) = Message::deserialize(&json) else {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: can't parse the message", json!({}));
    };
    lock(&sandbox.bodies).push(("telegram", json.clone()));
    let chat = message.chat_id.strip_prefix(MOVED).unwrap_or(&message.chat_id);
    // Four digits are a chat here, any of them.
    if chat.len() != 4 || !chat.bytes().all(|digit| digit.is_ascii_digit()) {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request: chat not found", json!({}));
    }
    if sandbox.faults.has(Fault::TelegramMoved) && !message.chat_id.starts_with(MOVED) {
        let moved: i64 = format!("{MOVED}{chat}").parse().unwrap_or_default();
        let parameters = json!({"migrate_to_chat_id": moved});
        return refuse(
            StatusCode::BAD_REQUEST,
            "Bad Request: group chat was upgraded to a supergroup chat",
            parameters,
        );
    }
    match message.text.trim().encode_utf16().count() {
        length if length < TELEGRAM_TEXT.least => {
            refuse(StatusCode::BAD_REQUEST, "Bad Request: message text is empty", json!({}))
        }
        length if length > TELEGRAM_TEXT.most => {
            refuse(StatusCode::BAD_REQUEST, "Bad Request: message is too long", json!({}))
        }
        _ => {
            lock(&sandbox.telegram).push(Sent { to: message.chat_id, body: json });
            Json(json!({"ok": true, "result": {"message_id": 1}})).into_response()
        }
    }
}

fn refuse(status: StatusCode, description: &str, parameters: Value) -> Response {
    let body = json!({
        "ok": false, "error_code": status.as_u16(), "description": description, "parameters": parameters,
    });
    (status, Json(body)).into_response()
}
