//! Times that a form gives without a zone: those of Montréal's clock, whatever the zone of the browser or its person.

use jiff::{Timestamp, civil::DateTime, tz::AmbiguousOffset};
use shared::clock;

use crate::problem::Problem;

/// What a time means that the clock shows twice, because it is set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twice {
    /// Where something begins: the first of the two, so that the whole hour belongs to it.
    First,
    /// Where something ends: the second.
    Second,
}

/// The instant of a time without a zone (`2026-01-15T06:00`); none: the text is anything else.
///
/// # Errors
/// A time that no clock in Montréal shows, because it is set forward, by the name of its field.
pub fn instant(field: &str, text: &str, twice: Twice) -> Result<Option<Timestamp>, Problem> {
    local(text).map(|local| of(field, local, twice)).transpose()
}

/// A time of a calendar day, unless the text is anything else: with a zone it is an instant, which needs no reading.
fn local(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once('T')?;
    let is_plain =
        |part: &str, mark: &[u8]| part.bytes().all(|byte| byte.is_ascii_digit() || mark.contains(&byte));
    (date.len() == 10 && is_plain(date, b"-") && is_plain(time, b":.")).then(|| text.parse().ok()).flatten()
}

fn of(field: &str, local: DateTime, twice: Twice) -> Result<Timestamp, Problem> {
    let candidates = clock::zone().to_ambiguous_timestamp(local);
    let at = match (candidates.offset(), twice) {
        (AmbiguousOffset::Gap { .. }, _) => {
            let time = local.strftime("%Y-%m-%d %H:%M");
            return Err(Problem::invalid_with(
                "problem-time-skipped",
                [("field", field.into()), ("time", time.to_string())],
            ));
        }
        (AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. }, Twice::First) => {
            candidates.earlier()
        }
        (AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. }, Twice::Second) => {
            candidates.later()
        }
    };
    // Outside of what an instant can be: beyond the year 9999.
    at.map_err(|_| Problem::invalid_with("problem-date-too-far", [("field", field.into())]))
}

#[cfg(test)]
mod tests {
    use shared::words::Language;

    use super::*;

    fn read_window(starts_at: &str, ends_at: &str) -> Result<(String, String), String> {
        let read = |field, text: &str, twice| match instant(field, text, twice) {
            Ok(at) => Ok(at.map_or_else(|| text.to_owned(), |at| at.to_string())),
            Err(problem) => Err(problem.detail(Language::Fr)),
        };
        Ok((read("starts_at", starts_at, Twice::First)?, read("ends_at", ends_at, Twice::Second)?))
    }

    fn window(starts_at: &str, ends_at: &str) -> (String, String) {
        read_window(starts_at, ends_at).expect("times that exist")
    }

    #[test]
    fn a_time_without_a_zone_is_montreals_in_winter_and_in_summer() {
        assert_eq!(
            window("2026-01-15T01:00", "2026-07-15T01:00:30"),
            ("2026-01-15T06:00:00Z".into(), "2026-07-15T05:00:30Z".into())
        );
    }

    #[test]
    fn an_instant_stays_what_it_is() {
        let (start, end) = ("2026-01-15T01:00:00+01:00", "2026-01-15T06:00:00Z");
        assert_eq!(window(start, end), (start.into(), end.into()));
        // What is no time is refused by whoever reads the field.
        assert_eq!(window("demain", "2026-02-30T01:00").0, "demain");
        assert_eq!(window("demain", "2026-02-30T01:00").1, "2026-02-30T01:00");
    }

    #[test]
    fn an_hour_that_comes_twice_belongs_to_the_window_as_a_whole() {
        // The clocks go back at two on 1 November 2026.
        assert_eq!(
            window("2026-11-01T01:30", "2026-11-01T01:30"),
            ("2026-11-01T05:30:00Z".into(), "2026-11-01T06:30:00Z".into())
        );
    }

    #[test]
    fn a_time_that_no_clock_shows_is_refused_by_its_field() {
        // They go forward at two on 8 March 2026.
        for (start, end, field) in [
            ("2026-03-08T02:30", "2026-03-08T04:00", "starts_at"),
            ("2026-03-08T01:00", "2026-03-08T02:00", "ends_at"),
        ] {
            let refused = read_window(start, end).expect_err("no such time");
            assert!(refused.starts_with(&format!("{field}: 2026-03-08 02:")), "{refused}");
        }
        assert_eq!(
            window("2026-03-08T01:59", "2026-03-08T03:00"),
            ("2026-03-08T06:59:00Z".into(), "2026-03-08T07:00:00Z".into())
        );
    }
}
