//! Notification rules: who is notified what, on which channel, when; and what that means at an instant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::notify::{Channel, Severity};
use utoipa::{IntoParams, ToSchema};

use crate::{
    data::form::{Kind, form, spelled},
    problem::Problem,
    state::App,
};

/// The end of the year 9000.
const LATEST_SECOND: i64 = 221_876_755_199;

/// The rules, and whom and what they may name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NotificationRules {
    pub rules: Vec<NotificationRule>,
    /// The active people of the staff.
    pub recipients: Vec<Recipient>,
    pub channels: Vec<ChannelState>,
}

/// One rule: an event type on a channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotificationRule {
    pub id: i64,
    pub event_type: String,
    /// `slack`, `email` or `telegram`.
    pub channel: String,
    /// Keys of the staff; `@concerned` for the people that the notice names.
    pub recipients: Vec<String>,
    /// `info`, `warning`, `error` or `critical`.
    pub min_severity: String,
    pub enabled: bool,
    /// The same problem is reported again no sooner; 0 = once.
    pub cooldown_minutes: i64,
    pub quiet_hours: Option<QuietHours>,
    /// Messages of one window become one; 0 = each alone.
    pub digest_minutes: i64,
    pub escalation: Vec<EscalationStep>,
    /// Repeated until somebody takes care; 0 = never.
    pub reminder_minutes: i64,
    pub updated_at: String,
    pub updated_by: Option<String>,
}

/// When messages wait; critical ones do not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    /// `22:00`
    pub from: String,
    /// `07:00`
    pub until: String,
    /// `America/Toronto`
    pub time_zone: String,
}

/// Who else is notified when nobody took care.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EscalationStep {
    pub after_minutes: i64,
    /// `slack`, `email` or `telegram`.
    pub channel: String,
    /// Keys of the staff.
    pub recipients: Vec<String>,
}

/// Somebody whom a rule may name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    pub key: String,
    pub display_name: String,
}

/// A channel, and whether it was switched off because its service refused it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChannelState {
    pub channel: String,
    pub disabled_at: Option<String>,
    pub disabled_reason: Option<String>,
}

form! {
    /// What of a rule is set; what is absent stays as it is. A new one needs `event_type`, `channel` and `recipients`.
    NotificationRuleForm {
        /// Of a new rule; that of an old one does not change.
        event_type: spelled(100, is_event_type, "expects-event-type"),
        channel: Kind::Choice(&Channel::NAMES, "expects-channel"),
        /// Keys of the staff; `@concerned` for the people that the notice names.
        recipients: Kind::Texts(None),
        /// `info` by default.
        min_severity: Kind::Choice(&Severity::NAMES, "expects-severity"),
        enabled: Kind::Flag,
        /// The same problem is reported again no sooner; 0 = once.
        cooldown_minutes: Kind::Whole(0, 43_200),
        quiet_hours: Kind::Shape("QuietHours"),
        /// Messages of one window become one; 0 = each alone.
        digest_minutes: Kind::Whole(0, 10_080),
        escalation: Kind::Shapes("EscalationStep", 10),
        /// Repeated until somebody takes care; 0 = never, otherwise at least 5.
        reminder_minutes: Kind::Whole(0, 43_200),
    }
}

/// Words of small letters, joined by points: `sync.failed`.
fn is_event_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_')
    };
    text.contains('.') && text.split('.').all(is_word)
}

/// What to explain.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// `sync.failed` …
    pub event_type: String,
    /// `info`, `warning`, `error` (by default) or `critical`.
    pub severity: Option<String>,
    /// An instant; now by default.
    pub at: Option<String>,
}

/// What would become of a notice.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    pub event_type: String,
    pub severity: String,
    pub at: String,
    /// One entry per rule and recipient; none when no rule names the type: nobody is notified.
    pub deliveries: Vec<Explained>,
}

/// What one rule means for one person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    pub rule_id: i64,
    /// Where the message would go.
    pub channel: String,
    /// Where the rule wants it: another one where that is switched off.
    pub rule_channel: String,
    /// Null when the rule names nobody.
    pub recipient: Option<String>,
    /// `send`, `disabled`, `below_severity` or `nobody`.
    pub verdict: String,
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    pub is_digest: bool,
    pub min_severity: String,
    pub cooldown_minutes: i64,
    pub quiet_hours: Option<QuietHours>,
    pub digest_minutes: i64,
    pub escalation: Vec<EscalationStep>,
    pub reminder_minutes: i64,
}

/// The rules.
pub async fn read(app: &App) -> Result<NotificationRules, Problem> {
    app.ask("notification_rules_list", &json!({})).await
}

/// The answer to a question.
pub async fn answer(app: &App, question: &Question) -> Result<Explanation, Problem> {
    let severity = question.severity.as_deref().filter(|given| !given.is_empty()).unwrap_or("error");
    if !Severity::NAMES.contains(&severity) {
        return Err(Problem::invalid_with(
            "problem-accepted",
            [("field", "severity".into()), ("accepted", Severity::NAMES.join(", "))],
        ));
    }
    let at = match question.at.as_deref().filter(|given| !given.is_empty()) {
        Some(at) => at
            .parse()
            .ok()
            // Quiet hours and digests lead to later instants, which must exist too.
            .filter(|at: &Timestamp| (0..=LATEST_SECOND).contains(&at.as_second()))
            .ok_or_else(|| Problem::invalid_with("problem-instant", [("field", "at".into())]))?,
        None => app.now(),
    };
    let arguments =
        json!({"p_event_type": question.event_type, "p_severity": severity, "p_now": at.to_string()});
    Ok(Explanation {
        event_type: question.event_type.clone(),
        severity: severity.into(),
        at: at.to_string(),
        deliveries: app.ask("explain_rules", &arguments).await?,
    })
}
