//! What people may have to know, and how bad it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::event::Event;

/// How bad it is. `Critical` passes every quiet hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
    /// The company's work is stopped or about to be.
    Critical,
}

impl Severity {
    /// Stable names, the mildest first.
    pub const NAMES: [&str; 4] =
        [Self::Info.name(), Self::Warning.name(), Self::Error.name(), Self::Critical.name()];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// Something that people may have to know. The rules decide who hears of it.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    /// What it is about.
    pub event_type: Event,
    /// Severity.
    pub severity: Severity,
    /// The same problem has the same fingerprint, and is reported once.
    pub fingerprint: String,
    /// What the text is made of. No address, no secret.
    pub data: Value,
    /// Staff keys that stand for `@concerned` in the rules; none for most notices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concerned: Vec<String>,
}

impl Notice {
    /// A notice to whom the rules say.
    pub fn new(event_type: Event, severity: Severity, fingerprint: String, data: Value) -> Self {
        Self { event_type, severity, fingerprint, data, concerned: Vec::new() }
    }

    /// Supabase itself is down: reported without it.
    pub fn supabase_down(task_label: &str, now: Timestamp) -> Self {
        Self::new(
            Event::SupabaseDown,
            Severity::Critical,
            format!("supabase.down@{now}"),
            json!({"task_label": task_label, "since": now.to_string()}),
        )
    }
}
