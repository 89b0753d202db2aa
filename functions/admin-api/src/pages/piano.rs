//! The humidity of one piano: a chart of what was measured, its alerts and its notes.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use jiff::Timestamp;
use shared::{
    clock,
    notify::figures::{decimal_mark, percent_sign},
};

use crate::{
    data::pianos::{self, Measured, PianoHumidity},
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

/// The drawing in its own units; the right and the top margin are small.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 42.0;
const BOTTOM: f64 = 28.0;
const MARGIN: f64 = 10.0;

#[derive(Template)]
#[template(path = "piano.html")]
struct PianoPage {
    frame: Frame,
    found: PianoHumidity,
    chart: Option<Chart>,
}

/// Where things are in the drawing.
struct Chart {
    line: String,
    points: Vec<Point>,
    /// Heights of the limits, and what they are called.
    limits: Vec<(String, String)>,
    /// First and last day.
    from: String,
    to: String,
}

struct Point {
    x: String,
    y: String,
    class: &'static str,
    title: String,
}

impl PianoPage {
    fn name(&self) -> String {
        let piano = &self.found.piano;
        self.frame.text(piano.name.as_deref().unwrap_or(&piano.piano_id))
    }

    fn kind(&self, alert_type: &str) -> Markup {
        self.frame.humidity_kind(alert_type)
    }

    fn percent(&self, share: &f64) -> String {
        percent(&self.frame, *share)
    }

    fn judged(&self, humidity: &f64) -> Markup {
        let piano = &self.found.piano;
        match class(piano.low, piano.high, *humidity) {
            "success" => self.frame.badge("success", "✓", self.frame.t("within-limits")),
            _ if *humidity < piano.low => self.frame.humidity_kind("TROP_SEC"),
            _ => self.frame.humidity_kind("TROP_HUMIDE"),
        }
    }
}

/// `GET /humidity-alerts/pianos/{piano_id}`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Path(piano_id): Path<String>,
) -> Result<Response, Problem> {
    let found = pianos::read(&app, &piano_id).await?;
    let chart = draw(&frame, &found);
    render::show(&PianoPage { frame, found, chart })
}

fn draw(frame: &Frame, found: &PianoHumidity) -> Option<Chart> {
    let at = |measured: &Measured| measured.observed_at.parse::<Timestamp>().ok();
    let measured: Vec<(Timestamp, f64)> =
        found.measurements.iter().filter_map(|one| Some((at(one)?, one.humidity))).collect();
    let (first, last) = (measured.first()?.0, measured.last()?.0);
    let span = (last.as_second() - first.as_second()).max(1) as f64;
    let x = |at: Timestamp| {
        let share = if first == last { 0.5 } else { (at.as_second() - first.as_second()) as f64 / span };
        format!("{:.1}", LEFT + share * (WIDTH - LEFT - MARGIN))
    };
    let y = |humidity: f64| format!("{:.1}", HEIGHT - BOTTOM - humidity / 100.0 * (HEIGHT - BOTTOM - MARGIN));
    let (low, high) = (found.piano.low, found.piano.high);
    let point = |&(at, humidity): &(Timestamp, f64)| Point {
        x: x(at),
        y: y(humidity),
        class: class(low, high, humidity),
        title: format!("{}: {}", frame.day(&day(at)), percent(frame, humidity)),
    };
    let limit = |humidity: f64| (y(humidity), percent(frame, humidity));
    Some(Chart {
        line: measured.iter().map(|&(at, humidity)| format!("{},{} ", x(at), y(humidity))).collect(),
        points: measured.iter().map(point).collect(),
        limits: vec![limit(low), limit(high)],
        from: frame.day(&day(first)),
        to: frame.day(&day(last)),
    })
}

fn day(at: Timestamp) -> String {
    clock::business_date(at).to_string()
}

fn class(low: f64, high: f64, humidity: f64) -> &'static str {
    if (low..=high).contains(&humidity) { "success" } else { "error" }
}

fn percent(frame: &Frame, share: f64) -> String {
    let text = format!("{}", (share * 10.0).round() / 10.0).replace('.', decimal_mark(frame.language));
    format!("{text}{}", percent_sign(frame.language))
}
