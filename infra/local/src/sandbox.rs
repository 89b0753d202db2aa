//! The outside services on one local address: Gazelle, Google, Slack, SendGrid, EventBridge, Secrets Manager; and
//! Supabase Auth, which answers beside the database.
//!
//! It is strict: what the vendor refuses, it refuses. Everything that was sent is kept for whoever looks.

pub mod auth;
mod aws;
mod gazelle;
mod google;
mod limits;
mod lock;
mod messages;
pub mod refusals;
mod refuse;
mod state;
mod telegram;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use self::{
    aws::BusEvent,
    google::{SheetTab, Workbook},
    state::{Sandbox, Sent, Traffic, credentials},
};
use self::{lock::lock, refuse::refuse};

impl Sandbox {
    /// The routes of all services.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/graphql/private/", post(gazelle::graphql))
            .route("/developer/oauth/authorize", get(gazelle::authorize))
            .route("/developer/oauth/token", post(gazelle::token))
            .route("/google/token", post(google::token))
            .route("/v4/spreadsheets/{id}", get(google::read).post(google::update))
            .route("/services/{team}/{channel}/{key}", post(messages::slack))
            .route("/v3/mail/send", post(messages::sendgrid))
            .route("/v3/scopes", get(messages::scopes))
            .route("/heartbeat", get(|| async { "ok" }))
            .route("/v1/messages", post(messages::model))
            .route("/{bot}/{method}", post(telegram::call))
            .route("/", post(aws::call))
            .layer(middleware::from_fn_with_state(self.clone(), observe))
            .with_state(self.clone())
    }
}

/// Which service a path belongs to.
fn service_of(path: &str) -> &'static str {
    match path {
        "/graphql/private/" | "/developer/oauth/token" | "/developer/oauth/authorize" => "gazelle",
        "/" => "eventbridge",
        "/v3/mail/send" | "/v3/scopes" => "sendgrid",
        "/heartbeat" => "heartbeat",
        _ if path.starts_with("/services/") => "slack",
        _ if path.starts_with("/bot") => "telegram",
        _ => "google",
    }
}

/// Counts every request, and kills the function where a test wants it.
async fn observe(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let service = service_of(request.uri().path());
    sandbox.traffic.count(service);
    let Some(step) = sandbox.tripwire.arrive(service).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let response = next.run(request).await;
    sandbox.tripwire.leave(step).await;
    response
}
