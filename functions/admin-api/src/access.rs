//! Who may do what: sessions, cross-site requests, sign-in, and the one decision per request.

pub mod author;
pub mod authorize;
pub mod caller;
pub mod csrf;
pub mod session;
pub mod sign_in;
pub mod source;
