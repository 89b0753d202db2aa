//! The HTTP API in front of `admin-api`: a browser's request becomes the event that API Gateway sends (payload format
//! 2.0), and the answer of the function's own process becomes what the browser sees.
//!
//! Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".

use std::time::Duration;

use anyhow::{Context, ensure};
use gazelle_local::{lambda::Ended, stack::Stack};
use serde_json::{Value, json};
use shared::task::Function;

/// Where people reach the console behind this gateway.
pub const HOST: &str = "console.example";
/// The integration's limit.
const LIMIT: Duration = Duration::from_secs(30);

/// What a browser asks.
#[derive(Debug, Clone, Default)]
pub struct Asked<'a> {
    /// Method; `GET` when empty.
    pub method: &'a str,
    /// Path and query, as the address bar has them.
    pub address: &'a str,
    /// Headers, with lower-case names.
    pub headers: Vec<(&'a str, &'a str)>,
    /// Body.
    pub body: &'a str,
}

/// What a browser is answered.
#[derive(Debug)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Headers of one value.
    pub headers: Value,
    /// `Set-Cookie`, each.
    pub cookies: Vec<String>,
    /// Body, decoded.
    pub body: String,
}

impl Answered {
    /// Where the browser is sent.
    ///
    /// # Errors
    /// When it is sent nowhere.
    pub fn location(&self) -> anyhow::Result<&str> {
        self.headers["location"].as_str().with_context(|| format!("{} leads nowhere", self.status))
    }
}

/// Sends a request through the gateway to the built function.
///
/// # Errors
/// When the function does not answer as the gateway understands it.
pub async fn ask(stack: &Stack, asked: &Asked<'_>) -> anyhow::Result<Answered> {
    let invocation = stack
        .lambda
        .invoke(Function::AdminApi, &event(asked).to_string(), &stack.request_id(), LIMIT, &stack.tripwire)
        .await?;
    let Ended::Answer(answer) = invocation.ended else {
        anyhow::bail!("{:?}: {}", invocation.ended, invocation.log);
    };
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let body = answer["body"].as_str().unwrap_or_default();
    ensure!(answer["isBase64Encoded"] == false, "nobody asked for a compressed answer: {answer}");
    let cookies = answer["cookies"].as_array().into_iter().flatten();
    Ok(Answered {
        status: status.with_context(|| answer.to_string())?,
        headers: answer["headers"].clone(),
        cookies: cookies.filter_map(|cookie| cookie.as_str().map(str::to_owned)).collect(),
        body: body.to_owned(),
    })
}

/// The event of a request: the path is decoded, the query is not, cookies stand apart from the other headers.
fn event(asked: &Asked<'_>) -> Value {
    let (path, query) = asked.address.split_once('?').unwrap_or((asked.address, ""));
    let path = decoded(path);
    let method = if asked.method.is_empty() { "GET" } else { asked.method };
    let mut headers = json!({
        "host": HOST, "x-forwarded-for": "192.0.2.1", "x-forwarded-port": "443", "x-forwarded-proto": "https",
    });
    let mut cookies = Vec::new();
    for (name, value) in &asked.headers {
        match *name {
            "cookie" => cookies.extend(value.split("; ").map(str::to_owned)),
            name => headers[name] = (*value).into(),
        }
    }
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": HOST, "domainPrefix": "console",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                     "userAgent": "browser"},
            "requestId": "request-1", "routeKey": "$default", "stage": "$default",
            "time": "15/Jan/2026:06:00:00 +0000", "timeEpoch": 1_768_456_800_000_i64,
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !asked.body.is_empty() {
        event["body"] = asked.body.into();
    }
    event
}

fn decoded(path: &str) -> String {
    // `+` means itself in a path.
    let pairs = format!("path={}", path.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(pairs.as_bytes());
    pairs.next().map(|(_, path)| path.into_owned()).unwrap_or_default()
}
