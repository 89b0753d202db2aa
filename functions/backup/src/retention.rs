//! Which copies stay: the newest, and some of every age, so that a problem that is noticed late still finds a copy from
//! before it. Nothing goes because of a copy that is not good.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Date};
use shared::clock;

use crate::{
    codec::Key,
    copy::{Copy, Kind},
    store::Store,
};

/// The newest good copies of each kind that are kept, whenever they were made.
const NEWEST: usize = 10;
/// The newest good copy of each of so many days is kept: ten runs by hand in one hour push out no other day.
const DAYS: usize = 10;
/// The same for weeks, Monday to Sunday: this one, and the last four.
const WEEKS: usize = 5;
/// The same for months: this one, and the last three.
const MONTHS: usize = 4;
/// What is no good copy (interrupted, failed, damaged, reduced) stays for as long, and until ten good ones are newer.
const REST: SignedDuration = SignedDuration::from_hours(28 * 24);

/// What the retention does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Places of good copies to remove.
    pub removed: Vec<String>,
    /// What is no good copy goes when its place is before this one; none: nothing goes.
    pub unusable_before: Option<String>,
}

impl Plan {
    /// The plan for the copies of a kind, newest first.
    pub fn of(kind: Kind, copies: &[Copy], now: Timestamp) -> Self {
        let good: Vec<&Copy> = copies.iter().filter(|copy| copy.is_good(now)).collect();
        let day = |copy: &Copy| clock::business_date(copy.started_at);
        let mut kept: BTreeSet<&str> = good.iter().take(NEWEST).map(|copy| copy.location.as_str()).collect();
        kept.extend(newest_of_each(&good, DAYS, day));
        kept.extend(newest_of_each(&good, WEEKS, |copy| monday(day(copy))));
        kept.extend(newest_of_each(&good, MONTHS, |copy| day(copy).first_of_month()));
        let removed = good.iter().filter(|copy| !kept.contains(copy.location.as_str()));
        let unusable_before = good.get(NEWEST - 1).and_then(|tenth| {
            let old = good.first()?.started_at.checked_sub(REST).ok()?;
            Some(tenth.location.clone().min(Copy::location(kind, old, "")))
        });
        Self { removed: removed.map(|copy| copy.location.clone()).collect(), unusable_before }
    }
}

/// The newest copy of each of the newest so many spans in which there is one. A span without a copy takes no place: what
/// was made before a pause of months does not go because of the pause.
fn newest_of_each<'a, T: PartialEq>(
    good: &[&'a Copy],
    spans: usize,
    span_of: impl Fn(&Copy) -> T,
) -> Vec<&'a str> {
    let mut found: Vec<(T, &str)> = Vec::new();
    for copy in good {
        let span = span_of(copy);
        if !found.iter().any(|(known, _)| *known == span) {
            if found.len() == spans {
                break;
            }
            found.push((span, &copy.location));
        }
    }
    found.into_iter().map(|(_, location)| location).collect()
}

fn monday(day: Date) -> Date {
    let beyond = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(jiff::Span::new().days(beyond)).unwrap_or(day)
}

/// Removes what is superfluous after a new good copy; answers the places, one whose removal ended half-way among them: the
/// next run does the rest. A store that does not delete is not a reason to doubt the copy.
pub async fn apply(store: &Store, kind: Kind, key: Option<&Key>) -> Vec<String> {
    let mut removed = Vec::new();
    let ended = async {
        let (now, copies) = (clock::now(), store.copies(kind, key).await?);
        let plan = Plan::of(kind, &copies, now);
        let is_good = |place: &str| copies.iter().any(|copy| copy.location == place && copy.is_good(now));
        for (place, objects) in store.places(kind).await? {
            let is_old = plan.unusable_before.as_ref().is_some_and(|before| place < *before);
            if plan.removed.contains(&place) || is_old && !is_good(&place) {
                removed.push(place);
                store.remove(objects).await?;
            }
        }
        Ok::<_, crate::BackupError>(())
    };
    if let Err(error) = ended.await {
        tracing::warn!(%error, "retention.failed");
    }
    removed
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, ToSpan};

    use super::*;
    use crate::verdict::Verdict;

    fn copy(at: Timestamp, verdict: Option<Verdict>) -> Copy {
        Copy {
            location: Copy::location(Kind::Supabase, at, "run"),
            started_at: at,
            proven: true,
            verdict,
            sizes: Default::default(),
            accepted: false,
        }
    }

    /// At three in the morning of Montréal, the day of the year 2026.
    fn night(day: i64) -> Timestamp {
        "2026-01-01T08:00:00Z".parse::<Timestamp>().unwrap() + (day * 24).hours()
    }

    /// The plan of the day after the newest copy.
    fn plan(copies: &[Copy]) -> Plan {
        Plan::of(Kind::Supabase, copies, copies[0].started_at + 1.hours())
    }

    /// Plays nights: after each copy the retention does its work. The days of what is left, newest first.
    fn left_after(nights: i64) -> Vec<Copy> {
        let mut copies: Vec<Copy> = Vec::new();
        for day in 0..nights {
            copies.insert(0, copy(night(day), Some(Verdict::Verified)));
            let plan = plan(&copies);
            copies.retain(|copy| !plan.removed.contains(&copy.location));
        }
        copies
    }

    fn dates(copies: &[Copy]) -> Vec<String> {
        copies.iter().map(|copy| clock::business_date(copy.started_at).to_string()).collect()
    }

    #[test]
    fn eleven_nights_leave_ten_copies() {
        assert_eq!(left_after(10).len(), 10);
        // The 11th of January 2026 is a Sunday.
        assert_eq!(dates(&left_after(11)).last().unwrap(), "2026-01-02");
    }

    #[test]
    fn half_a_year_of_nights_leaves_days_weeks_and_months() {
        let mut expected: Vec<String> = (17..=26).rev().map(|day| format!("2026-06-{day}")).collect();
        // The 26th of June is a Friday: the Sundays of the weeks before it, and the last days of the months before it.
        expected.extend(
            ["2026-06-14", "2026-06-07", "2026-05-31", "2026-04-30", "2026-03-31"].map(str::to_owned),
        );
        assert_eq!(dates(&left_after(177)), expected);
    }

    #[test]
    fn no_run_by_hand_pushes_out_another_day() {
        let mut copies = left_after(100);
        let before = dates(&copies);
        for minute in 1..=40 {
            copies.insert(0, copy(night(99) + (minute * 5).minutes(), Some(Verdict::Verified)));
            let plan = plan(&copies);
            copies.retain(|copy| !plan.removed.contains(&copy.location));
        }
        let mut days = dates(&copies);
        days.dedup();
        assert_eq!(days, before, "every day that was there is there");
        assert_eq!(copies.len(), before.len() + 9, "ten of today");
    }

    #[test]
    fn a_pause_of_months_removes_no_more_than_a_night_does() {
        let mut copies = left_after(60);
        copies.insert(0, copy(night(400), Some(Verdict::Verified)));
        // One for each rule at most.
        assert!(plan(&copies).removed.len() <= 3);
    }

    #[test]
    fn what_is_not_good_neither_counts_nor_pushes_out() {
        let bad = [
            None,
            Some(Verdict::Failed(String::new())),
            Some(Verdict::Inconclusive(String::new())),
            Some(Verdict::Reduced(String::new())),
            Some(Verdict::Damaged(String::new())),
        ];
        let mut copies = left_after(10);
        let before = copies.len();
        for day in 10..60 {
            let verdict = bad[usize::try_from(day).unwrap() % bad.len()].clone();
            copies.insert(0, copy(night(day), verdict));
            let plan = plan(&copies);
            assert_eq!(plan.removed, Vec::<String>::new(), "day {day}");
            // The tenth good one is the oldest of all: nothing is before it.
            assert_eq!(plan.unusable_before.filter(|before| *before > copies.last().unwrap().location), None);
        }
        assert_eq!(copies.iter().filter(|copy| copy.verdict == Some(Verdict::Verified)).count(), before);
    }

    #[test]
    fn what_is_not_good_goes_after_four_weeks_and_ten_good_copies() {
        let unusable = copy(night(0), Some(Verdict::Reduced(String::new())));
        let goes_after = (1..60).find(|nights| {
            let mut copies: Vec<Copy> =
                (1..=*nights).rev().map(|day| copy(night(day), Some(Verdict::Verified))).collect();
            copies.push(unusable.clone());
            plan(&copies).unusable_before.is_some_and(|before| unusable.location < before)
        });
        assert_eq!(goes_after, Some(29));
        let quick: Vec<Copy> = (1..20)
            .rev()
            .map(|minute| copy(night(0) + minute.minutes(), Some(Verdict::Verified)))
            .chain([unusable.clone()])
            .collect();
        assert!(plan(&quick).unusable_before.is_none_or(|before| unusable.location >= before));
    }

    #[test]
    fn what_is_dated_in_a_time_to_come_counts_as_nothing_and_removes_nothing() {
        let mut copies = left_after(10);
        let now = copies[0].started_at + 1.hours();
        let before = Plan::of(Kind::Supabase, &copies, now);
        for year in 0..20 {
            copies.insert(0, copy(night(400 + 365 * year), Some(Verdict::Verified)));
        }
        assert_eq!(Plan::of(Kind::Supabase, &copies, now), before);
        // A place with such a name, whatever its manifest says.
        copies[0].started_at = now;
        assert_eq!(Plan::of(Kind::Supabase, &copies, now), before);
        // A clock that is some hours ahead is no forgery.
        copies.insert(0, copy(night(10), Some(Verdict::Verified)));
        assert_eq!(Plan::of(Kind::Supabase, &copies[..], now).removed.len(), 1);
    }
}
