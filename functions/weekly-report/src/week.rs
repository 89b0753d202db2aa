//! The ISO week in Montréal: from Monday 00:00 to the next Monday 00:00, as instants. It lasts 167 hours when spring
//! takes one and 169 when autumn gives one.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, ISOWeekDate, Weekday},
};
use shared::clock;

/// A week, known by its Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week {
    monday: Date,
}

/// What is not a week: `2026-W03` is one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO week such as 2026-W03")]
pub struct NotAWeek(String);

impl Week {
    /// The week that a date is in.
    pub fn of(date: Date) -> Self {
        let since_monday = i64::from(date.weekday().to_monday_zero_offset());
        Self { monday: date.saturating_sub(since_monday.days()) }
    }

    /// The week before this one.
    pub fn previous(self) -> Self {
        Self { monday: self.monday.saturating_sub(7.days()) }
    }

    /// Its first date.
    pub fn monday(self) -> Date {
        self.monday
    }

    /// Its last date.
    pub fn sunday(self) -> Date {
        self.monday.saturating_add(6.days())
    }

    /// Its first instant.
    pub fn from(self) -> Timestamp {
        clock::start_of_day(self.monday)
    }

    /// The first instant after it.
    pub fn until(self) -> Timestamp {
        clock::start_of_day(self.monday.saturating_add(7.days()))
    }
}

impl fmt::Display for Week {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = self.monday.iso_week_date();
        write!(formatter, "{}-W{:02}", week.year(), week.week())
    }
}

impl FromStr for Week {
    type Err = NotAWeek;

    fn from_str(label: &str) -> Result<Self, NotAWeek> {
        let parsed = label.split_once("-W").and_then(|(year, week)| {
            let is_number =
                |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            if !is_number(year, 4) || !is_number(week, 2) {
                return None;
            }
            ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()
        });
        parsed.map(|week| Self { monday: week.date() }).ok_or_else(|| NotAWeek(label.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn hours(week: Week) -> i64 {
        week.until().duration_since(week.from()).as_hours()
    }

    #[test]
    fn ten_years_of_weeks_have_no_gap_and_no_overlap_and_the_length_that_the_clocks_give_them() {
        let mut week = Week::of(date(2025, 1, 1));
        let mut lengths = std::collections::BTreeMap::new();
        while week.monday() < date(2036, 1, 1) {
            let next = Week::of(week.sunday().tomorrow().unwrap());
            assert_eq!(week.until(), next.from(), "{week}");
            assert_eq!(next.previous(), week);
            assert_eq!(week.to_string().parse(), Ok(week));
            assert_eq!(week.monday().weekday(), Weekday::Monday);
            *lengths.entry(hours(week)).or_insert(0) += 1;
            week = next;
        }
        assert_eq!(lengths[&167], 11, "one spring a year");
        assert_eq!(lengths[&169], 11, "one autumn a year");
        assert_eq!(lengths.len(), 3, "{lengths:?}");
    }

    #[test]
    fn every_clock_change_from_2025_to_2035_is_in_a_week_of_its_length() {
        for year in 2025..=2035 {
            // The second Sunday of March and the first of November, at two in the morning.
            let spring = date(year, 3, 1).nth_weekday_of_month(2, Weekday::Sunday).unwrap();
            let autumn = date(year, 11, 1).nth_weekday_of_month(1, Weekday::Sunday).unwrap();
            for (sunday, length) in [(spring, 167), (autumn, 169)] {
                let week = Week::of(sunday);
                assert_eq!((week.sunday(), hours(week)), (sunday, length));
                assert_eq!(hours(week.previous()), 168);
                assert_eq!(hours(Week::of(sunday.tomorrow().unwrap())), 168);
            }
        }
    }

    #[test]
    fn a_label_is_of_the_year_that_has_its_thursday() {
        for (day, label) in [
            (date(2026, 1, 15), "2026-W03"),
            (date(2025, 12, 29), "2026-W01"),
            (date(2027, 1, 3), "2026-W53"),
            (date(2026, 3, 8), "2026-W10"),
            (date(2026, 11, 1), "2026-W44"),
        ] {
            assert_eq!(Week::of(day).to_string(), label);
        }
        assert_eq!("2026-W03".parse::<Week>().unwrap().monday(), date(2026, 1, 12));
        assert_eq!("2026-W03".parse::<Week>().unwrap().from().to_string(), "2026-01-12T05:00:00Z");
    }

    #[test]
    fn what_is_not_a_week_is_refused() {
        for label in
            ["", "2026", "2026-W54", "2027-W53", "2026-W00", "2026-W3", "2026-w03", "+026-W03", "2026-01-12"]
        {
            assert!(label.parse::<Week>().is_err(), "{label}");
        }
    }
}
