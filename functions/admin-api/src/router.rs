//! Everything that the console and the API answer: a browser that asks for HTML gets the page of the same address, where
//! there is one.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{Method, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use crate::{
    address::spelled_out, api, headers::harden, openapi::Described, pages, problem::Problem, state::App,
};

/// Everything that the console and the API answer.
pub fn router(app: Arc<App>) -> Router {
    let answers = api::router(&app, pages::forms());
    let pages = pages::router(&app, answers.clone(), Described(api::described)).with_state(app);
    Router::new()
        .fallback(async move |request: Request| {
            let request = spelled_out(without_version(request));
            // A router's error is `Infallible`.
            if wants_page(&request) { pages.oneshot(request).await } else { answers.oneshot(request).await }
        })
        .layer(DefaultBodyLimit::max(256 * 1024))
        .layer(from_fn(in_time))
        .layer(from_fn(harden))
        .layer(CompressionLayer::new())
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

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};

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
