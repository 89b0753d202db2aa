//! The mirror of Gazelle in Supabase: every collection as windows that are read side by side, written in batches.
//!
//! The next pages are fetched while the last are being written; a few pages are in memory, never more. Nothing is deleted
//! from a read that was not complete, nor anything that Gazelle still has when it is asked. Used by the nightly sync, the imports and the
//! afternoon's appointments.

mod collections;
mod deletion;
mod enumerate;
mod fnv;
mod pages;
mod report;
mod rows;
mod seen;
mod split;
mod state;
mod window;
mod write;

use std::{collections::BTreeMap, sync::Mutex};

use futures::future::join_all;
use jiff::{ToSpan, tz::TimeZone};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

pub use self::{
    collections::Collection,
    report::{Counts, Plan, RefusedDeletion, Report},
};
use self::{
    pages::{Interrupted, Reader},
    state::State,
    window::Window,
};
use crate::{clock, gazelle::Gazelle, run::Run, supabase::SupabaseError, task::TaskError};

/// How much is read of the collections that are not read whole, and how fast; rows of `settings`.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Bounds {
    appointment_past_days: i64,
    appointment_future_days: i64,
    timeline_overlap_days: i64,
    /// Requests to Gazelle at the same time.
    concurrency: usize,
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
    if plan.corrects {
        arguments["p_mapping"] = rows::MAPPING.into();
    }
    let states: BTreeMap<String, State> = run.supabase.rpc("begin_sync", &arguments).await?;
    // What was never filled, or by another mapping, has no watermark: its next sync reads everything, and what else was read
    // to its end in an earlier night is not read again with it.
    let full = plan.full || states.values().all(|state| state.watermark.is_none());

    let slots = Semaphore::new(bounds.concurrency);
    let readers = plan.collections.iter().map(|collection| {
        let state = states.get(collection.source()).cloned().unwrap_or_default();
        let reader = Reader {
            run,
            gazelle,
            slots: &slots,
            collection: *collection,
            scope: scope(run, *collection, plan, &bounds, &state),
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
                tracing::error!(run_id = run.id, kind = %error.kind(), %error, %details, "collection.failed");
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
    let mut report = if state.complete {
        Report { counts: state.counts, ..Report::default() }
    } else {
        match reader.read(&state).await {
            Ok(enumeration) => deletion::settle(&reader, enumeration).await?,
            Err(Interrupted::TimeIsUp) => Report { interrupted: true, ..Report::default() },
            Err(Interrupted::Failed(error)) => return Err(error),
        }
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
fn scope(run: &Run, collection: Collection, plan: &Plan, bounds: &Bounds, state: &State) -> Window {
    let Some(watermark) = state.watermark.filter(|_| !plan.full && !plan.whole) else {
        return Window::ALL;
    };
    match collection {
        Collection::Appointments => {
            let today = run.business_date();
            Window {
                from: today.checked_sub(bounds.appointment_past_days.days()).ok(),
                until: today.checked_add(bounds.appointment_future_days.days()).ok(),
                backwards: false,
            }
        }
        Collection::Timeline => {
            let overlap = (bounds.timeline_overlap_days * 24).hours();
            let since = watermark.checked_sub(overlap).unwrap_or(watermark);
            Window { from: Some(since.to_zoned(TimeZone::UTC).date()), ..Window::ALL }
        }
        Collection::Users | Collection::Clients | Collection::Pianos => Window::ALL,
    }
}

async fn bounds(run: &Run) -> Result<Bounds, SupabaseError> {
    run.supabase.rpc("settings_of", &json!({"p_section": "sync"})).await
}
