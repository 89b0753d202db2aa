//! Parts of requests, refused as problems when they cannot be used.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_TYPE, LINK},
        request::Parts,
    },
};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, IntoDeserializer, value},
};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::problem::Problem;

/// The query, typed. What is empty counts as absent: forms send every field they have.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let given = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
        let given = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        serde_urlencoded::from_str(&given).map(Self).map_err(|_| Problem::invalid("problem-parameter"))
    }
}

/// The fields that somebody sent for one thing: absent is not empty.
pub type Fields = Map<String, Value>;

/// The body of a change: JSON, a form, or nothing, which is the defaults.
pub struct Change<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for Change<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = Bytes::from_request(request, state).await.map_err(|_| Problem::too_large())?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        let parsed = if is_form {
            serde_urlencoded::from_bytes(&body).ok()
        } else {
            serde_json::from_slice(&body).ok()
        };
        parsed.map(Self).ok_or_else(|| Problem::invalid("problem-body"))
    }
}

/// An id of the address: there is nothing of another form.
pub fn uuid(text: &str) -> Result<(), Problem> {
    if is_uuid(text) { Ok(()) } else { Err(Problem::not_found()) }
}

/// Whether a text has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The number of a row in the address: there is nothing of another form.
pub fn row_id(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(Problem::not_found)
}

/// One of several words, or, as the filters of a page send it, an empty text for all.
pub fn chosen<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let word: value::StringDeserializer<value::Error> = text.into_deserializer();
    T::deserialize(word).map(Some).map_err(serde::de::Error::custom)
}

/// The header `Link` of a bare array: the same list from where this page ends.
pub fn next_link(query: &impl Serialize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    if let Ok(link) = HeaderValue::from_str(&format!("<?{query}>; rel=\"next\"")) {
        headers.insert(LINK, link);
    }
    headers
}
