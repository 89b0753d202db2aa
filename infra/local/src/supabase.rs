//! Supabase for the local stack: a gateway that counts, delays and breaks requests, in front of an embedded
//! Postgres with a PostgREST-compatible API, of a real PostgREST, or of a hosted project.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pglite_oxide::PgliteServer;
use postrust_core::AppConfig;
use postrust_server::Host;
use ring::hmac;
use serde_json::{Value, json};
use shared::http::Http;
use tokio_postgres::NoTls;
use tower::ServiceExt;
use url::Url;

use crate::{
    faults::{Fault, Faults},
    sandbox::Traffic,
    tripwire::Tripwire,
};

/// Signs the local project's keys; at least 32 bytes, as Supabase has it.
pub const JWT_SECRET: &str = "local-jwt-secret-of-at-least-thirty-two-bytes";

/// A key of the local project for one of Supabase's roles.
pub fn key(role: &str) -> String {
    sign(&json!({"role": role, "iss": "supabase", "exp": 4_102_444_800_i64}))
}

/// Signs claims with [`JWT_SECRET`] (HS256).
pub fn sign(claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, JWT_SECRET.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The migrations, in order: name and text.
pub fn migrations() -> anyhow::Result<Vec<(String, String)>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../supabase/migrations"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file)?;
            Ok((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
        })
        .collect()
}

/// Applies the migrations over a connection string.
pub async fn migrate(database_url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
    let connection = tokio::spawn(connection);
    for (name, text) in migrations()? {
        client.batch_execute(&text).await.with_context(|| format!("migration {name}"))?;
    }
    drop(client);
    connection.await??;
    Ok(())
}

/// Where the database is.
pub enum Upstream {
    /// In this process.
    Embedded {
        /// The PostgREST-compatible API.
        router: Router,
        /// Stops with it.
        _postgres: Arc<PgliteServer>,
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
        let postgres = tokio::task::spawn_blocking(PgliteServer::temporary_tcp)
            .await?
            .context("the embedded Postgres did not start")?;
        migrate(&postgres.database_url()).await?;
        let variables = [
            ("DATABASE_URL", postgres.database_url()),
            ("PGRST_DB_SCHEMAS", "public".into()),
            ("PGRST_DB_ANON_ROLE", "anon".into()),
            // The embedded Postgres has one backend, and no second connection to listen on.
            ("PGRST_DB_POOL", "1".into()),
            ("PGRST_DB_CHANNEL_ENABLED", "false".into()),
            ("PGRST_DB_MAX_ROWS", "1000".into()),
            ("PGRST_JWT_SECRET", JWT_SECRET.into()),
        ];
        let mut config = AppConfig::try_from_vars(variables).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        config.compat_mode = true;
        config.max_body_size = 64 * 1024 * 1024;
        let app = postrust_server::build(config, Host::SERVER).await?;
        Ok(Self::Embedded { router: app.router, _postgres: Arc::new(postgres) })
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
    if gateway.faults.strikes(Fault::SupabaseError) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "planted").into_response();
    }
    let Some(step) = gateway.tripwire.arrive("supabase").await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let response = gateway.answer(request).await;
    gateway.tripwire.leave(step).await;
    response
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
