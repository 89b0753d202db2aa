//! What a note says, as far as it is understood.

use super::vocabulary::Trouble;

/// What a note says, per trouble: the words that report it, and those that say that it is over. Words are those of
/// the note, in lower case, from the first to the last one that was needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    pub(super) alerts: [Option<String>; 4],
    pub(super) resolutions: [Option<String>; 4],
    pub(super) named: [Option<String>; 4],
}

impl Reading {
    /// The words that report this trouble.
    pub fn alert(&self, trouble: Trouble) -> Option<&str> {
        self.alerts[trouble as usize].as_deref()
    }

    /// The words that say that this trouble is over.
    pub fn resolution(&self, trouble: Trouble) -> Option<&str> {
        self.resolutions[trouble as usize].as_deref()
    }

    /// The words that say that this trouble is over, if its sentence says of what it speaks: the only kind that
    /// ends a trouble of another note.
    pub fn named_resolution(&self, trouble: Trouble) -> Option<&str> {
        self.named[trouble as usize].as_deref()
    }

    /// Whether any trouble is reported.
    pub fn has_alert(&self) -> bool {
        self.alerts.iter().any(Option::is_some)
    }
}
