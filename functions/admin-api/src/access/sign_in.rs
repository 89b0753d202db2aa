//! Opening a session by name and password, and ending it.

use axum::http::HeaderValue;
use secrecy::ExposeSecret;
use serde_json::json;
use shared::supabase::{QUICK, SupabaseError};

use super::session::{LIFETIME_SECONDS, SessionId, cookie};
use crate::{
    identity::auth::{AuthError, Grant},
    problem::Problem,
    state::App,
};

/// Attempts per name; four times as many per address.
const ATTEMPTS: u32 = 10;

const ATTEMPTS_WINDOW_SECONDS: u32 = 300;

pub async fn open_session(
    app: &App,
    name: &str,
    password: &str,
    address: &str,
) -> Result<HeaderValue, Problem> {
    let attempt = json!({
        "p_name": name, "p_address": address, "p_limit": ATTEMPTS,
        "p_window_seconds": ATTEMPTS_WINDOW_SECONDS, "p_now": app.now().to_string(),
    });
    let wait: u32 = app.supabase.rpc_within("allow_sign_in", &attempt, QUICK).await?;
    if wait > 0 {
        return Err(Problem::limited(wait));
    }
    let grant = match app.auth.password(name, password).await {
        Ok(grant) => grant,
        Err(AuthError::Refused) => {
            record_refusal(app, name, address, "invalid_password").await?;
            return Err(Problem::wrong_password());
        }
        Err(AuthError::Limited) => return Err(Problem::limited(60)),
        Err(error) => {
            tracing::error!(%error, "sign_in.not_possible");
            return Err(Problem::unavailable());
        }
    };
    if grant.role.is_none() {
        record_refusal(app, name, address, "invalid_user_or_inactive").await?;
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

/// Supabase Auth takes only a fresh access token as proof. Should it not answer, the session is over all the same.
pub async fn forget(app: &App, sealed: &str, session: &str) {
    let Some(token) = app.keys.open(sealed, session) else { return };
    let forgotten = match app.auth.refresh(token.expose_secret()).await {
        Ok(grant) => app.auth.sign_out(&grant.access_token).await,
        Err(error) => Err(error),
    };
    if let Err(error) = forgotten {
        tracing::warn!(%error, "sign_out.not_forgotten");
    }
}
