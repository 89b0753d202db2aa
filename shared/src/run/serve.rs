//! One process: it serves one invocation after the other.

use std::{process::ExitCode, time::Duration};

use lambda_runtime::{LambdaEvent, service_fn};

use super::{
    answer::{Answer, Failure},
    context::Task,
    host::Host,
    invoke::invoke,
};
use crate::{clock, config::Cached, error_kind::ErrorKind, telemetry, trigger::Payload};

/// The whole `main` of a function that runs tasks: serves invocations until the platform ends the process.
pub fn serve<T: Task>() -> ExitCode {
    process(async {
        let kept = Cached::load(Host::<T>::make).await;
        let handler = service_fn(|event: LambdaEvent<Payload>| handle(&kept, event));
        lambda_runtime::run(handler).await
    })
}

/// What every function's process has: logs, a panic hook, a runtime; and an exit code.
pub fn process(served: impl Future<Output = Result<(), lambda_runtime::Error>>) -> ExitCode {
    telemetry::init();
    // A panic's text may quote data; its place is enough. The harness records the run as failed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "runtime.not_started");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(served) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "runtime.ended");
            ExitCode::FAILURE
        }
    }
}

async fn handle<T: Task>(kept: &Cached<Host<T>>, event: LambdaEvent<Payload>) -> Result<Answer, Failure> {
    let host = kept.current().await.map_err(|error| Failure::before_run(ErrorKind::Configuration, &error))?;
    let time_left: Option<Duration> = clock::time_until(event.context.deadline());
    let answer = invoke(&host, &event.payload, &event.context.request_id, time_left).await;
    if host.task.is_err() {
        kept.forget().await;
    }
    answer
}
