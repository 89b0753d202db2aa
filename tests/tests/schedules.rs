//! Schedules against an implementation that others wrote, over ten years; and by hand where a clock change decides.

use std::{collections::BTreeMap, io::Write, process::Stdio};

use anyhow::Context;
use jiff::{Timestamp, tz::TimeZone};
use shared::{clock::Schedule, task::TASKS};

const FROM: &str = "2026-01-01T00:00:00";
const UNTIL: &str = "2036-01-01T00:00:00";
/// Of each expression: those that fire every minute are compared for some days.
const LIMIT: usize = 3_000;

/// Without the days that some months do not have: the other implementation fails there, and the tests of `shared::clock`
/// have them by hand.
const EXPRESSIONS: [&str; 27] = [
    "cron(0/1 * * * ? *)",
    "cron(*/7 * * * ? *)",
    "cron(5/20 3 * * ? *)",
    "cron(0 0/6 * * ? *)",
    "cron(0,30 9-17 ? * MON-FRI *)",
    "cron(10-30/5 4 * * ? *)",
    "cron(0 1 1 * ? *)",
    "cron(0 1 1,15 JAN,JUL ? *)",
    "cron(0 1 10-20 3-5 ? *)",
    "cron(0 3 L * ? *)",
    "cron(0 3 L 2 ? *)",
    "cron(0 3 1W * ? *)",
    "cron(0 3 10W * ? *)",
    "cron(0 3 15W * ? *)",
    "cron(0 3 18W 1-6 ? *)",
    "cron(0 8 ? * 1 *)",
    "cron(0 8 ? * SUN *)",
    "cron(0 8 ? * 2-6 *)",
    "cron(0 8 ? * SAT,SUN *)",
    "cron(0 8 ? * 3#1 *)",
    "cron(0 8 ? * 3#2 *)",
    "cron(0 8 ? * 7#5 *)",
    "cron(0 8 ? * 6L *)",
    "cron(0 8 ? * 2L *)",
    "cron(0 12 ? 1-3,10-12 WED *)",
    "cron(15 10 * * ? 2027)",
    "cron(15 10 ? * 6L 2026-2030)",
];

#[test]
fn ten_years_of_cron_are_those_of_another_implementation() -> anyhow::Result<()> {
    let registry = TASKS.iter().filter_map(|task| task.schedule).filter(|text| text.starts_with("cron"));
    let expressions: Vec<&str> = registry.chain(EXPRESSIONS).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/cron.py");
    let mut child = std::process::Command::new(tools::python()?)
        .arg(script)
        .args([FROM, UNTIL, &LIMIT.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("stdin")?.write_all(serde_json::to_string(&expressions)?.as_bytes())?;
    let output = child.wait_with_output()?;
    assert!(output.status.success());
    let expected: BTreeMap<String, Vec<Timestamp>> = serde_json::from_slice(&output.stdout)?;
    assert!(expected.len() >= EXPRESSIONS.len());
    let end: Timestamp = format!("{UNTIL}Z").parse()?;
    for (expression, times) in expected {
        let schedule: Schedule = expression.parse()?;
        // Strictly after: the first instant counts as well.
        let start = format!("{FROM}Z").parse::<Timestamp>()? - jiff::SignedDuration::from_secs(1);
        let mut at = start;
        let ours: Vec<Timestamp> = std::iter::from_fn(|| {
            at = schedule.next_after_in(at, &TimeZone::UTC)?;
            (at < end).then_some(at)
        })
        .take(LIMIT)
        .collect();
        assert!(!times.is_empty(), "{expression}");
        if let Some((ours, theirs)) = ours.iter().zip(&times).find(|(ours, theirs)| ours != theirs) {
            panic!("{expression}: {ours} instead of {theirs}");
        }
        assert_eq!(ours.len(), times.len(), "{expression}");
    }
    Ok(())
}

/// AWS, "Daylight savings time on EventBridge Scheduler": what falls into the hour that spring removes is skipped, what
/// falls into the hour that autumn repeats runs once.
#[test]
fn both_clock_changes_of_a_year_are_as_a_calendar_says() -> anyhow::Result<()> {
    // Montréal, 8 March 2026: 02:00 EST becomes 03:00 EDT; 1 November 2026: 02:00 EDT becomes 01:00 EST.
    let table = [
        ("cron(0 1 * * ? *)", "2026-03-07T12:00:00Z", ["2026-03-08T06:00:00Z", "2026-03-09T05:00:00Z"]),
        ("cron(30 2 * * ? *)", "2026-03-07T12:00:00Z", ["2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]),
        ("cron(0 3 * * ? *)", "2026-03-07T12:00:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T07:00:00Z"]),
        ("cron(0 0 * * ? *)", "2026-03-07T12:00:00Z", ["2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"]),
        ("cron(0 * 8 3 ? 2026)", "2026-03-08T06:30:00Z", ["2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"]),
        ("cron(0 1 * * ? *)", "2026-10-31T12:00:00Z", ["2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z"]),
        ("cron(30 1 * * ? *)", "2026-10-31T12:00:00Z", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("cron(0 2 * * ? *)", "2026-10-31T12:00:00Z", ["2026-11-01T07:00:00Z", "2026-11-02T07:00:00Z"]),
        ("cron(0 4 * * ? *)", "2026-10-31T12:00:00Z", ["2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z"]),
    ];
    for (expression, after, expected) in table {
        let schedule: Schedule = expression.parse()?;
        let first = schedule.next_after(after.parse()?).context("a first time")?;
        let second = schedule.next_after(first).context("a second time")?;
        assert_eq!([first, second].map(|at| at.to_string()), expected, "{expression}");
        assert_eq!(schedule.last_until(second), Some(second), "{expression}");
    }
    Ok(())
}
