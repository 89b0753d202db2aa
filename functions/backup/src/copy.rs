//! What a copy is: a place, parts, and the manifest without which it does not exist.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{codec::Stored, verify::Verdict};

/// Version of this layout.
pub const FORMAT: u32 = 1;
/// The newest migration that this program knows.
pub const SCHEMA_VERSION: &str = "20260901001740";
/// Name of the manifest in a copy.
pub const MANIFEST: &str = "manifest.json";
/// Name of the object that says how the verification ended.
pub const VERIFICATION: &str = "verification.json";

/// What is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The tables of the schema `public`.
    #[default]
    Supabase,
    /// A SQLite file.
    Sqlite,
}

impl Kind {
    /// The folder of its copies.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Supabase => "supabase",
            Kind::Sqlite => "sqlite",
        }
    }
}

/// The list of a copy's parts, written last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: u32,
    /// Kind.
    pub kind: Kind,
    /// Run that made it.
    pub run_id: String,
    /// Version of the program.
    pub tool_version: String,
    /// [`SCHEMA_VERSION`]
    pub schema_version: String,
    /// Whether parts are encrypted with age.
    pub encrypted: bool,
    /// When the first row was read.
    pub started_at: Timestamp,
    /// When the last part was written.
    pub finished_at: Timestamp,
    /// Parts, in order.
    pub parts: Vec<Part>,
}

impl Manifest {
    /// Rows of all parts.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Stored bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.stored.bytes).sum()
    }

    /// Tables that were written during every reading: the log of this very run, the outbox.
    pub fn moving(&self) -> Vec<&str> {
        self.parts.iter().filter(|part| part.moving).map(|part| part.name.as_str()).collect()
    }
}

/// A table, or the SQLite file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Part {
    /// Name of the table, or `database`.
    pub name: String,
    /// Object below the copy's place.
    pub object: String,
    /// Size and checksum of the object.
    #[serde(flatten)]
    pub stored: Stored,
    /// Rows.
    pub rows: u64,
    /// Checksum of the rows, in any order; for SQLite the SHA-256 of the file.
    pub content: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// Written meanwhile, during every reading.
    pub moving: bool,
    /// Columns of the table.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Columns of its key, quoted; `ctid` when it has none.
    #[serde(default)]
    pub key: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type, as Postgres writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Computed from other columns.
    #[serde(default)]
    pub generated: bool,
}

/// A copy that exists: it has a manifest.
#[derive(Debug, Clone)]
pub struct Copy {
    /// Place below the store's address.
    pub location: String,
    /// When it was begun.
    pub started_at: Timestamp,
    /// How its verification ended; none: it was not.
    pub verdict: Option<Verdict>,
}

impl Copy {
    /// The place of a new copy: the time first, so that places sort by age.
    pub fn location(kind: Kind, at: Timestamp, run_id: &str) -> String {
        let nonce = at.subsec_nanosecond() / 1000;
        let run: String = run_id.chars().take(8).collect();
        format!("{}/{}-{run}-{nonce:06}", kind.name(), at.strftime("%Y%m%dT%H%M%SZ"))
    }
}
