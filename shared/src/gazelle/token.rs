//! The Gazelle credential: read from the shared store, renewed ahead of its end, replaced by compare-and-set.
//!
//! Gazelle is assumed to rotate refresh tokens: whoever loses the race reads what the winner stored. An
//! unreachable store is never taken for a missing token.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Credential, GazelleError, GazelleSettings};
use crate::{
    clock,
    http::{Http, Request, Response, Retry, is_transient},
    supabase::{Supabase, SupabaseError},
};

/// Row of `system_settings`.
const KEY: &str = "gazelle_oauth_token";
/// Renewed when less than this is left.
const RENEW_AHEAD_SECONDS: i64 = 7 * 24 * 3600;

/// The stored token.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Token {
    /// Bearer token.
    pub access_token: String,
    /// Used once, then replaced.
    pub refresh_token: String,
    /// Life of the access token in seconds.
    pub expires_in: i64,
    /// Unix seconds.
    #[serde(default)]
    pub created_at: i64,
}

impl Token {
    fn seconds_left(&self) -> i64 {
        self.created_at + self.expires_in - clock::now().as_second()
    }
}

/// Reads the predecessor's `config/token.json`, or a value of the store: the object, or a JSON text that holds it.
///
/// # Errors
/// A sentence that names the missing field, without a value.
pub fn parse_token_file(text: &str) -> Result<Token, String> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|_| "the file is not JSON".to_owned())?;
    parse_value(value).ok_or_else(|| "access_token, refresh_token and expires_in are needed".to_owned())
}

fn parse_value(value: Value) -> Option<Token> {
    let value = match value {
        Value::String(text) => serde_json::from_str(&text).ok()?,
        other => other,
    };
    serde_json::from_value(value).ok()
}

/// The credential of one run, shared by its workers.
pub struct Authorization {
    http: Http,
    settings: GazelleSettings,
    supabase: Supabase,
    current: Mutex<Option<Token>>,
    expiring: AtomicBool,
}

impl Authorization {
    /// The credential of `settings`, kept in `supabase`. No call is made.
    pub fn new(http: Http, settings: GazelleSettings, supabase: Supabase) -> Self {
        Self { http, settings, supabase, current: Mutex::new(None), expiring: AtomicBool::new(false) }
    }

    pub(super) fn is_expiring(&self) -> bool {
        self.expiring.load(Ordering::Relaxed)
    }

    /// A token to use now. `refused` is the one that Gazelle just refused: it is renewed, unless another worker
    /// has done so meanwhile.
    pub(super) async fn token(&self, refused: Option<&SecretString>) -> Result<SecretString, GazelleError> {
        if let Credential::ApiKey(key) = &self.settings.credential {
            return match refused {
                Some(_) => Err(GazelleError::Unauthorized),
                None => Ok(key.clone()),
            };
        }
        // One worker at a time: the others wait here and find the new token.
        let mut current = self.current.lock().await;
        let token = match current.take() {
            Some(token) => token,
            None => self.stored().await?,
        };
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == token.access_token);
        let token = if is_refused {
            self.renew(&token).await?
        } else if token.seconds_left() < RENEW_AHEAD_SECONDS && !self.is_expiring() {
            self.renew_ahead(token).await?
        } else {
            token
        };
        let secret = token.access_token.clone().into();
        *current = Some(token);
        Ok(secret)
    }

    /// A token that still works is used, even where its renewal fails; people are told while there is time.
    async fn renew_ahead(&self, token: Token) -> Result<Token, GazelleError> {
        match self.renew(&token).await {
            Ok(renewed) => Ok(renewed),
            Err(error) if token.seconds_left() > 0 => {
                tracing::warn!(%error, seconds_left = token.seconds_left(), "gazelle.token_not_renewed");
                self.expiring.store(true, Ordering::Relaxed);
                Ok(token)
            }
            Err(error) => Err(error),
        }
    }

    async fn stored(&self) -> Result<Token, GazelleError> {
        #[derive(Deserialize)]
        struct Row {
            value: Value,
        }
        let query = self.supabase.from("system_settings").select("value").eq("key", KEY);
        let rows: Vec<Row> = self.supabase.rows(query).await.map_err(GazelleError::TokenStore)?;
        rows.into_iter().next().and_then(|row| parse_value(row.value)).ok_or(GazelleError::Unauthorized)
    }

    async fn renew(&self, token: &Token) -> Result<Token, GazelleError> {
        let Credential::OAuth { client_id, client_secret } = &self.settings.credential else {
            return Err(GazelleError::Unauthorized);
        };
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
            ("refresh_token", &token.refresh_token),
        ];
        let response = self.post_form(&form).await?;
        match response.status {
            200 => {
                let renewed = renewed_token(&response, Some(&token.refresh_token))?;
                self.store(token, renewed).await
            }
            400 | 401 => {
                // Somebody else may have used the refresh token first: then the store holds another one.
                let stored = self.stored().await?;
                match stored.refresh_token == token.refresh_token {
                    true => Err(GazelleError::Unauthorized),
                    false => Ok(stored),
                }
            }
            status => Err(GazelleError::Refused(status)),
        }
    }

    async fn post_form(&self, form: &[(&str, &str)]) -> Result<Response, GazelleError> {
        let request = Request {
            service: "gazelle",
            method: Method::POST,
            url: self.settings.token_url.clone(),
            headers: HeaderMap::from_iter([(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )]),
            body: encode_form(form).into(),
        };
        // If Gazelle rotated the token and its answer got lost, nothing brings it back: asking again costs nothing
        // and helps in every other case.
        let retry = Retry { attempts: 3, timeout: Duration::from_secs(15), ..Retry::SAFE };
        self.http.send(&request, retry, is_transient).await.map_err(GazelleError::Unavailable)
    }

    async fn store(&self, old: &Token, new: Token) -> Result<Token, GazelleError> {
        let stored = replace_stored(&self.supabase, Some(&old.refresh_token), &new)
            .await
            .map_err(GazelleError::TokenStore)?;
        match stored {
            true => Ok(new),
            false => self.stored().await,
        }
    }

    /// Exchanges the code of a first authorization, and stores the token.
    ///
    /// # Errors
    /// See [`GazelleError`].
    pub async fn authorize(&self, code: &str, redirect_uri: &str) -> Result<(), GazelleError> {
        let Credential::OAuth { client_id, client_secret } = &self.settings.credential else {
            return Err(GazelleError::Unauthorized);
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        let response = self.post_form(&form).await?;
        match response.status {
            200 => store_token(&self.supabase, &renewed_token(&response, None)?).await,
            400 | 401 => Err(GazelleError::Unauthorized),
            status => Err(GazelleError::Refused(status)),
        }
    }
}

/// Stores a token, whatever is there: a first authorization, or the predecessor's.
///
/// # Errors
/// When the store cannot be written.
pub async fn store_token(supabase: &Supabase, token: &Token) -> Result<(), GazelleError> {
    replace_stored(supabase, None, token).await.map(drop).map_err(GazelleError::TokenStore)
}

fn encode_form(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

async fn replace_stored(
    supabase: &Supabase,
    expected: Option<&str>,
    token: &Token,
) -> Result<bool, SupabaseError> {
    let mut arguments = json!({"p_token": token, "p_now": clock::now().to_string()});
    if let Some(expected) = expected {
        arguments["p_expected_refresh_token"] = expected.into();
    }
    supabase.rpc("replace_gazelle_token", &arguments).await
}

/// The token of an answer; a refresh token that is not in it stays the old one.
fn renewed_token(response: &Response, old_refresh: Option<&str>) -> Result<Token, GazelleError> {
    let mut value: Value = response.json("gazelle").map_err(|_| GazelleError::Malformed("token"))?;
    if value["refresh_token"].is_null() {
        value["refresh_token"] = old_refresh.into();
    }
    value["created_at"] = clock::now().as_second().into();
    parse_value(value).ok_or(GazelleError::Malformed("token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_predecessors_token_is_read_in_both_of_its_encodings() {
        let object = r#"{"access_token":"a","refresh_token":"r","expires_in":2592000,"created_at":1}"#;
        let text = serde_json::to_string(object).unwrap();
        assert_eq!(parse_token_file(object).unwrap(), parse_token_file(&text).unwrap());
        assert_eq!(parse_token_file(&format!("\u{feff}{object}")).unwrap().refresh_token, "r");
        let error = parse_token_file(r#"{"access_token":"planted"}"#).unwrap_err();
        assert!(!error.contains("planted"));
    }
}
