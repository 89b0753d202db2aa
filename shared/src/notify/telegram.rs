//! Telegram's Bot API: `sendMessage` as plain text, split at paragraphs where a message is too long for one.

use askama::Template;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Attempt, Message, Sending,
    email::Text,
    parts::{LONGEST_WAIT, PAUSE, split},
    refusal,
};
use crate::{
    config::{Secret, Setting, Settings},
    error_kind::ErrorKind,
    http::{Http, HttpError, Response, Retry, json_request},
};

/// Characters of one message, counted in UTF-16 units.
const LIMIT: usize = 4096;

/// The bot.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    url: Url,
    token: Secret,
}

impl Bot {
    /// `TELEGRAM_BOT_TOKEN` and `TELEGRAM_URL`; without a token there is no bot.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let token = settings.optional_key(Setting::TelegramBotToken)?;
        Some(Self { url: settings.url(Setting::TelegramUrl), token })
    }

    /// Asks one method of the API. The address holds the token: it is never shown.
    async fn call(&self, http: &Http, method: &'static str, body: String) -> Result<Response, HttpError> {
        let request = json_request("telegram", Method::POST, self.url.clone(), body.into());
        let request = request.with_key_in_address(&self.token, move |request, token| {
            request.url.set_path(&format!("/bot{token}/{method}"));
        });
        http.send_once(&request, Retry::ONCE.timeout).await
    }
}

/// What Telegram says of a chat that is elsewhere.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    migrate_to_chat_id: Option<i64>,
}

pub(super) async fn send(http: &Http, bot: &Bot, chat: &str, message: &Message) -> Sending {
    let Ok(text) = (Text { message }).render() else {
        return Attempt::unconfigured(ErrorKind::Template).into();
    };
    let mut sending = Sending { attempt: Attempt::Delivered, chat_id: None };
    for (at, part) in split(&text, LIMIT).iter().enumerate() {
        if at > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        sending =
            send_part(http, bot, sending.chat_id.as_deref().unwrap_or(chat), part, sending.chat_id.clone())
                .await;
        if let (Attempt::RetryAfter(asked, _), true) = (&sending.attempt, at > 0) {
            tokio::time::sleep(asked.unwrap_or(PAUSE).min(LONGEST_WAIT)).await;
            sending = send_part(
                http,
                bot,
                sending.chat_id.as_deref().unwrap_or(chat),
                part,
                sending.chat_id.clone(),
            )
            .await;
        }
        if sending.attempt != Attempt::Delivered {
            // The beginning is there already: from the start again would tell it twice.
            if at > 0 {
                sending.attempt = Attempt::Unknown;
            }
            break;
        }
    }
    sending
}

async fn send_part(http: &Http, bot: &Bot, chat: &str, text: &str, moved: Option<String>) -> Sending {
    let body = |chat: &str| {
        json!({"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": true}}).to_string()
    };
    let outcome = bot.call(http, "sendMessage", body(chat)).await;
    match new_chat(&outcome) {
        Some(chat) => {
            let attempt = classify(bot.call(http, "sendMessage", body(&chat)).await);
            Sending { attempt, chat_id: Some(chat) }
        }
        None => Sending { attempt: classify(outcome), chat_id: moved },
    }
}

fn answer(response: &Response) -> Answer {
    response.json("telegram").unwrap_or_default()
}

/// Where a group went that became a supergroup.
fn new_chat(outcome: &Result<Response, HttpError>) -> Option<String> {
    let response = outcome.as_ref().ok().filter(|response| response.status == 400)?;
    answer(response).parameters.migrate_to_chat_id.map(|id| id.to_string())
}

fn classify(outcome: Result<Response, HttpError>) -> Attempt {
    Attempt::of(outcome, refusal::telegram)
}
