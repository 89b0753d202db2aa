//! The end of a collection: was it read whole, what is gone upstream, may it be deleted here.
//!
//! Nothing is deleted after a partial, continued or failed reading, nor when too much at once would go; and nothing
//! that Gazelle still has when it is asked for by its id.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Collection, Counts, Report,
    collections::table,
    enumerate::Enumeration,
    pages::{Batch, Reader},
    report::RefusedDeletion,
    seen::hash,
    window::{PAGE_ROWS, Window},
};
use crate::{
    error_kind::ErrorKind,
    gazelle::{Cursors, Page, Query, Slice},
    supabase::SupabaseError,
    task::TaskError,
};

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

/// So many nights of the same small difference, and it is Gazelle's count that is wrong.
const NIGHTS: u64 = 3;
/// A difference that may be a wrong count; a larger one never is.
const SMALL: i64 = 3;

/// Ends a collection that was read to its end.
pub(super) async fn settle(reader: &Reader<'_>, mut found: Enumeration) -> Result<Report, TaskError> {
    if !found.differences.is_empty() {
        tolerate(reader, &mut found).await?;
    }
    let parts = reader.collection.parts();
    let mut arguments = reader.run.lease_arguments();
    arguments["p_collection"] = reader.collection.source().into();
    arguments["p_counted"] = json!(parts);
    arguments["p_watermark"] = reader.started_at.to_string().into();
    arguments["p_exact"] = found.differences.is_empty().into();
    let settled: Settled = reader.run.supabase.rpc("finish_collection", &arguments).await?;

    let mut report = Report {
        counts: settled.counts,
        quarantined: found.quarantined,
        drift: found.drift.into_iter().collect(),
        as_one_list: found.as_one_list.then(|| reader.collection.source()).into_iter().collect(),
        ..Report::default()
    };
    for part in parts {
        let set_aside = report.quarantined.iter().filter(|row| row.starts_with(part)).count() as u64;
        let counts = report.counts.entry((*part).to_owned()).or_default();
        if reader.resumed && found.is_whole {
            // Read again from the beginning: what the earlier parts read is not counted twice.
            let rows = found.seen.get(part).map_or(0, Vec::len) as u64;
            counts.unchanged = rows.saturating_sub(set_aside + counts.inserted + counts.updated);
        }
        // Only an exact reading of everything, in which every row could be named, says what is absent.
        let is_exact = found.differences.is_empty() && !found.unidentified.contains(part);
        if !found.is_whole || !is_exact || !is_enumeration(reader) {
            continue;
        }
        let seen = found.seen.get(part).map(Vec::as_slice).unwrap_or_default();
        let live = settled.live.get(*part).copied().unwrap_or_default();
        // As many live rows as were seen: every seen row is live, so no other can be.
        if reader.scope == Window::ALL && live + set_aside <= seen.len() as u64 {
            continue;
        }
        let (considered, absent) = absent_ids(reader, part, seen).await?;
        let gone = confirm_gone(reader, part, absent, considered, &mut report).await?;
        if !gone.is_empty() {
            delete(reader, part, &gone, considered, seen.len() as u64, &mut report).await?;
        }
    }
    Ok(report)
}

/// Whether the scope says which rows exist: entries since an instant do not.
fn is_enumeration(reader: &Reader<'_>) -> bool {
    reader.scope == Window::ALL || reader.collection == Collection::Appointments
}

/// Gazelle counts other rows than it lists, and did so again when asked again. The first nights that is a failure; then
/// it is taken for what it is, and reported. Nothing is deleted meanwhile.
async fn tolerate(reader: &Reader<'_>, found: &mut Enumeration) -> Result<(), TaskError> {
    let named: Vec<String> = found
        .differences
        .iter()
        .map(|(part, rows)| {
            if *rows < 0 {
                format!("{part}: Gazelle lists {} rows more than it counts", rows.unsigned_abs())
            } else {
                format!("{part}: Gazelle counts {rows} rows more than it lists")
            }
        })
        .collect();
    let mut arguments = reader.run.lease_arguments();
    arguments["p_collection"] = reader.collection.source().into();
    arguments["p_differences"] = json!(found.differences);
    arguments["p_date"] = reader.run.business_date().to_string().into();
    let nights: u64 = reader.run.supabase.rpc("note_difference", &arguments).await?;
    if nights < NIGHTS || found.differences.values().any(|rows| rows.abs() > SMALL) {
        return Err(TaskError::Failed {
            kind: ErrorKind::IncompleteRead,
            message: format!("{}; the run will be tried again", named.join("; ")),
        });
    }
    found.drift.extend(named);
    Ok(())
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
        if let Some(from) = reader.scope.from {
            query = query.gte("appointment_date", from.to_string());
        }
        if let Some(until) = reader.scope.until {
            query = query.lte("appointment_date", until.to_string());
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

/// Absence from a list is a hint only: each row is asked for by its id. One that still exists is mirrored as it is.
async fn confirm_gone(
    reader: &Reader<'_>,
    part: &'static str,
    absent: Vec<String>,
    considered: u64,
    report: &mut Report,
) -> Result<Vec<String>, TaskError> {
    // Too many to be true: the guard refuses them all without a question each.
    if absent.len() as u64 > 10.max(considered / 20) {
        return Ok(absent);
    }
    let asked = absent.into_iter().map(|id| async move {
        let node = still_there(reader, part, &id).await?;
        Ok::<_, TaskError>((id, node))
    });
    let mut gone = Vec::new();
    let mut there = Batch::default();
    for (id, node) in try_join_all(asked).await? {
        match node {
            Some(node) => there.add(reader.map_one(part, node)),
            None => gone.push(id),
        }
    }
    if there.rows > 0 {
        let counts = reader.store(there, &mut report.quarantined).await?;
        for (part, one) in counts {
            report.counts.entry(part).or_default().add(one);
        }
    }
    Ok(gone)
}

/// The row as Gazelle has it, if it has it. A user has no question of their own: the list is all there is.
async fn still_there(reader: &Reader<'_>, part: &str, id: &str) -> Result<Option<Value>, TaskError> {
    let id = id.to_owned();
    let query = match part {
        "clients" => Query::ClientById { id },
        "contacts" => Query::ContactById { id },
        "pianos" => Query::PianoById { id },
        "appointments" => Query::AppointmentById { id },
        "timeline" => return entry(reader, &id).await,
        _ => return Ok(None),
    };
    let mut node = reader.query(&query).await?;
    if part == "clients" && !node.is_null() {
        reader.all_contacts(&mut node).await?;
    }
    Ok((!node.is_null()).then_some(node))
}

/// An entry of the timeline, among those of its client; where none is known, among those from its instant on.
async fn entry(reader: &Reader<'_>, id: &str) -> Result<Option<Value>, TaskError> {
    #[derive(Deserialize)]
    struct Known {
        client_id: Option<String>,
        occurred_at: Option<Timestamp>,
    }
    let query = reader.run.supabase.from("gazelle_timeline_entries").select("client_id,occurred_at");
    let known: Vec<Known> = reader.run.supabase.rows(query.eq("external_id", id)).await?;
    let Some(Known { client_id: client, occurred_at }) = known.into_iter().next() else {
        return Ok(None);
    };
    // An instant can be corrected, the client of an entry stays.
    let since = if client.is_some() { None } else { occurred_at };
    let mut cursors = Cursors::default();
    let mut cursor = None;
    loop {
        let slice = Slice::after(cursor, PAGE_ROWS);
        let query = Query::Timeline { since, client: client.clone(), slice };
        let page = Page::from_connection(reader.query(&query).await?)?;
        cursor = cursors.next(&page)?;
        if let Some(node) = page.nodes.into_iter().find(|node| node["id"] == id) {
            return Ok(Some(node));
        }
        if cursor.is_none() {
            return Ok(None);
        }
    }
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
