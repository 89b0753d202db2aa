//! The end-to-end, contract and crash tests: one program, so that it is linked once, databases are copied from one
//! template, and what waits does not keep the processor from what works.
//!
//! `cargo xtask test` provides what they need; a module is a subject: `cargo xtask test --file notifications`.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.
#![allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.

mod admin_access;
mod admin_api;
mod anomalies;
mod appointments;
mod backup;
mod browser;
mod chain;
mod cleanup;
mod console_alerts;
mod console_assets;
mod console_changes;
mod console_health;
mod console_journal;
mod console_notifications;
mod console_operations;
mod console_paging;
mod console_reads;
mod console_runs;
mod console_settings;
mod contracts;
mod database;
mod deliveries;
mod emulators;
mod faults;
mod forms;
mod fuzz;
mod gateway;
mod gazelle_answers;
mod harness;
mod humidity;
mod letters;
mod lost_answers;
mod maintenance;
mod messages;
mod mirror;
mod monitoring;
mod notifications;
mod privacy;
mod report;
mod rotation;
mod schedules;
mod sign_in;
mod tasks;
mod weekly;
mod words;
