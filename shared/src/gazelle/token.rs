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

use bytes::Bytes;

use super::{Credential, GazelleError, GazelleSettings, Retryable, body, error};
use crate::{
    clock,
    config::Secret,
    http::{Cause, Http, HttpError, Request, Response, Retry, is_transient},
    supabase::{Supabase, SupabaseError},
};

/// Row of `system_settings`.
const KEY: &str = "gazelle_oauth_token";
/// Renewed when less than this is left, or a quarter of its life if that is less.
const RENEW_AHEAD_SECONDS: i64 = 7 * 24 * 3600;
/// Whoever used the refresh token first needs so long to store what it got.
const OTHERS_RENEWAL: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_millis(1_000),
    Duration::from_millis(1_500),
    Duration::from_millis(2_000),
];

/// The stored token.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Token {
    /// Bearer token.
    pub access_token: String,
    /// Used once, then replaced.
    pub refresh_token: String,
    /// Life of the access token in seconds; 0: not known.
    #[serde(deserialize_with = "seconds")]
    pub expires_in: i64,
    /// Unix seconds.
    #[serde(default, deserialize_with = "seconds")]
    pub created_at: i64,
}

/// A number of seconds in every spelling: `7200`, `7200.0`, `"7200"`.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => value.as_f64(),
    };
    #[allow(clippy::cast_possible_truncation)] // Bounded before.
    number
        .filter(|seconds| seconds.abs() < 1e15)
        .map(|seconds| seconds as i64)
        .ok_or_else(|| serde::de::Error::custom("not a number of seconds"))
}

impl Token {
    /// Whether its end is so near that it is renewed ahead. One of unknown life is used until it is refused.
    fn is_due(&self) -> bool {
        self.expires_in > 0 && self.seconds_left() < RENEW_AHEAD_SECONDS.min(self.expires_in / 4)
    }

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
    match value.as_str() {
        Some(text) => serde_json::from_str(text).ok(),
        None => serde_json::from_value(value).ok(),
    }
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
                Some(refused) => Box::pin(key.instead_of(refused)).await.ok_or(GazelleError::Unauthorized),
                None => Ok(key.value()),
            };
        }
        // One worker at a time: the others wait here and find the new token.
        let mut current = self.current.lock().await;
        let token = match current.take() {
            Some(token) => token,
            None => self.stored().await?,
        };
        let is_refused =
            |token: &Token| refused.is_some_and(|refused| refused.expose_secret() == token.access_token);
        let token = if is_refused(&token) {
            // Another process may have renewed it since this one read it.
            match self.stored().await? {
                stored if is_refused(&stored) => self.renew(&stored).await?,
                stored => stored,
            }
        } else if token.is_due() && !self.is_expiring() {
            self.renew_ahead(token).await?
        } else {
            token
        };
        let secret = token.access_token.clone().into();
        *current = Some(token);
        Ok(secret)
    }

    /// A token that still works is used, even where its renewal fails; people are notified while there is time.
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
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", client_id.clone()),
            ("refresh_token", token.refresh_token.clone()),
        ];
        let response = self.post_form(client_secret, form).await?;
        match granted(&response) {
            Grant::Given => {
                let renewed = renewed_token(&response, Some(&token.refresh_token))?;
                self.store(token, renewed).await
            }
            // Somebody else may have used the refresh token first: then the store holds another one, or soon will.
            Grant::Refused => replaced(token, || self.stored(), &OTHERS_RENEWAL).await,
            Grant::NotNow(error) => Err(error),
        }
    }

    async fn post_form<const FIELDS: usize>(
        &self,
        client_secret: &Secret,
        form: [(&'static str, String); FIELDS],
    ) -> Result<Response, GazelleError> {
        let request = Request {
            service: "gazelle",
            method: Method::POST,
            url: self.settings.token_url.clone(),
            headers: HeaderMap::from_iter([(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )]),
            body: Bytes::new(),
            key: None,
        };
        let request = request.with_key(client_secret, move |request, client_secret| {
            let fields = form.iter().map(|(name, value)| (*name, value.as_str()));
            request.body = encode_form(fields.chain([("client_secret", client_secret)])).into();
        });
        // If Gazelle rotated the token and its answer got lost, nothing brings it back: asking again costs nothing
        // and helps in every other case.
        let retry = Retry { attempts: 3, timeout: Duration::from_secs(15), ..Retry::SAFE };
        let transient =
            |response: &Response| is_transient(response) || matches!(granted(response), Grant::NotNow(_));
        let (response, attempts) = self
            .http
            .send_for_last_answer(&request, retry, transient)
            .await
            .map_err(GazelleError::Unavailable)?;
        if is_transient(&response) {
            let cause = Cause::Status(response.status);
            return Err(GazelleError::Unavailable(HttpError { service: "gazelle", cause, attempts }));
        }
        Ok(response)
    }

    async fn store(&self, old: &Token, new: Token) -> Result<Token, GazelleError> {
        let stored = replace_stored(&self.supabase, Some(&old.refresh_token), &new)
            .await
            .map_err(GazelleError::TokenStore)?;
        if stored { Ok(new) } else { self.stored().await }
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
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", client_id.clone()),
            ("code", code.to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
        ];
        let response = self.post_form(client_secret, form).await?;
        match granted(&response) {
            Grant::Given => store_token(&self.supabase, &renewed_token(&response, None)?).await,
            Grant::Refused => Err(GazelleError::Unauthorized),
            Grant::NotNow(error) => Err(error),
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

fn encode_form<'a>(form: impl Iterator<Item = (&'a str, &'a str)>) -> String {
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

/// What the token endpoint says.
enum Grant {
    /// There is a token in it.
    Given,
    /// The grant or the client is not taken: a person has to do something.
    Refused,
    /// Neither: somebody in between answered, or Gazelle cannot now.
    NotNow(GazelleError),
}

/// Only an answer of OAuth refuses a grant (RFC 6749, 5.2): a status or a page alone may be of a proxy.
fn granted(response: &Response) -> Grant {
    let status = response.status;
    let answer = body::parse(&response.body).filter(Value::is_object);
    match (status, answer) {
        (200, Some(answer)) if answer["access_token"].is_string() => Grant::Given,
        (400 | 401 | 403, Some(answer)) => {
            let passes = ["temporarily_unavailable", "server_error", "slow_down"];
            let is_passing = answer["error"].as_str().is_some_and(|error| passes.contains(&error));
            if is_passing || error::is_throttling(&answer) {
                Grant::NotNow(GazelleError::Refused { status, retryable: Retryable::Throttled })
            } else {
                Grant::Refused
            }
        }
        (200, _) => Grant::NotNow(GazelleError::Malformed("token")),
        (status, _) => Grant::NotNow(GazelleError::Refused { status, retryable: Retryable::Perhaps }),
    }
}

/// The token that replaced `old` in the store: read at once, and again after each wait.
async fn replaced<F: Future<Output = Result<Token, GazelleError>>>(
    old: &Token,
    stored: impl Fn() -> F,
    waits: &[Duration],
) -> Result<Token, GazelleError> {
    for wait in [Duration::ZERO].iter().chain(waits) {
        tokio::time::sleep(*wait).await;
        let token = stored().await?;
        if token.refresh_token != old.refresh_token {
            return Ok(token);
        }
    }
    Err(GazelleError::Unauthorized)
}

/// The token of an answer; a refresh token that is not in it stays the old one.
fn renewed_token(response: &Response, old_refresh: Option<&str>) -> Result<Token, GazelleError> {
    let mut value: Value = response.json("gazelle").map_err(|_| GazelleError::Malformed("token"))?;
    if value["refresh_token"].is_null() {
        value["refresh_token"] = old_refresh.into();
    }
    // Recommended and no more (RFC 6749, 5.1).
    if value["expires_in"].is_null() {
        value["expires_in"] = 0.into();
    }
    value["created_at"] = clock::now().as_second().into();
    parse_value(value).ok_or(GazelleError::Malformed("token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(expires_in: i64, age_seconds: i64) -> Token {
        Token {
            access_token: "a".into(),
            refresh_token: "r".into(),
            expires_in,
            created_at: clock::now().as_second() - age_seconds,
        }
    }

    #[test]
    fn a_token_is_renewed_in_the_last_quarter_of_its_life_and_never_more_than_a_week_ahead() {
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        for (life, age, is_due) in [
            (2 * HOUR, 0, false),
            (2 * HOUR, 80 * 60, false),
            (2 * HOUR, 100 * 60, true),
            (2 * HOUR, 3 * HOUR, true),
            (60, 10, false),
            (30 * DAY, 22 * DAY, false),
            (30 * DAY, 24 * DAY, true),
            (365 * DAY, 300 * DAY, false),
            // A life that nobody reported: until it is refused.
            (0, 5 * DAY, false),
        ] {
            assert_eq!(token(life, age).is_due(), is_due, "{life} s, {age} s old");
        }
    }

    #[tokio::test]
    async fn a_token_that_somebody_else_renews_is_waited_for() {
        let old = token(3600, 0);
        let new = Token { refresh_token: "new".into(), ..old.clone() };
        let readings = std::cell::Cell::new(0);
        // The other one's token arrives between the third and the fourth reading.
        let stored = || {
            readings.set(readings.get() + 1);
            let token = if readings.get() < 4 { old.clone() } else { new.clone() };
            std::future::ready(Ok(token))
        };
        let waits = [Duration::ZERO; 4];
        assert_eq!(replaced(&old, stored, &waits).await.unwrap(), new);
        assert_eq!(readings.get(), 4);
        // Nobody else: the grant is refused.
        let stored = || std::future::ready(Ok(old.clone()));
        assert!(matches!(replaced(&old, stored, &waits).await, Err(GazelleError::Unauthorized)));
        // A store that does not answer is not one without a new token.
        let stored = || std::future::ready(Err(GazelleError::TokenStore(SupabaseError::Malformed)));
        assert!(matches!(replaced(&old, stored, &waits).await, Err(GazelleError::TokenStore(_))));
        assert!(OTHERS_RENEWAL.iter().sum::<Duration>() >= Duration::from_secs(5));
    }

    #[test]
    fn only_an_answer_of_oauth_refuses_a_grant() {
        let answer = |status, body: &str| Response {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec().into(),
            certificate: None,
        };
        for (status, body, expected) in [
            (200, r#"{"access_token": "a"}"#, "given"),
            (400, r#"{"error": "invalid_grant"}"#, "refused"),
            (401, r#"{"error": "invalid_client"}"#, "refused"),
            (400, r#"{"error": "temporarily_unavailable"}"#, "not now"),
            (400, r#"{"error": "Rate limit exceeded"}"#, "not now"),
            (400, "<html>", "not now"),
            (401, "", "not now"),
            (403, "<html>", "not now"),
            (200, "<html>", "not now"),
            (200, "{}", "not now"),
            (302, "", "not now"),
        ] {
            let found = match granted(&answer(status, body)) {
                Grant::Given => "given",
                Grant::Refused => "refused",
                Grant::NotNow(_) => "not now",
            };
            assert_eq!(found, expected, "{status} {body}");
        }
    }

    #[test]
    fn the_life_of_a_token_is_read_in_every_spelling_or_not_known() {
        for life in ["7200", "7200.0", "\"7200\""] {
            let body = format!(r#"{{"access_token":"a","expires_in":{life}}}"#);
            let response = Response {
                status: 200,
                headers: HeaderMap::new(),
                body: body.into_bytes().into(),
                certificate: None,
            };
            let renewed = renewed_token(&response, Some("r")).unwrap();
            assert_eq!((renewed.expires_in, renewed.refresh_token.as_str()), (7200, "r"));
        }
        let body = Bytes::from_static(br#"{"access_token":"a","refresh_token":"n"}"#);
        let response = Response { status: 200, headers: HeaderMap::new(), body, certificate: None };
        assert_eq!(renewed_token(&response, Some("r")).unwrap().expires_in, 0);
    }

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
