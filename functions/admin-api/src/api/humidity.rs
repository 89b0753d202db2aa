//! Humidity alerts, in the predecessor's shapes: lists, counts, and what people do about them.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use serde_json::json;
use shared::task::TaskSpec;

use crate::{
    access::caller::Caller,
    api::requests::request,
    data::{
        author::Author,
        humidity::{
            AlertState, Filter, HumidityAll, HumidityInstitutional, HumidityPage, HumidityStats,
            ResolutionNotes, Window, count, read,
        },
        requests::RunOptions,
        shapes::{Accepted, Done},
    },
    extract::{Change, Params, uuid},
    problem::{Problem, ProblemBody},
    state::App,
};

/// The unresolved alerts of the institutions under contract.
#[utoipa::path(get, path = "/humidity-alerts/institutional", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityInstitutional),
    Problem,
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
    Problem,
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
    Problem,
))]
pub async fn stats(State(app): State<Arc<App>>) -> Result<Json<HumidityStats>, Problem> {
    count(&app).await.map(Json)
}

/// What lasts.
#[utoipa::path(get, path = "/humidity-alerts/unresolved", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    Problem,
))]
pub async fn unresolved(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, AlertState::Unresolved, &window).await.map(Json)
}

/// What is over.
#[utoipa::path(get, path = "/humidity-alerts/resolved", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    Problem,
))]
pub async fn resolved(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, AlertState::Resolved, &window).await.map(Json)
}

/// What was taken off the lists, over or not.
#[utoipa::path(get, path = "/humidity-alerts/archived", params(Window), responses(
    (status = 200, description = "Newest first.", body = HumidityPage),
    Problem,
))]
pub async fn archived(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<HumidityPage>, Problem> {
    read(&app, AlertState::Archived, &window).await.map(Json)
}

/// The problem of an alert is over.
#[utoipa::path(post, path = "/humidity-alerts/resolve/{id}", request_body = Option<ResolutionNotes>,
    params(("id" = String, Path, description = "The alert.")), responses(
    (status = 200, description = "Resolved, or was already.", body = Done),
    Problem,
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
    Problem,
))]
pub async fn archive(author: Author, Path(id): Path<String>) -> Result<Json<Done>, Problem> {
    uuid(&id)?;
    author.find("console_archive_humidity", json!({"p_id": id})).await.map(Json)
}

/// Reads the notes now. How many days back is the setting `humidity.window_days`.
#[utoipa::path(post, path = "/humidity-alerts/scan", request_body = Option<RunOptions>, responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn scan(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Change(options): Change<RunOptions>,
) -> Result<Response, Problem> {
    let spec = TaskSpec::named("humidity_alerts").ok_or_else(Problem::internal)?;
    request(&app, &caller, spec, options).await
}
