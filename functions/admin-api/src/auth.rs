//! Supabase Auth: sign-in, a look after the user, sign-out, and the keys that sign access tokens.
//!
//! It knows passwords for the time of one request, and stores nothing.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, header::HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    config::Settings,
    http::{Http, HttpError, Request, Response, Retry, is_transient, json_request},
};
use url::Url;

use crate::access::Role;

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
    key: SecretString,
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
}

impl Auth {
    /// Reads `SUPABASE_ANON_KEY`.
    pub fn read(settings: &mut Settings, http: Http, project: &Url) -> Self {
        let base = format!("{}/auth/v1", project.as_str().trim_end_matches('/'));
        Self { http, base, key: settings.required_secret("SUPABASE_ANON_KEY") }
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
        let response = self.send(&request, Retry::ONCE).await?;
        if response.status < 400 { Ok(()) } else { Err(AuthError::Refused) }
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
        let response = self.send(&request, Retry::ONCE).await?;
        match response.status {
            200 => {}
            429 => return Err(AuthError::Limited),
            _ => return Err(AuthError::Refused),
        }
        let token: Token = response.json(SERVICE).map_err(AuthError::Unavailable)?;
        Ok(Grant {
            access_token: token.access_token,
            refresh_token: token.refresh_token,
            role: Role::of_metadata(&token.user.app_metadata),
            user_id: token.user.id,
            email: token.user.email,
        })
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request, AuthError> {
        let malformed = |_| {
            AuthError::Unavailable(HttpError {
                service: SERVICE,
                cause: shared::http::Cause::Malformed,
                attempts: 0,
            })
        };
        let url: Url = format!("{}{path}", self.base).parse().map_err(malformed)?;
        let request = json_request(SERVICE, method, url, body);
        Ok(request.with_secret_header(HeaderName::from_static("apikey"), self.key.expose_secret()))
    }

    async fn send(&self, request: &Request, retry: Retry) -> Result<Response, AuthError> {
        // Supabase Auth's own limit is an answer, not an outage.
        let transient = |response: &Response| is_transient(response) && response.status != 429;
        self.http.send(request, retry, transient).await.map_err(AuthError::Unavailable)
    }
}
