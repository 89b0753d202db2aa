//! Verified copies of the data, and the proof that they restore.
//!
//! Every night each kind of data (the tables of Supabase, and a SQLite file where one is configured) becomes a copy
//! of its own: parts first, the manifest last, then everything is read back. Older copies go only after a new one
//! is verified and holds about as much as they do ([`shrink`]). Every week one copy is loaded beside the originals and
//! compared with its manifest.

mod codec;
pub mod copy;
mod document;
mod drill;
mod error;
mod problems;
pub mod read;
#[cfg(feature = "restore")]
pub mod restore;
mod retention;
pub mod shrink;
pub mod sqlite;
pub mod store;
mod supabase;
pub mod verdict;
pub mod verify;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    clock,
    config::Settings,
    http::Http,
    run::{Run, Task, finished},
    task::{Finished, Function, Outcome, TaskError},
};

pub use self::{
    codec::{Content, Decoder, Key},
    error::BackupError,
};
use self::{
    copy::{Copy, Kind, Manifest},
    drill::DrillTarget,
    problems::Problem,
    retention::Plan,
    shrink::{Cleaned, Loss},
    store::Store,
    verdict::Verdict,
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
    /// A person says that what is there is right, although it is much less than it was: the copy counts as a good one, and
    /// later ones are compared with it.
    accept_reduced: bool,
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
        let parameters: Parameters =
            run.parsed_parameters(r#"expected {"dry_run": true}, {"accept_reduced": true} or nothing"#)?;
        // `check` has refused a missing address already; this is for the compiler.
        let store =
            self.store.as_ref().ok_or_else(|| BackupError::Refused("BACKUP_URL is missing".into()))?;
        match (run.spec.name, parameters.dry_run) {
            ("restore_drill", _) => drill::run(run, store, self.key.as_ref(), &self.drill).await,
            (_, true) => self.preview(run, store).await,
            (_, false) => self.copy(run, store, parameters.accept_reduced).await,
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
            let mut copies = store.copies(kind, self.key.as_ref()).await?;
            let now = clock::now();
            let location = Copy::location(kind, now, &run.id);
            let verdict = Some(Verdict::Verified);
            let (proven, sizes) = (true, Default::default());
            copies.insert(0, Copy { location, started_at: now, proven, verdict, sizes, accepted: false });
            let removed = Plan::of(kind, &copies, now).removed;
            plan.insert(kind.name().into(), json!({"removes": removed}));
        }
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        Ok(finished(
            format!("À blanc: {} tables seraient copiées", names.len()),
            json!({"dry_run": true, "tables": names, "copies": plan}),
        ))
    }

    /// Copies every kind. A kind that fails does not stop the other; the first failure is the result.
    async fn copy(&self, run: &Run, store: &Store, accept_reduced: bool) -> Result<Outcome, TaskError> {
        // A drill that was cut off has left its tables; it is of this group, so none is at work.
        run.supabase.rpc::<()>("restore_drill_end", &json!({})).await?;
        let mut stats = Map::new();
        let mut failure: Option<TaskError> = None;
        let mut rows = 0;
        let mut problems: Vec<Problem> = Vec::new();
        for kind in self.kinds() {
            match self.copy_kind(run, store, kind, accept_reduced).await {
                Ok((figures, found)) => {
                    rows += figures["rows"].as_u64().unwrap_or_default();
                    stats.insert(kind.name().into(), figures);
                    problems.extend(found);
                }
                Err(error) => {
                    tracing::error!(run_id = run.id, kind = kind.name(), %error, "backup.failed");
                    failure.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        let mut message = format!("Copie vérifiée, {rows} lignes");
        for problem in &problems {
            message.push_str(&format!("; {}", problem.sentence()));
        }
        let at = clock::now().to_string();
        Ok(Outcome::Finished(Finished {
            warning: !problems.is_empty(),
            message,
            stats: Value::Object(stats),
            errors: problems.iter().map(|problem| problem.entry(&at)).collect(),
            ..Finished::default()
        }))
    }

    async fn copy_kind(
        &self,
        run: &Run,
        store: &Store,
        kind: Kind,
        accept_reduced: bool,
    ) -> Result<(Value, Vec<Problem>), TaskError> {
        let started_at = clock::now();
        let location = Copy::location(kind, started_at, &run.id);
        let manifest = match self.write(run, store, kind, &location, started_at).await {
            Ok(manifest) => manifest,
            Err(error) => {
                let verdict = Verdict::Failed(error.to_string());
                let record = Record { verdict: &verdict, ..Record::new(kind, &location, started_at) };
                if let Err(unrecorded) = record.store(run).await {
                    tracing::warn!(run_id = run.id, error = %unrecorded, "backup.not_recorded");
                }
                return Err(error);
            }
        };
        let read_back = verify::read_back(store, &location, &manifest, self.key.as_ref()).await;
        let judged = if read_back == Verdict::Verified {
            self.judge(run, store, &location, &manifest, accept_reduced).await?
        } else {
            Judged { verdict: read_back, ..Judged::default() }
        };
        store.record_verdict(&location, &judged.verdict, judged.accepted, self.key.as_ref()).await?;
        // Only what is verified, and holds what the others hold, makes older copies superfluous.
        let removed = if judged.verdict == Verdict::Verified {
            retention::apply(store, kind, self.key.as_ref()).await
        } else {
            Vec::new()
        };
        Record {
            verdict: &judged.verdict,
            manifest: Some(&manifest),
            removed: &removed,
            problems: &judged.problems,
            ..Record::new(kind, &location, started_at)
        }
        .store(run)
        .await?;
        let seconds = (clock::now().as_millisecond() - started_at.as_millisecond()) as f64 / 1000.0;
        let figures = judged.figures(&location, &manifest, &removed, seconds);
        match judged.verdict {
            Verdict::Verified | Verdict::Reduced(_) => Ok((figures, judged.problems)),
            Verdict::Damaged(detail) => Err(BackupError::SqliteDamaged(format!(
                "{detail}; what is there was copied beside the good copies, as {location}"
            ))
            .into()),
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
        store.put_manifest(location, &manifest, self.key.as_ref()).await?;
        Ok(manifest)
    }

    /// Judges a copy that is what was written: by the damage of its source, and by what it holds.
    async fn judge(
        &self,
        run: &Run,
        store: &Store,
        location: &str,
        manifest: &Manifest,
        accept_reduced: bool,
    ) -> Result<Judged, TaskError> {
        if let Some(damage) = manifest.parts.iter().find_map(|part| part.damage.as_ref()) {
            return Ok(Judged { verdict: Verdict::Damaged(damage.clone()), ..Judged::default() });
        }
        let mut problems: Vec<Problem> = Problem::of_notes(manifest).into_iter().collect();
        let now = clock::now();
        let mut copies = store.copies(manifest.kind, self.key.as_ref()).await?;
        copies.retain(|copy| copy.location != location);
        problems.extend(Problem::of_strangers(manifest.kind, &copies, now));
        let good = shrink::baseline(&copies, now);
        let Some(oldest) = good.last() else {
            return Ok(Judged { problems, ..Judged::default() });
        };
        let cleaned: Vec<Cleaned> = match manifest.kind {
            Kind::Supabase => {
                let arguments = json!({"p_since": oldest.started_at.to_string()});
                run.supabase.rpc("backup_cleaned", &arguments).await?
            }
            Kind::Sqlite => Vec::new(),
        };
        let losses = shrink::losses(&manifest.sizes(), &good, &cleaned, &manifest.uncounted().collect());
        if losses.is_empty() {
            return Ok(Judged { problems, ..Judged::default() });
        }
        if accept_reduced {
            return Ok(Judged { losses, problems, accepted: true, verdict: Verdict::Verified });
        }
        let verdict = Verdict::Reduced(problems::shown(&losses));
        problems.push(Problem::of_losses(manifest.kind, &losses, good[0]));
        Ok(Judged { verdict, losses, accepted: false, problems })
    }
}

/// What a copy that was read back is worth.
struct Judged {
    verdict: Verdict,
    losses: Vec<Loss>,
    accepted: bool,
    problems: Vec<Problem>,
}

impl Default for Judged {
    fn default() -> Self {
        Self { verdict: Verdict::Verified, losses: Vec::new(), accepted: false, problems: Vec::new() }
    }
}

impl Judged {
    /// What the run says of the copy.
    fn figures(&self, location: &str, manifest: &Manifest, removed: &[String], seconds: f64) -> Value {
        json!({
            "location": location,
            "status": self.verdict.name(),
            "rows": manifest.rows(),
            "bytes": manifest.bytes(),
            "parts": manifest.parts.len(),
            "moving": manifest.moving(),
            "encrypted": manifest.encrypted,
            "removed": removed,
            "accepted": self.accepted,
            "lost": self.losses,
            "notes": manifest.parts.iter().flat_map(|part| &part.notes).collect::<Vec<_>>(),
            "seconds": seconds,
        })
    }
}

/// What is recorded of a copy.
struct Record<'a> {
    kind: Kind,
    location: &'a str,
    started_at: Timestamp,
    verdict: &'a Verdict,
    manifest: Option<&'a Manifest>,
    removed: &'a [String],
    problems: &'a [Problem],
}

impl<'a> Record<'a> {
    fn new(kind: Kind, location: &'a str, started_at: Timestamp) -> Self {
        let verdict = &Verdict::Verified;
        Self { kind, location, started_at, verdict, manifest: None, removed: &[], problems: &[] }
    }

    async fn store(self, run: &Run) -> Result<(), TaskError> {
        let manifest = self.manifest;
        let mut arguments = run.lease_arguments();
        arguments["p_backup"] = json!({
            "kind": self.kind,
            "location": self.location,
            "status": self.verdict.name(),
            "detail": self.verdict.detail(),
            "encrypted": manifest.is_some_and(|manifest| manifest.encrypted),
            "parts": manifest.map_or(0, |manifest| manifest.parts.len()),
            "row_count": manifest.map_or(0, Manifest::rows),
            "byte_count": manifest.map_or(0, Manifest::bytes),
            "moving": manifest.map(Manifest::moving).unwrap_or_default(),
            "schema_version": manifest.map(|manifest| &manifest.schema_version),
            "started_at": self.started_at.to_string(),
            "notices": self.problems.iter().map(|problem| problem.notice(run)).collect::<Vec<_>>(),
        });
        arguments["p_removed"] = json!(self.removed);
        run.supabase.rpc::<()>("record_backup", &arguments).await?;
        Ok(())
    }
}
