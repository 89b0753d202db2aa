//! Telling people without the outbox: when the database is what failed, and to test the channels.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ADMINISTRATORS, Attempt, Channel, Channels, Event, Message, Notice, Person, Refusal};
use crate::{
    error_kind::ErrorKind,
    http::Http,
    supabase::{Supabase, SupabaseError},
    words::Language,
};

/// The result of one attempt to notify somebody without the outbox, as it appears in the answer of the function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DirectDelivery {
    /// `slack`, or `email` where Slack took nothing.
    pub channel: String,
    /// Staff key.
    pub recipient: String,
    /// Event type.
    pub event_type: String,
    /// `sent`, `failed` or `unknown`.
    pub status: String,
}

/// Notifies the administrators without the outbox, for when the database is what failed. Tries Slack; when no message there is
/// known to be delivered, also e-mail. One result for each recipient that was tried.
pub async fn notify_administrators(http: &Http, channels: &Channels, notice: &Notice) -> Vec<DirectDelivery> {
    let message =
        Message::render(notice.event_type, &notice.data, Language::Fr, channels.console_url.as_ref());
    let mut notified = Vec::new();
    for channel in [Channel::Slack, Channel::Email] {
        let people = ADMINISTRATORS.iter().map(|(setting, recipient)| {
            let person = Person {
                first_name: Some((*recipient).into()),
                slack_webhook_key: Some(setting.name().into()),
                ..Person::default()
            };
            (*recipient, person)
        });
        let reachable: Vec<(&str, Person)> =
            people.filter(|(_, person)| channels.configured_for(person).contains(&channel)).collect();
        let attempts = reachable.iter().map(|(_, person)| insist(http, channels, channel, person, &message));
        let verdicts = join_all(attempts).await;
        notified.extend(reachable.iter().zip(verdicts).map(|((recipient, _), attempt)| DirectDelivery {
            channel: channel.name().into(),
            recipient: (*recipient).into(),
            event_type: notice.event_type.name().into(),
            status: attempt.verdict().into(),
        }));
        if notified.iter().any(|notified| notified.status == "sent") {
            break;
        }
    }
    notified
}

/// Sends, and where that was refused for now twice more: there is no outbox to try again from.
async fn insist(
    http: &Http,
    channels: &Channels,
    channel: Channel,
    person: &Person,
    message: &Message,
) -> Attempt {
    let mut attempt = channels.send(http, channel, person, message).await.attempt;
    for wait in [Duration::from_secs(1), Duration::from_secs(3)] {
        if !matches!(attempt, Attempt::RetryAfter(..)) {
            break;
        }
        tokio::time::sleep(wait).await;
        attempt = channels.send(http, channel, person, message).await.attempt;
    }
    attempt
}

/// What a test of the channels found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// `success` when every configured channel delivered, `partial` when some did, else `failed`.
    pub status: &'static str,
    /// One entry per administrator and configured channel.
    pub deliveries: Vec<TestDelivery>,
}

/// One message of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestDelivery {
    /// `slack`, `email` or `telegram`.
    pub channel: Channel,
    /// Staff key.
    pub recipient: String,
    /// Whether the vendor took it.
    pub delivered: bool,
    /// Why not: a stable name, never an address or what the vendor said.
    pub detail: Option<String>,
}

#[derive(Deserialize)]
struct Administrator {
    key: String,
    roles: Vec<String>,
    #[serde(flatten)]
    person: Person,
}

/// Sends `system.test` to every administrator on each channel that is configured for them, or on one channel. All at
/// once: those that hang do not add up. A channel that delivers is switched on again.
///
/// # Errors
/// When the staff cannot be read: nobody is notified then.
pub async fn test_channels(
    supabase: &Supabase,
    http: &Http,
    channels: &Channels,
    only: Option<Channel>,
    now: Timestamp,
) -> Result<TestReport, SupabaseError> {
    let columns = "key,roles,first_name,language,email,slack_webhook_key,telegram_chat_id";
    let query = || supabase.from("staff").select(columns).eq("active", "true");
    let staff: Vec<Administrator> = supabase.all("key", query).await?;
    let administrators = staff.iter().filter(|person| person.roles.iter().any(|role| role == "admin"));
    let tests = administrators.flat_map(|administrator| {
        let channels_of = channels.configured_for(&administrator.person).into_iter();
        channels_of
            .filter(|channel| only.is_none_or(|only| only == *channel))
            .map(move |channel| test_channel(http, channels, administrator, channel, now))
    });
    let deliveries = join_all(tests).await;
    for delivery in deliveries.iter().filter(|delivery| delivery.delivered) {
        let arguments = json!({"p_channel": delivery.channel, "p_recipient": delivery.recipient});
        supabase.rpc::<bool>("switch_on", &arguments).await?;
    }
    let delivered = deliveries.iter().filter(|delivery| delivery.delivered).count();
    let status = match delivered {
        0 => "failed",
        _ if delivered < deliveries.len() => "partial",
        _ => "success",
    };
    Ok(TestReport { status, deliveries })
}

async fn test_channel(
    http: &Http,
    channels: &Channels,
    administrator: &Administrator,
    channel: Channel,
    now: Timestamp,
) -> TestDelivery {
    let person = &administrator.person;
    let data = json!({"since": now.to_string()});
    let message = Message::render(Event::SystemTest, &data, person.language, channels.console_url.as_ref());
    let attempt = channels.send(http, channel, person, &message).await.attempt;
    TestDelivery {
        channel,
        recipient: administrator.key.clone(),
        delivered: attempt == Attempt::Delivered,
        detail: detail(attempt),
    }
}

fn detail(attempt: Attempt) -> Option<String> {
    match attempt {
        Attempt::Delivered => None,
        Attempt::RetryAfter(_, reason) | Attempt::Rest(reason) => Some(reason.to_string()),
        Attempt::Refused(Refusal::Message, reason) => Some(reason.to_string()),
        Attempt::Refused(Refusal::Recipient | Refusal::Channel, reason) => {
            Some(format!("refused_for_good: {reason}"))
        }
        Attempt::Unknown => Some(ErrorKind::NoAnswer.to_string()),
    }
}

impl Channels {
    /// The channels on which a person can be reached, as far as the settings and `staff` say.
    fn configured_for(&self, person: &Person) -> Vec<Channel> {
        let is_configured = |channel: &Channel| match channel {
            Channel::Slack => {
                person.slack_webhook_key.as_ref().is_some_and(|key| self.webhooks.contains_key(key))
            }
            Channel::Email => self.address(person.first_name.as_deref(), person.email.as_deref()).is_some(),
            Channel::Telegram => self.telegram.is_some() && person.telegram_chat_id.is_some(),
        };
        Channel::ALL.into_iter().filter(is_configured).collect()
    }
}
