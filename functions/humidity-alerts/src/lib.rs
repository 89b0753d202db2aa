//! Humidity troubles, from what technicians wrote and measured, into the one table that console, Slack and e-mail
//! read.
//!
//! A window of recent notes is read again every night, so that notes edited later are seen; what is known already
//! is neither stored nor told twice.

pub mod judge;
mod model;
mod read;

use serde_json::{Value, json};
use shared::{
    config::Settings,
    http::Http,
    run::Run,
    task::{Finished, Function, Outcome, Task, TaskError},
};

use self::model::Model;

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
        let opinions = match rules.model_enabled {
            true => self.model.opinions(run, &entries, &known).await?,
            false => Default::default(),
        };
        let verdict = judge::judge(&entries, &known, &rules.limits, &opinions.readings);

        let mut arguments = run.lease_arguments();
        arguments["p_alerts"] = json!(verdict.alerts);
        arguments["p_resolutions"] = json!(verdict.resolutions);
        let stored: Value = run.supabase.rpc("record_humidity_alerts", &arguments).await?;
        opinions.record(run).await?;
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
            // The rules have done their work; the optional reader has not done all of its own.
            warning: opinions.failed > 0,
            message,
            stats,
            ..Finished::default()
        }))
    }
}
