//! A task, and what it knows of the run it is in.

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

use super::record::RunRecord;
use crate::{
    clock,
    config::Settings,
    http::Http,
    notify::{Event, Notice, Severity},
    supabase::{QUICK, Supabase, SupabaseError},
    task::{Finished, Function, Outcome, TaskError, TaskSpec},
    trigger::{Kind, Trigger},
};

/// A lost process frees its task after this long.
pub const LEASE: Duration = Duration::from_secs(120);
/// A handed-over run waits at most this long for its next part.
pub(super) const HANDOVER: Duration = Duration::from_secs(900);
const RENEWAL: Duration = Duration::from_secs(30);
/// So that who watches a run sees it move: what has changed is stored after this long.
const MOVEMENT: Duration = Duration::from_secs(5);

/// A task: built once per process, run once per invocation.
pub trait Task: Send + Sync + Sized + 'static {
    /// The function this task is.
    const FUNCTION: Function;

    /// Reads the task's own settings; problems are noted in `settings`.
    fn new(settings: &mut Settings, http: &Http) -> Self;

    /// Does the work of one run. What it knows about time, parameters and the database comes with `run`.
    fn run(&self, run: &Run) -> impl Future<Output = Result<Outcome, TaskError>> + Send;
}

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
    pub(super) is_chained: bool,
    pub(super) lease: String,
    work_until: Option<Instant>,
    hand_over_at: Option<Instant>,
    pub(super) progress: Mutex<Value>,
}

impl Run {
    pub(super) fn new(
        supabase: Supabase,
        http: Http,
        trigger: &Trigger,
        record: RunRecord,
        time_left: Option<Duration>,
    ) -> Self {
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
            parameters: if trigger.parameters.is_null() {
                record.parameters
            } else {
                trigger.parameters.clone()
            },
            supabase,
            http,
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
        if self.parameters.is_null() {
            return Ok(T::default());
        }
        T::deserialize(&self.parameters).map_err(|_| TaskError::Parameters(expected.into()))
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

    pub(super) async fn work<T: Task>(&self, task: &T) -> Result<Outcome, TaskError> {
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

/// The end of a run without anything to say.
pub fn finished(message: impl Into<String>, stats: Value) -> Outcome {
    Outcome::Finished(Finished { message: message.into(), stats, ..Finished::default() })
}

impl TaskError {
    /// The notice about this failure, unless the task has none.
    pub fn notice(&self, run: &Run) -> Option<Notice> {
        let failure = run.spec.failure_event?;
        let (event_type, severity) = match self {
            TaskError::Gazelle(error) if error.is_unauthorized() => {
                (Event::GazelleAuthorizationExpiring, Severity::Critical)
            }
            TaskError::Gazelle(_)
            | TaskError::Supabase(_)
            | TaskError::Http(_)
            | TaskError::Failed { .. }
            | TaskError::Parameters(_)
            | TaskError::Configuration(_)
            | TaskError::DeadlineExceeded
            | TaskError::Panic => (failure, Severity::Error),
        };
        Some(Notice::new(
            event_type,
            severity,
            format!("{event_type}@{}", run.spec.problem_key(&run.key)),
            json!({
                "task_label": run.spec.label,
                "run_id": run.id,
                "error_kind": self.kind(),
                "error": self.to_string(),
                "since": run.started_at.to_string(),
            }),
        ))
    }
}
