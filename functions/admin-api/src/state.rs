//! What every request shares: clients, keys, and the clock.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{
    clock::{self, Schedules},
    config::{Setting, Settings, SupabaseSettings},
    events::Aws,
    gazelle::GazelleSettings,
    http::{Http, Retry},
    notify::Channels,
    supabase::{QUICK, Supabase},
};
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use crate::{
    identity::{auth::Auth, bearer::Verifier, keys::Keys, role::RoleField},
    problem::Problem,
};

/// Calls of one minute.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one user.
    pub user: u32,
    /// From one source address: an office shares one.
    pub address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { user: 300, address: 900 }
    }
}

/// The application behind the router.
pub struct App {
    pub(crate) supabase: Supabase,
    pub(crate) auth: Auth,
    pub(crate) verifier: Verifier,
    pub(crate) keys: Keys,
    pub(crate) http: Http,
    pub(crate) channels: Channels,
    pub(crate) gazelle: GazelleSettings,
    /// Where Gazelle sends people back to; without it the console's own address.
    pub(crate) gazelle_redirect: Option<Url>,
    pub(crate) bus: String,
    /// Where people reach the console; without it the address of the request is believed.
    pub(crate) console: Option<Url>,
    /// As deployed.
    pub(crate) schedules: Schedules,
    pub(crate) limits: Limits,
    pub(crate) health: Brief<(StatusCode, Value)>,
    pub(crate) database_health: Brief<(StatusCode, Value)>,
    aws: OnceCell<Aws>,
}

/// How long an answer that nobody has to sign in for is given again, so that asking in a loop costs nothing.
const BRIEFLY: SignedDuration = SignedDuration::from_secs(5);

/// An answer that is given again for a moment.
pub(crate) struct Brief<T>(Mutex<Option<(Timestamp, T)>>);

impl<T> Default for Brief<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Brief<T> {
    /// The answer of a moment ago, else a new one; who comes meanwhile waits for the same.
    pub(crate) async fn answer(&self, now: Timestamp, new: impl Future<Output = T>) -> T {
        let mut last = self.0.lock().await;
        match last.as_ref().filter(|(at, _)| now.duration_since(*at).abs() < BRIEFLY) {
            Some((_, answer)) => answer.clone(),
            None => last.insert((now, new.await)).1.clone(),
        }
    }
}

impl App {
    /// Reads the settings; problems are noted in `settings`.
    pub fn read(settings: &mut Settings, http: Http) -> Self {
        let supabase = SupabaseSettings::read(settings);
        let console = settings.optional_url(Setting::ConsoleUrl);
        let schedules = Schedules::of(settings);
        let roles = RoleField::read(settings);
        let auth = Auth::read(settings, http.clone(), &supabase.url, roles);
        let gazelle_redirect = settings.optional_url(Setting::GazelleRedirectUri);
        Self {
            channels: Channels::read(settings),
            gazelle: GazelleSettings::read(settings),
            gazelle_redirect,
            verifier: Verifier::read(settings, &supabase.url, roles),
            keys: Keys::read(settings),
            supabase: Supabase::new(http.clone(), supabase),
            http,
            auth,
            bus: settings.required(Setting::EventBus),
            console,
            schedules,
            limits: Limits::default(),
            health: Brief::default(),
            database_health: Brief::default(),
            aws: OnceCell::new(),
        }
    }

    /// With other limits, for measurements.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With other AWS clients than the environment's.
    #[must_use]
    pub fn with_aws(self, aws: Aws) -> Self {
        Self { aws: OnceCell::new_with(Some(aws)), ..self }
    }

    /// The answer of a SQL function that may be repeated: fast or not at all. Arguments that are null are left out,
    /// since not every server passes a null on.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
    ) -> Result<T, Problem> {
        self.call(function, arguments, QUICK).await
    }

    /// The same for one thing that may not exist.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
    ) -> Result<T, Problem> {
        let found: Option<T> = self.ask(function, arguments).await?;
        found.ok_or_else(Problem::not_found)
    }

    /// The same for a call that makes something: repeated, it would make it twice.
    pub(crate) async fn ask_once<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
    ) -> Result<T, Problem> {
        self.call(function, arguments, Retry::ONCE).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &Value,
        retry: Retry,
    ) -> Result<T, Problem> {
        let mut arguments = arguments.clone();
        if let Some(arguments) = arguments.as_object_mut() {
            arguments.retain(|_, value| !value.is_null());
        }
        Ok(self.supabase.rpc_within(function, &arguments, retry).await?)
    }

    pub(crate) fn now(&self) -> Timestamp {
        clock::now()
    }

    /// Whether people reach the console over plain HTTP, which only the own machine does.
    pub(crate) fn is_local(&self) -> bool {
        self.console.as_ref().is_some_and(|console| {
            console.scheme() == "http" && matches!(console.host_str(), Some("127.0.0.1" | "localhost"))
        })
    }

    /// The AWS clients, made at the first use: most requests publish nothing.
    pub(crate) async fn aws(&self) -> &Aws {
        self.aws.get_or_init(Aws::from_environment).await
    }

    /// The deployed schedule of a task and its next instant.
    pub(crate) fn schedule(&self, task: &str) -> Option<(&str, Option<Timestamp>)> {
        let (expression, schedule) = self.schedules.get(task)?;
        Some((expression, schedule.next_after(self.now())))
    }
}
