//! The channels themselves: whether they work, and switching one on again that its service had refused.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::notify::test_channels;
use utoipa::ToSchema;

use super::{
    extract::{Author, Change},
    shapes::ProblemBody,
};
use crate::{problem::Problem, state::App};

/// The channels there are.
pub const CHANNELS: [&str; 3] = ["slack", "email", "telegram"];
/// Tests of one person in a minute (`domain/monitoring.md` 3).
const TESTS: u32 = 5;
const TESTS_WINDOW_SECONDS: u32 = 60;

/// The channels and what their last tests found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelOverview {
    pub channels: Vec<ChannelDetail>,
    /// The last five, newest first.
    pub tests: Vec<PastTest>,
}

/// A channel, and for whom it was switched off because its service refused it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelDetail {
    /// `slack`, `email` or `telegram`.
    pub channel: String,
    /// For everybody.
    pub disabled_at: Option<String>,
    pub disabled_reason: Option<String>,
    /// For some.
    pub recipients: Vec<RefusedRecipient>,
}

/// Somebody whom a channel does not reach any more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedRecipient {
    /// Key of the staff.
    pub recipient: String,
    pub disabled_at: String,
    pub disabled_reason: Option<String>,
}

/// A test, and who made it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PastTest {
    pub at: String,
    pub email: String,
    /// Null: all.
    pub channel: Option<String>,
    /// `success`, `partial` or `failed`.
    pub status: String,
    pub deliveries: Vec<TestedDelivery>,
}

/// How the channels stand.
#[utoipa::path(get, path = "/channels", responses(
    (status = 200, description = "Every channel.", body = ChannelOverview),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<ChannelOverview>, Problem> {
    read(&app).await.map(Json)
}

/// How the channels stand.
pub async fn read(app: &App) -> Result<ChannelOverview, Problem> {
    app.ask("channels_overview", &json!({})).await
}

/// What a test may say.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChannelTest {
    /// `slack`, `email` or `telegram`; all unless told.
    channel: Option<String>,
}

/// What a test found.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestOutcome {
    /// `success` when every configured channel delivered, `partial` when some did, else `failed`.
    pub status: &'static str,
    /// One sentence for people, in French.
    pub message: String,
    /// One entry per administrator and configured channel.
    pub deliveries: Vec<TestedDelivery>,
}

/// One message of a test.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TestedDelivery {
    pub channel: String,
    /// Key of the staff.
    pub recipient: String,
    pub delivered: bool,
    /// Why not: a stable name.
    pub detail: Option<String>,
}

/// Sends a test message to every administrator on every channel that is configured for them.
#[utoipa::path(post, path = "/admin/health/test-notifications", request_body = Option<ChannelTest>, responses(
    (status = 200, description = "Everything was delivered.", body = TestOutcome),
    (status = 502, description = "Something was not delivered.", body = TestOutcome),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn test(
    author: Author,
    Change(wish): Change<ChannelTest>,
) -> Result<(StatusCode, Json<TestOutcome>), Problem> {
    let only = wish.channel.as_deref();
    if only.is_some_and(|channel| !CHANNELS.contains(&channel)) {
        return Err(Problem::invalid_with(
            "problem-accepted",
            [("field", "channel".into()), ("accepted", CHANNELS.join(", "))],
        ));
    }
    let attempt = json!({"p_limit": TESTS, "p_window_seconds": TESTS_WINDOW_SECONDS});
    let wait: u32 = author.ask("allow_channel_test", attempt).await?;
    if wait > 0 {
        return Err(Problem::limited(wait));
    }
    let app = &author.app;
    let report = test_channels(&app.supabase, &app.http, &app.channels, only, app.now()).await?;
    let deliveries: Vec<TestedDelivery> = report
        .deliveries
        .into_iter()
        .map(|told| TestedDelivery {
            channel: told.channel.into(),
            recipient: told.recipient,
            delivered: told.delivered,
            detail: told.detail,
        })
        .collect();
    let outcome = TestOutcome { status: report.status, message: message(&deliveries), deliveries };
    let report = json!({"channel": only, "status": outcome.status, "deliveries": outcome.deliveries});
    author.ask_once::<()>("record_channel_test", json!({"p_report": report})).await?;
    let status = if outcome.status == "success" { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
    Ok((status, Json(outcome)))
}

fn message(deliveries: &[TestedDelivery]) -> String {
    let delivered = deliveries.iter().filter(|told| told.delivered).count();
    match (delivered, deliveries.len()) {
        (_, 0) => "Aucun canal n'est configuré pour un administrateur.".into(),
        (0, _) => "Aucun message n'a été livré.".into(),
        (delivered, all) if delivered < all => format!("{delivered} messages sur {all} ont été livrés."),
        (1, _) => "Le message a été livré.".into(),
        (all, _) => format!("Les {all} messages ont été livrés."),
    }
}

/// Whom it is for.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChannelRecipient {
    /// Key of the staff: switched on for this person too.
    recipient: Option<String>,
}

/// A channel that is switched on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SwitchedOn {
    pub success: bool,
    /// Whether it had been off.
    pub was_off: bool,
}

/// Switches a channel on again that its service had refused.
#[utoipa::path(post, path = "/channels/{channel}/enable", request_body = Option<ChannelRecipient>,
    params(("channel" = String, Path, description = "slack, email or telegram.")), responses(
    (status = 200, description = "It is on.", body = SwitchedOn),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn enable(
    author: Author,
    Path(channel): Path<String>,
    Change(whom): Change<ChannelRecipient>,
) -> Result<Json<SwitchedOn>, Problem> {
    if !CHANNELS.contains(&channel.as_str()) {
        return Err(Problem::not_found());
    }
    let arguments = json!({"p_channel": channel, "p_recipient": whom.recipient});
    author.ask("console_switch_on", arguments).await.map(Json)
}
