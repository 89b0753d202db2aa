//! The ways to reach a person. A further one is a line here, and what the compiler then asks for; the database's lists are
//! compared with this one by a test.

use serde::{Deserialize, Serialize};

use crate::words::Language;

/// A way to reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// An incoming webhook of one person.
    Slack,
    /// SendGrid.
    Email,
    /// A chat with the bot.
    Telegram,
}

impl Channel {
    /// All, in the order in which they stand in for one another.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Email, Self::Telegram];

    /// Their stable names.
    pub const NAMES: [&str; 3] = [Self::Slack.name(), Self::Email.name(), Self::Telegram.name()];

    /// Stable name: in rules, deliveries and addresses of the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Email => "email",
            Self::Telegram => "telegram",
        }
    }

    /// The channel of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    /// What people call it.
    pub fn title(self, language: Language) -> &'static str {
        language.text(match self {
            Self::Slack => "channel-slack",
            Self::Email => "e-mail",
            Self::Telegram => "channel-telegram",
        })
    }
}
