//! Sauvegardes.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    data::backups::{self, BackupPage, CopyKind, CopyStatus, DrillStatus, Filter},
    extract::Params,
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "backups.html")]
struct BackupsPage {
    frame: Frame,
    page: BackupPage,
}

impl BackupsPage {
    fn copy(&self, status: CopyStatus) -> Markup {
        match status {
            CopyStatus::Verified => self.frame.badge("success", "✓", self.frame.t("verified")),
            CopyStatus::Inconclusive => self.frame.badge("warning", "!", self.frame.t("inconclusive")),
            CopyStatus::Reduced => self.frame.badge("warning", "!", self.frame.t("reduced-kept-beside")),
            CopyStatus::Damaged => self.frame.badge("error", "✕", self.frame.t("damaged-source")),
            CopyStatus::Failed => self.frame.badge("error", "✕", self.frame.t("failed-echouee")),
        }
    }

    fn drill(&self, status: DrillStatus) -> Markup {
        match status {
            DrillStatus::Passed => self.frame.badge("success", "✓", self.frame.t("passed")),
            DrillStatus::Failed => self.frame.badge("error", "✕", self.frame.t("failed-echoue")),
        }
    }

    /// Whether the newest copy of some kind holds much less than the good ones: somebody has to say whether it is right.
    fn waits_for_a_word(&self) -> bool {
        [CopyKind::Supabase, CopyKind::Sqlite].into_iter().any(|kind| {
            let newest = self.page.items.iter().find(|copy| copy.kind == kind);
            newest.is_some_and(|copy| copy.status == CopyStatus::Reduced)
        })
    }

    fn kind(&self, kind: CopyKind) -> &str {
        match kind {
            CopyKind::Supabase => self.frame.t("database"),
            CopyKind::Sqlite => self.frame.t("former-sqlite-file"),
        }
    }

    #[allow(clippy::cast_possible_truncation)] // Durations of drills.
    fn seconds(&self, seconds: &Option<f64>) -> String {
        self.frame.duration(&seconds.map(|seconds| (seconds * 1000.0).round() as i64))
    }

    fn age(&self, seconds: &Option<i64>) -> String {
        seconds.map_or_else(|| "–".into(), |seconds| self.frame.age(seconds))
    }
}

/// `GET /backups`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let page = backups::read(&app, &filter).await?;
    render::show(&BackupsPage { frame, page })
}
