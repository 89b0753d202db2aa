//! Who may do what: bearer tokens, sessions, cross-site requests, and the one decision per request.

mod authorize;
mod bearer;
mod csrf;
mod keys;
mod session;
mod source;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use self::{
    authorize::{Guard, guard},
    bearer::Verifier,
    csrf::refuse_cross_site,
    keys::{Keys, random},
    session::{LIFETIME_SECONDS, SessionId, cleared_cookie, cookie, session_of},
    source::Source,
};

/// What a user may do; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Acknowledges, resolves, enters data.
    Operator,
    /// Runs and pauses tasks, changes rules and settings.
    Admin,
}

impl Role {
    /// The role of a user of Supabase Auth: `app_metadata.role`, which users cannot change themselves. An unknown one
    /// is none.
    pub fn of_metadata(app_metadata: &Value) -> Option<Self> {
        Self::deserialize(&app_metadata["role"]).ok()
    }
}

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
