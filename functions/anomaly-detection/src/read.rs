//! What a run needs from the database: settings, and per family one aggregated answer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{run::Run, supabase::SupabaseError, task::TASKS};

use crate::{
    detect::{access, ai, cash, humidity, mirror, runs, unusual},
    model::{Category, Finding, MirrorInputs, Thresholds},
    recommend,
};

/// What the task obeys.
pub struct Settings {
    /// The section `anomaly` of the settings.
    pub thresholds: Thresholds,
    /// `recommendation.log_days`
    pub log_days: u32,
}

/// Reads the settings.
pub async fn settings(run: &Run) -> Result<Settings, SupabaseError> {
    #[derive(Deserialize)]
    struct Recommendation {
        log_days: u32,
    }
    let thresholds = run.supabase.rpc("settings_of", &json!({"p_section": "anomaly"})).await?;
    let recommendation: Recommendation =
        run.supabase.rpc("settings_of", &json!({"p_section": "recommendation"})).await?;
    Ok(Settings { thresholds, log_days: recommendation.log_days })
}

/// What one family found, and the size of the mirror where it was read on the way.
pub struct Evaluated {
    /// Findings.
    pub findings: Vec<Finding>,
    /// Live rows by collection, for the figures that the next runs compare with.
    pub live: Option<BTreeMap<String, u64>>,
}

/// The families of detectors, each with a read of its own.
pub const FAMILIES: [Category; 7] = [
    Category::Sync,
    Category::Cash,
    Category::Auth,
    Category::Ai,
    Category::Data,
    Category::Humidity,
    Category::Unusual,
];

/// Reads what a family goes by and asks its detectors.
pub async fn evaluate(
    run: &Run,
    family: Category,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Result<Evaluated, SupabaseError> {
    let mut live = None;
    let findings = match family {
        Category::Sync => {
            let inputs = ask(run, "anomaly_run_inputs", now, json!({"p_hours": runs::WINDOW_HOURS})).await?;
            runs::detect(&inputs, thresholds, now)
        }
        Category::Cash => {
            let sessions: Vec<_> = ask(run, "anomaly_cash_inputs", now, json!({})).await?;
            cash::detect(&sessions, thresholds)
        }
        Category::Auth => {
            let hours = json!({"p_hours": access::WINDOW_HOURS});
            let groups: Vec<_> = ask(run, "anomaly_access_inputs", now, hours).await?;
            access::detect(&groups, thresholds)
        }
        Category::Ai => {
            let features: Vec<_> =
                ask(run, "anomaly_ai_inputs", now, json!({"p_hours": ai::WINDOW_HOURS})).await?;
            ai::detect(&features, thresholds)
        }
        Category::Data => {
            let inputs: MirrorInputs = ask(run, "anomaly_mirror_inputs", now, json!({})).await?;
            live = Some(inputs.collections.iter().map(|size| (size.name.clone(), size.live)).collect());
            mirror::detect(&inputs, thresholds, now)
        }
        Category::Humidity => {
            let days = SignedDuration::from_hours(24 * thresholds.humidity_backlog_days);
            let before = json!({"p_observed_before": (now - days).to_string()});
            humidity::detect(&run.supabase.rpc("anomaly_humidity_inputs", &before).await?, thresholds)
        }
        Category::Unusual => {
            // A weekday says nothing about a task that runs every few minutes.
            let tasks: Vec<&str> =
                TASKS.iter().filter(|task| !task.is_frequent()).map(|task| task.name).collect();
            let tasks: Vec<_> = ask(run, "anomaly_duration_inputs", now, json!({"p_tasks": tasks})).await?;
            unusual::detect(&tasks, thresholds)
        }
        Category::Detection => Vec::new(),
    };
    Ok(Evaluated { findings, live })
}

/// What recommendations go by.
pub async fn recommendations(
    run: &Run,
    settings: &Settings,
    now: Timestamp,
) -> Result<recommend::Inputs, SupabaseError> {
    ask(run, "recommendation_inputs", now, json!({"p_log_days": settings.log_days})).await
}

async fn ask<T: DeserializeOwned>(
    run: &Run,
    function: &str,
    now: Timestamp,
    mut arguments: Value,
) -> Result<T, SupabaseError> {
    arguments["p_now"] = now.to_string().into();
    run.supabase.rpc(function, &arguments).await
}
