//! The session of a caller.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;
use shared::supabase::QUICK;

use crate::{
    access::{
        caller::Caller,
        session::{cleared_cookie, session_of},
        sign_in::forget,
        source::Source,
    },
    data::shapes::SessionView,
    problem::Problem,
    state::App,
};

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

/// Who is signed in, and what a script must send with a change.
#[utoipa::path(get, path = "/session", responses(
    (status = 200, description = "The caller.", body = SessionView),
    Problem,
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
