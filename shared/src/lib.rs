//! What every Gazelle task shares.
//!
//! A task knows its own domain; its trigger, run log, deadline, events and notices are handled here. Nothing in
//! this crate knows the local stack or the deployment: every outside service is reached over HTTP at a
//! configurable address.

#![warn(missing_docs)]

pub mod clock;
pub mod config;
pub mod error_kind;
pub mod events;
pub mod gazelle;
pub mod http;
pub mod metrics;
pub mod mirror;
pub mod notify;
pub mod run;
mod setting;
pub mod supabase;
pub mod task;
pub mod telemetry;
pub mod text;
pub mod trigger;
pub mod words;
