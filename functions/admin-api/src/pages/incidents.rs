//! Incidents et anomalies: what is wrong, what was, and what people decided about what should be done.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    data::{
        anomalies::{self, AnomalyPage, AnomalyStatus, Severity},
        incidents::{self, Filter, Incident, IncidentKind, IncidentPage},
        recommendations::{self, Recommendation, RecommendationPage, RecommendationStatus},
    },
    extract::Params,
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    frame: Frame,
    incidents: IncidentPage,
    anomalies: AnomalyPage,
    recommendations: RecommendationPage,
}

/// `GET /incidents`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let (first_anomalies, first_recommendations) = Default::default();
    let (incidents, anomalies, recommendations) = tokio::try_join!(
        incidents::read(&app, &filter),
        anomalies::read(&app, frame.role(), &first_anomalies),
        recommendations::read(&app, &first_recommendations),
    )?;
    render::show(&IncidentsPage { frame, incidents, anomalies, recommendations })
}

impl IncidentsPage {
    fn kind(&self, kind: IncidentKind) -> &str {
        match kind {
            IncidentKind::Availability => self.frame.t("outage"),
            IncidentKind::MissedRun => self.frame.t("silent-task"),
            IncidentKind::SlowRun => self.frame.t("slow-task"),
            IncidentKind::Alarm => self.frame.t("alarm"),
            IncidentKind::Channel => self.frame.t("silent-channel"),
        }
    }

    fn state(&self, incident: &Incident) -> Markup {
        match (&incident.closed_at, &incident.acknowledged_at) {
            (Some(_), _) => self.frame.badge("success", "✓", self.frame.t("over")),
            (None, Some(_)) => self.frame.badge("info", "✓", self.frame.t("acknowledged")),
            (None, None) => self.frame.badge("error", "✕", self.frame.t("open-ouvert")),
        }
    }

    /// The run that says most about an incident.
    fn run<'a>(&self, incident: &'a Incident) -> Option<&'a String> {
        incident.explained_by_run_id.as_ref().or(incident.run_id.as_ref())
    }

    fn age(&self, seconds: &Option<i64>) -> String {
        seconds.map_or_else(|| "–".into(), |seconds| self.frame.age(seconds))
    }

    fn severity(&self, severity: Severity) -> Markup {
        let (class, mark) = match severity {
            Severity::Critical | Severity::High => ("error", "▲"),
            Severity::Medium => ("warning", "■"),
            Severity::Low => ("info", "▼"),
        };
        self.frame.badge(class, mark, self.frame.gravity(severity))
    }

    fn anomaly_state(&self, status: AnomalyStatus) -> Markup {
        match status {
            AnomalyStatus::Open => self.frame.badge("error", "✕", self.frame.t("open-ouverte")),
            AnomalyStatus::Resolved => self.frame.badge("success", "✓", self.frame.t("resolved-resolue")),
        }
    }

    fn details(&self, details: &serde_json::Value) -> String {
        self.frame.text(&serde_json::to_string_pretty(details).unwrap_or_default())
    }

    fn priority(&self, recommendation: &Recommendation) -> Markup {
        self.frame.urgency(recommendation.priority)
    }

    fn is_open(&self, recommendation: &Recommendation) -> bool {
        recommendation.status == RecommendationStatus::Open
    }

    fn decision(&self, status: RecommendationStatus) -> Markup {
        match status {
            RecommendationStatus::Open => self.frame.badge("warning", "!", self.frame.t("to-do-a-faire")),
            RecommendationStatus::Done => self.frame.badge("success", "✓", self.frame.t("done-fait")),
            RecommendationStatus::Ignored => self.frame.badge("", "–", self.frame.t("ignored")),
        }
    }
}
