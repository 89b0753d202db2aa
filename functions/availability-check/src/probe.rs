//! Probes: one request to a target, within its time, and what it says about it.
//!
//! The known services are asked at the addresses of the settings. Addresses from the table are asked by a client
//! that reaches the public internet only.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, header::AUTHORIZATION};
use serde::Deserialize;
use serde_json::json;
use shared::{
    clock,
    config::{Secret, Setting, Settings},
    error_kind::ErrorKind,
    http::{Cause, Http, HttpError, Request, Response, json_request},
    run::Run,
    supabase::SupabaseError,
};
use tokio::time::Instant;
use url::Url;
use x509_cert::{Certificate, der::Decode};

use crate::machine::Verdict;

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An address of the table.
    Http,
    /// A real query.
    Supabase,
    /// The GraphQL endpoint.
    Gazelle,
    /// Google Sheets.
    Google,
    /// The host of the webhooks: a webhook itself cannot be asked without a message.
    Slack,
    /// Whether the key is still one.
    Sendgrid,
    /// `getMe`.
    Telegram,
    /// `/health` of the console itself, at its public address.
    Console,
}

/// A row of `monitor_targets`, as far as probing goes.
#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    /// Technical name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Address, for [`Kind::Http`].
    pub url: Option<String>,
    /// Accepted statuses. None: 200 to 299, and of the known services what shows that they are there.
    pub expected_status: Vec<u16>,
    /// What the body must contain.
    pub expected_body: Option<String>,
    /// Slower than this is poor.
    pub latency_limit_ms: u64,
    /// A certificate that ends sooner is poor.
    pub certificate_days: i64,
    /// Slower than this is not there.
    pub timeout_ms: u64,
}

/// What one probe found.
#[derive(Debug, Clone)]
pub struct Check {
    /// Good, poor or bad.
    pub verdict: Verdict,
    /// Milliseconds until the answer, where there was one.
    pub latency_ms: Option<u64>,
    /// Why it is not good.
    pub error_kind: Option<ErrorKind>,
    /// When it was asked.
    pub checked_at: Timestamp,
}

/// What the probes need to know of the services.
pub struct Services {
    public: Http,
    gazelle: Url,
    google: Url,
    slack: Url,
    sendgrid: (Url, Secret),
    telegram: Option<(Url, Secret)>,
    console: Option<Url>,
}

impl Services {
    /// Reads the addresses of the services and of the console (`CONSOLE_URL`), and `MONITOR_PRIVATE_HOSTS`: hosts inside a
    /// private network that may be probed all the same, separated by commas.
    pub fn read(settings: &mut Settings) -> Self {
        let allowed = settings.optional(Setting::MonitorPrivateHosts).unwrap_or_default();
        let allowed = allowed.split(',').map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
        let mut slack = settings.url(Setting::SlackWebhookAdmin1);
        slack.set_path("/");
        let bot = settings.optional_key(Setting::TelegramBotToken);
        Self {
            public: Http::public(allowed),
            gazelle: settings.url(Setting::GazelleApiUrl),
            google: settings.url(Setting::GoogleSheetsUrl),
            slack,
            sendgrid: (settings.url(Setting::SendgridUrl), settings.required_key(Setting::SendgridApiKey)),
            telegram: bot.map(|token| (settings.url(Setting::TelegramUrl), token)),
            console: settings.optional_url(Setting::ConsoleUrl),
        }
    }

    /// Whether there is anything to probe: without a bot there is no Telegram, without its address no console.
    pub fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Telegram => self.telegram.is_some(),
            Kind::Console => self.console.is_some(),
            Kind::Http | Kind::Supabase | Kind::Gazelle | Kind::Google | Kind::Slack | Kind::Sendgrid => true,
        }
    }

    /// Probes a target.
    pub async fn probe(&self, run: &Run, target: &Target) -> Check {
        let checked_at = clock::now();
        let start = Instant::now();
        let limit = Duration::from_millis(target.timeout_ms);
        let found = tokio::time::timeout(limit, self.ask(run, target, limit)).await;
        let latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (verdict, error_kind) = match found.unwrap_or(Err(ErrorKind::Timeout)) {
            Err(kind) => {
                return Check { verdict: Verdict::Bad, latency_ms: None, error_kind: Some(kind), checked_at };
            }
            Ok(Some(kind)) => (Verdict::Poor, Some(kind)),
            Ok(None) if latency_ms > target.latency_limit_ms => (Verdict::Poor, Some(ErrorKind::Slow)),
            Ok(None) => (Verdict::Good, None),
        };
        Check { verdict, latency_ms: Some(latency_ms), error_kind, checked_at }
    }

    /// Good (`None`), poor with a reason, or bad with one.
    async fn ask(&self, run: &Run, target: &Target, limit: Duration) -> Result<Option<ErrorKind>, ErrorKind> {
        let get = |service, url: Url| Request {
            headers: Default::default(),
            ..json_request(service, Method::GET, url, Default::default())
        };
        let at = |url: &Url, path: &str| {
            let mut url = url.clone();
            url.set_path(path);
            url
        };
        // Whoever answers is there: without credentials a service says no, and that is an answer. Not one is that it is
        // somewhere else.
        let is_there = |status: u16| status < 500 && !is_redirect(status);
        let judged = |outcome: Result<Response, HttpError>, is_good: fn(u16) -> bool| {
            accepted(target, &outcome.map_err(|error| kind(&error))?, is_good).map(|()| None)
        };
        match target.kind {
            Kind::Supabase => {
                let query = run.supabase.from("monitor_targets").select("name").limit(1);
                let rows: Result<Vec<serde_json::Value>, _> = run.supabase.rows(query).await;
                rows.map(|_| None).map_err(|error| supabase_kind(&error))
            }
            Kind::Gazelle => {
                let body = json!({"query": "{ __typename }"}).to_string();
                let request = json_request("gazelle", Method::POST, self.gazelle.clone(), body.into());
                judged(run.http.peek(&request, limit).await, is_there)
            }
            Kind::Google => {
                let request = get("google", at(&self.google, "/v4/spreadsheets/none"));
                judged(run.http.peek(&request, limit).await, is_there)
            }
            Kind::Slack => {
                let request = get("slack", self.slack.clone());
                // The host of the webhooks sends a visitor of its root to Slack's pages: that is how it says that it is up.
                judged(run.http.peek(&request, limit).await, |status| status < 500)
            }
            Kind::Sendgrid => {
                let (url, key) = &self.sendgrid;
                let request = get("sendgrid", at(url, "/v3/scopes"));
                let request = request.with_key_header(key, AUTHORIZATION, "Bearer ");
                judged(run.http.peek(&request, limit).await, is_success)
            }
            Kind::Telegram => {
                let Some((url, token)) = &self.telegram else {
                    return Ok(None);
                };
                let request = json_request("telegram", Method::POST, url.clone(), "{}".into());
                let request = request.with_key_in_address(token, |request, token| {
                    request.url.set_path(&format!("/bot{token}/getMe"));
                });
                judged(run.http.peek(&request, limit).await, is_success)
            }
            Kind::Console => {
                let Some(url) = &self.console else {
                    return Ok(None);
                };
                // An address with a path is that of a stage, below which the console is.
                let health = at(url, &format!("{}/health", url.path().trim_end_matches('/')));
                let response = run.http.peek(&get("console", health), limit).await;
                answers_about_itself(target, &response.map_err(|error| kind(&error))?)
            }
            Kind::Http => {
                let url =
                    target.url.as_deref().and_then(|url| url.parse().ok()).ok_or(ErrorKind::NotAnAddress)?;
                let response =
                    self.public.peek(&get("monitored", url), limit).await.map_err(|error| kind(&error))?;
                expected(target, &response)
            }
        }
    }
}

/// Whether the console is there. That Supabase does not answer it, is said by the target Supabase: someone is notified once.
fn answers_about_itself(target: &Target, response: &Response) -> Result<Option<ErrorKind>, ErrorKind> {
    #[derive(Deserialize)]
    struct Health {
        checks: Vec<Dependency>,
    }
    #[derive(Deserialize)]
    struct Dependency {
        name: String,
        status: String,
    }
    let only_without_database = |health: Health| {
        let mut failing = health.checks.iter().filter(|check| check.status != "ok").peekable();
        failing.peek().is_some() && failing.all(|check| check.name == "database")
    };
    let health = serde_json::from_slice::<Health>(&response.body);
    if response.status == 503 && health.is_ok_and(only_without_database) {
        return Ok(None);
    }
    expected(target, response)
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Answers that only say where to go on. Nobody goes there: whether something is there is not known.
fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether a status is one that the table expects or, where it names none, that `is_good` takes.
fn accepted(target: &Target, response: &Response, is_good: fn(u16) -> bool) -> Result<(), ErrorKind> {
    let status = response.status;
    let is_expected = if target.expected_status.is_empty() {
        is_good(status)
    } else {
        target.expected_status.contains(&status)
    };
    if is_expected {
        return Ok(());
    }
    Err(if is_redirect(status) { ErrorKind::Redirect } else { ErrorKind::Http(status) })
}

/// Whether an answer is the one that the table expects.
fn expected(target: &Target, response: &Response) -> Result<Option<ErrorKind>, ErrorKind> {
    accepted(target, response, is_success)?;
    if let Some(text) = &target.expected_body
        && !String::from_utf8_lossy(&response.body).contains(text.as_str())
    {
        return Err(ErrorKind::UnexpectedBody);
    }
    let days = response.certificate.as_deref().and_then(|der| days_left(der, clock::now()));
    Ok(days.filter(|days| *days < target.certificate_days).map(|_| ErrorKind::CertificateEnds))
}

/// Whole days until a certificate ends; `None` when it cannot be read.
fn days_left(der: &[u8], now: Timestamp) -> Option<i64> {
    let certificate = Certificate::from_der(der).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    Some((i64::try_from(end.as_secs()).ok()? - now.as_second()) / 86_400)
}

fn supabase_kind(error: &SupabaseError) -> ErrorKind {
    match error {
        SupabaseError::Unavailable(error) => kind(error),
        SupabaseError::Refused { .. }
        | SupabaseError::Data { .. }
        | SupabaseError::Input { .. }
        | SupabaseError::LeaseLost
        | SupabaseError::Malformed => ErrorKind::Refused,
    }
}

fn kind(error: &HttpError) -> ErrorKind {
    match error.cause {
        Cause::Connect(why) => why.kind(),
        Cause::Timeout => ErrorKind::Timeout,
        Cause::Cut => ErrorKind::Cut,
        Cause::Status(status) => ErrorKind::Http(status),
        Cause::Malformed => ErrorKind::Malformed,
        Cause::Forbidden => ErrorKind::NotPublic,
    }
}

#[cfg(test)]
mod tests {
    use shared::http::Unreached;

    use super::*;

    /// Self-signed for `service.example`; it ends on 19 February 2027 at 13:15:09 UTC.
    const CERTIFICATE: &[u8] = include_bytes!("probe/certificate.der");

    fn target() -> Target {
        serde_json::from_value(json!({
            "name": "t", "label": "T", "kind": "http", "url": null, "expected_status": [], "expected_body": "ready",
            "latency_limit_ms": 1000, "certificate_days": 14, "timeout_ms": 1000,
        }))
        .unwrap()
    }

    fn response(status: u16, body: &'static str, certificate: Option<&[u8]>) -> Response {
        let certificate = certificate.map(<[u8]>::to_vec);
        Response { status, headers: Default::default(), body: body.into(), certificate }
    }

    #[test]
    fn the_console_is_down_unless_only_the_database_is() {
        let of = |status, body| {
            answers_about_itself(&Target { expected_body: None, ..target() }, &response(status, body, None))
        };
        let up =
            r#"{"status":"ok","checks":[{"name":"database","status":"ok"},{"name":"auth","status":"ok"}]}"#;
        let database = r#"{"status":"unavailable","checks":[{"name":"database","status":"unavailable"},{"name":"auth","status":"ok"}]}"#;
        let auth = r#"{"status":"unavailable","checks":[{"name":"database","status":"ok"},{"name":"auth","status":"unavailable"}]}"#;
        let both = r#"{"status":"unavailable","checks":[{"name":"database","status":"unavailable"},{"name":"auth","status":"unavailable"}]}"#;
        assert_eq!((of(200, up), of(503, database)), (Ok(None), Ok(None)));
        for body in [auth, both, up, r#"{"status":"unavailable","checks":[]}"#, "Service Unavailable"] {
            assert_eq!(of(503, body), Err(ErrorKind::Http(503)), "{body}");
        }
        // Not the console's own word.
        assert_eq!(of(500, database), Err(ErrorKind::Http(500)));
        assert_eq!(of(302, ""), Err(ErrorKind::Redirect));
    }

    #[test]
    fn the_days_of_a_certificate_are_counted() {
        let days = |now: &str| days_left(CERTIFICATE, now.parse().unwrap());
        assert_eq!(days("2027-02-05T13:15:09Z"), Some(14));
        assert_eq!(days("2027-02-05T13:15:10Z"), Some(13));
        assert_eq!(days("2027-02-21T00:00:00Z"), Some(-1));
        assert_eq!(days_left(b"no certificate", Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn the_reason_of_a_failure_has_its_own_name() {
        let named = |cause| kind(&HttpError { service: "monitored", cause, attempts: 1 });
        for (why, name) in [
            (Unreached::Dns, "dns"),
            (Unreached::Refused, "connection_refused"),
            (Unreached::Timeout, "timeout"),
            (Unreached::CertificateUntrusted, "certificate_untrusted"),
            (Unreached::CertificateExpired, "certificate_expired"),
            (Unreached::CertificateName, "certificate_name"),
            (Unreached::Tls, "tls"),
            (Unreached::Other, "no_connection"),
        ] {
            assert_eq!(named(Cause::Connect(why)).name(), name);
        }
        assert_eq!(named(Cause::Timeout), ErrorKind::Timeout);
        assert_eq!(named(Cause::Forbidden), ErrorKind::NotPublic);
    }

    #[test]
    fn an_answer_is_judged_by_status_body_and_certificate() {
        let judged = |status, body, certificate| expected(&target(), &response(status, body, certificate));
        assert_eq!(judged(200, "I am ready.", None), Ok(None));
        assert_eq!(judged(204, "ready", None), Ok(None));
        for elsewhere in [301, 302, 303, 307, 308] {
            assert_eq!(judged(elsewhere, "ready", None), Err(ErrorKind::Redirect));
        }
        assert_eq!(judged(304, "ready", None), Err(ErrorKind::Http(304)));
        let moved = Target { expected_status: vec![301, 302], ..target() };
        let answer = |status| expected(&moved, &response(status, "ready", None));
        assert_eq!(answer(302), Ok(None), "the table expects it");
        assert_eq!(answer(307), Err(ErrorKind::Redirect));
        assert_eq!(answer(200), Err(ErrorKind::Http(200)));
        assert_eq!(judged(404, "ready", None), Err(ErrorKind::Http(404)));
        assert_eq!(judged(200, "soon", None), Err(ErrorKind::UnexpectedBody));
        let patient = Target { certificate_days: 100_000, ..target() };
        assert_eq!(
            expected(&patient, &response(200, "ready", Some(CERTIFICATE))),
            Ok(Some(ErrorKind::CertificateEnds))
        );
    }
}
