//! The ways to reach a person, with their addresses and keys.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::{
    Channel,
    attempt::{Attempt, Sending},
    email,
    render::Message,
    slack, telegram,
};
use crate::{
    config::{Secret, Setting, Settings},
    error_kind::ErrorKind,
    http::Http,
    text::variable_name,
    words::Language,
};

/// The administrators' own webhooks: setting and staff key.
pub(super) const ADMINISTRATORS: [(Setting, &str); 2] =
    [(Setting::SlackWebhookAdmin1, "louise"), (Setting::SlackWebhookAdmin2, "nicolas")];

/// Addresses and keys of the channels.
#[derive(Debug, Clone)]
pub struct Channels {
    pub(super) webhooks: BTreeMap<String, Secret>,
    pub(super) addresses: BTreeMap<String, String>,
    pub(super) email: email::Account,
    pub(super) telegram: Option<telegram::Bot>,
    pub(super) console_url: Option<Url>,
}

impl Channels {
    /// Reads the Slack webhooks, the SendGrid account, `EMAIL_*`, the Telegram bot and `CONSOLE_URL`. The
    /// administrators' webhooks and the SendGrid account are required: a product that cannot speak must not start.
    /// Telegram is used where there is a bot.
    pub fn read(settings: &mut Settings) -> Self {
        for (setting, _) in ADMINISTRATORS {
            settings.url(setting);
        }
        let webhooks = settings.with_prefix(Setting::SLACK_WEBHOOK).into_iter().collect();
        // The sender's, nobody's of the name of From.
        let of_the_sender = [Setting::EmailFrom, Setting::EmailFromName].map(Setting::name);
        let addresses = settings
            .with_prefix(Setting::EMAIL)
            .into_iter()
            .filter(|(name, _)| !of_the_sender.contains(&name.as_str()))
            .map(|(name, address)| (name, address.value().expose_secret().to_owned()))
            .collect();
        let console_url = settings.optional_url(Setting::ConsoleUrl);
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
pub(super) struct Person {
    pub(super) first_name: Option<String>,
    #[serde(default)]
    pub(super) language: Language,
    pub(super) email: Option<String>,
    pub(super) slack_webhook_key: Option<String>,
    pub(super) telegram_chat_id: Option<String>,
}

impl Channels {
    /// Sends one message to a person on a channel.
    pub(super) async fn send(
        &self,
        http: &Http,
        channel: Channel,
        person: &Person,
        message: &Message,
    ) -> Sending {
        match channel {
            Channel::Slack => {
                let webhook = person.slack_webhook_key.as_ref().and_then(|key| self.webhooks.get(key));
                match webhook {
                    Some(webhook) => slack::send(http, webhook, message).await.into(),
                    None => Attempt::unconfigured(ErrorKind::NoWebhookConfigured).into(),
                }
            }
            Channel::Email => match self.address(person.first_name.as_deref(), person.email.as_deref()) {
                Some(address) => email::send(http, &self.email, address, message).await.into(),
                None => Attempt::unconfigured(ErrorKind::NoAddressConfigured).into(),
            },
            Channel::Telegram => match (&self.telegram, &person.telegram_chat_id) {
                (Some(bot), Some(chat)) => telegram::send(http, bot, chat, message).await,
                (None, _) => Attempt::unconfigured(ErrorKind::NoBotConfigured).into(),
                (_, None) => Attempt::unconfigured(ErrorKind::NoChatConfigured).into(),
            },
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
