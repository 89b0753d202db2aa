//! Every half hour: what looks wrong in the company's figures. Detectors are pure functions over typed rows; SQL
//! aggregates what they read and commits what they found.
//!
//! Missed runs and outages are not found here: `availability-check` watches for those.

pub mod detect;
pub mod model;
mod read;
pub mod recommend;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    config::Settings,
    error_kind::ErrorKind,
    http::Http,
    run::{Run, Task},
    supabase::SupabaseError,
    task::{Finished, Function, Outcome, TaskError},
};

use self::{
    model::{Category, Finding, Severity},
    recommend::Recommendation,
};

/// The task `anomalies`.
pub struct AnomalyDetection;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Only says what would be found.
    dry_run: bool,
}

/// What a run of the detectors saw.
#[derive(Default)]
struct Seen {
    findings: Vec<Finding>,
    /// Categories that were really evaluated.
    checked: Vec<&'static str>,
    live: BTreeMap<String, u64>,
    errors: Vec<Value>,
}

impl Task for AnomalyDetection {
    const FUNCTION: Function = Function::AnomalyDetection;

    fn new(_settings: &mut Settings, _http: &Http) -> Self {
        Self
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let parameters: Parameters = run.parsed_parameters("expected {\"dry_run\": true} or nothing")?;
        let settings = read::settings(run).await?;
        // A late delivery looks at the figures of now, not at those of the hour it was meant for.
        let now = run.started_at;
        let mut seen = Seen { checked: vec![Category::Detection.name()], ..Seen::default() };
        for family in read::FAMILIES {
            run.report(json!({"at": family.name(), "found": seen.findings.len()}));
            match read::evaluate(run, family, &settings.thresholds, now).await {
                Ok(evaluated) => {
                    seen.checked.push(family.name());
                    seen.findings.extend(evaluated.findings);
                    seen.live.extend(evaluated.live.unwrap_or_default());
                }
                Err(error) => seen.failed(run, family.name(), error)?,
            }
        }
        let mut recommended = Vec::new();
        match read::recommendations(run, &settings, now).await {
            Ok(inputs) => recommended = recommend::recommend(&seen.findings, &inputs, now),
            Err(error) => seen.failed(run, "recommendations", error)?,
        }
        let stored = if parameters.dry_run {
            json!({"dry_run": true})
        } else {
            record(run, &seen, &recommended).await?
        };
        Ok(Outcome::Finished(seen.into_end(stored, &recommended)))
    }
}

impl Seen {
    /// A detector that failed is an anomaly of its own, and the others go on; but without a database, or without the
    /// run, there is nothing to go on with.
    fn failed(&mut self, run: &Run, detector: &str, error: SupabaseError) -> Result<(), SupabaseError> {
        let code = match &error {
            SupabaseError::Unavailable(_) | SupabaseError::LeaseLost => return Err(error),
            SupabaseError::Data { code, .. }
            | SupabaseError::Input { code, .. }
            | SupabaseError::Refused { code, .. } => code.clone(),
            SupabaseError::Malformed => "malformed".into(),
        };
        tracing::error!(run_id = run.id, detector, %error, "detector.failed");
        let notice = json!({"subject": detector});
        let finding =
            Finding::new(Category::Detection, "detection_error", detector, Severity::Critical, notice);
        self.findings.push(finding.with_details(json!({"detector": detector, "code": code})));
        self.errors.push(json!({"kind": ErrorKind::DetectionError, "detector": detector, "code": code}));
        Ok(())
    }

    fn into_end(self, stored: Value, recommended: &[Recommendation]) -> Finished {
        let mut by_severity: BTreeMap<&str, u32> = BTreeMap::new();
        for finding in &self.findings {
            let name = match finding.severity {
                Severity::Low => "low",
                Severity::Medium => "medium",
                Severity::High => "high",
                Severity::Critical => "critical",
            };
            *by_severity.entry(name).or_default() += 1;
        }
        let is_dry = stored["dry_run"] == true;
        let found = self.findings.len();
        let message = if is_dry {
            format!("À blanc: {found} anomalies seraient constatées")
        } else {
            format!("{found} anomalies, {} nouvelles, {} résolues", stored["opened"], stored["resolved"])
        };
        let mut stats = stored;
        stats["found"] = self.findings.len().into();
        stats["by_severity"] = json!(by_severity);
        stats["detection_errors"] = self.errors.len().into();
        stats["live"] = json!(self.live);
        if is_dry {
            stats["findings"] = json!(self.findings);
            stats["recommendations"] = json!(recommended);
        }
        Finished {
            warning: !self.errors.is_empty(),
            message,
            stats,
            errors: self.errors,
            ..Finished::default()
        }
    }
}

async fn record(run: &Run, seen: &Seen, recommended: &[Recommendation]) -> Result<Value, SupabaseError> {
    let mut arguments = run.lease_arguments();
    arguments["p_found"] = json!(seen.findings);
    arguments["p_checked"] = json!(seen.checked);
    let mut stored: Value = run.supabase.rpc("record_anomalies", &arguments).await?;

    let mut arguments = run.lease_arguments();
    arguments["p_found"] = json!(recommended);
    stored["recommendations"] = run.supabase.rpc("record_recommendations", &arguments).await?;
    Ok(stored)
}
