//! The run in the database: claimed, ended or handed over, each by one SQL function.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    context::{HANDOVER, LEASE, Run},
    record::{AnswerError, RunRecord},
};
use crate::{
    clock,
    events::{DomainEvent, Published, QueuedEvent, SOURCE_TASKS, TASK_CONTINUED},
    supabase::{Supabase, SupabaseError},
    task::{Chain, Finished, Outcome, SyncLog, TaskError},
    trigger::{Kind, Trigger},
};

/// Label of the chain's row in `sync_logs`.
const CHAIN_LABEL: &str = "Sync Gazelle → Timeline";

/// What the claim answered.
pub(super) enum Claim {
    /// The run is ours.
    Claimed(Box<RunRecord>),
    /// There is nothing to do now: `duplicate`, `paused`, or `queued` until the run at work ends.
    Done(&'static str, Box<RunRecord>),
    /// This run of the same group is at work.
    Busy(String),
    /// A continuation of a run that does not exist.
    Unknown,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum ClaimAnswer {
    Claimed { run: Box<RunRecord> },
    Duplicate { run: Box<RunRecord> },
    Paused { run: Box<RunRecord> },
    Busy { live_run_id: String },
    Queued { run: Box<RunRecord> },
    UnknownRun,
}

pub(super) async fn claim(
    supabase: &Supabase,
    trigger: &Trigger,
    request_id: &str,
) -> Result<Claim, SupabaseError> {
    let spec = trigger.task;
    let triggered_by = match trigger.kind {
        Kind::Scheduled | Kind::Chained | Kind::Continued => "scheduler",
        Kind::Requested => "api",
        Kind::Manual => "manual",
    };
    let request = json!({
        "kind": trigger.kind,
        "run_key": trigger.run_key,
        "task_name": spec.name,
        "task_label": spec.label,
        "exclusion_group": spec.exclusion_group,
        "failure_event": spec.failure_event,
        "failure_fingerprint": spec.failure_event.map(|event| format!("{event}@{}", spec.problem_key(&trigger.run_key))),
        "part": trigger.part,
        "request_id": request_id,
        // The platform retries with the same request id: what tells this claim from the next one is its instant.
        "claim_key": format!("{request_id}@{}", clock::now()),
        "run_id": trigger.run_id,
        "parent_run_id": trigger.parent_run_id,
        "correlation_id": trigger.correlation_id,
        "triggered_by": triggered_by,
        "triggered_by_user": trigger.requested_by,
        "scheduled_for": trigger.scheduled_for.map(|time| time.to_string()),
        "parameters": if trigger.parameters.is_null() { json!({}) } else { trigger.parameters.clone() },
        "lease_seconds": LEASE.as_secs(),
        "log_url": log_url(),
        // Of a frequent task the next tick does it; who asks by hand is told that it is busy.
        "may_wait": !spec.is_frequent() && matches!(trigger.kind, Kind::Scheduled | Kind::Requested),
    });
    let arguments = json!({"p_request": request, "p_now": clock::now().to_string()});
    Ok(match supabase.rpc("claim_run", &arguments).await? {
        ClaimAnswer::Claimed { run } => Claim::Claimed(run),
        ClaimAnswer::Duplicate { run } => Claim::Done("duplicate", run),
        ClaimAnswer::Paused { run } => Claim::Done("paused", run),
        ClaimAnswer::Queued { run } => Claim::Done("queued", run),
        ClaimAnswer::Busy { live_run_id } => Claim::Busy(live_run_id),
        ClaimAnswer::UnknownRun => Claim::Unknown,
    })
}

/// The page of this process's log lines in the AWS console.
fn log_url() -> Option<String> {
    let variable = |name| std::env::var(name).ok();
    let region = variable("AWS_REGION")?;
    let twice = |text: String| {
        text.replace('$', "$2524").replace('/', "$252F").replace('[', "$255B").replace(']', "$255D")
    };
    let group = twice(variable("AWS_LAMBDA_LOG_GROUP_NAME")?);
    let stream = twice(variable("AWS_LAMBDA_LOG_STREAM_NAME")?);
    Some(format!(
        "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}/log-events/{stream}"
    ))
}

/// The end of a run, ready to be committed.
pub(super) struct End {
    pub status: &'static str,
    pub message: String,
    pub stats: Value,
    pub error: Option<AnswerError>,
    pub duration_ms: u64,
    lease_lost: bool,
    continuation: Option<(Value, Option<Timestamp>)>,
    finished: Finished,
}

/// The event of the next part.
#[derive(Deserialize)]
struct HandedOver {
    #[serde(flatten)]
    event: QueuedEvent,
    due: bool,
}

/// What is left to do after the commit.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Ended {
    finished: bool,
    #[serde(default)]
    pub notices: u32,
    #[serde(default)]
    pub events: Vec<QueuedEvent>,
}

/// An entry of `scheduler_logs.errors`: what failed, and the details that help to find out why.
fn failure(answer: &AnswerError, details: Option<Value>) -> Value {
    let mut entry = json!({"at": clock::now().to_string(), "kind": answer.kind, "message": answer.message});
    if let Some(details) = details {
        entry["details"] = details;
    }
    entry
}

impl End {
    pub fn new(run: &Run, outcome: Result<Outcome, TaskError>, duration: Duration) -> Self {
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let end = |status, finished: Finished| Self {
            status,
            message: finished.message.clone(),
            stats: finished.stats.clone(),
            error: None,
            duration_ms,
            lease_lost: false,
            continuation: None,
            finished,
        };
        match outcome {
            Ok(Outcome::Finished(finished)) => {
                let status = if finished.warning { "warning" } else { "success" };
                end(status, finished)
            }
            Ok(Outcome::Continued { continuation, stats, not_before }) => Self {
                continuation: Some((continuation, not_before)),
                ..end(
                    "running",
                    Finished {
                        message: match not_before {
                            None => format!("Partie {} terminée, la suite est demandée", run.part + 1),
                            Some(at) => format!(
                                "Gazelle demande d'attendre; la suite est remise à {}",
                                at.to_zoned(clock::zone()).strftime("%H:%M")
                            ),
                        },
                        stats,
                        ..Finished::default()
                    },
                )
            },
            Err(error) => {
                let answer = AnswerError { kind: error.kind().to_string(), message: error.to_string() };
                let finished = Finished {
                    message: answer.message.clone(),
                    stats: json!({}),
                    notices: error.notice(run).into_iter().collect(),
                    errors: vec![failure(&answer, error.details())],
                    ..Finished::default()
                };
                Self {
                    error: Some(answer),
                    lease_lost: matches!(error, TaskError::Supabase(SupabaseError::LeaseLost)),
                    ..end("error", finished)
                }
            }
        }
    }

    pub async fn commit(&self, run: &Run) -> Result<Ended, SupabaseError> {
        if self.lease_lost {
            return Err(SupabaseError::LeaseLost);
        }
        match &self.continuation {
            Some((continuation, not_before)) => self.hand_over(run, continuation.clone(), *not_before).await,
            None => self.finish(run).await,
        }
    }

    async fn finish(&self, run: &Run) -> Result<Ended, SupabaseError> {
        let result = json!({
            "status": self.status,
            "duration_ms": self.duration_ms,
            "message": self.message,
            "stats": self.stats,
            "error_kind": self.error.as_ref().map(|error| &error.kind),
            "errors": self.finished.errors,
            "events": self.finished.events,
            "notices": self.finished.notices,
            "sync_logs": self.sync_logs(run),
        });
        let arguments = json!({
            "p_run_id": run.id, "p_lease": run.lease, "p_result": result, "p_now": clock::now().to_string(),
        });
        let ended: Ended = run.supabase.rpc("finish_run", &arguments).await?;
        if ended.finished { Ok(ended) } else { Err(SupabaseError::LeaseLost) }
    }

    async fn hand_over(
        &self,
        run: &Run,
        continuation: Value,
        not_before: Option<Timestamp>,
    ) -> Result<Ended, SupabaseError> {
        let mut arguments = json!({
            "p_run_id": run.id,
            "p_lease": run.lease,
            "p_event": continuation_event(run, continuation),
            "p_stats": self.stats,
            "p_wait_seconds": HANDOVER.as_secs(),
            "p_now": clock::now().to_string(),
        });
        if let Some(at) = not_before {
            arguments["p_not_before"] = at.to_string().into();
        }
        let handed_over: HandedOver = run.supabase.rpc("continue_run", &arguments).await?;
        // An event for later waits in the outbox: the dispatcher publishes it when it is due.
        let events = handed_over.due.then_some(handed_over.event).into_iter().collect();
        Ok(Ended { finished: true, notices: 0, events })
    }

    fn sync_logs(&self, run: &Run) -> Vec<Value> {
        let mut rows = Vec::new();
        if let SyncLog::TaskType(task_type) = run.spec.sync_log {
            rows.push(json!({"script_name": run.spec.label, "task_type": task_type, "with_parent": false}));
        }
        let chain_ends_here = match run.spec.chain {
            Chain::Starts => self.finished.events.is_empty(),
            Chain::Ends => run.is_chained,
            Chain::None => false,
        };
        if chain_ends_here {
            rows.push(json!({
                "script_name": CHAIN_LABEL, "task_type": "chain", "with_parent": run.spec.chain == Chain::Ends,
            }));
        }
        rows
    }
}

/// Stores what became of published events.
pub(super) async fn settle_events(supabase: &Supabase, outcomes: &[Published]) -> Result<(), SupabaseError> {
    let arguments = json!({"p_results": outcomes, "p_now": clock::now().to_string()});
    supabase.rpc::<u32>("settle_events", &arguments).await.map(drop)
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
