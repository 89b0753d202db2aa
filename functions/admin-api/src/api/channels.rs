//! The channels themselves: whether they work, and switching one on again that its service had refused.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;
use shared::notify::{Channel, test_channels};

use crate::{
    data::{
        author::Author,
        channels::{
            ChannelOverview, ChannelRecipient, ChannelTest, SwitchedOn, TESTS, TESTS_WINDOW_SECONDS,
            TestOutcome, TestedDelivery, message, read,
        },
    },
    extract::Change,
    problem::Problem,
    state::App,
};

/// How the channels stand.
#[utoipa::path(get, path = "/channels", responses(
    (status = 200, description = "Every channel.", body = ChannelOverview),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<ChannelOverview>, Problem> {
    read(&app).await.map(Json)
}

/// Sends a test message to every administrator on every channel that is configured for them.
#[utoipa::path(post, path = "/admin/health/test-notifications", request_body = Option<ChannelTest>, responses(
    (status = 200, description = "Everything was delivered.", body = TestOutcome),
    (status = 502, description = "Something was not delivered.", body = TestOutcome),
    Problem,
))]
pub async fn test(
    author: Author,
    Change(options): Change<ChannelTest>,
) -> Result<(StatusCode, Json<TestOutcome>), Problem> {
    let only = match &options.channel {
        None => None,
        Some(name) => Some(Channel::named(name).ok_or_else(|| {
            let values = [("field", "channel".into()), ("accepted", Channel::NAMES.join(", "))];
            Problem::invalid_with("problem-accepted", values)
        })?),
    };
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
        .map(|delivery| TestedDelivery {
            channel: delivery.channel.name().into(),
            recipient: delivery.recipient,
            delivered: delivery.delivered,
            detail: delivery.detail,
        })
        .collect();
    let outcome = TestOutcome { status: report.status, message: message(&deliveries), deliveries };
    let report = json!({"channel": only, "status": outcome.status, "deliveries": outcome.deliveries});
    author.ask_once::<()>("record_channel_test", json!({"p_report": report})).await?;
    let status = if outcome.status == "success" { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
    Ok((status, Json(outcome)))
}

/// Switches a channel on again that its service had refused.
#[utoipa::path(post, path = "/channels/{channel}/enable", request_body = Option<ChannelRecipient>,
    params(("channel" = String, Path, description = "slack, email or telegram.")), responses(
    (status = 200, description = "It is on.", body = SwitchedOn),
    Problem,
))]
pub async fn enable(
    author: Author,
    Path(channel): Path<String>,
    Change(whom): Change<ChannelRecipient>,
) -> Result<Json<SwitchedOn>, Problem> {
    if Channel::named(&channel).is_none() {
        return Err(Problem::not_found());
    }
    let arguments = json!({"p_channel": channel, "p_recipient": whom.recipient});
    author.ask("console_switch_on", arguments).await.map(Json)
}
