//! A row of the view that the report is made of.

use serde::Deserialize;

/// An entry of the view `timeline_report_entries`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Identity.
    pub external_id: String,
    /// Instant.
    pub occurred_at: jiff::Timestamp,
    /// `SERVICE_ENTRY_MANUAL` or `PIANO_MEASUREMENT`.
    pub entry_type: String,
    /// Gazelle's summary.
    pub title: Option<String>,
    /// Gazelle's comment.
    pub description: Option<String>,
    /// Piano.
    pub piano_id: Option<String>,
    /// The entry's client, else the piano's.
    pub client_id: Option<String>,
    /// Its name; null when no such client is known.
    pub client_name: Option<String>,
    /// Make of the piano.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Type.
    pub piano_type: Option<String>,
    /// Year.
    pub piano_year: Option<i32>,
    /// Room.
    pub location: Option<String>,
    /// First and last name, as Gazelle has them.
    pub technician: Option<String>,
    /// The piano is not there any more: deleted, lost, or left behind when it moved to another client.
    pub piano_is_gone: bool,
    /// Since when Gazelle knows the piano.
    pub piano_since: Option<jiff::Timestamp>,
}
