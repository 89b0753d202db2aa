//! Humidity problems, from what technicians wrote and measured, into the one table that console, Slack and e-mail
//! read.
//!
//! A window of recent notes is read again every night, so that notes edited later are seen; what is known already
//! is neither stored nor reported twice.

pub mod judge;
mod model;
mod read;

use serde_json::{Value, json};
use shared::{
    config::Settings,
    http::Http,
    run::{Run, Task},
    supabase::SupabaseError,
    task::{Finished, Function, Outcome, TaskError},
};

use self::{
    judge::Verdict,
    model::{Model, Opinions},
};

/// The task `humidity_alerts`.
pub struct HumidityAlerts {
    model: Model,
}

impl Task for HumidityAlerts {
    const FUNCTION: Function = Function::HumidityAlerts;

    fn new(settings: &mut Settings, http: &Http) -> Self {
        Self { model: Model::read(settings, http) }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let rules = read::rules(run).await?;
        let entries = read::entries(run, &rules).await?;
        let known = read::known(run, &rules).await?;
        let verdict = judge::judge(&entries, &known, &rules.limits, &Default::default());
        let mut stored = record(run, &verdict).await?;

        // The rules have done their work, whatever becomes of the optional reader.
        let mut opinions = Opinions::default();
        if rules.model_enabled {
            opinions = self.model.opinions(run, &entries, &known).await?;
            if !opinions.readings.is_empty() {
                let more = judge::judge(&entries, &known, &rules.limits, &opinions.readings);
                let inserted = &record(run, &more).await?["inserted"];
                let sum = stored["inserted"].as_u64().unwrap_or(0) + inserted.as_u64().unwrap_or(0);
                stored["inserted"] = sum.into();
            }
            opinions.record(run).await?;
        }
        let message = format!(
            "{} notes lues, {} nouvelles alertes, {} résolues",
            entries.len(),
            stored["inserted"],
            stored["resolved"]
        );
        let mut stats = stored;
        stats["scanned"] = entries.len().into();
        stats["found"] = verdict.alerts.len().into();
        if rules.model_enabled {
            stats["model"] = json!({"asked": opinions.asked, "failed": opinions.failed});
        }
        Ok(Outcome::Finished(Finished {
            warning: opinions.failed > 0,
            message,
            stats,
            ..Finished::default()
        }))
    }
}

async fn record(run: &Run, verdict: &Verdict) -> Result<Value, SupabaseError> {
    let mut arguments = run.lease_arguments();
    arguments["p_alerts"] = json!(verdict.alerts);
    arguments["p_resolutions"] = json!(verdict.resolutions);
    run.supabase.rpc("record_humidity_alerts", &arguments).await
}
