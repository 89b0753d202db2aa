//! The ways to reach a person. A further one is a line here, and what the compiler then asks for; the database's lists are
//! compared with this one by a test.

use serde::{Deserialize, Serialize};

use crate::words::Language;

macro_rules! channels {
    ($($(#[doc = $doc:literal])* $variant:ident, $name:literal, $words:literal;)*) => {
        /// A way to reach a person.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Channel {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Channel {
            /// All, in the order in which they stand in for one another.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Their stable names.
            pub const NAMES: [&str; [$($name),*].len()] = [$($name),*];

            /// Stable name: in rules, deliveries and addresses of the API.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The key of what people call it.
            const fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

channels! {
    /// An incoming webhook of one person.
    Slack, "slack", "channel-slack";
    /// SendGrid.
    Email, "email", "e-mail";
    /// A chat with the bot.
    Telegram, "telegram", "channel-telegram";
}

impl Channel {
    /// What people call it.
    pub fn title(self, language: Language) -> &'static str {
        language.text(self.words())
    }

    /// The channel of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_is_called_something_in_both_languages() {
        for channel in Channel::ALL {
            for language in Language::ALL {
                assert!(language.find(channel.words()).is_some(), "{channel:?} has no words");
            }
        }
    }
}
