//! The mirror of Gazelle in Supabase: every collection as windows that are read side by side, written in batches.
//!
//! The next pages are fetched while the last are being written; a few pages are in memory, never more. Nothing is deleted
//! from a read that was not complete, nor anything that Gazelle still has when it is asked. Used by the nightly sync, the imports and the
//! afternoon's appointments.

mod collections;
mod deletion;
mod enumerate;
mod pages;
mod rows;
mod seen;
mod split;
mod window;
mod write;

use std::{collections::BTreeMap, sync::Mutex};

use futures::future::join_all;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub use self::{collections::Collection, deletion::RefusedDeletion};
use self::{
    pages::{Interrupted, Reader},
    window::{Progress, Window},
};
use crate::{
    clock,
    gazelle::Gazelle,
    notify::{Event, Notice, Severity},
    run::Run,
    supabase::SupabaseError,
    task::TaskError,
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
    /// Goes on from the committed cursors of this run.
    pub resume: bool,
    /// Where the reading began, which a watermark never passes.
    pub started_at: Timestamp,
}

/// How much is read of the collections that are not read whole, and how fast; rows of `settings`.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    appointment_past_days: i64,
    appointment_future_days: i64,
    timeline_overlap_days: i64,
    /// Requests to Gazelle at the same time.
    concurrency: usize,
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

    fn add(&mut self, more: Counts) {
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

/// State of a collection, from `sync_state`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct State {
    watermark: Option<Timestamp>,
    windows: BTreeMap<String, Progress>,
    complete: bool,
    counts: BTreeMap<String, Counts>,
    refused: Vec<RefusedDeletion>,
    quarantined: Vec<String>,
}

/// Mirrors what the plan says. Collections are independent: one that fails does not stop the others, and the
/// first failure is the result.
///
/// # Errors
/// The first failure, after every collection came to its end.
pub async fn sync(run: &Run, gazelle: &Gazelle, plan: &Plan) -> Result<Report, TaskError> {
    let bounds = bounds(run).await?;
    let names: Vec<&str> = plan.collections.iter().map(|collection| collection.source()).collect();
    let mut arguments = run.lease_arguments();
    arguments["p_collections"] = json!(names);
    arguments["p_resume"] = plan.resume.into();
    let states: BTreeMap<String, State> = run.supabase.rpc("begin_sync", &arguments).await?;
    // A mirror that was never filled has no watermark: its first sync reads everything.
    let full = plan.full || states.values().any(|state| state.watermark.is_none());

    let slots = Semaphore::new(bounds.concurrency);
    let readers = plan.collections.iter().map(|collection| {
        let state = states.get(collection.source()).cloned().unwrap_or_default();
        let reader = Reader {
            run,
            gazelle,
            slots: &slots,
            collection: *collection,
            scope: scope(run, *collection, plan, &bounds, full, &state),
            started_at: plan.started_at,
            resumed: !state.windows.is_empty(),
            found: Mutex::default(),
        };
        read(reader, state)
    });
    let mut report = Report { full, ..Report::default() };
    let mut failure: Option<TaskError> = None;
    for outcome in join_all(readers).await {
        match outcome {
            Ok(read) => report.merge(read),
            // Gazelle says itself when it can be asked again: no failure.
            Err(TaskError::Gazelle(error)) if error.later().is_some() => {
                let at = error.later().and_then(|wait| clock::now().checked_add(wait).ok());
                report.interrupted = true;
                report.put_off = report.put_off.max(at);
                tracing::warn!(run_id = run.id, %error, "collection.put_off");
            }
            Err(error) => {
                let details = error.details().unwrap_or_default();
                tracing::error!(run_id = run.id, kind = error.kind(), %error, %details, "collection.failed");
                // Whoever lost the lease has nothing more to say.
                if failure.is_none() || matches!(error, TaskError::Supabase(SupabaseError::LeaseLost)) {
                    failure = Some(error);
                }
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(report),
    }
}

async fn read(reader: Reader<'_>, state: State) -> Result<Report, TaskError> {
    let mut report = match state.complete {
        true => Report { counts: state.counts, ..Report::default() },
        false => match reader.read(&state).await {
            Ok(enumeration) => deletion::settle(&reader, enumeration).await?,
            Err(Interrupted::TimeIsUp) => Report { interrupted: true, ..Report::default() },
            Err(Interrupted::Failed(error)) => return Err(error),
        },
    };
    // What earlier parts of this run found is part of its end.
    report.refused.extend(state.refused);
    for row in state.quarantined {
        if !report.quarantined.contains(&row) {
            report.quarantined.push(row);
        }
    }
    Ok(report)
}

/// Which part of a collection is read.
fn scope(
    run: &Run,
    collection: Collection,
    plan: &Plan,
    bounds: &Bounds,
    full: bool,
    state: &State,
) -> Window {
    if full || plan.whole {
        return Window::ALL;
    }
    match (collection, state.watermark) {
        (Collection::Appointments, _) => {
            let today = run.business_date();
            Window {
                from: today.checked_sub(bounds.appointment_past_days.days()).ok(),
                until: today.checked_add(bounds.appointment_future_days.days()).ok(),
                backwards: false,
            }
        }
        (Collection::Timeline, Some(watermark)) => {
            let overlap = (bounds.timeline_overlap_days * 24).hours();
            let since = watermark.checked_sub(overlap).unwrap_or(watermark);
            Window { from: Some(since.to_zoned(TimeZone::UTC).date()), ..Window::ALL }
        }
        (Collection::Timeline, None) | (Collection::Users | Collection::Clients | Collection::Pianos, _) => {
            Window::ALL
        }
    }
}

async fn bounds(run: &Run) -> Result<Bounds, SupabaseError> {
    #[derive(Deserialize)]
    struct Row {
        key: String,
        value: Value,
    }
    let query = || run.supabase.from("settings").select("key,value").like("key", "sync.*");
    let rows: Vec<Row> = run.supabase.all("key", query).await?;
    let number = |key: &str, default: i64, least: i64, most: i64| {
        rows.iter()
            .find(|row| row.key == key)
            .and_then(|row| row.value.as_i64())
            .unwrap_or(default)
            .clamp(least, most)
    };
    Ok(Bounds {
        appointment_past_days: number("sync.appointment_past_days", 30, 0, 3650),
        appointment_future_days: number("sync.appointment_future_days", 90, 0, 3650),
        timeline_overlap_days: number("sync.timeline_overlap_days", 7, 0, 365),
        concurrency: usize::try_from(number("sync.concurrency", 6, 1, 20)).unwrap_or(1),
    })
}

/// So many changes of Gazelle's shape are told one by one.
const SINGLE_DRIFTS: usize = 10;

impl Report {
    fn merge(&mut self, other: Report) {
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
            // One accident upstream empties several collections at once: it is told once.
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
                // The same rows every night are one trouble.
                truncate(&format!("sync.quarantine:{}", set_aside.join(",")), 500),
                json!({
                    "task_label": run.spec.label, "run_id": run.id, "since": run.started_at.to_string(),
                    "rows": set_aside.len(), "sample": sample(&set_aside),
                }),
            ));
        }
        // Each is a trouble of its own; what is more than people read one by one is told together, and counted.
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
            let fingerprint = truncate(&format!("sync.drift:{}", rest.join(",")), 500);
            notices.push(drift(fingerprint, sample(rest), Some(rest.len())));
        }
        notices
    }
}
