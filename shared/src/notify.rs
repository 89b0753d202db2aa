//! Notifications: from a notice to people. The database applies the rules and keeps the outbox; this module sends
//! what is due and classifies what became of it.
//!
//! A delivery problem never changes the run that caused the notice.

mod direct;
mod email;
mod event;
pub mod figures;
mod outbox;
mod parts;
mod refusal;
mod render;
mod slack;
mod telegram;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

pub use self::{
    direct::{TestReport, Told, tell_administrators, test_channels},
    event::Event,
    outbox::{Delivered, deliver},
    render::{Message, Table, anomaly_sentence, error_name, event_name, weekly},
};
use crate::{
    config::{Secret, Settings},
    http::{Cause, Http, HttpError, Response},
    text::variable_name,
    words::Language,
};

/// How bad it is. `Critical` passes every quiet hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
    /// The company's work is stopped or about to be.
    Critical,
}

/// Something that people may have to know. The rules decide who hears of it.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// What it is about.
    pub event_type: Event,
    /// Severity.
    pub severity: Severity,
    /// The same trouble has the same fingerprint, and is told once.
    pub fingerprint: String,
    /// What the text is made of. No address, no secret.
    pub data: Value,
    /// Staff keys that stand for `@concerned` in the rules; none for most notices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concerned: Vec<String>,
}

impl Notice {
    /// A notice to whom the rules say.
    pub fn new(event_type: Event, severity: Severity, fingerprint: String, data: Value) -> Self {
        Self { event_type, severity, fingerprint, data, concerned: Vec::new() }
    }

    /// Supabase itself is down: told without it.
    pub fn supabase_down(task_label: &str, now: Timestamp) -> Self {
        Self::new(
            Event::SupabaseDown,
            Severity::Critical,
            format!("supabase.down@{now}"),
            json!({"task_label": task_label, "since": now.to_string()}),
        )
    }
}

/// The administrators' own webhooks: setting and staff key.
const ADMINISTRATORS: [(&str, &str); 2] =
    [("SLACK_WEBHOOK_ADMIN_1", "louise"), ("SLACK_WEBHOOK_ADMIN_2", "nicolas")];

/// The ways to reach a person, in the order in which they stand in for one another.
const CHANNELS: [&str; 3] = ["slack", "email", "telegram"];

/// Addresses and keys of the channels.
#[derive(Debug, Clone)]
pub struct Channels {
    webhooks: BTreeMap<String, Secret>,
    addresses: BTreeMap<String, String>,
    email: email::Account,
    telegram: Option<telegram::Bot>,
    console_url: Option<Url>,
}

impl Channels {
    /// Reads the Slack webhooks, the SendGrid account, `EMAIL_*`, the Telegram bot and `CONSOLE_URL`. The
    /// administrators' webhooks and the SendGrid account are required: a product that cannot speak must not start.
    /// Telegram is used where there is a bot.
    pub fn read(settings: &mut Settings) -> Self {
        for (setting, _) in ADMINISTRATORS {
            settings.url(setting, "");
        }
        let names = |prefix: &str, settings: &Settings| settings.names_with_prefix(prefix);
        let webhooks = names("SLACK_WEBHOOK_", settings)
            .into_iter()
            .filter_map(|name| Some((name.clone(), settings.optional_key(&name)?)))
            .collect();
        let addresses = names("EMAIL_", settings)
            .into_iter()
            // The sender's, nobody's of the name of From.
            .filter(|name| !["EMAIL_FROM", "EMAIL_FROM_NAME"].contains(&name.as_str()))
            .filter_map(|name| Some((name.clone(), settings.optional(&name)?)))
            .collect();
        let console_url = settings.optional("CONSOLE_URL").map(|_| settings.url("CONSOLE_URL", ""));
        Self {
            webhooks,
            addresses,
            email: email::Account::read(settings),
            telegram: telegram::Bot::read(settings),
            console_url,
        }
    }

    /// A person's e-mail address: the one in `staff`, else the variable `EMAIL_<FIRST NAME>`, written as
    /// [`variable_name`] does (`EMAIL_MARIE_EVE`). A key of the secret that spells the name in another way is the same.
    pub fn address<'a>(&'a self, first_name: Option<&str>, in_staff: Option<&'a str>) -> Option<&'a str> {
        in_staff.filter(|address| !address.is_empty()).or_else(|| {
            let own = variable_name(first_name?);
            if own.is_empty() {
                return None;
            }
            let spelled = |name: &str| name.strip_prefix("EMAIL_").map(variable_name);
            self.addresses
                .get(&format!("EMAIL_{own}"))
                .or_else(|| {
                    Some(self.addresses.iter().find(|(name, _)| spelled(name).as_ref() == Some(&own))?.1)
                })
                .map(String::as_str)
        })
    }
}

/// A person, with what each channel needs to know.
#[derive(Debug, Clone, Default, Deserialize)]
struct Person {
    first_name: Option<String>,
    #[serde(default)]
    language: Language,
    email: Option<String>,
    slack_webhook_key: Option<String>,
    telegram_chat_id: Option<String>,
}

/// What a refusal for good is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// This message only.
    Message,
    /// Nothing reaches this recipient on this channel any more.
    Recipient,
    /// Nothing reaches anybody on this channel any more.
    Channel,
}

/// What became of one attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Attempt {
    Delivered,
    RetryAfter(Option<Duration>, &'static str),
    /// The service takes nothing from us for now, whoever it is for: others carry its messages meanwhile.
    Rest(&'static str),
    Refused(Refusal, String),
    /// The service may have taken it: repeating it could tell somebody twice.
    Unknown,
}

impl Attempt {
    /// One classification for every channel; `refusal` says what a vendor means by a refusal, and `None` where it
    /// is none.
    fn of(outcome: Result<Response, HttpError>, refusal: fn(&Response) -> Option<Self>) -> Self {
        match outcome {
            Ok(response) => refusal(&response).unwrap_or_else(|| match response.status {
                200..=299 => Attempt::Delivered,
                500.. => Attempt::RetryAfter(None, "service_error"),
                status => Attempt::Refused(Refusal::Message, format!("http_{status}")),
            }),
            Err(error) => match error.cause {
                // Nothing was sent.
                Cause::Connect(_) | Cause::Forbidden => Attempt::RetryAfter(None, "no_connection"),
                Cause::Timeout | Cause::Cut | Cause::Status(_) | Cause::Malformed => Attempt::Unknown,
            },
        }
    }

    fn unconfigured(reason: &str) -> Self {
        Attempt::Refused(Refusal::Message, reason.to_owned())
    }

    /// `sent`, `unknown` or `failed`: how an attempt without another one is told.
    fn verdict(&self) -> &'static str {
        match self {
            Attempt::Delivered => "sent",
            Attempt::Unknown => "unknown",
            Attempt::RetryAfter(..) | Attempt::Rest(_) | Attempt::Refused(..) => "failed",
        }
    }
}

/// An attempt, and the new address of a chat that has moved.
struct Sending {
    attempt: Attempt,
    chat_id: Option<String>,
}

impl From<Attempt> for Sending {
    fn from(attempt: Attempt) -> Self {
        Self { attempt, chat_id: None }
    }
}

impl Channels {
    /// Sends one message to a person on a channel.
    async fn send(&self, http: &Http, channel: &str, person: &Person, message: &Message) -> Sending {
        match channel {
            "slack" => {
                let webhook = person.slack_webhook_key.as_ref().and_then(|key| self.webhooks.get(key));
                match webhook {
                    Some(webhook) => slack::send(http, webhook, message).await.into(),
                    None => Attempt::unconfigured("no_webhook_configured").into(),
                }
            }
            "email" => match self.address(person.first_name.as_deref(), person.email.as_deref()) {
                Some(address) => email::send(http, &self.email, address, message).await.into(),
                None => Attempt::unconfigured("no_address_configured").into(),
            },
            "telegram" => match (&self.telegram, &person.telegram_chat_id) {
                (Some(bot), Some(chat)) => telegram::send(http, bot, chat, message).await,
                (None, _) => Attempt::unconfigured("no_bot_configured").into(),
                (_, None) => Attempt::unconfigured("no_chat_configured").into(),
            },
            _ => Attempt::unconfigured("unknown_channel").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_by_a_name_that_a_shell_takes() {
        let webhook = "https://hooks.example/x";
        let mut settings = Settings::from_pairs([
            ("SLACK_WEBHOOK_ADMIN_1", webhook),
            ("SLACK_WEBHOOK_ADMIN_2", webhook),
            ("SENDGRID_API_KEY", "k"),
            ("EMAIL_FROM", "from@example.com"),
            ("EMAIL_FROM_NAME", "Avis"),
            ("EMAIL_MARIE_EVE", "marie-eve@example.com"),
            ("EMAIL_JEAN_CLAUDE", "jean-claude@example.com"),
            ("EMAIL_O_BRIEN", "o-brien@example.com"),
            // As a secret may hold it already.
            ("EMAIL_LOUIS PHILIPPE", "louis-philippe@example.com"),
        ]);
        let channels = Channels::read(&mut settings);
        settings.check().unwrap();
        for (name, address) in [
            ("Marie-Ève", Some("marie-eve@example.com")),
            ("marie eve", Some("marie-eve@example.com")),
            ("Jean Claude", Some("jean-claude@example.com")),
            ("Jean-Claude", Some("jean-claude@example.com")),
            ("O’Brien", Some("o-brien@example.com")),
            ("Louis-Philippe", Some("louis-philippe@example.com")),
            // Nobody is called like the sender's settings.
            ("From", None),
            ("From Name", None),
            ("Marie", None),
            ("Marieeve", None),
            ("", None),
            ("李", None),
        ] {
            assert_eq!(channels.address(Some(name), None), address, "{name}");
        }
        assert_eq!(channels.address(None, None), None);
        assert_eq!(channels.address(Some("Jean Claude"), Some("own@example.com")), Some("own@example.com"));
    }
}
