//! Notifications: from a notice to people. The database applies the rules and keeps the outbox; this module sends
//! what is due and classifies what became of it.
//!
//! A delivery problem never changes the run that caused the notice.

mod attempt;
mod channel;
mod channels;
mod direct;
mod email;
mod event;
pub mod figures;
mod item;
mod notice;
mod outbox;
mod parts;
mod refusal;
mod render;
mod slack;
mod telegram;

use self::{
    attempt::{Attempt, Refusal, Sending},
    channels::{ADMINISTRATORS, Person},
};
pub use self::{
    channel::Channel,
    channels::Channels,
    direct::{DirectDelivery, TestReport, notify_administrators, test_channels},
    event::Event,
    notice::{Notice, Severity},
    outbox::{Delivered, deliver},
    render::{Message, Table, anomaly_sentence, error_name, event_name, weekly},
};
