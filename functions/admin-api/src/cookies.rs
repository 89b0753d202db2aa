//! Cookies of a request.

use axum::http::{HeaderMap, header::COOKIE};

/// A cookie of a request. Those of other applications may hold what is no text.
pub fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs
        .filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}
