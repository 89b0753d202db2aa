//! The HTTP API and the console: what administrators see and do.
//!
//! It is no task: it has no schedule. It decides who may do what, and leaves the work to the tasks: a run is requested,
//! not done in here, but for the one whose callers wait for its figures (`api::generate`). The same router answers behind API Gateway and on a developer's machine.

mod access;
mod address;
mod api;
mod cookies;
mod data;
mod extract;
mod gateway;
mod headers;
mod identity;
mod language;
mod openapi;
mod pages;
mod problem;
mod router;
mod state;

use std::{process::ExitCode, sync::Arc};

use axum::Router;
use shared::{
    config::{ConfigError, Settings},
    http::Http,
    run::process,
};

pub use self::{
    router::router,
    state::{App, Limits},
};

/// The whole `main` of the function.
pub fn serve() -> ExitCode {
    process(gateway::serve(|settings| make(settings, Limits::default())))
}

/// The same with other limits, for measurements.
pub fn serve_within(limits: Limits) -> ExitCode {
    process(gateway::serve(move |settings| make(settings, limits)))
}

fn make(settings: &mut Settings, limits: Limits) -> Result<Router, ConfigError> {
    let app = App::read(settings, Http::new()).with_limits(limits);
    settings.check()?;
    Ok(router(Arc::new(app)))
}
