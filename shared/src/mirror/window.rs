//! Windows: a collection is read in parts, each of which is one list of Gazelle's with a cursor of its own.
//!
//! A window is a range of calendar dates: of creation for clients and pianos, of the start for appointments. The zone in
//! which Gazelle takes dates is not known, so neighbours share a date and rows are counted by id. The timeline has a lower
//! bound only: its windows are read from their old end up to the first entry of the next window, and begin at midnight
//! UTC.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Collection;
use crate::gazelle::{Days, Query, Slice};

/// Rows of a page.
pub(super) const PAGE_ROWS: u32 = 100;

/// What is read as one list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    /// First date; `None` = from the beginning.
    pub from: Option<Date>,
    /// Where the next window goes on; `None` = to the end.
    pub until: Option<Date>,
    /// The old end of the list is its last page: it is read from there.
    pub backwards: bool,
}

impl Window {
    /// Everything.
    pub const ALL: Window = Window { from: None, until: None, backwards: false };

    /// Its name in `sync_state.windows`: `2026-01-01..2026-02-01`.
    pub fn name(self) -> String {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        format!("{}..{}", day(self.from), day(self.until))
    }

    /// The page after a cursor, in the direction in which the window is read.
    pub fn page(self, collection: Collection, cursor: Option<String>) -> Query {
        let slice =
            if self.backwards { Slice::before(cursor, PAGE_ROWS) } else { Slice::after(cursor, PAGE_ROWS) };
        self.query(collection, slice)
    }

    /// Some rows of the window. Of the timeline also what is newer.
    pub fn query(self, collection: Collection, slice: Slice) -> Query {
        let days = Days { from: self.from, until: self.until };
        // The order is asked for only where it matters: where a part is read.
        let oldest_first = days != Days::ALL || slice.rows == 1;
        match collection {
            Collection::Users => Query::Users,
            Collection::Clients => Query::Clients { created: days, oldest_first, slice },
            Collection::Pianos => Query::Pianos { created: days, oldest_first, slice },
            Collection::Appointments => Query::Appointments { days, slice },
            Collection::Timeline => {
                Query::Timeline { since: self.from.and_then(midnight), client: None, slice }
            }
        }
    }

    /// Whether an entry of the timeline belongs to the next window. Every other list ends by itself.
    pub fn is_beyond(self, collection: Collection, node: &Value) -> bool {
        let (Collection::Timeline, Some(end)) = (collection, self.until.and_then(midnight)) else {
            return false;
        };
        instant_of(collection, node).is_some_and(|instant| instant >= end)
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The instant by which a row belongs to a window.
pub(super) fn instant_of(collection: Collection, node: &Value) -> Option<Timestamp> {
    let field = match collection {
        Collection::Users | Collection::Clients | Collection::Pianos => "createdAt",
        Collection::Appointments => "start",
        Collection::Timeline => "occurredAt",
    };
    node[field].as_str()?.parse().ok()
}

/// A window and how far its reading has come, as `sync_state` keeps it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    #[serde(flatten)]
    pub window: Window,
    /// The reading, counted from 0: what changed while it was read is read again.
    pub round: u32,
    /// After, or before, this row comes the next page.
    pub cursor: Option<String>,
    /// Read to its end.
    pub complete: bool,
}

impl Progress {
    /// The beginning of a reading.
    pub fn new(window: Window, round: u32) -> Self {
        Self { window, round, ..Self::default() }
    }
}
