//! PostgREST itself over a Postgres server: the back end that counts.

use std::{
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context;
use shared::http::{Http, Retry, is_transient, json_request};
use tokio::{
    process::{Child, Command},
    sync::OnceCell,
};
use tokio_postgres::NoTls;

use crate::{migrations, supabase};

/// A database of its own with a PostgREST in front of it.
pub struct Database {
    /// Connection string of the superuser.
    pub url: String,
    /// Address of PostgREST.
    pub api: String,
    _postgrest: Child,
}

impl Database {
    /// A new database with all migrations, and a PostgREST that serves it.
    pub async fn create(server: &str, program: &Path) -> anyhow::Result<Self> {
        Self::serve(Self::migrated(server).await?, program).await
    }

    /// A new database with all migrations: a copy of one to which they were applied once in this process.
    pub async fn migrated(server: &str) -> anyhow::Result<String> {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_try_init(async || {
                let url = Self::empty(server).await?;
                migrations::migrate(&url).await?;
                url.rsplit('/').next().map(str::to_owned).context("the name of the template")
            })
            .await?;
        Self::make(server, &format!(" template {template}")).await
    }

    /// A new database without anything.
    pub async fn empty(server: &str) -> anyhow::Result<String> {
        Self::make(server, "").await
    }

    async fn make(server: &str, how: &str) -> anyhow::Result<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("gazelle_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let client = Self::connect(&format!("{server}/postgres")).await?;
        client.batch_execute(&format!("create database {name}{how}")).await?;
        Ok(format!("{server}/{name}"))
    }

    /// Puts a PostgREST in front of a database.
    pub async fn serve(url: String, program: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let api = format!("http://127.0.0.1:{port}");
        let mut postgrest = Command::new(program)
            .env("PGRST_DB_URI", url.replace("postgres@", "authenticator@"))
            .env("PGRST_DB_SCHEMAS", "public")
            .env("PGRST_DB_ANON_ROLE", "anon")
            .env("PGRST_DB_MAX_ROWS", "1000")
            .env("PGRST_DB_POOL", "6")
            .env("PGRST_JWT_SECRET", supabase::JWT_SECRET)
            .env("PGRST_SERVER_HOST", "127.0.0.1")
            .env("PGRST_SERVER_PORT", port.to_string())
            .env("PGRST_LOG_LEVEL", "crit")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let request = json_request("postgrest", "GET".parse()?, api.parse()?, Default::default());
        // Ready when the schema is loaded; a refused connection or a 503 until then.
        let patience = Retry {
            attempts: 200,
            timeout: std::time::Duration::from_secs(5),
            budget: std::time::Duration::from_secs(60),
            first_wait: std::time::Duration::from_millis(20),
        };
        Http::new().send(&request, patience, is_transient).await.context("PostgREST did not become ready")?;
        anyhow::ensure!(postgrest.try_wait()?.is_none(), "PostgREST ended");
        Ok(Self { url, api, _postgrest: postgrest })
    }

    /// A connection as the superuser.
    pub async fn connect(url: &str) -> anyhow::Result<tokio_postgres::Client> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// A mark of every row version in the mirror: it changes when any row is written.
pub async fn row_versions(client: &tokio_postgres::Client) -> anyhow::Result<Vec<String>> {
    let mut versions = Vec::new();
    for table in crate::company::TABLES {
        let sql = format!(
            "select coalesce(md5(string_agg(ctid::text || xmin::text, ',' order by ctid)), '') from {table}"
        );
        versions.push(client.query_one(&sql, &[]).await?.get(0));
    }
    Ok(versions)
}
