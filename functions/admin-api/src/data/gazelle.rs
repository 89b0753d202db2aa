//! The connection to Gazelle: how it stands, and how an administrator renews it. No token leaves this module.

use axum::http::{HeaderMap, header::HOST};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::gazelle::{Authorization, GazelleError};
use utoipa::{IntoParams, ToSchema};

use crate::{data::author::Author, identity::keys::random, problem::Problem, state::App};

/// How long somebody may take at Gazelle.
const STATE_SECONDS: u32 = 600;

/// How things stand with Gazelle. Never a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GazelleConnection {
    /// Whether there is a token.
    pub authorized: bool,
    /// When the token ends, unless it is renewed before.
    pub expires_at: Option<String>,
    pub is_expired: Option<bool>,
    /// When the present token was stored.
    pub renewed_at: Option<String>,
}

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizeAddress {
    /// Gazelle's page; it leads back here.
    pub authorize_url: String,
}

/// The connection.
pub async fn read(app: &App) -> Result<GazelleConnection, Problem> {
    app.ask("gazelle_connection", &json!({"p_now": app.now().to_string()})).await
}

pub async fn begin(author: &Author, headers: &HeaderMap) -> Result<String, Problem> {
    let app = &author.app;
    let state = URL_SAFE_NO_PAD.encode(random::<32>().ok_or_else(Problem::internal)?);
    let redirect = redirect(app, headers)?;
    let address = app.gazelle.authorize_address(&redirect, &state);
    let address = address.ok_or_else(|| Problem::invalid("problem-gazelle-key"))?;
    let arguments = json!({"p_state_hash": hash(&state), "p_lifetime_seconds": STATE_SECONDS});
    author.ask::<()>("begin_gazelle_authorization", arguments).await?;
    Ok(address.into())
}

/// What Gazelle sends people back with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Answer {
    /// What becomes a token; none when the person refused.
    pub code: Option<String>,
    /// What the console gave along.
    pub state: Option<String>,
}

/// Ends an authorization: checks the state, which counts once, and stores the token for the code.
///
/// # Errors
/// 400 for a state that is not this user's own of the last ten minutes, and when Gazelle does not take the code: then
/// nothing has changed. 503 when Gazelle does not answer.
pub async fn finish(
    author: &Author,
    headers: &HeaderMap,
    answer: &Answer,
) -> Result<GazelleConnection, Problem> {
    let Some(code) = answer.code.as_deref().filter(|code| !code.is_empty()) else {
        return Err(Problem::invalid("problem-gazelle-nothing-given"));
    };
    let state = answer.state.as_deref().unwrap_or_default();
    let app = &author.app;
    let redirect = redirect(app, headers)?;
    if !author.ask_once::<bool>("take_gazelle_authorization", json!({"p_state_hash": hash(state)})).await? {
        return Err(Problem::invalid("problem-gazelle-link"));
    }
    let before = read(app).await?;
    let authorization = Authorization::new(app.http.clone(), app.gazelle.clone(), app.supabase.clone());
    if let Err(error) = authorization.authorize(code, &redirect).await {
        tracing::warn!(error_kind = %error.kind(), "gazelle.not_authorized");
        return Err(match error {
            GazelleError::TokenStore(error) => error.into(),
            GazelleError::Unavailable(_) => Problem::gazelle_unavailable(),
            GazelleError::Unauthorized
            | GazelleError::Refused { .. }
            | GazelleError::GraphQl(_)
            | GazelleError::Malformed(_)
            | GazelleError::Later(_)
            | GazelleError::At { .. } => Problem::invalid("problem-gazelle-not-accepted"),
        });
    }
    author.ask_once("record_gazelle_authorization", json!({"p_before": before})).await
}

/// Where Gazelle sends people back to; it takes only an address that its own settings name.
fn redirect(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    const PATH: &str = "gazelle_oauth_callback";
    if let Some(redirect) = &app.gazelle_redirect {
        return Ok(redirect.to_string());
    }
    if let Some(console) = &app.console {
        return Ok(format!("{}/{PATH}", console.as_str().trim_end_matches('/')));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).ok_or_else(Problem::internal)?;
    Ok(format!("https://{host}/{PATH}"))
}

fn hash(state: &str) -> String {
    let hash = digest::digest(&digest::SHA256, state.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
