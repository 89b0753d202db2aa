//! What is watched, and when it may be down.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use shared::clock;

use crate::{
    data::{
        targets::{self, MonitorTarget},
        windows::{self, MaintenanceWindow},
    },
    pages::{frame::Frame, render::show as show_page},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "settings/targets.html")]
struct TargetsPage {
    frame: Frame,
    targets: Vec<MonitorTarget>,
    windows: Vec<MaintenanceWindow>,
}

impl TargetsPage {
    /// The expected codes, one a line.
    fn statuses(&self, target: &MonitorTarget) -> String {
        target.expected_status.iter().map(i64::to_string).collect::<Vec<_>>().join("\n")
    }

    fn target_name<'a>(&'a self, name: &'a Option<String>) -> &'a str {
        match name.as_deref() {
            None => self.frame.t("every-service"),
            Some(name) => self
                .targets
                .iter()
                .find(|target| target.name == name)
                .map_or(name, |target| target.label.as_str()),
        }
    }

    fn is_of(&self, window: &MaintenanceWindow, target: &str) -> bool {
        window.target.as_deref() == Some(target)
    }

    fn is_over(&self, window: &MaintenanceWindow) -> bool {
        let end: Option<jiff::Timestamp> = window.ends_at.parse().ok();
        end.is_some_and(|end| end <= self.frame.now)
    }

    /// An instant as a control for local time has it: Montréal's clock. What it sends back is read by that clock, too.
    fn local(&self, instant: &str) -> String {
        let at: Option<jiff::Timestamp> = instant.parse().ok();
        at.map(|at| at.to_zoned(clock::zone()).strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
    }
}

/// `GET /settings/targets`
pub async fn show(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let (targets, windows) = tokio::try_join!(targets::read(&app), windows::read(&app))?;
    show_page(&TargetsPage { frame, targets, windows })
}
