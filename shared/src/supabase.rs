//! Supabase through PostgREST: `rpc`, paged reads, error mapping, retries.
//!
//! The `postgrest` crate builds the requests; `shared::http` sends them. What the crate would get wrong is kept
//! away from it: it never sends, never sets headers, and values reach it only through filters that it encodes.

use std::time::Duration;

use postgrest::Postgrest;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    config::SupabaseSettings,
    http::{self, Cause, Http, HttpError, Request, Response, Retry},
};

/// PostgREST answers at most this many rows; every read is paged.
pub const PAGE_ROWS: usize = 1000;

const SERVICE: &str = "supabase";

/// The SQL functions' own error: this process does not hold the run any more.
const LEASE_LOST: &str = "GT001";

/// Access to one project with the service role. Cheap to clone.
#[derive(Clone)]
pub struct Supabase {
    http: Http,
    builder: std::sync::Arc<Postgrest>,
    settings: SupabaseSettings,
}

impl std::fmt::Debug for Supabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supabase").finish_non_exhaustive()
    }
}

/// What a caller can decide on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SupabaseError {
    /// Not reachable, or not able to answer now.
    #[error("Supabase is unavailable")]
    Unavailable(#[source] HttpError),
    /// The run belongs to somebody else by now: stop at once.
    #[error("the lease of this run is lost")]
    LeaseLost,
    /// The database refused these rows (SQLSTATE class 22 or 23, or 21000): another row may pass.
    #[error("the database refused the data (SQLSTATE {code})")]
    Data {
        /// SQLSTATE.
        code: String,
        /// The database's message, which may quote data: for the quarantine, never for a log.
        detail: String,
    },
    /// A function of this product does not accept a value that a person gave (SQLSTATE GT010 and GT011).
    #[error("the database refused a value (SQLSTATE {code})")]
    Input {
        /// SQLSTATE.
        code: String,
        /// For the person, in French.
        message: String,
    },
    /// The request itself is wrong, or not allowed.
    #[error("Supabase refused the request (HTTP {status}, code {code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// SQLSTATE or PostgREST code.
        code: String,
    },
    /// An answer in an unknown form.
    #[error("Supabase answered in an unknown form")]
    Malformed,
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl Supabase {
    /// A client for the project in `settings`.
    pub fn new(http: Http, settings: SupabaseSettings) -> Self {
        let base = format!("{}/rest/v1", settings.url.as_str().trim_end_matches('/'));
        Self { http, builder: std::sync::Arc::new(Postgrest::new(base)), settings }
    }

    /// Calls a SQL function and reads its JSON answer. An argument that is null is left out by the caller: not
    /// every server passes a null on, and the functions' defaults are null. The call is retried while Supabase is unavailable: the
    /// functions of this product may all be repeated.
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn rpc<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &impl Serialize,
    ) -> Result<T, SupabaseError> {
        self.rpc_within(function, arguments, Retry::SAFE).await
    }

    /// [`rpc`](Self::rpc) with its own limits.
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn rpc_within<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &impl Serialize,
        retry: Retry,
    ) -> Result<T, SupabaseError> {
        let body = serde_json::to_string(arguments).map_err(|_| SupabaseError::Malformed)?;
        let response = self.execute(self.builder.rpc(function, body), retry).await?;
        // A function that returns void answers 204 without a body.
        let body: &[u8] = match response.body.is_empty() {
            true => b"null",
            false => &response.body,
        };
        serde_json::from_slice(body).map_err(|_| SupabaseError::Malformed)
    }

    /// Starts a read of a table or view; finish it with [`rows`](Self::rows).
    pub fn from(&self, table: &str) -> postgrest::Builder {
        self.builder.from(table)
    }

    /// The rows of one query, at most [`PAGE_ROWS`].
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn rows<T: DeserializeOwned>(
        &self,
        query: postgrest::Builder,
    ) -> Result<Vec<T>, SupabaseError> {
        let response = self.execute(query, Retry::SAFE).await?;
        serde_json::from_slice(&response.body).map_err(|_| SupabaseError::Malformed)
    }

    /// Every row of a query, page by page in the order of a unique column: by its value, not by offset, so that rows
    /// cannot shift between pages. `take` gets each page.
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn pages<T: DeserializeOwned>(
        &self,
        key: &str,
        key_of: impl Fn(&T) -> String,
        query: impl Fn() -> postgrest::Builder,
        mut take: impl FnMut(Vec<T>),
    ) -> Result<(), SupabaseError> {
        let mut last: Option<String> = None;
        loop {
            let mut page = query().order(key).limit(PAGE_ROWS);
            if let Some(last) = &last {
                page = page.gt(key, last);
            }
            let page: Vec<T> = self.rows(page).await?;
            let is_last = page.len() < PAGE_ROWS;
            last = page.last().map(&key_of);
            take(page);
            if is_last {
                return Ok(());
            }
        }
    }

    async fn execute(&self, query: postgrest::Builder, retry: Retry) -> Result<Response, SupabaseError> {
        let request = self.request(query)?;
        // A 5xx that carries a SQLSTATE is the database's own answer, not an outage.
        let transient = |response: &Response| http::is_transient(response) && error_code(response).is_none();
        let response =
            self.http.send(&request, retry, transient).await.map_err(|error| match error.cause {
                Cause::Malformed => SupabaseError::Malformed,
                _ => SupabaseError::Unavailable(error),
            })?;
        match response.status {
            200..=299 => Ok(response),
            _ => Err(refusal(&response)),
        }
    }

    fn request(&self, query: postgrest::Builder) -> Result<Request, SupabaseError> {
        let built = query.build().build().map_err(|_| SupabaseError::Malformed)?;
        let url: Url = built.url().as_str().parse().map_err(|_| SupabaseError::Malformed)?;
        let mut headers = reqwest::header::HeaderMap::new();
        for (name, value) in built.headers() {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_str().as_bytes()),
                reqwest::header::HeaderValue::from_bytes(value.as_bytes()),
            ) {
                headers.insert(name, value);
            }
        }
        let method = reqwest::Method::from_bytes(built.method().as_str().as_bytes())
            .map_err(|_| SupabaseError::Malformed)?;
        let body = built.body().and_then(|body| body.as_bytes()).unwrap_or_default();
        let request =
            Request { service: SERVICE, method, url, headers, body: bytes::Bytes::copy_from_slice(body) };
        Ok(self.authenticated(request))
    }

    /// New keys (`sb_secret_…`) are not JWTs: PostgREST would refuse them as bearer.
    fn authenticated(&self, request: Request) -> Request {
        let key = self.settings.key.expose_secret();
        let request = request.with_secret_header(HeaderName::from_static("apikey"), key);
        match key.starts_with("sb_") {
            true => request,
            false => request.with_secret_header(AUTHORIZATION, &format!("Bearer {key}")),
        }
    }
}

/// SQLSTATE or PostgREST code of an error answer, if it has one.
fn error_code(response: &Response) -> Option<String> {
    let body: ErrorBody = serde_json::from_slice(&response.body).ok()?;
    // 57014 (statement timeout), 40001 and 40P01 (conflict) and class 08 and 53 pass with time.
    body.code.filter(|code| {
        !(["57014", "40001", "40P01", "PGRST000", "PGRST001", "PGRST002", "PGRST003"]
            .contains(&code.as_str())
            || code.starts_with("08")
            || code.starts_with("53"))
    })
}

fn refusal(response: &Response) -> SupabaseError {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.code.unwrap_or_else(|| "none".into());
    match code.as_str() {
        LEASE_LOST => SupabaseError::LeaseLost,
        _ if code.len() == 5 && (code.starts_with("22") || code.starts_with("23") || code == "21000") => {
            SupabaseError::Data { code, detail: body.message.unwrap_or_default() }
        }
        "GT010" | "GT011" => SupabaseError::Input { code, message: body.message.unwrap_or_default() },
        _ => SupabaseError::Refused { status: response.status, code },
    }
}

/// Limits for calls that must answer fast or not at all.
pub const QUICK: Retry = Retry {
    attempts: 3,
    timeout: Duration::from_secs(4),
    budget: Duration::from_secs(8),
    first_wait: Duration::from_millis(200),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn client(key: &str) -> Supabase {
        let mut settings =
            Settings::from_pairs([("SUPABASE_URL", "https://project.example"), ("SUPABASE_KEY", key)]);
        Supabase::new(Http::new(), SupabaseSettings::read(&mut settings))
    }

    #[test]
    fn a_value_from_outside_stays_a_value() {
        let client = client("jwt");
        let query = client.from("staff").select("key").eq("first_name", "O'Brien&select=*,\"(é+)\n");
        let request = client.request(query).unwrap();
        let pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        assert_eq!(
            pairs,
            [
                ("select".to_owned(), "key".to_owned()),
                ("first_name".to_owned(), "eq.O'Brien&select=*,\"(é+)\n".to_owned()),
            ]
        );
    }

    #[test]
    fn new_keys_go_as_apikey_only_and_no_key_shows_in_a_debug_print() {
        for (key, has_bearer) in [("sb_secret_planted", false), ("eyJ.planted.jwt", true)] {
            let client = client(key);
            let request = client.request(client.from("staff").select("key")).unwrap();
            assert_eq!(request.headers["apikey"], key);
            assert_eq!(request.headers.contains_key(AUTHORIZATION), has_bearer);
            assert!(!format!("{request:?} {client:?}").contains("planted"));
        }
    }

    #[test]
    fn a_key_with_a_control_character_is_a_problem_and_no_panic() {
        let mut settings =
            Settings::from_pairs([("SUPABASE_URL", "https://project.example"), ("SUPABASE_KEY", "a\nb")]);
        SupabaseSettings::read(&mut settings);
        assert!(settings.check().unwrap_err().to_string().contains("control character"));
    }

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Default::default(),
            body: body.as_bytes().to_vec().into(),
            certificate: None,
        }
    }

    #[test]
    fn a_500_with_a_sqlstate_is_an_answer_and_one_without_is_an_outage() {
        // An old PostgREST answers 500, a new one 400, to a key that comes twice in one batch.
        for status in [400, 500] {
            let duplicate = answer(status, r#"{"code":"21000","message":"planted row"}"#);
            assert_eq!(error_code(&duplicate).as_deref(), Some("21000"));
            let error = refusal(&duplicate);
            assert!(matches!(&error, SupabaseError::Data { code, .. } if code == "21000"));
            assert!(!error.to_string().contains("planted"));
        }
        assert_eq!(error_code(&answer(500, "upstream failed")), None);
        // A statement timeout passes with time.
        assert_eq!(error_code(&answer(500, r#"{"code":"57014"}"#)), None);
    }

    #[test]
    fn refusals_are_told_apart_in_old_and_new_spellings() {
        assert!(matches!(refusal(&answer(400, r#"{"code":"GT001"}"#)), SupabaseError::LeaseLost));
        for code in ["42P01", "PGRST205", "PGRST301", "PGRST303"] {
            let body = format!(r#"{{"code":"{code}"}}"#);
            assert!(
                matches!(refusal(&answer(404, &body)), SupabaseError::Refused { code: found, .. } if found == code)
            );
        }
    }
}
