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
mod preferences;
mod problem;
mod render;
mod run;
mod runbook;
mod settings;
mod sign_in;
mod weekly_reports;
mod words;

use std::sync::Arc;

use axum::{
    Extension, Router,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::{get, post},
};

use crate::{
    access::authorize::{Guard, guard},
    gateway::refuse_unreadable,
    identity::role::Role,
    openapi::Described,
    state::App,
};

/// The pages. Their addresses are those of the API where both show the same; what is none is for the API to answer, but
/// a problem is shown as a page all the same.
pub fn router(app: &Arc<App>, api: Router, described: Described) -> Router<Arc<App>> {
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
        .route("/sign-in", get(sign_in::show))
        .layer(Extension(described))
        .fallback_service(api)
        .layer(from_fn(refuse_unreadable))
        .layer(from_fn_with_state(app.clone(), problem::explain))
}

/// The forms of people who may not be signed in.
pub fn forms() -> Router<Arc<App>> {
    Router::new().route("/sign-in", post(sign_in::submit)).route("/preferences", post(preferences::submit))
}
