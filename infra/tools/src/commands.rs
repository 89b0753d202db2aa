//! The root of the workspace, cargo, and commands that run to their end.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};

/// The root of the workspace.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Cargo at the root, without the variables that cargo set for this process: build scripts would see a change
/// and build again.
pub fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root());
    for (name, _) in std::env::vars() {
        let is_ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
            .iter()
            .any(|mark| name.starts_with(mark));
        if is_ours {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started or fails.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("starting {:?}", command.get_program()))?;
    ensure!(status.success(), "{:?} ended with {status}", command.get_program());
    Ok(())
}
