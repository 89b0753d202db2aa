//! The Gazelle GraphQL API: compiled queries, pages, credentials.
//!
//! Read only. A query that names a field which Gazelle does not have does not compile; answers are kept as they
//! came, so that nothing Gazelle adds or changes stops a page.

mod queries;
mod token;

use std::time::Duration;

use graphql_client::GraphQLQuery;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

pub use self::{
    queries::{Days, Query, Slice},
    token::{Authorization, Token, parse_token_file, store_token},
};
use crate::{
    config::Settings,
    http::{Http, HttpError, Retry, is_transient, json_request},
    supabase::{Supabase, SupabaseError},
};

const SERVICE: &str = "gazelle";

/// Where Gazelle is and how to get in.
#[derive(Debug, Clone)]
pub struct GazelleSettings {
    pub(crate) url: Url,
    pub(crate) token_url: Url,
    authorize_url: Url,
    pub(crate) credential: Credential,
}

#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// A rotating token in `system_settings`.
    OAuth { client_id: String, client_secret: SecretString },
    /// The company's key.
    ApiKey(SecretString),
}

impl GazelleSettings {
    /// Reads `GAZELLE_*`. The kind of credential is said, never guessed.
    pub fn read(settings: &mut Settings) -> Self {
        let kind = settings.optional("GAZELLE_CREDENTIAL").unwrap_or_else(|| "oauth".into());
        let credential = match kind.as_str() {
            "api_key" => Credential::ApiKey(settings.required_secret("GAZELLE_API_KEY")),
            other => {
                if other != "oauth" {
                    settings.problem("GAZELLE_CREDENTIAL is neither oauth nor api_key");
                }
                Credential::OAuth {
                    client_id: settings.required("GAZELLE_CLIENT_ID"),
                    client_secret: settings.required_secret("GAZELLE_CLIENT_SECRET"),
                }
            }
        };
        Self {
            url: settings.url("GAZELLE_API_URL", "https://gazelleapp.io/graphql/private/"),
            token_url: settings.url("GAZELLE_TOKEN_URL", "https://gazelleapp.io/developer/oauth/token"),
            authorize_url: settings
                .url("GAZELLE_AUTHORIZE_URL", "https://gazelleapp.io/developer/oauth/authorize"),
            credential,
        }
    }

    /// The address at which a person authorizes; Gazelle sends them back to `redirect` with `state`. `None` with a key,
    /// which needs nobody's word.
    pub fn authorize_address(&self, redirect: &str, state: &str) -> Option<Url> {
        let Credential::OAuth { client_id, .. } = &self.credential else { return None };
        let mut address = self.authorize_url.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("state", state);
        Some(address)
    }
}

/// What a caller can decide on.
#[derive(Debug, thiserror::Error)]
pub enum GazelleError {
    /// Not reachable, or not able to answer now.
    #[error("Gazelle is unavailable")]
    Unavailable(#[source] HttpError),
    /// The credential is missing or refused: a person must authorize again (`cargo xtask gazelle authorize`).
    #[error("Gazelle refuses the authorization; run `cargo xtask gazelle authorize`")]
    Unauthorized,
    /// Gazelle says that the request is wrong.
    #[error("Gazelle refused the request (HTTP {0})")]
    Refused(u16),
    /// HTTP 200 with errors: data that came with them is not used.
    #[error("Gazelle answered with {0} GraphQL error(s)")]
    GraphQl(usize),
    /// An answer in an unknown form. Never taken for "nothing".
    #[error("Gazelle answered in an unknown form ({0})")]
    Malformed(&'static str),
    /// The token cannot be read or stored.
    #[error("the Gazelle token store")]
    TokenStore(#[source] SupabaseError),
}

impl GazelleError {
    /// Stable name.
    pub fn kind(&self) -> &'static str {
        match self {
            GazelleError::Unavailable(_) => "gazelle_unavailable",
            GazelleError::Unauthorized => "gazelle_authorization",
            GazelleError::Refused(_) | GazelleError::GraphQl(_) => "gazelle_refused",
            GazelleError::Malformed(_) => "gazelle_malformed",
            GazelleError::TokenStore(_) => "supabase_unavailable",
        }
    }
}

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
        nodes.retain(|node| !node.is_null());
        let start_cursor = connection["pageInfo"]["startCursor"].as_str().map(str::to_owned);
        let has_previous = connection["pageInfo"]["hasPreviousPage"].as_bool();
        Ok(Self { nodes, cursor, has_next, start_cursor, has_previous, total })
    }
}

/// The client of one run: one token for all its workers.
pub struct Gazelle {
    http: Http,
    settings: GazelleSettings,
    authorization: Authorization,
}

/// Reads are safe to repeat; a page comes within seconds or not at all.
const PATIENCE: Retry = Retry {
    attempts: 5,
    timeout: Duration::from_secs(10),
    budget: Duration::from_secs(38),
    first_wait: Duration::from_millis(250),
};

impl Gazelle {
    /// A client that keeps its token in `supabase`.
    pub fn new(http: Http, settings: GazelleSettings, supabase: Supabase) -> Self {
        Self { authorization: Authorization::new(http.clone(), settings.clone(), supabase), http, settings }
    }

    /// Whether the authorization ends within a week and could not be renewed.
    pub fn authorization_is_expiring(&self) -> bool {
        self.authorization.is_expiring()
    }

    /// Runs a query and answers its `data`, or the part below `path`.
    ///
    /// # Errors
    /// See [`GazelleError`]. After 401 the token is renewed once, for all workers.
    pub async fn query(&self, query: &Query) -> Result<Value, GazelleError> {
        let body = query.body();
        let mut refused: Option<SecretString> = None;
        loop {
            let token = self.authorization.token(refused.as_ref()).await?;
            let request = json_request(SERVICE, Method::POST, self.settings.url.clone(), body.clone());
            let request = match &self.settings.credential {
                Credential::OAuth { .. } => {
                    request.with_secret_header(AUTHORIZATION, &format!("Bearer {}", token.expose_secret()))
                }
                Credential::ApiKey(_) => request
                    .with_secret_header(HeaderName::from_static("x-gazelle-api-key"), token.expose_secret()),
            };
            let response =
                self.http.send(&request, PATIENCE, is_transient).await.map_err(GazelleError::Unavailable)?;
            match response.status {
                200 => {
                    let answer: Value =
                        response.json(SERVICE).map_err(|_| GazelleError::Malformed("body"))?;
                    return query.data(answer);
                }
                401 if refused.is_none() => refused = Some(token),
                401 | 403 => return Err(GazelleError::Unauthorized),
                status => return Err(GazelleError::Refused(status)),
            }
        }
    }

    /// One page of a connection.
    ///
    /// # Errors
    /// See [`GazelleError`].
    pub async fn page(&self, query: &Query) -> Result<Page, GazelleError> {
        Page::from_connection(self.query(query).await?)
    }
}

/// The `data` of an answer below the query's root field; errors beside data make it an error.
fn data_of(mut answer: Value, root: &str) -> Result<Value, GazelleError> {
    match &answer["errors"] {
        Value::Null => {}
        Value::Array(errors) if errors.is_empty() => {}
        Value::Array(errors) => return Err(GazelleError::GraphQl(errors.len())),
        _ => return Err(GazelleError::GraphQl(1)),
    }
    match answer["data"].get_mut(root) {
        Some(value) => Ok(value.take()),
        None => Err(GazelleError::Malformed("data")),
    }
}

fn body_of<Q: GraphQLQuery>(variables: Q::Variables) -> bytes::Bytes {
    serde_json::to_vec(&Q::build_query(variables)).unwrap_or_default().into()
}
