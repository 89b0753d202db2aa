//! The form of the sign-in.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    access::{csrf::refuse_cross_site, sign_in::open_session, source::Source},
    address::own_path,
    extract::{Change, Params},
    pages::{frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    next: &'a str,
    email: &'a str,
    problem: Option<String>,
}

/// Where somebody wanted to go.
#[derive(Deserialize)]
pub struct Wanted {
    next: Option<String>,
}

/// The form.
#[derive(Deserialize, Default)]
pub struct Form {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn show(frame: Frame, Params(wanted): Params<Wanted>) -> Result<Response, Problem> {
    let next = own_path(wanted.next.as_deref().unwrap_or("/"));
    render::show(&SignInPage { frame, next, email: "", problem: None })
}

/// `POST /sign-in`: a session and its cookie, or the form again with what is wrong.
pub async fn submit(
    State(app): State<Arc<App>>,
    Source(address): Source,
    headers: HeaderMap,
    frame: Frame,
    Change(form): Change<Form>,
) -> Result<Response, Problem> {
    refuse_cross_site(&app, &headers)?;
    let next = own_path(&form.next);
    match open_session(&app, &form.email, &form.password, &address).await {
        Ok(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()),
        Err(problem) => {
            let said = problem.detail(frame.language);
            let page = SignInPage { frame, next, email: &form.email, problem: Some(said) };
            let mut response = render::show_as(problem.status(), &page)?;
            if let Some(wait) = problem.into_response().headers_mut().remove(header::RETRY_AFTER) {
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            Ok(response)
        }
    }
}
