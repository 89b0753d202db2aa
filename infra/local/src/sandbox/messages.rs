//! Slack webhooks and SendGrid, as strict as they are.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Sandbox, Sent, credentials, gazelle::cut, lock, refuse};
use crate::faults::Fault;

/// `POST /services/{team}/{channel}/{key}`
pub async fn slack(
    State(sandbox): State<Arc<Sandbox>>,
    Path((team, channel, key)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if sandbox.faults.strikes(Fault::SlackError) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "rollup_error").into_response();
    }
    if sandbox.faults.strikes(Fault::SlackRateLimit) {
        return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "2")], "rate_limited").into_response();
    }
    if sandbox.faults.strikes(Fault::SlackHang) {
        let _caller = Hanging(sandbox);
        return std::future::pending().await;
    }
    if sandbox.faults.strikes(Fault::SlackCut) {
        return cut("ok".into());
    }
    if sandbox.faults.strikes(Fault::SlackGone) {
        return (StatusCode::NOT_FOUND, "no_service").into_response();
    }
    let path = format!("/services/{team}/{channel}/{key}");
    if !credentials::WEBHOOKS.iter().any(|(_, known)| *known == path) {
        return (StatusCode::NOT_FOUND, "no_service").into_response();
    }
    let json: Value = match serde_json::from_slice(&body) {
        Ok(json) if is_json(&headers) => json,
        _ => return (StatusCode::BAD_REQUEST, "invalid_payload").into_response(),
    };
    lock(&sandbox.bodies).push(("slack", json.clone()));
    if let Err(reason) = slack_problem(&json) {
        return (StatusCode::BAD_REQUEST, reason).into_response();
    }
    lock(&sandbox.slack).push(Sent { to: path, body: json });
    (StatusCode::OK, "ok").into_response()
}

/// A caller that waits for an answer. When it gives up, what it waited for has not kept others waiting if they have gone
/// out meanwhile.
struct Hanging(Arc<Sandbox>);

impl Drop for Hanging {
    fn drop(&mut self) {
        let emails = lock(&self.0.emails).len();
        lock(&self.0.given_up).push(emails);
    }
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlackMessage {
    text: String,
    #[serde(default)]
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Block {
    Header { text: Text },
    Section { text: Text },
    Context { elements: Vec<Text> },
    Divider {},
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "type")]
    kind: String,
    text: String,
}

/// What Slack refuses in a message.
pub(super) fn slack_problem(json: &Value) -> Result<(), &'static str> {
    let message = SlackMessage::deserialize(json).map_err(|_| "invalid_blocks_format")?;
    let length = |text: &Text| text.text.chars().count();
    let is_wrong = |block: &Block| match block {
        Block::Header { text } => text.kind != "plain_text" || !(1..=150).contains(&length(text)),
        Block::Section { text } => {
            !["mrkdwn", "plain_text"].contains(&text.kind.as_str()) || !(1..=3000).contains(&length(text))
        }
        Block::Context { elements } => elements.is_empty() || elements.len() > 10,
        Block::Divider {} => false,
    };
    match () {
        () if message.text.is_empty() && message.blocks.is_empty() => Err("no_text"),
        () if message.text.chars().count() > 40_000 => Err("msg_too_long"),
        () if message.blocks.len() > 50 || message.blocks.iter().any(is_wrong) => Err("invalid_blocks"),
        () => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    personalizations: Vec<Personalization>,
    from: Address,
    subject: String,
    content: Vec<Content>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Personalization {
    to: Vec<Address>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    email: String,
    #[serde(default)]
    #[allow(dead_code)] // Read by the vendor only.
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

/// `POST /v3/mail/send`
pub async fn sendgrid(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let expected = format!("Bearer {}", credentials::SENDGRID_KEY);
    if headers.get(header::AUTHORIZATION).is_none_or(|given| given != expected.as_str()) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid key");
    }
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mail = match Mail::deserialize(&json) {
        Ok(mail) if is_json(&headers) => mail,
        _ => return refuse(StatusCode::BAD_REQUEST, "not a mail"),
    };
    if mail.from.email != credentials::SENDER || sandbox.faults.strikes(Fault::SendgridForbidden) {
        return refuse(StatusCode::FORBIDDEN, "the from address is not a verified sender");
    }
    let recipients: Vec<&Address> = mail.personalizations.iter().flat_map(|group| &group.to).collect();
    let is_wrong = recipients.is_empty()
        || recipients.iter().any(|to| !to.email.contains('@'))
        || mail.subject.trim().is_empty()
        || mail.subject.contains(['\r', '\n'])
        || mail.content.is_empty()
        || mail.content.iter().any(|part| part.value.is_empty() || !part.kind.starts_with("text/"));
    if is_wrong {
        return refuse(StatusCode::BAD_REQUEST, "not a mail");
    }
    lock(&sandbox.emails).push(Sent { to: recipients[0].email.clone(), body: json });
    StatusCode::ACCEPTED.into_response()
}

/// `GET /v3/scopes`: what a key may do.
pub async fn scopes(headers: HeaderMap) -> Response {
    let expected = format!("Bearer {}", credentials::SENDGRID_KEY);
    match headers.get(header::AUTHORIZATION).is_some_and(|given| given == expected.as_str()) {
        true => axum::Json(serde_json::json!({"scopes": ["mail.send"]})).into_response(),
        false => refuse(StatusCode::UNAUTHORIZED, "invalid key"),
    }
}

/// `POST /v1/messages`: a language model that knows two words.
pub async fn model(headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("x-api-key") != credentials::MODEL_KEY {
        return refuse(StatusCode::UNAUTHORIZED, "invalid x-api-key");
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ask {
        model: String,
        max_tokens: u32,
        temperature: f64,
        system: String,
        messages: Vec<Turn>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Turn {
        role: String,
        content: String,
    }
    let ask: Ask = match serde_json::from_slice(&body) {
        Ok(ask) if is_json(&headers) && header("anthropic-version") == "2023-06-01" => ask,
        _ => return refuse(StatusCode::BAD_REQUEST, "invalid_request_error"),
    };
    let is_valid = !ask.model.is_empty()
        && !ask.system.is_empty()
        && ask.max_tokens > 0
        && (0.0..=1.0).contains(&ask.temperature)
        && ask.messages.iter().all(|turn| turn.role == "user" && !turn.content.is_empty());
    if !is_valid {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request_error");
    }
    let note = ask.messages.last().map(|turn| turn.content.as_str()).unwrap_or_default();
    let (has_issue, confidence) = match note {
        _ if note.contains("clignote") => (true, 0.9),
        _ if note.contains("incertain") => (true, 0.5),
        _ => (false, 0.9),
    };
    let reply = serde_json::json!({
        "has_issue": has_issue, "issue_type": has_issue.then_some("reservoir"),
        "issue_keyword": has_issue.then_some("clignote"), "is_resolved": false, "confidence": confidence,
    });
    let answer = serde_json::json!({
        "type": "message", "role": "assistant", "model": ask.model, "stop_reason": "end_turn",
        "content": [{"type": "text", "text": format!("```json\n{reply}\n```")}],
    });
    axum::Json(answer).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slack_refuses_what_slack_refuses() {
        let section = |text: &str| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
        let message = |blocks: Vec<Value>| json!({"text": "t", "blocks": blocks});
        assert!(slack_problem(&message(vec![section("x")])).is_ok());
        assert!(slack_problem(&message(vec![section(&"x".repeat(3001))])).is_err());
        assert!(slack_problem(&message(vec![section("")])).is_err());
        assert!(slack_problem(&message(vec![section("x"); 51])).is_err());
        let header = json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}});
        assert!(slack_problem(&message(vec![header])).is_err());
        assert!(slack_problem(&json!({"text": "t", "unknown": 1})).is_err());
        assert!(slack_problem(&json!({"text": ""})).is_err());
    }
}
