//! A local Lambda: every invocation is a child process that speaks the real Runtime API, with a real deadline.
//!
//! Kills, panics, deadlines and memory are those of a process, not of a simulation.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use shared::task::Function;
use tokio::{
    net::TcpListener,
    process::Command,
    sync::{Notify, oneshot},
};

use crate::tripwire::Tripwire;

/// Tells the executable that it is a function now.
pub const FUNCTION_VARIABLE: &str = "GAZELLE_LOCAL_FUNCTION";

/// How an invocation ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// The function's answer.
    Answer(Value),
    /// A Lambda error: type and message.
    Error {
        /// `errorType`
        kind: String,
        /// `errorMessage`
        message: String,
    },
    /// The process ended by itself, or was killed.
    Crashed,
    /// The time limit was reached; the platform ended the process.
    TimedOut,
}

/// An invocation that is over.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// How.
    pub ended: Ended,
    /// Most memory that the process ever had, in bytes.
    pub peak_rss_bytes: u64,
    /// Wall time.
    pub duration: Duration,
    /// From the start of the process to its first request for work.
    pub init: Duration,
    /// From the start of the process to its first request to the outside, if it made one.
    pub first_request: Option<Duration>,
    /// Everything it logged.
    pub log: String,
}

/// Starts functions.
#[derive(Debug, Clone)]
pub struct Lambda {
    /// The executable that becomes any function.
    pub executable: PathBuf,
    /// Environment of the functions; nothing else of this process's environment reaches them.
    pub environment: BTreeMap<String, String>,
}

struct Exchange {
    request_id: String,
    payload: Bytes,
    deadline_ms: u64,
    handed_out: Mutex<Option<Instant>>,
    outcome: Mutex<Option<oneshot::Sender<Ended>>>,
    ready: Notify,
}

impl Lambda {
    /// Runs one invocation. `tripwire` may end it early.
    pub async fn invoke(
        &self,
        function: Function,
        payload: &str,
        request_id: &str,
        limit: Duration,
        tripwire: &Tripwire,
    ) -> anyhow::Result<Invocation> {
        let (sender, receiver) = oneshot::channel();
        let exchange = Arc::new(Exchange {
            request_id: request_id.to_owned(),
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            deadline_ms: wall_clock_ms() + limit.as_millis() as u64,
            handed_out: Mutex::new(None),
            outcome: Mutex::new(Some(sender)),
            ready: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn({
            let router = runtime_api(exchange.clone());
            async move { axum::serve(listener, router).await }
        });

        tripwire.begin();
        let started = Instant::now();
        let mut child = Command::new(&self.executable)
            .env_clear()
            .envs(&self.environment)
            .env(FUNCTION_VARIABLE, function.crate_name())
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", function.crate_name())
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.executable.display()))?;
        let pid = child.id();
        let mut stderr = child.stderr.take().context("the function's log")?;
        let log = tokio::spawn(async move {
            let mut text = Vec::new();
            tokio::io::AsyncReadExt::read_to_end(&mut stderr, &mut text).await.ok();
            String::from_utf8_lossy(&text).into_owned()
        });

        let ended = tokio::select! {
            outcome = receiver => outcome.unwrap_or(Ended::Crashed),
            _ = child.wait() => Ended::Crashed,
            () = tokio::time::sleep(limit) => Ended::TimedOut,
            () = tripwire.wants_kill() => Ended::Crashed,
        };
        let duration = started.elapsed();
        let peak_rss_bytes = pid.map_or(0, peak_rss);
        child.kill().await.ok();
        tripwire.killed();
        server.abort();
        let handed_out = *exchange.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Invocation {
            ended,
            peak_rss_bytes,
            duration,
            init: handed_out.map_or(duration, |at| at - started),
            first_request: tripwire.first_request().map(|at| at - started),
            log: log.await?,
        })
    }
}

#[allow(clippy::disallowed_methods)] // A deadline is the machine's time, whatever day is being played.
fn wall_clock_ms() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64)
}

/// `VmHWM` of a process.
fn peak_rss(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn runtime_api(exchange: Arc<Exchange>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(exchange)
}

async fn next(State(exchange): State<Arc<Exchange>>) -> Response {
    let is_first = {
        let mut handed_out = exchange.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = handed_out.is_none();
        handed_out.get_or_insert_with(Instant::now);
        is_first
    };
    if !is_first {
        // There is one invocation per process: the next one never comes.
        exchange.ready.notified().await;
    }
    let mut headers = HeaderMap::new();
    let arn = "arn:aws:lambda:ca-central-1:000000000000:function:local";
    for (name, value) in [
        ("lambda-runtime-aws-request-id", exchange.request_id.as_str()),
        ("lambda-runtime-deadline-ms", &exchange.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    (headers, exchange.payload.clone()).into_response()
}

impl Exchange {
    fn end(&self, ended: Ended) -> StatusCode {
        if let Some(sender) = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take() {
            sender.send(ended).ok();
        }
        StatusCode::ACCEPTED
    }
}

async fn response(State(exchange): State<Arc<Exchange>>, Path(_id): Path<String>, body: Bytes) -> StatusCode {
    exchange.end(Ended::Answer(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn error(State(exchange): State<Arc<Exchange>>, Path(_id): Path<String>, body: Bytes) -> StatusCode {
    init_error(State(exchange), body).await
}

async fn init_error(State(exchange): State<Arc<Exchange>>, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    exchange.end(Ended::Error { kind: text("errorType"), message: text("errorMessage") })
}
