//! The Gazelle GraphQL API: compiled queries, pages, credentials.
//!
//! Read only. A query that names a field which Gazelle does not have does not compile; answers are kept as they
//! came, so that nothing Gazelle adds or changes stops a page.

mod body;
mod error;
mod pace;
mod queries;
mod settings;
mod token;

use std::{collections::HashSet, time::Duration};

use backon::BackoffBuilder;
use graphql_client::GraphQLQuery;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) use self::body::NO_CHARACTER;
pub use self::{
    error::{GazelleError, GraphQlErrors, Retryable},
    queries::{Days, Query, Slice},
    settings::GazelleSettings,
    token::{Authorization, Token, parse_token_file, store_token},
};
use self::{pace::Pace, settings::Credential};
use crate::{
    http::{Cause, Http, HttpError, Response, Retry, is_transient, json_request},
    supabase::Supabase,
};

const SERVICE: &str = "gazelle";

/// One page of a connection. Nodes are untouched.
#[derive(Debug)]
pub struct Page {
    /// Nodes that are not null.
    pub nodes: Vec<Value>,
    /// The last row's cursor: after it comes the next page.
    pub cursor: Option<String>,
    /// Whether there is one.
    pub has_next: bool,
    /// The first row's cursor: before it ends the page that is next when a list is read backwards.
    pub start_cursor: Option<String>,
    /// Whether there is one; `None` when Gazelle does not say.
    pub has_previous: Option<bool>,
    /// What Gazelle says the whole list holds.
    pub total: u64,
}

impl Page {
    /// Reads a connection. A missing part is an error, never the end of the list.
    ///
    /// # Errors
    /// [`GazelleError::Malformed`].
    pub fn from_connection(mut connection: Value) -> Result<Self, GazelleError> {
        let total = connection["totalCount"].as_u64().ok_or(GazelleError::Malformed("totalCount"))?;
        let has_next =
            connection["pageInfo"]["hasNextPage"].as_bool().ok_or(GazelleError::Malformed("pageInfo"))?;
        let cursor = connection["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if has_next && cursor.is_none() {
            return Err(GazelleError::Malformed("endCursor"));
        }
        let Value::Array(mut nodes) = connection["nodes"].take() else {
            return Err(GazelleError::Malformed("nodes"));
        };
        if has_next && nodes.is_empty() {
            return Err(GazelleError::Malformed("an empty page before the last"));
        }
        nodes.retain(|node| !node.is_null());
        let start_cursor = connection["pageInfo"]["startCursor"].as_str().map(str::to_owned);
        let has_previous = connection["pageInfo"]["hasPreviousPage"].as_bool();
        Ok(Self { nodes, cursor, has_next, start_cursor, has_previous, total })
    }

    /// The same page of a list that is read from its end: what is next is before it.
    ///
    /// # Errors
    /// [`GazelleError::Malformed`] when Gazelle does not say whether there is more.
    pub fn backwards(self) -> Result<Self, GazelleError> {
        let has_next = self.has_previous.ok_or(GazelleError::Malformed("hasPreviousPage"))?;
        Ok(Self { cursor: self.start_cursor.clone(), has_next, ..self })
    }
}

/// The way through the pages of one list. A list that leads round in a circle, or does not end, is malformed.
#[derive(Debug, Default)]
pub struct Cursors {
    seen: HashSet<String>,
    pages: usize,
    rows: u64,
}

impl Cursors {
    /// A way that begins behind `after`, or at the beginning.
    pub fn starting_after(after: Option<&str>) -> Self {
        Self { seen: after.map(str::to_owned).into_iter().collect(), ..Self::default() }
    }

    /// The number of the page that is read next, from 1.
    pub fn page_number(&self) -> usize {
        self.pages + 1
    }

    /// Where the page after this one begins; `None` behind the last.
    ///
    /// # Errors
    /// [`GazelleError::Malformed`] for a cursor that was followed before, and for a list far longer than its total.
    pub fn next(&mut self, page: &Page) -> Result<Option<String>, GazelleError> {
        self.pages += 1;
        self.rows += page.nodes.len() as u64;
        if !page.has_next {
            return Ok(None);
        }
        // Rows come and go during a reading, but not as many as there are.
        if self.rows > page.total.saturating_mul(2).saturating_add(1_000) {
            return Err(GazelleError::Malformed("a list without end"));
        }
        match &page.cursor {
            Some(cursor) if self.seen.insert(cursor.clone()) => Ok(Some(cursor.clone())),
            Some(_) | None => Err(GazelleError::Malformed("endCursor")),
        }
    }
}

/// The client of one run: one token for all its workers.
pub struct Gazelle {
    http: Http,
    settings: GazelleSettings,
    authorization: Authorization,
    pace: Pace,
}

/// Reads are safe to repeat; a page comes within seconds or not at all.
const RETRY: Retry = Retry {
    attempts: 5,
    timeout: Duration::from_secs(10),
    budget: Duration::from_secs(38),
    first_wait: Duration::from_millis(250),
};

/// Further tries after an answer that is none: HTML, half a page, GraphQL errors that may pass.
const SECOND_LOOKS: usize = 3;

/// A request that Gazelle refuses again and again for the number of requests, at an ever slower pace.
const THROTTLED_TRIES: usize = 5;

const TOO_MANY_REQUESTS: u16 = 429;

/// A longer wait than this is not spent by a process that waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Gazelle {
    /// A client that keeps its token in `supabase`.
    pub fn new(http: Http, settings: GazelleSettings, supabase: Supabase) -> Self {
        let authorization = Authorization::new(http.clone(), settings.clone(), supabase);
        Self { authorization, http, settings, pace: Pace::default() }
    }

    /// Whether the authorization ends soon and could not be renewed.
    pub fn authorization_is_expiring(&self) -> bool {
        self.authorization.is_expiring()
    }

    /// Runs a query and answers the part of its `data` that was asked for, lists inside it whole.
    ///
    /// # Errors
    /// See [`GazelleError`]. After 401 the token is renewed once, for all workers.
    pub async fn query(&self, query: &Query) -> Result<Value, GazelleError> {
        let check = |data: Value| has_shape(query, std::slice::from_ref(&data)).map(|()| data);
        let mut data = self.read(query, check).await?;
        self.complete(query, &mut data).await?;
        Ok(data)
    }

    /// One page of a connection, the lists inside its nodes whole.
    ///
    /// # Errors
    /// See [`GazelleError`].
    pub async fn page(&self, query: &Query) -> Result<Page, GazelleError> {
        let check = |data| {
            let page = Page::from_connection(data)?;
            has_shape(query, &page.nodes).map(|()| page)
        };
        let mut page = self.read(query, check).await?;
        for node in &mut page.nodes {
            self.complete(query, node).await?;
        }
        Ok(page)
    }

    /// Asks until there is an answer that can be read, a bounded number of times.
    async fn read<T>(
        &self,
        query: &Query,
        read: impl Fn(Value) -> Result<T, GazelleError>,
    ) -> Result<T, GazelleError> {
        let body = query.body();
        let end = Instant::now() + RETRY.budget;
        let mut waits = backon::ExponentialBuilder::default()
            .with_min_delay(RETRY.first_wait)
            .with_factor(3.0)
            .with_max_times(SECOND_LOOKS)
            .with_jitter()
            .build();
        let mut refused: Option<SecretString> = None;
        let mut throttled = 0;
        loop {
            let token = self.authorization.token(refused.as_ref()).await?;
            let turn = self.pace.turn().await;
            let (response, attempts) = self.send(&body, &token).await?;
            let error = match judge(query, &response, attempts).and_then(&read) {
                Ok(answer) => {
                    self.pace.granted(turn);
                    return Ok(answer);
                }
                Err(GazelleError::Unauthorized) if refused.is_none() => {
                    refused = Some(token);
                    continue;
                }
                Err(error) => error,
            };
            if response.status == TOO_MANY_REQUESTS || error.retryable() == Retryable::Throttled {
                let asked = response.retry_after();
                if let Some(wait) = asked.filter(|asked| *asked > LONGEST_WAIT) {
                    return Err(GazelleError::Later(wait));
                }
                if throttled == THROTTLED_TRIES {
                    return Err(error);
                }
                throttled += 1;
                tracing::warn!(
                    query = query.name(),
                    asked_ms = asked.map(|asked| asked.as_millis() as u64),
                    "gazelle.throttled"
                );
                self.pace.slow_down(turn, asked);
                self.http.count_retry();
                continue;
            }
            if error.retryable() == Retryable::No {
                return Err(error);
            }
            let Some(wait) = waits.next() else { return Err(error) };
            if Instant::now() + wait >= end {
                return Err(error);
            }
            let (query, wait_ms) = (query.name(), wait.as_millis() as u64);
            tracing::warn!(query, %error, details = %error.details(), wait_ms, "gazelle.asked_again");
            tokio::time::sleep(wait).await;
            self.http.count_retry();
        }
    }

    async fn send(
        &self,
        body: &bytes::Bytes,
        token: &SecretString,
    ) -> Result<(Response, usize), GazelleError> {
        let request = json_request(SERVICE, Method::POST, self.settings.url.clone(), body.clone());
        let request = match &self.settings.credential {
            Credential::OAuth { .. } => {
                request.with_secret_header(AUTHORIZATION, &format!("Bearer {}", token.expose_secret()))
            }
            Credential::ApiKey(_) => request
                .with_secret_header(HeaderName::from_static("x-gazelle-api-key"), token.expose_secret()),
        };
        // Too many requests are not answered by more of them: the pace is the caller's business.
        let is_transient =
            |response: &Response| is_transient(response) && response.status != TOO_MANY_REQUESTS;
        self.http.send_for_last_answer(&request, RETRY, is_transient).await.map_err(GazelleError::Unavailable)
    }

    /// Reads the further pages of the list inside a node, which then holds all that Gazelle has of it.
    async fn complete(&self, query: &Query, node: &mut Value) -> Result<(), GazelleError> {
        let Some((field, more)) = query.list_inside() else { return Ok(()) };
        let id = node["id"].as_str().map(str::to_owned);
        let (Some(id), Some(list)) = (id, node.get_mut(field).filter(|list| list.is_object())) else {
            return Ok(());
        };
        if list["pageInfo"]["hasNextPage"] == true {
            let mut page = Page::from_connection(list.take())?;
            let mut cursors = Cursors::default();
            let mut nodes = std::mem::take(&mut page.nodes);
            while let Some(after) = cursors.next(&page)? {
                let query = more(id.clone(), Some(after));
                // What it belongs to may be gone meanwhile: then there is no more of it.
                let read = |data: Value| {
                    if data.is_null() { Ok(None) } else { Page::from_connection(data).map(Some) }
                };
                let Some(next) = self.read(&query, read).await? else { break };
                page = next;
                nodes.append(&mut page.nodes);
            }
            *list = json!({"totalCount": page.total, "nodes": nodes});
        }
        // Cursors are of no use to anybody later, and need not be the same tomorrow.
        list["pageInfo"] = json!({"hasNextPage": false, "endCursor": null});
        Ok(())
    }
}

/// Whether the lists inside nodes are such lists. An absent one is the mapping's business.
fn has_shape(query: &Query, nodes: &[Value]) -> Result<(), GazelleError> {
    let Some((field, _)) = query.list_inside() else { return Ok(()) };
    for list in nodes.iter().map(|node| &node[field]).filter(|list| list.is_object()) {
        let has_next = list["pageInfo"]["hasNextPage"].as_bool();
        let is_list = list["totalCount"].is_u64() && list["nodes"].is_array();
        let leads_on = has_next == Some(false) || list["pageInfo"]["endCursor"].is_string();
        if has_next.is_none() || !is_list || !leads_on {
            return Err(GazelleError::Malformed(field));
        }
    }
    Ok(())
}

/// What an answer says: the data, or why there are none.
fn judge(query: &Query, response: &Response, attempts: usize) -> Result<Value, GazelleError> {
    let status = response.status;
    let answer = body::parse(&response.body);
    let refused = |retryable| Err(GazelleError::Refused { status, retryable });
    match (status, &answer) {
        // Only Gazelle knows its tokens: a page of HTML is of something in between.
        (401, None) if !is_html(response) => return Err(GazelleError::Unauthorized),
        (401 | 403, Some(answer)) => {
            return if error::is_throttling(answer) {
                refused(Retryable::Throttled)
            } else {
                Err(GazelleError::Unauthorized)
            };
        }
        _ => {}
    }
    let errors = answer.as_ref().and_then(|answer| GraphQlErrors::of(answer, status, query.text()));
    match (status, answer, errors) {
        (_, _, Some(errors)) if errors.is_about_the_token => Err(GazelleError::Unauthorized),
        (_, _, Some(errors)) => Err(GazelleError::GraphQl(errors)),
        (200, Some(answer), None) => query.data(answer),
        (200, None, None) => Err(GazelleError::Malformed("body")),
        (status, _, None) if Cause::Status(status).is_transient() => {
            Err(GazelleError::Unavailable(HttpError {
                service: SERVICE,
                cause: Cause::Status(status),
                attempts,
            }))
        }
        (408 | 425, ..) => refused(Retryable::Yes),
        (_, Some(_), None) => refused(Retryable::No),
        (_, None, None) => refused(Retryable::Perhaps),
    }
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers.get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
        || response.body.trim_ascii_start().starts_with(b"<")
}

/// The `data` of an answer below the query's root field.
fn data_of(mut answer: Value, root: &str) -> Result<Value, GazelleError> {
    match answer["data"].get_mut(root) {
        Some(value) => Ok(value.take()),
        None => Err(GazelleError::Malformed("data")),
    }
}

fn body_of<Q: GraphQLQuery>(variables: Q::Variables) -> bytes::Bytes {
    serde_json::to_vec(&Q::build_query(variables)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Default::default(),
            body: body.as_bytes().to_vec().into(),
            certificate: None,
        }
    }

    fn judged(status: u16, body: &str) -> GazelleError {
        let query = Query::Pianos { created: Days::ALL, oldest_first: false, slice: Slice::after(None, 100) };
        let answer = judge(&query, &answer(status, body), 1).and_then(Page::from_connection);
        answer.err().unwrap_or(GazelleError::Malformed("nothing was wrong"))
    }

    #[test]
    fn an_answer_is_judged_by_what_its_body_says() {
        const HTML: &str = "<!DOCTYPE html><title>planted</title>";
        let throttled = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}"#;
        let unknown_field = r#"{"errors": [{"message": "x", "extensions": {"code": "undefinedField"}}]}"#;
        for (status, body, kind, retryable) in [
            // Something between Gazelle and here.
            (200, HTML, "gazelle_malformed", Retryable::Perhaps),
            (200, "", "gazelle_malformed", Retryable::Perhaps),
            (302, "", "gazelle_refused", Retryable::Perhaps),
            (401, HTML, "gazelle_refused", Retryable::Perhaps),
            (403, HTML, "gazelle_refused", Retryable::Perhaps),
            (403, "", "gazelle_refused", Retryable::Perhaps),
            (404, HTML, "gazelle_refused", Retryable::Perhaps),
            // Gazelle's word about the token.
            (401, "", "gazelle_authorization", Retryable::No),
            (401, "invalid token", "gazelle_authorization", Retryable::No),
            (401, r#"{"error": "invalid token"}"#, "gazelle_authorization", Retryable::No),
            (403, r#"{"error": "invalid token"}"#, "gazelle_authorization", Retryable::No),
            (401, r#"{"errors": [{"message": "who are you"}]}"#, "gazelle_authorization", Retryable::No),
            (
                200,
                r#"{"errors": [{"extensions": {"code": "UNAUTHENTICATED"}}]}"#,
                "gazelle_authorization",
                Retryable::No,
            ),
            // Too many requests, in every place that says so.
            (200, throttled, "gazelle_unavailable", Retryable::Throttled),
            (400, throttled, "gazelle_unavailable", Retryable::Throttled),
            (403, throttled, "gazelle_unavailable", Retryable::Throttled),
            (403, r#"{"message": "API rate limit exceeded"}"#, "gazelle_unavailable", Retryable::Throttled),
            // The client has spent its attempts on these already.
            (429, throttled, "gazelle_unavailable", Retryable::No),
            (503, HTML, "gazelle_unavailable", Retryable::No),
            (500, r#"{"errors": [{"message": "x"}]}"#, "gazelle_unavailable", Retryable::No),
            // Ours to correct.
            (200, unknown_field, "gazelle_refused", Retryable::No),
            (400, unknown_field, "gazelle_refused", Retryable::No),
            (400, r#"{"error": "not a GraphQL request"}"#, "gazelle_refused", Retryable::No),
            // Half an answer.
            (200, r#"{"data": null}"#, "gazelle_malformed", Retryable::Perhaps),
            (200, r#"{"data": {"allPianos": null}}"#, "gazelle_malformed", Retryable::Perhaps),
            (
                200,
                r#"{"data": {"allPianos": {"totalCount": 1, "nodes": []}}}"#,
                "gazelle_malformed",
                Retryable::Perhaps,
            ),
            (408, "", "gazelle_unavailable", Retryable::Yes),
        ] {
            let error = judged(status, body);
            assert_eq!(
                (error.kind().name().as_ref(), error.retryable()),
                (kind, retryable),
                "{status} {body}: {error}"
            );
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
    }

    fn page(cursor: Option<&str>, has_next: bool) -> Page {
        Page {
            nodes: vec![json!({})],
            cursor: cursor.map(str::to_owned),
            has_next,
            start_cursor: None,
            has_previous: None,
            total: 3,
        }
    }

    #[test]
    fn a_list_that_leads_round_in_a_circle_ends_at_once() {
        let mut cursors = Cursors::starting_after(Some("a"));
        assert_eq!(cursors.next(&page(Some("b"), true)).unwrap().as_deref(), Some("b"));
        assert_eq!(cursors.next(&page(Some("c"), true)).unwrap().as_deref(), Some("c"));
        for cursor in [Some("a"), Some("b"), Some("c"), None] {
            assert!(cursors.next(&page(cursor, true)).is_err(), "{cursor:?}");
        }
        // The last page may name any.
        assert_eq!(cursors.next(&page(Some("b"), false)).unwrap(), None);
        assert_eq!(cursors.page_number(), 8);
    }

    #[test]
    fn a_list_that_does_not_end_is_malformed() {
        let mut cursors = Cursors::default();
        let pages =
            (0..5_000).take_while(|n| cursors.next(&page(Some(&n.to_string()), true)).is_ok()).count();
        assert_eq!(pages, 1_006);
    }

    #[test]
    fn a_page_that_leads_on_has_rows_and_says_where() {
        let connection = |nodes: Value, cursor: Value| {
            let page_info = json!({"hasNextPage": true, "endCursor": cursor});
            Page::from_connection(json!({"totalCount": 9, "pageInfo": page_info, "nodes": nodes}))
        };
        assert!(connection(json!([{"id": "a"}]), json!("x")).is_ok());
        assert!(connection(json!([{"id": "a"}]), Value::Null).is_err());
        assert!(connection(json!([]), json!("x")).is_err());
    }

    #[test]
    fn a_list_inside_a_node_has_its_shape_or_the_answer_is_asked_for_again() {
        let query = Query::Appointments { days: Days::ALL, slice: Slice::after(None, 100) };
        let check = |list: Value| has_shape(&query, &[json!({"id": "evt_1", "allEventPianos": list})]);
        let whole =
            json!({"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}});
        assert!(check(whole.clone()).is_ok());
        assert!(check(Value::Null).is_ok());
        for (part, value) in [
            ("totalCount", Value::Null),
            ("nodes", Value::Null),
            ("pageInfo", Value::Null),
            ("pageInfo", json!({"hasNextPage": true, "endCursor": null})),
        ] {
            let mut list = whole.clone();
            list[part] = value;
            assert!(matches!(check(list), Err(GazelleError::Malformed("allEventPianos"))), "{part}");
        }
    }
}
