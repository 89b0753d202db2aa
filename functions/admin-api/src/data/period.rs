//! Spans of lists: an instant, or a whole day as Montréal's calendar has it.

use jiff::{Timestamp, civil::Date};
use shared::clock;

use crate::problem::Problem;

/// Where a span begins.
pub fn start(text: Option<&str>) -> Result<Option<String>, Problem> {
    text.map(|text| instant(text, 0)).transpose()
}

/// Where a span ends: before that instant, or with that day.
pub fn end(text: Option<&str>) -> Result<Option<String>, Problem> {
    text.map(|text| instant(text, 1)).transpose()
}

fn instant(text: &str, days: i64) -> Result<String, Problem> {
    parse(text, days).map(|at| at.to_string()).ok_or_else(|| Problem::invalid("problem-period"))
}

fn parse(text: &str, days: i64) -> Option<Timestamp> {
    let at = match text.len() {
        10 => {
            let day = text.parse::<Date>().ok()?.checked_add(jiff::Span::new().days(days)).ok()?;
            day.to_zoned(clock::zone()).ok()?.timestamp()
        }
        _ => text.parse().ok()?,
    };
    // What the database can hold as well.
    (at.as_second() > -62_000_000_000).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_montreals_from_its_first_instant_to_its_last() {
        let shown = |result: Result<Option<String>, Problem>| result.ok().flatten().unwrap_or_default();
        assert_eq!(shown(start(Some("2026-03-08"))), "2026-03-08T05:00:00Z");
        // The day the clocks go forward has 23 hours.
        assert_eq!(shown(end(Some("2026-03-08"))), "2026-03-09T04:00:00Z");
        assert_eq!(shown(end(Some("2026-03-08T12:00:00Z"))), "2026-03-08T12:00:00Z");
        assert_eq!(shown(start(None)), "");
        for wrong in ["today", "2026-02-30", "-009999-01-01", "2026-01-01T00:00", "9999-12-31", ""] {
            assert!(end(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
