//! A problem as a page: what happened, what still works, what to do.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{Frame, show_as};
use crate::{access::Caller, problem::Problem, state::App};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    problem: Problem,
}

impl Frame {
    /// The title of a problem in the reader's language.
    fn problem_title(&self, problem: &Problem) -> &'static str {
        self.language.pick(problem.title(), in_english(problem.code()).0)
    }

    /// What a problem says, in the reader's language where the words are the program's own.
    pub fn problem_detail(&self, problem: &Problem) -> String {
        let english = Some(in_english(problem.code()).1).filter(|text| !text.is_empty());
        self.language.pick(problem.detail(), english.unwrap_or(problem.detail())).to_owned()
    }
}

/// Title and sentence; without a sentence the problem's own, which names what it is about, is shown.
fn in_english(code: &str) -> (&'static str, &'static str) {
    match code {
        "wrong_password" => ("Sign-in refused", "The e-mail or the password is wrong."),
        "no_role" => (
            "Access refused",
            "This account has no access to the console. An administrator can give it a role.",
        ),
        "forbidden" => ("Access refused", "Your role does not allow this."),
        "cross_site" => ("Request refused", "The request does not come from the console."),
        "form_token" => ("Form out of date", "Load the page again, then try once more."),
        "rate_limited" => ("Too many requests", "Try again in a minute."),
        "not_found" => ("Not found", "There is nothing at this address."),
        "method_not_allowed" => ("Method refused", "This address does not take this method."),
        "unavailable" => (
            "Service unavailable",
            "Supabase does not answer. The scheduled tasks resume by themselves; try again in a minute.",
        ),
        "gazelle_unavailable" => ("Gazelle unavailable", "Gazelle does not answer. Try again in a minute."),
        "internal" => ("Internal error", "The error was noted in the log."),
        _ => ("Invalid request", ""),
    }
}

/// Middleware of pages: a problem becomes a page, or a part of one; who is not signed in gets the form.
pub async fn explain(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let address = request.uri().to_string();
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
