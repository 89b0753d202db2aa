//! What can go wrong at Gazelle: by what a caller does about it, and in words that show no one's data.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    error_kind::ErrorKind,
    http::{Cause, HttpError},
    supabase::SupabaseError,
};

/// Why Gazelle did not answer as it should, by what a caller does about it: wait, ask people, give up.
#[derive(Debug, thiserror::Error)]
pub enum GazelleError {
    /// Not reachable, or not able to answer now.
    #[error("Gazelle is unavailable ({0})")]
    Unavailable(HttpError),
    /// The credential is missing or refused: a person must authorize again (`cargo ops gazelle authorize`).
    #[error("Gazelle refuses the authorization; run `cargo ops gazelle authorize`")]
    Unauthorized,
    /// An answer with another status than 200 that is not Gazelle's word about the token.
    #[error("Gazelle refused the request (HTTP {status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Whether it passes.
        retryable: Retryable,
    },
    /// GraphQL errors: data that came with them are not used.
    #[error("{0}")]
    GraphQl(GraphQlErrors),
    /// An answer in an unknown form. Never taken for "nothing".
    #[error("Gazelle answered in an unknown form ({0})")]
    Malformed(&'static str),
    /// Gazelle wants to be left alone for longer than a process waits.
    #[error("Gazelle asks to come back in {} s", .0.as_secs())]
    Later(Duration),
    /// The token cannot be read or stored.
    #[error("the Gazelle token store")]
    TokenStore(#[source] SupabaseError),
    /// One of the above, while a collection was read.
    #[error("{error} [{collection}, page {page}]")]
    At {
        /// The collection.
        collection: &'static str,
        /// Its page in this part of the run, from 1.
        page: usize,
        /// What went wrong.
        error: Box<GazelleError>,
    },
}

/// Whether sending the same request again can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryable {
    /// No: the request or a setting has to be changed first.
    No,
    /// Not known: it is tried a few times.
    Perhaps,
    /// Yes: an error of Gazelle's servers.
    Yes,
    /// Yes, after a pause: there were too many requests.
    Throttled,
}

impl GazelleError {
    /// Why, as the run log has it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            GazelleError::Unavailable(_) | GazelleError::Later(_) => ErrorKind::GazelleUnavailable,
            GazelleError::Unauthorized => ErrorKind::GazelleAuthorization,
            GazelleError::Refused { retryable, .. }
            | GazelleError::GraphQl(GraphQlErrors { retryable, .. }) => match retryable {
                Retryable::Yes | Retryable::Throttled => ErrorKind::GazelleUnavailable,
                Retryable::No | Retryable::Perhaps => ErrorKind::GazelleRefused,
            },
            GazelleError::Malformed(_) => ErrorKind::GazelleMalformed,
            GazelleError::TokenStore(_) => ErrorKind::SupabaseUnavailable,
            GazelleError::At { error, .. } => error.kind(),
        }
    }

    /// The same, with the place in a collection at which it happened.
    #[must_use]
    pub fn at(self, collection: &'static str, page: usize) -> Self {
        GazelleError::At { collection, page, error: Box::new(self) }
    }

    /// Whether a person must authorize again.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            GazelleError::Unauthorized => true,
            GazelleError::At { error, .. } => error.is_unauthorized(),
            GazelleError::Unavailable(_)
            | GazelleError::Refused { .. }
            | GazelleError::GraphQl(_)
            | GazelleError::Malformed(_)
            | GazelleError::Later(_)
            | GazelleError::TokenStore(_) => false,
        }
    }

    /// How long Gazelle wants to be left alone.
    pub fn later(&self) -> Option<Duration> {
        match self {
            GazelleError::Later(wait) => Some(*wait),
            GazelleError::At { error, .. } => error.later(),
            GazelleError::Unavailable(_)
            | GazelleError::Unauthorized
            | GazelleError::Refused { .. }
            | GazelleError::GraphQl(_)
            | GazelleError::Malformed(_)
            | GazelleError::TokenStore(_) => None,
        }
    }

    /// Whether the same request is worth another try. What the client's own attempts were spent on is not.
    pub(super) fn retryable(&self) -> Retryable {
        match self {
            GazelleError::Refused { retryable, .. } => *retryable,
            GazelleError::GraphQl(errors) if !Cause::Status(errors.http_status).is_transient() => {
                errors.retryable
            }
            GazelleError::Malformed(_) => Retryable::Perhaps,
            GazelleError::At { error, .. } => error.retryable(),
            GazelleError::GraphQl(_)
            | GazelleError::Unavailable(_)
            | GazelleError::Unauthorized
            | GazelleError::Later(_)
            | GazelleError::TokenStore(_) => Retryable::No,
        }
    }

    /// What helps to find the cause, for the log and the run: collection, page, HTTP status, path and code. Only names of
    /// ours, numbers and codes; never what an answer said.
    pub fn details(&self) -> Value {
        let mut details = Map::new();
        let mut add = |name: &str, value: Value| {
            if !value.is_null() {
                details.insert(name.into(), value);
            }
        };
        let error = match self {
            GazelleError::At { collection, page, error } => {
                add("collection", (*collection).into());
                add("page", (*page).into());
                error
            }
            GazelleError::Unavailable(_)
            | GazelleError::Unauthorized
            | GazelleError::Refused { .. }
            | GazelleError::GraphQl(_)
            | GazelleError::Malformed(_)
            | GazelleError::Later(_)
            | GazelleError::TokenStore(_) => self,
        };
        match error {
            GazelleError::Unavailable(HttpError { cause: Cause::Status(status), attempts, .. }) => {
                add("http_status", (*status).into());
                add("attempts", (*attempts).into());
            }
            GazelleError::Unavailable(error) => add("attempts", error.attempts.into()),
            GazelleError::Refused { status, .. } => add("http_status", (*status).into()),
            GazelleError::GraphQl(errors) => {
                add("http_status", errors.http_status.into());
                add("graphql_errors", errors.count.into());
                add("path", json!(errors.path));
                add("code", json!(errors.code));
            }
            GazelleError::Malformed(part) => add("part", (*part).into()),
            GazelleError::Later(wait) => add("retry_after_seconds", wait.as_secs().into()),
            GazelleError::Unauthorized | GazelleError::TokenStore(_) | GazelleError::At { .. } => {}
        }
        Value::Object(details)
    }
}

/// The `errors` of an answer, without their messages: those quote data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphQlErrors {
    /// HTTP status that they came with.
    pub http_status: u16,
    /// How many.
    pub count: usize,
    /// Where the first of them happened that says so: names of the query and places in lists, `allClients.nodes.3.tags`.
    pub path: Option<String>,
    /// The first code, as Gazelle spells it.
    pub code: Option<String>,
    /// Whether they pass.
    pub retryable: Retryable,
    /// Whether one of them is about the token.
    pub(super) is_about_the_token: bool,
}

impl std::fmt::Display for GraphQlErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gazelle answered with {} GraphQL error(s), HTTP {}", self.count, self.http_status)?;
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        match &self.path {
            Some(path) => write!(f, ", at {path}"),
            None => Ok(()),
        }
    }
}

impl GraphQlErrors {
    /// The errors of an answer to `query`, if it has any.
    #[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
    pub(super) fn of(answer: &Value, http_status: u16, query: &str) -> Option<Self> {
        let errors = match &answer["errors"] {
            Value::Null => return None,
            Value::Array(errors) if errors.is_empty() => return None,
            Value::Array(errors) => errors.as_slice(),
            other => std::slice::from_ref(other),
        };
        let natures: Vec<Nature> = errors.iter().map(nature).collect();
        let is_about_the_token = natures.contains(&Nature::Token);
        let retryable = match () {
            // One that never passes is enough.
            () if is_about_the_token || natures.contains(&Nature::Permanent) => Retryable::No,
            () if natures.contains(&Nature::Throttled) => Retryable::Throttled,
            () if natures.contains(&Nature::Temporary) || Cause::Status(http_status).is_transient() => {
                Retryable::Yes
            }
            () => Retryable::Perhaps,
        };
        Some(Self {
            http_status,
            count: errors.len(),
            path: errors.iter().find_map(|error| path(&error["path"], query)),
            code: errors.iter().find_map(code),
            retryable,
            is_about_the_token,
        })
    }
}

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Token,
    Permanent,
    Throttled,
    Temporary,
    Unknown,
}

fn nature(error: &Value) -> Nature {
    let Some(code) = code(error) else {
        return if is_throttling(error) { Nature::Throttled } else { Nature::Unknown };
    };
    let code: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    match code.as_str() {
        "UNAUTHENTICATED"
        | "UNAUTHORIZED"
        | "NOTAUTHENTICATED"
        | "AUTHENTICATIONERROR"
        | "INVALIDTOKEN"
        | "TOKENEXPIRED"
        | "401" => Nature::Token,
        "THROTTLED" | "RATELIMITED" | "RATELIMITEXCEEDED" | "TOOMANYREQUESTS" | "429" => Nature::Throttled,
        "INTERNALSERVERERROR"
        | "INTERNALERROR"
        | "SERVICEUNAVAILABLE"
        | "TIMEOUT"
        | "GATEWAYTIMEOUT"
        | "500"
        | "502"
        | "503"
        | "504" => Nature::Temporary,
        // By the server of GraphQL itself, in the two spellings that are common.
        "GRAPHQLVALIDATIONFAILED"
        | "GRAPHQLPARSEFAILED"
        | "BADUSERINPUT"
        | "BADREQUEST"
        | "FORBIDDEN"
        | "NOTFOUND"
        | "MAXCOSTEXCEEDED"
        | "UNDEFINEDFIELD"
        | "UNDEFINEDTYPE"
        | "SELECTIONMISMATCH"
        | "ARGUMENTNOTACCEPTED"
        | "ARGUMENTLITERALSINCOMPATIBLE"
        | "MISSINGREQUIREDARGUMENTS"
        | "MISSINGREQUIREDINPUTOBJECTATTRIBUTE"
        | "VARIABLEMISMATCH"
        | "VARIABLEREQUIRESVALIDTYPE" => Nature::Permanent,
        _ => Nature::Unknown,
    }
}

/// Whether a text of the answer speaks of too many requests.
pub(super) fn is_throttling(answer: &Value) -> bool {
    match answer {
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            ["throttl", "rate limit", "rate_limit", "ratelimit", "too many requests"]
                .iter()
                .any(|words| text.contains(words))
        }
        Value::Array(items) => items.iter().any(is_throttling),
        Value::Object(fields) => fields.values().any(is_throttling),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The code of an error: one word of letters, digits and `_`, else none.
fn code(error: &Value) -> Option<String> {
    let extensions = &error["extensions"];
    [&extensions["code"], &extensions["classification"], &error["type"]].into_iter().find_map(|value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let is_code = (1..=60).contains(&text.len())
            && text
                .bytes()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.'));
        // Longer numbers are telephone numbers, and no codes.
        let is_number = text.len() > 4 && !text.bytes().any(|letter| letter.is_ascii_alphabetic());
        (is_code && !is_number).then_some(text)
    })
}

/// The path of an error in names of the query; a name that is not in it is not shown.
#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
fn path(path: &Value, query: &str) -> Option<String> {
    let is_known = |name: &str| {
        query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| word == name)
    };
    let steps: Vec<String> = path
        .as_array()?
        .iter()
        .take(12)
        .map(|step| match step {
            Value::Number(place) if place.is_u64() => place.to_string(),
            Value::String(name) if is_known(name) => name.clone(),
            _ => "?".into(),
        })
        .collect();
    (!steps.is_empty()).then(|| steps.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "query Clients { allClients(first: 100) { nodes { id tags } } }";

    fn of(errors: Value) -> GraphQlErrors {
        GraphQlErrors::of(&json!({"data": null, "errors": errors}), 200, QUERY).unwrap()
    }

    #[test]
    fn an_error_is_kept_by_its_place_and_code_and_without_its_words() {
        let errors = of(json!([
            {"message": "jean@planted.example is wrong"},
            {"message": "planted", "path": ["allClients", "nodes", 3, "tags", "Planted Jean", "planted"],
             "extensions": {"code": "INTERNAL_SERVER_ERROR", "planted": "planted"}},
        ]));
        let error = GazelleError::GraphQl(errors).at("clients", 7);
        assert_eq!(
            error.details(),
            json!({"collection": "clients", "page": 7, "http_status": 200, "graphql_errors": 2,
                   "path": "allClients.nodes.3.tags.?.?", "code": "INTERNAL_SERVER_ERROR"})
        );
        assert_eq!(
            error.to_string(),
            "Gazelle answered with 2 GraphQL error(s), HTTP 200, INTERNAL_SERVER_ERROR, at \
             allClients.nodes.3.tags.?.? [clients, page 7]"
        );
        assert!(!format!("{error:?}").to_lowercase().contains("planted"));
        for code in ["planted@example.com", "Jean Planted", "514-555-0100", "5145550100", ""] {
            let errors = of(json!([{"message": "x", "extensions": {"code": code}}]));
            assert_eq!(errors.code, None, "{code}");
        }
    }

    #[test]
    fn an_error_is_judged_by_its_code_and_throttling_also_by_its_words() {
        let retryable = |errors: Value| of(errors).retryable;
        let coded = |code: Value| retryable(json!([{"message": "x", "extensions": {"code": code}}]));
        for code in [json!("THROTTLED"), json!("rate_limited"), json!("TooManyRequests"), json!(429)] {
            assert_eq!(coded(code.clone()), Retryable::Throttled, "{code}");
        }
        assert_eq!(retryable(json!([{"message": "Throttled"}])), Retryable::Throttled);
        assert_eq!(retryable(json!([{"type": "RATE_LIMITED", "message": "x"}])), Retryable::Throttled);
        assert_eq!(coded(json!("INTERNAL_SERVER_ERROR")), Retryable::Yes);
        assert_eq!(coded(json!("undefinedField")), Retryable::No);
        assert_eq!(coded(json!("GRAPHQL_VALIDATION_FAILED")), Retryable::No);
        assert_eq!(coded(json!("SOMETHING_NEW")), Retryable::Perhaps);
        assert_eq!(retryable(json!([{"message": "x"}])), Retryable::Perhaps);
        assert_eq!(retryable(json!("x")), Retryable::Perhaps);
        assert!(of(json!([{"extensions": {"code": "UNAUTHENTICATED"}}])).is_about_the_token);
        // One that needs a person is not healed by another that passes.
        let both = json!([{"extensions": {"code": "THROTTLED"}}, {"extensions": {"code": "undefinedField"}}]);
        assert_eq!(retryable(both), Retryable::No);
        for none in [json!({"data": {}}), json!({"errors": null}), json!({"errors": []})] {
            assert_eq!(GraphQlErrors::of(&none, 200, QUERY), None);
        }
    }
}
