//! The console's session: a random number in a cookie, of which only the hash is stored.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    cookies::cookie_named,
    identity::keys::{random, sha256_hex},
    state::App,
};

/// How long a session lasts at most, in seconds.
pub const LIFETIME_SECONDS: u32 = 12 * 3600;

/// A browser takes the prefixed name only with `Secure`, for this host and the whole of it.
const NAME: &str = "__Host-session";
/// On a developer's machine there is no TLS.
const LOCAL_NAME: &str = "session";

/// What a browser holds: 256 random bits.
pub struct SessionId(String);

impl SessionId {
    /// A new one; `None` when the system has no randomness.
    pub fn random() -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.encode(random::<32>()?)))
    }

    /// What is stored: SHA-256 in hexadecimal.
    pub fn hash(&self) -> String {
        sha256_hex(&self.0)
    }
}

/// The session that a request's cookie names.
pub fn session_of(app: &App, headers: &HeaderMap) -> Option<SessionId> {
    cookie_named(headers, name(app))
        .filter(|value| !value.is_empty())
        .map(|value| SessionId(value.to_owned()))
}

/// The cookie that starts a session. `Lax`: links in notices open.
pub fn cookie(app: &App, id: &SessionId) -> Option<HeaderValue> {
    of(app, &id.0, LIFETIME_SECONDS)
}

/// The cookie that ends it.
pub fn cleared_cookie(app: &App) -> Option<HeaderValue> {
    of(app, "", 0)
}

fn of(app: &App, value: &str, max_age_seconds: u32) -> Option<HeaderValue> {
    let name = name(app);
    let secure = if name == NAME { "; Secure" } else { "" };
    let text = format!("{name}={value}; HttpOnly{secure}; SameSite=Lax; Path=/; Max-Age={max_age_seconds}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn name(app: &App) -> &'static str {
    if app.is_local() { LOCAL_NAME } else { NAME }
}
