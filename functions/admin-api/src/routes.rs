//! The table of routes: what each needs, and nothing twice. Every API route answers with and without `/api`; a browser
//! that asks for HTML gets the page of the same address, where there is one.

pub mod admin_health;
pub mod ai_events;
pub mod alerts;
pub mod anomalies;
pub mod appointments;
pub mod assets;
pub mod audit;
pub mod backups;
pub mod cash;
pub mod channels;
pub mod deliveries;
pub mod extract;
pub mod gazelle;
pub mod generate;
pub mod health;
pub mod health_shapes;
pub mod humidity;
pub mod incidents;
pub mod institutions;
pub mod local_time;
pub mod logs;
pub mod maintenances;
pub mod opaque;
pub mod period;
pub mod pianos;
pub mod quarantine;
pub mod recommendations;
pub mod report_tabs;
pub mod requests;
pub mod rules;
pub mod runs;
pub mod session;
pub mod settings;
pub mod shapes;
pub mod staff;
pub mod syncs;
mod table;
pub mod targets;
pub mod tasks;
pub mod weekly_reports;
pub mod windows;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request},
    http::{Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;
use url::form_urlencoded;
use utoipa::{OpenApi as _, openapi::OpenApi};

use self::{
    opaque::spelled_out,
    table::{Routes, routes},
};
use crate::{
    access::{Guard, Role, guard},
    gateway::Unreadable,
    headers::{self, harden, validate},
    openapi::Document,
    pages,
    problem::{Problem, translate},
    state::App,
};

/// Everything that the console and the API answer.
pub fn router(app: Arc<App>) -> Router {
    let api = api(&app);
    let pages = pages::router(&app, api.clone()).with_state(app);
    Router::new()
        .fallback(async move |request: Request| {
            let request = spelled_out(without_version(request));
            // A router's error is `Infallible`.
            if wants_page(&request) { pages.oneshot(request).await } else { api.oneshot(request).await }
        })
        .layer(DefaultBodyLimit::max(256 * 1024))
        .layer(from_fn(in_time))
        .layer(from_fn(harden))
        .layer(CompressionLayer::new())
}

fn api(app: &Arc<App>) -> Router {
    let routes = table(app).layer(from_fn(validate));
    Router::new()
        .nest("/api", routes.clone())
        .merge(routes)
        .route("/sign-in", post(session::sign_in))
        .route("/preferences", post(pages::preferences))
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

/// The predecessor's health routes had the prefix `/v1`, behind its proxy `/api/v1`: they are the same routes.
fn without_version(mut request: Request) -> Request {
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let (prefix, rest) = match address.strip_prefix("/api/v1/") {
        Some(rest) => ("/api/", rest),
        None => ("/", address.strip_prefix("/v1/").unwrap_or_default()),
    };
    let path = rest.split('?').next().unwrap_or_default();
    let is_health =
        path == "admin/health-test" || path == "admin/health" || path.starts_with("admin/health/");
    if let Some(uri) = is_health.then(|| format!("{prefix}{rest}").parse().ok()).flatten() {
        *request.uri_mut() = uri;
    }
    request
}

/// How long a request may take: the function is ended after 29 seconds, and then nobody gets an answer of ours.
const IN_TIME: Duration = Duration::from_secs(26);

/// Middleware: whatever this stands on takes its time, people get an answer.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(IN_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(limit_ms = IN_TIME.as_millis() as u64, "request.not_in_time");
            Problem::unavailable().into_response()
        }
    }
}

/// Middleware: what nobody can read is refused before anybody is asked who sends it.
pub async fn refuse_unreadable(request: Request, next: Next) -> Response {
    if request.extensions().get::<Unreadable>().is_some() {
        return Problem::unreadable().into_response();
    }
    if !is_text(&request) {
        return Problem::not_found().into_response();
    }
    next.run(request).await
}

/// Whether the path is UTF-8: the router would refuse another one in its own words.
fn is_text(request: &Request) -> bool {
    let strange = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    !form_urlencoded::parse(request.uri().path().as_bytes())
        .any(|(name, value)| strange(&name) || strange(&value))
}

/// Whether a browser asks for something to show. Scripts of the pages ask for parts of them with htmx's header. Nobody
/// but people has use for the home page and the form.
fn wants_page(request: &Request) -> bool {
    let path = request.uri().path();
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !path.starts_with("/api/")
        && (["/", "/sign-in", "/journal", "/docs", "/runbook"].contains(&path)
            || request.headers().contains_key("hx-request")
            || accept.is_some_and(|accept| accept.contains("text/html")))
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
        (None, open().describe(OpenApi::default())),
        (Some(Role::Viewer), readers().describe(OpenApi::default())),
        (Some(Role::Operator), operators().describe(OpenApi::default())),
        (Some(Role::Admin), administrators().describe(OpenApi::default())),
    ]
}

async fn document() -> Json<OpenApi> {
    let all = [open(), readers(), operators(), administrators()];
    Json(all.into_iter().fold(Document::openapi(), |document, routes| routes.describe(document)))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_gets_an_answer_before_the_function_is_ended() {
        let never = get(async || std::future::pending::<Response>().await);
        let router: Router = Router::new().route("/", never).layer(from_fn(in_time));
        let request = Request::new(Body::empty());
        let answer = tokio::time::timeout(Duration::from_secs(29), router.oneshot(request)).await;
        assert_eq!(answer.expect("in time").expect("an answer").status(), 503);
    }
}
