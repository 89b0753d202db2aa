//! How far the reading of a collection has come.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    report::{Counts, RefusedDeletion},
    window::Progress,
};

/// State of a collection, from `sync_state`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) watermark: Option<Timestamp>,
    pub(super) windows: BTreeMap<String, Progress>,
    pub(super) complete: bool,
    pub(super) counts: BTreeMap<String, Counts>,
    pub(super) refused: Vec<RefusedDeletion>,
    pub(super) quarantined: Vec<String>,
}
