//! What every answer tells the browser.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;

use crate::{problem::Problem, state::App};

/// `same-origin` and not `no-referrer`: no other site ever learns an address, but with `no-referrer` browsers also
/// blank the `Origin` of forms, by which cross-site requests are distinguished from our own.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Middleware: adds them. What an answer says of its own caching stays; the others are nobody's to keep.
pub async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Middleware of the API: an `ETag` for what was read, and 304 where the caller has it already. Lists are asked for
/// again and again, and seldom changed.
pub async fn validate(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_change_of_page = !is_read && request.headers().contains_key("hx-request");
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let mut response = next.run(request).await;
    if is_change_of_page && response.status().is_success() {
        // The parts of the page that show it are read again.
        response.headers_mut().insert("hx-trigger", HeaderValue::from_static("changed"));
    }
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Problem::internal().into_response() };
    let hash = digest::digest(&digest::SHA256, &body);
    let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let Ok(tag) = HeaderValue::from_str(&tag) else { return Problem::internal().into_response() };
    let is_known = known.is_some_and(|known| known == tag);
    parts.headers.insert(header::ETAG, tag);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

/// What pages are made of besides their HTML. Their addresses carry the version: they may be kept for ever.
pub fn assets() -> Router<Arc<App>> {
    let asset = |kind: &'static str, text: &'static str| {
        get(async move || {
            let kept = "public, max-age=31536000, immutable";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], text)
        })
    };
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    Router::new()
        .route("/assets/console.css", asset("text/css; charset=utf-8", include_str!("../assets/console.css")))
        .route("/assets/console.js", asset(SCRIPT, include_str!("../assets/console.js")))
        .route("/assets/htmx.js", asset(SCRIPT, include_str!("../assets/vendor/htmx.min.js")))
        .route("/assets/icon.svg", asset("image/svg+xml", include_str!("../assets/icon.svg")))
}
