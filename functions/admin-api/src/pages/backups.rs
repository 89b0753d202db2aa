//! Sauvegardes.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{Frame, Markup};
use crate::{
    problem::Problem,
    routes::{
        backups::{self, BackupPage, Filter},
        extract::Params,
    },
    state::App,
};

#[derive(Template)]
#[template(path = "backups.html")]
struct BackupsPage {
    frame: Frame,
    page: BackupPage,
}

impl BackupsPage {
    fn badge(&self, status: &str) -> Markup {
        match status {
            "verified" => self.frame.badge("success", "✓", self.frame.t("Vérifiée", "Verified")),
            "writing" => self.frame.badge("running", "▶", self.frame.t("En cours", "At work")),
            "inconclusive" => {
                self.frame.badge("warning", "!", self.frame.t("Non concluante", "Inconclusive"))
            }
            _ => self.frame.badge("error", "✕", self.frame.t("Échouée", "Failed")),
        }
    }
}

/// `GET /backups`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let page = backups::read(&app, &filter).await?;
    super::show(&BackupsPage { frame, page })
}
