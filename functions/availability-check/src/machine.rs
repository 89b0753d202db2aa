//! The state of a target: a pure function of what was known and of one probe.
//!
//! It opens and closes; it does not store, tell or look at a clock. A target falls after so many failures in a row
//! and rises after so many successes; one that falls and rises again and again is unstable, which is said once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Changes between good and bad that are remembered.
const WATCHED: SignedDuration = SignedDuration::from_hours(1);
/// So many changes within [`WATCHED`] are not a fall but instability: two single failures in an hour are not.
const FLIPS: usize = 5;
/// An unstable target is stable again after this long without a failure.
const CALM: SignedDuration = SignedDuration::from_mins(30);

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It answers as it should.
    Up,
    /// It answers, but slowly or with a certificate about to end.
    Degraded,
    /// It does not answer.
    Down,
    /// It falls and rises.
    Flapping,
    /// It is not probed: switched off, or the service is not set up.
    Paused,
    /// It is inside a maintenance window: failures open no incident.
    Maintenance,
}

/// All that is remembered of a target between two ticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// State.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    /// Successes in a row.
    pub successes: u32,
    /// Slow answers in a row.
    pub slow: u32,
    /// Whether an incident is open.
    pub has_incident: bool,
    /// The first failure of those in a row.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// The last failure.
    pub failed_at: Option<Timestamp>,
    /// Changes between good and bad within the last hour.
    pub flips: Vec<Timestamp>,
}

impl History {
    /// A target that nobody has looked at yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            state: State::Up,
            since: now,
            failures: 0,
            successes: 0,
            slow: 0,
            has_incident: false,
            failing_since: None,
            failed_at: None,
            flips: Vec::new(),
        }
    }

    fn enter(&mut self, state: State, since: Timestamp) {
        if self.state != state {
            self.state = state;
            self.since = since;
        }
    }

    /// When the instability began, while it fails: changes alternate and the last one was a fall, so that every other one
    /// before it was a fall, too.
    fn unstable_since(&self) -> Option<Timestamp> {
        self.flips.get(self.flips.len().saturating_sub(1) % 2).copied()
    }
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// There, but not as it should be.
    Poor,
    /// Not there.
    Bad,
}

/// How a target is judged now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is not probed.
    Paused,
    /// It is probed, and failures open no incident.
    Maintenance,
    /// Failures and successes in a row that make it fall and rise.
    Watched {
        /// Failures until it is down.
        failures: u32,
        /// Successes until it is up.
        successes: u32,
    },
}

/// What a probe changes about the target's incident; most change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// An incident opens.
    Open,
    /// The incident is over.
    Recover,
    /// The incident is closed in silence: nobody watches any more.
    Pause,
}

/// The next standing, and what follows.
pub fn advance(
    before: &History,
    verdict: Option<Verdict>,
    policy: Policy,
    now: Timestamp,
) -> (History, Option<Effect>) {
    let mut next = before.clone();
    let (failures, successes) = match (policy, verdict) {
        (Policy::Paused, _) => {
            let effect = before.has_incident.then_some(Effect::Pause);
            next = History { since: before.since, state: before.state, ..History::new(now) };
            next.enter(State::Paused, now);
            return (next, effect);
        }
        (Policy::Maintenance, _) => {
            next = History {
                since: before.since,
                state: before.state,
                has_incident: before.has_incident,
                ..History::new(now)
            };
            next.enter(State::Maintenance, now);
            return (next, None);
        }
        (Policy::Watched { .. }, None) => return (next, None),
        (Policy::Watched { failures, successes }, Some(_)) => (failures, successes),
    };
    if matches!(before.state, State::Paused | State::Maintenance) {
        next.enter(if before.has_incident { State::Down } else { State::Up }, now);
    }
    let effect = match verdict {
        Some(Verdict::Bad) => fail(&mut next, failures, now),
        Some(Verdict::Poor) => succeed(&mut next, true, failures, successes, now),
        _ => succeed(&mut next, false, failures, successes, now),
    };
    (next, effect)
}

fn fail(history: &mut History, threshold: u32, now: Timestamp) -> Option<Effect> {
    flip(history, history.failures == 0 && history.successes > 0, now);
    history.successes = 0;
    history.slow = 0;
    history.failures += 1;
    history.failed_at = Some(now);
    // A problem began with its first failure, not with the one that was enough to call it a problem.
    let failing_since = *history.failing_since.get_or_insert(now);
    let unstable_since = history.unstable_since().filter(|_| history.flips.len() >= FLIPS);
    if history.has_incident {
        if let Some(since) = unstable_since {
            history.enter(State::Flapping, since);
        }
        return None;
    }
    if unstable_since.is_none() && history.failures < threshold {
        return None;
    }
    match unstable_since {
        Some(since) => history.enter(State::Flapping, since),
        None => history.enter(State::Down, failing_since),
    }
    history.has_incident = true;
    Some(Effect::Open)
}

fn succeed(
    history: &mut History,
    is_poor: bool,
    failures: u32,
    successes: u32,
    now: Timestamp,
) -> Option<Effect> {
    flip(history, history.successes == 0 && history.failures > 0, now);
    history.failures = 0;
    history.failing_since = None;
    history.successes += 1;
    history.slow = if is_poor { history.slow + 1 } else { 0 };
    let is_calm = history.failed_at.is_none_or(|at| now.duration_since(at) >= CALM);
    let is_over = history.successes >= successes && (is_calm || history.state != State::Flapping);
    if history.has_incident {
        if !is_over {
            return None;
        }
        history.has_incident = false;
        history.enter(State::Up, now);
        return Some(Effect::Recover);
    }
    if history.slow >= failures {
        history.enter(State::Degraded, now);
    } else if history.state != State::Degraded || (!is_poor && history.successes >= successes) {
        history.enter(State::Up, now);
    }
    None
}

fn flip(history: &mut History, is_flip: bool, now: Timestamp) {
    history.flips.retain(|at| now.duration_since(*at) < WATCHED);
    if is_flip {
        history.flips.push(now);
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use proptest::prelude::*;

    use super::*;

    const WATCHED_BY_DEFAULT: Policy = Policy::Watched { failures: 3, successes: 2 };

    fn play(verdicts: &str) -> (History, Vec<(usize, Effect)>) {
        let mut now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let mut history = History::new(now);
        let mut effects = Vec::new();
        for (at, verdict) in verdicts.chars().enumerate() {
            let (verdict, policy) = match verdict {
                '.' => (Some(Verdict::Good), WATCHED_BY_DEFAULT),
                '~' => (Some(Verdict::Poor), WATCHED_BY_DEFAULT),
                'x' => (Some(Verdict::Bad), WATCHED_BY_DEFAULT),
                'm' => (Some(Verdict::Bad), Policy::Maintenance),
                _ => (None, Policy::Paused),
            };
            let (next, effect) = advance(&history, verdict, policy, now);
            history = next;
            effects.extend(effect.map(|effect| (at, effect)));
            now += 5.minutes();
        }
        (history, effects)
    }

    #[test]
    fn three_failures_are_a_fall_and_two_successes_a_recovery() {
        assert_eq!(play("..xx..").1, []);
        assert_eq!(play("..xxx").1, [(4, Effect::Open)]);
        assert_eq!(play("..xxxxxx.x..").1, [(4, Effect::Open), (11, Effect::Recover)]);
        assert_eq!(play("xxx..").0.state, State::Up);
    }

    /// Minutes from the first probe to when the state of the last one began.
    fn begins(verdicts: &str) -> (State, i64) {
        let (history, _) = play(verdicts);
        let start: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        (history.state, history.since.duration_since(start).as_mins())
    }

    #[test]
    fn an_outage_began_with_its_first_failure() {
        assert_eq!(begins("..xxx"), (State::Down, 10));
        assert_eq!(begins("..xxxxx"), (State::Down, 10));
        assert_eq!(begins("xxx"), (State::Down, 0), "it never answered");
        assert_eq!(begins("..x.xxx"), (State::Down, 20), "a single failure before is another one");
        assert_eq!(begins("mmxxx"), (State::Down, 10), "failures in a window do not count");
        assert_eq!(begins("..pxxx"), (State::Down, 15));
        assert_eq!(begins("..xxx.."), (State::Up, 30));
    }

    #[test]
    fn instability_began_with_the_oldest_fall_that_is_remembered() {
        assert_eq!(begins("..x.x.x"), (State::Flapping, 10));
        // The fall of the first minutes is more than an hour old: the hour begins with another fall.
        assert_eq!(begins(&format!(".x{}x.x.x", ".".repeat(12))), (State::Flapping, 70));
    }

    #[test]
    fn what_falls_and_rises_is_said_once() {
        let (history, effects) = play("..x.x.x.x.x.x.x.");
        assert_eq!(history.state, State::Flapping);
        assert_eq!(effects, [(6, Effect::Open)]);
        let calm = ".".repeat(7);
        let (history, effects) = play(&format!("..x.x.x.x.x.x.x{calm}"));
        assert_eq!((history.state, effects.len()), (State::Up, 2));
    }

    #[test]
    fn slowness_is_a_state_and_no_incident() {
        let (history, effects) = play("..~~~");
        assert_eq!((history.state, effects), (State::Degraded, vec![]));
        assert_eq!(play("..~~~.").0.state, State::Up);
    }

    #[test]
    fn maintenance_keeps_silent_and_keeps_the_incident() {
        assert_eq!(play("..mmmmmm..").1, []);
        assert_eq!(play("xxxmmm..").1, [(2, Effect::Open), (7, Effect::Recover)]);
        assert_eq!(play("xxxmmmxxx").1, [(2, Effect::Open)]);
        assert_eq!(play("..mxx.").1, [], "failures before and in the window do not count");
    }

    #[test]
    fn a_paused_target_closes_in_silence_and_starts_over() {
        assert_eq!(play("xxxp").1, [(2, Effect::Open), (3, Effect::Pause)]);
        assert_eq!(play("xxxpxx").1.len(), 2);
        assert_eq!(play("xxxpxxx").1.len(), 3);
    }

    proptest! {
        /// Whatever comes: effects alternate between opening and closing, none without cause, and a target that
        /// stays bad ends with an open incident, one that stays good without.
        #[test]
        fn effects_alternate_and_nothing_is_lost(verdicts in "[.x~mp]{0,80}", end in "[.x]") {
            let (_, effects) = play(&verdicts);
            for (at, (_, effect)) in effects.iter().enumerate() {
                prop_assert_eq!(*effect == Effect::Open, at % 2 == 0);
            }
            let (history, effects) = play(&format!("{verdicts}{}", end.repeat(20)));
            prop_assert_eq!(history.has_incident, end == "x");
            prop_assert_eq!(effects.len() % 2 == 1, history.has_incident);
        }

        /// A standing survives its storage.
        #[test]
        fn a_history_is_what_was_stored(verdicts in "[.x~mp]{0,30}") {
            let (history, _) = play(&verdicts);
            let stored = serde_json::to_string(&history).unwrap();
            prop_assert_eq!(serde_json::from_str::<History>(&stored).unwrap(), history);
        }
    }
}
