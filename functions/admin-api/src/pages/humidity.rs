//! Alertes, humidité: what lasts, what is over, what was taken off the lists.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use crate::{
    data::humidity::{self, AlertState, HumidityPage, HumidityStats, Window},
    extract::{Params, chosen},
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

/// Which list, and where its page begins.
#[derive(Debug, Deserialize)]
pub struct View {
    #[serde(default, deserialize_with = "chosen")]
    standing: Option<AlertState>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "humidity.html")]
struct HumidityAlertsPage {
    frame: Frame,
    standing: AlertState,
    page: HumidityPage,
    stats: HumidityStats,
}

impl HumidityAlertsPage {
    fn is_at(&self, name: &str) -> bool {
        self.state_name() == name
    }

    fn state_name(&self) -> &'static str {
        match self.standing {
            AlertState::Unresolved => "unresolved",
            AlertState::Resolved => "resolved",
            AlertState::Archived => "archived",
        }
    }

    fn kind(&self, alert_type: &str) -> Markup {
        self.frame.humidity_kind(alert_type)
    }
}

impl Frame {
    /// The badge of a humidity problem.
    pub fn humidity_kind(&self, alert_type: &str) -> Markup {
        match alert_type {
            "TROP_SEC" => self.badge("error", "↓", self.t("too-dry")),
            "TROP_HUMIDE" => self.badge("error", "↑", self.t("too-humid")),
            "housse" => self.badge("warning", "!", self.t("cover")),
            "alimentation" => self.badge("warning", "!", self.t("power")),
            "reservoir" => self.badge("warning", "!", self.t("tank")),
            "environnement" => self.badge("warning", "!", self.t("surroundings")),
            _ => self.badge("info", "•", self.t("other")),
        }
    }
}

/// `GET /humidity-alerts`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(view): Params<View>,
) -> Result<Response, Problem> {
    let standing = view.standing.unwrap_or_default();
    let window = Window::at(view.cursor);
    let (page, stats) = tokio::try_join!(humidity::read(&app, standing, &window), humidity::count(&app))?;
    render::show(&HumidityAlertsPage { frame, standing, page, stats })
}
