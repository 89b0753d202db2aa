//! Logs: one JSON object per line, with a timestamp (without one, Lambda files every line under INFO).
//!
//! Messages are constant, values are fields with units in their names, and neither a secret nor a person's data
//! is ever one of them.

use tracing_subscriber::EnvFilter;

use crate::setting::Setting;

/// Installs the JSON subscriber on standard error. The level comes from `LOG_LEVEL` (default `info`). A second
/// call does nothing.
pub fn init() {
    let level = Setting::LogLevel.of_the_process().unwrap_or_default();
    let filter = EnvFilter::try_new(format!("{level},hyper=warn,aws_config=warn,lambda_runtime=warn"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .finish();
    // Already installed by the host process: its subscriber stays.
    tracing::subscriber::set_global_default(subscriber).ok();
}
