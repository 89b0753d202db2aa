//! Slack webhooks and SendGrid, as strict as they are.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Sandbox, Sent, credentials, gazelle::cut, limits, lock, refusals, refuse};
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
    if let Some(refused) = refusals::of(&sandbox.faults, "slack") {
        return refused;
    }
    let path = format!("/services/{team}/{channel}/{key}");
    if !credentials::WEBHOOKS.iter().any(|(_, known)| *known == path) {
        return refusals::named(Fault::SlackGone);
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
    #[serde(default, rename = "unfurl_links")]
    _unfurl_links: bool,
    #[serde(default, rename = "unfurl_media")]
    _unfurl_media: bool,
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
    verbatim: Option<bool>,
}

/// What Slack refuses in a message.
pub(super) fn slack_problem(json: &Value) -> Result<(), &'static str> {
    let message = SlackMessage::deserialize(json).map_err(|_| "invalid_blocks_format")?;
    let length = |text: &Text| text.text.chars().count();
    // `verbatim` is a field of mrkdwn only.
    let is_text = |text: &Text| match text.kind.as_str() {
        "mrkdwn" => true,
        "plain_text" => text.verbatim.is_none(),
        _ => false,
    };
    let is_right = |block: &Block| match block {
        Block::Header { text } => {
            text.kind == "plain_text" && is_text(text) && limits::SLACK_HEADER.takes(length(text))
        }
        Block::Section { text } => is_text(text) && limits::SLACK_SECTION.takes(length(text)),
        Block::Context { elements } => {
            limits::SLACK_CONTEXT.takes(elements.len())
                && elements.iter().all(|text| is_text(text) && limits::SLACK_TEXT_OBJECT.takes(length(text)))
        }
        Block::Divider {} => true,
    };
    let together: usize =
        json["blocks"].as_array().into_iter().flatten().map(|block| block.to_string().chars().count()).sum();
    match message.text.chars().count() {
        0 if message.blocks.is_empty() => Err("no_text"),
        1.. if !limits::SLACK_TEXT.takes(message.text.chars().count()) => Err("msg_too_long"),
        _ if !limits::SLACK_BLOCKS.takes(message.blocks.len()) || !message.blocks.iter().all(is_right) => {
            Err("invalid_blocks")
        }
        _ if !limits::SLACK_BLOCKS_TOGETHER.takes(together) => Err("msg_blocks_too_long"),
        _ => Ok(()),
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

fn mail_refused(status: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({"errors": [{"message": message, "field": null, "help": null}]});
    (status, axum::Json(body)).into_response()
}

/// `POST /v3/mail/send`
pub async fn sendgrid(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let expected = format!("Bearer {}", credentials::SENDGRID_KEY);
    if headers.get(header::AUTHORIZATION).is_none_or(|given| given != expected.as_str()) {
        return refusals::named(Fault::SendgridKey);
    }
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mail = match Mail::deserialize(&json) {
        Ok(mail) if is_json(&headers) => mail,
        _ => return mail_refused(StatusCode::BAD_REQUEST, "Bad Request"),
    };
    if mail.from.email != credentials::SENDER {
        return refusals::named(Fault::SendgridForbidden);
    }
    if let Some(refused) = refusals::of(&sandbox.faults, "sendgrid") {
        return refused;
    }
    if !limits::SENDGRID_MAIL.takes(body.len()) {
        return mail_refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The total size of your email must be less than 30MB.",
        );
    }
    if let Err(message) = mail_problem(&mail) {
        return mail_refused(StatusCode::BAD_REQUEST, message);
    }
    let to = mail.personalizations.iter().flat_map(|group| &group.to).next();
    let to = to.map(|to| to.email.clone()).unwrap_or_default();
    lock(&sandbox.emails).push(Sent { to, body: json });
    StatusCode::ACCEPTED.into_response()
}

/// What SendGrid refuses in a mail.
fn mail_problem(mail: &Mail) -> Result<(), &'static str> {
    let recipients: Vec<&str> =
        mail.personalizations.iter().flat_map(|group| &group.to).map(|to| to.email.as_str()).collect();
    let unique: BTreeSet<String> = recipients.iter().map(|to| to.to_lowercase()).collect();
    let kinds: Vec<&str> = mail.content.iter().map(|part| part.kind.as_str()).collect();
    // In this order, each once, one of them at least.
    let expected = limits::SENDGRID_CONTENT.into_iter().filter(|kind| kinds.contains(kind));
    match () {
        () if !limits::SENDGRID_PERSONALIZATIONS.takes(mail.personalizations.len()) => {
            Err("personalizations")
        }
        () if mail.personalizations.iter().any(|group| group.to.is_empty()) => Err("to is required"),
        () if !limits::SENDGRID_RECIPIENTS.takes(recipients.len()) => Err("too many recipients"),
        () if unique.len() < recipients.len() => Err("each address only once"),
        () if recipients.iter().any(|to| !to.contains('@')) => Err("not an address"),
        () if !limits::SENDGRID_SUBJECT.takes(mail.subject.trim().chars().count()) => Err("subject"),
        () if mail.subject.contains(['\r', '\n']) => Err("subject: a line break"),
        () if kinds.is_empty() || !expected.eq(kinds.iter().copied()) => {
            Err("content: text/plain, then text/html")
        }
        () if mail.content.iter().any(|part| !limits::SENDGRID_VALUE.takes(part.value.chars().count())) => {
            Err("content: at least one character")
        }
        () => Ok(()),
    }
}

/// `GET /v3/scopes`: what a key may do.
pub async fn scopes(headers: HeaderMap) -> Response {
    let expected = format!("Bearer {}", credentials::SENDGRID_KEY);
    if headers.get(header::AUTHORIZATION).is_some_and(|given| given == expected.as_str()) {
        axum::Json(serde_json::json!({"scopes": ["mail.send"]})).into_response()
    } else {
        refusals::named(Fault::SendgridKey)
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
        assert!(slack_problem(&message(vec![section("x"); 50])).is_ok());
        assert!(slack_problem(&message(vec![section("x"); 51])).is_err());
        let long = || section(&"x".repeat(2_900));
        assert!(slack_problem(&message(vec![long(), long(), long(), long()])).is_ok());
        assert_eq!(slack_problem(&message(vec![long(); 5])), Err("msg_blocks_too_long"));
        let context = |text: &str, count: usize| json!({"type": "context", "elements": vec![json!({"type": "mrkdwn", "text": text}); count]});
        assert!(slack_problem(&message(vec![context("x", 10)])).is_ok());
        for wrong in [context("x", 11), context("x", 0), context("", 1), context(&"x".repeat(3_001), 1)] {
            assert_eq!(slack_problem(&message(vec![wrong])), Err("invalid_blocks"));
        }
        let title = |count: usize| json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(count)}});
        assert!(
            slack_problem(&message(vec![title(150)])).is_ok()
                && slack_problem(&message(vec![title(151)])).is_err()
        );
        assert_eq!(slack_problem(&json!({"text": "x".repeat(40_001)})), Err("msg_too_long"));
        let header = json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}});
        assert!(slack_problem(&message(vec![header])).is_err());
        assert!(slack_problem(&json!({"text": "t", "unknown": 1})).is_err());
        for (kind, is_right) in [("mrkdwn", true), ("plain_text", false)] {
            let text = json!({"type": kind, "text": "x", "verbatim": true});
            let section = json!({"type": "section", "text": text});
            assert_eq!(slack_problem(&message(vec![section])).is_ok(), is_right, "{kind}");
        }
        assert!(slack_problem(&json!({"text": ""})).is_err());
    }

    #[test]
    fn sendgrid_refuses_what_sendgrid_refuses() {
        let mail = |change: &dyn Fn(&mut Value)| {
            let mut mail = json!({
                "personalizations": [{"to": [{"email": "a@example.com"}]}], "from": {"email": "b@example.com"},
                "subject": "x", "content": [{"type": "text/plain", "value": "x"}, {"type": "text/html", "value": "x"}],
            });
            change(&mut mail);
            mail_problem(&Mail::deserialize(&mail).unwrap())
        };
        assert_eq!(mail(&|_| {}), Ok(()));
        assert_eq!(mail(&|mail| mail["subject"] = "x".repeat(998).into()), Ok(()));
        for subject in [String::new(), " ".into(), "x".repeat(999), "a\nBcc: b".into()] {
            assert!(mail(&|mail| mail["subject"] = subject.clone().into()).is_err(), "{subject}");
        }
        let (text, html) =
            (json!({"type": "text/plain", "value": "x"}), json!({"type": "text/html", "value": "x"}));
        assert_eq!(mail(&|mail| mail["content"] = json!([html])), Ok(()));
        let empty = json!({"type": "text/plain", "value": ""});
        for content in [
            json!([]),
            json!([html, text]),
            json!([text, text]),
            json!([empty]),
            json!([{"type": "x", "value": "x"}]),
        ] {
            assert!(mail(&|mail| mail["content"] = content.clone()).is_err(), "{content}");
        }
        let to = |addresses: &[&str]| {
            let to: Vec<Value> = addresses.iter().map(|email| json!({"email": email})).collect();
            mail(&|mail| mail["personalizations"] = json!([{"to": to}]))
        };
        assert_eq!(to(&["a@example.com", "c@example.com"]), Ok(()));
        assert!(
            to(&[]).is_err() && to(&["nobody"]).is_err() && to(&["a@example.com", "A@example.com"]).is_err()
        );
    }
}
