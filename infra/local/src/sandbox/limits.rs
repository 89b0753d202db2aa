//! What the vendors of messages refuse in the fields that the product uses, and where they say so.

/// How much a vendor takes in one place.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Fewer are refused.
    pub least: usize,
    /// More are refused.
    pub most: usize,
    /// Where the vendor says so.
    #[allow(dead_code)] // For people.
    pub source: &'static str,
}

impl Limit {
    /// Whether so many are taken.
    pub fn takes(&self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }
}

/// Characters of a message's `text`. Slack cuts a longer one, which loses what it held: here it is refused.
pub const SLACK_TEXT: Limit = Limit {
    least: 1,
    most: 40_000,
    source: "https://api.slack.com/changelog/2018-04-truncating-really-long-messages",
};
/// Blocks of a message.
pub const SLACK_BLOCKS: Limit =
    Limit { least: 0, most: 50, source: "https://docs.slack.dev/reference/block-kit/blocks" };
/// Characters of all blocks of a message together, as JSON: `msg_blocks_too_long`. Not documented; people measured
/// 13 172 to 13 297.
pub const SLACK_BLOCKS_TOGETHER: Limit =
    Limit { least: 0, most: 13_000, source: "https://github.com/slackapi/bolt-js/issues/2509" };
/// Characters of a header, which is plain text.
pub const SLACK_HEADER: Limit =
    Limit { least: 1, most: 150, source: "https://docs.slack.dev/reference/block-kit/blocks/header-block" };
/// Characters of a section's text.
pub const SLACK_SECTION: Limit = Limit {
    least: 1,
    most: 3_000,
    source: "https://docs.slack.dev/reference/block-kit/blocks/section-block",
};
/// Elements of a context.
pub const SLACK_CONTEXT: Limit =
    Limit { least: 1, most: 10, source: "https://docs.slack.dev/reference/block-kit/blocks/context-block" };
/// Characters of a text object, such as an element of a context.
pub const SLACK_TEXT_OBJECT: Limit = Limit {
    least: 1,
    most: 3_000,
    source: "https://docs.slack.dev/reference/block-kit/composition-objects/text-object",
};

/// `personalizations` of a mail.
pub const SENDGRID_PERSONALIZATIONS: Limit = Limit {
    least: 1,
    most: 1_000,
    source: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
};
/// Recipients of a mail, over all personalizations; each address once.
pub const SENDGRID_RECIPIENTS: Limit = Limit {
    least: 1,
    most: 1_000,
    source: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
};
/// Characters of a subject: at least one, says SendGrid; a line of a mail has at most 998.
pub const SENDGRID_SUBJECT: Limit =
    Limit { least: 1, most: 998, source: "https://datatracker.ietf.org/doc/html/rfc5322#section-2.1.1" };
/// Kinds of content: text before HTML, each once.
pub const SENDGRID_CONTENT: [&str; 2] = ["text/plain", "text/html"];
/// Characters of a content.
pub const SENDGRID_VALUE: Limit = Limit {
    least: 1,
    most: usize::MAX,
    source: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
};
/// Bytes of a mail as it is sent.
pub const SENDGRID_MAIL: Limit = Limit {
    least: 0,
    most: 30 * 1024 * 1024,
    source: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
};

/// UTF-16 units of a message; white space around it does not count.
pub const TELEGRAM_TEXT: Limit =
    Limit { least: 1, most: 4_096, source: "https://core.telegram.org/bots/api#sendmessage" };
