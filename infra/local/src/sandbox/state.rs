//! What the services know, and what was sent to them; shared with whoever looks.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    aws::BusEvent,
    gazelle::{Account, Schema},
    google::Workbook,
    lock::lock,
};
use crate::{clock::StackClock, company::Company, faults::Faults, tripwire::Tripwire};

/// Counts of requests per service.
#[derive(Debug, Default)]
pub struct Traffic {
    pub(super) counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Traffic {
    /// Counts one request.
    pub fn count(&self, service: &'static str) {
        *lock(&self.counts).entry(service).or_default() += 1;
    }

    /// Requests so far.
    pub fn of(&self, service: &str) -> u64 {
        lock(&self.counts).get(service).copied().unwrap_or_default()
    }

    /// Starts over.
    pub fn reset(&self) {
        lock(&self.counts).clear();
    }
}

/// A message as a service took it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Webhook path, or e-mail address.
    pub to: String,
    /// Whole body.
    pub body: Value,
}

/// Credentials of the sandbox; nothing outside it accepts them.
pub mod credentials {
    /// OAuth client.
    pub const GAZELLE_CLIENT_ID: &str = "local-client";
    /// OAuth secret.
    pub const GAZELLE_CLIENT_SECRET: &str = "local-gazelle-client-secret";
    /// SendGrid key.
    pub const SENDGRID_KEY: &str = "SG.local-sendgrid-key";
    /// Key of the language model.
    pub const MODEL_KEY: &str = "local-model-key";
    /// The verified sender.
    pub const SENDER: &str = "avis@gazelle.example";
    /// The spreadsheet.
    pub const SPREADSHEET_ID: &str = "local-spreadsheet";
    /// Webhook paths of Louise, Nicolas and Allan.
    pub const WEBHOOKS: [(&str, &str); 3] = [
        ("SLACK_WEBHOOK_ADMIN_1", "/services/T0/B1/louise"),
        ("SLACK_WEBHOOK_ADMIN_2", "/services/T0/B2/nicolas"),
        ("SLACK_WEBHOOK_ALLAN", "/services/T0/B3/allan"),
    ];
    /// Seals the console's sessions: 32 bytes in base64.
    pub const CONSOLE_SESSION_KEY: &str = "bG9jYWwtY29uc29sZS1zZXNzaW9uLWtleS0zMi1ieXQ=";
    /// Token of the Telegram bot.
    pub const TELEGRAM_TOKEN: &str = "100200300:local-telegram-token";
    /// Chats of Louise, Nicolas and Allan.
    pub const CHATS: [(&str, &str); 3] = [("louise", "1001"), ("nicolas", "1002"), ("allan", "1003")];
    /// The service account's key: made for the sandbox, accepted by nothing else.
    pub const SERVICE_ACCOUNT_KEY: &str = include_str!("service-account-key.pem");
    /// The service account.
    pub const SERVICE_ACCOUNT: &str = "rapport@local.example";
}

/// What people do in Gazelle while somebody reads it.
pub(super) type Activity = Box<dyn FnMut(&str, &mut Company) + Send>;

/// The sandbox's state, shared with whoever started it.
pub struct Sandbox {
    /// What Gazelle knows.
    pub company: RwLock<Company>,
    /// Gazelle's side of the authorization.
    pub gazelle: Account,
    /// The spreadsheet.
    pub workbook: Mutex<Workbook>,
    /// Messages that Slack took.
    pub slack: Mutex<Vec<Sent>>,
    /// Messages that SendGrid took.
    pub emails: Mutex<Vec<Sent>>,
    /// Messages that Telegram took.
    pub telegram: Mutex<Vec<Sent>>,
    /// Every request body to Sheets, Slack and Telegram, for checks against the vendors' contracts.
    pub bodies: Mutex<Vec<(&'static str, Value)>>,
    /// How many e-mails were out each time that a caller gave Slack up.
    pub given_up: Mutex<Vec<usize>>,
    pub(super) secrets: Mutex<BTreeMap<String, String>>,
    pub(super) secret_reads: AtomicU64,
    pub(super) activity: Mutex<Option<Activity>>,
    /// Faults in force.
    pub faults: Arc<Faults>,
    /// Requests so far.
    pub traffic: Arc<Traffic>,
    /// Kills the running function at a chosen request.
    pub tripwire: Arc<Tripwire>,
    /// The stack's clock.
    pub clock: Arc<StackClock>,
    /// Milliseconds added to every Gazelle page.
    pub gazelle_latency: Duration,
    pub(super) schema: Schema,
    pub(super) bus: mpsc::UnboundedSender<BusEvent>,
}

impl Sandbox {
    /// A sandbox around a company; accepted events arrive at the receiver.
    pub fn new(
        company: Company,
        faults: Arc<Faults>,
        traffic: Arc<Traffic>,
        tripwire: Arc<Tripwire>,
        clock: Arc<StackClock>,
        gazelle_latency: Duration,
    ) -> anyhow::Result<(Arc<Self>, mpsc::UnboundedReceiver<BusEvent>)> {
        let (bus, events) = mpsc::unbounded_channel();
        let sandbox = Self {
            company: RwLock::new(company),
            gazelle: Account::default(),
            workbook: Mutex::new(Workbook::as_the_predecessor_left_it()),
            slack: Mutex::default(),
            emails: Mutex::default(),
            telegram: Mutex::default(),
            bodies: Mutex::default(),
            given_up: Mutex::default(),
            secrets: Mutex::default(),
            secret_reads: AtomicU64::new(0),
            activity: Mutex::default(),
            faults,
            traffic,
            tripwire,
            clock,
            gazelle_latency,
            schema: Schema::load().context("the Gazelle schema")?,
            bus,
        };
        Ok((Arc::new(sandbox), events))
    }

    /// How often somebody read a secret.
    pub fn secret_reads(&self) -> u64 {
        self.secret_reads.load(Ordering::Relaxed)
    }

    /// Stores a secret.
    pub fn put_secret(&self, arn: &str, text: &str) {
        lock(&self.secrets).insert(arn.into(), text.into());
    }

    /// From now on `change` happens before each answer of Gazelle, with the operation that is asked for: people work while
    /// the sync reads.
    pub fn on_query(&self, change: impl FnMut(&str, &mut Company) + Send + 'static) {
        *lock(&self.activity) = Some(Box::new(change));
    }

    /// Nothing happens in Gazelle any more.
    pub fn calm(&self) {
        *lock(&self.activity) = None;
    }

    pub(super) fn happen(&self, operation: &str) {
        if let Some(change) = lock(&self.activity).as_mut() {
            change(operation, &mut self.company.write().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A copy of the messages that Slack took.
    pub fn slack_messages(&self) -> Vec<Sent> {
        lock(&self.slack).clone()
    }

    /// A copy of the e-mails that SendGrid took.
    pub fn email_messages(&self) -> Vec<Sent> {
        lock(&self.emails).clone()
    }

    /// A copy of the messages that Telegram took.
    pub fn telegram_messages(&self) -> Vec<Sent> {
        lock(&self.telegram).clone()
    }

    /// A copy of the spreadsheet.
    pub fn workbook(&self) -> Workbook {
        lock(&self.workbook).clone()
    }
}
