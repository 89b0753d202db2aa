//! The outbox: on each channel one message after the other is claimed, sent and settled, the channels side by side. The
//! database decides what is next, in order for each recipient and within each channel's rate.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    ops::AddAssign,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::future::join_all;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Attempt, Channel, Channels, Person, Refusal, Sending,
    item::{Item, Place},
    render,
};
use crate::{
    clock,
    error_kind::ErrorKind,
    http::Http,
    supabase::{Supabase, SupabaseError},
};

/// A message that no attempt delivered is given up after this long: an outage of a day is not outlived by news.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// A sender that has not answered after this long is lost.
const SENDING_SECONDS: u64 = 60;

/// A slot further away than this is the next dispatch's.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Whatever a vendor asks for, its queue is tried again after this long.
const LONGEST_HOLD: Duration = Duration::from_secs(3600);

/// What became of a message whose channel takes nothing for now: it is `pending`, on whatever channel is left.
const RESTING: &str = "resting";

/// First and longest wait after a failed attempt, unless the vendor asks for more.
const WAITS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));

/// Figures of one round of sending.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Delivered.
    pub sent: u32,
    /// To be tried again.
    pub pending: u32,
    /// Refused permanently.
    pub failed: u32,
    /// Sent, and the vendor's answer was lost.
    pub unknown: u32,
    /// Those of `pending` whose channel is suspended: another channel of the person may carry them at once.
    #[serde(skip)]
    pub resting: u32,
}

#[derive(Deserialize)]
struct Claimed {
    message: Option<Outgoing>,
    wait_ms: Option<u64>,
}

/// A message taken from the outbox: one notice, or the several of a digest.
#[derive(Deserialize)]
struct Outgoing {
    channel: Channel,
    recipient: String,
    attempts: u32,
    items: Vec<Item>,
    /// None for what is no digest.
    digest: Option<Place>,
    #[serde(flatten)]
    person: Person,
}

/// Where messages go out from.
struct Sender<'a> {
    supabase: &'a Supabase,
    http: &'a Http,
    channels: &'a Channels,
    channel: Channel,
    run_id: Option<&'a str>,
}

/// Sends what is due: of one run, or all. The channels are served side by side, so that one that hangs keeps no other
/// waiting. On each, a message is taken alone: a process that dies while sending leaves at most one per channel in
/// doubt. Waits for free slots of a channel's rate, altogether for at most `patience`. Never fails: what is not delivered stays in
/// the outbox, and errors are logged.
pub async fn deliver(
    supabase: &Supabase,
    http: &Http,
    channels: &Channels,
    run_id: Option<&str>,
    patience: Duration,
) -> Delivered {
    let until = Instant::now() + patience;
    let mut all = Delivered::default();
    loop {
        let senders = Channel::ALL.map(|channel| Sender { supabase, http, channels, channel, run_id });
        let mut round = Delivered::default();
        for figures in join_all(senders.map(|sender| sender.deliver(until))).await {
            round += figures;
        }
        all += round;
        // What one channel did not deliver may have become due on another that had nothing left to do.
        if round.failed + round.unknown + round.resting == 0 || Instant::now() >= until {
            return all;
        }
    }
}

impl AddAssign for Delivered {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.pending += other.pending;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.resting += other.resting;
    }
}

impl Sender<'_> {
    async fn deliver(self, until: Instant) -> Delivered {
        let mut figures = Delivered::default();
        loop {
            match self.deliver_next().await {
                Ok(Next::Settled(status)) => match status {
                    "sent" => figures.sent += 1,
                    "pending" => figures.pending += 1,
                    RESTING => {
                        figures.pending += 1;
                        figures.resting += 1;
                    }
                    "failed" => figures.failed += 1,
                    _ => figures.unknown += 1,
                },
                Ok(Next::FreeIn(wait)) if wait <= LONGEST_WAIT && Instant::now() + wait < until => {
                    tokio::time::sleep(wait).await;
                }
                Ok(Next::FreeIn(_) | Next::Nothing) => return figures,
                Err(error) => {
                    tracing::warn!(%error, "deliveries.interrupted");
                    return figures;
                }
            }
            if Instant::now() >= until {
                return figures;
            }
        }
    }

    async fn deliver_next(&self) -> Result<Next, SupabaseError> {
        let Self { supabase, http, channels, channel, run_id } = self;
        let claim = claim_token();
        let mut arguments = json!({
            "p_claim": claim, "p_lease_seconds": SENDING_SECONDS, "p_now": clock::now().to_string(),
            "p_channel": channel,
        });
        if let Some(run_id) = run_id {
            arguments["p_run_id"] = (*run_id).into();
        }
        let claimed: Claimed = supabase.rpc("claim_deliveries", &arguments).await?;
        let Some(outgoing) = claimed.message else {
            return Ok(claimed.wait_ms.map_or(Next::Nothing, |ms| Next::FreeIn(Duration::from_millis(ms))));
        };
        let language = outgoing.person.language;
        let message =
            render::outgoing(&outgoing.items, outgoing.digest, language, channels.console_url.as_ref());
        let sending = channels.send(http, outgoing.channel, &outgoing.person, &message).await;
        settle(supabase, &outgoing, &claim, sending).await.map(Next::Settled)
    }
}

enum Next {
    /// A message went out, or did not.
    Settled(&'static str),
    /// The next one may go after this long.
    FreeIn(Duration),
    Nothing,
}

async fn settle(
    supabase: &Supabase,
    outgoing: &Outgoing,
    claim: &str,
    sending: Sending,
) -> Result<&'static str, SupabaseError> {
    let age = |item: &Item| clock::now().duration_since(item.due_at);
    let is_stale = outgoing.items.iter().all(|item| age(item) > GIVE_UP_AFTER);
    let (status, error_kind, retry_after, switch_off) = match sending.attempt {
        Attempt::Delivered => ("sent", None, None, None),
        Attempt::RetryAfter(_, reason) if is_stale => ("failed", Some(reason), None, None),
        Attempt::RetryAfter(asked, reason) => {
            let wait = WAITS.0 * (1 << outgoing.attempts.saturating_sub(1).min(10));
            let wait = asked.unwrap_or_else(|| wait.min(WAITS.1)).clamp(Duration::from_secs(1), LONGEST_HOLD);
            ("pending", Some(reason), Some(wait.as_secs()), None)
        }
        Attempt::Rest(reason) if is_stale => ("failed", Some(reason), None, None),
        Attempt::Rest(reason) => (RESTING, Some(reason), None, None),
        Attempt::Refused(Refusal::Message, reason) => ("failed", Some(reason), None, None),
        Attempt::Refused(Refusal::Recipient, reason) => ("failed", Some(reason), None, Some("recipient")),
        Attempt::Refused(Refusal::Channel, reason) => ("failed", Some(reason), None, Some("channel")),
        Attempt::Unknown => ("unknown", Some(ErrorKind::NoAnswer), None, None),
    };
    tracing::info!(
        event_type = outgoing.items.first().map(|item| item.event_type.as_str()),
        items = outgoing.items.len(),
        channel = outgoing.channel.name(),
        recipient = outgoing.recipient,
        status,
        error_kind = error_kind.map(tracing::field::display),
        "delivery.settled"
    );
    let results: Vec<Value> = outgoing
        .items
        .iter()
        .map(|item| {
            json!({
                "id": item.id, "status": status, "error_kind": error_kind, "retry_after_seconds": retry_after,
                "switch_off": switch_off, "chat_id": sending.chat_id,
            })
        })
        .collect();
    let arguments = json!({"p_results": results, "p_claim": claim, "p_now": clock::now().to_string()});
    supabase.rpc::<u32>("settle_deliveries", &arguments).await?;
    Ok(status)
}

/// A name for one claim, so that asking again after a lost answer is the same claim.
fn claim_token() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // Functions in containers share process numbers, and may look at the clock in the same microsecond.
    let chance = RandomState::new().build_hasher().finish();
    format!("{}-{chance:016x}-{number}", clock::now().as_microsecond())
}
