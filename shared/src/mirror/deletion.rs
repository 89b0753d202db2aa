//! The end of a collection: was it read whole, what is gone upstream, may it be deleted here.
//!
//! Nothing is deleted after a partial, continued or failed reading, nor when too much at once would go.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::{
    Collection, Counts, Report, Scope,
    collections::table,
    pages::{Enumeration, Reader, hash},
    rows,
};
use crate::{gazelle::Query, supabase::SupabaseError, task::TaskError};

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

#[derive(Deserialize)]
struct Settled {
    live: BTreeMap<String, u64>,
    counts: BTreeMap<String, Counts>,
}

#[derive(Deserialize)]
struct Deletion {
    refused: bool,
    #[serde(default)]
    deleted: u64,
    #[serde(default)]
    limit: u64,
    #[serde(default)]
    live: u64,
}

/// Ends a collection that was read to its end.
pub(super) async fn settle(reader: &Reader<'_>, found: Enumeration) -> Result<Report, TaskError> {
    let parts = reader.collection.parts();
    if !reader.resumed {
        for part in parts {
            let seen = found.seen.get(part).map_or(0, Vec::len) as u64;
            let total = found.totals.get(part).copied().unwrap_or_default();
            if seen != total {
                return Err(TaskError::Failed {
                    kind: "incomplete_read",
                    message: format!(
                        "{part}: {seen} rows were read, Gazelle says there are {total}; the run will be tried again"
                    ),
                });
            }
        }
    }
    let mut arguments = reader.run.lease_arguments();
    arguments["p_collection"] = reader.collection.source().into();
    arguments["p_counted"] = json!(parts);
    arguments["p_watermark"] = reader.started_at.to_string().into();
    let settled: Settled = reader.run.supabase.rpc("finish_collection", &arguments).await?;

    let mut report = Report {
        counts: settled.counts,
        quarantined: found.quarantined,
        drift: found.drift.into_iter().collect(),
        ..Report::default()
    };
    for part in parts {
        report.counts.entry((*part).to_owned()).or_default();
        if reader.resumed || matches!(reader.scope, Scope::Since(_)) {
            continue;
        }
        let seen = found.seen.get(part).map(Vec::as_slice).unwrap_or_default();
        let set_aside = report.quarantined.iter().filter(|row| row.starts_with(part)).count() as u64;
        let live = settled.live.get(*part).copied().unwrap_or_default();
        // As many live rows as were seen: every seen row is live, so no other can be.
        if matches!(reader.scope, Scope::Whole) && live + set_aside <= seen.len() as u64 {
            continue;
        }
        let (considered, absent) = absent_ids(reader, part, seen).await?;
        let gone = match reader.collection {
            Collection::Appointments => confirm_gone(reader, absent, considered, &mut report).await?,
            _ => absent,
        };
        if !gone.is_empty() {
            delete(reader, part, &gone, considered, seen.len() as u64, &mut report).await?;
        }
    }
    Ok(report)
}

/// The rows of the read scope that are live here and were not seen: how many were considered, and their ids.
async fn absent_ids(
    reader: &Reader<'_>,
    part: &str,
    seen: &[u64],
) -> Result<(u64, Vec<String>), SupabaseError> {
    let (table, key) = table(part);
    let query = || {
        let mut query = reader.run.supabase.from(table).select(key).is("deleted_at", "null");
        if let Scope::Appointments(filter) = &reader.scope {
            if let Some(from) = filter.from {
                query = query.gte("appointment_date", from.to_string());
            }
            if let Some(until) = filter.until {
                query = query.lte("appointment_date", until.to_string());
            }
        }
        query
    };
    let mut considered = 0;
    let mut absent = Vec::new();
    let id = |row: &Value| row[key].as_str().unwrap_or_default().to_owned();
    let is_absent = |id: &String| seen.binary_search(&hash(id)).is_err();
    let take = |page: Vec<Value>| {
        considered += page.len() as u64;
        absent.extend(page.iter().map(id).filter(is_absent));
    };
    reader.run.supabase.pages(key, id, query, take).await?;
    Ok((considered, absent))
}

/// Absence from a list is a hint only: each appointment is asked for by its id. One that still exists is
/// mirrored as it is.
async fn confirm_gone(
    reader: &Reader<'_>,
    absent: Vec<String>,
    considered: u64,
    report: &mut Report,
) -> Result<Vec<String>, TaskError> {
    // Too many to be true: the guard refuses them all without a question each.
    if absent.len() as u64 > 10.max(considered / 20) {
        return Ok(absent);
    }
    let mut gone = Vec::new();
    for id in absent {
        let event = reader.gazelle.query(&Query::AppointmentById { id: id.clone() }).await?;
        if event.is_null() {
            gone.push(id);
            continue;
        }
        let mut drift = Default::default();
        let row = rows::map(Collection::Appointments, event, &mut drift);
        let mut arguments = reader.run.lease_arguments();
        arguments["p_collection"] = reader.collection.source().into();
        arguments["p_batches"] = json!({"appointments": [row.columns]});
        let counts: BTreeMap<String, Counts> = reader.run.supabase.rpc("apply_page", &arguments).await?;
        if let (Some(total), Some(one)) = (report.counts.get_mut("appointments"), counts.get("appointments"))
        {
            total.inserted += one.inserted;
            total.updated += one.updated;
            total.unchanged += one.unchanged;
        }
    }
    Ok(gone)
}

async fn delete(
    reader: &Reader<'_>,
    part: &'static str,
    gone: &[String],
    considered: u64,
    seen: u64,
    report: &mut Report,
) -> Result<(), SupabaseError> {
    let mut arguments = reader.run.lease_arguments();
    arguments["p_collection"] = part.into();
    arguments["p_ids"] = json!(gone);
    arguments["p_considered"] = considered.into();
    arguments["p_seen"] = seen.into();
    let deletion: Deletion = reader.run.supabase.rpc("delete_absent", &arguments).await?;
    if deletion.refused {
        report.refused.push(RefusedDeletion {
            collection: part.to_owned(),
            candidates: gone.len() as u64,
            limit: deletion.limit,
            live: deletion.live,
            sample: gone.iter().take(20).cloned().collect(),
        });
    } else if let Some(counts) = report.counts.get_mut(part) {
        counts.deleted += deletion.deleted;
    }
    Ok(())
}
