//! A problem as a page: what happened, what still works, what to do.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    access::caller::Caller,
    pages::{frame::Frame, render::show_as},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    problem: Problem,
}

/// Middleware of pages: a problem becomes a page, or a part of one; who is not signed in gets the form.
pub async fn explain(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // Behind the gateway the address of a request is absolute, and no sign-in leads to one.
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
    let headers = request.headers().clone();
    let is_part = headers.contains_key("hx-request");
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if problem.status() == StatusCode::UNAUTHORIZED {
        return sign_in(&address, is_part);
    }
    let caller = response.extensions_mut().remove::<Caller>();
    let status = problem.status();
    let page = ProblemPage { frame: Frame::of(&headers, address, caller, app.now()), problem };
    let Ok(mut shown) = show_as(status, &page) else { return response };
    // What the answer says besides its body, such as `Retry-After`, stays.
    for (name, value) in response.headers() {
        if !["content-type", "content-length"].contains(&name.as_str()) {
            shown.headers_mut().insert(name.clone(), value.clone());
        }
    }
    shown
}

fn sign_in(wanted: &str, is_part: bool) -> Response {
    let wanted: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    if !is_part {
        return Redirect::to(&format!("/sign-in?next={wanted}")).into_response();
    }
    // The session ended under a page that stayed open: the whole page goes.
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    response
}
