//! E-mail through SendGrid `v3/mail/send`: one recipient per message, text and HTML, everything escaped.

use askama::Template;
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::json;
use url::Url;

use super::{Attempt, Message, refusal};
use crate::{
    config::{Secret, Setting, Settings},
    error_kind::ErrorKind,
    http::{Http, Retry, json_request},
    text::truncate,
};

/// The SendGrid account.
#[derive(Debug, Clone)]
pub(super) struct Account {
    url: Url,
    key: Secret,
    from: String,
    from_name: String,
}

impl Account {
    pub fn read(settings: &mut Settings) -> Self {
        let from = settings.required(Setting::EmailFrom);
        if !from.is_empty() && !from.contains('@') {
            settings.problem("EMAIL_FROM is not an e-mail address");
        }
        Self {
            url: settings.url(Setting::SendgridUrl),
            key: settings.required_key(Setting::SendgridApiKey),
            from,
            from_name: settings.required(Setting::EmailFromName),
        }
    }
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Html<'a> {
    message: &'a Message,
}

/// Figures under headings; their charts are coloured table cells, since mail clients drop SVG and `data:`.
#[derive(Template)]
#[template(path = "sections.html")]
struct SectionsHtml<'a> {
    message: &'a Message,
}

#[derive(Template)]
#[template(path = "notice.txt")]
pub(super) struct Text<'a> {
    pub message: &'a Message,
}

fn html(message: &Message) -> askama::Result<String> {
    if message.sections.is_empty() { Html { message }.render() } else { SectionsHtml { message }.render() }
}

impl Message {
    /// The message as plain text.
    pub fn plain_text(&self) -> String {
        Text { message: self }.render().unwrap_or_default()
    }
}

pub(super) async fn send(http: &Http, account: &Account, address: &str, message: &Message) -> Attempt {
    let (Ok(html), Ok(text)) = (html(message), Text { message }.render()) else {
        return Attempt::unconfigured(ErrorKind::Template);
    };
    let body = json!({
        "personalizations": [{"to": [{"email": address}]}],
        "from": {"email": account.from, "name": account.from_name},
        // A line break in a subject is a header injection; SendGrid refuses it, we do not send it.
        "subject": truncate(&message.title.replace(['\r', '\n'], " "), 200),
        "content": [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}],
    });
    let mut url = account.url.clone();
    url.set_path("/v3/mail/send");
    let request = json_request("sendgrid", Method::POST, url, body.to_string().into()).with_key_header(
        &account.key,
        AUTHORIZATION,
        "Bearer ",
    );
    Attempt::of(http.send_once(&request, Retry::ONCE.timeout).await, refusal::sendgrid)
}
