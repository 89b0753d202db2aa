//! Codes of notifications in the words of people.

use shared::notify::{Channel, error_name, event_name, figures::severity_name};

use crate::{
    data::{anomalies::Severity, recommendations::Priority, targets::TargetState},
    pages::{display::Markup, frame::Frame},
};

/// With a capital at its beginning.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Frame {
    /// How grave something is, in words.
    pub fn gravity(&self, severity: Severity) -> &'static str {
        let name = match severity {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        };
        severity_name(name, self.language).unwrap_or(name)
    }

    /// How pressing something is.
    pub fn urgency(&self, priority: Priority) -> Markup {
        match priority {
            Priority::High => self.badge("error", "▲", self.t("high-haute")),
            Priority::Medium => self.badge("warning", "■", self.t("medium")),
            Priority::Low => self.badge("info", "▼", self.t("low")),
        }
    }

    /// What an event type is called.
    pub fn event_words(&self, event_type: &str) -> String {
        event_name(event_type, self.language)
    }

    /// What became of a run. A failure is reported by its reason: the message of one is the program's own, in English.
    pub fn outcome(&self, message: &Option<String>, error_kind: &Option<String>) -> String {
        let Some(kind) = error_kind else { return self.maybe(message) };
        let words = self.error_words(kind);
        let mut letters = words.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
        self.text(&format!("{first}{}.", letters.as_str()))
    }

    /// Why something failed.
    pub fn error_words(&self, kind: &str) -> String {
        match kind.split_once(": ") {
            Some(("refused_for_good", kind)) => {
                format!("{} {}", self.t("refused-for-good"), error_name(kind, self.language))
            }
            _ => error_name(kind, self.language),
        }
    }

    /// How a watched service stands: one badge for every page.
    pub fn target_badge(&self, is_enabled: bool, state: Option<TargetState>) -> Markup {
        match (is_enabled, state) {
            (false, _) => self.badge("", "–", self.t("not-watched")),
            (true, None) => self.badge("queued", "…", self.t("not-seen-yet")),
            (true, Some(TargetState::Up)) => self.badge("success", "✓", self.t("up")),
            (true, Some(TargetState::Degraded)) => self.badge("warning", "!", self.t("degraded")),
            (true, Some(TargetState::Down)) => self.badge("error", "✕", self.t("down")),
            (true, Some(TargetState::Flapping)) => self.badge("warning", "!", self.t("unstable")),
            (true, Some(TargetState::Paused)) => self.badge("", "॥", self.t("paused")),
            (true, Some(TargetState::Maintenance)) => self.badge("info", "i", self.t("in-maintenance")),
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
        Channel::named(channel).map_or(channel, |channel| channel.title(self.language))
    }

    /// A number of minutes in its largest whole unit; `none` for zero.
    pub fn minutes(&self, minutes: &i64, none: &str) -> String {
        match *minutes {
            0 => none.to_owned(),
            days if days % 1440 == 0 => format!("{} {}", days / 1440, self.t("d")),
            hours if hours % 60 == 0 => format!("{} h", hours / 60),
            minutes => format!("{minutes} min"),
        }
    }

    /// Yes or no, as a badge.
    pub fn on_off(&self, is_on: &bool) -> Markup {
        if *is_on { self.badge("success", "✓", self.t("on")) } else { self.badge("", "–", self.t("off")) }
    }
}
