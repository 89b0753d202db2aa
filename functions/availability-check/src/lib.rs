//! The watcher: every five minutes it probes what the product stands on, and looks for tasks that did not run.
//!
//! It judges by pure functions, and records a tick as one transaction: checks, standings, incidents, notices. The
//! watcher itself is watched from outside, by the heartbeat that it sends and by an alarm on its silence.

pub mod machine;
mod probe;
pub mod watch;

use futures::future::join_all;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock::{self, Schedules},
    config::{Setting, Settings},
    http::{Http, Retry, json_request},
    metrics,
    notify::error_name,
    run::{Run, Task, finished},
    task::{Function, Outcome, TaskError},
    text::clean,
    words::Language,
};
use url::Url;

use self::{
    machine::{Effect, History, Policy, State, Verdict, advance},
    probe::{Check, Services, Target},
    watch::Known,
};

/// The task `availability`.
pub struct AvailabilityCheck {
    services: Services,
    deployed: Schedules,
    heartbeat: Option<Url>,
}

/// What a tick works on.
#[derive(Deserialize)]
struct Plan {
    targets: Vec<Watched>,
    tasks: Vec<Known>,
}

/// A target with what is known of it.
#[derive(Deserialize)]
struct Watched {
    #[serde(flatten)]
    target: Target,
    failure_threshold: u32,
    success_threshold: u32,
    required: bool,
    enabled: bool,
    version: i64,
    #[serde(rename = "standing")]
    history: Option<History>,
    in_maintenance: bool,
}

impl Task for AvailabilityCheck {
    const FUNCTION: Function = Function::AvailabilityCheck;

    /// Besides the services' own settings: `SCHEDULES` (JSON, as deployed) and `HEARTBEAT_URL` (optional).
    fn new(settings: &mut Settings, _http: &Http) -> Self {
        let deployed = Schedules::of(settings);
        let heartbeat = settings.optional_url(Setting::HeartbeatUrl);
        Self { services: Services::read(settings), deployed, heartbeat }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let names: Vec<&str> = watch::watched().map(|task| task.name).collect();
        let arguments = json!({"p_tasks": names, "p_now": clock::now().to_string()});
        let plan: Plan = run.supabase.rpc("availability_plan", &arguments).await?;

        let checks = join_all(plan.targets.iter().map(|watched| self.check(run, watched))).await;
        let own = plan.tasks.iter().find(|known| known.name == run.spec.name);
        let previous_tick = own.and_then(|own| own.last_success_at);
        let beats = watch::judge(&plan.tasks, &self.deployed, previous_tick, clock::now());

        let mut arguments = run.lease_arguments();
        arguments["p_checks"] = checks.iter().map(|(record, _)| record.clone()).collect();
        arguments["p_tasks"] = json!(beats);
        let recorded: Value = run.supabase.rpc("record_tick", &arguments).await?;
        if let Some(latest) = watch::latest(&beats) {
            metrics::overdue(latest.task, latest.overdue);
        }

        let not_up =
            |(_, state): &&(Value, State)| !matches!(state, State::Up | State::Paused | State::Maintenance);
        let missing = beats.iter().filter(|beat| beat.state == "down").count();
        let failing: Vec<Value> = checks.iter().filter_map(|(record, _)| failing(record)).collect();
        let stats = json!({
            "targets": checks.len(), "failing": failing, "not_up": checks.iter().filter(not_up).count(), "tasks": beats.len(),
            "missing": missing, "opened": recorded["opened"], "closed": recorded["closed"],
            "stale": recorded["stale"], "heartbeat": self.beat(run).await,
        });
        let message = format!(
            "{} services, {} en difficulté{}; {} tâches suivies, {missing} manquantes",
            stats["targets"],
            stats["not_up"],
            reasons(&failing),
            stats["tasks"]
        );
        Ok(finished(message, stats))
    }
}

impl AvailabilityCheck {
    /// Probes one target and judges it: the record for the database, and the state.
    async fn check(&self, run: &Run, watched: &Watched) -> (Value, State) {
        let is_watched = watched.enabled && self.services.has(watched.target.kind);
        let policy = match () {
            () if !is_watched => Policy::Paused,
            () if watched.in_maintenance => Policy::Maintenance,
            () => {
                Policy::Watched { failures: watched.failure_threshold, successes: watched.success_threshold }
            }
        };
        let check = if is_watched { Some(self.services.probe(run, &watched.target).await) } else { None };
        let now = check.as_ref().map_or_else(clock::now, |check| check.checked_at);
        let before = watched.history.clone().unwrap_or_else(|| History::new(now));
        let (history, effect) = advance(&before, check.as_ref().map(|check| check.verdict), policy, now);
        let record = record(watched, &history, effect, check.as_ref());
        (record, history.state)
    }

    /// Tells whoever waits for it that this tick was good.
    async fn beat(&self, run: &Run) -> &'static str {
        let Some(url) = &self.heartbeat else {
            return "none";
        };
        let request = json_request("heartbeat", Method::GET, url.clone(), Default::default());
        match run.http.send_once(&request, Retry::ONCE.timeout).await {
            Ok(response) if response.status < 400 => "sent",
            Ok(response) => {
                tracing::warn!(status = response.status, "heartbeat.refused");
                "failed"
            }
            Err(error) => {
                tracing::warn!(%error, "heartbeat.not_sent");
                "failed"
            }
        }
    }
}

/// What is wrong with a target now, as the run's figures have it; none: nothing.
fn failing(record: &Value) -> Option<Value> {
    let kind = record["error_kind"].as_str()?;
    Some(json!({
        "target": record["target"], "label": record["data"]["subject"], "state": record["standing"]["state"],
        "error_kind": kind,
    }))
}

/// Targets that a run's sentence names.
const NAMED: usize = 5;

/// Which targets fail, and why, for the run's sentence; empty when none does.
fn reasons(failing: &[Value]) -> String {
    let text = |target: &Value, field: &str| target[field].as_str().unwrap_or_default().to_owned();
    let named = failing.iter().take(NAMED).map(|target| {
        let label = clean(&text(target, "label"), 60);
        format!("{label}: {}", error_name(&text(target, "error_kind"), Language::Fr))
    });
    let mut parts: Vec<String> = named.collect();
    if failing.len() > NAMED {
        parts.push(format!("et {} de plus", failing.len() - NAMED));
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn record(watched: &Watched, history: &History, effect: Option<Effect>, check: Option<&Check>) -> Value {
    json!({
        "target": watched.target.name,
        "version": watched.version,
        "standing": history,
        "ok": check.map(|check| check.verdict != Verdict::Bad),
        "checked_at": check.map(|check| check.checked_at),
        "latency_ms": check.and_then(|check| check.latency_ms),
        "error_kind": check.and_then(|check| check.error_kind),
        "severity": if watched.required { "critical" } else { "error" },
        "effect": effect.map(|effect| match effect {
            Effect::Open => "open",
            Effect::Recover => "recover",
            Effect::Pause => "pause",
        }),
        "data": {
            "subject": watched.target.label,
            "state": history.state,
            "error_kind": check.and_then(|check| check.error_kind).map(|kind| kind.to_string()).unwrap_or_default(),
            // Of an incident that opens: the first failure.
            "since": history.since.to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_what_fails_and_why() {
        let failing = |label: &str, kind: &str| json!({"label": label, "error_kind": kind});
        assert_eq!(reasons(&[]), "");
        assert_eq!(
            reasons(&[failing("Site", "certificate_untrusted"), failing("Gazelle", "http_500")]),
            " (Site: certificat non reconnu, Gazelle: réponse HTTP 500)"
        );
        let many: Vec<Value> = (0..8).map(|_| failing("x", "dns")).collect();
        assert!(reasons(&many).ends_with("et 3 de plus)"), "{}", reasons(&many));
    }
}
