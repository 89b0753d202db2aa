//! The table of routes: what each needs, and nothing twice. Every API route answers with and without `/api`.

mod extract;
pub mod health;
pub mod requests;
pub mod runs;
pub mod session;
pub mod shapes;
pub mod tasks;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::header,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{get, post},
};

use utoipa::OpenApi;

use crate::{
    access::{Guard, Role, guard},
    headers::harden,
    openapi::Document,
    problem::Problem,
    state::App,
};

/// Everything that the console and the API answer.
pub fn router(app: Arc<App>) -> Router {
    let api = open().merge(readers(&app)).merge(administrators(&app));
    Router::new()
        .merge(pages(&app))
        .nest("/api", api.clone())
        .merge(api)
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method())
        .layer(DefaultBodyLimit::max(256 * 1024))
        .layer(from_fn(harden))
        .with_state(app)
}

type Routes = Router<Arc<App>>;

/// What nobody has to sign in for.
fn open() -> Routes {
    Router::new().route("/health", get(health::health)).route("/openapi.json", get(document))
}

/// What every role may see.
fn readers(app: &Arc<App>) -> Routes {
    let routes = Router::new()
        .route("/scheduler/logs", get(runs::logs))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(runs::detail))
        .route("/tasks", get(tasks::list))
        .route("/session", get(session::show));
    guarded(routes, app, Role::Viewer)
}

/// What starts, stops or changes something for everybody.
fn administrators(app: &Arc<App>) -> Routes {
    let routes = Router::new()
        .route("/scheduler/run/{task}", post(requests::run_task))
        .route("/scheduler/run/import/{collection}", post(requests::run_import))
        .route("/tasks/{task}/pause", post(tasks::pause))
        .route("/tasks/{task}/resume", post(tasks::resume));
    guarded(routes, app, Role::Admin)
}

/// What people see in a browser.
fn pages(app: &Arc<App>) -> Routes {
    let home = Router::new().route("/", get(session::home)).route("/sign-out", post(session::sign_out));
    guarded(home, app, Role::Viewer)
        .route_layer(from_fn(session::offer_sign_in))
        .route("/sign-in", get(session::page).post(session::sign_in))
        .route("/assets/console.css", get(style))
}

fn guarded(routes: Routes, app: &Arc<App>, needs: Role) -> Routes {
    routes.route_layer(from_fn_with_state(Guard { app: app.clone(), needs }, guard))
}

async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

async fn style() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("../assets/console.css"))
}
