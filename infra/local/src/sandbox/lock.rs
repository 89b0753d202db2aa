//! What several requests share.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic of another holder is no reason to stop.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
