//! The detectors: pure functions from typed rows to findings, one file per family.

pub mod access;
pub mod ai;
pub mod cash;
pub mod humidity;
pub mod mirror;
pub mod runs;
pub mod unusual;
