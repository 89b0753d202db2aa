//! Verified copies of the data, and the proof that they restore.
//!
//! Every night each kind of data (the tables of Supabase, and a SQLite file where one is configured) becomes a copy
//! of its own: parts first, the manifest last, then everything is read back. Older copies go only after a new one
//! is verified. Every week one copy is loaded beside the originals and compared with its manifest.

mod codec;
pub mod copy;
mod drill;
mod error;
#[cfg(feature = "restore")]
pub mod restore;
mod retention;
pub mod sqlite;
pub mod store;
mod supabase;
pub mod verify;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    clock,
    config::Settings,
    http::Http,
    run::{Run, finished},
    task::{Function, Outcome, Task, TaskError},
};

pub use self::{
    codec::{Content, Decoder, Key},
    error::BackupError,
};
use self::{
    copy::{Copy, Kind, Manifest},
    drill::DrillTarget,
    retention::Plan,
    store::Store,
    verify::Verdict,
};

/// The tasks `backup` and `restore_drill`.
pub struct Backup {
    store: Option<Store>,
    key: Option<Key>,
    sqlite: Option<sqlite::Source>,
    drill: DrillTarget,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Says what would be copied and deleted, and does neither.
    dry_run: bool,
}

impl Task for Backup {
    const FUNCTION: Function = Function::Backup;

    fn new(settings: &mut Settings, http: &Http) -> Self {
        Self {
            store: Store::read(settings),
            key: Key::read(settings),
            sqlite: sqlite::Source::read(settings, http),
            drill: DrillTarget::read(settings, http),
        }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let parameters: Parameters = run.parsed_parameters(r#"expected {"dry_run": true} or nothing"#)?;
        // `check` has refused a missing address already; this is for the compiler.
        let store =
            self.store.as_ref().ok_or_else(|| BackupError::Refused("BACKUP_URL is missing".into()))?;
        match (run.spec.name, parameters.dry_run) {
            ("restore_drill", _) => drill::run(run, store, self.key.as_ref(), &self.drill).await,
            (_, true) => self.preview(run, store).await,
            (_, false) => self.copy(run, store).await,
        }
    }
}

impl Backup {
    fn kinds(&self) -> Vec<Kind> {
        match self.sqlite {
            Some(_) => vec![Kind::Supabase, Kind::Sqlite],
            None => vec![Kind::Supabase],
        }
    }

    async fn preview(&self, run: &Run, store: &Store) -> Result<Outcome, TaskError> {
        let tables = supabase::tables(run).await?;
        let mut plan = Map::new();
        for kind in self.kinds() {
            // One more copy will be there when the retention decides.
            let removed = Plan::of(&store.copies(kind).await?, retention::KEPT - 1).removed;
            plan.insert(kind.name().into(), json!({"removes": removed}));
        }
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        Ok(finished(
            format!("À blanc: {} tables seraient copiées", names.len()),
            json!({"dry_run": true, "tables": names, "copies": plan}),
        ))
    }

    /// Copies every kind. A kind that fails does not stop the other; the first failure is the result.
    async fn copy(&self, run: &Run, store: &Store) -> Result<Outcome, TaskError> {
        // A drill that was cut off has left its tables; it is of this group, so none is at work.
        run.supabase.rpc::<()>("restore_drill_end", &json!({})).await?;
        let mut stats = Map::new();
        let mut failure: Option<TaskError> = None;
        let mut rows = 0;
        for kind in self.kinds() {
            match self.copy_kind(run, store, kind).await {
                Ok(figures) => {
                    rows += figures["rows"].as_u64().unwrap_or_default();
                    stats.insert(kind.name().into(), figures);
                }
                Err(error) => {
                    tracing::error!(run_id = run.id, kind = kind.name(), %error, "backup.failed");
                    failure.get_or_insert(error);
                }
            }
        }
        match failure {
            Some(error) => Err(error),
            None => Ok(finished(format!("Copie vérifiée, {rows} lignes"), Value::Object(stats))),
        }
    }

    async fn copy_kind(&self, run: &Run, store: &Store, kind: Kind) -> Result<Value, TaskError> {
        let started_at = clock::now();
        let location = Copy::location(kind, started_at, &run.id);
        let written = self.write(run, store, kind, &location, started_at).await;
        let (manifest, verdict) = match written {
            Ok(manifest) => {
                let verdict = verify::read_back(store, &location, &manifest, self.key.as_ref()).await;
                store.record_verdict(&location, &verdict).await?;
                (Some(manifest), verdict)
            }
            Err(error) => {
                let verdict = Verdict::Failed(error.to_string());
                if let Err(unrecorded) = record(run, kind, &location, started_at, None, &verdict, &[]).await {
                    tracing::warn!(run_id = run.id, error = %unrecorded, "backup.not_recorded");
                }
                return Err(error);
            }
        };
        // Only what is verified makes older copies superfluous.
        let removed = match verdict {
            Verdict::Verified => retention::apply(store, kind).await,
            _ => Vec::new(),
        };
        record(run, kind, &location, started_at, manifest.as_ref(), &verdict, &removed).await?;
        let manifest = manifest.unwrap_or_default();
        match verdict {
            Verdict::Verified => Ok(json!({
                "location": location,
                "rows": manifest.rows(),
                "bytes": manifest.bytes(),
                "parts": manifest.parts.len(),
                "moving": manifest.moving(),
                "encrypted": manifest.encrypted,
                "removed": removed,
                "seconds": (clock::now().as_millisecond() - started_at.as_millisecond()) as f64 / 1000.0,
            })),
            Verdict::Failed(detail) => Err(BackupError::Corrupt(detail).into()),
            Verdict::Inconclusive(detail) => Err(BackupError::Inconclusive(detail).into()),
        }
    }

    async fn write(
        &self,
        run: &Run,
        store: &Store,
        kind: Kind,
        location: &str,
        started_at: Timestamp,
    ) -> Result<Manifest, TaskError> {
        let parts = match (kind, &self.sqlite) {
            (Kind::Sqlite, Some(source)) => {
                vec![sqlite::copy(source, run, store, self.key.as_ref(), location).await?]
            }
            _ => supabase::copy(run, store, self.key.as_ref(), location).await?,
        };
        let manifest = Manifest {
            format: copy::FORMAT,
            kind,
            run_id: run.id.clone(),
            tool_version: env!("CARGO_PKG_VERSION").into(),
            schema_version: copy::SCHEMA_VERSION.into(),
            encrypted: self.key.is_some(),
            started_at,
            finished_at: clock::now(),
            parts,
        };
        store.put_manifest(location, &manifest).await?;
        Ok(manifest)
    }
}

async fn record(
    run: &Run,
    kind: Kind,
    location: &str,
    started_at: Timestamp,
    manifest: Option<&Manifest>,
    verdict: &Verdict,
    removed: &[String],
) -> Result<(), TaskError> {
    let mut arguments = run.lease_arguments();
    arguments["p_backup"] = json!({
        "kind": kind,
        "location": location,
        "status": verdict.name(),
        "detail": verdict.detail(),
        "encrypted": manifest.is_some_and(|manifest| manifest.encrypted),
        "parts": manifest.map_or(0, |manifest| manifest.parts.len()),
        "row_count": manifest.map_or(0, Manifest::rows),
        "byte_count": manifest.map_or(0, Manifest::bytes),
        "moving": manifest.map(Manifest::moving).unwrap_or_default(),
        "schema_version": manifest.map(|manifest| &manifest.schema_version),
        "started_at": started_at.to_string(),
    });
    arguments["p_removed"] = json!(removed);
    run.supabase.rpc::<()>("record_backup", &arguments).await?;
    Ok(())
}
