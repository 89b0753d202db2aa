//! How a large collection is split into windows of about the same size.
//!
//! Gazelle tells how many rows a list holds, whatever is asked of it: the size of a window is the difference of two
//! totals. A collection is cut into equal spans of time, spans that hold too much are cut again, small neighbours become
//! one. What Gazelle refuses is no failure: such a collection is read as one list.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::{
    Collection,
    pages::Reader,
    window::{Window, instant_of},
};
use crate::{
    gazelle::{GazelleError, Page, Slice},
    task::TaskError,
};

/// A collection with more rows than this is split.
const SPLIT_ABOVE: u64 = 2_000;
/// Windows of a collection, about, and rows of a window at least. Smaller windows end closer together, and cost more
/// questions.
const WINDOWS: u64 = 8;
const WINDOW_ROWS: u64 = 1_500;
/// Spans of time that hold too much are cut again at most this often.
const ROUNDS: usize = 4;

/// The windows of a collection.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// In the order of time, without a gap.
    pub windows: Vec<Window>,
    /// Rows of the scope from the beginning of each window on.
    pub totals: Vec<u64>,
}

impl Split {
    /// Everything as one list.
    pub fn whole(scope: Window, total: u64) -> Self {
        Self { windows: vec![scope], totals: vec![total] }
    }

    /// Rows of each window, as the totals say.
    pub fn sizes(&self) -> Vec<u64> {
        let next = self.totals.iter().skip(1).copied().chain([0]);
        self.totals.iter().zip(next).map(|(total, next)| total.saturating_sub(next)).collect()
    }

    /// Whether a window's list goes on where the window ends: there is no upper bound to ask for.
    pub fn is_by_bounds(&self, collection: Collection) -> bool {
        collection == Collection::Timeline && self.windows.len() > 1
    }
}

/// Whether a collection of so many rows should not be read as one list.
pub(super) fn is_large(collection: Collection, total: u64) -> bool {
    total > SPLIT_ABOVE && collection != Collection::Users
}

/// Splits what `reader` reads, whose first page is known.
///
/// # Errors
/// When Gazelle does not answer. A refusal is none: the result is one window.
pub(super) async fn split(reader: &Reader<'_>, first: &Page) -> Result<Split, TaskError> {
    let whole = Split::whole(reader.scope, first.total);
    if !is_large(reader.collection, first.total) {
        return Ok(whole);
    }
    match windows(reader, first).await {
        Ok(split) => Ok(split),
        Err(
            error @ (GazelleError::Unavailable(_) | GazelleError::Unauthorized | GazelleError::TokenStore(_)),
        ) => Err(error.into()),
        Err(error) => {
            tracing::warn!(collection = reader.collection.source(), %error, "sync.not_split");
            Ok(whole)
        }
    }
}

async fn windows(reader: &Reader<'_>, first: &Page) -> Result<Split, GazelleError> {
    let total = first.total;
    let Some((oldest, newest, backwards)) = span(reader, first).await? else {
        return Ok(Split::whole(reader.scope, total));
    };
    let rows = WINDOW_ROWS.max(total / WINDOWS);
    let mut totals = BTreeMap::from([(None, total)]);
    let mut bounds = cut(oldest, newest, total.div_ceil(rows));
    for _ in 0..ROUNDS {
        let asked = bounds.iter().map(|from| async move {
            let window = Window { from: Some(*from), ..reader.scope };
            Ok::<_, GazelleError>((Some(*from), reader.total(window).await?))
        });
        totals.extend(try_join_all(asked).await?);
        bounds = too_large(&totals, oldest, newest, rows);
        if bounds.is_empty() || reader.run.should_hand_over() {
            break;
        }
    }
    let totals = merged(&totals, rows);
    let ends = totals.iter().skip(1).map(|(from, _)| *from).chain([None]);
    let windows = totals.iter().zip(ends).map(|((from, _), end)| Window {
        from: from.or(reader.scope.from),
        until: end.or(reader.scope.until),
        backwards,
    });
    Ok(Split { windows: windows.collect(), totals: totals.iter().map(|(_, total)| *total).collect() })
}

/// The dates of the oldest row and of the newest that matters, and whether the list ends with the oldest. `None` when
/// that cannot be reported.
async fn span(reader: &Reader<'_>, first: &Page) -> Result<Option<(Date, Date, bool)>, GazelleError> {
    let collection = reader.collection;
    let day = |node: &serde_json::Value| {
        instant_of(collection, node).map(|instant| instant.to_zoned(TimeZone::UTC).date())
    };
    let first = match collection {
        // The first page came in the list's own order; these two are ordered by their instants.
        Collection::Appointments | Collection::Timeline => first.nodes.first().and_then(day),
        Collection::Users | Collection::Clients | Collection::Pianos => {
            reader.row(Slice::after(None, 1)).await?.as_ref().and_then(day)
        }
    };
    let today = reader.run.business_date();
    let Some(first) = first else { return Ok(None) };
    if collection != Collection::Timeline {
        let newest = reader.scope.until.unwrap_or(today).max(first);
        return Ok(Some((first, newest, false)));
    }
    let last = reader.row(Slice::before(None, 1)).await?.as_ref().and_then(day);
    Ok(last.map(|last| (first.min(last), first.max(last), last < first)))
}

/// The bounds inside a span of time that make `parts` equal ones.
fn cut(from: Date, to: Date, parts: u64) -> Vec<Date> {
    let days = from.until(to).map_or(0, |span| i64::from(span.get_days()));
    let parts = i64::try_from(parts).unwrap_or(i64::MAX).min(days).max(1);
    (1..parts).filter_map(|part| from.checked_add((days * part / parts).days()).ok()).collect()
}

/// Bounds that cut the windows which hold more than twice as much as they should.
fn too_large(totals: &BTreeMap<Option<Date>, u64>, oldest: Date, newest: Date, size: u64) -> Vec<Date> {
    let entries: Vec<(Option<Date>, u64)> = totals.iter().map(|(from, total)| (*from, *total)).collect();
    let mut bounds = Vec::new();
    for (at, (from, total)) in entries.iter().enumerate() {
        let (end, rest) = entries.get(at + 1).map_or((None, 0), |(end, rest)| (*end, *rest));
        let rows = total.saturating_sub(rest);
        if rows > 2 * size {
            bounds.extend(cut(from.unwrap_or(oldest), end.unwrap_or(newest), rows.div_ceil(size)));
        }
    }
    bounds
}

/// Windows that are small together with their neighbour are one.
fn merged(totals: &BTreeMap<Option<Date>, u64>, size: u64) -> Vec<(Option<Date>, u64)> {
    let mut kept: Vec<(Option<Date>, u64)> = Vec::new();
    let mut entries = totals.iter().peekable();
    while let Some((from, total)) = entries.next() {
        let next = entries.peek().map_or(0, |(_, total)| **total);
        // From the last bound that was kept to the end of this window.
        let is_small = kept.last().is_some_and(|(_, begun)| begun.saturating_sub(next) <= size);
        if !is_small {
            kept.push((*from, *total));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn totals(rows: &[(&str, u64)]) -> BTreeMap<Option<Date>, u64> {
        rows.iter().map(|(from, total)| ((!from.is_empty()).then(|| day(from)), *total)).collect()
    }

    #[test]
    fn a_span_is_cut_into_equal_parts_and_never_below_a_day() {
        let cut = |from, to, parts| {
            cut(day(from), day(to), parts).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(cut("2026-01-01", "2026-01-31", 3), ["2026-01-11", "2026-01-21"]);
        assert_eq!(cut("2026-01-01", "2026-01-03", 9), ["2026-01-02"]);
        assert_eq!(cut("2026-01-01", "2026-01-01", 9), Vec::<String>::new());
        assert_eq!(cut("2026-01-02", "2026-01-01", 9), Vec::<String>::new());
    }

    #[test]
    fn a_crowded_window_is_cut_again_and_an_empty_one_joins_its_neighbour() {
        let crowded = totals(&[("", 10_000), ("2020-01-01", 9_900), ("2025-01-01", 400)]);
        let bounds = too_large(&crowded, day("2016-01-01"), day("2026-01-01"), 1_500);
        assert_eq!(bounds.len(), 6);
        assert!(bounds.iter().all(|bound| *bound > day("2020-01-01") && *bound < day("2025-01-01")));
        let kept = merged(
            &totals(&[("", 3_000), ("2020-01-01", 2_990), ("2021-01-01", 1_480), ("2022-01-01", 4)]),
            1_500,
        );
        // 10 + 1 510 rows are more than a window: the first stays alone, the last joins the one before.
        assert_eq!(kept, [(None, 3_000), (Some(day("2020-01-01")), 2_990), (Some(day("2021-01-01")), 1_480)]);
        assert_eq!(merged(&totals(&[("", 100), ("2020-01-01", 50)]), 1_500), [(None, 100)]);
    }
}
