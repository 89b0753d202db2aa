//! Whether a copy holds much less than the good ones before it: an emptied file, a schema lost by accident, a table that
//! dwindles night by night. Such a copy proves nothing but that it is what was there.
//!
//! It is compared with the *fullest* of the good copies that are kept, not with the last one: what dwindles slowly would
//! never be caught against yesterday. Rows that the clean-up of the night deleted are accounted for. What goes beyond is
//! right only when a person says so (`{"accept_reduced": true}`): from that copy on a new comparison begins.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::copy::{Copy, Sizes};

/// Content smaller than this is mostly headings: its bytes say nothing.
const LEAST_BYTES: u64 = 10 << 10;

/// Rows that the clean-up deleted from a table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cleaned {
    /// When.
    pub at: Timestamp,
    /// From which table.
    pub table: String,
    /// How many.
    pub rows: u64,
}

/// A table that holds much less than it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Its name; empty for the whole SQLite file.
    pub table: String,
    /// Rows, or bytes.
    pub unit: &'static str,
    /// In the fullest good copy.
    pub before: u64,
    /// In this copy.
    pub now: u64,
}

impl Loss {
    /// The table as people read it.
    fn name(&self) -> &str {
        if self.table.is_empty() { "the file" } else { &self.table }
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {} instead of {}", self.name(), self.now, self.unit, self.before)
    }
}

/// The good copies that a new one is compared with: the verified ones, back to the last that a person accepted.
/// `copies` come newest first.
pub fn baseline(copies: &[Copy], now: Timestamp) -> Vec<&Copy> {
    let mut good = Vec::new();
    for copy in copies.iter().filter(|copy| copy.is_good(now)) {
        good.push(copy);
        if copy.accepted {
            break;
        }
    }
    good
}

/// How many rows of so many may be missing without a word: as many as the sync lets vanish, for the same reason. Of
/// three one, of ten three, of two hundred ten: the work of a day; then one in twenty.
fn tolerated(rows: u64) -> u64 {
    (rows / 20).max((rows / 3).clamp(1, 10))
}

/// What a copy has lost against the good ones. `uncounted`: tables of this copy whose rows are not known.
pub fn losses(now: &Sizes, good: &[&Copy], cleaned: &[Cleaned], uncounted: &BTreeSet<&str>) -> Vec<Loss> {
    let tables: BTreeSet<&String> = good.iter().flat_map(|copy| copy.sizes.keys()).collect();
    let mut losses = Vec::new();
    for table in tables.into_iter().filter(|table| !uncounted.contains(table.as_str())) {
        let since = |copy: &Copy| -> u64 {
            let after =
                cleaned.iter().filter(|cleaned| cleaned.table == *table && cleaned.at > copy.started_at);
            after.map(|cleaned| cleaned.rows).sum()
        };
        let before = good.iter().filter_map(|copy| Some((copy, copy.sizes.get(table)?)));
        let rows =
            before.clone().map(|(copy, size)| size.rows.saturating_sub(since(copy))).max().unwrap_or(0);
        // A table that is not there any more holds nothing.
        let has = now.get(table).copied().unwrap_or_default();
        let lost = rows.saturating_sub(has.rows);
        if lost > 0 && (has.rows == 0 || lost > tolerated(rows)) {
            losses.push(Loss { table: table.clone(), unit: "rows", before: rows, now: has.rows });
            continue;
        }
        // As many rows, and little in them: a column that was emptied. Where rows were cleaned, fewer bytes are right.
        let bytes =
            before.filter(|(copy, _)| since(copy) == 0).map(|(_, size)| size.bytes).max().unwrap_or(0);
        if bytes >= LEAST_BYTES && has.bytes > 0 && has.bytes < bytes / 2 {
            losses.push(Loss { table: table.clone(), unit: "bytes", before: bytes, now: has.bytes });
        }
    }
    // The file as a whole is said only where no table says it better.
    if losses.iter().any(|loss| !loss.table.is_empty()) {
        losses.retain(|loss| !loss.table.is_empty());
    }
    losses
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::copy::Size;
    use crate::verdict::Verdict;

    fn sizes(tables: &[(&str, u64, u64)]) -> Sizes {
        tables
            .iter()
            .map(|(table, rows, bytes)| ((*table).into(), Size { rows: *rows, bytes: *bytes }))
            .collect()
    }

    fn at(day: i64) -> Timestamp {
        "2026-01-01T08:00:00Z".parse::<Timestamp>().unwrap() + (day * 24).hours()
    }

    fn good(day: i64, tables: &[(&str, u64, u64)]) -> Copy {
        Copy {
            location: format!("supabase/{day:03}"),
            started_at: at(day),
            proven: true,
            verdict: Some(Verdict::Verified),
            sizes: sizes(tables),
            accepted: false,
        }
    }

    fn lost(before: &[&Copy], now: &[(&str, u64, u64)]) -> Vec<String> {
        let losses = losses(&sizes(now), before, &[], &BTreeSet::new());
        losses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_copy_has_lost_nothing() {
        assert!(lost(&[], &[("t", 0, 0)]).is_empty());
    }

    #[test]
    fn a_table_that_is_empty_or_gone_is_a_loss_however_small_it_was() {
        let before = good(1, &[("t", 1, 0), ("u", 0, 0)]);
        assert_eq!(lost(&[&before], &[("t", 0, 0), ("u", 0, 0)]), ["t: 0 rows instead of 1"]);
        assert_eq!(lost(&[&before], &[("u", 0, 0)]), ["t: 0 rows instead of 1"]);
        assert!(lost(&[&before], &[("t", 1, 0), ("new", 5, 0)]).is_empty());
    }

    #[test]
    fn the_work_of_a_day_is_no_loss() {
        for (before, now, is_loss) in [
            (3, 2, false),
            (3, 1, true),
            (5, 4, false),
            (5, 3, true),
            (10, 7, false),
            (10, 6, true),
            (40, 30, false),
            (40, 29, true),
            (200, 190, false),
            (200, 189, true),
            (4_000, 3_800, false),
            (4_000, 3_799, true),
            (4_000, 5_000, false),
        ] {
            let found = lost(&[&good(1, &[("t", before, 0)])], &[("t", now, 0)]);
            assert_eq!(!found.is_empty(), is_loss, "{before} → {now}: {found:?}");
        }
    }

    #[test]
    fn what_dwindles_night_by_night_is_caught_against_the_fullest() {
        // Two rows a night are little against the night before, and much against all of them.
        let mut kept = vec![good(0, &[("t", 100, 0)])];
        let first = (1..50).find(|night| {
            let rows = 100 - 2 * u64::try_from(*night).unwrap();
            let before: Vec<&Copy> = kept.iter().collect();
            let is_loss = !lost(&before, &[("t", rows, 0)]).is_empty();
            kept.push(good(*night, &[("t", rows, 0)]));
            is_loss
        });
        assert_eq!(first, Some(6));
    }

    #[test]
    fn what_the_clean_up_deleted_is_accounted_for_and_nothing_beyond_it() {
        let before = [good(1, &[("log", 1_000, 100_000)]), good(2, &[("log", 700, 70_000)])];
        let before: Vec<&Copy> = before.iter().collect();
        let cleaned = |rows| [Cleaned { at: at(2), table: "log".into(), rows }];
        let found = |rows: u64, deleted: u64| {
            let now = sizes(&[("log", rows, rows * 100)]);
            losses(&now, &before, &cleaned(deleted), &BTreeSet::new()).len()
        };
        // Of the first night's rows 600 were deleted since; the second night's copy was read at that very instant.
        assert_eq!(found(700, 300), 0);
        assert_eq!(found(600, 300), 1);
        assert_eq!(found(700, 0), 1);
        let later = [Cleaned { at: at(3), table: "log".into(), rows: 1_000 }];
        let empty = sizes(&[("log", 0, 0)]);
        assert!(losses(&empty, &before, &later, &BTreeSet::new()).is_empty(), "all of it was old");
        let other = [Cleaned { at: at(3), table: "other".into(), rows: 1_000 }];
        assert_eq!(losses(&empty, &before, &other, &BTreeSet::new()).len(), 1);
    }

    #[test]
    fn rows_without_their_content_are_a_loss() {
        let before = good(1, &[("t", 100, 40_000), ("small", 3, 300), ("old", 5, 0)]);
        let now = [("t", 100, 19_000), ("small", 3, 30), ("old", 5, 60)];
        assert_eq!(lost(&[&before], &now), ["t: 19000 bytes instead of 40000"]);
        assert!(lost(&[&before], &[("t", 100, 21_000), ("small", 3, 30), ("old", 5, 1)]).is_empty());
        assert!(lost(&[&before], &[("t", 100, 0), ("small", 3, 0), ("old", 5, 0)]).is_empty(), "not counted");
    }

    #[test]
    fn the_file_is_named_only_where_no_table_is() {
        let before = good(1, &[("", 100, 40_000), ("t", 100, 0)]);
        assert_eq!(lost(&[&before], &[("", 0, 8_192)]), ["t: 0 rows instead of 100"]);
        let old = good(1, &[("", 100, 40_000)]);
        assert_eq!(lost(&[&old], &[("", 0, 8_192)]), ["the file: 0 rows instead of 100"]);
    }

    #[test]
    fn what_could_not_be_counted_is_not_taken_for_empty() {
        let before = good(1, &[("t", 100, 0)]);
        assert!(losses(&Sizes::new(), &[&before], &[], &BTreeSet::from(["t"])).is_empty());
    }

    #[test]
    fn copies_before_one_that_a_person_accepted_do_not_count_and_bad_ones_never() {
        let mut copies: Vec<Copy> = (0..5).rev().map(|day| good(day, &[("t", 1, 0)])).collect();
        copies[2].accepted = true;
        copies[1].verdict = Some(Verdict::Reduced(String::new()));
        let days: Vec<&str> = baseline(&copies, at(5)).iter().map(|copy| copy.location.as_str()).collect();
        assert_eq!(days, ["supabase/004", "supabase/002"]);
        copies[2].accepted = false;
        assert_eq!(baseline(&copies, at(5)).len(), 4);
        // One that is dated in a time to come ends nothing, though it says that a person accepted it.
        copies.insert(0, Copy { accepted: true, ..good(400, &[]) });
        assert_eq!(baseline(&copies, at(5)).len(), 4);
    }
}
