//! The heat map: thirty nights of every task. Its own page, which the home page loads once it is looked at.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use jiff::civil::Date;
use shared::{clock, task::TaskSpec};

use crate::{
    data::{admin_health, health_shapes::Night, shapes::Status},
    pages::{frame::Frame, render},
    problem::Problem,
    state::App,
};

const DAYS: u16 = 30;

#[derive(Template)]
#[template(path = "nights.html")]
struct NightsPage {
    frame: Frame,
    days: Vec<Date>,
    rows: Vec<Row>,
}

/// A task.
struct Row {
    task: String,
    label: String,
    cells: Vec<Cell>,
}

/// A task on one date.
struct Cell {
    class: &'static str,
    mark: &'static str,
    title: String,
}

/// `GET /nights`
pub async fn show(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let tasks = admin_health::read_nights(&app, DAYS).await?;
    let today = clock::business_date(frame.now);
    // The newest first: a narrow screen shows the last nights.
    let days: Vec<Date> = (0..DAYS)
        .filter_map(|back| today.checked_sub(jiff::Span::new().days(i64::from(back))).ok())
        .collect();
    let rows = tasks
        .into_iter()
        .filter(|task| !task.nights.is_empty())
        .map(|task| Row {
            label: TaskSpec::named(&task.task_name)
                .map_or(task.task_name.as_str(), |spec| spec.label)
                .to_owned(),
            cells: days.iter().map(|day| cell(&frame, &day.to_string(), &task.nights)).collect(),
            task: task.task_name,
        })
        .collect();
    render::show(&NightsPage { frame, days, rows })
}

fn cell(frame: &Frame, date: &str, nights: &[Night]) -> Cell {
    let day = frame.day(date);
    let Some(night) = nights.iter().find(|night| night.date == date) else {
        let text = frame.t("no-run");
        return Cell { class: "", mark: "·", title: format!("{day} : {text}") };
    };
    let (class, mark) = match night.status {
        Status::Success => ("success", "✓"),
        Status::Warning => ("warning", "!"),
        Status::Error => ("error", "✕"),
        Status::Running | Status::Queued => ("running", "▶"),
    };
    let mut title = format!("{day} : {}", frame.n("runs-counted", &night.runs));
    if night.errors > 0 {
        title += &format!(", {} {}", night.errors, frame.t("failed-en-erreur"));
    }
    title += &format!(", {} {}", frame.t("longest"), frame.duration(&night.max_ms));
    Cell { class, mark, title }
}
