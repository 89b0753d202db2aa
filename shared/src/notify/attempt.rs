//! What became of an attempt to deliver a message, whatever the channel.

use std::time::Duration;

use crate::{
    error_kind::ErrorKind,
    http::{Cause, HttpError, Response},
};

/// What a permanent refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This message only.
    Message,
    /// Nothing reaches this recipient on this channel any more.
    Recipient,
    /// Nothing reaches anybody on this channel any more.
    Channel,
}

/// What became of one attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempt {
    Delivered,
    RetryAfter(Option<Duration>, ErrorKind),
    /// The service takes nothing from us for now, whoever it is for: others carry its messages meanwhile.
    Rest(ErrorKind),
    Refused(Refusal, ErrorKind),
    /// The service may have taken it: repeating it could tell somebody twice.
    Unknown,
}

impl Attempt {
    /// One classification for every channel; `refusal` says what a vendor means by a refusal, and `None` where it
    /// is none.
    pub(super) fn of(outcome: Result<Response, HttpError>, refusal: fn(&Response) -> Option<Self>) -> Self {
        match outcome {
            Ok(response) => refusal(&response).unwrap_or(match response.status {
                200..=299 => Attempt::Delivered,
                500.. => Attempt::RetryAfter(None, ErrorKind::ServiceError),
                status => Attempt::Refused(Refusal::Message, ErrorKind::Http(status)),
            }),
            Err(error) => match error.cause {
                // Nothing was sent.
                Cause::Connect(_) | Cause::Forbidden => Attempt::RetryAfter(None, ErrorKind::NoConnection),
                Cause::Timeout | Cause::Cut | Cause::Status(_) | Cause::Malformed => Attempt::Unknown,
            },
        }
    }

    pub(super) fn unconfigured(reason: ErrorKind) -> Self {
        Attempt::Refused(Refusal::Message, reason)
    }

    /// `sent`, `unknown` or `failed`: how an attempt without another one is reported.
    pub(super) fn verdict(&self) -> &'static str {
        match self {
            Attempt::Delivered => "sent",
            Attempt::Unknown => "unknown",
            Attempt::RetryAfter(..) | Attempt::Rest(_) | Attempt::Refused(..) => "failed",
        }
    }
}

/// An attempt, and the new address of a chat that has moved.
pub(super) struct Sending {
    pub(super) attempt: Attempt,
    pub(super) chat_id: Option<String>,
}

impl From<Attempt> for Sending {
    fn from(attempt: Attempt) -> Self {
        Self { attempt, chat_id: None }
    }
}
