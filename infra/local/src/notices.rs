//! `cargo local rules explain` and `cargo local notify test`: who would be notified what, and whether the channels work.

use anyhow::bail;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    config::Settings,
    http::Http,
    notify::{Channels, TestReport, test_channels},
};

use crate::stack::{Stack, local};

/// One rule with one recipient, as `explain_rules` answers it.
#[derive(Debug, Deserialize)]
struct Explained {
    channel: String,
    rule_channel: String,
    recipient: Option<String>,
    verdict: String,
    due_at: Timestamp,
    is_digest: bool,
    min_severity: String,
    cooldown_minutes: u32,
    quiet_hours: Option<Value>,
    escalation: Vec<Step>,
    reminder_minutes: u32,
}

#[derive(Debug, Deserialize)]
struct Step {
    after_minutes: u32,
    channel: String,
    recipients: Vec<String>,
}

/// What the rules make of an event at an instant, as the database answers it.
pub async fn explain(stack: &Stack, event: &str, severity: &str, at: Timestamp) -> anyhow::Result<Value> {
    let arguments = json!({"p_event_type": event, "p_severity": severity, "p_now": at.to_string()});
    let explained: Value = stack.observer.rpc("explain_rules", &arguments).await?;
    if explained.as_array().is_some_and(Vec::is_empty) {
        let rules = stack.rows("notification_rules", "event_type", "event_type").await?;
        let mut known: Vec<&str> = rules.iter().filter_map(|rule| rule["event_type"].as_str()).collect();
        known.dedup();
        bail!("no rule names `{event}`: nobody is told. Events with rules: {}", known.join(", "));
    }
    Ok(explained)
}

/// The same as a person reads it.
pub fn page(explained: &Value, event: &str, severity: &str, at: Timestamp) -> anyhow::Result<String> {
    let rows: Vec<Explained> = serde_json::from_value(explained.clone())?;
    let mut page = format!("{event}, severity {severity}, at {} in Montréal\n", local(at));
    for row in &rows {
        let recipient = row.recipient.as_deref().unwrap_or("nobody");
        page.push_str(&format!("  {:<9} {recipient:<12} {}\n", row.channel, verdict(row, at)));
        let mut notes = Vec::new();
        if row.cooldown_minutes > 0 {
            notes.push(format!("the same trouble again after {} min", row.cooldown_minutes));
        }
        if row.reminder_minutes > 0 {
            notes.push(format!("reminder every {} min until acknowledged or resolved", row.reminder_minutes));
        }
        for step in &row.escalation {
            notes.push(format!(
                "after {} min unacknowledged: {} to {}",
                step.after_minutes,
                step.channel,
                step.recipients.join(", ")
            ));
        }
        for note in notes {
            page.push_str(&format!("  {:<22} {note}\n", ""));
        }
    }
    Ok(page)
}

fn verdict(row: &Explained, at: Timestamp) -> String {
    match row.verdict.as_str() {
        "disabled" => "not told: the rule is switched off".into(),
        "below_severity" => format!("not told: the rule asks for {} or worse", row.min_severity),
        "nobody" => "not told: the rule has no recipient".into(),
        _ => {
            let why = match (row.is_digest, row.quiet_hours.is_some()) {
                (true, _) => "digest",
                (false, true) => "quiet hours",
                (false, false) => "held",
            };
            let when = if row.due_at > at {
                format!("at {} ({why})", local(row.due_at))
            } else {
                "at once".to_owned()
            };
            if row.channel == row.rule_channel {
                when
            } else {
                format!("{when}, because {} is switched off", row.rule_channel)
            }
        }
    }
}

/// Sends a test notification to every administrator on every configured channel of the stack.
pub async fn test(stack: &Stack) -> anyhow::Result<TestReport> {
    let environment = &stack.lambda.environment;
    let mut settings =
        Settings::from_pairs(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let channels = Channels::read(&mut settings);
    settings.check()?;
    Ok(test_channels(&stack.observer, &Http::new(), &channels, None, stack.clock.now()).await?)
}
