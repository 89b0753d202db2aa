//! The clock of one stack: it can play another day, and tests move it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use shared::clock;

/// A clock that runs at a distance from the machine's.
#[derive(Debug)]
pub struct StackClock {
    offset_ms: AtomicI64,
}

impl StackClock {
    /// A clock that shows `instant` now.
    pub fn starting_at(instant: Timestamp) -> Self {
        Self { offset_ms: AtomicI64::new(instant.as_millisecond() - clock::now().as_millisecond()) }
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms());
        clock::now().checked_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// The distance, for [`clock::OFFSET_VARIABLE`] of the functions.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves it.
    pub fn advance(&self, by: SignedDuration) {
        self.offset_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }
}
