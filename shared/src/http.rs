//! The one HTTP client: TLS provider, connection pool, deadlines, retries with `Retry-After`, redacted errors.
//!
//! It classifies answers by what the caller can do about them. An error names the service and the reason, never
//! the address (a Slack webhook *is* a secret) nor the body.

mod key;
mod public;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backon::BackoffBuilder;
use bytes::{Bytes, BytesMut};
use jiff::fmt::rfc2822;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::time::Instant;
use url::Url;

pub use self::key::Key;
use self::public::{NotPublic, PublicOnly};
use crate::error_kind::ErrorKind;

/// Answers larger than this are refused: memory stays bounded whatever a service sends.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// What is looked at of an answer of which only the beginning matters.
const PEEK_BYTES: usize = 256 * 1024;
/// Waits longer than this are not worth a Lambda's time, whatever `Retry-After` says.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The process's HTTP client. Cheap to clone: all clones share one pool.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    guard: Option<PublicOnly>,
    retries: Arc<AtomicU64>,
}

/// What becomes of a body that is larger, in bytes.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Refuse(usize),
    Cut(usize),
}

/// One request, to be sent as often as its [`Retry`] allows.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who is called, for logs and errors: `gazelle`, `supabase` …
    pub service: &'static str,
    /// Method.
    pub method: Method,
    /// Full address; never shown.
    pub url: Url,
    /// Headers; never shown.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// The key that is in it, where the setting may change.
    pub key: Option<Key>,
}

/// How long and how often a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: usize,
    /// Limit of one attempt, answer body included.
    pub timeout: Duration,
    /// Limit of all attempts and waits together.
    pub budget: Duration,
    /// First wait; doubled with jitter after that.
    pub first_wait: Duration,
}

impl Retry {
    /// For calls that may be repeated safely: five attempts within 40 s.
    pub const SAFE: Retry = Retry {
        attempts: 5,
        timeout: Duration::from_secs(10),
        budget: Duration::from_secs(40),
        first_wait: Duration::from_millis(200),
    };
    /// For calls whose effect must not double: one attempt.
    pub const ONCE: Retry = Retry {
        attempts: 1,
        timeout: Duration::from_secs(8),
        budget: Duration::from_secs(8),
        first_wait: Duration::from_millis(200),
    };
}

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Whole body.
    pub body: Bytes,
    /// The server's certificate (DER), where it has one and the client is [`Http::public`].
    pub certificate: Option<Vec<u8>>,
}

/// Nobody waits longer than this because a header says so.
const LONGEST_ASKED_SECONDS: f64 = 86_400.0;

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Cause::Malformed`] when it is not what `T` says.
    pub fn json<T: serde::de::DeserializeOwned>(&self, service: &'static str) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|_| HttpError {
            service,
            cause: Cause::Malformed,
            attempts: 1,
        })
    }

    /// How long to wait before the next attempt, at most a day: from `Retry-After` (seconds, also with a fraction, or an
    /// HTTP date; RFC 9110, 10.2.3), else from SendGrid's `X-RateLimit-Reset` (Unix seconds).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = |name: &str| self.headers.get(name)?.to_str().ok().map(str::trim);
        let seconds = |text: &str| text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
        #[allow(clippy::cast_precision_loss)] // Milliseconds of this century.
        let until = |at_ms: f64| (at_ms - crate::clock::now().as_millisecond() as f64) / 1_000.0;
        let asked = text("retry-after").and_then(|text| {
            #[allow(clippy::cast_precision_loss)]
            let date = || Some(until(rfc2822::parse(text).ok()?.timestamp().as_millisecond() as f64));
            seconds(text).or_else(date)
        });
        let reset = || text("x-ratelimit-reset").and_then(seconds).map(|reset| until(reset * 1_000.0));
        Some(Duration::from_secs_f64(asked.or_else(reset)?.clamp(0.0, LONGEST_ASKED_SECONDS)))
    }
}

/// Why a request has no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No connection: nothing was sent.
    Connect(Unreached),
    /// No whole answer in time. The service may have acted.
    Timeout,
    /// The connection broke inside the exchange. The service may have acted.
    Cut,
    /// The service said no, with this status.
    Status(u16),
    /// An answer that is not in the agreed form, or too large.
    Malformed,
    /// The address is not public, and this client reaches no other.
    Forbidden,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// The host's name leads nowhere.
    Dns,
    /// The host is there, and nobody listens.
    Refused,
    /// Nobody answered in time.
    Timeout,
    /// The certificate is of no authority that is trusted here.
    CertificateUntrusted,
    /// The certificate has ended, or has not begun.
    CertificateExpired,
    /// The certificate is another host's.
    CertificateName,
    /// The encrypted connection failed in another way.
    Tls,
    /// Anything else: no way to the host.
    Other,
}

impl Unreached {
    /// The same, as a kind of failure.
    pub fn kind(self) -> ErrorKind {
        match self {
            Unreached::Dns => ErrorKind::Dns,
            Unreached::Refused => ErrorKind::ConnectionRefused,
            Unreached::Timeout => ErrorKind::Timeout,
            Unreached::CertificateUntrusted => ErrorKind::CertificateUntrusted,
            Unreached::CertificateExpired => ErrorKind::CertificateExpired,
            Unreached::CertificateName => ErrorKind::CertificateName,
            Unreached::Tls => ErrorKind::Tls,
            Unreached::Other => ErrorKind::NoConnection,
        }
    }

    fn of(error: &reqwest::Error) -> Self {
        if let Some(tls) = causes(error).find_map(tls_error) {
            return tls;
        }
        for cause in causes(error) {
            // The resolver's failure has no type that could be named.
            if cause.to_string() == "dns error" {
                return Unreached::Dns;
            }
            match cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
                Some(std::io::ErrorKind::ConnectionRefused) => return Unreached::Refused,
                Some(std::io::ErrorKind::TimedOut) => return Unreached::Timeout,
                _ => {}
            }
        }
        if error.is_timeout() { Unreached::Timeout } else { Unreached::Other }
    }
}

/// An error and what it came from.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause_of(*error))
}

/// An error of the system hides the one that it was made of.
fn cause_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // Another crate's errors.
fn tls_error(error: &(dyn Error + 'static)) -> Option<Unreached> {
    use rustls::{CertificateError, Error};
    Some(match error.downcast_ref::<Error>()? {
        Error::InvalidCertificate(problem) => match problem {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Unreached::CertificateExpired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Unreached::CertificateName
            }
            _ => Unreached::CertificateUntrusted,
        },
        _ => Unreached::Tls,
    })
}

impl Cause {
    /// Whether the same request may succeed later.
    pub fn is_transient(self) -> bool {
        match self {
            Cause::Connect(_) | Cause::Timeout | Cause::Cut => true,
            Cause::Status(status) => status == 429 || status >= 500,
            Cause::Malformed | Cause::Forbidden => false,
        }
    }
}

/// A failed request.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{service}: {}{}", describe(*cause), if *attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() })]
pub struct HttpError {
    /// Who was called.
    pub service: &'static str,
    /// The last attempt's failure.
    pub cause: Cause,
    /// Attempts made.
    pub attempts: usize,
}

fn describe(cause: Cause) -> String {
    match cause {
        Cause::Connect(why) => match why {
            Unreached::Other => "no connection".into(),
            Unreached::Dns => "no connection (the host name is not known)".into(),
            Unreached::Refused => "no connection (refused)".into(),
            Unreached::Timeout => "no connection in time".into(),
            Unreached::CertificateUntrusted => "no connection (the certificate is not trusted)".into(),
            Unreached::CertificateExpired => "no connection (the certificate has expired)".into(),
            Unreached::CertificateName => "no connection (the certificate is of another name)".into(),
            Unreached::Tls => "no connection (TLS)".into(),
        },
        Cause::Timeout => "no answer in time".into(),
        Cause::Cut => "the connection was cut".into(),
        Cause::Status(status) => format!("answered HTTP {status}"),
        Cause::Malformed => "answered in an unknown form".into(),
        Cause::Forbidden => "not a public address".into(),
    }
}

impl Http {
    /// Builds the client and installs ring as the process's TLS provider. Where the platform offers no certificates, no
    /// server is trusted.
    ///
    /// # Panics
    /// Never: such a client needs nothing of the platform.
    pub fn new() -> Self {
        Self { client: Self::build(|builder| builder), guard: None, retries: Arc::default() }
    }

    /// A client for addresses that people typed in: it reaches the public internet and the `allowed` hosts only,
    /// and shows the server's certificate.
    ///
    /// # Panics
    /// As [`Http::new`].
    pub fn public(allowed: impl IntoIterator<Item = String>) -> Self {
        let guard = PublicOnly::new(allowed);
        let resolver = Arc::new(guard.clone());
        Self {
            client: Self::build(|builder| builder.dns_resolver(resolver.clone()).no_proxy().tls_info(true)),
            guard: Some(guard),
            retries: Arc::default(),
        }
    }

    #[allow(clippy::disallowed_methods, clippy::expect_used)] // The one place that builds a client.
    fn build(more: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> reqwest::Client {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // A second call, or another library's, keeps the first provider: it is ring either way.
        rustls::crypto::CryptoProvider::install_default((*provider).clone()).ok();
        let builder = || {
            let builder = reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(5))
                .pool_idle_timeout(Duration::from_secs(60))
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("gazelle-tasks/", env!("CARGO_PKG_VERSION")));
            more(builder)
        };
        builder().build().unwrap_or_else(|_| {
            // A machine without certificates, such as a bare container: it trusts nobody, and plain HTTP still works.
            tracing::warn!("tls.no_certificates");
            builder().tls_certs_only([]).build().expect("a client that trusts nobody needs nothing")
        })
    }

    /// Attempts beyond the first, of all requests of all clones since the start.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Sends once and answers whatever status comes. What was refused with a key that has been replaced meanwhile is sent
    /// once more with the new one.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn send_once(&self, request: &Request, timeout: Duration) -> Result<Response, HttpError> {
        self.send_bounded(request, timeout, Bound::Refuse(MAX_BODY_BYTES)).await
    }

    /// The same where only the beginning of the answer's body matters: 256 KB of it are read.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn peek(&self, request: &Request, timeout: Duration) -> Result<Response, HttpError> {
        self.send_bounded(request, timeout, Bound::Cut(PEEK_BYTES)).await
    }

    async fn send_bounded(
        &self,
        request: &Request,
        timeout: Duration,
        bound: Bound,
    ) -> Result<Response, HttpError> {
        let end = Instant::now() + timeout;
        let response = self.exchange(request, timeout, bound).await?;
        let changed = tokio::time::timeout_at(end, Box::pin(request.with_changed_key(response.status))).await;
        match changed.ok().flatten() {
            Some(request) => {
                self.exchange(&request, end.saturating_duration_since(Instant::now()), bound).await
            }
            None => Ok(response),
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        timeout: Duration,
        bound: Bound,
    ) -> Result<Response, HttpError> {
        let fail = |cause| HttpError { service: request.service, cause, attempts: 1 };
        if self.guard.as_ref().is_some_and(|guard| guard.check(&request.url).is_err()) {
            return Err(fail(Cause::Forbidden));
        }
        let exchange = async {
            let mut response = self
                .client
                .request(request.method.clone(), request.url.clone())
                .headers(request.headers.clone())
                .body(request.body.clone())
                .send()
                .await
                .map_err(|error| {
                    fail(match () {
                        () if is_refused_by_guard(&error) => Cause::Forbidden,
                        // No connection in time is both: nothing was sent, so it is the former.
                        () if error.is_connect() => Cause::Connect(Unreached::of(&error)),
                        () if error.is_timeout() => Cause::Timeout,
                        () => Cause::Cut,
                    })
                })?;
            let status = response.status().as_u16();
            let headers = std::mem::take(response.headers_mut());
            let certificate = response
                .extensions()
                .get::<reqwest::tls::TlsInfo>()
                .and_then(|info| info.peer_certificate().map(<[u8]>::to_vec));
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await.map_err(|_| fail(Cause::Cut))? {
                match bound {
                    Bound::Refuse(most) if body.len() + chunk.len() > most => {
                        return Err(fail(Cause::Malformed));
                    }
                    Bound::Cut(most) if body.len() + chunk.len() >= most => {
                        body.extend_from_slice(&chunk[..most - body.len()]);
                        break;
                    }
                    Bound::Refuse(_) | Bound::Cut(_) => body.extend_from_slice(&chunk),
                }
            }
            Ok(Response { status, headers, body: body.freeze(), certificate })
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| Err(fail(Cause::Timeout)))
    }

    /// Sends until an answer is not transient (429, 5xx, no answer), the attempts or the budget are spent.
    /// `transient` may take a 5xx out of the retried ones, or add others.
    ///
    /// # Errors
    /// When the last attempt had no whole answer, or a transient one.
    pub async fn send(
        &self,
        request: &Request,
        retry: Retry,
        transient: impl Fn(&Response) -> bool,
    ) -> Result<Response, HttpError> {
        let (response, attempts) = self.send_for_last_answer(request, retry, &transient).await?;
        if transient(&response) {
            let cause = Cause::Status(response.status);
            return Err(HttpError { service: request.service, cause, attempts });
        }
        Ok(response)
    }

    /// As [`send`](Self::send); the last answer comes back also where it is a transient one, with the number of
    /// attempts.
    ///
    /// # Errors
    /// When the last attempt had no whole answer.
    pub async fn send_for_last_answer(
        &self,
        request: &Request,
        retry: Retry,
        transient: impl Fn(&Response) -> bool,
    ) -> Result<(Response, usize), HttpError> {
        let end = Instant::now() + retry.budget;
        let mut waits = backon::ExponentialBuilder::default()
            .with_min_delay(retry.first_wait)
            .with_max_delay(Duration::from_secs(8))
            .with_max_times(retry.attempts.saturating_sub(1))
            .with_jitter()
            .build();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = end.saturating_duration_since(Instant::now());
            let outcome = self.send_once(request, retry.timeout.min(left)).await;
            let (cause, asked) = match &outcome {
                Ok(response) if !transient(response) => return outcome.map(|response| (response, attempts)),
                Ok(response) => (Cause::Status(response.status), response.retry_after()),
                Err(error) => (error.cause, None),
            };
            let is_final = outcome.is_err() && !cause.is_transient();
            let wait = waits.next().map(|wait| wait.max(asked.unwrap_or_default()));
            let wait = wait.filter(|wait| !is_final && *wait <= MAX_WAIT && Instant::now() + *wait < end);
            let Some(wait) = wait else {
                return outcome
                    .map(|response| (response, attempts))
                    .map_err(|error| HttpError { attempts, ..error });
            };
            tracing::warn!(
                service = request.service,
                ?cause,
                attempts,
                wait_ms = wait.as_millis() as u64,
                "request.retry"
            );
            tokio::time::sleep(wait).await;
            self.count_retry();
        }
    }

    /// Counts an attempt beyond the first that a caller makes by itself.
    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

fn is_refused_by_guard(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<NotPublic>())
}

/// Whether a status is worth another attempt, without looking at the body.
pub fn is_transient(response: &Response) -> bool {
    Cause::Status(response.status).is_transient()
}

/// Builds a request with a JSON body and `Content-Type`.
pub fn json_request(service: &'static str, method: Method, url: Url, body: Bytes) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Request { service, method, url, headers, body, key: None }
}

impl Request {
    /// Adds a header whose value never appears in a debug print. Values with control characters are dropped:
    /// the service then refuses the request.
    #[must_use]
    pub fn with_secret_header(mut self, name: HeaderName, value: &str) -> Self {
        self.set_secret_header(name, value);
        self
    }

    /// The same in place.
    pub fn set_secret_header(&mut self, name: HeaderName, value: &str) {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_retry_after_is_understood_and_bounded() {
        let asked = |name: &'static str, value: &str| {
            let headers = [(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())];
            let headers = headers.into_iter().collect();
            Response { status: 429, headers, body: Bytes::new(), certificate: None }.retry_after()
        };
        let retry_after = |value: &str| asked("retry-after", value).map(|wait| wait.as_secs_f64());
        for (value, expected) in [
            ("2", Some(2.0)),
            ("2.5", Some(2.5)),
            (" 7 ", Some(7.0)),
            ("0", Some(0.0)),
            ("-3", Some(0.0)),
            ("600", Some(600.0)),
            ("99999999999", Some(86_400.0)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0.0)),
            ("soon", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value), expected, "{value}");
        }
        let in_a_minute = crate::clock::now() + jiff::SignedDuration::from_secs(60);
        let date = in_a_minute.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT");
        let wait = retry_after(&date.to_string()).unwrap();
        assert!((58.0..=60.0).contains(&wait), "{wait}");
        let reset = asked("x-ratelimit-reset", &in_a_minute.as_second().to_string()).unwrap();
        assert!((58.0..=60.0).contains(&reset.as_secs_f64()), "{reset:?}");
    }

    #[test]
    fn attempts_beyond_the_first_are_counted_over_all_clones() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http = Http::new();
        // Nobody listens on port 1.
        let address = "http://127.0.0.1:1".parse().unwrap();
        let request = json_request("nobody", Method::GET, address, Bytes::new());
        let retry = Retry { attempts: 3, first_wait: Duration::from_millis(1), ..Retry::SAFE };
        let failed = runtime.block_on(http.clone().send(&request, retry, is_transient)).unwrap_err();
        assert_eq!((failed.cause, failed.attempts), (Cause::Connect(Unreached::Refused), 3));
        assert_eq!(http.retries(), 2);
    }

    #[tokio::test]
    async fn a_peek_reads_the_beginning_of_whatever_comes() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").unwrap();
            // Without end: it ends when the client turns away.
            while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        });
        let request = json_request("monitored", Method::GET, address.parse().unwrap(), Bytes::new());
        let seen = Http::new().peek(&request, Duration::from_secs(20)).await.unwrap();
        assert_eq!((seen.status, seen.body.len()), (200, PEEK_BYTES));
    }

    /// A service on this machine whose certificate nobody has signed: it was made for this test.
    fn untrusted_service() -> std::net::SocketAddr {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let certificate = CertificateDer::from(&include_bytes!("http/test/untrusted-certificate.der")[..]);
        let key = PrivateKeyDer::try_from(&include_bytes!("http/test/untrusted-key.der")[..]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            // It ends when the client turns away.
            while connection.complete_io(&mut stream).is_ok_and(|moved| moved != (0, 0)) {}
        });
        address
    }

    #[tokio::test]
    async fn the_reason_of_a_connection_that_failed_is_known() {
        let http = Http::public(["127.0.0.1".into(), "localhost".into(), "nothing.invalid".into()]);
        let secure = format!("https://localhost:{}/", untrusted_service().port());
        // Bound, and gone again: nobody listens there.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (url, cause) in [
            (secure, Cause::Connect(Unreached::CertificateUntrusted)),
            (format!("http://{closed}/"), Cause::Connect(Unreached::Refused)),
            ("http://nothing.invalid/".into(), Cause::Connect(Unreached::Dns)),
            ("http://10.0.0.1/".into(), Cause::Forbidden),
        ] {
            let request = json_request("monitored", Method::GET, url.parse().unwrap(), Bytes::new());
            let failed = http.send_once(&request, Duration::from_secs(5)).await.unwrap_err();
            assert_eq!(failed.cause, cause, "{url}: {failed}");
        }
        let guarded = Http::public([]);
        let inside =
            json_request("monitored", Method::GET, "http://localhost/".parse().unwrap(), Bytes::new());
        let refused = guarded.send_once(&inside, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(
            refused.cause,
            Cause::Forbidden,
            "a name that leads inside is not a name that leads nowhere"
        );
    }

    #[test]
    fn certificates_are_distinguished() {
        use rustls::{CertificateError, Error as Tls};
        for (error, reason) in [
            (Tls::InvalidCertificate(CertificateError::Expired), Unreached::CertificateExpired),
            (Tls::InvalidCertificate(CertificateError::NotValidYet), Unreached::CertificateExpired),
            (Tls::InvalidCertificate(CertificateError::NotValidForName), Unreached::CertificateName),
            (Tls::InvalidCertificate(CertificateError::UnknownIssuer), Unreached::CertificateUntrusted),
            (Tls::InvalidCertificate(CertificateError::Revoked), Unreached::CertificateUntrusted),
            (Tls::HandshakeNotComplete, Unreached::Tls),
        ] {
            // As the client has it: inside an error of the system.
            let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            assert_eq!(causes(&wrapped).find_map(tls_error), Some(reason));
        }
    }
}
