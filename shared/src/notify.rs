//! Notifications: from a notice to people. The database applies the rules and keeps the outbox; this module sends
//! what is due and classifies what became of it.
//!
//! A delivery problem never changes the run that caused the notice.

mod email;
mod render;
mod slack;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

pub use self::render::{Language, Message};
use crate::{
    clock,
    config::Settings,
    http::{Cause, Http, HttpError, Response},
    supabase::{Supabase, SupabaseError},
    text::fold,
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
    /// Event type, as in the rules: `sync.failed` …
    pub event_type: &'static str,
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
    pub fn new(event_type: &'static str, severity: Severity, fingerprint: String, data: Value) -> Self {
        Self { event_type, severity, fingerprint, data, concerned: Vec::new() }
    }

    /// Supabase itself is down: told without it.
    pub fn supabase_down(task_label: &str, now: Timestamp) -> Self {
        Self::new(
            "supabase.down",
            Severity::Critical,
            format!("supabase.down@{now}"),
            json!({"task_label": task_label, "since": now.to_string()}),
        )
    }
}

/// A notice sent without the outbox, as it appears in the answer of the function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    /// `slack`.
    pub channel: String,
    /// Staff key.
    pub recipient: String,
    /// Event type.
    pub event_type: String,
    /// `sent`, `failed` or `unknown`.
    pub status: String,
}

/// The administrators' own webhooks: setting and staff key.
const ADMINISTRATORS: [(&str, &str); 2] =
    [("SLACK_WEBHOOK_ADMIN_1", "louise"), ("SLACK_WEBHOOK_ADMIN_2", "nicolas")];

/// Addresses and keys of the channels.
#[derive(Debug, Clone)]
pub struct Channels {
    webhooks: BTreeMap<String, SecretString>,
    addresses: BTreeMap<String, String>,
    email: email::Account,
    console_url: Option<Url>,
}

impl Channels {
    /// Reads the Slack webhooks, the SendGrid account, `EMAIL_*` and `CONSOLE_URL`. The administrators' webhooks
    /// and the SendGrid account are required: a product that cannot speak must not start.
    pub fn read(settings: &mut Settings) -> Self {
        for (setting, _) in ADMINISTRATORS {
            settings.url(setting, "");
        }
        let names = |prefix: &str, settings: &Settings| settings.names_with_prefix(prefix);
        let webhooks = names("SLACK_WEBHOOK_", settings)
            .into_iter()
            .filter_map(|name| Some((name.clone(), settings.optional_secret(&name)?)))
            .collect();
        let addresses = names("EMAIL_", settings)
            .into_iter()
            .filter_map(|name| Some((name.clone(), settings.optional(&name)?)))
            .collect();
        let console_url = settings.optional("CONSOLE_URL").map(|_| settings.url("CONSOLE_URL", ""));
        Self { webhooks, addresses, email: email::Account::read(settings), console_url }
    }

    /// A person's e-mail address: the one in `staff`, else the variable `EMAIL_<FIRST NAME>`.
    pub fn address<'a>(&'a self, first_name: Option<&str>, in_staff: Option<&'a str>) -> Option<&'a str> {
        in_staff.filter(|address| !address.is_empty()).or_else(|| {
            let variable = format!("EMAIL_{}", fold(first_name?).to_uppercase());
            self.addresses.get(&variable).map(String::as_str)
        })
    }
}

/// A delivery taken from the outbox.
#[derive(Debug, Deserialize)]
struct Delivery {
    id: String,
    event_type: String,
    channel: String,
    recipient: String,
    data: Value,
    attempts: u32,
    first_name: Option<String>,
    #[serde(default)]
    language: Language,
    email: Option<String>,
    slack_webhook_key: Option<String>,
}

/// What became of one attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    Delivered,
    RetryAfter(Option<Duration>, &'static str),
    Permanent(String),
    /// The service may have taken it: repeating it could tell somebody twice.
    Unknown,
}

impl Attempt {
    /// One classification for every channel.
    fn of(outcome: Result<Response, HttpError>) -> Self {
        match outcome {
            Ok(response) => match response.status {
                200..=299 => Attempt::Delivered,
                429 => Attempt::RetryAfter(response.retry_after(), "rate_limited"),
                500.. => Attempt::RetryAfter(None, "service_error"),
                status => Attempt::Permanent(format!("http_{status}")),
            },
            Err(error) => match error.cause {
                Cause::Connect => Attempt::RetryAfter(None, "no_connection"),
                _ => Attempt::Unknown,
            },
        }
    }
}

/// After this many attempts a delivery is failed.
const MAX_ATTEMPTS: u32 = 10;
/// A sender that has not answered after this long is lost.
const SENDING_SECONDS: u64 = 60;

/// Figures of one round of sending.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Delivered.
    pub sent: u32,
    /// To be tried again.
    pub pending: u32,
    /// Refused for good.
    pub failed: u32,
    /// Nobody knows.
    pub unknown: u32,
}

/// Sends the due deliveries of one run, or all. Each is taken alone, so that a process that dies while sending
/// leaves at most one in doubt. Problems stay in the outbox.
pub async fn deliver(
    supabase: &Supabase,
    http: &Http,
    channels: &Channels,
    run_id: Option<&str>,
) -> Delivered {
    let mut figures = Delivered::default();
    loop {
        match deliver_next(supabase, http, channels, run_id).await {
            Ok(Some("sent")) => figures.sent += 1,
            Ok(Some("pending")) => figures.pending += 1,
            Ok(Some("failed")) => figures.failed += 1,
            Ok(Some(_)) => figures.unknown += 1,
            Ok(None) => return figures,
            Err(error) => {
                tracing::warn!(%error, "deliveries.interrupted");
                return figures;
            }
        }
    }
}

async fn deliver_next(
    supabase: &Supabase,
    http: &Http,
    channels: &Channels,
    run_id: Option<&str>,
) -> Result<Option<&'static str>, SupabaseError> {
    let mut arguments = json!({
        "p_claim": claim_token(), "p_limit": 1, "p_lease_seconds": SENDING_SECONDS, "p_now": clock::now().to_string(),
    });
    if let Some(run_id) = run_id {
        arguments["p_run_id"] = run_id.into();
    }
    let claimed: Vec<Delivery> = supabase.rpc("claim_deliveries", &arguments).await?;
    let Some(delivery) = claimed.into_iter().next() else {
        return Ok(None);
    };
    let attempt = send(http, channels, &delivery).await;
    let (status, error_kind, retry_after) = match attempt {
        Attempt::Delivered => ("sent", None, None),
        Attempt::RetryAfter(_, reason) if delivery.attempts >= MAX_ATTEMPTS => {
            ("failed", Some(reason.into()), None)
        }
        Attempt::RetryAfter(asked, reason) => {
            let wait = Duration::from_secs(30 << (delivery.attempts.max(1) - 1).min(7));
            let wait = wait.min(Duration::from_secs(3600)).max(asked.unwrap_or_default());
            ("pending", Some(reason.to_owned()), Some(wait.as_secs()))
        }
        Attempt::Permanent(reason) => ("failed", Some(reason), None),
        Attempt::Unknown => ("unknown", Some("no_answer".into()), None),
    };
    tracing::info!(
        delivery_id = delivery.id,
        event_type = delivery.event_type,
        channel = delivery.channel,
        recipient = delivery.recipient,
        status,
        error_kind,
        "delivery.settled"
    );
    let results = json!([{
        "id": delivery.id, "status": status, "error_kind": error_kind, "retry_after_seconds": retry_after,
    }]);
    let arguments = json!({"p_results": results, "p_now": clock::now().to_string()});
    supabase.rpc::<u32>("settle_deliveries", &arguments).await?;
    Ok(Some(status))
}

/// A name for one claim, so that asking again after a lost answer is the same claim.
fn claim_token() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{}-{}-{number}", std::process::id(), clock::now().as_nanosecond())
}

async fn send(http: &Http, channels: &Channels, delivery: &Delivery) -> Attempt {
    let message = Message::render(
        &delivery.event_type,
        &delivery.data,
        delivery.language,
        channels.console_url.as_ref(),
    );
    match delivery.channel.as_str() {
        "slack" => {
            let webhook = delivery.slack_webhook_key.as_ref().and_then(|key| channels.webhooks.get(key));
            match webhook {
                Some(webhook) => slack::send(http, webhook, &message).await,
                None => Attempt::Permanent("no_webhook_configured".into()),
            }
        }
        "email" => match channels.address(delivery.first_name.as_deref(), delivery.email.as_deref()) {
            Some(address) => email::send(http, &channels.email, address, &message).await,
            None => Attempt::Permanent("no_address_configured".into()),
        },
        _ => Attempt::Permanent("unknown_channel".into()),
    }
}

/// Tells the administrators on Slack without the database: the way out when the database is what failed.
pub async fn tell_administrators(http: &Http, channels: &Channels, notice: &Notice) -> Vec<Told> {
    let mut told = Vec::with_capacity(ADMINISTRATORS.len());
    for (setting, recipient) in ADMINISTRATORS {
        let Some(webhook) = channels.webhooks.get(setting) else {
            continue;
        };
        let message =
            Message::render(notice.event_type, &notice.data, Language::Fr, channels.console_url.as_ref());
        let mut attempt = slack::send(http, webhook, &message).await;
        // There is no outbox to try again from: a refused attempt has two more chances here.
        for wait in [Duration::from_secs(1), Duration::from_secs(3)] {
            if !matches!(attempt, Attempt::RetryAfter(..)) {
                break;
            }
            tokio::time::sleep(wait).await;
            attempt = slack::send(http, webhook, &message).await;
        }
        told.push(Told {
            channel: "slack".into(),
            recipient: recipient.into(),
            event_type: notice.event_type.into(),
            status: match attempt {
                Attempt::Delivered => "sent",
                Attempt::Unknown => "unknown",
                _ => "failed",
            }
            .into(),
        });
    }
    told
}
