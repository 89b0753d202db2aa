//! Kills a running function at a chosen request to the outside: the crash tests go through all of them.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Notify, watch};

/// Before the request has any effect, or after it, before the function learns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request is lost.
    Before,
    /// The answer is lost.
    After,
}

/// Where to cut.
#[derive(Debug, Clone, Copy)]
struct Cut {
    step: u64,
    moment: Moment,
}

/// Counts the requests of one invocation and calls for its end at one of them.
#[derive(Debug)]
pub struct Tripwire {
    steps: AtomicU64,
    first: Mutex<Option<Instant>>,
    cut: Mutex<Option<Cut>>,
    kill: Notify,
    dead: watch::Sender<bool>,
}

impl Default for Tripwire {
    fn default() -> Self {
        Self {
            steps: AtomicU64::new(0),
            first: Mutex::new(None),
            cut: Mutex::new(None),
            kill: Notify::new(),
            dead: watch::Sender::new(false),
        }
    }
}

impl Tripwire {
    /// Kills the next invocation at its request number `step` (from 1).
    pub fn set(&self, step: u64, moment: Moment) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(Cut { step, moment });
    }

    /// A new invocation begins.
    pub fn begin(&self) {
        self.steps.store(0, Ordering::SeqCst);
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.dead.send_replace(false);
    }

    /// Requests of this invocation so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// When this invocation's first request arrived.
    pub fn first_request(&self) -> Option<Instant> {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the function has to be killed.
    pub async fn wants_kill(&self) {
        self.kill.notified().await;
    }

    /// The function is dead.
    pub fn killed(&self) {
        self.dead.send_replace(true);
    }

    /// A request arrives; `None`: the function was killed before it had any effect.
    pub async fn arrive(&self, _service: &str) -> Option<u64> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
        if self.trip(step, Moment::Before).await { None } else { Some(step) }
    }

    /// A request has had its effect.
    pub async fn leave(&self, step: u64) {
        self.trip(step, Moment::After).await;
    }

    async fn trip(&self, step: u64, moment: Moment) -> bool {
        let hit = {
            let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
            cut.take_if(|cut| cut.step == step && cut.moment == moment).is_some()
        };
        if hit {
            let mut dead = self.dead.subscribe();
            self.kill.notify_one();
            dead.wait_for(|dead| *dead).await.ok();
        }
        hit
    }
}
