//! AWS schedule expressions, as EventBridge Scheduler reads them.
//!
//! Source: "Schedule types on EventBridge Scheduler" in AWS's user guide. A local time that a clock change skips is
//! skipped; one that it repeats fires once. What AWS refuses is refused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};

use super::zone;
use crate::config::{Setting, Settings};

/// An AWS EventBridge Scheduler expression: `cron(…)` in the business zone, or `rate(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `rate(5 minutes)`: the period.
    Rate(jiff::SignedDuration),
    /// `cron(minutes hours day-of-month month day-of-week year)`.
    Cron(Box<Cron>),
}

/// The fields of a cron expression, expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days_of_month: Option<Vec<MonthDay>>,
    months: BTreeSet<i16>,
    days_of_week: Option<Vec<WeekDay>>,
    years: Option<BTreeSet<i16>>,
}

/// An item of day-of-month.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MonthDay {
    /// Days by their number.
    Days(BTreeSet<i16>),
    /// `L`: the last day of the month.
    Last,
    /// `15W`: the weekday nearest to a day, within the month.
    NearestWeekday(i16),
}

/// An item of day-of-week. Sunday is 1, as AWS counts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WeekDay {
    /// Days by their number.
    Days(BTreeSet<i16>),
    /// `6L`: the last such day of the month.
    LastOf(i16),
    /// `6#3`: the third such day of the month.
    Nth(i16, i16),
}

/// A schedule expression that AWS would refuse, or that means something surprising.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("schedule `{expression}`: {problem}")]
pub struct ScheduleError {
    expression: String,
    problem: String,
}

/// The deployed schedules: expression and meaning per task.
#[derive(Debug, Clone, Default)]
pub struct Schedules(BTreeMap<String, Option<(String, Schedule)>>);

impl Schedules {
    /// Reads the JSON of the setting `SCHEDULES`: an expression per task, empty for none.
    ///
    /// # Errors
    /// What is wrong, with every task whose expression cannot be read: none of them is taken for "no schedule".
    pub fn read(json: &str) -> Result<Self, String> {
        let expressions: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|_| "is not a JSON object of texts".to_owned())?;
        let (mut schedules, mut problems) = (BTreeMap::new(), Vec::new());
        for (task, expression) in expressions {
            let schedule = match expression.trim() {
                "" => None,
                text => match text.parse() {
                    Ok(schedule) => Some((text.to_owned(), schedule)),
                    Err(error) => {
                        problems.push(format!("{task}: {error}"));
                        continue;
                    }
                },
            };
            schedules.insert(task, schedule);
        }
        if problems.is_empty() { Ok(Self(schedules)) } else { Err(problems.join("; ")) }
    }

    /// Reads the setting `SCHEDULES`, without which nothing is known of any task. An unreadable expression is a problem
    /// of the configuration: taken for "no schedule" its task would never be missed.
    pub fn of(settings: &mut Settings) -> Self {
        let text = settings.optional(Setting::Schedules).unwrap_or_else(|| "{}".into());
        Self::read(&text).unwrap_or_else(|problem| {
            settings.problem(format!("SCHEDULES: {problem}"));
            Self::default()
        })
    }

    /// The deployed schedule of a task: its expression and what it means.
    pub fn get(&self, task: &str) -> Option<(&str, &Schedule)> {
        let (expression, schedule) = self.0.get(task)?.as_ref()?;
        Some((expression, schedule))
    }

    /// Whether the deployment says anything of a task; what it does not know has the registry's default.
    pub fn knows(&self, task: &str) -> bool {
        self.0.contains_key(task)
    }
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
        ("?", "?") => return Err("day-of-month and day-of-week cannot both be `?`".into()),
        ("?", _) | (_, "?") => {}
        _ => return Err("one of day-of-month and day-of-week must be `?`".into()),
    }
    Ok(Schedule::Cron(Box::new(Cron {
        minutes: MINUTES.set(minutes)?,
        hours: HOURS.set(hours)?,
        days_of_month: unless_any(day_of_month, days_of_month)?,
        months: MONTHS.set(month)?,
        days_of_week: unless_any(day_of_week, days_of_week)?,
        years: unless_any(year, |text| YEARS.set(text))?,
    })))
}

fn unless_any<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    match text {
        "?" | "*" => Ok(None),
        text => read(text).map(Some),
    }
}

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
    let seconds = count.checked_mul(seconds).ok_or("the period is too long")?;
    Ok(jiff::SignedDuration::from_secs(seconds))
}

/// What a field may hold.
struct Field {
    low: i16,
    high: i16,
    names: &'static [&'static str],
    /// Whether a range may go beyond the last value and on with the first: years do not come again.
    wraps: bool,
}

const MINUTES: Field = Field { low: 0, high: 59, names: &[], wraps: true };
const HOURS: Field = Field { low: 0, high: 23, names: &[], wraps: true };
const DAYS_OF_MONTH: Field = Field { low: 1, high: 31, names: &[], wraps: true };
const MONTHS: Field = Field {
    low: 1,
    high: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    wraps: true,
};
const DAYS_OF_WEEK: Field =
    Field { low: 1, high: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], wraps: true };
const YEARS: Field = Field { low: 1970, high: 2199, names: &[], wraps: false };

impl Field {
    /// One value, by its number or name.
    fn value(&self, text: &str) -> Result<i16, String> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|at| i16::try_from(at).ok()).map(|at| at + self.low);
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        named
            .or_else(|| if is_number { text.parse().ok() } else { None })
            .filter(|value| (self.low..=self.high).contains(value))
            .ok_or_else(|| format!("`{text}` is not between {} and {}", self.low, self.high))
    }

    /// The values of one item: a value, a range, or either with a step.
    fn item(&self, text: &str) -> Result<BTreeSet<i16>, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => {
                let step = step.parse::<usize>().ok().filter(|step| *step > 0);
                (range, Some(step.ok_or_else(|| format!("`{text}` has no step"))?))
            }
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.low, self.high),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // A step goes on to the end; without one it is the value alone.
            None if step.is_some() => (self.value(range)?, self.high),
            None => (self.value(range)?, self.value(range)?),
        };
        let values: Vec<i16> = if from <= to {
            (from..=to).collect()
        } else if self.wraps {
            (from..=self.high).chain(self.low..=to).collect()
        } else {
            return Err(format!("`{range}` goes backwards"));
        };
        Ok(values.into_iter().step_by(step.unwrap_or(1)).collect())
    }

    /// The values of a list of items.
    fn set(&self, text: &str) -> Result<BTreeSet<i16>, String> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            values.extend(self.item(item)?);
        }
        Ok(values)
    }
}

fn days_of_month(text: &str) -> Result<Vec<MonthDay>, String> {
    let item = |item: &str| match item.strip_suffix(['W', 'w']) {
        _ if item.eq_ignore_ascii_case("L") => Ok(MonthDay::Last),
        Some(day) => DAYS_OF_MONTH.value(day).map(MonthDay::NearestWeekday),
        None => DAYS_OF_MONTH.item(item).map(MonthDay::Days),
    };
    text.split(',').map(item).collect()
}

fn days_of_week(text: &str) -> Result<Vec<WeekDay>, String> {
    let item = |item: &str| match (item.split_once('#'), item.strip_suffix(['L', 'l'])) {
        (Some((day, nth)), _) => {
            let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth));
            let nth = nth.ok_or_else(|| format!("`{item}` is none of the first to fifth of a month"))?;
            Ok(WeekDay::Nth(DAYS_OF_WEEK.value(day)?, nth))
        }
        // The last day of the week.
        (None, Some("")) => Ok(WeekDay::Days(BTreeSet::from([DAYS_OF_WEEK.high]))),
        (None, Some(day)) => DAYS_OF_WEEK.value(day).map(WeekDay::LastOf),
        (None, None) => DAYS_OF_WEEK.item(item).map(WeekDay::Days),
    };
    text.split(',').map(item).collect()
}

impl MonthDay {
    fn is_on(&self, day: Date) -> bool {
        match self {
            Self::Days(days) => days.contains(&i16::from(day.day())),
            Self::Last => day.day() == day.days_in_month(),
            Self::NearestWeekday(wanted) => nearest_weekday(day, *wanted) == Some(day),
        }
    }
}

/// The weekday nearest to a day of a date's month, not leaving that month; none where the month has no such day.
#[allow(clippy::wildcard_enum_match_arm)] // The other days of the week.
fn nearest_weekday(month: Date, wanted: i16) -> Option<Date> {
    let wanted = i8::try_from(wanted).ok().filter(|day| *day <= month.days_in_month())?;
    let day = month.first_of_month().checked_add(i64::from(wanted - 1).days()).ok()?;
    let step = match day.weekday() {
        Weekday::Saturday if wanted == 1 => 2,
        Weekday::Saturday => -1,
        Weekday::Sunday if wanted == month.days_in_month() => -2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    day.checked_add(i64::from(step).days()).ok()
}

impl WeekDay {
    fn is_on(&self, day: Date) -> bool {
        let weekday = i16::from(day.weekday().to_sunday_one_offset());
        match self {
            Self::Days(days) => days.contains(&weekday),
            Self::LastOf(wanted) => weekday == *wanted && day.day() + 7 > day.days_in_month(),
            Self::Nth(wanted, nth) => weekday == *wanted && i16::from((day.day() - 1) / 7) + 1 == *nth,
        }
    }
}

impl Schedule {
    /// The first fire time strictly after `after`; `None` when the expression never fires again.
    ///
    /// A local time that a clock change skips is skipped, one that it repeats fires once: as EventBridge
    /// Scheduler does. A rate fires one period after.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        self.next_after_in(after, &zone())
    }

    /// [`next_after`](Self::next_after) for a schedule of another zone.
    pub fn next_after_in(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Schedule::Rate(period) => after.checked_add(*period).ok(),
            Schedule::Cron(cron) => days_from(after.to_zoned(zone.clone()).date(), 1)
                .flat_map(|day| cron.times_on(day, zone))
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

/// Days from `first` on, `step` days apart, for 41 years: beyond the next 29 February that is a Friday.
fn days_from(first: Date, step: i64) -> impl Iterator<Item = Date> {
    (0..41 * 366_i64).map_while(move |n| first.checked_add((n * step).days()).ok())
}

impl Cron {
    fn is_on(&self, day: Date) -> bool {
        self.months.contains(&i16::from(day.month()))
            && self.years.as_ref().is_none_or(|years| years.contains(&day.year()))
            && self.days_of_month.as_ref().is_none_or(|items| items.iter().any(|item| item.is_on(day)))
            && self.days_of_week.as_ref().is_none_or(|items| items.iter().any(|item| item.is_on(day)))
    }

    fn times_on(&self, day: Date, zone: &TimeZone) -> Vec<Timestamp> {
        if !self.is_on(day) {
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
                    AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                        ambiguous.earlier().ok()
                    }
                }
            })
            .collect();
        instants.sort_unstable();
        instants
    }
}

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
    fn the_last_days_the_nearest_weekdays_and_the_nth_weekdays_are_found() {
        // January 2026 begins on a Thursday; its last day is a Saturday.
        for (expression, after, expected) in [
            ("cron(0 3 L * ? *)", "2026-01-15T12:00:00Z", "2026-01-31T08:00:00Z"),
            ("cron(0 3 L * ? *)", "2026-02-01T12:00:00Z", "2026-02-28T08:00:00Z"),
            ("cron(0 3 L 2 ? *)", "2026-12-01T12:00:00Z", "2027-02-28T08:00:00Z"),
            // The 10th is a Saturday, the 18th a Sunday, the 31st a Saturday: the next weekday would be in February.
            ("cron(0 3 10W * ? *)", "2026-01-01T12:00:00Z", "2026-01-09T08:00:00Z"),
            ("cron(0 3 18W * ? *)", "2026-01-15T12:00:00Z", "2026-01-19T08:00:00Z"),
            ("cron(0 3 31W * ? *)", "2026-01-15T12:00:00Z", "2026-01-30T08:00:00Z"),
            // 1 August 2026 is a Saturday: the Friday before is in July.
            ("cron(0 3 1W 8 ? *)", "2026-07-15T12:00:00Z", "2026-08-03T07:00:00Z"),
            // There is no 31st in April.
            ("cron(0 3 31W 4,5 ? *)", "2026-04-01T12:00:00Z", "2026-05-29T07:00:00Z"),
            ("cron(0 1 31 * ? *)", "2026-01-31T12:00:00Z", "2026-03-31T05:00:00Z"),
            ("cron(0 1 29 2 ? *)", "2026-01-15T12:00:00Z", "2028-02-29T06:00:00Z"),
            ("cron(0 1 1/10 * ? *)", "2026-01-31T12:00:00Z", "2026-02-01T06:00:00Z"),
            ("cron(0 1 ? 2 6#5 *)", "2026-01-15T12:00:00Z", "2036-02-29T06:00:00Z"),
            ("cron(0 3 ? * 3#2 *)", "2026-01-01T12:00:00Z", "2026-01-13T08:00:00Z"),
            ("cron(0 3 ? * THU#5 *)", "2026-02-01T12:00:00Z", "2026-04-30T07:00:00Z"),
            ("cron(0 3 ? * 6L *)", "2026-01-15T12:00:00Z", "2026-01-30T08:00:00Z"),
            ("cron(0 3 ? * L *)", "2026-01-15T12:00:00Z", "2026-01-17T08:00:00Z"),
            ("cron(0 3 1,15,L * ? *)", "2026-01-16T12:00:00Z", "2026-01-31T08:00:00Z"),
        ] {
            assert_eq!(next(expression, after), expected, "{expression}");
        }
    }

    #[test]
    fn ranges_wrap_and_a_step_of_one_is_every_value() {
        for (expression, after, expected) in [
            ("cron(0/1 * * * ? *)", "2026-01-15T12:00:30Z", "2026-01-15T12:01:00Z"),
            ("cron(58-1 4 * * ? *)", "2026-01-15T09:01:30Z", "2026-01-15T09:58:00Z"),
            ("cron(0 22-2 * * ? *)", "2026-01-15T07:30:00Z", "2026-01-16T03:00:00Z"),
            ("cron(0 8 ? * FRI-MON *)", "2026-01-13T00:00:00Z", "2026-01-16T13:00:00Z"),
            ("cron(0 8 1 NOV-FEB ? *)", "2026-02-02T00:00:00Z", "2026-11-01T13:00:00Z"),
            ("cron(0 22-4/3 * * ? *)", "2026-01-15T03:30:00Z", "2026-01-15T06:00:00Z"),
            ("cron(10-30/5 4 * * ? *)", "2026-01-15T09:11:00Z", "2026-01-15T09:15:00Z"),
        ] {
            assert_eq!(next(expression, after), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_deployed_is_read_whole_or_named() {
        let read = Schedules::read;
        let schedules = read(r#"{"backup": "cron(0 3 * * ? *)", "rapport_timeline": ""}"#).unwrap();
        assert!(schedules.get("backup").is_some() && schedules.get("rapport_timeline").is_none());
        let problem = read(r#"{"backup": "cron(0 3 X * ? *)", "cleanup": "every day"}"#).unwrap_err();
        assert!(problem.contains("backup") && problem.contains("cleanup"), "{problem}");
        assert!(read("[]").is_err());
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
            "cron(0/0 1 * * ? *)",
            "cron(0 1 L-3 * ? *)",
            "cron(0 1 32W * ? *)",
            "cron(0 1 W * ? *)",
            "cron(0 1 ? * 2#6 *)",
            "cron(0 1 ? * 8L *)",
            "cron(0 1 ? * 0 *)",
            "cron(0 L * * ? *)",
            "cron(0 1 * * ? 2199-1970)",
            "cron(0 1, * * ? *)",
            "cron(0 1 * 13 ? *)",
            "cron(0 1 1,L,? * ? *)",
            "cron(0 1 * * ? *) ",
            "rate(5  minutes)",
            "rate(106751991167301 days)",
            "rate(9223372036854775807 minutes)",
        ] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }
}
