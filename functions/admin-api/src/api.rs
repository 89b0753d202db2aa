//! The HTTP API: its table of routes, what each needs, and nothing twice. Every route answers with and without `/api`.

mod admin_health;
mod ai_events;
mod alerts;
mod anomalies;
mod appointments;
mod assets;
mod audit;
mod backups;
mod cash;
mod channels;
mod deliveries;
mod gazelle;
mod generate;
mod health;
mod humidity;
mod incidents;
mod institutions;
mod logs;
mod maintenances;
mod pianos;
mod quarantine;
mod recommendations;
mod report_tabs;
mod requests;
mod rules;
mod runs;
mod session;
mod settings;
mod staff;
mod syncs;
mod table;
mod targets;
mod tasks;
mod weekly_reports;
mod windows;

use std::sync::Arc;

use axum::{
    Json, Router,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use utoipa::{OpenApi as _, openapi::OpenApi};

use self::table::{Routes, routes};
use crate::{
    access::authorize::{Guard, guard},
    gateway::refuse_unreadable,
    headers::{self, validate},
    identity::role::Role,
    openapi::Document,
    problem::{Problem, translate},
    state::App,
};

/// The API, and the forms beside it.
pub fn router(app: &Arc<App>, forms: Router<Arc<App>>) -> Router {
    let routes = table(app).layer(from_fn(validate));
    Router::new()
        .nest("/api", routes.clone())
        .merge(routes)
        .merge(forms)
        .merge(sign_out(app))
        .merge(headers::assets())
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method())
        .layer(from_fn(refuse_unreadable))
        .layer(from_fn(translate))
        .with_state(app.clone())
}

fn sign_out(app: &Arc<App>) -> Router<Arc<App>> {
    let guard = from_fn_with_state(Guard { app: app.clone(), needs: Role::Viewer }, guard);
    Router::new().route("/sign-out", post(session::sign_out)).route_layer(guard)
}

fn table(app: &Arc<App>) -> Router<Arc<App>> {
    let guarded = |routes: Routes, needs: Role| {
        routes.router().route_layer(from_fn_with_state(Guard { app: app.clone(), needs }, guard))
    };
    open()
        .router()
        .route("/openapi.json", get(document))
        .merge(guarded(readers(), Role::Viewer))
        .merge(guarded(operators(), Role::Operator))
        .merge(guarded(administrators(), Role::Admin))
}

/// What nobody has to sign in for.
fn open() -> Routes {
    Routes::default()
        .routes(routes!(health::health))
        .routes(routes!(admin_health::test))
        .routes(routes!(admin_health::public))
        .routes(routes!(admin_health::database))
}

/// What every role may see.
fn readers() -> Routes {
    Routes::default()
        // Runs and their logs.
        .routes(routes!(runs::logs))
        .routes(routes!(runs::list))
        .routes(routes!(runs::detail))
        .routes(routes!(logs::recent_runs))
        .routes(routes!(logs::run_stats))
        .routes(routes!(logs::recent_syncs))
        .routes(routes!(logs::sync_stats))
        .routes(routes!(logs::system_status))
        .routes(routes!(syncs::list))
        .routes(routes!(tasks::list))
        .routes(routes!(session::show))
        // Notifications and settings.
        .routes(routes!(rules::list))
        .routes(routes!(rules::explain))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::notices))
        .routes(routes!(channels::list))
        .routes(routes!(settings::list))
        .routes(routes!(institutions::list))
        .routes(routes!(report_tabs::list))
        .routes(routes!(targets::list))
        .routes(routes!(windows::list))
        .routes(routes!(quarantine::list))
        .routes(routes!(gazelle::connection))
        // Health and operations.
        .routes(routes!(admin_health::summary))
        .routes(routes!(admin_health::anomalies))
        .routes(routes!(admin_health::scheduler))
        .routes(routes!(admin_health::nights))
        .routes(routes!(anomalies::list))
        .routes(routes!(backups::list))
        .routes(routes!(cash::registers))
        .routes(routes!(incidents::list))
        .routes(routes!(recommendations::list))
        .routes(routes!(weekly_reports::list))
        .routes(routes!(weekly_reports::detail))
        // Alerts and equipment.
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::stats))
        .routes(routes!(alerts::maintenance))
        .routes(routes!(assets::list))
        .routes(routes!(assets::statistics))
        .routes(routes!(assets::detail))
        .routes(routes!(maintenances::list))
        .routes(routes!(humidity::institutional))
        .routes(routes!(humidity::all))
        .routes(routes!(humidity::stats))
        .routes(routes!(humidity::unresolved))
        .routes(routes!(humidity::resolved))
        .routes(routes!(humidity::archived))
        .routes(routes!(pianos::show))
        .routes(routes!(appointments::health))
        .routes(routes!(appointments::check))
        .routes(routes!(appointments::history))
        .routes(routes!(appointments::late))
        .routes(routes!(appointments::stats))
        .routes(routes!(appointments::pending))
}

/// What takes note of something, resolves it, or enters data.
fn operators() -> Routes {
    Routes::default()
        // Notifications.
        .routes(routes!(deliveries::acknowledge))
        // Health and operations.
        .routes(routes!(ai_events::record))
        .routes(routes!(cash::add_register))
        .routes(routes!(cash::save_register))
        .routes(routes!(cash::delete_register))
        .routes(routes!(cash::sessions))
        .routes(routes!(cash::open))
        .routes(routes!(cash::close))
        .routes(routes!(incidents::acknowledge))
        .routes(routes!(recommendations::decide))
        // Alerts and equipment.
        .routes(routes!(alerts::mark_read))
        .routes(routes!(alerts::dismiss))
        .routes(routes!(assets::create))
        .routes(routes!(assets::update, assets::delete))
        .routes(routes!(maintenances::create))
        .routes(routes!(maintenances::update, maintenances::delete))
        .routes(routes!(humidity::resolve))
        .routes(routes!(humidity::archive))
        .routes(routes!(appointments::resolve))
}

/// What starts, stops or changes something for everybody.
fn administrators() -> Routes {
    Routes::default()
        .routes(routes!(requests::run_task))
        .routes(routes!(requests::run_import))
        .routes(routes!(requests::generate_report))
        .routes(routes!(tasks::pause))
        .routes(routes!(tasks::resume))
        // Notifications and settings; the addresses of people.
        .routes(routes!(rules::create))
        .routes(routes!(rules::change, rules::delete))
        .routes(routes!(channels::test))
        .routes(routes!(channels::enable))
        .routes(routes!(settings::save))
        .routes(routes!(institutions::save, institutions::delete))
        .routes(routes!(report_tabs::save, report_tabs::delete))
        .routes(routes!(staff::list))
        .routes(routes!(staff::save, staff::delete))
        .routes(routes!(targets::save, targets::delete))
        .routes(routes!(windows::create))
        .routes(routes!(windows::change, windows::delete))
        .routes(routes!(quarantine::resolve))
        .routes(routes!(gazelle::authorize))
        .routes(routes!(gazelle::callback))
        // Alerts.
        .routes(routes!(generate::generate))
        .routes(routes!(humidity::scan))
        .routes(routes!(appointments::send))
        // Health and operations.
        .routes(routes!(audit::list))
}

/// The described routes by the least role that they need; `None` needs no sign-in.
pub fn described() -> [(Option<Role>, OpenApi); 4] {
    [
        (None, open().describe(Document::openapi())),
        (Some(Role::Viewer), readers().describe(Document::openapi())),
        (Some(Role::Operator), operators().describe(Document::openapi())),
        (Some(Role::Admin), administrators().describe(Document::openapi())),
    ]
}

async fn document() -> Json<OpenApi> {
    let all = [open(), readers(), operators(), administrators()];
    Json(all.into_iter().fold(Document::openapi(), |document, routes| routes.describe(document)))
}
