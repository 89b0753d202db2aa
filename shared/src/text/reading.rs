//! What a note says, as far as it is understood.

use super::vocabulary::Problem;

/// What a note says, per problem: the words that report it, and those that say that it is over. Words are those of
/// the note, in lower case, from the first to the last one that was needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    pub(super) alerts: [Option<String>; 4],
    pub(super) resolutions: [Option<String>; 4],
    pub(super) named: [Option<String>; 4],
}

impl Reading {
    /// The words that report this problem.
    pub fn alert(&self, problem: Problem) -> Option<&str> {
        self.alerts[problem as usize].as_deref()
    }

    /// The words that say that this problem is over.
    pub fn resolution(&self, problem: Problem) -> Option<&str> {
        self.resolutions[problem as usize].as_deref()
    }

    /// The words that say that this problem is over, if its sentence says of what it speaks: the only kind that
    /// ends a problem of another note.
    pub fn named_resolution(&self, problem: Problem) -> Option<&str> {
        self.named[problem as usize].as_deref()
    }

    /// Whether any problem is reported.
    pub fn has_alert(&self) -> bool {
        self.alerts.iter().any(Option::is_some)
    }
}
