//! Santé du système: whether last night went well, what did not, why, and what to do. One call of the database.

mod data;
mod night;
mod verdict;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use shared::task::TaskSpec;

use crate::{
    data::{health_shapes::TaskHealth, recommendations::Recommendation},
    pages::{
        display::Markup,
        frame::Frame,
        home::{
            data::Home,
            night::{TimeLine, Track},
            verdict::Verdict,
        },
        render,
    },
    problem::Problem,
    state::App,
};

/// Starts that are shown; the others are in the table of tasks.
const NEXT_SHOWN: usize = 6;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    verdict: Verdict,
    night: TimeLine,
    home: Home,
}

/// `GET /`
pub async fn show(State(app): State<Arc<App>>, mut frame: Frame) -> Result<Response, Problem> {
    // The predecessor's address shows the same page.
    frame.address = "/".into();
    let home = Home::read(&app).await?;
    let verdict = Verdict::of(&frame, &home);
    let night = TimeLine::of(&home.night);
    render::show(&HomePage { frame, verdict, night, home })
}

impl HomePage {
    fn mark(&self) -> &'static str {
        match self.verdict.tone {
            "success" => "✓",
            "info" => "i",
            "warning" => "!",
            _ => "✕",
        }
    }

    /// The next starts of what does not run every few minutes.
    fn next(&self) -> Vec<&TaskHealth> {
        let is_rare =
            |task: &&TaskHealth| TaskSpec::named(&task.name).is_some_and(|spec| !spec.is_frequent());
        let mut next: Vec<&TaskHealth> =
            self.home.tasks.iter().filter(is_rare).filter(|task| task.next_run.is_some()).collect();
        next.sort_by(|left, right| left.next_run.cmp(&right.next_run));
        next.truncate(NEXT_SHOWN);
        next
    }

    /// The tasks that run every few minutes, in one line.
    fn frequent(&self) -> String {
        let is_frequent = |task: &&TaskHealth| task.interval_minutes.is_some_and(|minutes| minutes <= 60);
        let lines: Vec<String> = self
            .home
            .tasks
            .iter()
            .filter(is_frequent)
            .filter(|task| task.next_run.is_some())
            .map(|task| format!("{} ({} min)", self.label(task), task.interval_minutes.unwrap_or_default()))
            .collect();
        lines.join(" · ")
    }

    /// Tasks that only people start are shown once they have run.
    fn listed(&self) -> impl Iterator<Item = &TaskHealth> {
        self.home.tasks.iter().filter(|task| task.interval_minutes.is_some() || task.last_run.is_some())
    }

    fn label<'a>(&self, task: &'a TaskHealth) -> &'a str {
        task.label.as_deref().unwrap_or(&task.name)
    }

    fn rate(&self, task: &TaskHealth) -> String {
        self.home
            .figures_of(&task.name)
            .map_or_else(|| "–".into(), |figures| self.frame.percent(&figures.success_rate))
    }

    fn average(&self, task: &TaskHealth) -> String {
        self.home
            .figures_of(&task.name)
            .map_or_else(|| "–".into(), |figures| self.seconds(&figures.avg_execution_time))
    }

    #[allow(clippy::cast_possible_truncation)] // Durations of runs.
    fn seconds(&self, seconds: &Option<f64>) -> String {
        self.frame.duration(&seconds.map(|seconds| (seconds * 1000.0).round() as i64))
    }

    fn state(&self, task: &TaskHealth) -> Markup {
        match (&task.live_run, &task.last_status) {
            (Some(run), _) => self.frame.status(&run.status),
            (None, Some(status)) => self.frame.status(status),
            (None, None) => self.frame.badge("", "–", self.frame.t("never-run-jamais-lancee")),
        }
    }

    fn words(&self, track: &Track) -> String {
        track.words(&self.frame)
    }

    fn priority(&self, recommendation: &Recommendation) -> Markup {
        self.frame.urgency(recommendation.priority)
    }

    /// Open anomalies in words.
    fn anomalies(&self) -> String {
        let parts: Vec<String> = self
            .home
            .anomalies
            .by_severity()
            .map(|(severity, count)| format!("{count} {}", self.frame.gravity(severity)))
            .collect();
        parts.join(" · ")
    }

    fn age(&self, seconds: &Option<i64>) -> String {
        seconds.map_or_else(|| "–".into(), |seconds| self.frame.age(seconds))
    }

    fn rows(&self) -> String {
        self.sum(&self.home.usage.rows)
    }

    fn notifications(&self) -> String {
        self.sum(&self.home.usage.notifications_sent)
    }

    fn sum(&self, counts: &BTreeMap<String, u64>) -> String {
        self.frame.count(&counts.values().sum::<u64>())
    }

    fn waiting(&self) -> i64 {
        let due = &self.home.due;
        due.maintenance.total + due.humidity + due.appointments + due.quarantine
    }
}
