//! Signing in and out, by a form.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use shared::supabase::{QUICK, SupabaseError};

use super::{
    extract::{Change, Params},
    shapes::{ProblemBody, SessionView},
};
use crate::{
    access::{
        Caller, LIFETIME_SECONDS, SessionId, Source, cleared_cookie, cookie, refuse_cross_site, session_of,
    },
    auth::{AuthError, Grant},
    pages::{self, Frame},
    problem::Problem,
    state::App,
};

/// Attempts per name; four times as many per address.
const ATTEMPTS: u32 = 10;
const ATTEMPTS_WINDOW_SECONDS: u32 = 300;

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
pub async fn page(frame: Frame, Params(wanted): Params<Wanted>) -> Result<Response, Problem> {
    let next = own_path(wanted.next.as_deref().unwrap_or("/"));
    pages::show(&SignInPage { frame, next, email: "", problem: None })
}

/// `POST /sign-in`: a session and its cookie, or the form again with what is wrong.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    Source(address): Source,
    headers: HeaderMap,
    frame: Frame,
    Change(form): Change<Form>,
) -> Result<Response, Problem> {
    refuse_cross_site(&app, &headers)?;
    let next = own_path(&form.next);
    match open_session(&app, &form, &address).await {
        Ok(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()),
        Err(problem) => {
            let said = problem.detail(frame.language);
            let page = SignInPage { frame, next, email: &form.email, problem: Some(said) };
            let mut response = pages::show_as(problem.status(), &page)?;
            if let Some(wait) = problem.into_response().headers_mut().remove(header::RETRY_AFTER) {
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            Ok(response)
        }
    }
}

async fn open_session(app: &App, form: &Form, address: &str) -> Result<HeaderValue, Problem> {
    let attempt = json!({
        "p_name": form.email, "p_address": address, "p_limit": ATTEMPTS,
        "p_window_seconds": ATTEMPTS_WINDOW_SECONDS, "p_now": app.now().to_string(),
    });
    let wait: u32 = app.supabase.rpc_within("allow_sign_in", &attempt, QUICK).await?;
    if wait > 0 {
        return Err(Problem::limited(wait));
    }
    let grant = match app.auth.password(&form.email, &form.password).await {
        Ok(grant) => grant,
        Err(AuthError::Refused) => {
            record_refusal(app, &form.email, address, "invalid_password").await?;
            return Err(Problem::wrong_password());
        }
        Err(AuthError::Limited) => return Err(Problem::limited(60)),
        Err(error) => {
            tracing::error!(%error, "sign_in.not_possible");
            return Err(Problem::unavailable());
        }
    };
    if grant.role.is_none() {
        record_refusal(app, &form.email, address, "invalid_user_or_inactive").await?;
        return Err(Problem::no_role());
    }
    store_session(app, &grant, address).await
}

async fn store_session(app: &App, grant: &Grant, address: &str) -> Result<HeaderValue, Problem> {
    let id = SessionId::random().ok_or_else(Problem::internal)?;
    let hash = id.hash();
    let sealed = app.keys.seal(&grant.refresh_token, &hash).ok_or_else(Problem::internal)?;
    let session = json!({
        "id_hash": hash, "user_id": grant.user_id, "email": grant.email, "role": grant.role,
        "refresh_token": sealed, "lifetime_seconds": LIFETIME_SECONDS,
    });
    let arguments = json!({"p_session": session, "p_address": address, "p_now": app.now().to_string()});
    app.supabase.rpc_within::<()>("create_console_session", &arguments, QUICK).await?;
    cookie(app, &id).ok_or_else(Problem::internal)
}

async fn record_refusal(app: &App, name: &str, address: &str, why: &str) -> Result<(), SupabaseError> {
    let arguments = json!({
        "p_user_name": name, "p_address": address, "p_success": false, "p_now": app.now().to_string(),
        "p_error_type": why,
    });
    app.supabase.rpc_within("record_sign_in", &arguments, QUICK).await
}

/// `POST /sign-out`: the session ends here and at Supabase Auth.
pub async fn sign_out(
    State(app): State<Arc<App>>,
    Source(address): Source,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(id) = session_of(&app, &headers) {
        let hash = id.hash();
        let arguments = json!({"p_id_hash": hash, "p_address": address, "p_now": app.now().to_string()});
        let sealed: Option<String> =
            app.supabase.rpc_within("end_console_session", &arguments, QUICK).await?;
        if let Some(sealed) = sealed {
            forget(&app, &sealed, &hash).await;
        }
    }
    let mut response = Redirect::to("/sign-in").into_response();
    if let Some(cookie) = cleared_cookie(&app) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Supabase Auth takes only a fresh access token as proof. Should it not answer, the session is over all the same.
async fn forget(app: &App, sealed: &str, session: &str) {
    let Some(token) = app.keys.open(sealed, session) else { return };
    let forgotten = match app.auth.refresh(secrecy::ExposeSecret::expose_secret(&token)).await {
        Ok(grant) => app.auth.sign_out(&grant.access_token).await,
        Err(error) => Err(error),
    };
    if let Err(error) = forgotten {
        tracing::warn!(%error, "sign_out.not_forgotten");
    }
}

/// Who is signed in, and what a script must send with a change.
#[utoipa::path(get, path = "/session", responses(
    (status = 200, description = "The caller.", body = SessionView),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn show(Extension(caller): Extension<Caller>) -> Json<SessionView> {
    let (csrf_token, expires_at) =
        caller.session.map(|session| (session.csrf_token, session.expires_at)).unzip();
    Json(SessionView {
        user_id: caller.user_id,
        email: caller.email,
        role: caller.role,
        csrf_token,
        expires_at,
    })
}

/// A path of this console; anything else could send a person elsewhere.
pub fn own_path(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    // A header holds no control character, and a browser reads a backslash as a slash.
    let is_plain = next.bytes().all(|byte| byte >= b' ' && byte != 0x7f && byte != b'\\');
    if is_path && is_plain { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_nowhere_else() {
        assert_eq!(own_path("/runs/1?x=y"), "/runs/1?x=y");
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\u{1}",
            "/\u{7f}",
            "",
        ] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere}");
        }
    }
}
