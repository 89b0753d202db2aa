//! An event as the bus took it.

use serde_json::Value;

/// An event that the bus took.
#[derive(Debug, Clone)]
pub struct BusEvent {
    /// The envelope that targets get.
    pub envelope: Value,
}
