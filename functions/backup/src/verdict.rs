//! How a verification ended.

/// How a verification ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was read back and is what was written.
    Verified,
    /// Something is not what was written.
    Failed(String),
    /// It could not be read.
    Inconclusive(String),
    /// It is what was written, but holds much less than the good copies: it is kept beside them.
    Reduced(String),
    /// It is what was written, but what was copied is damaged: it is kept beside the good copies.
    Damaged(String),
}

impl Verdict {
    /// Stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Failed(_) => "failed",
            Verdict::Inconclusive(_) => "inconclusive",
            Verdict::Reduced(_) => "reduced",
            Verdict::Damaged(_) => "damaged",
        }
    }

    /// What is wrong.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Verdict::Verified => None,
            Verdict::Failed(detail)
            | Verdict::Inconclusive(detail)
            | Verdict::Reduced(detail)
            | Verdict::Damaged(detail) => Some(detail),
        }
    }
}
