//! Caisse: registers, and their sessions.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use shared::words::Language;

use crate::{
    data::cash::{self, Filter, Register, Session, SessionPage, SessionStatus},
    extract::Params,
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "cash.html")]
struct CashPage {
    frame: Frame,
    registers: Vec<Register>,
    sessions: SessionPage,
}

/// `GET /cash`, for those who enter sessions.
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    if !frame.is_operator() {
        return Err(Problem::forbidden());
    }
    let (registers, sessions) =
        tokio::try_join!(cash::read_registers(&app), cash::read_sessions(&app, &filter))?;
    render::show(&CashPage { frame, registers, sessions })
}

/// An amount in cents as Québec writes it.
pub fn money(frame: &Frame, cents: i64) -> String {
    let (dollars, rest) = (cents.abs() / 100, cents.abs() % 100);
    let sign = if cents < 0 { "−" } else { "" };
    let whole = frame.count(&dollars);
    match frame.language {
        Language::En => format!("{sign}${whole}.{rest:02}"),
        Language::Fr => format!("{sign}{whole},{rest:02}\u{a0}$"),
    }
}

impl CashPage {
    fn register(&self, session: &Session) -> String {
        let name = self.registers.iter().find(|register| Some(&register.id) == session.register_id.as_ref());
        name.map_or_else(|| "–".into(), |register| self.frame.text(&register.name))
    }

    fn money(&self, cents: &i64) -> String {
        money(&self.frame, *cents)
    }

    fn maybe_money(&self, cents: &Option<i64>) -> String {
        cents.map_or_else(|| "–".into(), |cents| money(&self.frame, cents))
    }

    /// What a field of a form has for an amount above zero; the script sends cents.
    fn field(&self, cents: &i64) -> String {
        format!("{}.{:02}", cents / 100, cents % 100)
    }

    fn state(&self, session: &Session) -> Markup {
        match session.status {
            SessionStatus::Open => self.frame.badge("running", "▶", self.frame.t("open-ouverte")),
            SessionStatus::Closed => self.frame.badge("success", "✓", self.frame.t("closed")),
        }
    }

    fn is_open(&self, session: &Session) -> bool {
        session.status == SessionStatus::Open
    }
}
