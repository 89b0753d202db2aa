//! An adaptive rate limiter. Gazelle publishes no limit, so there is none until it answers 429.
//!
//! At the first 429 the number of requests that were accepted in the second before becomes the limit. A rate that works for ten
//! seconds is raised by one step. When the step is rejected, the limiter goes back to the rate that worked, and the next steps
//! are smaller and wait twice as long. A rate that worked before and is rejected later is lowered a little. Answers to requests
//! that were sent before a change say nothing about the new rate.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a rate must hold before it is raised.
const STEP_AFTER: Duration = Duration::from_secs(10);
/// Refused steps make the next ones rarer, up to this.
const STEP_AFTER_MOST: Duration = Duration::from_secs(300);
/// Of the time between two requests, after a step up: while nobody knows the limit, and near it.
const STEP: f64 = 0.75;
const SMALL_STEP: f64 = 0.95;
/// Of the time between two requests, when a rate that should have held is refused.
const BACK: f64 = 1.05;
/// Of the time between two requests, so that no two of them arrive a little too close.
const MARGIN: f64 = 1.03;
/// Requests are never further apart than this.
const SLOWEST: Duration = Duration::from_secs(10);
/// Requests that start together arrive in any order.
const REORDERED: Duration = Duration::from_millis(50);
/// A refusal that names no time; and the time over which grants are counted.
const SECOND: Duration = Duration::from_secs(1);

/// The pace of all requests of one run.
#[derive(Debug)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Time between two requests; none: as they come.
    interval: Option<Duration>,
    /// The interval that held for a whole step.
    proven: Option<Duration>,
    /// Nobody starts before this.
    next: Instant,
    changed_at: Instant,
    step_after: Duration,
    /// Some rate has held for a whole step.
    has_held: bool,
    /// The limit is not known by a count of grants, nor by a step that was refused.
    is_searching: bool,
    /// When the refused request was started whose second is counted, and the shortest interval that may come of it.
    counted: Option<(Instant, Duration)>,
    /// When requests were started that were granted, newest last.
    granted: VecDeque<Instant>,
    /// Counts the refusals that changed the rate.
    generation: u64,
}

/// A request that was let go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    at: Instant,
    generation: u64,
}

impl Default for Pace {
    fn default() -> Self {
        let now = Instant::now();
        Self(Mutex::new(State {
            interval: None,
            proven: None,
            next: now,
            changed_at: now,
            step_after: STEP_AFTER,
            has_held: false,
            is_searching: true,
            counted: None,
            granted: VecDeque::new(),
            generation: 0,
        }))
    }
}

impl Pace {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the next request may start.
    pub async fn turn(&self) -> Turn {
        let (at, turn) = self.state().book(Instant::now());
        tokio::time::sleep_until(at).await;
        turn
    }

    /// Gazelle answered the request of this turn.
    pub fn granted(&self, turn: Turn) {
        self.state().grant(turn);
    }

    /// Gazelle refused the request of this turn, and asked for a wait.
    pub fn slow_down(&self, turn: Turn, asked: Option<Duration>) {
        self.state().slow_down(turn, asked, Instant::now());
    }
}

impl State {
    fn book(&mut self, now: Instant) -> (Instant, Turn) {
        if let Some(interval) = self.interval
            && now.duration_since(self.changed_at) >= self.step_after
        {
            self.proven = Some(interval);
            self.has_held = true;
            self.interval = Some(interval.mul_f64(if self.is_searching { STEP } else { SMALL_STEP }));
            self.changed_at = now;
        }
        let at = self.next.max(now);
        self.next = at + self.interval.unwrap_or_default();
        (at, Turn { at, generation: self.generation })
    }

    fn grant(&mut self, turn: Turn) {
        self.granted.push_back(turn.at);
        let newest = self.granted.iter().max().copied().unwrap_or(turn.at);
        self.granted.retain(|at| *at + 2 * SECOND > newest);
        // Answers to what was on its way at the refusal still count.
        if let Some((refused, shortest)) = self.counted.filter(|_| turn.generation < self.generation) {
            self.count(refused, shortest);
        }
    }

    /// The rate that was granted within the second before a refused request.
    fn count(&mut self, refused: Instant, shortest: Duration) {
        let before = |at: &&Instant| **at <= refused + REORDERED && **at + SECOND > refused;
        let granted = self.granted.iter().filter(before).count();
        // One says little: somebody else may have had the others.
        self.is_searching = granted <= 1;
        let granted = u32::try_from(granted).unwrap_or(u32::MAX).max(1);
        self.interval = Some((SECOND / granted).mul_f64(MARGIN).max(shortest).min(SLOWEST));
    }

    fn slow_down(&mut self, turn: Turn, asked: Option<Duration>, now: Instant) {
        self.next = self.next.max(now + asked.unwrap_or(SECOND));
        if turn.generation != self.generation {
            return;
        }
        self.generation += 1;
        self.changed_at = self.next;
        self.counted = None;
        match (self.interval, self.proven) {
            (Some(interval), Some(proven)) if proven > interval => {
                // A small step that is refused was the last one for long; after a large one the small ones begin.
                if !self.is_searching {
                    self.step_after = (self.step_after * 4).min(STEP_AFTER_MOST);
                }
                self.is_searching = false;
                self.interval = Some(proven);
            }
            (Some(interval), _) if self.has_held => self.interval = Some(interval.mul_f64(BACK).min(SLOWEST)),
            (interval, _) => {
                // Not as fast as what was refused.
                let shortest = interval.unwrap_or_default().mul_f64(BACK);
                self.counted = Some((turn.at, shortest));
                self.count(turn.at, shortest);
            }
        }
        self.proven = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a Gazelle allows.
    #[derive(Debug, Clone, Copy)]
    enum Limit {
        /// So many requests in any second.
        Window(usize),
        /// The same, of which somebody else had all but one at the beginning.
        Shared(usize),
        /// A store of so many, to which so many are added each second.
        Bucket(f64, f64),
    }

    /// Such a Gazelle, asked by six workers as fast as they may; answers take 0.25 to 0.35 s, requests up to 20 ms. How
    /// many of `pages` were refused, and how long it took. Nobody waits: the clock is a number.
    fn read(pages: u32, limit: Limit) -> (u32, Duration) {
        let millis = Duration::from_millis;
        let pace = Pace::default();
        let start = Instant::now();
        let mut state = pace.state();
        let (mut workers, mut recent, mut store) = ([start; 6], VecDeque::<Instant>::new(), (0.0, start));
        match limit {
            Limit::Bucket(size, _) => store.0 = size,
            Limit::Shared(most) => recent.extend((1..most).map(|_| start)),
            Limit::Window(_) => {}
        }
        let (mut done, mut refused, mut end, mut dice) = (0, 0, start, 1_u64);
        // Answers on their way: when they arrive, whose they are, whether they are refusals.
        let mut answers: Vec<(Instant, Turn, bool)> = Vec::new();
        while done < pages {
            let worker = (0..6).min_by_key(|worker| workers[*worker]).unwrap();
            let now = workers[worker];
            answers.sort_by_key(|(arrival, ..)| *arrival);
            for (arrival, turn, is_granted) in answers.extract_if(.., |(arrival, ..)| *arrival <= now) {
                if is_granted { state.grant(turn) } else { state.slow_down(turn, Some(SECOND), arrival) }
            }
            let (at, turn) = state.book(now);
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let arrives = at + millis((dice >> 33) % 20);
            let answered = at + millis(250 + (dice >> 40) % 100);
            let is_granted = match limit {
                Limit::Window(most) | Limit::Shared(most) => {
                    recent.retain(|grant| *grant + SECOND > arrives);
                    recent.len() < most
                }
                Limit::Bucket(size, rate) => {
                    let passed = arrives.saturating_duration_since(store.1).as_secs_f64();
                    store = (size.min(store.0 + passed * rate), arrives.max(store.1));
                    store.0 >= 1.0
                }
            };
            if is_granted {
                recent.push_back(arrives);
                store.0 -= 1.0;
                done += 1;
            } else {
                refused += 1;
            }
            answers.push((answered, turn, is_granted));
            workers[worker] = answered;
            end = end.max(answered);
        }
        (refused, end - start)
    }

    #[tokio::test]
    async fn a_limit_is_learned_with_few_refusals_and_little_time() {
        let limits = [
            (440, Limit::Window(1), 1.0),
            (440, Limit::Window(2), 2.0),
            (440, Limit::Shared(2), 2.0),
            (440, Limit::Window(4), 4.0),
            (1_000, Limit::Window(10), 10.0),
            (440, Limit::Bucket(5.0, 2.0), 2.0),
            (440, Limit::Bucket(60.0, 1.0), 1.0),
        ];
        for (pages, limit, rate) in limits {
            let (refused, took) = read(pages, limit);
            let floor = f64::from(pages) / rate;
            let share = f64::from(refused) / f64::from(pages);
            eprintln!("{limit:?} {refused} {:.3}", took.as_secs_f64() / floor);
            assert!(share <= 0.05, "{limit:?}: {refused} of {pages} refused");
            assert!(took.as_secs_f64() <= 1.2 * floor, "{limit:?}: {took:?} for {floor} s");
        }
    }

    #[tokio::test]
    async fn without_a_refusal_nobody_waits() {
        let (refused, took) = read(600, Limit::Window(usize::MAX));
        assert_eq!(refused, 0);
        assert!(took < Duration::from_secs(31), "{took:?}");
    }
}
