//! The test bed: a stack on either back end, and what tests ask of it.
//!
//! What is not Rust (PostgREST, AWS emulators, a browser) is installed when a test asks for it. The Postgres server comes
//! from `cargo xtask test`; a test that misses it fails and says so.

pub mod console;
pub mod expected;
pub mod gateway;
pub mod rpc;
pub mod samples;
pub mod shape;

use std::{
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context;
use gazelle_local::{
    postgrest::Database,
    stack::{Options, Stack, TaskRun},
    supabase,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    http::{Http, Retry, is_transient, json_request},
    task::{Function, TaskSpec},
};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};

/// Which Supabase API a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Embedded,
    /// PostgREST itself over Postgres, with a statement timeout of 8 s.
    PostgRest,
}

/// One in the morning of Thursday, 15 January 2026.
pub const NIGHT: &str = "2026-01-15T06:00:00Z";

/// A running stack with what it stands on.
pub struct Bed {
    /// The stack.
    pub stack: Stack,
    /// The database, where it is a server.
    pub database: Option<Database>,
    /// The test has written deliveries of its own.
    has_own_deliveries: AtomicBool,
}

/// The Postgres server that `cargo xtask test` provides.
///
/// # Errors
/// When the test runs without it.
pub fn postgres() -> anyhow::Result<String> {
    std::env::var("GAZELLE_TEST_POSTGRES")
        .context("there is no Postgres: run the tests by `cargo xtask test`")
}

/// A binary of this workspace, built beside the tests.
///
/// # Errors
/// When it is not there.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(|deps| deps.parent()).context("the target folder")?;
    let binary = folder.join(name);
    anyhow::ensure!(
        binary.exists(),
        "{} is not built: run the tests by `cargo xtask test`",
        binary.display()
    );
    Ok(binary)
}

impl Bed {
    /// A small company at [`NIGHT`].
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(backend: Backend) -> anyhow::Result<Self> {
        Self::start_with(backend, |_| ()).await
    }

    /// The same with other options.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start_with(backend: Backend, change: impl FnOnce(&mut Options)) -> anyhow::Result<Self> {
        let mut options = Options::small(NIGHT.parse()?, binary("gazelle-local")?);
        change(&mut options);
        let database = match backend {
            Backend::Embedded => None,
            Backend::PostgRest => {
                let database = Database::create(&postgres()?, &tools::postgrest()?).await?;
                options.remote = Some((database.api.parse()?, supabase::key("service_role")));
                Some(database)
            }
        };
        let bed = Self {
            stack: Stack::start(&options).await?,
            database,
            has_own_deliveries: AtomicBool::new(false),
        };
        // The invented company has problems of its own: tests of the chain do not listen to them.
        bed.listen("maintenance.late", false).await?;
        bed.listen("humidity.alert", false).await?;
        Ok(bed)
    }

    /// Switches the rules of one event type.
    ///
    /// # Errors
    /// When the rules cannot be written.
    pub async fn listen(&self, event_type: &str, enabled: bool) -> anyhow::Result<()> {
        let change = json!({"enabled": enabled}).to_string();
        let rules = self.stack.observer.from("notification_rules").eq("event_type", event_type);
        self.stack.write(rules.update(change)).await
    }

    /// Fills the mirror by a sync, whose events go nowhere.
    ///
    /// # Errors
    /// When the sync does not succeed.
    pub async fn fill(&mut self) -> anyhow::Result<()> {
        let run = self.sync(NIGHT).await?;
        anyhow::ensure!(run.answer.status == "success", "{:?}", run.answer);
        self.stack.take_events();
        Ok(())
    }

    /// Runs a task as its schedule does, at an instant.
    ///
    /// # Errors
    /// When the function cannot be started.
    pub async fn run(&self, task: &str, time: &str) -> anyhow::Result<TaskRun> {
        let spec = TaskSpec::named(task).with_context(|| task.to_owned())?;
        self.stack.invoke(spec.function, &scheduled(task, time)).await
    }

    /// Records a change of an alarm, which runs of some tasks may explain, as the relay does: a notice of this product that
    /// needs no work.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn relay_alarm(
        &self,
        name: &str,
        state: &str,
        severity: &str,
        changed_at: Timestamp,
        explained_by: &[&str],
    ) -> anyhow::Result<Value> {
        let reason = "a reason";
        let alarm = json!({
            "name": name, "state": state, "changed_at": changed_at.to_string(), "reason": reason, "severity": severity,
            "data": {"subject": name, "reason": reason, "since": changed_at.to_string(),
                     "alarm_url": format!("https://console.example/{name}")},
        });
        let now = self.stack.clock.now().to_string();
        let arguments = json!({"p_alarm": alarm, "p_tasks": explained_by, "p_now": now});
        Ok(self.stack.observer.rpc("relay_alarm", &arguments).await?)
    }

    /// Inserts rows as a person with the service key would; a row with a known key replaces the old one.
    ///
    /// # Errors
    /// When the database refuses them.
    pub async fn put(&self, table: &str, rows: Value) -> anyhow::Result<()> {
        self.has_own_deliveries.fetch_or(table == "notification_deliveries", Ordering::Relaxed);
        self.stack.write(self.stack.observer.from(table).upsert(rows.to_string())).await
    }

    /// Runs the scheduled sync of a night, given as its instant.
    ///
    /// # Errors
    /// When the function cannot be started.
    pub async fn sync(&self, night: &str) -> anyhow::Result<TaskRun> {
        self.stack.invoke(Function::SyncGazelle, &scheduled("sync_gazelle", night)).await
    }

    /// The number of rows of a table that are not deleted.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn live(&self, table: &str) -> anyhow::Result<usize> {
        let key = if table == "users" { "id" } else { "external_id" };
        let rows = self.stack.rows(table, &format!("{key},deleted_at"), key).await?;
        Ok(rows.iter().filter(|row| row["deleted_at"].is_null()).count())
    }

    /// Asserts that the mirror holds what the company has.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub async fn assert_mirrored(&self) -> anyhow::Result<()> {
        let expected = self.stack.sandbox.company.read().map_err(|_| anyhow::anyhow!("company"))?.counts();
        for (table, count) in expected {
            anyhow::ensure!(
                self.live(table).await? == count,
                "{table}: {} instead of {count}",
                self.live(table).await?
            );
        }
        Ok(())
    }

    /// The runs of a task, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn runs(&self, task: &str) -> anyhow::Result<Vec<Value>> {
        let rows = self.stack.rows("scheduler_logs", "*", "created_at,id").await?;
        Ok(rows.into_iter().filter(|row| row["task_name"] == task).collect())
    }

    /// Recipient and event type of every Slack message, sorted.
    pub fn notified(&self) -> Vec<String> {
        let mut notified: Vec<String> = self
            .stack
            .sandbox
            .slack_messages()
            .into_iter()
            .map(|sent| sent.to.rsplit('/').next().unwrap_or_default().to_owned())
            .collect();
        notified.sort();
        notified
    }
}

/// Whatever a test queued to be reported, in any way, is a message that somebody has looked at.
impl Drop for Bed {
    fn drop(&mut self) {
        if std::thread::panicking() || self.has_own_deliveries.load(Ordering::Relaxed) {
            return;
        }
        let queued = self.stack.rows("notification_deliveries", "event_type,data", "id");
        let queued = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(queued));
        // A test may have destroyed its database.
        if let Ok(queued) = queued {
            samples::assert_like_samples(&queued);
        }
    }
}

/// An AWS emulator of its own; its buckets take what a bucket with Object Lock takes.
pub struct Moto {
    /// Its address.
    pub endpoint: String,
    _server: Child,
}

impl Moto {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start() -> anyhow::Result<Self> {
        let port = free_port()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let server = Command::new(tools::python()?)
            .args([concat!(env!("CARGO_MANIFEST_DIR"), "/aws_emulator.py"), &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let ready = json_request("moto", "GET".parse()?, endpoint.parse()?, Default::default());
        Http::new().send(&ready, RETRY, is_transient).await.context("moto did not become ready")?;
        Ok(Self { endpoint, _server: server })
    }

    /// Runs the helper script `aws.py` against it.
    ///
    /// # Errors
    /// When it fails.
    pub async fn ask(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/aws.py");
        let output = Command::new(tools::python()?)
            .arg(script)
            .arg(&self.endpoint)
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .await?;
        anyhow::ensure!(output.status.success(), "aws.py {arguments:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A port that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// How long a server that starts is waited for.
pub const RETRY: Retry = Retry {
    attempts: 200,
    timeout: Duration::from_secs(60),
    budget: Duration::from_secs(90),
    first_wait: Duration::from_millis(20),
};

/// Slack's own client library on each message: why it is refused, or null.
///
/// # Errors
/// When the library cannot be asked.
pub async fn slack_verdicts(messages: &[Value]) -> anyhow::Result<Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/slack.py");
    let mut child =
        Command::new(tools::python()?).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("stdin")?;
    stdin.write_all(serde_json::to_string(messages)?.as_bytes()).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    anyhow::ensure!(output.status.success(), "slack.py");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The scheduler's input.
pub fn scheduled(task: &str, time: &str) -> Value {
    match (TaskSpec::named(task), time.parse::<Timestamp>()) {
        (Some(spec), Ok(time)) => Stack::scheduled(spec, time),
        _ => json!({"task": task, "scheduled_time": time}),
    }
}

/// A new database without anything.
///
/// # Errors
/// When the server does not make one.
pub async fn empty_database() -> anyhow::Result<String> {
    Database::empty(&postgres()?).await
}

/// Puts a PostgREST in front of a database.
///
/// # Errors
/// When it does not answer.
pub async fn serve_database(url: String) -> anyhow::Result<Database> {
    Database::serve(url, &tools::postgrest()?).await
}
