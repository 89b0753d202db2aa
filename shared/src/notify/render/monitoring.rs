//! Messages about the product's own health: services, missing runs, alarms, channels.

use serde_json::Value;
use url::Url;

use super::{Language, Message, alerts::text, local_time, shown, texts};
use crate::notify::figures::{Detail, duration};

/// The message about an event of monitoring; `None` for every other event.
pub(super) fn message(event_type: &str, data: &Value, language: Language) -> Option<Message> {
    let pick = |fr, en| language.own(fr, en);
    let subject = shown(text(data, "subject"), 80);
    let named = |fr: &str, en: &str| language.pick(fr, en).replace("{}", &subject);
    let (title, advice) = match event_type {
        "availability.down" if data["state"] == "flapping" => (
            named("⚠️ {} est instable", "⚠️ {} is unstable"),
            pick(
                "Ce service tombe et revient; il n'y aura pas d'autre message avant qu'il soit stable.",
                "This service falls and comes back; there is no other message until it is stable.",
            ),
        ),
        "availability.down" => (
            named("🚨 {} ne répond pas", "🚨 {} does not answer"),
            pick(
                "Vérifier l'état de ce service. Un message dira quand il répond de nouveau.",
                "Check the state of this service. A message will say when it answers again.",
            ),
        ),
        "availability.recovered" => {
            (named("✅ {} répond de nouveau", "✅ {} answers again"), pick("Rien à faire.", "Nothing to do."))
        }
        "heartbeat.missed" => (
            named("⏱️ « {} » n'a pas réussi à temps", "⏱️ `{}` has not succeeded in time"),
            pick(
                "Ouvrir la dernière exécution; si aucune n'a démarré, voir le guide.",
                "Open the last run; if none started, see the runbook.",
            ),
        ),
        "heartbeat.recovered" => (
            named("✅ « {} » a réussi de nouveau", "✅ `{}` has succeeded again"),
            pick("Rien à faire.", "Nothing to do."),
        ),
        "alarm.raised" => (
            named("🚨 Alarme AWS: {}", "🚨 AWS alarm: {}"),
            pick("Ouvrir l'alarme et suivre le guide.", "Open the alarm and follow the runbook."),
        ),
        "alarm.recovered" => (
            named("✅ Alarme AWS terminée: {}", "✅ AWS alarm over: {}"),
            pick("Rien à faire.", "Nothing to do."),
        ),
        "channel.disabled" => (
            match text(data, "channel") {
                "slack" => pick("🔇 Slack refuse nos messages", "🔇 Slack refuses our messages"),
                "email" => pick("🔇 SendGrid refuse nos courriels", "🔇 SendGrid refuses our e-mails"),
                _ => pick("🔇 Telegram refuse nos messages", "🔇 Telegram refuses our messages"),
            },
            pick(
                "Le canal est éteint et ses messages passent par un autre. Corriger le réglage, puis envoyer une notification de test: elle le rallume.",
                "The channel is off and its messages take another one. Correct the setting, then send a test notification: it switches it on again.",
            ),
        ),
        "channel.silent" if !text(data, "error_kind").is_empty() => (
            match text(data, "channel") {
                "slack" => pick(
                    "🔇 Slack ne prend pas nos messages pour l'instant",
                    "🔇 Slack does not take our messages for now",
                ),
                "email" => pick(
                    "🔇 SendGrid ne prend pas nos courriels pour l'instant",
                    "🔇 SendGrid does not take our e-mails for now",
                ),
                _ => pick(
                    "🔇 Telegram ne prend pas nos messages pour l'instant",
                    "🔇 Telegram does not take our messages for now",
                ),
            },
            pick(
                "Les messages passent par un autre canal; celui-ci est réessayé de lui-même, au plus tard toutes les quatre heures. Si cela dure, voir le guide.",
                "The messages take another channel; this one is tried again by itself, every four hours at the latest. If it lasts, see the runbook.",
            ),
        ),
        "channel.silent" => (
            named("🔇 {} ne répond pas à nos messages", "🔇 {} does not answer our messages"),
            pick(
                "On ne sait pas si les derniers messages sont arrivés; les suivants passent par un autre canal, et celui-ci est réessayé. Rien à faire, sauf si cela dure.",
                "Nobody knows whether the last messages arrived; those to come take another channel, and this one is tried again. Nothing to do unless it lasts.",
            ),
        ),
        "channel.recovered" => (
            named("✅ {} répond de nouveau à nos messages", "✅ {} answers our messages again"),
            pick("Rien à faire.", "Nothing to do."),
        ),
        "system.test" => (
            pick("🔔 Notification de test", "🔔 Test notification"),
            pick("Ce canal fonctionne. Rien à faire.", "This channel works. Nothing to do."),
        ),
        _ => return None,
    };
    Some(Message { title, facts: facts(data, language), advice, ..Message::default() })
}

fn facts(data: &Value, language: Language) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |fr: &str, en: &str, value: String| {
        if !value.is_empty() {
            facts.push((language.own(fr, en), value));
        }
    };
    // A person by name; a key that belongs to nobody any more stays.
    let recipient = data["recipient_name"].as_str().unwrap_or_else(|| text(data, "recipient"));
    add("Destinataire", "Recipient", shown(recipient, 60));
    add("Raison", "Reason", texts::explanation(&shown(text(data, "reason"), 300), language));
    add("Erreur", "Error", texts::explanation(&shown(text(data, "error_kind"), 60), language));
    add("Dernier succès", "Last success", local_time(text(data, "last_success_at")));
    add("Depuis", "Since", local_time(text(data, "since")));
    add("Jusqu'à", "Until", local_time(text(data, "until")));
    if let Some(seconds) = data["duration_seconds"].as_u64() {
        let milliseconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
        add("Durée", "Duration", duration(milliseconds, Detail::Plain, language));
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
