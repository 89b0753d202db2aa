//! What a copy is: a place, parts, and the manifest without which it does not exist.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{codec::Stored, verdict::Verdict};

/// Version of this layout.
pub const FORMAT: u32 = 1;
/// How a copy's place begins: places sort by age.
const PLACE_TIME: &str = "%Y%m%dT%H%M%SZ";
/// The newest migration that this program knows.
pub const SCHEMA_VERSION: &str = "20260901009000";

/// What a table holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub rows: u64,
    /// Bytes before compression; 0: not counted.
    pub bytes: u64,
}

/// What the tables of a copy hold, by name; the file of a SQLite copy has an empty name.
pub type Sizes = BTreeMap<String, Size>;

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

    /// What each table holds, and the file of a SQLite copy under an empty name.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes::new();
        for part in self.parts.iter().filter(|part| !part.volatile) {
            match self.kind {
                Kind::Supabase => {
                    sizes.insert(part.name.clone(), Size { rows: part.rows, bytes: part.plain_bytes });
                }
                Kind::Sqlite => {
                    sizes.insert(String::new(), Size { rows: part.rows, bytes: part.plain_bytes });
                    let tables = part.tables.iter();
                    sizes.extend(tables.map(|(table, rows)| (table.clone(), Size { rows: *rows, bytes: 0 })));
                }
            }
        }
        sizes
    }

    /// Tables of which it is not known what they hold: they could not be counted.
    pub fn uncounted(&self) -> impl Iterator<Item = &str> {
        let notes = self.parts.iter().flat_map(|part| &part.notes);
        notes.filter(|note| note.kind == NoteKind::Unchecked).map(|note| note.about.as_str())
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
    /// Bytes before compression: of the rows, for SQLite of the pages in use. 0 in copies that did not count them yet.
    #[serde(default)]
    pub plain_bytes: u64,
    /// Its rows come and go all the time: that there are fewer says nothing.
    #[serde(default)]
    pub volatile: bool,
    /// Rows of each table of the SQLite file that could be counted.
    #[serde(default)]
    pub tables: BTreeMap<String, u64>,
    /// What is to be known of the SQLite file, which is no damage.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// How the SQLite file is damaged: the copy is of what is there, and is no good copy.
    #[serde(default)]
    pub damage: Option<String>,
}

/// Something to be known of a SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// What.
    pub kind: NoteKind,
    /// Table, or whatever it is about; empty for the whole file.
    pub about: String,
}

/// What is to be known of a SQLite file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// It could not be checked here: it needs a collation, a module or a function that only its own program has.
    Unchecked,
    /// Rows refer to rows that are not there.
    Orphans,
    /// Rows do not keep a rule of their table.
    Constraint,
    /// A transaction was interrupted: it was rolled back, or completed, in the copy.
    Recovered,
}

impl NoteKind {
    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            NoteKind::Unchecked => "unchecked",
            NoteKind::Orphans => "orphans",
            NoteKind::Constraint => "constraint",
            NoteKind::Recovered => "recovered",
        }
    }
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
    /// Whether it is ours: where there is a key, what does not carry its marks may be anybody's, and is worth nothing.
    pub proven: bool,
    /// How its verification ended; none: it was not, or nothing proves that it was.
    pub verdict: Option<Verdict>,
    /// What it holds.
    pub sizes: Sizes,
    /// A person has said that it is right although it holds less than those before it.
    pub accepted: bool,
}

impl Copy {
    /// Whether it is a good copy: verified, and not of a time to come. Whatever is dated later than tomorrow was not made by
    /// a clock that is right, and would stay the newest for ever.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.verdict == Some(Verdict::Verified) && !self.is_of_the_future(now)
    }

    /// Whether it, or its place, is dated later than tomorrow.
    pub fn is_of_the_future(&self, now: Timestamp) -> bool {
        let tomorrow = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
        let place = self.location.split_once('/').map_or("", |(_, place)| place);
        self.started_at > tomorrow || *place > *tomorrow.strftime(PLACE_TIME).to_string()
    }

    /// The place of a new copy: the time first, so that places sort by age.
    pub fn location(kind: Kind, at: Timestamp, run_id: &str) -> String {
        let nonce = at.subsec_nanosecond() / 1000;
        let run: String = run_id.chars().take(8).collect();
        format!("{}/{}-{run}-{nonce:06}", kind.name(), at.strftime(PLACE_TIME))
    }
}
