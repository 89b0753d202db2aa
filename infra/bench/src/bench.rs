//! What is measured, and how.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use gazelle_local::{
    postgrest::Database,
    stack::{Options, Stack, TaskRun},
    supabase,
};
use serde_json::json;
use shared::task::Function;

/// Where everything is.
pub struct Bench {
    pub postgres: tools::Postgres,
    pub postgrest: PathBuf,
    pub function: PathBuf,
    pub backup: PathBuf,
}

impl Bench {
    pub async fn stack(
        &self,
        scale: f64,
        change: impl FnOnce(&mut Options),
    ) -> anyhow::Result<(Stack, Database)> {
        let database = Database::create(&self.postgres.url, &self.postgrest).await?;
        let mut options = Options::small("2026-01-15T06:00:00Z".parse()?, self.function.clone());
        options.scale = scale;
        options.remote = Some((database.api.parse()?, supabase::key("service_role")));
        change(&mut options);
        Ok((Stack::start(&options).await?, database))
    }
}

pub async fn sync(stack: &Stack) -> anyhow::Result<TaskRun> {
    let run = stack.invoke(Function::SyncGazelle, &json!({})).await?;
    ensure!(
        run.answer.status == "success",
        "the sync ended as {}: {:?}",
        run.answer.status,
        run.answer.error
    );
    Ok(run)
}

pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
