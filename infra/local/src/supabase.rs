//! Supabase for the local stack: a gateway that counts, delays and breaks requests, in front of an embedded
//! Postgres with a PostgREST-compatible API, of a real PostgREST, or of a hosted project.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use postrust_core::{AppConfig, SchemaCache};
use postrust_server::{AppState, handle_request};
use ring::hmac;
use serde_json::{Value, json};
use shared::http::Http;
use sqlx::postgres::PgPoolOptions;
use tower::ServiceExt;
use url::Url;

use crate::{
    embedded::Postgres,
    faults::{Fault, Faults},
    sandbox::Traffic,
    tripwire::Tripwire,
};

/// How long a request waits for the one connection: another one is at work, or it died and comes back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

/// Signs the local project's keys; at least 32 bytes, as Supabase has it.
pub const JWT_SECRET: &str = "local-jwt-secret-of-at-least-thirty-two-bytes";

/// A key of the local project for one of Supabase's roles.
pub fn key(role: &str) -> String {
    sign(&json!({"role": role, "iss": "supabase", "exp": 4_102_444_800_i64}))
}

/// Another key for the same role, as a rotation makes one.
pub fn other_key(role: &str) -> String {
    sign(&json!({"role": role, "iss": "supabase", "exp": 4_102_444_801_i64}))
}

/// Whether a key is one of the role's.
pub fn is_key(given: &str, role: &str) -> bool {
    [key(role), other_key(role)].iter().any(|key| key == given)
}

/// Signs claims with [`JWT_SECRET`] (HS256).
pub fn sign(claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, JWT_SECRET.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Where the database is.
pub enum Upstream {
    /// In this process.
    Embedded {
        /// The PostgREST-compatible API.
        router: Router,
        /// The database; it stops with this.
        postgres: Postgres,
    },
    /// Behind an address: a PostgREST, or a project (`…/rest/v1`).
    Remote {
        /// Address that paths are appended to.
        base: Url,
        /// Client.
        http: Http,
    },
}

impl Upstream {
    /// An empty embedded database with all migrations.
    pub async fn embedded() -> anyhow::Result<Self> {
        Self::embedded_with(PgPoolOptions::new().max_lifetime(None).idle_timeout(None)).await
    }

    /// The same over connections of another life: a pool closes one that is old or idle, and opens another.
    pub async fn embedded_with(pool: PgPoolOptions) -> anyhow::Result<Self> {
        let postgres = Postgres::migrated().await?;
        let variables = [
            ("DATABASE_URL", postgres.url.clone()),
            ("PGRST_DB_SCHEMAS", "public".into()),
            ("PGRST_DB_ANON_ROLE", "anon".into()),
            ("PGRST_DB_CHANNEL_ENABLED", "false".into()),
            ("PGRST_DB_MAX_ROWS", "1000".into()),
            ("PGRST_JWT_SECRET", JWT_SECRET.into()),
        ];
        let mut config = AppConfig::try_from_vars(variables).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        config.compat_mode = true;
        config.max_body_size = 64 * 1024 * 1024;
        // The embedded Postgres has one backend.
        let pool = pool.max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect(&postgres.url).await?;
        let schema =
            SchemaCache::load_with_search_path(&pool, &config.db_schemas, &config.db_extra_search_path)
                .await?;
        let state = AppState::new(pool, schema, config)?;
        let router = Router::new().fallback(handle_request).with_state(Arc::new(state));
        Ok(Self::Embedded { router, postgres })
    }

    /// A PostgREST or a hosted project at `base`.
    pub fn remote(base: Url) -> Self {
        Self::Remote { base, http: Http::new() }
    }

    async fn call(&self, request: Request) -> anyhow::Result<Response> {
        match self {
            Upstream::Embedded { router, .. } => {
                let response = router.clone().oneshot(spaces_spelled_out(request)?).await?;
                known_role_is_forbidden(response).await
            }
            Upstream::Remote { base, http } => forward(base, http, request).await,
        }
    }
}

/// The embedded API does not read `+` in a query as a space.
fn spaces_spelled_out(mut request: Request) -> anyhow::Result<Request> {
    if request.uri().query().is_some_and(|query| query.contains('+')) {
        let uri: Uri = request.uri().to_string().replace('+', "%20").parse()?;
        *request.uri_mut() = uri;
    }
    Ok(request)
}

/// The embedded API answers 401 where PostgREST answers 403: an authenticated role that may not.
async fn known_role_is_forbidden(response: Response) -> anyhow::Result<Response> {
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await?;
    let code: Value = serde_json::from_slice(&body).unwrap_or_default();
    if code["code"] == "42501" {
        parts.status = StatusCode::FORBIDDEN;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn forward(base: &Url, http: &Http, request: Request) -> anyhow::Result<Response> {
    let (parts, body) = request.into_parts();
    let mut url = base.clone();
    url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), parts.uri.path()));
    url.set_query(parts.uri.query());
    let mut headers = parts.headers;
    for hop in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(hop);
    }
    let request = shared::http::Request {
        service: "supabase",
        method: parts.method,
        url,
        headers,
        body: to_bytes(body, 64 << 20).await?,
        key: None,
    };
    let answer = http.send_once(&request, Duration::from_secs(60)).await?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status)?;
    for (name, value) in answer.headers {
        if let Some(name) =
            name.filter(|name| *name != header::TRANSFER_ENCODING && *name != header::CONTENT_LENGTH)
        {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// The gateway's state.
pub struct Gateway {
    /// The database.
    pub upstream: Upstream,
    /// Added to every request.
    pub latency: Duration,
    /// Faults in force.
    pub faults: Arc<Faults>,
    /// Requests so far.
    pub traffic: Arc<Traffic>,
    /// Kills the running function at a chosen request.
    pub tripwire: Arc<Tripwire>,
}

impl Gateway {
    /// Serves `/rest/v1`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// The same for an observer: nothing is counted, delayed or broken.
    pub fn observer_router(self: &Arc<Self>) -> Router {
        Router::new().fallback(observe).with_state(self.clone())
    }

    /// Asks the database. A caller that dies meanwhile does not stop it: no database knows of its caller's death.
    async fn answer(self: &Arc<Self>, request: Request) -> Response {
        let gateway = self.clone();
        let call = tokio::spawn(async move { gateway.ask(request).await });
        call.await.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
    }

    async fn ask(&self, request: Request) -> Response {
        self.upstream.call(request).await.unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "gateway.failed");
            StatusCode::BAD_GATEWAY.into_response()
        })
    }
}

/// Takes `/rest/v1` off the path.
fn below_rest(mut request: Request) -> Option<Request> {
    let path = request.uri().path_and_query()?.as_str().strip_prefix("/rest/v1")?;
    *request.uri_mut() = path.parse().ok()?;
    Some(request)
}

async fn observe(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    match below_rest(request) {
        Some(request) => gateway.answer(request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    gateway.traffic.count("supabase");
    let Some(request) = below_rest(request) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    tokio::time::sleep(gateway.latency).await;
    if gateway.faults.is_revoked(request.headers()) {
        return no_key();
    }
    if let Some(refusal) = refused(&gateway.faults) {
        return refusal;
    }
    let request =
        if gateway.faults.strikes(Fault::SupabaseMaxRows) { with_max_rows(request) } else { request };
    let Some(step) = gateway.tripwire.arrive("supabase").await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let response = gateway.answer(request).await;
    gateway.tripwire.leave(step).await;
    response
}

/// What Supabase's gateway answers to a key that is none, before anything of the project is asked.
pub fn no_key() -> Response {
    let hint = "Double check your Supabase `anon` or `service_role` API key.";
    (StatusCode::UNAUTHORIZED, axum::Json(json!({"message": "Invalid API key", "hint": hint})))
        .into_response()
}

/// What Supabase answers instead, where a fault is in force.
fn refused(faults: &Faults) -> Option<Response> {
    let refuse = |status: StatusCode, code: &str, message: &str| {
        (status, axum::Json(json!({"code": code, "message": message, "details": null, "hint": null})))
            .into_response()
    };
    match () {
        () if faults.strikes(Fault::SupabaseError) => {
            Some((StatusCode::INTERNAL_SERVER_ERROR, "planted").into_response())
        }
        () if faults.strikes(Fault::SupabaseRestarting) => {
            let message = "the database system is starting up";
            Some(refuse(StatusCode::INTERNAL_SERVER_ERROR, "57P03", message))
        }
        () if faults.strikes(Fault::SupabaseSchemaCache) => {
            let message = "Could not find the function in the schema cache";
            Some(refuse(StatusCode::NOT_FOUND, "PGRST202", message))
        }
        () => None,
    }
}

/// The same read for seven rows at most, whatever was asked for.
fn with_max_rows(mut request: Request) -> Request {
    const MAX_ROWS: &str = "7";
    let path = request.uri().path().to_owned();
    if request.method() != Method::GET {
        return request;
    }
    let query = request.uri().query().unwrap_or_default();
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "limit");
    let is_less = asked.is_some_and(|(_, limit)| limit.parse::<u32>().is_ok_and(|limit| limit < 7));
    if is_less {
        return request;
    }
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("limit="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("limit={MAX_ROWS}")]).collect();
    if let Ok(uri) = format!("{path}?{}", query.join("&")).parse() {
        *request.uri_mut() = uri;
    }
    request
}

/// Refuses a project whose mirror holds rows that did not come from an invented company.
pub async fn refuse_foreign_mirror(supabase: &shared::supabase::Supabase, mark: &str) -> anyhow::Result<()> {
    let query = supabase
        .from("gazelle_clients")
        .select("external_id")
        .not("like", "external_id", format!("*{mark}*"))
        .limit(1);
    let rows: Vec<Value> =
        supabase.rows(query).await.context("reading the project's mirror; is it migrated?")?;
    if !rows.is_empty() {
        bail!("this project's mirror holds rows that the local stack did not create; use an empty project");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn connections_that_die_come_back_with_the_data() {
        // Every connection is too old as soon as it was used once.
        let pool = PgPoolOptions::new().max_lifetime(Duration::from_nanos(1));
        let upstream = Upstream::embedded_with(pool).await.unwrap();
        let bearer = format!("Bearer {}", key("service_role"));
        let ask = async |method: &str, body: &str| {
            let request = Request::builder()
                .method(method)
                .uri("/notices?select=fingerprint")
                .header(header::AUTHORIZATION, &bearer)
                .header(header::CONTENT_TYPE, "application/json")
                .header("prefer", "return=representation")
                .body(Body::from(body.to_owned()))
                .unwrap();
            let response = upstream.call(request).await.unwrap();
            let status = response.status();
            let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
            assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
            serde_json::from_slice::<Value>(&body).unwrap()
        };
        let Upstream::Embedded { postgres, .. } = &upstream else { unreachable!() };
        for count in 1..=5 {
            // A connection that ends in an error is its own end, not the server's.
            let mut stranger = std::net::TcpStream::connect(postgres.address).unwrap();
            std::io::Write::write_all(&mut stranger, &[0, 0, 0, 4]).unwrap();
            drop(stranger);
            let notice = json!({
                "fingerprint": count.to_string(), "event_type": "x", "severity": "info",
                "opened_at": "2026-01-15T06:00:00Z", "last_seen_at": "2026-01-15T06:00:00Z",
            });
            ask("POST", &notice.to_string()).await;
            assert_eq!(ask("GET", "").await.as_array().map(Vec::len), Some(count));
        }
    }
}
