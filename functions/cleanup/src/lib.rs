//! Deletes what its retention has outlived, in small batches. The database knows what is never deleted: what is
//! open, unacknowledged or unverified.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use shared::{
    config::Settings,
    error_kind::ErrorKind,
    http::Http,
    run::{Run, Task},
    supabase::SupabaseError,
    task::{Finished, Function, Outcome, TASKS, TaskError},
};

/// Rows of one batch: short enough for the statement limit whatever the table.
const BATCH: u32 = 1000;

/// The task `cleanup`.
pub struct Cleanup;

/// What one kind of row may be deleted, as the database plans it.
#[derive(Debug, Deserialize)]
struct Retention {
    name: String,
    days: u32,
}

/// What a batch deleted.
#[derive(Debug, Deserialize)]
struct Deleted {
    /// By this request.
    batch: u64,
    /// By the whole run, whatever became of the answers.
    total: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Only counts.
    dry_run: bool,
}

impl Task for Cleanup {
    const FUNCTION: Function = Function::Cleanup;

    fn new(_settings: &mut Settings, _http: &Http) -> Self {
        Self
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let parameters: Parameters = run.parsed_parameters("expected {\"dry_run\": true} or nothing")?;
        // The log of tasks that run every few minutes is kept for a few days only.
        let frequent: Vec<&str> =
            TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect();
        let plan: Vec<Retention> = run.supabase.rpc("retention_plan", &json!({})).await?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let mut is_complete = true;
        let mut refused: Vec<(&str, SupabaseError)> = Vec::new();
        for retention in &plan {
            run.report(json!({"at": retention.name, "deleted": counts}));
            let count = counts.entry(retention.name.clone()).or_default();
            loop {
                if run.should_hand_over() {
                    is_complete = false;
                    break;
                }
                let mut arguments = run.lease_arguments();
                arguments["p_name"] = retention.name.clone().into();
                arguments["p_days"] = retention.days.into();
                arguments["p_frequent"] = json!(frequent);
                arguments["p_limit"] = BATCH.into();
                arguments["p_dry_run"] = parameters.dry_run.into();
                match run.supabase.rpc::<Deleted>("cleanup_batch", &arguments).await {
                    Ok(deleted) => {
                        *count = deleted.total;
                        if parameters.dry_run || deleted.batch < u64::from(BATCH) {
                            break;
                        }
                    }
                    // Every other kind would wait for the same, or this run is somebody else's.
                    Err(error @ (SupabaseError::Unavailable(_) | SupabaseError::LeaseLost)) => {
                        return Err(error.into());
                    }
                    Err(error) => {
                        tracing::error!(run_id = run.id, kind = retention.name, %error, "cleanup.refused");
                        refused.push((&retention.name, error));
                        break;
                    }
                }
            }
        }
        if let Some((_, error)) = refused.first() {
            let kinds: Vec<&str> = refused.iter().map(|(kind, _)| *kind).collect();
            return Err(TaskError::Failed {
                kind: ErrorKind::SupabaseRefused,
                message: format!("{}: {error}", kinds.join(", ")),
            });
        }
        let total: u64 = counts.values().sum();
        let mut message = if parameters.dry_run {
            format!("{total} lignes seraient supprimées")
        } else {
            format!("{total} lignes supprimées")
        };
        if !is_complete {
            message.push_str("; le reste à la prochaine exécution");
        }
        Ok(Outcome::Finished(Finished {
            warning: !is_complete,
            message,
            stats: json!({"deleted": counts, "total": total, "dry_run": parameters.dry_run}),
            ..Finished::default()
        }))
    }
}
