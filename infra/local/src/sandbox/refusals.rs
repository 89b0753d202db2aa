//! How Slack, SendGrid and Telegram say no to a sender: each vendor's own status and words, and where they are
//! documented. The faults of the sandbox answer from this list, so that nothing here is more polite than the vendors are.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::faults::{Fault, Faults};

/// One refusal of a vendor.
#[derive(Debug)]
pub struct Refusal {
    /// The fault that brings it about.
    pub fault: Fault,
    /// Who refuses.
    pub vendor: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub media_type: &'static str,
    /// Body, as the vendor writes it.
    pub body: &'static str,
    /// Where that is documented.
    pub source: &'static str,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/html";
const SENDGRID_4XX: &str = "https://support.sendgrid.com/hc/en-us/articles/18322114821403-4XX-API-Errors-and-Troubleshooting-Suggestions";
const SLACK_ERRORS: &str =
    "https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks";
const TELEGRAM_ERRORS: &str = "https://github.com/TelegramBotAPI/errors";
/// What stands between us and a vendor speaks for itself.
const PROXY: &str =
    "<html><head><title>403 Forbidden</title></head><body><h1>Blocked by policy</h1></body></html>";

macro_rules! refusal {
    ($fault:ident, $vendor:literal, $status:literal, $media_type:expr, $body:expr, $source:expr) => {
        Refusal {
            fault: Fault::$fault,
            vendor: $vendor,
            status: $status,
            media_type: $media_type,
            body: $body,
            source: $source,
        }
    };
}

/// All of them.
pub const REFUSALS: [Refusal; 14] = [
    refusal!(
        SendgridForbidden,
        "sendgrid",
        403,
        JSON,
        r#"{"errors":[{"message":"The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.","field":"from","help":null}]}"#,
        "https://www.twilio.com/docs/api/errors/60222"
    ),
    refusal!(
        SendgridKey,
        "sendgrid",
        401,
        JSON,
        r#"{"errors":[{"message":"The provided authorization grant is invalid, expired, or revoked","field":null,"help":null}]}"#,
        SENDGRID_4XX
    ),
    refusal!(
        SendgridCredits,
        "sendgrid",
        401,
        JSON,
        r#"{"errors":[{"message":"Maximum credits exceeded","field":null,"help":null}]}"#,
        SENDGRID_4XX
    ),
    refusal!(SendgridProxy, "sendgrid", 403, TEXT, PROXY, "no vendor: a proxy on the way"),
    refusal!(SlackGone, "slack", 404, TEXT, "no_service", SLACK_ERRORS),
    refusal!(SlackProhibited, "slack", 403, TEXT, "action_prohibited", SLACK_ERRORS),
    refusal!(SlackArchived, "slack", 410, TEXT, "channel_is_archived", SLACK_ERRORS),
    refusal!(SlackProxy, "slack", 403, TEXT, PROXY, "no vendor: a proxy on the way"),
    refusal!(
        TelegramBlocked,
        "telegram",
        403,
        JSON,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
        TELEGRAM_ERRORS
    ),
    refusal!(
        TelegramKey,
        "telegram",
        401,
        JSON,
        r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
        TELEGRAM_ERRORS
    ),
    refusal!(
        TelegramRights,
        "telegram",
        400,
        JSON,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: not enough rights to send text messages to the chat"}"#,
        TELEGRAM_ERRORS
    ),
    refusal!(
        TelegramMute,
        "telegram",
        403,
        JSON,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot can't send messages to the user"}"#,
        "https://rss2tg.duck.consulting/bug.html"
    ),
    refusal!(
        TelegramRateLimit,
        "telegram",
        429,
        JSON,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 3","parameters":{"retry_after":3}}"#,
        "https://core.telegram.org/bots/api#responseparameters"
    ),
    refusal!(TelegramProxy, "telegram", 403, TEXT, PROXY, "no vendor: a proxy on the way"),
];

/// The refusal of a vendor that is in force, counted down.
pub fn of(faults: &Faults, vendor: &str) -> Option<Response> {
    REFUSALS
        .iter()
        .filter(|refusal| refusal.vendor == vendor)
        .find(|refusal| faults.strikes(refusal.fault))
        .map(answer)
}

/// A refusal as the vendor writes it.
pub fn answer(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, refusal.media_type)], refusal.body).into_response()
}

/// The one that a fault brings about.
pub fn named(fault: Fault) -> Response {
    REFUSALS
        .iter()
        .find(|refusal| refusal.fault == fault)
        .map_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response(), answer)
}

#[cfg(test)]
mod tests {
    use shared::notify::Channel;

    use super::*;

    #[test]
    fn every_channel_has_a_vendor_that_refuses() {
        for channel in Channel::ALL {
            let vendor = match channel {
                Channel::Slack => "slack",
                Channel::Email => "sendgrid",
                Channel::Telegram => "telegram",
            };
            let of_vendor =
                |refusal: &&Refusal| refusal.vendor == vendor && refusal.source.starts_with("https://");
            assert!(REFUSALS.iter().any(|refusal| of_vendor(&refusal)), "{vendor} refuses nothing");
        }
    }

    #[test]
    fn every_refusal_has_a_source_and_the_form_of_its_vendor() {
        for refusal in &REFUSALS {
            let is_documented =
                refusal.source.starts_with("https://") || refusal.source.starts_with("no vendor");
            assert!(is_documented, "{refusal:?}");
            let json: Option<serde_json::Value> = serde_json::from_str(refusal.body).ok();
            let is_in_form = match (refusal.vendor, refusal.source.starts_with("no vendor"), json) {
                (_, true, json) => json.is_none() && refusal.body.starts_with('<'),
                ("sendgrid", _, Some(json)) => json["errors"][0]["message"].is_string(),
                ("telegram", _, Some(json)) => json["ok"] == false && json["error_code"] == refusal.status,
                ("slack", _, None) => {
                    refusal.body.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_')
                }
                _ => false,
            };
            assert!(is_in_form, "{refusal:?}");
        }
    }
}
