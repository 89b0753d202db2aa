//! How fast Gazelle lets itself be asked. Nobody has published a limit: there is none until Gazelle says so (429), and
//! then it is learned.
//!
//! At a refusal the rate is halved, until one has held for ten seconds. A step up every ten seconds finds out how much is
//! allowed; a step that is refused goes back to the rate that held, and the next ones are smaller and wait twice as long.
//! A rate that held before and is refused later is nearly right: it is lowered a little. What was on its way when the rate
//! was changed says nothing about the new one.

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
/// Of the time between two requests, after a step up: until a step was refused, and after that.
const STEP: f64 = 0.75;
const SMALL_STEP: f64 = 0.95;
/// Of the time between two requests, when a rate that held is refused.
const BACK: f64 = 1.15;
/// Requests are never further apart than this.
const SLOWEST: Duration = Duration::from_secs(10);
/// A refusal that names no time.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// No step was refused yet.
    is_searching: bool,
    /// Starts of the last second.
    started: VecDeque<Instant>,
    /// Counts the refusals that changed the rate.
    generation: u64,
}

/// A request that was let go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn(u64);

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
            started: VecDeque::new(),
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
        while self.started.front().is_some_and(|start| *start + PAUSE <= at) {
            self.started.pop_front();
        }
        self.started.push_back(at);
        (at, Turn(self.generation))
    }

    fn slow_down(&mut self, turn: Turn, asked: Option<Duration>, now: Instant) {
        self.next = self.next.max(now + asked.unwrap_or(PAUSE));
        if turn.0 != self.generation {
            return;
        }
        self.generation += 1;
        self.changed_at = self.next;
        self.interval = Some(match (self.interval, self.proven) {
            (Some(interval), Some(proven)) if proven > interval => {
                self.step_after = (self.step_after * 2).min(STEP_AFTER_MOST);
                self.is_searching = false;
                proven
            }
            (Some(interval), _) if self.has_held => interval.mul_f64(BACK).min(SLOWEST),
            (Some(interval), _) => (interval * 2).min(SLOWEST),
            // Half of what was asked within the last second.
            (None, _) => {
                (PAUSE * 2 / u32::try_from(self.started.len()).unwrap_or(u32::MAX).max(1)).min(SLOWEST)
            }
        });
        self.proven = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Gazelle that allows so many requests in any second, asked by six workers as fast as they may; each answer
    /// takes 0.3 s. How many of `pages` were refused, and how long it took. Nobody waits: the clock is a number.
    fn read(pages: u32, allowed: usize) -> (u32, Duration) {
        let latency = Duration::from_millis(300);
        let pace = Pace::default();
        let start = Instant::now();
        let mut state = pace.state();
        let (mut workers, mut granted) = ([start; 6], VecDeque::<Instant>::new());
        let (mut done, mut refused, mut end) = (0, 0, start);
        // Answers that are on their way: when they arrive, and whose turn was refused.
        let mut refusals: Vec<(Instant, Turn)> = Vec::new();
        while done < pages {
            let worker = (0..6).min_by_key(|worker| workers[*worker]).unwrap();
            let now = workers[worker];
            refusals.retain(|(arrival, turn)| {
                let is_here = *arrival <= now;
                if is_here {
                    state.slow_down(*turn, Some(Duration::from_secs(1)), *arrival);
                }
                !is_here
            });
            let (at, turn) = state.book(now);
            granted.retain(|grant| *grant + Duration::from_secs(1) > at);
            workers[worker] = at + latency;
            if granted.len() < allowed {
                granted.push_back(at);
                done += 1;
            } else {
                refused += 1;
                refusals.push((at + latency, turn));
            }
            end = end.max(at + latency);
        }
        (refused, end - start)
    }

    #[tokio::test]
    async fn a_limit_is_learned_with_few_refusals_and_little_time() {
        for (pages, allowed) in [(440, 2), (440, 4), (1_000, 10)] {
            let (refused, took) = read(pages, allowed);
            let floor = f64::from(pages) / allowed as f64;
            let share = f64::from(refused) / f64::from(pages);
            assert!(share <= 0.05, "{allowed} a second: {refused} of {pages} refused");
            assert!(took.as_secs_f64() <= 1.25 * floor, "{allowed} a second: {took:?} for {floor} s");
        }
    }

    #[tokio::test]
    async fn without_a_refusal_nobody_waits() {
        let (refused, took) = read(600, usize::MAX);
        assert_eq!((refused, took), (0, Duration::from_secs(30)));
    }
}
