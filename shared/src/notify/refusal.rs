//! What a vendor means by a refusal, judged by its words and not by the status alone: SendGrid says 401 both for a key
//! that is none and for credits that are used up until tomorrow; a proxy says 403 in nobody's name.
//!
//! For good is only what the vendor itself said, in the form in which it speaks, and what nobody but a person mends.
//! Everything else is for now: the channel rests, others carry its messages, and it is tried again by itself.
//!
//! Sources:
//! - SendGrid: <https://support.sendgrid.com/hc/en-us/articles/18322114821403-4XX-API-Errors-and-Troubleshooting-Suggestions>,
//!   <https://support.sendgrid.com/hc/en-us/articles/35466138799899-Understanding-the-Maximum-Credits-Exceeded-error>,
//!   <https://www.twilio.com/docs/api/errors/60603>; the elder form of its errors:
//!   <https://github.com/openwhyd/openwhyd/issues/178>.
//! - Slack: <https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks>; words of all its
//!   interfaces: <https://docs.slack.dev/reference/methods/chat.postMessage>.
//! - Telegram: <https://core.telegram.org/bots/api#making-requests>, <https://core.telegram.org/bots/api#responseparameters>;
//!   descriptions as collected at <https://github.com/TelegramBotAPI/errors>; one that passes within minutes:
//!   <https://rss2tg.duck.consulting/bug.html>.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Attempt, Refusal};
use crate::{error_kind::ErrorKind, http::Response};

/// The account may send again when its credits are renewed: every day or every month.
const CREDITS: ErrorKind = ErrorKind::CreditsExceeded;
/// The vendor refuses, and says that it will not go on doing so.
const FOR_NOW: ErrorKind = ErrorKind::RefusedForNow;
/// Something between us and the vendor answered: a proxy, a firewall, a page of somebody's hotel.
const STRANGER: ErrorKind = ErrorKind::NotTheVendor;

/// How a vendor's answer of this status is understood at all.
fn is_refusal(status: u16) -> bool {
    (300..500).contains(&status)
}

/// Whether a refusal in no vendor's form says something of the message, not of who may send.
fn is_about_the_message(status: u16) -> bool {
    matches!(status, 400 | 413 | 422)
}

fn stranger(status: u16) -> Attempt {
    if is_about_the_message(status) {
        Attempt::Refused(Refusal::Message, ErrorKind::Http(status))
    } else {
        Attempt::Rest(STRANGER)
    }
}

/// SendGrid: `{"errors": [{"message", "field", "help"}]}`, or, in its elder form, `{"errors": ["…"]}`.
pub(super) fn sendgrid(response: &Response) -> Option<Attempt> {
    #[derive(Deserialize)]
    struct Refused {
        errors: Vec<Value>,
    }
    let status = response.status;
    if !is_refusal(status) {
        return None;
    }
    let said: Vec<String> = serde_json::from_slice::<Refused>(&response.body)
        .map(|refused| refused.errors)
        .unwrap_or_default()
        .iter()
        .filter_map(|error| error.as_str().or_else(|| error["message"].as_str()))
        .map(str::to_lowercase)
        .collect();
    let says = |words: &[&str]| said.iter().any(|text| words.iter().any(|word| text.contains(word)));
    Some(match status {
        401 | 403 | 429 if says(&["credit", "exceeded", "limit reached"]) => Attempt::Rest(CREDITS),
        429 => Attempt::RetryAfter(response.retry_after(), ErrorKind::RateLimited),
        401 | 403 if says(&["temporar", "try again", "later"]) => Attempt::Rest(FOR_NOW),
        _ if said.is_empty() => stranger(status),
        // The key, or the sender, is not accepted any more.
        401 | 403 => Attempt::Refused(Refusal::Channel, ErrorKind::Http(status)),
        _ => Attempt::Refused(Refusal::Message, ErrorKind::Http(status)),
    })
}

/// Slack's webhooks: one word as text, newer ones `{"ok": false, "error": "word"}`.
pub(super) fn slack(response: &Response) -> Option<Attempt> {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    let status = response.status;
    if !is_refusal(status) {
        return None;
    }
    let text = String::from_utf8_lossy(&response.body);
    let word = match serde_json::from_slice::<Refused>(&response.body) {
        Ok(refused) => refused.error,
        Err(_) => text.trim().to_owned(),
    };
    let is_word = !word.is_empty()
        && word.len() <= 80
        && word
            .bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_');
    Some(match (status, word.as_str()) {
        (429, _) | (_, "rate_limited" | "ratelimited" | "message_limit_exceeded" | "too_many_requests") => {
            Attempt::RetryAfter(response.retry_after(), ErrorKind::RateLimited)
        }
        _ if !is_word => stranger(status),
        // The workspace is being moved into an organization, an administrator holds all messages back, or Slack itself
        // is out of order.
        (
            _,
            "team_added_to_org"
            | "org_login_required"
            | "ekm_access_denied"
            | "service_unavailable"
            | "internal_error"
            | "fatal_error"
            | "rollup_error"
            | "request_timeout"
            | "timeout",
        ) => Attempt::Rest(FOR_NOW),
        // Whom the webhook writes to is gone, whatever the status.
        (_, "user_not_found" | "channel_not_found" | "channel_is_archived" | "no_service" | "no_team") => {
            Attempt::Refused(Refusal::Recipient, ErrorKind::Http(status))
        }
        // The webhook was revoked, or the workspace does not let it write.
        (401 | 403 | 404 | 410, _) => Attempt::Refused(Refusal::Recipient, ErrorKind::Http(status)),
        _ => Attempt::Refused(Refusal::Message, ErrorKind::Http(status)),
    })
}

/// What Telegram says besides yes or no.
#[derive(Debug, Default, Deserialize)]
struct Said {
    ok: Option<bool>,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

/// Telegram: `{"ok": false, "error_code", "description", "parameters"?}`, also with a status that says yes.
pub(super) fn telegram(response: &Response) -> Option<Attempt> {
    // What is not in this form is nobody's word.
    let said: Said = serde_json::from_slice(&response.body).unwrap_or_default();
    let is_own = said.ok == Some(false);
    if !is_refusal(response.status) && !is_own {
        return None;
    }
    let status = if is_own { said.error_code.unwrap_or(response.status) } else { response.status };
    let description = said.description.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| description.contains(word));
    let asked = said.parameters.retry_after.map(Duration::from_secs);
    let asked = asked.or_else(|| response.retry_after());
    Some(match status {
        429 | 420 => Attempt::RetryAfter(asked, ErrorKind::RateLimited),
        _ if said.parameters.retry_after.is_some() || says(&["too many requests", "flood"]) => {
            Attempt::RetryAfter(asked, ErrorKind::RateLimited)
        }
        _ if !is_own => stranger(status),
        500.. => Attempt::RetryAfter(asked, ErrorKind::ServiceError),
        400 if says(&["chat not found"]) => Attempt::Refused(Refusal::Recipient, ErrorKind::ChatNotFound),
        // It passes within minutes, unlike a bot that was blocked.
        403 if says(&["can't send messages to the user"]) => Attempt::RetryAfter(asked, FOR_NOW),
        // The bot was blocked, thrown out of the chat, or may not write there.
        403 => Attempt::Refused(Refusal::Recipient, ErrorKind::Http(status)),
        400 if says(&[
            "deactivated",
            "rights",
            "kicked",
            "write_forbidden",
            "restricted",
            "peer_id_invalid",
            "user not found",
        ]) =>
        {
            Attempt::Refused(Refusal::Recipient, ErrorKind::Http(status))
        }
        // The token is not, or not any more, a bot's.
        401 | 404 => Attempt::Refused(Refusal::Channel, ErrorKind::Http(status)),
        _ => Attempt::Refused(Refusal::Message, ErrorKind::Http(status)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: Default::default(), body: body.to_owned().into(), certificate: None }
    }

    const PROXY: &str =
        "<html><head><title>Access denied</title></head><body>Blocked by policy</body></html>";

    /// The attempt in a word: for whom it is over, or what is waited for.
    fn word(attempt: Option<Attempt>) -> String {
        match attempt {
            None => "not a refusal".into(),
            Some(Attempt::Refused(refusal, _)) => format!("{refusal:?} for good").to_lowercase(),
            Some(Attempt::RetryAfter(asked, reason)) => {
                format!("again: {reason}{}", asked.map_or_else(String::new, |asked| format!(" {asked:?}")))
            }
            Some(Attempt::Rest(reason)) => format!("rest: {reason}"),
            Some(Attempt::Delivered | Attempt::Unknown) => "no refusal at all".into(),
        }
    }

    #[test]
    fn sendgrid_is_judged_by_its_words() {
        let error =
            |message: &str| format!(r#"{{"errors":[{{"message":"{message}","field":null,"help":null}}]}}"#);
        for (status, body, expected) in [
            (401, error("Maximum credits exceeded"), "rest: credits_exceeded"),
            (
                401,
                r#"{"errors":["Maximum credits exceeded"],"message":"error"}"#.into(),
                "rest: credits_exceeded",
            ),
            (403, error("You have exceeded your messaging limits"), "rest: credits_exceeded"),
            (429, error("Maximum credits exceeded"), "rest: credits_exceeded"),
            (429, error("too many requests"), "again: rate_limited"),
            (
                401,
                error("The provided authorization grant is invalid, expired, or revoked"),
                "channel for good",
            ),
            (401, error("authorization required"), "channel for good"),
            (401, error("Authenticated user is not authorized to send mail"), "channel for good"),
            (403, error("The from address does not match a verified Sender Identity."), "channel for good"),
            (403, error("access forbidden"), "channel for good"),
            (403, error("Your account is temporarily locked"), "rest: refused_for_now"),
            (403, PROXY.into(), "rest: not_the_vendor"),
            (401, String::new(), "rest: not_the_vendor"),
            (401, "{}".into(), "rest: not_the_vendor"),
            (407, PROXY.into(), "rest: not_the_vendor"),
            (302, String::new(), "rest: not_the_vendor"),
            (400, error("The subject is required."), "message for good"),
            (413, PROXY.into(), "message for good"),
            (202, String::new(), "not a refusal"),
            (503, PROXY.into(), "not a refusal"),
        ] {
            assert_eq!(word(sendgrid(&response(status, &body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn slack_is_judged_by_its_word() {
        for (status, body, expected) in [
            (403, "action_prohibited", "recipient for good"),
            (403, "invalid_token", "recipient for good"),
            (404, "no_service", "recipient for good"),
            (404, "channel_not_found\n", "recipient for good"),
            (410, "channel_is_archived", "recipient for good"),
            (400, "user_not_found", "recipient for good"),
            (404, r#"{"ok":false,"error":"channel_not_found"}"#, "recipient for good"),
            (400, "invalid_payload", "message for good"),
            (429, "rate_limited", "again: rate_limited"),
            (403, "ratelimited", "again: rate_limited"),
            (403, r#"{"ok":false,"error":"team_added_to_org"}"#, "rest: refused_for_now"),
            (404, "service_unavailable", "rest: refused_for_now"),
            (403, PROXY, "rest: not_the_vendor"),
            (404, "Not Found", "rest: not_the_vendor"),
            (403, "", "rest: not_the_vendor"),
            (302, "", "rest: not_the_vendor"),
            (200, "ok", "not a refusal"),
            (500, "rollup_error", "not a refusal"),
        ] {
            assert_eq!(word(slack(&response(status, body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn telegram_is_judged_by_its_description() {
        let error = |code: u16, description: &str| {
            format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#)
        };
        for (status, body, expected) in [
            (401, error(401, "Unauthorized"), "channel for good"),
            (404, error(404, "Not Found"), "channel for good"),
            (403, error(403, "Forbidden: bot was blocked by the user"), "recipient for good"),
            (403, error(403, "Forbidden: user is deactivated"), "recipient for good"),
            (403, error(403, "Forbidden: bot can't send messages to the user"), "again: refused_for_now"),
            (400, error(400, "Bad Request: chat not found"), "recipient for good"),
            (400, error(400, "Bad Request: not enough rights to send text messages to the chat"), "recipient for good"),
            (400, error(400, "Bad Request: message is too long"), "message for good"),
            (429, r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#.into(), "again: rate_limited 7s"),
            (403, r#"{"ok":false,"error_code":403,"description":"Forbidden","parameters":{"retry_after":9}}"#.into(), "again: rate_limited 9s"),
            (200, error(401, "Unauthorized"), "channel for good"),
            (401, PROXY.into(), "rest: not_the_vendor"),
            (403, "{}".into(), "rest: not_the_vendor"),
            (404, PROXY.into(), "rest: not_the_vendor"),
            (200, r#"{"ok":true,"result":{}}"#.into(), "not a refusal"),
            (502, PROXY.into(), "not a refusal"),
        ] {
            assert_eq!(word(telegram(&response(status, &body))), expected, "{status} {body}");
        }
    }
}
