//! Alerts about unconfirmed appointments: who has not confirmed, what was reported, and what nobody took note of yet.

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
        appointments::{
            AppointmentStats, Check, Checked, History, HistoryWindow, Late, Pending, PendingWindow,
            SendOptions, ServiceHealth, Window, count, read_check, read_history, read_pending, tomorrow,
        },
        author::Author,
        requests::RunOptions,
        shapes::{Accepted, Done},
    },
    extract::{Change, Params},
    problem::{Problem, ProblemBody},
    state::App,
};

/// That this part answers; whoever gets here has been looked up in the database.
#[utoipa::path(get, path = "/alertes-rv/health", responses(
    (status = 200, description = "It does.", body = ServiceHealth),
    Problem,
))]
pub async fn health() -> Json<ServiceHealth> {
    Json(ServiceHealth { status: "healthy", service: "alertes-rv" })
}

/// The unconfirmed appointments of a day, by technician.
#[utoipa::path(get, path = "/alertes-rv/check", params(Check), responses(
    (status = 200, description = "As the mirror has them now.", body = Checked),
    Problem,
))]
pub async fn check(
    State(app): State<Arc<App>>,
    Params(wanted): Params<Check>,
) -> Result<Json<Checked>, Problem> {
    read_check(&app, &wanted).await.map(Json)
}

/// What was reported, newest first.
#[utoipa::path(get, path = "/alertes-rv/history", params(HistoryWindow), responses(
    (status = 200, description = "A page, and figures of all.", body = History),
    Problem,
))]
pub async fn history(
    State(app): State<Arc<App>>,
    Params(window): Params<HistoryWindow>,
) -> Result<Json<History>, Problem> {
    read_history(&app, &window).await.map(Json)
}

/// Alerts about appointments that were made within the day before.
#[utoipa::path(get, path = "/alertes-rv/late-assignment", params(Window), responses(
    (status = 200, description = "A page, and counts of all.", body = Late),
    Problem,
))]
pub async fn late(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<Late>, Problem> {
    let arguments = json!({"p_limit": window.limit.map(|limit| limit.min(200)), "p_cursor": window.cursor});
    app.ask("appointment_late", &arguments).await.map(Json)
}

/// Figures.
#[utoipa::path(get, path = "/alertes-rv/stats", responses(
    (status = 200, description = "Figures.", body = AppointmentStats),
    Problem,
))]
pub async fn stats(State(app): State<Arc<App>>) -> Result<Json<AppointmentStats>, Problem> {
    count(&app).await.map(Json)
}

/// What nobody took note of.
#[utoipa::path(get, path = "/alertes-rv/pending", params(PendingWindow), responses(
    (status = 200, description = "Newest first.", body = Pending),
    Problem,
))]
pub async fn pending(
    State(app): State<Arc<App>>,
    Params(window): Params<PendingWindow>,
) -> Result<Json<Pending>, Problem> {
    read_pending(&app, &window).await.map(Json)
}

/// Somebody took note of an alert.
#[utoipa::path(post, path = "/alertes-rv/resolve/{id}",
    params(("id" = String, Path, description = "The alert.")), responses(
    (status = 200, description = "Noted, or was already.", body = Done),
    Problem,
))]
pub async fn resolve(author: Author, Path(id): Path<String>) -> Result<Json<Done>, Problem> {
    // Numbers, and whatever keys the predecessor had.
    if id.len() > 100 || id.contains('\0') {
        return Err(Problem::not_found());
    }
    author.find("console_acknowledge_appointment", json!({"p_id": id})).await.map(Json)
}

/// Warns of tomorrow's unconfirmed appointments now: the afternoon's task, requested.
#[utoipa::path(post, path = "/alertes-rv/send", request_body = Option<SendOptions>, responses(
    (status = 202, description = "Queued, and recorded as such.", body = Accepted),
    (status = 409, description = "Another run is live.", body = ProblemBody, content_type = "application/problem+json"),
    Problem,
))]
pub async fn send(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Change(options): Change<SendOptions>,
) -> Result<Response, Problem> {
    if options.target_date.is_some_and(|date| date != tomorrow(&app)) {
        return Err(Problem::invalid("problem-target-date-tomorrow"));
    }
    if options.technician_ids.is_some_and(|ids| !ids.is_empty()) {
        return Err(Problem::invalid("problem-technician-ids"));
    }
    let spec = TaskSpec::named("rv_alerts").ok_or_else(Problem::internal)?;
    request(&app, &caller, spec, RunOptions::because(options.reason)).await
}
