//! Mirrors Gazelle into Supabase: the whole company every night, or one collection on request.
//!
//! Its success event starts the timeline report; it is published only when every collection was read to its end
//! and nothing that looked like an accident was refused.

use jiff::{SignedDuration, Timestamp, civil::Weekday};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    config::Settings,
    error_kind::ErrorKind,
    events::{DomainEvent, SOURCE_SYNC, SYNC_SUCCEEDED},
    gazelle::{Gazelle, GazelleSettings},
    http::Http,
    mirror::{self, Collection, Plan, Report},
    notify::{Event, Notice, Severity},
    run::{Run, Task},
    task::{Finished, Function, Outcome, TaskError},
};

/// A run is continued at most this often; what takes longer is not a sync but an accident.
const MAX_PARTS: u32 = 6;

/// A sync that Gazelle puts off goes on within this time of its start, or it failed.
const NIGHT: SignedDuration = SignedDuration::from_hours(3);

/// The task `sync_gazelle`, and the imports of one collection.
pub struct SyncGazelle {
    gazelle: GazelleSettings,
}

/// What may be asked of a run, and what one part hands to the next.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Everything, back to the beginning.
    full: bool,
    /// Where the first part began to read.
    started_at: Option<Timestamp>,
}

impl Task for SyncGazelle {
    const FUNCTION: Function = Function::SyncGazelle;

    fn new(settings: &mut Settings, _http: &Http) -> Self {
        Self { gazelle: GazelleSettings::read(settings) }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let expected = r#"expected {"full": true} or nothing"#;
        let parameters: Parameters = run.parsed_parameters(expected)?;
        // What one part hands to the next is nobody's to ask for: a date to come would make every later sync read nothing.
        if run.part == 0 && parameters.started_at.is_some() {
            return Err(TaskError::Parameters(expected.into()));
        }
        let started_at = parameters.started_at.unwrap_or(run.started_at);
        let plan = Plan {
            collections: collections(run.spec.name),
            full: parameters.full,
            whole: run.business_date().weekday() == Weekday::Sunday,
            corrects: true,
            resume: run.part > 0,
            started_at,
        };
        let gazelle = Gazelle::new(run.http.clone(), self.gazelle.clone(), run.supabase.clone());
        let report = mirror::sync(run, &gazelle, &plan).await?;
        if report.interrupted {
            return continued(run, &report, started_at);
        }
        let mut notices = report.notices(run);
        notices.extend(gazelle.authorization_is_expiring().then(|| expiring(run)));
        Ok(Outcome::Finished(Finished {
            warning: !(report.refused.is_empty() && report.quarantined.is_empty() && report.drift.is_empty()),
            message: message(run, &report),
            stats: report.stats(),
            events: success_event(run, &report).into_iter().collect(),
            errors: report
                .quarantined
                .iter()
                .take(25)
                .map(|row| json!({"kind": ErrorKind::Quarantined, "row": row}))
                .collect(),
            notices,
        }))
    }
}

fn collections(task: &str) -> Vec<Collection> {
    match task {
        // Contacts come inside the pages of their clients.
        "import_clients" | "import_contacts" => vec![Collection::Clients],
        "import_pianos" => vec![Collection::Pianos],
        "import_timeline" => vec![Collection::Timeline],
        "import_appointments" => vec![Collection::Appointments],
        _ => Collection::ALL.to_vec(),
    }
}

fn continued(run: &Run, report: &Report, started_at: Timestamp) -> Result<Outcome, TaskError> {
    if run.part + 1 >= MAX_PARTS {
        return Err(TaskError::Failed {
            kind: ErrorKind::TooManyParts,
            message: format!("the sync did not end in {MAX_PARTS} parts; check Gazelle's answer times"),
        });
    }
    let latest = started_at.checked_add(NIGHT).unwrap_or(started_at);
    if report.put_off.is_some_and(|at| at > latest) {
        return Err(TaskError::Failed {
            kind: ErrorKind::GazelleUnavailable,
            message: "Gazelle asks to be left alone for longer than the night; the run will be tried again"
                .into(),
        });
    }
    Ok(Outcome::Continued {
        continuation: json!(Parameters { full: report.full, started_at: Some(started_at) }),
        stats: report.stats(),
        not_before: report.put_off,
    })
}

fn success_event(run: &Run, report: &Report) -> Option<DomainEvent> {
    let is_whole = run.spec.name == "sync_gazelle" && report.refused.is_empty();
    is_whole.then(|| DomainEvent {
        source: SOURCE_SYNC,
        detail_type: SYNC_SUCCEEDED,
        detail: json!({
            "run_id": run.id,
            "correlation_id": run.correlation_id,
            "business_date": run.business_date().to_string(),
            "counts": report.counts,
            "full": report.full,
        }),
    })
}

fn message(run: &Run, report: &Report) -> String {
    let read: u64 = report.counts.values().map(|counts| counts.read()).sum();
    let mut message = match run.spec.name {
        "sync_gazelle" => "Synchronisation complète réussie".to_owned(),
        _ => format!("{read} items synchronisés"),
    };
    if !report.refused.is_empty() {
        message.push_str("; suppression massive refusée");
    }
    if !report.quarantined.is_empty() {
        message.push_str(&format!("; {} fiches mises de côté", report.quarantined.len()));
    }
    if !report.drift.is_empty() {
        message.push_str("; Gazelle a changé de forme");
    }
    message
}

fn expiring(run: &Run) -> Notice {
    Notice::new(
        Event::GazelleAuthorizationExpiring,
        Severity::Warning,
        format!("gazelle.authorization_expiring@{}", run.business_date()),
        json!({
            "task_label": run.spec.label, "run_id": run.id, "since": run.started_at.to_string(),
        }),
    )
}
