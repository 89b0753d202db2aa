//! The channels themselves: whether they work, and switching one on again that its service had refused.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{problem::Problem, state::App};

/// Tests of one person in a minute.
pub const TESTS: u32 = 5;

pub const TESTS_WINDOW_SECONDS: u32 = 60;

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
pub async fn read(app: &App) -> Result<ChannelOverview, Problem> {
    app.ask("channels_overview", &json!({})).await
}

/// What a test may say.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ChannelTest {
    /// `slack`, `email` or `telegram`; all by default.
    pub channel: Option<String>,
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

pub fn message(deliveries: &[TestedDelivery]) -> String {
    let delivered = deliveries.iter().filter(|delivery| delivery.delivered).count();
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
    pub recipient: Option<String>,
}

/// A channel that is switched on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SwitchedOn {
    pub success: bool,
    /// Whether it had been off.
    pub was_off: bool,
}
