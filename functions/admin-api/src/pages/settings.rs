//! Réglages: people, institutions, tabs of the report, thresholds, what is watched, the connection to Gazelle.

mod gazelle;
mod targets;
mod thresholds;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

pub use self::{
    gazelle::{callback, show as gazelle},
    targets::show as targets,
    thresholds::show as thresholds,
};
use crate::{
    data::{
        institutions::{self, Institution},
        report_tabs::{self, ReportTab},
        staff::{self, StaffMember},
    },
    pages::{frame::Frame, render},
    problem::Problem,
    state::App,
};

/// What people may be.
const ROLES: [&str; 3] = ["admin", "assistant", "technician"];

/// `GET /settings`: the first tab that the reader may see.
pub async fn show(frame: Frame) -> Response {
    let first = if frame.is_admin() { "/settings/people" } else { "/settings/institutions" };
    Redirect::to(first).into_response()
}

#[derive(Template)]
#[template(path = "settings/people.html")]
struct PeoplePage {
    frame: Frame,
    /// Nothing for those who may not see addresses.
    people: Option<Vec<StaffMember>>,
}

impl PeoplePage {
    fn has(&self, person: &StaffMember, role: &str) -> bool {
        person.roles.iter().any(|found| found == role)
    }

    fn role(&self, role: &str) -> &str {
        match role {
            "admin" => self.frame.t("administrator"),
            "assistant" => self.frame.t("assistant"),
            _ => self.frame.t("technician-technique"),
        }
    }

    fn roles(&self, person: &StaffMember) -> String {
        let roles: Vec<&str> = person.roles.iter().map(|role| self.role(role)).collect();
        if roles.is_empty() { "–".into() } else { roles.join(", ") }
    }
}

/// `GET /settings/people`
pub async fn people(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let people = if frame.is_admin() { Some(staff::read(&app).await?) } else { None };
    render::show(&PeoplePage { frame, people })
}

#[derive(Template)]
#[template(path = "settings/institutions.html")]
struct InstitutionsPage {
    frame: Frame,
    institutions: Vec<Institution>,
}

impl InstitutionsPage {
    /// A bound as a control has it.
    fn bound(&self, bound: &Option<f64>) -> String {
        bound.map(|bound| bound.to_string()).unwrap_or_default()
    }
}

/// `GET /settings/institutions`
pub async fn institutions(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let institutions = institutions::read(&app).await?;
    render::show(&InstitutionsPage { frame, institutions })
}

#[derive(Template)]
#[template(path = "settings/tabs_of_report.html")]
struct TabsPage {
    frame: Frame,
    tabs: Vec<ReportTab>,
}

/// `GET /settings/tabs`
pub async fn tabs(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let tabs = report_tabs::read(&app).await?;
    render::show(&TabsPage { frame, tabs })
}
