//! Alerts about assets and planned maintenance: one database function computes, stores and tells, all or nothing.

use serde_json::Value;
use shared::{
    config::Settings,
    http::Http,
    run::{Run, Task, finished},
    task::{Function, Outcome, TaskError},
};

/// The task `maintenance_alerts`.
pub struct MaintenanceAlerts;

impl Task for MaintenanceAlerts {
    const FUNCTION: Function = Function::MaintenanceAlerts;

    fn new(_settings: &mut Settings, _http: &Http) -> Self {
        Self
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let mut arguments = run.lease_arguments();
        // Montréal's today: the days of a due date are counted by people there.
        arguments["p_today"] = run.business_date().to_string().into();
        let stats: Value = run.supabase.rpc("refresh_maintenance_alerts", &arguments).await?;
        let message = format!(
            "{} créées, {} mises à jour, {} résolues; {} urgentes, {} en retard, {} équipements",
            stats["created"],
            stats["updated"],
            stats["resolved"],
            stats["urgent"],
            stats["late"],
            stats["asset_required"]
        );
        Ok(finished(message, stats))
    }
}
