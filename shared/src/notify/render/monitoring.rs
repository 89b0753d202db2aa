//! Messages about the product's own health: services, missing runs, alarms, channels.

use serde_json::Value;
use url::Url;

use super::{Message, alerts::text, local_time, shown, texts};
use crate::{
    notify::{
        Channel, Event,
        figures::{Detail, duration},
    },
    words::Language,
};

/// The message about an event of monitoring.
pub(super) fn message(event: Event, data: &Value, language: Language) -> Message {
    let pick = |key| language.text(key).to_owned();
    let subject = shown(text(data, "subject"), 80);
    let named = |key| language.sentence(key, [("subject", subject.as_str().into())]);
    let channel = Channel::named(text(data, "channel"));
    let (title, advice) = match event {
        Event::AvailabilityDown if data["state"] == "flapping" => {
            (named("about-is-unstable"), pick("service-falls-comes-back-there"))
        }
        Event::AvailabilityDown => (named("about-does-not-answer"), pick("check-state-service-message-will")),
        Event::AvailabilityRecovered => (named("about-answers-again"), pick("nothing-to-do")),
        Event::HeartbeatMissed => (named("about-has-not-succeeded-time"), pick("open-last-run-if-none")),
        Event::HeartbeatRecovered => (named("about-has-succeeded-again"), pick("nothing-to-do")),
        Event::AlarmRaised => (named("about-aws-alarm"), pick("open-alarm-follow-runbook")),
        Event::AlarmRecovered => (named("about-aws-alarm-over"), pick("nothing-to-do")),
        Event::ChannelDisabled => (
            match channel {
                Some(Channel::Slack) => pick("slack-refuses-our-messages"),
                Some(Channel::Email) => pick("sendgrid-refuses-our-e-mails"),
                Some(Channel::Telegram) => pick("telegram-refuses-our-messages"),
                None => pick("event-channel-disabled"),
            },
            pick("channel-off-messages-take-another"),
        ),
        Event::ChannelSilent if !text(data, "error_kind").is_empty() => (
            match channel {
                Some(Channel::Slack) => pick("slack-does-not-take-our"),
                Some(Channel::Email) => pick("sendgrid-does-not-take-our"),
                Some(Channel::Telegram) => pick("telegram-does-not-take-our"),
                None => pick("event-channel-silent"),
            },
            pick("messages-take-another-channel-one"),
        ),
        Event::ChannelSilent => {
            (named("about-does-not-answer-our-messages"), pick("nobody-knows-whether-last-messages"))
        }
        Event::ChannelRecovered => (named("about-answers-our-messages-again"), pick("nothing-to-do")),
        Event::SystemTest => (pick("test-notification"), pick("channel-works-nothing-do")),
        other => (other.name().to_owned(), pick("advice-runbook")),
    };
    Message { title, facts: facts(data, language), advice, ..Message::default() }
}

fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |key, value: String| {
        if !value.is_empty() {
            facts.push((language.text(key).to_owned(), value));
        }
    };
    // A person by name; a key that belongs to nobody any more stays.
    let recipient = data["recipient_name"].as_str().unwrap_or_else(|| text(data, "recipient"));
    add("recipient", shown(recipient, 60));
    add("reason", texts::explanation(&shown(text(data, "reason"), 300), language));
    add("error", texts::explanation(&shown(text(data, "error_kind"), 60), language));
    add("last-success", local_time(text(data, "last_success_at")));
    add("since", local_time(text(data, "since")));
    add("until-jusqua", local_time(text(data, "until")));
    if let Some(seconds) = data["duration_seconds"].as_u64() {
        let milliseconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        add("duration", duration(milliseconds, Detail::Plain, language));
    }
    facts
}

/// The page of a CloudWatch alarm: only AWS's own console is linked.
pub(super) fn alarm_page(data: &Value) -> Option<Url> {
    let url = Url::parse(text(data, "alarm_url")).ok()?;
    let is_console = url.host_str().is_some_and(|host| host.ends_with(".console.aws.amazon.com"));
    // Links share one text object of Slack's, of 3000 characters.
    (url.scheme() == "https" && is_console && url.as_str().len() <= 2_000).then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_console_of_aws_is_linked() {
        let page = |url: &str| alarm_page(&json!({"alarm_url": url}));
        assert!(
            page("https://ca-central-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/x").is_some()
        );
        assert!(page("https://evil.example/console.aws.amazon.com").is_none());
        assert!(page("javascript:alert(1)").is_none());
    }
}
