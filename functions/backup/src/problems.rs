//! What is to be reported about a copy that was made: it holds much less than it should, or could not be checked as a whole.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    error_kind::ErrorKind,
    notify::{Event, Notice, Severity},
    run::Run,
    text,
};

use crate::{
    copy::{Copy, Kind, Manifest, NoteKind},
    shrink::Loss,
};

/// Tables that are named at most; more are counted.
const NAMED: usize = 5;
/// Characters of a place that are shown: who writes into the store names it.
const PLACE: usize = 80;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matter {
    Reduced,
    Unproven,
    Unchecked,
}

impl Matter {
    fn error_kind(self) -> ErrorKind {
        match self {
            Matter::Reduced => ErrorKind::BackupReduced,
            Matter::Unproven => ErrorKind::BackupUnproven,
            Matter::Unchecked => ErrorKind::SqliteUnchecked,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Matter::Reduced => "copie gardée à part, elle contient beaucoup moins que les bonnes",
            Matter::Unproven => "des copies à côté ne prouvent rien et ne comptent pas",
            Matter::Unchecked => "à savoir du fichier SQLite",
        }
    }
}

/// Something that people are notified of once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    matter: Matter,
    /// The same problem has the same name: it is reported once.
    name: String,
    /// What it is about, as people read it.
    items: Vec<String>,
}

impl Problem {
    /// The copy lost something against the good ones; `newest` is the newest of them. As long as no other good copy is
    /// made, it is the same problem.
    pub fn of_losses(kind: Kind, losses: &[Loss], newest: &Copy) -> Self {
        Self {
            kind,
            matter: Matter::Reduced,
            name: format!("reduced:{}", newest.location),
            items: losses.iter().map(|loss| in_words(kind, loss)).collect(),
        }
    }

    /// Copies that prove nothing lie beside ours: made before there was a key, put there by somebody, or dated in a time to
    /// come. None: nothing.
    pub fn of_strangers(kind: Kind, copies: &[Copy], now: Timestamp) -> Option<Self> {
        let strange = copies.iter().filter_map(|copy| {
            let why = match (copy.proven, copy.is_of_the_future(now)) {
                (true, false) => return None,
                (true, true) => "date à venir",
                (false, _) => "sans la marque de BACKUP_AGE_KEY",
            };
            Some((copy, format!("{}: {why}", text::clean(&copy.location, PLACE))))
        });
        let (newest, items): (Vec<&Copy>, Vec<String>) = strange.unzip();
        let newest = newest.first()?;
        Some(Self { kind, matter: Matter::Unproven, name: format!("strange:{}", newest.location), items })
    }

    /// What is to be known of a SQLite file; none: nothing.
    pub fn of_notes(manifest: &Manifest) -> Option<Self> {
        let notes: Vec<_> = manifest.parts.iter().flat_map(|part| &part.notes).collect();
        if notes.is_empty() {
            return None;
        }
        let mut names: Vec<String> =
            notes.iter().map(|note| format!("{} {}", note.kind.name(), note.about)).collect();
        names.sort();
        let items = notes.iter().map(|note| {
            let what = match note.kind {
                NoteKind::Unchecked => "non vérifiable ici",
                NoteKind::Orphans => "lignes orphelines",
                NoteKind::Constraint => "lignes contraires aux règles de la table",
                NoteKind::Recovered => "transaction interrompue, annulée dans la copie",
            };
            match note.about.as_str() {
                "" => what.to_owned(),
                about => format!("{about}: {what}"),
            }
        });
        Some(Self {
            kind: manifest.kind,
            matter: Matter::Unchecked,
            items: items.collect(),
            name: format!("notes:{}", names.join(",")),
        })
    }

    /// For the run's sentence.
    pub fn sentence(&self) -> String {
        format!("{} ({})", self.matter.words(), listed(&self.items))
    }

    /// For the run's errors.
    pub fn entry(&self, at: &str) -> Value {
        json!({"at": at, "kind": self.matter.error_kind(), "message": format!("{}: {}", self.kind.name(), listed(&self.items))})
    }

    /// For people.
    pub fn notice(&self, run: &Run) -> Notice {
        let mut items = self.items.clone();
        let more = items.len().saturating_sub(NAMED);
        items.truncate(NAMED);
        if more > 0 {
            items.push(format!("et {more} de plus"));
        }
        Notice::new(
            Event::BackupWarning,
            Severity::Warning,
            format!("backup.warning@{}:{}", self.kind.name(), self.name),
            json!({
                "task_label": run.spec.label,
                "run_id": run.id,
                "error_kind": self.matter.error_kind(),
                "sample": items,
                "since": run.started_at.to_string(),
            }),
        )
    }
}

fn in_words(kind: Kind, loss: &Loss) -> String {
    let table = match (kind, loss.table.as_str()) {
        (Kind::Sqlite, "") => "fichier SQLite",
        (_, table) => table,
    };
    let unit = if loss.unit == "bytes" { "octets" } else { "lignes" };
    format!("{table}: {} {unit} au lieu de {}", loss.now, loss.before)
}

fn listed(items: &[String]) -> String {
    let mut shown: Vec<String> = items.iter().take(NAMED).cloned().collect();
    if items.len() > NAMED {
        shown.push(format!("et {} de plus", items.len() - NAMED));
    }
    shown.join(", ")
}

/// The losses in a line of bounded length, for the record of the copy.
pub fn shown(losses: &[Loss]) -> String {
    listed(&losses.iter().map(ToString::to_string).collect::<Vec<_>>())
}
