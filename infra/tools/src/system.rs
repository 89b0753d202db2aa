//! What the system has, and what its package manager brings.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, bail};

use crate::run;

/// Something that no package registry for a language brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// Python with `venv`.
    Python,
    /// npm, and the Node.js that it runs on.
    Npm,
    /// `psql` and `pg_dump`.
    PostgresClient,
    /// A browser, and fonts that have every sign of the pages.
    Chromium,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Python, Self::Npm, Self::PostgresClient, Self::Chromium];

    fn is_there(self) -> bool {
        match self {
            Self::Python => {
                let mut probe = Command::new("python3");
                probe.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
                probe.status().is_ok_and(|status| status.success())
            }
            Self::Npm => program(&["npm"]).is_some(),
            Self::PostgresClient => program(&["psql"]).is_some(),
            Self::Chromium => program(&["chromium", "chromium-browser", "google-chrome"]).is_some(),
        }
    }

    /// Names in Debian and what descends from it.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "python3-venv"],
            Self::Npm => &["npm"],
            Self::PostgresClient => &["postgresql-client"],
            Self::Chromium => &["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"],
        }
    }
}

/// The first of these programs that is in the path.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    names.iter().find_map(|name| {
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.exists())
    })
}

/// Installs what is missing of these, by apt, as root or through sudo.
pub fn need(packages: &[Package]) -> anyhow::Result<()> {
    static ASKING: Mutex<()> = Mutex::new(());
    let _alone = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| !package.is_there())
        .flat_map(|package| package.names())
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(apt) = program(&["apt-get"]) else {
        bail!("install these by the system's package manager, by the names it has for them: {list}");
    };
    let by_hand = || format!("run this once: sudo apt-get install -y --no-install-recommends {list}");
    let prefix: &[&str] = match (is_root(), program(&["sudo"])) {
        (true, _) => &[],
        (false, Some(_)) => &["sudo", "--non-interactive"],
        (false, None) => bail!("{}", by_hand()),
    };
    eprintln!("▸ installing system packages: {list}");
    for arguments in
        [vec!["update", "-qq"], [&["install", "-y", "-qq", "--no-install-recommends"], &missing[..]].concat()]
    {
        let words: Vec<&str> =
            prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive"]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(&apt).args(&arguments).stdin(Stdio::null()).stdout(Stdio::null());
        run(&mut command).with_context(by_hand)?;
    }
    Ok(())
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}
