//! The HTTP API and the console: what administrators see and do.
//!
//! It is no task: it has no schedule. It decides who may do what, and leaves the work to the tasks: a run is requested,
//! not done in here, but for the one whose callers wait for its figures (`routes::generate`). The same router answers behind API Gateway and on a developer's machine.

mod access;
mod auth;
mod headers;
mod openapi;
mod pages;
mod problem;
mod routes;
mod state;

use std::{process::ExitCode, sync::Arc};

use shared::{
    config::{ConfigError, Settings},
    http::Http,
    run::process,
};

pub use self::{
    routes::router,
    state::{App, Limits},
};

/// The whole `main` of the function.
pub fn serve() -> ExitCode {
    process(async {
        let app = match load().await {
            Ok(app) => app,
            Err(error) => {
                tracing::error!(%error, "configuration.refused");
                return Err(error.into());
            }
        };
        lambda_http::run(router(Arc::new(app))).await
    })
}

async fn load() -> Result<App, ConfigError> {
    let mut settings = Settings::load().await?;
    let app = App::read(&mut settings, Http::new());
    settings.check()?;
    Ok(app)
}
