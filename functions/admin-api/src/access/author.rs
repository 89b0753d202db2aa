//! The caller of a request as the author of a change.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{access::caller::Caller, data::author::Author, problem::Problem, state::App};

impl FromRequestParts<Arc<App>> for Author {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        // Nobody gets past the guard unknown.
        let caller = parts.extensions.get::<Caller>().ok_or_else(Problem::internal)?;
        Ok(Self { app: Arc::clone(app), actor: caller.actor(), now: app.now() })
    }
}
