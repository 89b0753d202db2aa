//! Language and colours of the pages.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shared::words::Language;

use crate::{
    access::csrf::refuse_cross_site, address::own_path, extract::Change, language::language_named,
    pages::frame::Theme, problem::Problem, state::App,
};

/// What somebody chose.
#[derive(Deserialize, Default)]
pub struct Preferences {
    language: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    next: String,
}

/// `POST /preferences`: keeps language and colours in the browser, and goes back.
pub async fn submit(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Change(wanted): Change<Preferences>,
) -> Result<Response, Problem> {
    refuse_cross_site(&app, &headers)?;
    let mut response = Redirect::to(own_path(&wanted.next)).into_response();
    let language = wanted.language.and_then(|name| language_named(&name)).map(Language::code);
    let theme = wanted.theme.and_then(|name| Theme::named(&name)).map(Theme::name);
    for (name, value) in [("language", language), ("theme", theme)] {
        let Some(value) = value else { continue };
        let secure = if app.is_local() { "" } else { "; Secure" };
        let cookie = format!("{name}={value}; HttpOnly{secure}; SameSite=Lax; Path=/; Max-Age=31536000");
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}
