//! Supabase Auth: sign-in, a look after the user, sign-out, and the keys that sign access tokens.
//!
//! It knows passwords for the time of one request, and stores nothing.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{Method, header::HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock,
    config::{Secret, Setting, Settings},
    http::{Cause, Http, HttpError, Request, Response, Retry, is_transient, json_request},
};
use url::Url;

use crate::identity::role::{Bearer, Role, RoleField};

const SERVICE: &str = "supabase-auth";

/// Reads may be repeated; somebody waits for the answer.
const READ: Retry = Retry {
    attempts: 2,
    timeout: Duration::from_secs(4),
    budget: Duration::from_secs(8),
    first_wait: Duration::from_millis(100),
};

/// The project's authentication service.
pub struct Auth {
    http: Http,
    base: String,
    roles: RoleField,
    key: Secret,
}

/// Why Supabase Auth gave no grant. Variants follow what the caller tells.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The password, or the token, is not accepted.
    #[error("Supabase Auth refused the credentials")]
    Refused,
    /// Too many attempts for Supabase Auth itself.
    #[error("Supabase Auth wants fewer requests")]
    Limited,
    /// Nobody knows: not reachable, or an answer in an unknown form.
    #[error("Supabase Auth is unavailable")]
    Unavailable(#[source] HttpError),
}

/// A user who is who they say, as Supabase Auth knows them now.
#[derive(Debug)]
pub struct Grant {
    pub access_token: SecretString,
    pub refresh_token: SecretString,
    pub user_id: String,
    pub email: String,
    /// `None`: a user of the project without a part in this product.
    pub role: Option<Role>,
}

#[derive(Deserialize)]
struct Token {
    access_token: SecretString,
    refresh_token: SecretString,
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    app_metadata: Value,
    banned_until: Option<Timestamp>,
}

/// The codes by which Supabase Auth itself says that this password, this token or this user is not accepted (any more).
/// Whatever else refuses, a gateway, a proxy or a project that is set up wrongly, knows nothing of the user.
/// Source: Supabase, "Auth: Error Codes".
const REFUSALS: [&str; 11] = [
    "bad_jwt",
    "email_not_confirmed",
    "invalid_credentials",
    "refresh_token_already_used",
    "refresh_token_not_found",
    "session_expired",
    "session_not_found",
    "user_banned",
    "user_not_found",
    "user_sso_managed",
    // What was typed is no e-mail address at all.
    "validation_failed",
];

/// The answer, if it is one that grants.
fn judge(response: Response) -> Result<Response, AuthError> {
    #[derive(Deserialize)]
    struct Said {
        error_code: Option<String>,
        /// The elder form, OAuth's: RFC 6749, 5.2.
        error: Option<String>,
    }
    match response.status {
        200..=299 => return Ok(response),
        429 => return Err(AuthError::Limited),
        _ => {}
    }
    let said: Option<Said> = serde_json::from_slice(&response.body).ok();
    let is_refused = said.is_some_and(|said| match said.error_code {
        Some(code) => REFUSALS.contains(&code.as_str()),
        None => said.error.as_deref() == Some("invalid_grant"),
    });
    if is_refused {
        return Err(AuthError::Refused);
    }
    let cause = Cause::Status(response.status);
    Err(AuthError::Unavailable(HttpError { service: SERVICE, cause, attempts: 1 }))
}

impl Auth {
    /// Reads `SUPABASE_ANON_KEY`.
    pub fn read(settings: &mut Settings, http: Http, project: &Url, roles: RoleField) -> Self {
        let base = format!("{}/auth/v1", project.as_str().trim_end_matches('/'));
        Self { http, base, roles, key: settings.required_key(Setting::SupabaseAnonKey) }
    }

    /// Signs in.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn password(&self, email: &str, password: &str) -> Result<Grant, AuthError> {
        self.grant("password", &json!({"email": email, "password": password})).await
    }

    /// Exchanges a refresh token, which is spent with it.
    ///
    /// # Errors
    /// See [`AuthError`]; `Refused` where the user is gone, banned or signed out.
    pub async fn refresh(&self, token: &str) -> Result<Grant, AuthError> {
        self.grant("refresh_token", &json!({"refresh_token": token})).await
    }

    /// Makes Supabase Auth forget a sign-in.
    ///
    /// # Errors
    /// See [`AuthError`].
    pub async fn sign_out(&self, access_token: &SecretString) -> Result<(), AuthError> {
        let bearer = format!("Bearer {}", access_token.expose_secret());
        let request = self
            .request(Method::POST, "/logout?scope=local", Bytes::new())?
            .with_secret_header(reqwest::header::AUTHORIZATION, &bearer);
        judge(self.send(&request, Retry::ONCE).await?).map(drop)
    }

    /// The user of an access token, as Supabase Auth knows them now.
    ///
    /// # Errors
    /// See [`AuthError`]; `Refused` where the user is gone, banned or signed out.
    pub async fn user(&self, access_token: &str) -> Result<Bearer, AuthError> {
        let bearer = format!("Bearer {access_token}");
        let request = self.request(Method::GET, "/user", Bytes::new())?;
        let request = request.with_secret_header(reqwest::header::AUTHORIZATION, &bearer);
        let user: User =
            judge(self.send(&request, READ).await?)?.json(SERVICE).map_err(AuthError::Unavailable)?;
        // Versions before July 2026 answer about those who are banned, too.
        if user.banned_until.is_some_and(|until| until > clock::now()) {
            return Err(AuthError::Refused);
        }
        Ok(Bearer { role: self.roles.role(&user.app_metadata), user_id: user.id, email: user.email })
    }

    /// The public keys of the project, as they are.
    ///
    /// # Errors
    /// When they cannot be had.
    pub async fn signing_keys(&self) -> Result<Vec<Value>, AuthError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let request = self.request(Method::GET, "/.well-known/jwks.json", Bytes::new())?;
        let response = self.send(&request, READ).await?;
        let set: Set = response.json(SERVICE).map_err(AuthError::Unavailable)?;
        Ok(set.keys)
    }

    async fn grant(&self, kind: &str, body: &Value) -> Result<Grant, AuthError> {
        let path = format!("/token?grant_type={kind}");
        let request = self.request(Method::POST, &path, body.to_string().into())?;
        let response = judge(self.send(&request, Retry::ONCE).await?)?;
        let token: Token = response.json(SERVICE).map_err(AuthError::Unavailable)?;
        Ok(Grant {
            access_token: token.access_token,
            refresh_token: token.refresh_token,
            role: self.roles.role(&token.user.app_metadata),
            user_id: token.user.id,
            email: token.user.email,
        })
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request, AuthError> {
        let malformed =
            |_| AuthError::Unavailable(HttpError { service: SERVICE, cause: Cause::Malformed, attempts: 0 });
        let url: Url = format!("{}{path}", self.base).parse().map_err(malformed)?;
        let request = json_request(SERVICE, method, url, body);
        Ok(request.with_key_header(&self.key, HeaderName::from_static("apikey"), ""))
    }

    async fn send(&self, request: &Request, retry: Retry) -> Result<Response, AuthError> {
        // Supabase Auth's own limit is an answer, not an outage.
        let transient = |response: &Response| is_transient(response) && response.status != 429;
        self.http.send(request, retry, transient).await.map_err(AuthError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> String {
        let response =
            Response { status, headers: Default::default(), body: body.to_owned().into(), certificate: None };
        judge(response).map_or_else(|error| error.to_string(), |_| "granted".into())
    }

    #[test]
    fn only_its_own_word_is_a_refusal() {
        for body in [
            r#"{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}"#,
            r#"{"code":400,"error_code":"refresh_token_not_found","msg":"Invalid Refresh Token: Refresh Token Not Found"}"#,
            r#"{"code":403,"error_code":"user_banned","msg":"User is banned"}"#,
            r#"{"error":"invalid_grant","error_description":"Invalid login credentials"}"#,
        ] {
            assert_eq!(judged(400, body), "Supabase Auth refused the credentials", "{body}");
        }
        for (status, body) in [
            (
                401,
                r#"{"message":"Invalid API key","hint":"Double check your Supabase `anon` or `service_role` API key."}"#,
            ),
            (401, r#"{"error_code":"no_authorization"}"#),
            (403, "<html><body>Access denied</body></html>"),
            (400, ""),
            (404, r#"{"error":"requested path is invalid"}"#),
            (422, r#"{"code":422,"error_code":"email_provider_disabled","msg":"Email logins are disabled"}"#),
            (500, r#"{"code":500,"error_code":"unexpected_failure","msg":"Database error"}"#),
            (302, ""),
        ] {
            assert_eq!(judged(status, body), "Supabase Auth is unavailable", "{status} {body}");
        }
        assert_eq!(judged(429, ""), "Supabase Auth wants fewer requests");
        assert_eq!(judged(200, "{}"), "granted");
    }
}
