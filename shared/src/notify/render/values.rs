//! Values as people see them.

use jiff::Timestamp;

use crate::{clock, text::clean};

/// A text as people see it.
pub(super) fn shown(text: &str, limit: usize) -> String {
    clean(text, limit)
}

/// An instant as people in Montréal write it.
pub(super) fn local_time(instant: &str) -> String {
    match instant.parse::<Timestamp>() {
        Ok(instant) => instant.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => String::new(),
    }
}
