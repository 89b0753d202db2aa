//! The HTTP API in front of `admin-api`: a browser's request becomes the event that API Gateway sends (payload format
//! 2.0), and the answer of the function's own processes becomes what the browser sees.
//!
//! Sources: AWS, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", "Quotas for configuring and running
//! an HTTP API", "Working with binary media types for HTTP APIs".

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use admin_api::Limits;
use anyhow::Context;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use gazelle_local::{
    clock::StackClock,
    lambda::{self, Ended, Lambda},
    stack::Stack,
};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use shared::{clock, task::Function};
use tokio::{net::TcpListener, sync::Semaphore};
use url::Url;

/// The integration's limit.
const LIMIT: Duration = Duration::from_secs(30);
/// The largest body, in bytes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// The longest request line and headers together, in bytes.
const LONGEST_HEAD: usize = 10_240;
/// Processes at once; who comes when all are busy waits.
const PROCESSES: usize = 4;

/// A gateway and the processes behind it.
pub struct Gateway {
    lambda: Lambda,
    clock: Arc<StackClock>,
    idle: Mutex<Vec<Process>>,
    free: Semaphore,
}

struct Process {
    sandbox: lambda::Sandbox,
    /// A process has the clock that it was started with.
    offset_ms: i64,
}

/// Serves a stack's console on a port of its own, for people who reach it there or at `public`; the port's address.
///
/// # Errors
/// When there is no port.
pub async fn serve(stack: &Stack, public: Option<&str>, limits: Limits) -> anyhow::Result<Url> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the gateway")?;
    let address = format!("http://{}", listener.local_addr()?);
    let gateway = Arc::new(Gateway::of(stack, public.unwrap_or(&address), limits));
    let router = Router::new().fallback(pass).with_state(gateway);
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address.parse()?)
}

impl Gateway {
    /// The gateway of a stack whose console people reach at `public`.
    pub fn of(stack: &Stack, public: &str, limits: Limits) -> Self {
        let mut lambda = stack.lambda.clone();
        lambda.environment.insert("CONSOLE_URL".into(), public.into());
        let limits = format!("{},{}", limits.user, limits.address);
        lambda.environment.insert(lambda::LIMITS_VARIABLE.into(), limits);
        let clock = stack.clock.clone();
        Self { lambda, clock, idle: Mutex::default(), free: Semaphore::new(PROCESSES) }
    }

    /// Hands an event to a process that is free, or to a new one.
    ///
    /// # Errors
    /// When no process can be started.
    pub async fn invoke(&self, event: &Value) -> anyhow::Result<Ended> {
        let _one = self.free.acquire().await?;
        let offset_ms = self.clock.offset_ms();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut process = match idle.filter(|process| process.offset_ms == offset_ms) {
            Some(process) => process,
            None => {
                let mut lambda = self.lambda.clone();
                lambda.environment.insert(clock::OFFSET_VARIABLE.into(), offset_ms.to_string());
                Process { sandbox: lambda.start(Function::AdminApi).await?, offset_ms }
            }
        };
        let ended = process.sandbox.invoke(&event.to_string(), "request", LIMIT).await;
        match ended {
            Ended::Crashed | Ended::TimedOut => eprintln!("{}", process.sandbox.end().await?),
            Ended::Answer(_) | Ended::Error { .. } => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
            }
        }
        Ok(ended)
    }
}

async fn pass(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let event = match event(request, &from.ip().to_string()).await {
        Ok(event) => event,
        Err(status) => return said(status),
    };
    match gateway.invoke(&event).await {
        Ok(Ended::Answer(answer)) => response(&answer).unwrap_or_else(|error| {
            eprintln!("the gateway understands no such answer: {error:#}");
            said(StatusCode::INTERNAL_SERVER_ERROR)
        }),
        Ok(Ended::TimedOut) => said(StatusCode::SERVICE_UNAVAILABLE),
        ended => {
            eprintln!("admin-api failed: {ended:?}");
            said(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// The gateway's own words.
fn said(status: StatusCode) -> Response {
    let message = status.canonical_reason().unwrap_or_default();
    (status, [("content-type", "application/json")], json!({"message": message}).to_string()).into_response()
}

/// The event of a request from an address: the path is decoded, the query is not, cookies stand apart from the other
/// headers, and bodies of unknown or binary kinds are in base64; forms are among them.
///
/// # Errors
/// What the gateway answers by itself.
pub async fn event(request: Request, from: &str) -> Result<Value, StatusCode> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let mut headers = headers(&parts.headers);
    let length: usize = headers.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
    if parts.uri.to_string().len() + length > LONGEST_HEAD {
        return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let cookie = headers.remove("cookie");
    // What the request says of where it comes from stands before what is known.
    let said = headers.get("x-forwarded-for").and_then(Value::as_str).map(|said| format!("{said}, {from}"));
    headers.insert("x-forwarded-for".into(), said.unwrap_or_else(|| from.to_owned()).into());
    headers.insert("x-forwarded-port".into(), "443".into());
    headers.insert("x-forwarded-proto".into(), "https".into());
    let text = |name: &str| headers.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": text("host"), "domainPrefix": "console",
            "http": {"method": parts.method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": from,
                     "userAgent": text("user-agent")},
            "requestId": "request-1", "routeKey": "$default", "stage": "$default",
            "time": "15/Jan/2026:06:00:00 +0000", "timeEpoch": 1_768_456_800_000_i64,
        },
        "isBase64Encoded": false,
    });
    if let Some(cookies) = cookie.as_ref().and_then(Value::as_str) {
        event["cookies"] = cookies.split(';').map(str::trim).collect();
    }
    if !body.is_empty() {
        let kinds = ["text/", "application/json", "application/javascript", "application/xml"];
        let is_text = kinds.iter().any(|kind| text("content-type").starts_with(kind));
        event["isBase64Encoded"] = (!is_text).into();
        event["body"] =
            if is_text { String::from_utf8_lossy(&body).into() } else { STANDARD.encode(&body).into() };
    }
    event["headers"] = headers.into();
    Ok(event)
}

/// Headers by their lower-case names; those that come more than once are joined.
fn headers(sent: &HeaderMap) -> Map<String, Value> {
    let mut headers = Map::new();
    for name in sent.keys() {
        let values =
            sent.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        headers.insert(name.as_str().into(), values.collect::<Vec<_>>().join(",").into());
    }
    headers
}

/// What the browser gets for a function's answer.
///
/// # Errors
/// When the gateway would not understand it.
pub fn response(answer: &Value) -> anyhow::Result<Response> {
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status.context("no status")?)?;
    let mut add = |name: &str, value: &str| -> anyhow::Result<()> {
        response.headers_mut().append(name.parse::<HeaderName>()?, value.parse::<HeaderValue>()?);
        Ok(())
    };
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        add(name, value.as_str().context("a header that is no text")?)?;
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        add("set-cookie", cookie.as_str().context("a cookie that is no text")?)?;
    }
    let body = answer["body"].as_str().unwrap_or_default();
    *response.body_mut() = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body)?.into(),
        _ => body.to_owned().into(),
    };
    Ok(response)
}
