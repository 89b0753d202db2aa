//! Which rows a reading has seen, as hashes of their ids: ids alone would not fit a large account.

use std::collections::HashSet;

/// Hashes that are looked up in a set before they join the sorted list.
const RECENT: usize = 1_024;

/// A hash that is the same for the whole process. Two ids that collide would only keep a row that is gone.
pub(super) fn hash(id: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A set of hashes of eight bytes each.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    sorted: Vec<u64>,
    recent: HashSet<u64>,
}

impl Hashes {
    pub fn contains(&self, hash: u64) -> bool {
        self.recent.contains(&hash) || self.sorted.binary_search(&hash).is_ok()
    }

    pub fn insert(&mut self, hash: u64) {
        if self.contains(hash) {
            return;
        }
        self.recent.insert(hash);
        if self.recent.len() >= RECENT {
            self.sort();
        }
    }

    pub fn len(&self) -> usize {
        self.sorted.len() + self.recent.len()
    }

    fn sort(&mut self) {
        self.sorted.extend(self.recent.drain());
        self.sorted.sort_unstable();
    }
}

/// What one part of a collection was seen to hold, window by window.
#[derive(Debug, Default)]
pub(super) struct Seen {
    windows: Vec<Hashes>,
    /// Of readings that were done again: counted already.
    before: Vec<Hashes>,
}

impl Seen {
    /// A window is read anew.
    pub fn begin(&mut self, window: usize) {
        if let Some(hashes) = self.windows.get_mut(window)
            && hashes.len() > 0
        {
            self.before.push(std::mem::take(hashes));
        }
    }

    /// Every window is read anew, in other parts.
    pub fn begin_all(&mut self) {
        self.before.extend(self.windows.drain(..).filter(|hashes| hashes.len() > 0));
    }

    /// Takes a row of a window; answers whether it was seen before, there or elsewhere.
    pub fn insert(&mut self, window: usize, id: &str) -> bool {
        let hash = hash(id);
        self.windows.resize_with(self.windows.len().max(window + 1), Hashes::default);
        let is_known = self.windows.iter().chain(&self.before).any(|hashes| hashes.contains(hash));
        self.windows[window].insert(hash);
        is_known
    }

    /// Distinct rows of a window.
    pub fn rows(&self, window: usize) -> u64 {
        self.windows.get(window).map_or(0, Hashes::len) as u64
    }

    /// The same for the same rows, whatever their order.
    pub fn ids(&self, window: usize) -> u64 {
        let Some(hashes) = self.windows.get(window) else { return 0 };
        hashes.sorted.iter().chain(&hashes.recent).fold(0, |sum, hash| sum.wrapping_add(*hash))
    }

    /// All of them, sorted, without what earlier readings saw.
    pub fn into_sorted(self) -> Vec<u64> {
        let mut all: Vec<u64> = Vec::with_capacity(self.windows.iter().map(Hashes::len).sum());
        for hashes in self.windows {
            all.extend(hashes.sorted);
            all.extend(hashes.recent);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Distinct rows of all windows, without a copy of them: of a large account they are megabytes.
    pub fn distinct(&self) -> u64 {
        let is_new =
            |window: usize, hash: u64| !self.windows[..window].iter().any(|earlier| earlier.contains(hash));
        let all = self.windows.iter().enumerate();
        let hashes = all
            .flat_map(|(at, window)| window.sorted.iter().chain(&window.recent).map(move |hash| (at, *hash)));
        hashes.filter(|(at, hash)| is_new(*at, *hash)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_counted_once_whatever_window_and_reading_it_is_in() {
        let mut seen = Seen::default();
        for number in 0..3_000 {
            assert!(!seen.insert(0, &format!("cli_{number}")));
        }
        assert!(seen.insert(0, "cli_7"), "a row that came twice");
        assert!(seen.insert(1, "cli_2999"), "a row of the date that neighbours share");
        assert!(!seen.insert(1, "cli_3000"));
        assert_eq!((seen.rows(0), seen.rows(1), seen.distinct()), (3_000, 2, 3_001));

        seen.begin(1);
        assert_eq!((seen.rows(1), seen.ids(1)), (0, 0));
        assert!(seen.insert(1, "cli_3000"), "counted by the reading before");
        assert!(!seen.insert(1, "cli_3001"));
        assert_eq!(seen.distinct(), 3_002);
        assert_eq!(seen.into_sorted().len(), 3_002);

        let mut seen = Seen::default();
        for (window, ids) in [["cli_1", "cli_2"], ["cli_2", "cli_1"], ["cli_1", "cli_3"]].iter().enumerate() {
            ids.iter().for_each(|id| {
                seen.insert(window, id);
            });
        }
        assert_eq!(seen.ids(0), seen.ids(1));
        assert_ne!(seen.ids(0), seen.ids(2), "as many rows, other ones");

        let mut seen = Seen::default();
        seen.insert(0, "cli_1");
        seen.begin_all();
        assert!(seen.insert(0, "cli_1"));
        assert_eq!(seen.distinct(), 1);
    }
}
