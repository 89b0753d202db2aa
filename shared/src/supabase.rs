//! Supabase through PostgREST: `rpc`, paged reads, error mapping, retries.
//!
//! The `postgrest` crate builds the requests; `shared::http` sends them. What the crate would get wrong is kept
//! away from it: it never sends, never sets headers, and values reach it only through filters that it encodes.

use std::{collections::BTreeMap, time::Duration};

use postgrest::Postgrest;
use reqwest::header::{AUTHORIZATION, HeaderName};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::{
    config::SupabaseSettings,
    http::{self, Cause, Http, HttpError, Request, Response, Retry},
};

/// Rows that a page is asked for. PostgREST may answer fewer (its setting "Max rows"): a short page is not the last.
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

/// Why Supabase did not do what it was asked, by what a caller does about it: retry, stop, set a row aside, report.
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
        /// Which value, and why.
        unaccepted: Unaccepted,
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
        let body: &[u8] = if response.body.is_empty() { b"null" } else { &response.body };
        serde_json::from_slice(body).map_err(|_| SupabaseError::Malformed)
    }

    /// Starts a read of a table or view; finish it with [`rows`](Self::rows).
    pub fn from(&self, table: &str) -> postgrest::Builder {
        self.builder.from(table)
    }

    /// The rows of one query that cannot have many: as many as PostgREST gives at once. What may be more is read by
    /// [`pages`](Self::pages) or [`all`](Self::all).
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
    /// cannot shift between pages. `take` gets each page; the end is an empty one.
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
            match page.last() {
                None => return Ok(()),
                // A page that begins where the last one did would come for ever.
                Some(row) if last.as_ref() == Some(&key_of(row)) => return Err(SupabaseError::Malformed),
                Some(row) => last = Some(key_of(row)),
            }
            take(page);
        }
    }

    /// Every row of a query in the order of a unique column of text, which must be among the selected ones.
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn all<T: DeserializeOwned>(
        &self,
        key: &str,
        query: impl Fn() -> postgrest::Builder,
    ) -> Result<Vec<T>, SupabaseError> {
        let key_of = |row: &Value| row[key].as_str().unwrap_or_default().to_owned();
        let mut rows: Vec<Value> = Vec::new();
        self.pages(key, key_of, query, |page| rows.extend(page)).await?;
        rows.into_iter()
            .map(|row| serde_json::from_value(row).map_err(|_| SupabaseError::Malformed))
            .collect()
    }

    async fn execute(&self, query: postgrest::Builder, retry: Retry) -> Result<Response, SupabaseError> {
        let request = self.request(query)?;
        let end = Instant::now() + retry.budget;
        loop {
            let is_transient = |response: &Response| Transience::of(response) != Transience::None;
            let sent = self.http.send_for_last_answer(&request, retry, is_transient).await;
            let (response, attempts) = sent.map_err(|error| match error.cause {
                Cause::Malformed => SupabaseError::Malformed,
                Cause::Connect(_) | Cause::Timeout | Cause::Cut | Cause::Status(_) | Cause::Forbidden => {
                    SupabaseError::Unavailable(error)
                }
            })?;
            match (Transience::of(&response), response.status) {
                (Transience::None, 200..=299) => return Ok(response),
                // A function or a column that is still unknown is not there.
                (Transience::None | Transience::Stale, _) => return Err(refusal(&response)),
                (Transience::Restarting, _) if retry.attempts > 1 && Instant::now() + RESTART < end => {
                    tracing::warn!(attempts, "supabase.restarting");
                    tokio::time::sleep(RESTART).await;
                    self.http.count_retry();
                }
                (Transience::Restarting | Transience::Outage | Transience::Conflict, status) => {
                    let cause = Cause::Status(status);
                    return Err(SupabaseError::Unavailable(HttpError { service: SERVICE, cause, attempts }));
                }
            }
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
        let body = bytes::Bytes::copy_from_slice(body);
        let request = Request { service: SERVICE, method, url, headers, body, key: None };
        Ok(request.with_key(&self.settings.key, authenticate))
    }
}

/// New keys (`sb_secret_…`) are not JWTs: PostgREST would refuse them as bearer.
pub fn authenticate(request: &mut Request, key: &str) {
    request.set_secret_header(HeaderName::from_static("apikey"), key);
    if key.starts_with("sb_") {
        drop(request.headers.remove(AUTHORIZATION))
    } else {
        request.set_secret_header(AUTHORIZATION, &format!("Bearer {key}"))
    }
}

/// Between two rounds of attempts at a database that restarts: until the budget is spent.
const RESTART: Duration = Duration::from_secs(3);

/// Why an answer may be another one later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transience {
    /// It is the answer.
    None,
    /// A server error without a code of the database: it does not know more than we do.
    Outage,
    /// The database starts, stops, or has no room for this connection.
    Restarting,
    /// Another transaction, or too much at once, was in the way of this one.
    Conflict,
    /// What PostgREST knows of the schema is older than the last migration.
    Stale,
}

impl Transience {
    /// Codes: PostgreSQL, appendix A, by the meaning of their classes; PostgREST, "Errors".
    fn of(response: &Response) -> Self {
        if (200..300).contains(&response.status) {
            return Transience::None;
        }
        let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
        let Some(code) = body.and_then(|body| body.code) else {
            return if http::is_transient(response) { Transience::Outage } else { Transience::None };
        };
        match code.as_str() {
            // Cancelled by a limit of time; serialization, deadlock; a lock or an object in use.
            "57014" | "40001" | "40003" | "40P01" | "55006" | "55P03" | "25P03" | "25P04" => {
                Transience::Conflict
            }
            // Relationship, function, column, table not in the cache; a plan or a statement of before.
            "PGRST200" | "PGRST202" | "PGRST204" | "PGRST205" | "0A000" | "26000" => Transience::Stale,
            "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" | "PGRSTX00" => Transience::Restarting,
            // A database that was dropped does not come back.
            "57P04" => Transience::None,
            // A standby before it takes over.
            "25006" => Transience::Restarting,
            // Connection exception, insufficient resources, system error; of the operator interventions: shut down,
            // crashed, not yet there, idle for too long.
            code if code.len() == 5
                && ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) =>
            {
                Transience::Restarting
            }
            _ => Transience::None,
        }
    }
}

fn refusal(response: &Response) -> SupabaseError {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.code.unwrap_or_else(|| "none".into());
    match code.as_str() {
        LEASE_LOST => SupabaseError::LeaseLost,
        _ if code.len() == 5
            && (code.starts_with("22")
                || code.starts_with("23")
                || ["21000", "54000"].contains(&code.as_str())) =>
        {
            SupabaseError::Data { code, detail: body.message.unwrap_or_default() }
        }
        "GT010" | "GT011" => {
            // Its own functions write it; whatever else stands there has no field and no reason.
            let message = body.message.unwrap_or_default();
            SupabaseError::Input { code, unaccepted: serde_json::from_str(&message).unwrap_or_default() }
        }
        _ => SupabaseError::Refused { status: response.status, code },
    }
}

/// Why a function of this product does not accept a value (`internal.refuse`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Unaccepted {
    /// Which value; none when it is not one of a form.
    pub field: Option<String>,
    /// The key `refused-<reason>` of the catalogue of words.
    pub reason: String,
    /// What the sentence is filled with.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
}

/// A value inside a list of values or conditions, where commas and brackets mean something to PostgREST.
pub fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
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

    #[test]
    fn an_identity_stays_one_value() {
        assert_eq!(quoted("tme_local_000001"), "tme_local_000001");
        assert_eq!(quoted(r#"a,b)"c\"#), r#""a,b)\"c\\""#);
    }
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
            assert_eq!(Transience::of(&duplicate), Transience::None);
            let error = refusal(&duplicate);
            assert!(matches!(&error, SupabaseError::Data { code, .. } if code == "21000"));
            assert!(!error.to_string().contains("planted"));
        }
        assert_eq!(Transience::of(&answer(500, "upstream failed")), Transience::Outage);
        assert_eq!(Transience::of(&answer(429, "")), Transience::Outage);
        assert_eq!(Transience::of(&answer(404, "<html>")), Transience::None);
    }

    #[test]
    fn what_passes_with_time_is_known_by_its_code_whatever_the_status() {
        for (expected, codes) in [
            (Transience::Conflict, &["57014", "40001", "40P01", "55P03"][..]),
            (
                Transience::Restarting,
                &[
                    "57P01", "57P02", "57P03", "57P05", "08006", "08P01", "53300", "53200", "58030",
                    "PGRST000", "PGRST001", "PGRST002", "PGRST003", "PGRSTX00", "25006",
                ],
            ),
            (Transience::Stale, &["PGRST202", "PGRST204", "PGRST205", "PGRST200"]),
            (
                Transience::None,
                &[
                    "57P04", "40002", "42501", "42P01", "42883", "23505", "22P02", "28P01", "P0001", "GT001",
                    "GT010", "PGRST301", "PGRST116", "53", "é5P03", "",
                ],
            ),
        ] {
            for code in codes {
                for status in [400, 404, 500, 503] {
                    let found = Transience::of(&answer(status, &format!(r#"{{"code":"{code}"}}"#)));
                    assert_eq!(found, expected, "{code} {status}");
                }
            }
        }
        assert_eq!(
            Transience::of(&answer(200, r#"{"code":"57P03"}"#)),
            Transience::None,
            "a row with such a column"
        );
    }

    #[test]
    fn refusals_are_distinguished_in_old_and_new_spellings() {
        assert!(matches!(refusal(&answer(400, r#"{"code":"GT001"}"#)), SupabaseError::LeaseLost));
        // A text that no index takes is the row's fault, not the function's.
        assert!(matches!(refusal(&answer(500, r#"{"code":"54000"}"#)), SupabaseError::Data { .. }));
        for code in ["42P01", "PGRST205", "PGRST301", "PGRST303"] {
            let body = format!(r#"{{"code":"{code}"}}"#);
            assert!(
                matches!(refusal(&answer(404, &body)), SupabaseError::Refused { code: found, .. } if found == code)
            );
        }
    }
}
