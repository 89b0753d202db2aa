//! What people see in a browser: pages and parts of pages, read only. Every change they offer is a call of the API.

mod alerts;
mod appointments;
mod assets;
mod audit;
mod backups;
mod cash;
mod display;
mod docs;
mod figures;
mod frame;
mod home;
mod humidity;
mod incidents;
mod journal;
mod nights;
mod notifications;
mod piano;
mod problem;
mod run;
mod runbook;
mod settings;
mod weekly_reports;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use shared::words::Language;

pub use self::{
    display::Markup,
    frame::{Frame, Theme, language_of},
};
use crate::{
    access::{Guard, Role, guard, refuse_cross_site},
    problem::Problem,
    routes::{extract::Change, refuse_unreadable, session},
    state::App,
};

/// The pages. Their addresses are those of the API where both show the same; what is none is for the API to answer, but
/// a problem is shown as a page all the same.
pub fn router(app: &Arc<App>, api: Router) -> Router<Arc<App>> {
    let guard = from_fn_with_state(Guard { app: app.clone(), needs: Role::Viewer }, guard);
    Router::new()
        .route("/", get(home::show))
        // Health and operations.
        .route("/admin/health", get(home::show))
        .route("/nights", get(nights::show))
        .route("/audit", get(audit::show))
        .route("/backups", get(backups::show))
        // Runs, and what explains them.
        .route("/journal", get(journal::show))
        .route("/journal/tasks", get(journal::board))
        .route("/journal/newest", get(journal::newest))
        .route("/journal/rows", get(journal::older))
        .route("/runs", get(async || Redirect::to("/journal")))
        .route("/runs/{id}", get(run::show))
        .route("/syncs", get(journal::from_syncs))
        .route("/docs", get(docs::show))
        .route("/runbook", get(runbook::show))
        .route("/notifications", get(notifications::show))
        .route("/notifications/rules/{id}", get(notifications::edit))
        .route("/notifications/deliveries", get(notifications::deliveries))
        .route("/notifications/notices", get(notifications::notices))
        .route("/notifications/channels", get(notifications::channels))
        .route("/cash", get(cash::show))
        .route("/incidents", get(incidents::show))
        .route("/weekly-reports", get(weekly_reports::list))
        .route("/weekly-reports/{period_start}", get(weekly_reports::detail))
        .route("/settings", get(settings::show))
        .route("/settings/people", get(settings::people))
        .route("/settings/institutions", get(settings::institutions))
        .route("/settings/tabs", get(settings::tabs))
        .route("/settings/thresholds", get(settings::thresholds))
        .route("/settings/targets", get(settings::targets))
        .route("/settings/gazelle", get(settings::gazelle))
        .route("/gazelle_oauth_callback", get(settings::callback))
        // Alerts and equipment.
        .route("/alerts", get(alerts::show))
        .route("/humidity-alerts", get(humidity::show))
        .route("/humidity-alerts/pianos/{piano_id}", get(piano::show))
        .route("/alertes-rv", get(appointments::show))
        .route("/assets", get(assets::list))
        .route("/assets/{id}", get(assets::show))
        .route_layer(guard)
        .route("/sign-in", get(session::page))
        .fallback_service(api)
        .layer(from_fn(refuse_unreadable))
        .layer(from_fn_with_state(app.clone(), problem::explain))
}

/// A page, or the answer that it could not be shown.
pub fn show(page: &impl askama::Template) -> Result<Response, Problem> {
    show_as(StatusCode::OK, page)
}

/// The same with another status.
pub fn show_as(status: StatusCode, page: &impl askama::Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "page.not_rendered");
        Problem::internal()
    })?;
    Ok((status, Html(html)).into_response())
}

/// What somebody chose.
#[derive(Deserialize, Default)]
pub struct Preferences {
    language: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    next: String,
}

/// `POST /preferences`: keeps language and colours in the browser, and goes back.
pub async fn preferences(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Change(wanted): Change<Preferences>,
) -> Result<Response, Problem> {
    refuse_cross_site(&app, &headers)?;
    let mut response = Redirect::to(session::own_path(&wanted.next)).into_response();
    let language = wanted.language.and_then(|name| frame::language_named(&name)).map(Language::code);
    let theme = wanted.theme.and_then(|name| Theme::named(&name)).map(Theme::name);
    for (name, value) in [("language", language), ("theme", theme)] {
        let Some(value) = value else { continue };
        let secure = if app.is_local() { "" } else { "; Secure" };
        let cookie = format!("{name}={value}; HttpOnly{secure}; SameSite=Lax; Path=/; Max-Age=31536000");
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
