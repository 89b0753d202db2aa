//! Supabase Auth: passwords, refresh tokens, sign-out, public keys, and users made by the service key.
//!
//! Its tokens are signed with a key made at the start (ES256), as a hosted project's are. A second key (RS256) is in use
//! beside it, as in a project between two keys.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{google, lock};
use crate::{
    clock::StackClock,
    faults::{Fault, Faults},
    supabase,
};

/// How long an access token lives, in seconds.
const LIFETIME_SECONDS: i64 = 3600;
const KEY_ID: &str = "local-es256";
const RSA_KEY_ID: &str = "local-rs256";

/// The users that every stack has: e-mail, password, and the role in `app_metadata`.
pub const USERS: [(&str, &str, Option<&str>); 4] = [
    ("admin@gazelle.example", "local-admin-password", Some("admin")),
    ("operator@gazelle.example", "local-operator-password", Some("operator")),
    ("viewer@gazelle.example", "local-viewer-password", Some("viewer")),
    ("none@gazelle.example", "local-none-password", None),
];

/// The users of one project.
pub struct Auth {
    key: EcdsaKeyPair,
    rsa: RsaKeyPair,
    random: SystemRandom,
    clock: Arc<StackClock>,
    faults: Arc<Faults>,
    users: Mutex<BTreeMap<String, User>>,
    /// Unspent refresh tokens and whose they are.
    sessions: Mutex<BTreeMap<String, String>>,
    numbers: AtomicU64,
    key_requests: AtomicU64,
}

#[derive(Clone)]
struct User {
    id: String,
    password: String,
    app_metadata: Value,
    is_banned: bool,
}

impl Auth {
    /// With [`USERS`] and a new key.
    pub fn start(clock: Arc<StackClock>, faults: Arc<Faults>) -> anyhow::Result<Arc<Self>> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .ok()
            .context("a key for the sign-ins")?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
            .ok()
            .context("the key of the sign-ins")?;
        let auth = Self {
            key,
            rsa: google::service_account_key().context("the second key of the sign-ins")?,
            random,
            clock,
            faults,
            users: Mutex::default(),
            sessions: Mutex::default(),
            numbers: AtomicU64::new(1),
            key_requests: AtomicU64::new(0),
        };
        for (email, password, role) in USERS {
            auth.put_user(email, password, role.map_or(json!({}), |role| json!({"gazelle_role": role})));
        }
        Ok(Arc::new(auth))
    }

    /// Serves `/auth/v1`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/auth/v1/token", post(token))
            .route("/auth/v1/logout", post(logout))
            .route("/auth/v1/user", get(user))
            .route("/auth/v1/.well-known/jwks.json", get(keys))
            .route("/auth/v1/admin/users", post(create_user))
            .layer(middleware::from_fn_with_state(self.clone(), break_down))
            .with_state(self.clone())
    }

    /// Signs any claims, for tests of what must be refused.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let signed = unsigned("ES256", KEY_ID, claims);
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok().context("a signature")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The same with the second key.
    pub fn sign_with_rsa(&self, claims: &Value) -> anyhow::Result<String> {
        let signed = unsigned("RS256", RSA_KEY_ID, claims);
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa
            .sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature)
            .ok()
            .context("a signature")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a user's access token, as the project at `issuer` makes them.
    pub fn claims(&self, email: &str, issuer: &str) -> Option<Value> {
        let user = lock(&self.users).get(email)?.clone();
        let now = self.clock.now().as_second();
        Some(json!({
            "iss": issuer, "sub": user.id, "aud": "authenticated", "role": "authenticated", "email": email,
            "iat": now, "exp": now + LIFETIME_SECONDS, "app_metadata": user.app_metadata,
        }))
    }

    /// Gives a user another role, or bans them.
    pub fn set_user(&self, email: &str, role: Option<&str>, is_banned: bool) {
        if let Some(user) = lock(&self.users).get_mut(email) {
            user.app_metadata = role.map_or(json!({}), |role| json!({"gazelle_role": role}));
            user.is_banned = is_banned;
        }
    }

    /// Sign-ins that have not ended.
    pub fn open_sessions(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// How often somebody asked for the public keys.
    pub fn key_requests(&self) -> u64 {
        self.key_requests.load(Ordering::Relaxed)
    }

    fn put_user(&self, email: &str, password: &str, app_metadata: Value) -> Option<String> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let id = format!("00000000-0000-4000-b000-{number:012}");
        let mut users = lock(&self.users);
        if users.contains_key(email) {
            return None;
        }
        let user = User { id: id.clone(), password: password.into(), app_metadata, is_banned: false };
        users.insert(email.to_owned(), user);
        Some(id)
    }

    /// A new pair of tokens for a user.
    fn grant(&self, email: &str, issuer: &str) -> Option<Value> {
        let user = lock(&self.users).get(email)?.clone();
        let access_token = self.sign(&self.claims(email, issuer)?).ok()?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let refresh_token = format!("local-refresh-{number}");
        lock(&self.sessions).insert(refresh_token.clone(), email.to_owned());
        Some(json!({
            "access_token": access_token, "token_type": "bearer", "expires_in": LIFETIME_SECONDS,
            "refresh_token": refresh_token,
            "user": {"id": user.id, "email": email, "app_metadata": user.app_metadata, "aud": "authenticated"},
        }))
    }
}

/// Header and claims of a token.
fn unsigned(algorithm: &str, key_id: &str, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": algorithm, "typ": "JWT", "kid": key_id});
    format!("{}.{}", encode(&header), encode(claims))
}

/// Supabase is down as a whole, or what stands before it answers in its place.
async fn break_down(State(auth): State<Arc<Auth>>, request: Request, next: Next) -> Response {
    if auth.faults.strikes(Fault::SupabaseError) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "planted").into_response();
    }
    if auth.faults.is_revoked(request.headers()) || auth.faults.strikes(Fault::AuthKey) {
        return supabase::no_key();
    }
    if auth.faults.strikes(Fault::AuthProxy) {
        let page = "<html><head><title>Access denied</title></head><body>Blocked by policy</body></html>";
        return (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/html")], page).into_response();
    }
    next.run(request).await
}

fn refuse(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({"code": status.as_u16(), "error_code": code, "msg": code}))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[derive(Deserialize)]
struct Kind {
    grant_type: String,
}

/// `POST /auth/v1/token?grant_type=password|refresh_token`
async fn token(
    State(auth): State<Arc<Auth>>,
    Query(kind): Query<Kind>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !supabase::is_key(text(&headers, "apikey"), "anon") {
        return refuse(StatusCode::UNAUTHORIZED, "no_authorization");
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let email = match kind.grant_type.as_str() {
        "password" => {
            let email = body["email"].as_str().unwrap_or_default().to_lowercase();
            let is_right =
                lock(&auth.users).get(&email).is_some_and(|user| body["password"] == *user.password);
            is_right.then_some(email)
        }
        "refresh_token" => lock(&auth.sessions).remove(body["refresh_token"].as_str().unwrap_or_default()),
        _ => return refuse(StatusCode::BAD_REQUEST, "validation_failed"),
    };
    let issuer = format!("http://{}/auth/v1", text(&headers, header::HOST.as_str()));
    let Some(email) = email else {
        let is_password = kind.grant_type == "password";
        let code = if is_password { "invalid_credentials" } else { "refresh_token_not_found" };
        return refuse(StatusCode::BAD_REQUEST, code);
    };
    if lock(&auth.users).get(&email).is_some_and(|user| user.is_banned) {
        return refuse(StatusCode::BAD_REQUEST, "user_banned");
    }
    match auth.grant(&email, &issuer) {
        Some(grant) => Json(grant).into_response(),
        None => refuse(StatusCode::BAD_REQUEST, "user_not_found"),
    }
}

/// `GET /auth/v1/user`: the user of an access token, whose signature the caller has judged.
async fn user(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Response {
    let claims = claims_of(&headers);
    let users = lock(&auth.users);
    match users.iter().find(|(_, user)| claims["sub"] == *user.id) {
        // Since supabase/auth#2642 (July 2026); before, the answer only says until when.
        Some((_, user)) if user.is_banned && !auth.faults.has(Fault::AuthOld) => {
            refuse(StatusCode::FORBIDDEN, "user_banned")
        }
        Some((email, user)) => Json(json!({
            "id": user.id, "email": email, "app_metadata": user.app_metadata, "aud": "authenticated",
            "banned_until": user.is_banned.then_some("2999-01-01T00:00:00Z"),
        }))
        .into_response(),
        None => refuse(StatusCode::FORBIDDEN, "user_not_found"),
    }
}

/// What the bearer token of a request says.
fn claims_of(headers: &HeaderMap) -> Value {
    let token = text(headers, header::AUTHORIZATION.as_str()).strip_prefix("Bearer ").unwrap_or_default();
    let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    serde_json::from_slice(&claims.unwrap_or_default()).unwrap_or_default()
}

/// `POST /auth/v1/logout`: every sign-in of the token's user ends.
async fn logout(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Response {
    match claims_of(&headers)["email"].as_str() {
        Some(email) => {
            lock(&auth.sessions).retain(|_, owner| owner != email);
            StatusCode::NO_CONTENT.into_response()
        }
        None => refuse(StatusCode::UNAUTHORIZED, "bad_jwt"),
    }
}

/// `GET /auth/v1/.well-known/jwks.json`
async fn keys(State(auth): State<Arc<Auth>>) -> Json<Value> {
    auth.key_requests.fetch_add(1, Ordering::Relaxed);
    // An uncompressed point: 4, then x and y of 32 bytes each.
    let point = auth.key.public_key().as_ref();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rsa = PublicKeyComponents::<Vec<u8>>::from(auth.rsa.public());
    Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"], "kid": KEY_ID,
        "x": encode(&point[1..33]), "y": encode(&point[33..]),
    }, {
        "kty": "RSA", "alg": "RS256", "use": "sig", "key_ops": ["verify"], "kid": RSA_KEY_ID,
        "n": encode(&rsa.n), "e": encode(&rsa.e),
    }]}))
}

#[derive(Deserialize)]
struct NewUser {
    email: String,
    password: String,
    #[serde(default)]
    app_metadata: Value,
}

/// `POST /auth/v1/admin/users`
async fn create_user(State(auth): State<Arc<Auth>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_service(&headers) {
        return refuse(StatusCode::UNAUTHORIZED, "not_admin");
    }
    let Ok(user) = serde_json::from_slice::<NewUser>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "validation_failed");
    };
    if user.password.len() < 8 {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "weak_password");
    }
    let email = user.email.to_lowercase();
    match auth.put_user(&email, &user.password, user.app_metadata) {
        Some(id) => Json(json!({"id": id, "email": email})).into_response(),
        None => refuse(StatusCode::UNPROCESSABLE_ENTITY, "email_exists"),
    }
}

fn is_service(headers: &HeaderMap) -> bool {
    let key = supabase::key("service_role");
    text(headers, "apikey") == key && text(headers, header::AUTHORIZATION.as_str()) == format!("Bearer {key}")
}
