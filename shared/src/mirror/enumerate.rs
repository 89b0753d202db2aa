//! One collection read whole: split, read side by side, and proved.
//!
//! A list that changes while it is read proves nothing: cursors may be positions, so that a row which goes makes another
//! one slip by, and the totals agree all the same. Windows whose totals moved, or do not agree with what came, are read
//! again within the run; the ordinary activity of a company is no error. Windows that do not add up to the whole are
//! given up for one list.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    Collection, Counts, State,
    pages::{Batch, Interrupted, Listed, Reader},
    seen::Seen,
    split::{self, Split},
    window::{Progress, Window},
};
use crate::{gazelle::Page, task::TaskError};

/// A window is read at most so often: people work while it is read. What does not change ends it at the second time.
const ROUNDS: u32 = 5;
/// Pages between the readers of a collection and its writer.
const PAGES_AHEAD: usize = 4;

/// What a reading to the end found.
#[derive(Debug, Default)]
pub(super) struct Enumeration {
    /// Hashes of the ids of each part, sorted.
    pub seen: BTreeMap<&'static str, Vec<u64>>,
    /// Rows that Gazelle counts beyond those that it lists, where that stays so. Parts that agree are not in it.
    pub differences: BTreeMap<&'static str, i64>,
    /// Parts with rows of which nobody can say which they are.
    pub unidentified: BTreeSet<&'static str>,
    /// Rows set aside.
    pub quarantined: Vec<String>,
    /// Other shapes than agreed.
    pub drift: BTreeSet<String>,
    /// The collection is large, and could not be read in parts.
    pub as_one_list: bool,
    /// All of it was read in this part of the run: what was not seen is absent.
    pub is_whole: bool,
}

impl Reader<'_> {
    /// Reads the collection, from where `state` stands, to its end and commits page by page.
    pub async fn read(&self, state: &State) -> Result<Enumeration, Interrupted> {
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        let produced = async {
            // Owned here, so that the writer ends when this does.
            let sender = sender;
            if self.resumed { self.rest(state, &sender).await } else { self.whole(0, &sender).await }
        };
        let (proof, written) = futures::future::join(produced, self.write(receiver)).await;
        let quarantined = written?;
        let proof = proof?;
        let found = std::mem::take(&mut *self.found());
        let contacts: i64 = found.missing_contacts.values().sum();
        let differences = [(self.collection.source(), proof.difference), ("contacts", contacts)];
        Ok(Enumeration {
            seen: found.seen.into_iter().map(|(part, seen)| (part, seen.into_sorted())).collect(),
            differences: differences.into_iter().filter(|(_, rows)| *rows != 0).collect(),
            unidentified: found
                .unidentified
                .into_iter()
                .filter(|(_, rows)| *rows > 0)
                .map(|(part, _)| part)
                .collect(),
            quarantined,
            drift: found.drift,
            as_one_list: proof.as_one_list,
            is_whole: proof.is_whole,
        })
    }

    /// What an earlier part of the run left. What that one saw is not known any more, but how many rows it was: when
    /// there are more of them by now, or when its windows left some out, everything is read again.
    async fn rest(&self, state: &State, sender: &mpsc::Sender<Batch>) -> Result<Proof, Interrupted> {
        let open = state.windows.values().filter(|progress| !progress.complete).cloned();
        let read = open.enumerate().map(|(at, progress)| self.window(at, progress, None, sender));
        first_failure(join_all(read).await)?;
        let before = state.counts.get(self.collection.source()).map_or(0, Counts::read);
        if self.total(self.scope).await? <= before + self.distinct() {
            return Ok(Proof { is_whole: false, ..Proof::default() });
        }
        self.each_part(Seen::begin_all);
        let next_round = state.windows.values().map(|progress| progress.round + 1).max().unwrap_or_default();
        self.whole(next_round, sender).await
    }

    async fn whole(&self, round: u32, sender: &mpsc::Sender<Batch>) -> Result<Proof, Interrupted> {
        let first = self.first_page().await?;
        let total = first.total;
        let split = split::split(self, &first).await?;
        let is_split = split.windows.len() > 1;
        let proof = self.prove(&split, Some(first).filter(|_| !is_split), round, sender).await?;
        if !is_split {
            return Ok(Proof { as_one_list: split::is_large(self.collection, total), ..proof });
        }
        if proof.difference == 0 {
            return Ok(proof);
        }
        tracing::warn!(collection = self.collection.source(), "sync.windows_do_not_add_up");
        self.each_part(Seen::begin_all);
        let proof = self.prove(&Split::whole(self.scope, total), None, round + ROUNDS, sender).await?;
        Ok(Proof { as_one_list: true, ..proof })
    }

    /// Reads windows until they agree with what Gazelle counts, or two readings say the same.
    async fn prove(
        &self,
        split: &Split,
        mut first: Option<Page>,
        first_round: u32,
        sender: &mpsc::Sender<Batch>,
    ) -> Result<Proof, Interrupted> {
        if split.windows.len() > 1 || first_round > 0 {
            self.plan(&split.windows, first_round).await?;
        }
        let mut count = Count::planned(split, self.collection);
        let mut readings: Vec<Reading> = vec![Reading::default(); split.windows.len()];
        let mut pending: Vec<usize> = (0..split.windows.len()).collect();
        let mut is_confirmed = false;
        for round in first_round..first_round + ROUNDS {
            let read = pending.iter().map(|at| {
                self.each_part(|seen| seen.begin(*at));
                self.window(*at, Progress::new(split.windows[*at], round), first.take(), sender)
            });
            let listed = first_failure(join_all(read).await)?;
            let mut is_as_before = round > first_round;
            for (at, listed) in pending.iter().zip(listed) {
                let (rows, ids) = self.rows(*at);
                let reading = Reading { listed, rows, ids };
                is_as_before &= readings[*at] == reading && !listed.moved;
                readings[*at] = reading;
            }
            let agree = (0..readings.len()).all(|at| readings[at].agrees(&count, at));
            if agree && self.distinct() == count.whole {
                return Ok(Proof::default());
            }
            if self.run.should_hand_over() {
                return Err(Interrupted::TimeIsUp);
            }
            let now = self.count(split).await?;
            let is_last = round + 1 == first_round + ROUNDS;
            pending = (0..readings.len())
                .filter(|at| {
                    let is_settled = if count.by_bounds {
                        count.windows[*at] == now.windows[*at]
                    } else {
                        !readings[*at].listed.moved
                    };
                    readings[*at].rows != now.windows[*at] || !(is_settled || is_last)
                })
                .collect();
            count = now;
            // Two readings of a quiet list that say the same: so it is, whatever Gazelle counts.
            is_confirmed = is_as_before;
            if pending.is_empty() || is_confirmed {
                break;
            }
        }
        let missing = count.whole.cast_signed() - self.distinct().cast_signed();
        let doubled: u64 =
            readings.iter().map(|reading| reading.listed.rows.saturating_sub(reading.rows)).sum();
        if is_confirmed && missing > 0 && missing.cast_unsigned() == doubled {
            let source = self.collection.source();
            self.found().drift.insert(format!("{source}: the same row more than once in the list"));
            return Ok(Proof::default());
        }
        Ok(Proof { difference: missing, ..Proof::default() })
    }

    /// Stores which windows will be read.
    async fn plan(&self, windows: &[Window], round: u32) -> Result<(), TaskError> {
        let planned: BTreeMap<String, Progress> =
            windows.iter().map(|window| (window.name(), Progress::new(*window, round))).collect();
        let mut arguments = self.run.lease_arguments();
        arguments["p_collection"] = self.collection.source().into();
        arguments["p_windows"] = json!(planned);
        self.run.supabase.rpc::<()>("plan_windows", &arguments).await?;
        Ok(())
    }

    /// Asks again what every window holds, and the whole.
    async fn count(&self, split: &Split) -> Result<Count, TaskError> {
        let by_bounds = split.is_by_bounds(self.collection);
        if split.windows.len() == 1 {
            let whole = self.total(self.scope).await?;
            return Ok(Count { windows: vec![whole], whole, by_bounds });
        }
        let whole = self.total(self.scope);
        let windows = split.windows.iter().map(|window| {
            // From its beginning to the end of everything.
            let until = if by_bounds { self.scope.until } else { window.until };
            self.total(Window { until, ..*window })
        });
        let (whole, windows) = futures::future::try_join(whole, try_join_all(windows)).await?;
        let windows = if by_bounds {
            Split { windows: split.windows.clone(), totals: windows }.sizes()
        } else {
            windows
        };
        Ok(Count { windows, whole, by_bounds })
    }

    fn each_part(&self, change: impl FnMut(&mut Seen)) {
        self.found().seen.values_mut().for_each(change);
    }

    /// Distinct rows of a window, and a number that stands for their ids.
    fn rows(&self, at: usize) -> (u64, u64) {
        self.found().seen.get(self.collection.source()).map_or((0, 0), |seen| (seen.rows(at), seen.ids(at)))
    }

    /// Distinct rows of the collection.
    fn distinct(&self) -> u64 {
        self.found().seen.get(self.collection.source()).map_or(0, Seen::distinct)
    }
}

/// What a reading proves.
#[derive(Debug)]
struct Proof {
    /// Rows that Gazelle counts beyond those that it lists.
    difference: i64,
    as_one_list: bool,
    is_whole: bool,
}

impl Default for Proof {
    fn default() -> Self {
        Self { difference: 0, as_one_list: false, is_whole: true }
    }
}

/// How many rows there should be.
struct Count {
    windows: Vec<u64>,
    whole: u64,
    /// The windows' numbers are differences of totals; the lists of the windows hold more.
    by_bounds: bool,
}

impl Count {
    fn planned(split: &Split, collection: Collection) -> Self {
        Self { windows: split.sizes(), whole: split.totals[0], by_bounds: split.is_by_bounds(collection) }
    }
}

/// What came when a window was read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Reading {
    listed: Listed,
    /// Distinct rows.
    rows: u64,
    /// Stands for their ids.
    ids: u64,
}

impl Reading {
    /// Nothing moved, and nothing is missing.
    fn agrees(self, count: &Count, at: usize) -> bool {
        let expected = if count.by_bounds { count.windows[at] } else { self.listed.total };
        !self.listed.moved && self.rows == expected
    }
}

fn first_failure<T>(outcomes: Vec<Result<T, Interrupted>>) -> Result<Vec<T>, Interrupted> {
    outcomes.into_iter().collect()
}
