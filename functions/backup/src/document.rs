//! What a copy says of itself, beside its parts.

/// What a copy says of itself, beside its parts. Where there is a key, each carries its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The list of the parts, without which there is no copy.
    Manifest,
    /// How the verification ended.
    Verification,
}

impl Document {
    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Document::Manifest => "manifest",
            Document::Verification => "verification",
        }
    }

    /// Name of its object in a copy.
    pub fn object(self) -> String {
        format!("{}.json", self.name())
    }

    /// Name of the object with the mark of the key on it.
    pub fn mark(self) -> String {
        format!("{}.mac", self.name())
    }
}
