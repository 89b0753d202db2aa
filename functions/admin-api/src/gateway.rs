//! The event that API Gateway sends (payload format 2.0), made into one that always becomes a request.
//!
//! `lambda_http` builds the request before any code of ours, and panics at what it cannot build. So the event is looked
//! at first: what a gateway changed on its way is put right, and what nobody can read is refused by the router with 400.
//!
//! Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway". The path arrives decoded there, the
//! query as it was sent.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{
    Adapter, LambdaEvent, Service,
    aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    lambda_runtime::{self, tower::service_fn},
    request::LambdaRequest,
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::config::{Cached, ConfigError, Settings};
use url::{Url, form_urlencoded};

use crate::problem::Problem;

/// What an event is answered that comes from somewhere else, such as the test button of the AWS console.
const ACCEPTED: &str = "unknown payload; accepted: an event of an API Gateway HTTP API, payload format 2.0 \
     (an example is events/admin-api.health.json)";

/// Of a path's characters those that mean themselves: RFC 3986, 3.3.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What a query never holds, because every browser encodes it, as what is not ASCII: WHATWG URL, query percent-encode set.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The longest path and query together; the gateway takes no longer request line.
const LONGEST_ADDRESS: usize = 10_240;

/// In a request's extensions: nobody can read it.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable;

/// Serves events until the platform ends the process, by the router that is made of the settings as they are.
///
/// # Errors
/// When the runtime ends.
pub async fn serve(
    make: impl Fn(&mut Settings) -> Result<Router, ConfigError> + 'static,
) -> Result<(), lambda_runtime::Error> {
    let kept = Cached::load(make).await;
    let answer = async |LambdaEvent { payload, context }: LambdaEvent<Value>| {
        let (event, is_readable) = read(payload).ok_or(ACCEPTED)?;
        let mut router = Router::clone(&*kept.current().await?);
        let mut service = Adapter::from(service_fn(move |mut request: lambda_http::Request| {
            if !is_readable {
                request.extensions_mut().insert(Unreadable);
            }
            router.call(request)
        }));
        let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(event), context);
        Ok::<_, lambda_runtime::Error>(service.call(event).await?)
    };
    lambda_runtime::run(service_fn(answer)).await
}

/// The event, and whether it can be read; none for what is no event of an HTTP API at all.
fn read(mut payload: Value) -> Option<(ApiGatewayV2httpRequest, bool)> {
    payload["requestContext"]["http"].as_object()?;
    let is_readable = mend(&mut payload);
    match ApiGatewayV2httpRequest::deserialize(payload) {
        Ok(event) => Some((event, is_readable)),
        Err(_) => {
            let bare = json!({"requestContext": {"http": {"method": "GET"}}});
            Some((ApiGatewayV2httpRequest::deserialize(bare).ok()?, false))
        }
    }
}

/// Makes every part one of which a request can be built; whether it still says what it said.
fn mend(event: &mut Value) -> bool {
    // The function answers whole paths, whatever the stage is called.
    event["requestContext"]["stage"] = "$default".into();
    let mut is_readable = true;
    let method = &mut event["requestContext"]["http"]["method"];
    if method.as_str().is_none_or(|method| Method::from_bytes(method.as_bytes()).is_err()) {
        (*method, is_readable) = ("GET".into(), false);
    }
    mend_headers(event);

    let address = address(event);
    is_readable &= address.is_some();
    let (path, query) = address.unwrap_or_else(|| ("/".into(), String::new()));
    event["rawPath"] = path.into();
    event["rawQueryString"] = query.into();

    let is_body = match text(&event["body"]) {
        Some(body) => event["isBase64Encoded"] != true || STANDARD.decode(body).is_ok(),
        None => false,
    };
    if !is_body {
        (event["body"], is_readable) = (Value::Null, false);
    }
    is_readable
}

/// Path and query as they were sent, where they are such.
fn address(event: &Value) -> Option<(String, String)> {
    let path = utf8_percent_encode(event["rawPath"].as_str()?, PATH).to_string();
    let query = text(&event["rawQueryString"])?;
    let is_query = utf8_percent_encode(query, NOT_IN_QUERY).to_string() == query;
    let is_address = path.starts_with('/') && is_query && path.len() + query.len() <= LONGEST_ADDRESS;
    is_address.then(|| (path, query.to_owned()))
}

/// A text that may be absent; nothing of another kind is taken for an empty one.
fn text(value: &Value) -> Option<&str> {
    if value.is_null() { Some("") } else { value.as_str() }
}

/// Leaves the headers and cookies that can be sent. Without a usable host a request is nobody's own.
fn mend_headers(event: &mut Value) {
    let is_host = |host: &str| {
        let is_authority = host.parse::<Authority>().is_ok_and(|authority| !authority.as_str().contains('@'));
        is_authority && Url::parse(&format!("https://{host}/")).is_ok()
    };
    if let Some(headers) = event["headers"].as_object_mut() {
        headers.retain(|name, value| {
            let Some(value) = value.as_str() else { return false };
            let is_header =
                HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok();
            is_header
                && match name.to_ascii_lowercase().as_str() {
                    "host" => is_host(value),
                    "x-forwarded-proto" => ["http", "https"].contains(&value),
                    _ => true,
                }
        });
    }
    if event["requestContext"]["domainName"].as_str().is_some_and(|host| !is_host(host)) {
        event["requestContext"]["domainName"] = Value::Null;
    }
    // One cookie of somebody else's must not take the session's away.
    if let Some(cookies) = event["cookies"].as_array_mut() {
        let is_plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        cookies.retain(|cookie| cookie.as_str().is_some_and(|cookie| cookie.as_bytes().iter().all(is_plain)));
    }
}

/// Middleware: what nobody can read is refused before anybody is asked who sends it.
pub async fn refuse_unreadable(request: Request, next: Next) -> Response {
    if request.extensions().get::<Unreadable>().is_some() {
        return Problem::unreadable().into_response();
    }
    if !is_text(&request) {
        return Problem::not_found().into_response();
    }
    next.run(request).await
}

/// Whether the path is UTF-8: the router would refuse another one in its own words.
fn is_text(request: &Request) -> bool {
    let strange = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    !form_urlencoded::parse(request.uri().path().as_bytes())
        .any(|(name, value)| strange(&name) || strange(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Path and query of the request that an event becomes, and whether it can be read.
    fn request(event: Value) -> (lambda_http::Request, bool) {
        let (event, is_readable) = read(event).unwrap();
        (LambdaRequest::ApiGatewayV2(event).into(), is_readable)
    }

    fn event(path: &str, query: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {"host": "console.example"},
            "requestContext": {"stage": "$default", "domainName": "console.example", "http": {"method": "GET", "path": path}},
            "isBase64Encoded": false,
        })
    }

    #[test]
    fn a_decoded_path_is_the_path_that_was_sent() {
        for (decoded, sent) in [
            ("/runs/1", "/runs/1"),
            ("/notices/a?b#c", "/notices/a%3Fb%23c"),
            ("/notices/100% é\\", "/notices/100%25%20%C3%A9%5C"),
            ("/notices/<script>", "/notices/%3Cscript%3E"),
        ] {
            let (request, is_readable) = request(event(decoded, "a=%20b&c=|{}"));
            assert!(is_readable, "{decoded}");
            assert_eq!(request.uri().path(), sent);
            assert!(request.uri().query().is_some_and(|query| query.starts_with("a=%20b&c=|")));
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused_and_panics_nowhere() {
        for query in
            ["a=<b>", "a=b c", "a=\tb", "a=\"b\"", "a=#b", "a=é", "a=\u{0}", &"a".repeat(LONGEST_ADDRESS)]
        {
            assert!(!request(event("/", query)).1, "{query:?}");
        }
        let changed = |change: fn(&mut Value)| {
            let mut event = event("/runs", "");
            change(&mut event);
            request(event).1
        };
        assert!(!changed(|event| event["requestContext"]["http"]["method"] = "GE T".into()));
        assert!(!changed(|event| event["rawPath"] = "runs".into()));
        for field in ["rawPath", "rawQueryString", "body"] {
            let mut event = event("/runs", "");
            event[field] = json!(["/runs"]);
            assert!(!request(event).1, "{field}");
        }
        assert!(!changed(|event| event["requestContext"]["timeEpoch"] = "never".into()));
        assert!(!changed(|event| {
            event["isBase64Encoded"] = true.into();
            event["body"] = "%".into();
        }));
        // Nobody's request, but one that can be read.
        for host in ["a b", "", "a/b", "x@y", "[", "a:b:c", "é"] {
            let mut event = event("/runs", "");
            event["headers"]["host"] = host.into();
            event["requestContext"]["domainName"] = host.into();
            event["requestContext"]["stage"] = host.into();
            event["headers"]["x-forwarded-proto"] = host.into();
            let (request, is_readable) = request(event);
            assert!(is_readable && request.uri().path() == "/runs", "{host:?} {:?}", request.uri());
        }
    }

    #[test]
    fn a_cookie_of_another_application_does_not_take_the_session_away() {
        let mut event = event("/runs", "");
        event["cookies"] = json!(["prénom=Zoé", "__Host-session=s", "a=\u{7}"]);
        assert_eq!(request(event).0.headers()["cookie"], "__Host-session=s");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for payload in [json!({}), Value::Null, json!([1]), json!({"source": "aws.events"}), json!("x")] {
            assert!(read(payload).is_none());
        }
    }
}
