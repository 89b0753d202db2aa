//! Requests that another site made a browser send are refused.

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};
use url::Url;

use crate::{problem::Problem, state::App};

/// A change by cookie, and a sign-in, must come from the console's own pages: the browser says so in `Origin`.
///
/// # Errors
/// 403 `cross_site`.
pub fn refuse_cross_site(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(ORIGIN).and_then(|origin| Url::parse(origin).ok());
    match origin {
        Some(origin) if is_own(app, &origin, text(HOST)) => Ok(()),
        _ => Err(Problem::cross_site()),
    }
}

/// The configured address, or the very host that the request was sent to: a browser lets nobody forge that one.
fn is_own(app: &App, origin: &Url, host: Option<&str>) -> bool {
    let is_console = app.console.as_ref().is_some_and(|console| console.origin() == origin.origin());
    let is_host = || {
        let port = origin.port().map(|port| format!(":{port}")).unwrap_or_default();
        let authority = origin.host_str().map(|name| format!("{name}{port}"));
        let is_safe = origin.scheme() == "https" || app.is_local();
        is_safe && authority.as_deref() == host
    };
    is_console || is_host()
}
