//! The outside services on one local address: Gazelle, Google, Slack, SendGrid, EventBridge, Secrets Manager; and
//! Supabase Auth, which answers beside the database.
//!
//! It is strict: what the vendor refuses, it refuses. Everything that was sent is kept for whoever looks.

pub mod auth;
mod aws;
mod gazelle;
mod google;
mod limits;
mod messages;
pub mod refusals;
mod telegram;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

pub use self::{
    aws::BusEvent,
    google::{SheetTab, Workbook},
};
use crate::{clock::StackClock, company::Company, faults::Faults, tripwire::Tripwire};

/// Counts of requests per service.
#[derive(Debug, Default)]
pub struct Traffic {
    counts: Mutex<BTreeMap<&'static str, u64>>,
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub const SERVICE_ACCOUNT_KEY: &str = include_str!("sandbox/service-account-key.pem");
    /// The service account.
    pub const SERVICE_ACCOUNT: &str = "rapport@local.example";
}

/// What people do in Gazelle while somebody reads it.
type Activity = Box<dyn FnMut(&str, &mut Company) + Send>;

/// The sandbox's state, shared with whoever started it.
pub struct Sandbox {
    /// What Gazelle knows.
    pub company: RwLock<Company>,
    /// Gazelle's side of the authorization.
    pub gazelle: gazelle::Account,
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
    secrets: Mutex<BTreeMap<String, String>>,
    secret_reads: AtomicU64,
    activity: Mutex<Option<Activity>>,
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
    schema: gazelle::Schema,
    bus: mpsc::UnboundedSender<BusEvent>,
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
            gazelle: gazelle::Account::default(),
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
            schema: gazelle::Schema::load().context("the Gazelle schema")?,
            bus,
        };
        Ok((Arc::new(sandbox), events))
    }

    /// The routes of all services.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/graphql/private/", post(gazelle::graphql))
            .route("/developer/oauth/authorize", get(gazelle::authorize))
            .route("/developer/oauth/token", post(gazelle::token))
            .route("/google/token", post(google::token))
            .route("/v4/spreadsheets/{id}", get(google::read).post(google::update))
            .route("/services/{team}/{channel}/{key}", post(messages::slack))
            .route("/v3/mail/send", post(messages::sendgrid))
            .route("/v3/scopes", get(messages::scopes))
            .route("/heartbeat", get(|| async { "ok" }))
            .route("/v1/messages", post(messages::model))
            .route("/{bot}/{method}", post(telegram::call))
            .route("/", post(aws::call))
            .layer(middleware::from_fn_with_state(self.clone(), observe))
            .with_state(self.clone())
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

    fn happen(&self, operation: &str) {
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

/// Which service a path belongs to.
fn service_of(path: &str) -> &'static str {
    match path {
        "/graphql/private/" | "/developer/oauth/token" | "/developer/oauth/authorize" => "gazelle",
        "/" => "eventbridge",
        "/v3/mail/send" | "/v3/scopes" => "sendgrid",
        "/heartbeat" => "heartbeat",
        _ if path.starts_with("/services/") => "slack",
        _ if path.starts_with("/bot") => "telegram",
        _ => "google",
    }
}

/// Counts every request, and kills the function where a test wants it.
async fn observe(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let service = service_of(request.uri().path());
    sandbox.traffic.count(service);
    let Some(step) = sandbox.tripwire.arrive(service).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let response = next.run(request).await;
    sandbox.tripwire.leave(step).await;
    response
}

/// A refusal with the reason, as each vendor has one.
fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, axum::Json(json!({"error": reason}))).into_response()
}
