//! A function that does what its parameters say, to see the harness around it: `{"do": "panic"}`, `hang`, `fail`,
//! `succeed`.

use std::process::ExitCode;

use serde_json::json;
use shared::{
    config::Settings,
    error_kind::ErrorKind,
    http::Http,
    run::{Run, Task, finished, serve},
    task::{Function, Outcome, TaskError},
};

struct Probe;

impl Task for Probe {
    const FUNCTION: Function = Function::TimelineReport;

    fn new(_settings: &mut Settings, _http: &Http) -> Self {
        Self
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        match run.parameters["do"].as_str() {
            Some("panic") => panic!("planted-secret in a panic"),
            Some("hang") => std::future::pending().await,
            Some("fail") => {
                Err(TaskError::Failed { kind: ErrorKind::ServiceRefused, message: "planted failure".into() })
            }
            _ => Ok(finished("Rien à faire", json!({}))),
        }
    }
}

fn main() -> ExitCode {
    serve::<Probe>()
}
