//! The run harness: what surrounds every task. Claim, lease, deadline, finish, publish, tell, answer.
//!
//! It knows nothing of what a task does. One invocation is told step by step in `docs/ARCHITECTURE.md`.

mod answer;
mod host;
mod state;

use std::{
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use jiff::{Timestamp, civil::Date};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use self::{
    answer::{Answer, AnswerError, Failure},
    host::{process, serve},
};
use self::{
    host::Host,
    state::{Claim, RunRecord},
};
use crate::{
    clock,
    events::{DomainEvent, Published, QueuedEvent, SOURCE_TASKS, TASK_CONTINUED},
    http::Http,
    metrics,
    notify::{self, Delivered, Notice},
    supabase::{QUICK, Supabase, SupabaseError},
    task::{Finished, Outcome, Task, TaskError, TaskSpec},
    trigger::{Kind, Payload, Trigger},
};

/// A lost process frees its task after this long.
pub const LEASE: Duration = Duration::from_secs(120);
/// A handed-over run waits at most this long for its next part.
const HANDOVER: Duration = Duration::from_secs(900);
/// How long a run waits for free slots of its channels; what is left goes out with the next dispatch.
const TELLING: Duration = Duration::from_secs(5);
const RENEWAL: Duration = Duration::from_secs(30);
/// So that who watches a run sees it move: what has changed is stored after this long.
const MOVEMENT: Duration = Duration::from_secs(5);

/// What a task knows of the run it is in.
pub struct Run {
    /// Row in `scheduler_logs`.
    pub id: String,
    /// Run key.
    pub key: String,
    /// Registry entry.
    pub spec: &'static TaskSpec,
    /// Carried through the chain.
    pub correlation_id: String,
    /// Start of this attempt.
    pub started_at: Timestamp,
    /// The instant that business dates come from.
    pub scheduled_for: Timestamp,
    /// Part of a long run; above 0 the work resumes what is committed.
    pub part: u32,
    /// Parameters, or the continuation.
    pub parameters: Value,
    /// Database.
    pub supabase: Supabase,
    /// HTTP client.
    pub http: Http,
    is_chained: bool,
    lease: String,
    work_until: Option<Instant>,
    hand_over_at: Option<Instant>,
    progress: Mutex<Value>,
}

impl Run {
    fn new<T>(host: &Host<T>, trigger: &Trigger, record: RunRecord, time_left: Option<Duration>) -> Self {
        let now = Instant::now();
        // Enough to finish, publish and tell; and before that, to hand over instead of being cut off.
        let reserve = |left: Duration| (left / 5).min(Duration::from_secs(15));
        let margin = |left: Duration| (left * 2 / 5).min(Duration::from_secs(60));
        Self {
            id: record.id,
            key: record.run_key,
            spec: trigger.task,
            correlation_id: record.correlation_id,
            started_at: record.started_at,
            scheduled_for: record.scheduled_for.unwrap_or(record.started_at),
            part: trigger.part,
            parameters: match trigger.parameters.is_null() {
                true => record.parameters,
                false => trigger.parameters.clone(),
            },
            supabase: host.supabase.clone(),
            http: host.http.clone(),
            is_chained: trigger.kind == Kind::Chained,
            lease: record.lease_token.unwrap_or_default(),
            work_until: time_left.map(|left| now + left - reserve(left)),
            hand_over_at: time_left.map(|left| now + left - margin(left)),
            progress: Mutex::new(json!({})),
        }
    }

    /// The Montréal date this run is for.
    pub fn business_date(&self) -> Date {
        clock::business_date(self.scheduled_for)
    }

    /// The parameters as the task knows them; none at all are its defaults. `expected` is shown to whoever sent
    /// others.
    ///
    /// # Errors
    /// [`TaskError::Parameters`] when they are not what `T` says.
    pub fn parsed_parameters<T: DeserializeOwned + Default>(&self, expected: &str) -> Result<T, TaskError> {
        match &self.parameters {
            Value::Null => Ok(T::default()),
            given => T::deserialize(given).map_err(|_| TaskError::Parameters(expected.into())),
        }
    }

    /// Whether a task that can go on later should stop now and hand over.
    pub fn should_hand_over(&self) -> bool {
        self.hand_over_at.is_some_and(|at| Instant::now() >= at)
    }

    /// Shows how far the run has come; stored within seconds.
    pub fn report(&self, progress: Value) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// The arguments by which a SQL function knows that this process holds the run, and its instant.
    pub fn lease_arguments(&self) -> Value {
        json!({
            "p_run_id": self.id,
            "p_lease": self.lease,
            "p_lease_seconds": LEASE.as_secs(),
            "p_now": clock::now().to_string(),
        })
    }

    /// Renews the lease until it is lost, and stores how far the run has come.
    async fn keep_lease(&self) -> SupabaseError {
        let (mut stored_at, mut stored) = (Instant::now(), json!({}));
        loop {
            tokio::time::sleep(MOVEMENT).await;
            let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if progress == stored && stored_at.elapsed() < RENEWAL {
                continue;
            }
            let mut arguments = self.lease_arguments();
            arguments["p_progress"] = progress.clone();
            let renewed = self.supabase.rpc_within::<()>("report_progress", &arguments, QUICK).await;
            match renewed {
                Err(SupabaseError::LeaseLost) => return SupabaseError::LeaseLost,
                // The work itself meets the outage, if it lasts.
                Err(error) => tracing::warn!(%error, "lease.not_renewed"),
                Ok(()) => {}
            }
            (stored_at, stored) = (Instant::now(), progress);
        }
    }

    async fn work<T: Task>(&self, task: &T) -> Result<Outcome, TaskError> {
        let work = AssertUnwindSafe(task.run(self)).catch_unwind();
        let in_time = async {
            match self.work_until {
                Some(until) => {
                    tokio::time::timeout_at(until, work).await.map_err(|_| TaskError::DeadlineExceeded)
                }
                None => Ok(work.await),
            }
        };
        tokio::select! {
            outcome = in_time => match outcome? {
                Ok(result) => result,
                Err(_panic) => Err(TaskError::Panic),
            },
            lost = self.keep_lease() => Err(lost.into()),
        }
    }
}

/// One invocation.
async fn invoke<T: Task>(
    host: &Host<T>,
    payload: &Payload,
    request_id: &str,
    time_left: Option<Duration>,
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let retries_before = host.http.retries();
    let trigger = Trigger::recognise(payload, T::FUNCTION, request_id)
        .map_err(|error| Failure::before_run("unknown_payload", &error))?;
    let claim = match state::claim(&host.supabase, &trigger, request_id).await {
        Ok(claim) => claim,
        Err(error) => return Err(claim_failed(host, &trigger, error).await),
    };
    let record = match claim {
        Claim::Claimed(record) => *record,
        Claim::Done(outcome, record) => return Ok(Answer::of_record(&record, outcome)),
        // The next tick does it; what is asked for once comes back by the platform's retry.
        Claim::Busy(live) if trigger.task.is_frequent() && trigger.kind == Kind::Scheduled => {
            return Ok(Answer::busy(trigger.task, live));
        }
        Claim::Busy(live) => return Err(Answer::busy(trigger.task, live).into_failure()),
        Claim::Unknown => {
            return Err(Failure::before_run(
                "unknown_run",
                &"the event speaks of a run that is not in the log",
            ));
        }
    };
    tracing::info!(
        run_id = record.id,
        task = trigger.task.name,
        attempt = record.attempt,
        part = trigger.part,
        "run.started"
    );

    let mut answer = Answer::of_record(&record, "ran");
    let run = Run::new(host, &trigger, record, time_left);
    let outcome = match &host.task {
        Ok(task) => run.work(task).await,
        Err(error) => Err(error.clone().into()),
    };
    let end = state::End::new(&run, outcome, started.elapsed());
    answer.take(&end);
    let ended = match end.commit(&run).await {
        Ok(ended) => ended,
        Err(SupabaseError::LeaseLost) => return Err(answer.lost().into_failure()),
        Err(error) => {
            tracing::error!(run_id = run.id, %error, "run.end_not_recorded");
            answer.told = tell_directly(host, trigger.task).await;
            answer.fail("supabase_unavailable", &error);
            return Err(answer.into_failure());
        }
    };
    let refused = publish(host, &run, &ended.events).await;
    let delivered = if ended.notices > 0 || refused {
        notify::deliver(&host.supabase, &host.http, &host.channels, Some(&run.id), TELLING).await
    } else {
        Delivered::default()
    };
    metrics::run_ended(run.spec, &answer, delivered, host.http.retries() - retries_before);
    tracing::info!(
        run_id = run.id,
        task = run.spec.name,
        status = answer.status,
        duration_ms = answer.duration_ms,
        error_kind = answer.error.as_ref().map(|e| e.kind.as_str()),
        "run.finished"
    );
    match answer.status.as_str() {
        "error" => Err(answer.into_failure()),
        _ => Ok(answer),
    }
}

/// Supabase did not let this run start.
async fn claim_failed<T>(host: &Host<T>, trigger: &Trigger, error: SupabaseError) -> Failure {
    tracing::error!(task = trigger.task.name, %error, "run.not_claimed");
    let error = TaskError::from(error);
    let mut answer = Answer::not_started(trigger.task);
    answer.told = tell_directly(host, trigger.task).await;
    answer.fail(error.kind(), &error);
    answer.into_failure()
}

/// Tasks that run daily or less often say themselves that Supabase is down; a frequent one would repeat it every
/// five minutes: its alarm speaks once.
async fn tell_directly<T>(host: &Host<T>, task: &TaskSpec) -> Vec<notify::Told> {
    if task.is_frequent() {
        return Vec::new();
    }
    let notice = Notice::supabase_down(task.label, clock::now());
    notify::tell_administrators(&host.http, &host.channels, &notice).await
}

/// Publishes the events of a finished run at once. Whether any was refused; the outbox keeps those.
async fn publish<T>(host: &Host<T>, run: &Run, events: &[QueuedEvent]) -> bool {
    if events.is_empty() {
        return false;
    }
    let outcomes: Vec<Published> = host.aws().await.publish(&host.bus, events).await;
    let refused = outcomes.iter().any(|outcome| !outcome.published);
    if let Err(error) = state::settle_events(&run.supabase, &outcomes).await {
        // They stay in the outbox and are published again: consumers de-duplicate.
        tracing::warn!(run_id = run.id, %error, "events.not_settled");
    }
    refused
}

/// The event that starts the next part of `run`.
fn continuation_event(run: &Run, continuation: Value) -> DomainEvent {
    DomainEvent {
        source: SOURCE_TASKS,
        detail_type: TASK_CONTINUED,
        detail: json!({
            "task": run.spec.name, "run_id": run.id, "part": run.part + 1, "continuation": continuation,
        }),
    }
}

/// The end of a run without anything to say.
pub fn finished(message: impl Into<String>, stats: Value) -> Outcome {
    Outcome::Finished(Finished { message: message.into(), stats, ..Finished::default() })
}
