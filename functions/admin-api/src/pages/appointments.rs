//! Alertes, rendez-vous: who has not confirmed for tomorrow, what waits, what was reported.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    data::appointments::{
        self, AppointmentAlert, AppointmentStats, Check, Checked, History, HistoryWindow, Pending,
        PendingWindow,
    },
    extract::{Params, chosen},
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

/// Which day is checked, and which page of the history is shown.
#[derive(Debug, Deserialize)]
pub struct View {
    #[serde(default, deserialize_with = "chosen")]
    target_date: Option<jiff::civil::Date>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "appointments.html")]
struct AppointmentsPage {
    frame: Frame,
    check: Checked,
    pending: Pending,
    history: History,
    stats: AppointmentStats,
}

impl AppointmentsPage {
    fn status(&self, status: &Option<String>) -> Markup {
        let t = |key| self.frame.t(key);
        match status.as_deref() {
            Some("sent") => self.frame.badge("success", "✓", t("sent-envoyee")),
            Some("pending") => self.frame.badge("queued", "…", t("waiting")),
            Some("failed") => self.frame.badge("error", "✕", t("failed-echouee")),
            Some("skipped") => self.frame.badge("info", "–", t("not-sent-non-envoyee")),
            _ => self.frame.badge("warning", "?", t("unknown-inconnu")),
        }
    }

    /// The day and the time of an appointment.
    fn when(&self, date: &Option<String>, time: &Option<String>) -> String {
        let day = date.as_deref().map_or_else(|| "–".into(), |date| self.frame.day(date));
        format!("{day} {}", self.time(time))
    }

    fn time(&self, time: &Option<String>) -> String {
        match time.as_deref() {
            Some(time) => time.get(..5).unwrap_or(time).to_owned(),
            None => self.frame.t("all-day").into(),
        }
    }

    /// The key of an alert as an address has it: a number, or a text of the predecessor.
    fn key(&self, alert: &AppointmentAlert) -> String {
        let key = alert.id.as_str().map_or_else(|| alert.id.to_string(), str::to_owned);
        self.frame.segment(&key)
    }

    fn failed(&self) -> String {
        self.frame.count(self.stats.by_status.get("failed").unwrap_or(&0))
    }
}

/// `GET /alertes-rv`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(view): Params<View>,
) -> Result<Response, Problem> {
    let (wanted, window, waiting) =
        (Check::on(view.target_date), HistoryWindow::at(view.cursor), PendingWindow::default());
    let (check, pending, history, stats) = tokio::try_join!(
        appointments::read_check(&app, &wanted),
        appointments::read_pending(&app, &waiting),
        appointments::read_history(&app, &window),
        appointments::count(&app),
    )?;
    render::show(&AppointmentsPage { frame, check, pending, history, stats })
}
