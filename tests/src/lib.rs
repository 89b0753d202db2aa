//! The test bed: a stack on either back end, and what tests ask of it.
//!
//! What cannot be embedded (Postgres, PostgREST, AWS emulators) comes from `cargo xtask test`; a test that misses
//! it fails and says so.

use std::{path::PathBuf, process::Stdio};

use anyhow::Context;
use gazelle_local::{
    stack::{Options, Stack, TaskRun},
    supabase,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::task::{Function, TaskSpec};
use tokio::process::{Child, Command};
use tokio_postgres::NoTls;

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
}

/// A database of its own with a PostgREST in front of it.
pub struct Database {
    /// Connection string of the superuser.
    pub url: String,
    /// Address of PostgREST.
    pub api: String,
    _postgrest: Child,
}

/// A setting that `cargo xtask test` provides.
///
/// # Errors
/// When the test runs without it.
pub fn provided(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run the tests by `cargo xtask test`"))
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
                let database = Database::create().await?;
                options.remote = Some((database.api.parse()?, supabase::key("service_role")));
                Some(database)
            }
        };
        Ok(Self { stack: Stack::start(&options).await?, database })
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
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .stack
            .sandbox
            .slack_messages()
            .into_iter()
            .map(|sent| sent.to.rsplit('/').next().unwrap_or_default().to_owned())
            .collect();
        told.sort();
        told
    }
}

/// The scheduler's input.
pub fn scheduled(task: &str, time: &str) -> Value {
    match (TaskSpec::named(task), time.parse::<Timestamp>()) {
        (Some(spec), Ok(time)) => Stack::scheduled(spec, time),
        _ => json!({"task": task, "scheduled_time": time}),
    }
}

impl Database {
    /// A new database with all migrations, and a PostgREST that serves it.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn create() -> anyhow::Result<Self> {
        let url = Self::empty().await?;
        supabase::migrate(&url).await?;
        Self::serve(url).await
    }

    /// A new database without anything.
    ///
    /// # Errors
    /// When the server does not make one.
    pub async fn empty() -> anyhow::Result<String> {
        let server = provided("GAZELLE_TEST_POSTGRES")?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        // A port that is free now is a name that is free in this run.
        let name = format!("test_{}_{}", std::process::id(), listener.local_addr()?.port());
        let (client, connection) = tokio_postgres::connect(&format!("{server}/postgres"), NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(&format!("create database {name}")).await?;
        Ok(format!("{server}/{name}"))
    }

    /// Puts a PostgREST in front of a database.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn serve(url: String) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let api = format!("http://127.0.0.1:{port}");
        let mut postgrest = Command::new(provided("GAZELLE_TEST_POSTGREST")?)
            .env("PGRST_DB_URI", url.replace("postgres@", "authenticator@"))
            .env("PGRST_DB_SCHEMAS", "public")
            .env("PGRST_DB_ANON_ROLE", "anon")
            .env("PGRST_DB_MAX_ROWS", "1000")
            .env("PGRST_DB_POOL", "6")
            .env("PGRST_JWT_SECRET", supabase::JWT_SECRET)
            .env("PGRST_SERVER_HOST", "127.0.0.1")
            .env("PGRST_SERVER_PORT", port.to_string())
            .env("PGRST_LOG_LEVEL", "crit")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("starting PostgREST")?;
        let http = shared::http::Http::new();
        let request =
            shared::http::json_request("postgrest", "GET".parse()?, api.parse()?, Default::default());
        // Ready when the schema is loaded; a refused connection or a 503 until then.
        let patience = shared::http::Retry {
            attempts: 200,
            timeout: std::time::Duration::from_secs(5),
            budget: std::time::Duration::from_secs(60),
            first_wait: std::time::Duration::from_millis(20),
        };
        http.send(&request, patience, shared::http::is_transient)
            .await
            .context("PostgREST did not become ready")?;
        anyhow::ensure!(postgrest.try_wait()?.is_none(), "PostgREST ended");
        Ok(Self { url, api, _postgrest: postgrest })
    }

    /// A connection as the superuser.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn connect(url: &str) -> anyhow::Result<tokio_postgres::Client> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}
