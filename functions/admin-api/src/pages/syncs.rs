//! Synchronisations: the sync log with its figures.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{Frame, Markup, figures};
use crate::{
    problem::Problem,
    routes::{
        extract::Params,
        logs::{self, Span, SyncLog, SyncStats, SystemStatus},
        syncs::{self, Filter, SyncPage},
    },
    state::App,
};

#[derive(Template)]
#[template(path = "syncs.html")]
struct SyncsPage {
    frame: Frame,
    page: SyncPage,
    stats: SyncStats,
    last: SystemStatus,
    filter: Filter,
}

impl SyncsPage {
    fn status(&self, status: &str) -> Markup {
        let frame = &self.frame;
        match status {
            "success" => frame.badge("success", "✓", frame.t("Succès", "Success")),
            "warning" => frame.badge("warning", "!", frame.t("Avertissement", "Warning")),
            "error" => frame.badge("error", "✕", frame.t("Erreur", "Error")),
            _ => frame.badge("", "?", frame.t("Inconnu", "Unknown")),
        }
    }

    /// The predecessor's colours: syncs blue, reports purple, chains green, others grey.
    fn kind(&self, task_type: &str) -> Markup {
        let frame = &self.frame;
        match task_type {
            "sync" => frame.badge("info", "🔄", "Sync"),
            "report" => frame.badge("report", "📊", frame.t("Rapport", "Report")),
            "chain" => frame.badge("success", "🔗", frame.t("Chaîne", "Chain")),
            "backup" => frame.badge("", "💾", frame.t("Sauvegarde", "Backup")),
            _ => frame.badge("", "·", frame.t("Autre", "Other")),
        }
    }

    /// What it said, and where it said nothing, what went wrong.
    fn message(&self, log: &SyncLog) -> String {
        let said = log.message.as_ref().filter(|message| !message.is_empty());
        self.frame.maybe(&said.or(log.error_details.as_ref()).cloned())
    }

    fn stats_of(&self, log: &SyncLog) -> Option<String> {
        figures::shown(&log.stats)
    }

    fn duration(&self, seconds: &Option<i64>) -> String {
        self.frame.duration(&seconds.map(|seconds| seconds.saturating_mul(1_000)))
    }

    fn average(&self) -> String {
        let milliseconds = self.stats.avg_execution_time.map(|seconds| (seconds * 1_000.0) as i64);
        self.frame.duration(&milliseconds)
    }

    fn has_status(&self, status: &str) -> bool {
        self.filter.status.as_deref() == Some(status)
    }

    fn has_kind(&self, kind: &str) -> bool {
        self.filter.task_type.as_deref() == Some(kind)
    }
}

/// `GET /syncs`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let week = Span { hours: Some(7 * 24) };
    let (page, stats, last) =
        tokio::try_join!(syncs::read(&app, &filter), logs::sync_figures(&app, &week), logs::last_sync(&app))?;
    super::show(&SyncsPage { frame, page, stats, last, filter })
}
