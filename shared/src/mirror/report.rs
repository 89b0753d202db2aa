//! How the mirroring ended, in figures and in what people have to know.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    collections::Collection,
    fnv::{START, fnv},
};
use crate::{
    clock,
    notify::{Event, Notice, Severity},
    run::Run,
    text::truncate,
};

/// What is to be mirrored.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which collections.
    pub collections: Vec<Collection>,
    /// Everything, back to the beginning.
    pub full: bool,
    /// The whole timeline and every appointment, to see late changes and absences.
    pub whole: bool,
    /// Everything of a collection that another mapping wrote: for a run that has the time.
    pub corrects: bool,
    /// Goes on from the committed cursors of this run.
    pub resume: bool,
    /// Where the reading began, which a watermark never passes.
    pub started_at: Timestamp,
}

/// Rows written, by what happened to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// New.
    pub inserted: u64,
    /// Changed.
    pub updated: u64,
    /// As before.
    pub unchanged: u64,
    /// Gone upstream.
    pub deleted: u64,
}

impl Counts {
    /// Rows that were read.
    pub fn read(&self) -> u64 {
        self.inserted + self.updated + self.unchanged
    }

    pub(super) fn add(&mut self, more: Counts) {
        self.inserted += more.inserted;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.deleted += more.deleted;
    }
}

/// How the mirroring ended.
#[derive(Debug, Default)]
pub struct Report {
    /// Per collection.
    pub counts: BTreeMap<String, Counts>,
    /// The time was not enough for everything; what is committed stays.
    pub interrupted: bool,
    /// Gazelle wants to be left alone until then, and the rest is read afterwards.
    pub put_off: Option<Timestamp>,
    /// Whether everything was read, back to the beginning.
    pub full: bool,
    /// Rows set aside: collection and id.
    pub quarantined: Vec<String>,
    /// Deletions that looked like an accident.
    pub refused: Vec<RefusedDeletion>,
    /// What Gazelle sends in another shape than agreed.
    pub drift: Vec<String>,
    /// Large collections that could not be read in parts.
    pub as_one_list: Vec<&'static str>,
}

/// So many changes of Gazelle's shape are reported one by one.
pub(super) const SINGLE_DRIFTS: usize = 10;

impl Report {
    pub(super) fn merge(&mut self, other: Report) {
        self.counts.extend(other.counts);
        self.interrupted |= other.interrupted;
        self.quarantined.extend(other.quarantined);
        self.refused.extend(other.refused);
        self.drift.extend(other.drift);
        self.as_one_list.extend(other.as_one_list);
    }

    /// The figures of the run record: rows read per collection, and what happened to them.
    pub fn stats(&self) -> Value {
        let mut stats = serde_json::Map::new();
        for (name, counts) in &self.counts {
            stats.insert(name.clone(), counts.read().into());
        }
        stats.insert("collections".into(), json!(self.counts));
        stats.insert("full".into(), self.full.into());
        if !self.quarantined.is_empty() {
            stats.insert("quarantined".into(), self.quarantined.len().into());
        }
        if !self.as_one_list.is_empty() {
            stats.insert("as_one_list".into(), json!(self.as_one_list));
        }
        Value::Object(stats)
    }

    /// What people must know besides the figures.
    pub fn notices(&self, run: &Run) -> Vec<Notice> {
        let mut notices = Vec::new();
        if !self.refused.is_empty() {
            // One accident upstream empties several collections at once: it is reported once.
            let names: Vec<&str> = self.refused.iter().map(|refused| refused.collection.as_str()).collect();
            let sum = |figure: fn(&RefusedDeletion) -> u64| self.refused.iter().map(figure).sum::<u64>();
            let list: Vec<&String> =
                self.refused.iter().flat_map(|refused| &refused.sample).take(20).collect();
            notices.push(Notice::new(
                Event::SyncDeletionGuard,
                Severity::Error,
                format!("sync.deletion_guard@{}", run.key),
                json!({
                    "task_label": run.spec.label, "run_id": run.id, "since": run.started_at.to_string(),
                    "collection": names.join(", "), "candidates": sum(|refused| refused.candidates),
                    "limit": sum(|refused| refused.limit), "live": sum(|refused| refused.live), "sample": list,
                }),
            ));
        }
        let sample = |items: &[String]| items.iter().take(20).cloned().collect::<Vec<_>>();
        if !self.quarantined.is_empty() {
            let mut set_aside = self.quarantined.clone();
            set_aside.sort_unstable();
            notices.push(Notice::new(
                Event::SyncQuarantine,
                Severity::Warning,
                // The same rows every night are one problem.
                fingerprint("sync.quarantine", &set_aside),
                json!({
                    "task_label": run.spec.label, "run_id": run.id, "since": run.started_at.to_string(),
                    "rows": set_aside.len(), "sample": sample(&set_aside),
                }),
            ));
        }
        // Each is a problem of its own; what is more than people read one by one is reported together, and counted.
        let (single, rest) = self.drift.split_at(self.drift.len().min(SINGLE_DRIFTS));
        let drift = |fingerprint: String, sample: Vec<String>, rows: Option<usize>| {
            let mut data = json!({
                "task_label": run.spec.label, "run_id": run.id, "since": clock::now().to_string(), "sample": sample,
            });
            if let Some(rows) = rows {
                data["rows"] = rows.into();
            }
            Notice::new(Event::SyncDrift, Severity::Warning, fingerprint, data)
        };
        notices
            .extend(single.iter().map(|what| drift(format!("sync.drift:{what}"), vec![what.clone()], None)));
        if !rest.is_empty() {
            notices.push(drift(fingerprint("sync.drift", rest), sample(rest), Some(rest.len())));
        }
        notices
    }
}

/// What makes a list the same problem as yesterday's: the list itself, and a hash of it where it is too long to be told apart by
/// its beginning.
fn fingerprint(kind: &str, items: &[String]) -> String {
    const LIMIT: usize = 500;
    let whole = format!("{kind}:{}", items.join(","));
    if whole.chars().count() <= LIMIT {
        return whole;
    }
    format!("{}#{:016x}", truncate(&whole, LIMIT - 17), fnv(whole.as_bytes(), START))
}

/// A deletion that looked like an accident and was not made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RefusedDeletion {
    /// Mirrored collection.
    pub collection: String,
    /// Rows that were not seen any more.
    pub candidates: u64,
    /// Rows that could have gone at once.
    pub limit: u64,
    /// Rows of the collection.
    pub live: u64,
    /// Some of the ids.
    pub sample: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_the_same_problem_only_while_it_is_the_same_list() {
        let rows = |count: usize| (0..count).map(|n| format!("timeline/tme_{n:06}")).collect::<Vec<_>>();
        assert_eq!(fingerprint("sync.quarantine", &rows(1)), "sync.quarantine:timeline/tme_000000");
        let (thirty, more) =
            (fingerprint("sync.quarantine", &rows(30)), fingerprint("sync.quarantine", &rows(31)));
        assert_ne!(thirty, more, "the row that is new is beyond what is shown");
        assert_eq!(thirty, fingerprint("sync.quarantine", &rows(30)));
        assert!(thirty.chars().count() <= 500, "{thirty}");
    }
}
