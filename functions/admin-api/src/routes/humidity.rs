//! Humidity alerts, in the predecessor's shapes: lists, counts, and what people do about them.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::task::TaskSpec;
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Author, Change, Params, uuid},
    requests::{Wish, request},
    shapes::{Accepted, Done, ProblemBody},
};
use crate::{access::Caller, problem::Problem, state::App};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// At most 500; 100 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
}

/// Which alerts of all.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 500; 100 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// `true`: only what is over; `false`: only what lasts.
    resolved: Option<bool>,
    /// Gazelle's id of a piano.
    piano_id: Option<String>,
}

/// What one note or measurement said of a piano.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityAlert {
    pub id: String,
    pub timeline_entry_id: String,
    pub client_id: Option<String>,
    pub piano_id: Option<String>,
    /// From notes: `housse`, `alimentation`, `reservoir`, `environnement`; from measurements: `TROP_SEC`, `TROP_HUMIDE`.
    pub alert_type: String,
    pub description: String,
    pub is_resolved: bool,
    pub observed_at: String,
    pub archived: bool,
    pub resolved_at: Option<String>,
    pub resolution_notes: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// `note`, `measurement` or `model`.
    pub source: String,
    /// Percent, where it was measured.
    pub value: Option<f64>,
    /// `scan` or `person`.
    pub resolved_by: Option<String>,
    pub archived_at: Option<String>,
    pub client_name: Option<String>,
    pub piano_make: Option<String>,
    pub piano_model: Option<String>,
    pub room_number: Option<String>,
    pub technician_note: Option<String>,
}

/// Counts of the alerts that are not archived.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub total: i64,
    pub unresolved: i64,
    pub resolved: i64,
}

/// A page of alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityPage {
    pub alerts: Vec<HumidityAlert>,
    /// Of this page.
    pub count: i64,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A page of alerts with the counts of all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityAll {
    alerts: Vec<HumidityAlert>,
    /// Of this page.
    count: i64,
    stats: Counts,
    next: Option<String>,
}

/// The unresolved alerts of the institutions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityInstitutional {
    alerts: Vec<HumidityAlert>,
    stats: Counts,
    next: Option<String>,
}

/// Figures without the archived alerts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct HumidityStats {
    pub total_alerts: i64,
    pub unresolved: i64,
    pub resolved: i64,
    pub by_type: BTreeMap<String, i64>,
    pub institutional_unresolved: i64,
}

/// What somebody did about it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ResolutionNotes {
    resolution_notes: Option<String>,
}

/// The unresolved alerts of the institutions under contract.
#[utoipa::path(get, path = "/humidity-alerts/institutional", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityInstitutional),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn institutional(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityInstitutional>, Problem> {
    app.ask("humidity_institutional", &window.arguments()).await.map(Json)
}

/// Alerts of everybody that are not archived.
#[utoipa::path(get, path = "/humidity-alerts/all", params(Filter), responses(
    (status = 200, description = "Newest first.", body = HumidityAll),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn all(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<HumidityAll>, Problem> {
    let window = Window { limit: filter.limit, cursor: filter.cursor };
    let mut arguments = window.arguments();
    arguments["p_resolved"] = filter.resolved.into();
    arguments["p_piano_id"] = filter.piano_id.into();
    app.ask("humidity_all", &arguments).await.map(Json)
}

/// Figures.
#[utoipa::path(get, path = "/humidity-alerts/stats", responses(
    (status = 200, description = "Figures.", body = HumidityStats),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn stats(State(app): State<Arc<App>>) -> Result<Json<HumidityStats>, Problem> {
    count(&app).await.map(Json)
}

/// The same for pages.
pub async fn count(app: &App) -> Result<HumidityStats, Problem> {
    app.ask("humidity_stats", &json!({})).await
}

/// What lasts.
#[utoipa::path(get, path = "/humidity-alerts/unresolved", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn unresolved(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, Standing::Unresolved, &window).await.map(Json)
}

/// What is over.
#[utoipa::path(get, path = "/humidity-alerts/resolved", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn resolved(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, Standing::Resolved, &window).await.map(Json)
}

/// What was taken off the lists, over or not.
#[utoipa::path(get, path = "/humidity-alerts/archived", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn archived(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, Standing::Archived, &window).await.map(Json)
}

/// A page of one of the three lists.
pub async fn read(app: &App, standing: Standing, window: &Window) -> Result<HumidityPage, Problem> {
    app.ask(standing.function(), &window.arguments()).await
}

/// The trouble of an alert is over.
#[utoipa::path(post, path = "/humidity-alerts/resolve/{id}", request_body = Option<ResolutionNotes>,
    params(("id" = String, Path, description = "The alert.")), responses(
    (status = 200, description = "Resolved, or was already.", body = Done),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn resolve(
    author: Author,
    Path(id): Path<String>,
    Change(change): Change<ResolutionNotes>,
) -> Result<Json<Done>, Problem> {
    uuid(&id)?;
    let arguments = json!({"p_id": id, "p_notes": change.resolution_notes});
    author.find("console_resolve_humidity", arguments).await.map(Json)
}

/// Takes an alert off the lists.
#[utoipa::path(post, path = "/humidity-alerts/archive/{id}",
    params(("id" = String, Path, description = "The alert.")), responses(
    (status = 200, description = "Archived, or was already.", body = Done),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn archive(author: Author, Path(id): Path<String>) -> Result<Json<Done>, Problem> {
    uuid(&id)?;
    author.find("console_archive_humidity", json!({"p_id": id})).await.map(Json)
}

/// Reads the notes now. How many days back is the setting `humidity.window_days`.
#[utoipa::path(post, path = "/humidity-alerts/scan", request_body = Option<Wish>, responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn scan(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Change(wish): Change<Wish>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named("humidity_alerts").ok_or_else(Problem::internal)?;
    request(&app, &caller, spec, wish).await
}

/// How an alert stands: each has a list of its own.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    #[default]
    Unresolved,
    Resolved,
    Archived,
}

impl Standing {
    fn function(self) -> &'static str {
        match self {
            Self::Unresolved => "humidity_unresolved",
            Self::Resolved => "humidity_resolved",
            Self::Archived => "humidity_archived",
        }
    }
}

impl Window {
    /// Another than the first page.
    pub fn at(cursor: Option<String>) -> Self {
        Self { limit: None, cursor }
    }

    fn arguments(&self) -> serde_json::Value {
        json!({"p_limit": self.limit.map(|limit| limit.min(500)), "p_cursor": self.cursor})
    }
}
