//! The one decision per request: who is it, may they, and are they asking too often.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{
        HeaderMap, Method,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::supabase::QUICK;

use crate::{
    access::{
        caller::{Caller, Signed},
        csrf::refuse_cross_site,
        session::session_of,
        source::Source,
    },
    identity::{
        auth::AuthError,
        bearer::{BearerError, CHECK},
        role::{Bearer, Role},
    },
    problem::Problem,
    state::App,
};

/// While Supabase Auth cannot be asked, a session goes on for so long after the last answer.
const UNCHECKED: SignedDuration = SignedDuration::from_hours(1);

/// What [`Limits`](crate::Limits) count over.
const WINDOW_SECONDS: u32 = 60;
/// Bodies of changes are small.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The header in which a script sends the session's form token.
const CSRF_HEADER: &str = "x-csrf-token";
/// The field in which a form sends it.
const CSRF_FIELD: &str = "csrf_token";

/// What a group of routes asks of its caller.
#[derive(Clone)]
pub struct Guard {
    /// The application.
    pub app: Arc<App>,
    /// The least role.
    pub needs: Role,
}

#[derive(Deserialize)]
struct Decision {
    outcome: String,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    email: String,
    role: Option<Role>,
    refresh_token: Option<String>,
    #[serde(default)]
    is_unconfirmed: bool,
    expires_at: Option<String>,
    retry_after_seconds: Option<u32>,
}

enum Credentials {
    Bearer(Bearer),
    Session(String),
}

/// Middleware: lets a request through with its [`Caller`], or answers why not.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match admit(&guard, request).await {
        Ok(request) => {
            let caller = request.extensions().get::<Caller>().cloned();
            let mut response = next.run(request).await;
            // A problem may be shown inside the caller's page.
            if let Some(caller) = caller {
                response.extensions_mut().insert(caller);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(guard: &Guard, request: Request) -> Result<Request, Problem> {
    let app = &guard.app;
    let (mut parts, body) = request.into_parts();
    let Ok(Source(address)) = Source::from_request_parts(&mut parts, &()).await;
    let credentials = credentials(app, &parts.headers).await?;
    let is_change = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let session = match &credentials {
        Credentials::Session(hash) => Some(hash.clone()),
        Credentials::Bearer(_) => None,
    };
    if session.is_some() && is_change {
        refuse_cross_site(app, &parts.headers)?;
    }
    let mut decision = decide(guard, &credentials, &address).await?;
    let mut body = body;
    if let Some(hash) = &session {
        // First: whatever else is wrong with a request, the look that it was asked for is had.
        look_after(app, hash, &mut decision).await?;
        if is_change {
            body = require_form_token(app, hash, &parts.headers, body).await?;
        }
    }
    // After the look: the role may be another one by now.
    let role = decision.role.filter(|role| *role >= guard.needs).ok_or_else(Problem::forbidden)?;
    parts.extensions.insert(Caller {
        user_id: decision.user_id,
        email: decision.email,
        role,
        address,
        triggered_by: if session.is_some() { "manual" } else { "api" },
        session: session.map(|hash| Signed {
            csrf_token: app.keys.csrf_token(&hash),
            expires_at: decision.expires_at.unwrap_or_default(),
        }),
    });
    Ok(Request::from_parts(parts, body))
}

/// What the caller shows. A bearer token counts before a cookie: no browser adds one by itself.
async fn credentials(app: &App, headers: &HeaderMap) -> Result<Credentials, Problem> {
    let Some(authorization) = headers.get(AUTHORIZATION) else {
        let session = session_of(app, headers).ok_or_else(Problem::unauthenticated)?;
        return Ok(Credentials::Session(session.hash()));
    };
    let (scheme, token) = authorization
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(Problem::unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::unauthenticated());
    }
    match app.verifier.verify(&app.auth, token.trim(), app.now()).await {
        Ok(bearer) => Ok(Credentials::Bearer(bearer)),
        Err(BearerError::Invalid) => Err(Problem::unauthenticated()),
        Err(BearerError::Unavailable(error)) => {
            tracing::error!(%error, "signing_keys.not_fetched");
            Err(Problem::unavailable())
        }
    }
}

async fn decide(guard: &Guard, credentials: &Credentials, address: &str) -> Result<Decision, Problem> {
    let mut request = json!({
        "needs": guard.needs, "address": address, "address_limit": guard.app.limits.address,
        "user_limit": guard.app.limits.user, "window_seconds": WINDOW_SECONDS, "check_seconds": CHECK.as_secs(),
        "unchecked_seconds": UNCHECKED.as_secs(),
    });
    match credentials {
        Credentials::Session(hash) => request["session_hash"] = hash.as_str().into(),
        Credentials::Bearer(user) => {
            request["user"] = json!({"id": user.user_id, "email": user.email, "role": user.role});
        }
    }
    let arguments = json!({"p_request": request, "p_now": guard.app.now().to_string()});
    let decision: Decision = guard.app.supabase.rpc_within("authorize", &arguments, QUICK).await?;
    match decision.outcome.as_str() {
        "ok" | "forbidden" => Ok(decision),
        "limited" => Err(Problem::limited(decision.retry_after_seconds.unwrap_or(WINDOW_SECONDS))),
        _ => Err(Problem::unauthenticated()),
    }
}

/// The form token of the session, from the header or from the form, which is then read whole.
async fn require_form_token(
    app: &App,
    session: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Body, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if app.keys.accepts_csrf_token(session, text(CSRF_HEADER)) {
        return Ok(body);
    }
    if !text(CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::form_token());
    }
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Problem::too_large())?;
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == CSRF_FIELD);
    if token.is_some_and(|(_, token)| app.keys.accepts_csrf_token(session, &token)) {
        Ok(Body::from(body))
    } else {
        Err(Problem::form_token())
    }
}

/// Asks Supabase Auth from time to time whether the user of a session still stands, with which role. While it cannot
/// be asked the session goes on, for [`UNCHECKED`] at most.
async fn look_after(app: &App, session: &str, decision: &mut Decision) -> Result<(), Problem> {
    let Some(sealed) = decision.refresh_token.take() else { return Ok(()) };
    let outcome = match app.keys.open(&sealed, session) {
        Some(token) => app.auth.refresh(secrecy::ExposeSecret::expose_secret(&token)).await,
        // The key was changed: nobody can look after this session any more.
        None => Err(AuthError::Refused),
    };
    match outcome {
        Ok(grant) => {
            decision.role = grant.role;
            let Some(sealed) = app.keys.seal(&grant.refresh_token, session) else { return Ok(()) };
            let role = grant.role.map_or(Value::from("none"), |role| json!(role));
            let arguments = json!({
                "p_id_hash": session, "p_email": grant.email, "p_role": role, "p_refresh_token": sealed,
                "p_now": app.now().to_string(),
            });
            Ok(app.supabase.rpc_within("renew_console_session", &arguments, QUICK).await?)
        }
        Err(AuthError::Refused) => {
            let arguments = json!({
                "p_id_hash": session, "p_address": "", "p_now": app.now().to_string(),
            });
            app.supabase.rpc_within::<Value>("end_console_session", &arguments, QUICK).await?;
            Err(Problem::unauthenticated())
        }
        Err(error) => {
            tracing::warn!(%error, "session.not_checked");
            if decision.is_unconfirmed { Err(Problem::unavailable()) } else { Ok(()) }
        }
    }
}
