//! The humidity of one piano: what was measured and written there, within which limits, and the alerts of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::text::{measurements, note};
use utoipa::ToSchema;

use crate::{data::humidity::HumidityAlert, problem::Problem, state::App};

/// A piano with the humidity that people measured there.
#[derive(Debug, Serialize, ToSchema)]
pub struct PianoHumidity {
    #[serde(flatten)]
    pub piano: Piano,
    /// Oldest first, read from the notes by the rules of the scan.
    pub measurements: Vec<Measured>,
}

/// A piano, its limits, its notes and its alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Piano {
    /// Gazelle's id.
    pub piano_id: String,
    /// Make, model and serial number; null for a piano that Gazelle does not have any more.
    pub name: Option<String>,
    pub location: Option<String>,
    pub client_name: Option<String>,
    /// Below it, in percent, it is too dry.
    pub low: f64,
    /// Above it, in percent, it is too humid.
    pub high: f64,
    /// The newest 200, oldest first.
    pub notes: Vec<Note>,
    /// The newest 100, archived ones too, newest first.
    pub alerts: Vec<HumidityAlert>,
}

/// What somebody wrote about a piano.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub external_id: String,
    pub occurred_at: String,
    pub title: Option<String>,
    pub description: Option<String>,
}

/// A measurement in a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct Measured {
    pub observed_at: String,
    /// Relative humidity in percent.
    pub humidity: f64,
    /// Degrees Celsius.
    pub celsius: Option<f64>,
    /// The note.
    pub timeline_entry_id: String,
}

/// The same for the page.
pub async fn read(app: &App, piano_id: &str) -> Result<PianoHumidity, Problem> {
    // Postgres has no such character in its texts.
    if piano_id.contains('\0') {
        return Err(Problem::not_found());
    }
    let piano: Piano = app.find("humidity_piano", &json!({"p_piano_id": piano_id})).await?;
    let measurements = piano.notes.iter().flat_map(Note::measurements).collect();
    Ok(PianoHumidity { piano, measurements })
}

impl Note {
    pub fn measurements(&self) -> Vec<Measured> {
        let text = note(self.title.as_deref(), self.description.as_deref());
        let measured = measurements(&text).into_iter().filter_map(|found| {
            Some(Measured {
                observed_at: self.occurred_at.clone(),
                humidity: found.humidity?,
                celsius: found.celsius,
                timeline_entry_id: self.external_id.clone(),
            })
        });
        measured.collect()
    }
}
