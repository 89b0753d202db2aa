//! A Postgres server of its own, of either version that the product is deployed on.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{npm, run, system::is_root};

/// What hosted Supabase runs: 17, and 15 for older projects. The newest first.
pub const POSTGRES_VERSIONS: [u32; 2] = [17, 15];

/// Postgres refuses to run as root: it then runs as Debian's user `nobody`.
const NOBODY: u32 = 65_534;

/// Supabase's roles: they belong to the server, not to a database. The timeout is the one of hosted Supabase.
const ROLES: &str = "create role authenticator noinherit login
alter role authenticator set statement_timeout = '8s'
create role anon nologin noinherit
create role authenticated nologin noinherit
create role service_role nologin noinherit bypassrls
grant anon, authenticated, service_role to authenticator
";

/// A server; stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    /// `postgres://postgres@127.0.0.1:PORT`
    pub url: String,
}

impl Postgres {
    /// Starts a fresh cluster with Supabase's roles on a free port, without durability.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(version: u32) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("gazelle-postgres-{version}-{}", std::process::id()));
        // Where the unprivileged user can read it, whoever owns this checkout.
        copy(&npm()?.join(format!("postgres-{version}/native")), &folder)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Self { url: format!("postgres://postgres@127.0.0.1:{port}"), folder };
        let data = server.data();
        std::fs::create_dir(&data)?;
        if is_root() {
            run(Command::new("chown").arg(NOBODY.to_string()).arg(&data))?;
        }
        run(server
            .program("initdb")
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
        server.make_roles()?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
             -c synchronous_commit=off -c full_page_writes=off -c max_connections=300"
        );
        run(server
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "-o", &options, "-D"])
            .arg(&data)
            .arg("-l")
            .arg(data.join("server.log"))
            .stdout(Stdio::null()))?;
        Ok(server)
    }

    /// Without a server: the cluster is not shared with anybody yet, and no client program is needed.
    fn make_roles(&self) -> anyhow::Result<()> {
        let mut single = self
            .program("postgres")
            .args(["--single", "-c", "log_min_messages=error", "-D"])
            .arg(self.data())
            .arg("postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        single.stdin.take().context("stdin")?.write_all(ROLES.as_bytes())?;
        ensure!(single.wait()?.success(), "the roles were not made");
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command.current_dir(&self.folder);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.program("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .status()
            .ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Copies the programs and makes the links that a package cannot hold; its own script would make them.
fn copy(native: &Path, folder: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(folder).ok();
    run(Command::new("cp").arg("-r").arg(native).arg(folder))?;
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(folder))?;
    let list = std::fs::read(native.join("pg-symlinks.json")).context("pg-symlinks.json")?;
    let links: Vec<serde_json::Value> = serde_json::from_slice(&list)?;
    for link in links {
        let path = |field: &str| {
            let path = link[field].as_str().and_then(|path| path.strip_prefix("native/"));
            path.map(|path| folder.join(path)).with_context(|| format!("pg-symlinks.json: {link}"))
        };
        let (source, target) = (path("source")?, path("target")?);
        let name = source.file_name().context("a link to a folder")?;
        if !target.exists() {
            std::os::unix::fs::symlink(name, &target).with_context(|| target.display().to_string())?;
        }
    }
    Ok(())
}
