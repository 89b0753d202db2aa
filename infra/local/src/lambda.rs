//! A local Lambda: child processes that speak the real Runtime API, with real deadlines. Tasks get a process for each
//! invocation; a [`Sandbox`] is kept for several.
//!
//! Kills, panics, deadlines and memory are those of a process, not of a simulation.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use admin_api::Limits;
use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use shared::task::Function;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::tripwire::Tripwire;

/// Tells the executable that it is a function now.
pub const FUNCTION_VARIABLE: &str = "GAZELLE_LOCAL_FUNCTION";
/// Calls per minute of a user and of an address, `300,900`: measurements lift them.
pub const LIMITS_VARIABLE: &str = "GAZELLE_LOCAL_LIMITS";
/// The largest answer of a synchronous invocation: AWS, "Lambda quotas".
const ANSWER_BYTES: usize = 6 * 1024 * 1024;

/// The limits that [`LIMITS_VARIABLE`] gives, else the product's.
pub fn limits() -> Limits {
    let given = std::env::var(LIMITS_VARIABLE).ok();
    let pair = given.as_deref().and_then(|given| given.split_once(','));
    let limits = pair.and_then(|(user, address)| Some((user.parse().ok()?, address.parse().ok()?)));
    limits.map_or_else(Limits::default, |(user, address)| Limits { user, address })
}

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
    /// The metrics that CloudWatch would have made of its standard output.
    pub metrics: Vec<Value>,
}

/// Starts functions.
#[derive(Debug, Clone)]
pub struct Lambda {
    /// The executable that becomes any function.
    pub executable: PathBuf,
    /// Environment of the functions; nothing else of this process's environment reaches them.
    pub environment: BTreeMap<String, String>,
}

/// The Runtime API of one process: it hands out one invocation after the other.
struct Runtime {
    work: tokio::sync::Mutex<mpsc::UnboundedReceiver<Work>>,
    /// Who waits for the invocation that was handed out.
    waiting: Mutex<Option<oneshot::Sender<Ended>>>,
    first_asked: Mutex<Option<Instant>>,
}

struct Work {
    request_id: String,
    payload: Bytes,
    limit: Duration,
    /// Told when the process took the work: from then on its time counts.
    taken: oneshot::Sender<()>,
    answer: oneshot::Sender<Ended>,
}

/// What a process may take before it asks for work; it counts for no invocation, and the first one goes on with it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>, "Init phase").
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A process of a function that serves one invocation after the other, as the platform keeps it between them.
pub struct Sandbox {
    child: Child,
    work: mpsc::UnboundedSender<Work>,
    runtime: Arc<Runtime>,
    server: JoinHandle<()>,
    log: JoinHandle<String>,
    output: JoinHandle<String>,
    started: Instant,
}

impl Lambda {
    /// Runs one invocation in a process of its own. `tripwire` may end it early.
    pub async fn invoke(
        &self,
        function: Function,
        payload: &str,
        request_id: &str,
        limit: Duration,
        tripwire: &Tripwire,
    ) -> anyhow::Result<Invocation> {
        tripwire.begin();
        let mut sandbox = self.start(function).await?;
        let ended = tokio::select! {
            ended = sandbox.invoke(payload, request_id, limit) => ended,
            () = tripwire.wants_kill() => Ended::Crashed,
        };
        let (started, duration) = (sandbox.started, sandbox.started.elapsed());
        let asked = *sandbox.runtime.first_asked.lock().unwrap_or_else(PoisonError::into_inner);
        let peak_rss_bytes = sandbox.child.id().map_or(0, peak_rss);
        let ends = sandbox.stop().await;
        tripwire.killed();
        let (log, output) = ends?;
        Ok(Invocation {
            ended,
            peak_rss_bytes,
            duration,
            init: asked.map_or(duration, |at| at - started),
            first_request: tripwire.first_request().map(|at| at - started),
            log,
            metrics: output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        })
    }

    /// Starts a process of a function.
    pub async fn start(&self, function: Function) -> anyhow::Result<Sandbox> {
        let (work, receiver) = mpsc::unbounded_channel();
        let runtime = Arc::new(Runtime {
            work: tokio::sync::Mutex::new(receiver),
            waiting: Mutex::default(),
            first_asked: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = runtime_api(runtime.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
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
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.executable.display()))?;
        let log = read(child.stderr.take().context("the function's log")?);
        let output = read(child.stdout.take().context("the function's output")?);
        Ok(Sandbox { child, work, runtime, server, log, output, started })
    }
}

/// Reads a pipe to its end, so that whoever writes never waits.
fn read(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut text = Vec::new();
        pipe.read_to_end(&mut text).await.ok();
        String::from_utf8_lossy(&text).into_owned()
    })
}

impl Sandbox {
    /// Hands out an invocation and waits for its end. A process that crashed or took too long serves no other.
    pub async fn invoke(&mut self, payload: &str, request_id: &str, limit: Duration) -> Ended {
        let (answer, receiver) = oneshot::channel();
        let (taken, is_taken) = oneshot::channel();
        let payload = Bytes::copy_from_slice(payload.as_bytes());
        let work = Work { request_id: request_id.to_owned(), payload, limit, taken, answer };
        if self.work.send(work).is_err() {
            return Ended::Crashed;
        }
        let limit_reached = async {
            if tokio::time::timeout(INIT_LIMIT + limit, is_taken).await.is_ok() {
                tokio::time::sleep(limit).await;
            }
        };
        tokio::select! {
            outcome = receiver => outcome.unwrap_or(Ended::Crashed),
            _ = self.child.wait() => Ended::Crashed,
            () = limit_reached => Ended::TimedOut,
        }
    }

    /// Ends the process; everything it logged.
    pub async fn end(self) -> anyhow::Result<String> {
        Ok(self.stop().await?.0)
    }

    /// Ends the process: its log, and its standard output.
    async fn stop(mut self) -> anyhow::Result<(String, String)> {
        self.child.kill().await.ok();
        self.server.abort();
        Ok((self.log.await?, self.output.await?))
    }
}

#[allow(clippy::disallowed_methods)] // A deadline is the machine's time, whatever day is being played.
fn wall_clock_ms() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_millis())
}

/// `VmHWM` of a process.
fn peak_rss(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn runtime_api(runtime: Arc<Runtime>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(runtime)
        // What a function may answer is reported as the platform tells it.
        .layer(DefaultBodyLimit::disable())
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    runtime.first_asked.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    let Some(work) = runtime.work.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    *runtime.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(work.answer);
    work.taken.send(()).ok();
    let deadline_ms = wall_clock_ms() + work.limit.as_millis();
    let mut headers = HeaderMap::new();
    let arn = "arn:aws:lambda:ca-central-1:000000000000:function:local";
    for (name, value) in [
        ("lambda-runtime-aws-request-id", work.request_id.as_str()),
        ("lambda-runtime-deadline-ms", &deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    (headers, work.payload).into_response()
}

impl Runtime {
    fn end(&self, ended: Ended) -> StatusCode {
        if let Some(waiting) = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waiting.send(ended).ok();
        }
        StatusCode::ACCEPTED
    }
}

async fn response(State(runtime): State<Arc<Runtime>>, Path(_id): Path<String>, body: Bytes) -> StatusCode {
    let ended = match body.len() {
        ..=ANSWER_BYTES => Ended::Answer(serde_json::from_slice(&body).unwrap_or_default()),
        length => Ended::Error {
            kind: "Function.ResponseSizeTooLarge".into(),
            message: format!("the answer has {length} bytes"),
        },
    };
    runtime.end(ended)
}

async fn error(State(runtime): State<Arc<Runtime>>, Path(_id): Path<String>, body: Bytes) -> StatusCode {
    init_error(State(runtime), body).await
}

async fn init_error(State(runtime): State<Arc<Runtime>>, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    runtime.end(Ended::Error { kind: text("errorType"), message: text("errorMessage") })
}
