//! Last night as a time line: a track per task, a bar per run.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use shared::clock;

use crate::{
    data::shapes::Status,
    pages::{
        display::Markup,
        frame::Frame,
        home::data::{Night, Run},
    },
};

/// Width of a track in its own units.
const WIDTH: i64 = 720;
/// A run of seconds is still seen.
const LEAST: i64 = 5;

/// The time line.
#[derive(Debug)]
pub struct TimeLine {
    /// The hours along the tracks.
    pub hours: Vec<String>,
    pub tracks: Vec<Track>,
}

/// The runs of one task.
#[derive(Debug)]
pub struct Track {
    pub label: String,
    /// The newest run.
    pub link: String,
    pub status: Status,
    pub bars: Vec<Bar>,
    /// The same in words.
    pub first_at: String,
    /// Of a task that ran once.
    pub duration_ms: Option<i64>,
    pub runs: usize,
    pub errors: usize,
}

/// One run.
#[derive(Debug)]
pub struct Bar {
    pub class: &'static str,
    pub from: i64,
    pub width: i64,
}

impl TimeLine {
    /// The tracks of a night, in the order in which the tasks began.
    pub fn of(night: &Night) -> Self {
        let (Ok(from), Ok(until)) = (night.from.parse::<Timestamp>(), night.until.parse::<Timestamp>())
        else {
            return Self { hours: Vec::new(), tracks: Vec::new() };
        };
        let mut tracks: Vec<(&str, Track)> = Vec::new();
        for run in &night.runs {
            let bar = bar(run, from, until);
            let index = tracks.iter().position(|(task, _)| *task == run.task_name);
            let index = index.unwrap_or_else(|| {
                tracks.push((&run.task_name, track(run)));
                tracks.len() - 1
            });
            let (_, track) = &mut tracks[index];
            track.bars.push(bar);
            track.runs += 1;
            track.errors += usize::from(run.status == Status::Error);
            track.status = run.status;
            track.link = format!("/runs/{}", run.id);
        }
        Self { hours: hours(from, until), tracks: tracks.into_iter().map(|(_, track)| track).collect() }
    }
}

fn track(first: &Run) -> Track {
    Track {
        label: first.task_label.clone(),
        link: String::new(),
        status: first.status,
        bars: Vec::new(),
        first_at: first.started_at.clone(),
        duration_ms: first.duration_ms,
        runs: 0,
        errors: 0,
    }
}

fn bar(run: &Run, from: Timestamp, until: Timestamp) -> Bar {
    let span = (until.as_millisecond() - from.as_millisecond()).max(1);
    let start = run.started_at.parse::<Timestamp>().map_or(from, |at| at.clamp(from, until));
    let units = |milliseconds: i64| milliseconds.clamp(0, span) * WIDTH / span;
    let left = units(start.as_millisecond() - from.as_millisecond()).min(WIDTH - LEAST);
    let width = units(run.duration_ms.unwrap_or_default()).clamp(LEAST, WIDTH - left);
    Bar { class: class(run.status), from: left, width }
}

fn class(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Running => "running",
        Status::Success => "success",
        Status::Warning => "warning",
        Status::Error => "error",
    }
}

/// Five instants from one end to the other.
fn hours(from: Timestamp, until: Timestamp) -> Vec<String> {
    let zone: TimeZone = clock::zone();
    let step = until.duration_since(from).as_secs() / 4;
    (0..5)
        .map(|part| from.saturating_add(SignedDuration::from_secs(step * part)).unwrap_or(until))
        .map(|at| at.to_zoned(zone.clone()).strftime("%H:%M").to_string())
        .collect()
}

impl Track {
    /// When and how long, or how often.
    pub fn words(&self, frame: &Frame) -> String {
        match (self.runs, self.errors) {
            (1, _) => frame.duration(&self.duration_ms),
            (runs, 0) => format!("{runs} {}", frame.t("runs-lower")),
            (runs, 1) => {
                format!("{runs} {}, 1 {}", frame.t("runs-lower"), frame.t("an-error"))
            }
            (runs, errors) => {
                format!("{runs} {}, {errors} {}", frame.t("runs-lower"), frame.t("errors-lower"))
            }
        }
    }

    /// When the first began.
    pub fn when(&self, frame: &Frame) -> Markup {
        frame.when(&self.first_at)
    }
}
