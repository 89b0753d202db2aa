//! The language of whoever reads.

use axum::http::HeaderMap;
use shared::words::Language;

use crate::cookies::cookie_named;

/// The language of a code.
pub fn language_named(code: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.code() == code)
}

/// The language that was chosen on the pages.
pub fn language_of(headers: &HeaderMap) -> Language {
    cookie_named(headers, "language").and_then(language_named).unwrap_or_default()
}
