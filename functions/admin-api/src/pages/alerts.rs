//! Alertes: what maintenance is due or late.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    data::alerts::{self, Alert, AlertPage, AlertStats, AlertType, DetailedAlert, Filter, Priority},
    extract::Params,
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    frame: Frame,
    filter: Filter,
    page: AlertPage<DetailedAlert>,
    stats: AlertStats,
    /// The query of the next page.
    next: Option<String>,
}

impl AlertsPage {
    fn priority(&self, alert: &Alert) -> Markup {
        self.frame.priority(alert.priority)
    }

    fn due(&self, alert: &Alert) -> String {
        self.frame.due(alert)
    }

    fn priorities(&self) -> &'static [(Priority, &'static str, &'static str)] {
        &[
            (Priority::Critical, "CRITICAL", "critical"),
            (Priority::High, "HIGH", "high-elevee"),
            (Priority::Medium, "MEDIUM", "medium"),
        ]
    }

    fn types(&self) -> &'static [(AlertType, &'static str, &'static str)] {
        &[
            (AlertType::MaintenanceLate, "MAINTENANCE_LATE", "late-en-retard"),
            (AlertType::MaintenanceUrgent, "MAINTENANCE_URGENT", "due-soon"),
            (AlertType::AssetMaintenanceRequired, "ASSET_MAINTENANCE_REQUIRED", "required-entretien-requis"),
        ]
    }

    fn is_priority(&self, priority: &Priority) -> bool {
        self.filter.priority.as_ref() == Some(priority)
    }

    fn is_type(&self, alert_type: &AlertType) -> bool {
        self.filter.alert_type.as_ref() == Some(alert_type)
    }

    fn is_filtered(&self) -> bool {
        let Filter { priority, alert_type, unread, search, cursor, limit: _ } = &self.filter;
        let is_searched = search.as_deref().is_some_and(|search| !search.is_empty());
        priority.is_some() || alert_type.is_some() || unread.is_some() || cursor.is_some() || is_searched
    }

    fn is_unread_only(&self) -> bool {
        self.filter.unread == Some(true)
    }
}

impl Frame {
    /// The badge of how urgent an alert is.
    pub fn priority(&self, priority: Priority) -> Markup {
        match priority {
            Priority::Critical => self.badge("error", "✕", self.t("critical")),
            Priority::High => self.badge("warning", "!", self.t("high-elevee")),
            Priority::Medium => self.badge("info", "•", self.t("medium")),
        }
    }

    /// Days left, or late; 0 is today.
    pub fn due(&self, alert: &Alert) -> String {
        let day = self.t("d");
        match (alert.alert_type, alert.days_count) {
            (_, None) => "–".into(),
            (AlertType::MaintenanceLate, Some(days)) => {
                format!("{days} {day} {}", self.t("late"))
            }
            (_, Some(0)) => self.t("today").into(),
            (_, Some(days)) => format!("{days} {day} {}", self.t("left")),
        }
    }
}

/// `GET /alerts`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(mut filter): Params<Filter>,
) -> Result<Response, Problem> {
    filter.limit = filter.limit.or(Some(50));
    let (page, stats) = tokio::try_join!(alerts::read(&app, &filter, true), alerts::count(&app))?;
    let next = page.next.clone().and_then(|cursor| {
        serde_urlencoded::to_string(Filter { cursor: Some(cursor), search: filter.search.clone(), ..filter })
            .ok()
    });
    render::show(&AlertsPage { frame, filter, page, stats, next })
}
