//! Codes of notifications in the words of people.

use shared::notify::{error_name, event_name, figures::severity_name};

use super::{Frame, Markup};
use crate::routes::targets::TargetState;

/// With a capital at its beginning.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Frame {
    /// What an event type is called.
    pub fn event_words(&self, event_type: &str) -> String {
        event_name(event_type, self.language)
    }

    /// What became of a run. A failure is told by its reason: the message of one is the program's own, in English.
    pub fn outcome(&self, message: &Option<String>, error_kind: &Option<String>) -> String {
        let Some(kind) = error_kind else { return self.maybe(message) };
        let words = self.error_words(kind);
        let mut letters = words.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        self.text(&format!("{first}{}.", letters.as_str()))
    }

    /// Why something failed.
    pub fn error_words(&self, kind: &str) -> String {
        let (about, kind) = kind.split_once(": ").unwrap_or(("", kind));
        let (fr, en) = match kind {
            "no_answer" => (
                "pas de réponse à temps; le message est peut-être arrivé",
                "no answer in time; it may have arrived",
            ),
            "rate_limited" => ("trop de messages à la fois", "too many messages at once"),
            "service_error" => ("panne du service", "the service is out of order"),
            "no_webhook_configured" => ("aucun webhook n'est réglé", "no webhook is set"),
            "no_address_configured" => ("aucune adresse n'est réglée", "no address is set"),
            "no_bot_configured" => ("aucun robot n'est réglé", "no bot is set"),
            "no_chat_configured" => ("aucune conversation n'est réglée", "no chat is set"),
            "resolved" => ("c'était déjà fini", "it was over already"),
            "channel_off" => ("le canal est désactivé", "the channel is switched off"),
            "sender_lost" => (
                "l'envoi a été interrompu; il est peut-être arrivé",
                "sending was cut short; it may have arrived",
            ),
            "problem_not_delivered" => {
                ("le problème n'avait pas été annoncé", "the trouble had not been told")
            }
            "expired" => ("trop vieux pour être envoyé", "too old to be sent"),
            "acknowledged" => ("quelqu'un s'en occupait déjà", "somebody took care already"),
            _ => ("", ""),
        };
        let words = match fr {
            "" => error_name(kind, self.language),
            fr => self.t(fr, en).to_owned(),
        };
        match about {
            "refused_for_good" => format!("{} {words}", self.t("refusé pour de bon :", "refused for good:")),
            _ => words,
        }
    }

    /// How a watched service stands: one badge for every page.
    pub fn target_badge(&self, is_enabled: bool, state: Option<TargetState>) -> Markup {
        match (is_enabled, state) {
            (false, _) => self.badge("", "–", self.t("Non surveillé", "Not watched")),
            (true, None) => self.badge("queued", "…", self.t("Pas encore vu", "Not seen yet")),
            (true, Some(TargetState::Up)) => self.badge("success", "✓", self.t("Répond", "Up")),
            (true, Some(TargetState::Degraded)) => self.badge("warning", "!", self.t("Ralenti", "Degraded")),
            (true, Some(TargetState::Down)) => self.badge("error", "✕", self.t("Ne répond pas", "Down")),
            (true, Some(TargetState::Flapping)) => self.badge("warning", "!", self.t("Instable", "Unstable")),
            (true, Some(TargetState::Paused)) => self.badge("", "॥", self.t("En pause", "Paused")),
            (true, Some(TargetState::Maintenance)) => {
                self.badge("info", "i", self.t("En entretien", "In maintenance"))
            }
        }
    }

    /// How bad a notice is.
    pub fn severity_badge(&self, severity: &str) -> Markup {
        match severity {
            "critical" => self.badge("error", "‼", &self.severity_name(severity)),
            "error" => self.badge("error", "✕", &self.severity_name(severity)),
            "warning" => self.badge("warning", "!", &self.severity_name(severity)),
            _ => self.badge("info", "i", &self.severity_name(severity)),
        }
    }

    /// The same as a word.
    pub fn severity_name(&self, severity: &str) -> String {
        capitalised(severity_name(severity, self.language).unwrap_or(severity))
    }

    /// A channel by its name.
    pub fn channel_name<'a>(&'a self, channel: &'a str) -> &'a str {
        match channel {
            "slack" => "Slack",
            "email" => self.t("Courriel", "E-mail"),
            "telegram" => "Telegram",
            other => other,
        }
    }

    /// A number of minutes in its largest whole unit; `none` for zero.
    pub fn minutes(&self, minutes: &i64, none: &str) -> String {
        match *minutes {
            0 => none.to_owned(),
            days if days % 1440 == 0 => format!("{} {}", days / 1440, self.t("j", "d")),
            hours if hours % 60 == 0 => format!("{} h", hours / 60),
            minutes => format!("{minutes} min"),
        }
    }

    /// Yes or no, as a badge.
    pub fn on_off(&self, is_on: &bool) -> Markup {
        match is_on {
            true => self.badge("success", "✓", self.t("Actif", "On")),
            false => self.badge("", "–", self.t("Inactif", "Off")),
        }
    }
}
