//! Time: the one place that reads the clock, business dates in Montréal, and AWS schedule expressions.
//!
//! Storage is UTC, business dates come from the *scheduled* instant of a run. This module refuses values without
//! a zone.

use std::{collections::BTreeSet, sync::OnceLock};

use jiff::{
    Span, Timestamp, ToSpan,
    civil::{Date, Weekday, date},
    tz::{AmbiguousOffset, TimeZone},
};

/// The business time zone. `America/Montreal` is its alias.
pub const ZONE: &str = "America/Toronto";

/// Milliseconds that this process's clock runs ahead of the machine's (negative: behind). The local stack sets
/// it to play another day (`--at`).
pub const OFFSET_VARIABLE: &str = "CLOCK_OFFSET_MS";

tokio::task_local! {
    static PLAYED_MS: i64;
}

/// Does something with a clock this far from the machine's, whatever the process's own: for a program that serves
/// several clocks. What it spawns has the process's clock.
pub async fn playing<F: Future>(offset_ms: i64, work: F) -> F::Output {
    PLAYED_MS.scope(offset_ms, work).await
}

fn offset_ms() -> i64 {
    PLAYED_MS.try_with(|offset_ms| *offset_ms).unwrap_or_else(|_| process_offset_ms())
}

fn process_offset_ms() -> i64 {
    static OFFSET_MS: OnceLock<i64> = OnceLock::new();
    *OFFSET_MS.get_or_init(|| std::env::var(OFFSET_VARIABLE).ok().and_then(|ms| ms.parse().ok()).unwrap_or(0))
}

/// The current instant.
#[allow(clippy::disallowed_methods)] // The clock is read here, and only here.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(Span::new().milliseconds(offset_ms())).unwrap_or(now)
}

/// The time until a deadline of the platform; `None` when it is past already, as `cargo lambda watch` sends for
/// "no deadline".
#[allow(clippy::disallowed_methods)] // Deadlines are the machine's time, whatever day is being played.
pub fn time_until(deadline: std::time::SystemTime) -> Option<std::time::Duration> {
    deadline.duration_since(std::time::SystemTime::now()).ok()
}

/// The business zone, from the database inside the binary.
pub fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// The Montréal calendar date of an instant.
pub fn business_date(instant: Timestamp) -> Date {
    instant.to_zoned(zone()).date()
}

/// The first instant of a Montréal calendar date.
pub fn start_of_day(day: Date) -> Timestamp {
    day.to_zoned(zone()).map(|zoned| zoned.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// An AWS EventBridge Scheduler expression: `cron(…)` in the business zone, or `rate(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `rate(5 minutes)`: the period.
    Rate(jiff::SignedDuration),
    /// `cron(minutes hours day-of-month month day-of-week year)`.
    Cron(Box<Cron>),
}

/// The fields of a cron expression, expanded. `days_of_week` counts Sunday as 1, as AWS does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days_of_month: Option<BTreeSet<i16>>,
    months: BTreeSet<i16>,
    days_of_week: Option<BTreeSet<i16>>,
    years: Option<BTreeSet<i16>>,
}

/// A schedule expression that AWS would refuse, or that means something surprising.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("schedule `{expression}`: {problem}")]
pub struct ScheduleError {
    expression: String,
    problem: String,
}

impl std::str::FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(expression: &str) -> Result<Self, ScheduleError> {
        parse_schedule(expression)
            .map_err(|problem| ScheduleError { expression: expression.to_owned(), problem })
    }
}

fn parse_schedule(expression: &str) -> Result<Schedule, String> {
    let inside = |name: &str| {
        expression
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('('))
            .and_then(|rest| rest.strip_suffix(')'))
    };
    if let Some(rate) = inside("rate") {
        return parse_rate(rate).map(Schedule::Rate);
    }
    let Some(cron) = inside("cron") else {
        return Err("expected cron(…) or rate(…)".into());
    };
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minutes, hours, day_of_month, month, day_of_week, year] = fields[..] else {
        return Err(format!("cron takes six fields, not {}", fields.len()));
    };
    match (day_of_month, day_of_week) {
        ("?", "?") => {
            return Err("day-of-month and day-of-week cannot both be `?`".into());
        }
        ("?", _) | (_, "?") => {}
        _ => return Err("one of day-of-month and day-of-week must be `?`".into()),
    }
    let optional = |text: &str, low, high, names: &[&str]| match text {
        "?" | "*" => Ok(None),
        _ => field(text, low, high, names).map(Some),
    };
    Ok(Schedule::Cron(Box::new(Cron {
        minutes: field(minutes, 0, 59, &[])?,
        hours: field(hours, 0, 23, &[])?,
        days_of_month: optional(day_of_month, 1, 31, &[])?,
        months: field(month, 1, 12, &MONTHS)?,
        days_of_week: optional(day_of_week, 1, 7, &DAYS)?,
        years: optional(year, 1970, 2199, &[])?,
    })))
}

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

fn parse_rate(rate: &str) -> Result<jiff::SignedDuration, String> {
    let (count, unit) = rate.split_once(' ').ok_or("expected a number and a unit, as in rate(5 minutes)")?;
    let count: i64 = count.parse().ok().filter(|n| *n > 0).ok_or("the number must be positive")?;
    let seconds = match (unit, count) {
        ("minute", 1) => 60,
        ("hour", 1) => 3600,
        ("day", 1) => 86_400,
        ("minutes", 2..) => 60,
        ("hours", 2..) => 3600,
        ("days", 2..) => 86_400,
        _ => {
            return Err(format!("unit `{unit}` does not go with {count}: minute(s), hour(s), day(s)"));
        }
    };
    Ok(jiff::SignedDuration::from_secs(count * seconds))
}

fn field(text: &str, low: i16, high: i16, names: &[&str]) -> Result<BTreeSet<i16>, String> {
    let number = |part: &str| {
        let named = names
            .iter()
            .position(|name| part.eq_ignore_ascii_case(name))
            .and_then(|at| i16::try_from(at).ok())
            .map(|at| at + low);
        named
            .or_else(|| part.parse().ok())
            .filter(|n| (low..=high).contains(n))
            .ok_or_else(|| format!("`{part}` is not between {low} and {high}"))
    };
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (
                range,
                step.parse::<usize>()
                    .ok()
                    .filter(|s| *s > 0)
                    .ok_or_else(|| format!("`{step}` is not a step"))?,
            ),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if step > 1 => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        values.extend((from..=to).step_by(step));
    }
    match values.is_empty() {
        true => Err(format!("`{text}` means no value")),
        false => Ok(values),
    }
}

impl Schedule {
    /// The first fire time strictly after `after`; `None` when the expression never fires again.
    ///
    /// A local time that a clock change skips is skipped, one that it repeats fires once: as EventBridge
    /// Scheduler does. A rate fires one period after.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Schedule::Rate(period) => after.checked_add(*period).ok(),
            Schedule::Cron(cron) => days_from(business_date(after), 1)
                .flat_map(|day| cron.times_on(day, &zone()))
                .find(|time| *time > after),
        }
    }

    /// The last fire time at or before `at`; for a rate, one period before.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.last_until_in(at, &zone())
    }

    /// [`last_until`](Self::last_until) for a schedule of another zone.
    pub fn last_until_in(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Schedule::Rate(period) => at.checked_sub(*period).ok(),
            Schedule::Cron(cron) => days_from(at.to_zoned(zone.clone()).date(), -1)
                .flat_map(|day| cron.times_on(day, zone).into_iter().rev())
                .find(|time| *time <= at),
        }
    }

    /// The local hours in which a cron fires, for the check that none falls into the hour that spring removes.
    pub fn hours(&self) -> Vec<i16> {
        match self {
            Schedule::Rate(_) => Vec::new(),
            Schedule::Cron(cron) => cron.hours.iter().copied().collect(),
        }
    }
}

/// Days from `first` on, `step` days apart, for nine years: beyond the next 29 February.
fn days_from(first: Date, step: i64) -> impl Iterator<Item = Date> {
    (0..9 * 366_i64).map_while(move |n| first.checked_add((n * step).days()).ok())
}

impl Cron {
    fn times_on(&self, day: Date, zone: &TimeZone) -> Vec<Timestamp> {
        let weekday = match day.weekday() {
            Weekday::Sunday => 1,
            other => i16::from(other.to_sunday_zero_offset()) + 1,
        };
        let matches = self.months.contains(&i16::from(day.month()))
            && self.years.as_ref().is_none_or(|y| y.contains(&day.year()))
            && self.days_of_month.as_ref().is_none_or(|d| d.contains(&i16::from(day.day())))
            && self.days_of_week.as_ref().is_none_or(|d| d.contains(&weekday));
        if !matches {
            return Vec::new();
        }
        let times =
            self.hours.iter().flat_map(|hour| self.minutes.iter().map(move |minute| (*hour, *minute)));
        let mut instants: Vec<Timestamp> = times
            .filter_map(|(hour, minute)| {
                let local = day.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
                let ambiguous = zone.to_ambiguous_timestamp(local);
                match ambiguous.offset() {
                    AmbiguousOffset::Gap { .. } => None,
                    _ => ambiguous.earlier().ok(),
                }
            })
            .collect();
        instants.sort_unstable();
        instants
    }
}

/// The calendar date that spreadsheets count from (day 0).
pub const SPREADSHEET_EPOCH: Date = date(1899, 12, 30);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(schedule: &str, after: &str) -> String {
        let schedule: Schedule = schedule.parse().unwrap();
        schedule.next_after(at(after)).unwrap().to_string()
    }

    #[test]
    fn the_nightly_sync_fires_at_one_in_montreal_in_both_seasons() {
        assert_eq!(next("cron(0 1 * * ? *)", "2026-01-15T12:00:00Z"), "2026-01-16T06:00:00Z");
        assert_eq!(next("cron(0 1 * * ? *)", "2026-07-15T12:00:00Z"), "2026-07-16T05:00:00Z");
    }

    #[test]
    fn an_hour_that_spring_removes_is_skipped_and_one_that_autumn_repeats_fires_once() {
        // 2026-03-08: 02:00 to 02:59 does not exist.
        assert_eq!(next("cron(30 2 * * ? *)", "2026-03-08T05:00:00Z"), "2026-03-09T06:30:00Z");
        // 2026-11-01: 01:00 happens twice; the first one (UTC-4) counts.
        assert_eq!(next("cron(0 1 * * ? *)", "2026-11-01T04:00:00Z"), "2026-11-01T05:00:00Z");
        assert_eq!(next("cron(0 1 * * ? *)", "2026-11-01T05:00:00Z"), "2026-11-02T06:00:00Z");
    }

    #[test]
    fn weekdays_count_sunday_as_one_and_have_names() {
        assert_eq!(next("cron(0 8 ? * MON *)", "2026-11-21T00:00:00Z"), "2026-11-23T13:00:00Z");
        assert_eq!(next("cron(0 8 ? * 2 *)", "2026-11-21T00:00:00Z"), "2026-11-23T13:00:00Z");
    }

    #[test]
    fn every_frequency_offered_for_maintenance_alerts_fires_when_it_says() {
        // A Friday evening in Montréal.
        let friday = "2026-01-16T22:30:00Z";
        for (expression, expected) in [
            ("rate(1 minute)", "2026-01-16T22:31:00Z"),
            ("rate(5 minutes)", "2026-01-16T22:35:00Z"),
            ("rate(10 minutes)", "2026-01-16T22:40:00Z"),
            ("rate(1 hour)", "2026-01-16T23:30:00Z"),
            ("cron(0 0,6,12,18 * * ? *)", "2026-01-16T23:00:00Z"),
            ("cron(0 9-17 ? * MON-FRI *)", "2026-01-19T14:00:00Z"),
        ] {
            assert_eq!(next(expression, friday), expected, "{expression}");
        }
    }

    #[test]
    fn the_last_fire_time_is_found_backwards() {
        let schedule: Schedule = "cron(0 16 * * ? *)".parse().unwrap();
        assert_eq!(
            schedule.last_until(at("2026-11-21T00:53:00Z")).unwrap().to_string(),
            "2026-11-20T21:00:00Z"
        );
    }

    #[test]
    fn expressions_that_aws_refuses_are_refused() {
        for wrong in [
            "cron(0 1 * * *)",
            "cron(0 1 * * * *)",
            "cron(0 1 ? * ? *)",
            "cron(60 1 * * ? *)",
            "cron(0 24 * * ? *)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(0 minutes)",
            "0 1 * * *",
            "cron(5-1 1 * * ? *)",
        ] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_late_evening_still_belongs_to_its_montreal_date() {
        assert_eq!(business_date(at("2026-07-16T03:30:00Z")).to_string(), "2026-07-15");
        assert_eq!(business_date(at("2026-01-16T04:30:00Z")).to_string(), "2026-01-15");
    }
}
