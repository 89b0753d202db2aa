//! Messages about the product's own health: services, missing runs, alarms, channels.

use serde_json::Value;
use url::Url;

use super::{alerts::text, error_name, local_time, shown};
use crate::{
    notify::figures::{Detail, duration},
    words::Language,
};

/// The facts of an event of monitoring.
pub(super) fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |key, value: String| {
        if !value.is_empty() {
            facts.push((language.text(key).to_owned(), value));
        }
    };
    // A person by name; a key that belongs to nobody any more stays.
    let recipient = data["recipient_name"].as_str().unwrap_or_else(|| text(data, "recipient"));
    add("recipient", shown(recipient, 60));
    add("reason", error_name(&shown(text(data, "reason"), 300), language));
    add("error", error_name(&shown(text(data, "error_kind"), 60), language));
    add("last-success", local_time(text(data, "last_success_at")));
    add("since", local_time(text(data, "since")));
    add("until-jusqua", local_time(text(data, "until")));
    if let Some(seconds) = data["duration_seconds"].as_u64() {
        let milliseconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        add("duration", duration(milliseconds, Detail::Plain, language));
    }
    facts
}

/// The page of a CloudWatch alarm: only AWS's own console is linked.
pub(super) fn alarm_page(data: &Value) -> Option<Url> {
    let url = Url::parse(text(data, "alarm_url")).ok()?;
    let is_console = url.host_str().is_some_and(|host| host.ends_with(".console.aws.amazon.com"));
    // Links share one text object of Slack's, of 3000 characters.
    (url.scheme() == "https" && is_console && url.as_str().len() <= 2_000).then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_console_of_aws_is_linked() {
        let page = |url: &str| alarm_page(&json!({"alarm_url": url}));
        assert!(
            page("https://ca-central-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/x").is_some()
        );
        assert!(page("https://evil.example/console.aws.amazon.com").is_none());
        assert!(page("javascript:alert(1)").is_none());
    }
}
