//! One invocation: claim, work, end, publish, tell, answer.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    answer::{Answer, Failure},
    context::{Run, Task},
    host::Host,
    state::{self, Claim},
};
use crate::{
    clock,
    error_kind::ErrorKind,
    events::{Published, QueuedEvent},
    metrics,
    notify::{self, Delivered, Notice},
    supabase::SupabaseError,
    task::{TaskError, TaskSpec},
    trigger::{Kind, Payload, Trigger},
};

/// How long a run waits for free slots of its channels; what is left goes out with the next dispatch.
const TELLING: Duration = Duration::from_secs(5);

/// One invocation.
pub(super) async fn invoke<T: Task>(
    host: &Host<T>,
    payload: &Payload,
    request_id: &str,
    time_left: Option<Duration>,
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let retries_before = host.http.retries();
    let trigger = Trigger::recognise(payload, T::FUNCTION, request_id)
        .map_err(|error| Failure::before_run(ErrorKind::UnknownPayload, &error))?;
    let claim = match state::claim(&host.supabase, &trigger, request_id).await {
        Ok(claim) => claim,
        Err(error) => return Err(claim_failed(host, &trigger, error).await),
    };
    let record = match claim {
        Claim::Claimed(record) => *record,
        Claim::Done(outcome, record) => return Ok(Answer::of_record(&record, outcome)),
        // The next tick does it; what came by an event comes back by the platform's retry.
        Claim::Busy(live) if trigger.task.is_frequent() && trigger.kind == Kind::Scheduled => {
            return Ok(Answer::busy(trigger.task, live));
        }
        Claim::Busy(live) => return Err(Answer::busy(trigger.task, live).into_failure()),
        Claim::Unknown => {
            return Err(Failure::before_run(
                ErrorKind::UnknownRun,
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
    let run = Run::new(host.supabase.clone(), host.http.clone(), &trigger, record, time_left);
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
            answer.notified = notify_directly(host, trigger.task).await;
            answer.fail(ErrorKind::SupabaseUnavailable, &error);
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
    answer.notified = notify_directly(host, trigger.task).await;
    answer.fail(error.kind(), &error);
    answer.into_failure()
}

/// Tasks that run daily or less often say themselves that Supabase is down; a frequent one would repeat it every
/// five minutes: its alarm speaks once.
async fn notify_directly<T>(host: &Host<T>, task: &TaskSpec) -> Vec<notify::DirectDelivery> {
    if task.is_frequent() {
        return Vec::new();
    }
    let notice = Notice::supabase_down(task.label, clock::now());
    notify::notify_administrators(&host.http, &host.channels, &notice).await
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
