//! Time: the one place that reads the clock, business dates in Montréal, and AWS schedule expressions (`schedule`).
//!
//! Storage is UTC, business dates come from the *scheduled* instant of a run. This module refuses values without
//! a zone. Instants have microseconds, as the database's have: one that comes back from there is the one that went.

mod schedule;

use std::sync::OnceLock;

use jiff::{
    Span, Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};

pub use self::schedule::{Cron, Schedule, ScheduleError, Schedules};
use crate::setting::Setting;

/// The business time zone. `America/Montreal` is its alias.
pub const ZONE: &str = "America/Toronto";

/// Milliseconds that this process's clock runs ahead of the machine's (negative: behind). The local stack sets
/// it to play another day (`--at`).
pub const OFFSET_VARIABLE: &str = Setting::ClockOffsetMs.name();

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
    *OFFSET_MS
        .get_or_init(|| Setting::ClockOffsetMs.of_the_process().and_then(|ms| ms.parse().ok()).unwrap_or(0))
}

/// The current instant, in whole microseconds.
#[allow(clippy::disallowed_methods)] // The clock is read here, and only here.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    whole_microseconds(now.checked_add(Span::new().milliseconds(offset_ms())).unwrap_or(now))
}

/// An instant without what Postgres does not keep. It is cut, not rounded: never an instant that is not there yet.
pub fn whole_microseconds(instant: Timestamp) -> Timestamp {
    let beyond = i64::from(instant.subsec_nanosecond()).rem_euclid(1_000);
    instant.checked_sub(Span::new().nanoseconds(beyond)).unwrap_or(instant)
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

/// The calendar date that spreadsheets count from (day 0).
pub const SPREADSHEET_EPOCH: Date = date(1899, 12, 30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_an_instant_that_the_database_gives_back_as_it_is() {
        // One in a thousand has no nanoseconds by chance.
        for _ in 0..3 {
            assert_eq!(now().as_nanosecond() % 1_000, 0);
        }
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (given, kept) in [
            ("2026-01-15T12:00:00.123456999Z", "2026-01-15T12:00:00.123456Z"),
            ("2026-01-15T12:00:00.123456Z", "2026-01-15T12:00:00.123456Z"),
            ("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(whole_microseconds(at(given)), at(kept), "{given}");
        }
    }

    #[test]
    fn a_late_evening_still_belongs_to_its_montreal_date() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(business_date(at("2026-07-16T03:30:00Z")).to_string(), "2026-07-15");
        assert_eq!(business_date(at("2026-01-16T04:30:00Z")).to_string(), "2026-01-15");
    }
}
