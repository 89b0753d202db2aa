//! Who somebody is, as Supabase Auth knows them: tokens, keys and roles.

pub mod auth;
pub mod bearer;
pub mod keys;
pub mod role;
