//! The user of a request.

use serde_json::{Value, json};

use crate::identity::role::Role;

/// The user of this request.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user_id: String,
    pub email: String,
    pub role: Role,
    pub address: String,
    /// What came by a bearer token is `api`, what came from the console `manual`.
    pub triggered_by: &'static str,
    /// The session behind it, unless it came by a bearer token.
    pub session: Option<Signed>,
}

/// A session as the caller may know it.
#[derive(Debug, Clone)]
pub struct Signed {
    pub csrf_token: String,
    pub expires_at: String,
}

impl Caller {
    /// As SQL functions record it.
    pub fn actor(&self) -> Value {
        json!({"user_id": self.user_id, "email": self.email, "address": self.address})
    }
}
