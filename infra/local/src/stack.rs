//! The whole stack: database, outside services, event bus, functions.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use deployment::Deployed;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    clock,
    config::{Settings, SupabaseSettings},
    http::Http,
    run::Answer,
    supabase::{PAGE_ROWS, Supabase},
    task::{Function, TaskSpec},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::mpsc};
use url::Url;

use crate::{
    clock::StackClock,
    company::{self, Company, ID_MARK, INSTITUTIONS, STAFF},
    faults::{Fault, FaultSpec, Faults},
    lambda::{Ended, Invocation, Lambda},
    sandbox::{BusEvent, Sandbox, Traffic, auth::Auth, credentials},
    supabase::{self, Gateway, Upstream},
    tripwire::Tripwire,
};

/// How the stack is built.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size of the company; 1 = the real one.
    pub scale: f64,
    /// Seed of the company.
    pub seed: u64,
    /// The instant at which the clock starts.
    pub at: Timestamp,
    /// Added to every Gazelle page.
    pub gazelle_latency: Duration,
    /// Added to every Supabase request.
    pub supabase_latency: Duration,
    /// A PostgREST or a migrated project instead of the embedded one: base address and service key.
    pub remote: Option<(Url, String)>,
    /// The executable that becomes any function.
    pub executable: PathBuf,
    /// Address that the stack's servers listen on.
    pub listen: IpAddr,
    /// More variables for the functions, in front of the stack's own.
    pub variables: BTreeMap<String, String>,
}

impl Options {
    /// Scale 0.01 at one in the morning of the given Montréal date.
    pub fn small(at: Timestamp, executable: PathBuf) -> Self {
        Self {
            scale: 0.01,
            seed: 1,
            at,
            gazelle_latency: Duration::ZERO,
            supabase_latency: Duration::ZERO,
            remote: None,
            executable,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            variables: BTreeMap::new(),
        }
    }
}

/// A running stack.
pub struct Stack {
    /// The outside services.
    pub sandbox: Arc<Sandbox>,
    /// The project's users.
    pub auth: Arc<Auth>,
    /// Faults in force.
    pub faults: Arc<Faults>,
    /// Requests so far.
    pub traffic: Arc<Traffic>,
    /// Kills functions at a chosen request.
    pub tripwire: Arc<Tripwire>,
    /// The clock of everything in the stack.
    pub clock: Arc<StackClock>,
    /// The database as an observer sees it: not counted, not delayed, not broken.
    pub observer: Supabase,
    /// Starts functions.
    pub lambda: Lambda,
    /// Address of the sandbox.
    pub sandbox_url: String,
    /// Address of the Supabase gateway.
    pub supabase_url: String,
    /// Folder of the copies; gone with the stack.
    pub backups: TempDir,
    functions: Vec<Deployed>,
    events: mpsc::UnboundedReceiver<BusEvent>,
    requests: AtomicU64,
    started_at: Timestamp,
}

/// One run of a task, as the functions answered it.
#[derive(Debug, Clone)]
pub struct TaskRun {
    /// The function's answer, or what is known of a run that did not answer.
    pub answer: Answer,
    /// The invocation behind it.
    pub invocation: Invocation,
}

impl Stack {
    /// Starts everything and fills in what an installation has: people, institutions, the Gazelle token.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let clock = Arc::new(StackClock::starting_at(options.at));
        let company = Company::generate(options.scale, options.seed, clock::business_date(options.at));
        let faults = Arc::new(Faults::default());
        let traffic = Arc::new(Traffic::default());
        let tripwire = Arc::new(Tripwire::default());
        let upstream = match &options.remote {
            Some((url, _)) => Upstream::remote(url.clone()),
            None => Upstream::embedded().await?,
        };
        let gateway = Arc::new(Gateway {
            upstream,
            latency: options.supabase_latency,
            faults: faults.clone(),
            traffic: traffic.clone(),
            tripwire: tripwire.clone(),
        });
        let auth = Auth::start(clock.clone(), faults.clone())?;
        let supabase_url = serve(options.listen, auth.router().merge(gateway.router())).await?;
        let observer_url = serve(options.listen, gateway.observer_router()).await?;
        let (sandbox, events) = Sandbox::new(
            company,
            faults.clone(),
            traffic.clone(),
            tripwire.clone(),
            clock.clone(),
            options.gazelle_latency,
        )?;
        let sandbox_url = serve(options.listen, sandbox.router()).await?;

        let key = match &options.remote {
            Some((_, key)) => key.clone(),
            None => supabase::key("service_role"),
        };
        let mut settings =
            Settings::from_pairs([("SUPABASE_URL", observer_url.as_str()), ("SUPABASE_KEY", &key)]);
        let observer = Supabase::new(Http::new(), SupabaseSettings::read(&mut settings));
        settings.check()?;
        sandbox.gazelle.store.get_or_init(|| observer.clone());

        let backups = TempDir::new().context("a folder for the copies")?;
        let mut environment = environment(&supabase_url, &sandbox_url, &key, clock.offset_ms());
        environment.extend(options.variables.clone());
        environment.insert("BACKUP_URL".into(), format!("file://{}", backups.path().display()));
        let template = deployment::own()?;
        environment.extend(deployment::variables(&template)?);
        let functions = deployment::functions(&template)?;
        environment.insert("SCHEDULES".into(), deployment::schedules(&functions).to_string());
        let stack = Self {
            lambda: Lambda { executable: options.executable.clone(), environment },
            backups,
            functions,
            sandbox,
            auth,
            faults,
            traffic,
            tripwire,
            clock,
            observer,
            sandbox_url,
            supabase_url,
            events,
            requests: AtomicU64::new(0),
            started_at: options.at,
        };
        if options.remote.is_some() {
            supabase::refuse_foreign_mirror(&stack.observer, ID_MARK).await?;
        }
        stack.install().await?;
        Ok(stack)
    }

    /// What a person sets up once: institutions, people, the Gazelle token.
    async fn install(&self) -> anyhow::Result<()> {
        for (key, _) in INSTITUTIONS {
            let clients = company::clients_of(key);
            let body = json!({"client_ids": clients}).to_string();
            self.write(self.observer.from("report_tabs").eq("key", key).update(body)).await?;
            for (at, client) in clients.iter().enumerate() {
                let slug = if at == 0 { key.to_owned() } else { format!("{key}-{}", at + 1) };
                let body = json!({"slug": slug, "name": slug, "gazelle_client_id": client}).to_string();
                self.write(self.observer.from("institutions").upsert(body)).await?;
            }
        }
        for (key, user) in STAFF {
            let body = json!({"gazelle_id": user}).to_string();
            self.write(self.observer.from("staff").eq("key", key).update(body)).await?;
        }
        for (key, chat) in credentials::CHATS {
            let body = json!({"telegram_chat_id": chat}).to_string();
            self.write(self.observer.from("staff").eq("key", key).update(body)).await?;
        }
        let token = json!({
            "access_token": self.sandbox.gazelle.access_token(),
            "refresh_token": self.sandbox.gazelle.refresh_token(),
            "expires_in": 2_592_000,
            "created_at": self.started_at.as_second(),
        });
        let arguments = json!({"p_token": token, "p_now": self.clock.now().to_string()});
        let _: bool = self.observer.rpc("replace_gazelle_token", &arguments).await?;
        Ok(())
    }

    /// Writes as a person with the service key would.
    pub async fn write(&self, query: postgrest::Builder) -> anyhow::Result<()> {
        let _: Vec<Value> = self.observer.rows(query).await?;
        Ok(())
    }

    /// The function that runs a task, as deployed.
    pub fn deployed(&self, function: Function) -> anyhow::Result<&Deployed> {
        self.functions
            .iter()
            .find(|deployed| deployed.function == function)
            .with_context(|| format!("template.yaml deploys no {}", function.crate_name()))
    }

    /// All functions of the template.
    pub fn functions(&self) -> &[Deployed] {
        &self.functions
    }

    /// A request id that no invocation of this stack had before.
    pub fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        format!("00000000-0000-4000-a000-{number:012}")
    }

    /// Invokes a function once, as the platform would.
    pub async fn invoke(&self, function: Function, payload: &Value) -> anyhow::Result<TaskRun> {
        self.invoke_as(function, payload, &self.request_id()).await
    }

    /// Invokes with a request id: the same one again is the platform's retry.
    pub async fn invoke_as(
        &self,
        function: Function,
        payload: &Value,
        request_id: &str,
    ) -> anyhow::Result<TaskRun> {
        let limit = Duration::from_secs(self.deployed(function)?.timeout_seconds);
        self.invoke_within(function, payload, request_id, limit).await
    }

    /// Invokes with another time limit than the deployed one.
    pub async fn invoke_within(
        &self,
        function: Function,
        payload: &Value,
        request_id: &str,
        limit: Duration,
    ) -> anyhow::Result<TaskRun> {
        let invocation =
            self.lambda.invoke(function, &payload.to_string(), request_id, limit, &self.tripwire).await?;
        let answer = match &invocation.ended {
            Ended::Answer(answer) => {
                serde_json::from_value(answer.clone()).context("the function's answer")?
            }
            Ended::Error { kind, message } => {
                serde_json::from_str(message).unwrap_or_else(|_| unanswered(function, kind, message))
            }
            Ended::Crashed => unanswered(function, "crashed", "the process ended without an answer"),
            Ended::TimedOut => unanswered(function, "timed_out", "the platform's time limit was reached"),
        };
        Ok(TaskRun { answer, invocation })
    }

    /// The scheduler's input for a task whose time was at `scheduled_time`.
    pub fn scheduled(task: &TaskSpec, scheduled_time: Timestamp) -> Value {
        json!({"task": task.name, "scheduled_time": scheduled_time.to_string()})
    }

    /// Delivers the events on the bus, by the template's rules, and those that they cause, until it is quiet.
    pub async fn deliver_events(&mut self) -> anyhow::Result<Vec<TaskRun>> {
        let mut runs = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            for function in self.targets(&event) {
                runs.push(self.invoke(function, &event.envelope).await?);
            }
        }
        Ok(runs)
    }

    /// Events that nobody has delivered yet.
    pub fn take_events(&mut self) -> Vec<BusEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// Waits for the next event on the bus.
    pub async fn next_event(&mut self) -> Option<BusEvent> {
        self.events.recv().await
    }

    /// The functions whose rules an event matches.
    pub fn targets(&self, event: &BusEvent) -> Vec<Function> {
        let is_target = |deployed: &&Deployed| {
            deployed.patterns.iter().any(|pattern| deployment::matches(pattern, &event.envelope))
        };
        self.functions.iter().filter(is_target).map(|deployed| deployed.function).collect()
    }

    /// Moves the clock of the stack, and of every function it starts from now on.
    pub fn advance(&mut self, by: jiff::SignedDuration) {
        self.clock.advance(by);
        let offset_ms = self.clock.offset_ms().to_string();
        self.lambda.environment.insert(clock::OFFSET_VARIABLE.into(), offset_ms);
    }

    /// Puts faults in force.
    pub fn break_with(&self, faults: &[FaultSpec]) {
        self.faults.set(faults);
    }

    /// All rows of a table or view, by key order, as an observer reads them.
    pub async fn rows(&self, table: &str, columns: &str, order: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        loop {
            let query = self
                .observer
                .from(table)
                .select(columns)
                .order(order)
                .range(rows.len(), rows.len() + PAGE_ROWS - 1);
            let page: Vec<Value> = self.observer.rows(query).await.with_context(|| table.to_owned())?;
            // A project may give fewer rows at once than it was asked for.
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
        }
    }

    /// Runs the chain once: the scheduled sync, what its event starts, and the dispatcher until nothing is
    /// pending.
    pub async fn nightly(
        &mut self,
        faults: &[FaultSpec],
        progress: &mut dyn FnMut(&str),
    ) -> anyhow::Result<Night> {
        let sync = TaskSpec::meant_by("sync").context("the registry has a sync")?;
        let schedule =
            &self.deployed(sync.function)?.schedules.first().context("the sync has a schedule")?.expression;
        let schedule: clock::Schedule = schedule.parse()?;
        let scheduled_time =
            schedule.last_until(self.started_at).context("the sync's schedule never fires")?;
        if faults.iter().any(|spec| spec.fault == Fault::GazelleEmptyClients) {
            progress("filling the mirror by a clean sync");
            let clean = self.invoke(sync.function, &json!({})).await?;
            if clean.answer.status != "success" {
                bail!("the clean sync before the fault ended as {}", clean.answer.status);
            }
            self.take_events();
            self.traffic.reset();
        }
        self.break_with(faults);

        progress(&format!("{} ({})", sync.label, local(scheduled_time)));
        let first = self.invoke(sync.function, &Self::scheduled(sync, scheduled_time)).await?;
        let peak_rss_bytes = first.invocation.peak_rss_bytes;
        progress(&format!("  {} in {:.1} s", first.answer.status, first.invocation.duration.as_secs_f64()));
        let mut runs = vec![first];
        for run in self.deliver_events().await? {
            progress(&format!("{}: {} ({})", run.answer.task, run.answer.status, run.answer.outcome));
            // A duplicate delivery is not a run.
            if run.answer.outcome != "duplicate" {
                runs.push(run);
            }
        }
        if !self.faults.has(Fault::SupabaseError) {
            self.dispatch_until_quiet(progress).await?;
        }
        Ok(Night { runs, peak_rss_bytes })
    }

    async fn dispatch_until_quiet(&mut self, progress: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
        for _ in 0..12 {
            let pending =
                self.observer.from("notification_deliveries").select("id").eq("status", "pending").limit(1);
            let pending: Vec<Value> = self.observer.rows(pending).await?;
            if pending.is_empty() {
                return Ok(());
            }
            self.advance(jiff::SignedDuration::from_mins(5));
            let run = self.invoke(Function::NotificationDispatch, &json!({})).await?;
            progress(&format!(
                "notification-dispatch, five minutes later: {}",
                run.answer.message.unwrap_or_default()
            ));
        }
        Ok(())
    }
}

/// One run of the chain.
#[derive(Debug)]
pub struct Night {
    /// The runs of the chain, the sync first.
    pub runs: Vec<TaskRun>,
    /// Memory of the sync.
    pub peak_rss_bytes: u64,
}

fn unanswered(function: Function, kind: &str, message: &str) -> Answer {
    Answer {
        run_id: None,
        task: function.tasks().next().map_or("", |task| task.name).into(),
        status: "error".into(),
        outcome: "not_started".into(),
        triggered_by: None,
        parent_run_id: None,
        attempt: 0,
        duration_ms: 0,
        message: None,
        stats: Value::Null,
        error: Some(shared::run::AnswerError { kind: kind.into(), message: message.into() }),
        notified: Vec::new(),
    }
}

/// An instant as it is shown to people.
pub fn local(instant: Timestamp) -> String {
    instant.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

async fn serve(listen: IpAddr, router: axum::Router) -> anyhow::Result<String> {
    let listener = TcpListener::bind((listen, 0)).await.with_context(|| format!("listening on {listen}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// The environment of a deployed function, with local addresses.
fn environment(supabase_url: &str, sandbox_url: &str, key: &str, offset_ms: i64) -> BTreeMap<String, String> {
    let account = json!({
        "type": "service_account",
        "client_email": credentials::SERVICE_ACCOUNT,
        "private_key": credentials::SERVICE_ACCOUNT_KEY,
        "token_uri": format!("{sandbox_url}/google/token"),
    });
    let mut environment: BTreeMap<String, String> = [
        ("SUPABASE_URL", supabase_url.to_owned()),
        ("SUPABASE_SERVICE_ROLE_KEY", key.to_owned()),
        ("SUPABASE_ANON_KEY", supabase::key("anon")),
        ("CONSOLE_SESSION_KEY", credentials::CONSOLE_SESSION_KEY.into()),
        ("GAZELLE_CLIENT_ID", credentials::GAZELLE_CLIENT_ID.into()),
        ("GAZELLE_CLIENT_SECRET", credentials::GAZELLE_CLIENT_SECRET.into()),
        ("GAZELLE_API_URL", format!("{sandbox_url}/graphql/private/")),
        ("GAZELLE_AUTHORIZE_URL", format!("{sandbox_url}/developer/oauth/authorize")),
        ("GAZELLE_TOKEN_URL", format!("{sandbox_url}/developer/oauth/token")),
        ("GOOGLE_SHEETS_URL", sandbox_url.to_owned()),
        ("GOOGLE_SERVICE_ACCOUNT_JSON", account.to_string()),
        ("SPREADSHEET_ID", credentials::SPREADSHEET_ID.into()),
        ("ANTHROPIC_URL", sandbox_url.to_owned()),
        ("SENDGRID_URL", sandbox_url.to_owned()),
        ("SENDGRID_API_KEY", credentials::SENDGRID_KEY.into()),
        ("TELEGRAM_URL", sandbox_url.to_owned()),
        ("TELEGRAM_BOT_TOKEN", credentials::TELEGRAM_TOKEN.into()),
        ("EMAIL_FROM", credentials::SENDER.into()),
        ("EMAIL_NICOLAS", "nicolas@example.com".into()),
        ("EMAIL_ALLAN", "allan@example.com".into()),
        ("EMAIL_LOUISE", "louise@example.com".into()),
        ("AWS_ENDPOINT_URL", sandbox_url.to_owned()),
        ("AWS_REGION", "ca-central-1".into()),
        ("AWS_ACCESS_KEY_ID", "local".into()),
        ("AWS_SECRET_ACCESS_KEY", "local-aws-secret".into()),
        ("EVENT_BUS", shared::config::Setting::EventBus.default().unwrap_or_default().into()),
        (clock::OFFSET_VARIABLE, offset_ms.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (name, path) in credentials::WEBHOOKS {
        environment.insert(name.into(), format!("{sandbox_url}{path}"));
    }
    environment
}
