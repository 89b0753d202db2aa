//! The whole in one sentence and one colour, and what is behind it. What is silent counts as well: a page that only
//! listened to failures would say that all is well when nothing runs any more.

use jiff::Timestamp;
use shared::{notify::Event, task::TaskSpec};

use crate::{
    data::{
        backups::DrillStatus,
        health_shapes::{Overall, TaskHealth},
        incidents::{Incident, IncidentKind},
        shapes::Status,
    },
    pages::{frame::Frame, home::data::Home},
};

/// A copy older than a day and two hours was missed; so was a sync.
const DAILY_LIMIT_SECONDS: i64 = 26 * 3600;

/// The sentence.
#[derive(Debug)]
pub struct Verdict {
    /// A class of the style sheet: `success`, `info`, `warning` or `error`.
    pub tone: &'static str,
    pub sentence: String,
    /// The gravest first.
    pub concerns: Vec<Concern>,
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Concern {
    pub is_grave: bool,
    pub text: String,
    /// What it said itself.
    pub why: Option<String>,
    /// Where it is shown.
    pub link: String,
    /// Section of the runbook.
    pub advice: Option<Event>,
}

impl Verdict {
    /// The verdict on everything.
    pub fn of(frame: &Frame, home: &Home) -> Self {
        let mut concerns: Vec<Concern> =
            home.incidents.iter().map(|incident| of_incident(frame, incident)).collect();
        concerns.extend(home.tasks.iter().filter_map(|task| of_task(frame, home, task)));
        concerns.extend(of_results(frame, home));
        concerns.extend(of_notices(frame, home));
        concerns.sort_by_key(|concern| !concern.is_grave);
        let grave = concerns.iter().filter(|concern| concern.is_grave).count();
        let (tone, sentence) = match (grave, concerns.len()) {
            (0, 0) if home.is_new() => ("info", first_day(frame)),
            (0, 0) => ("success", good(frame, home.good_nights)),
            (0, count) => ("warning", frame.n("things-need-a-look", &count)),
            (count, _) => ("error", frame.n("problems-need-attention", &count)),
        };
        Self { tone, sentence, concerns }
    }
}

fn first_day(frame: &Frame) -> String {
    frame.t("nothing-has-run-yet-everything").into()
}

fn good(frame: &Frame, nights: u32) -> String {
    match nights {
        0 => frame.t("all-is-well").into(),
        nights => frame.n("all-well-for-nights", &nights),
    }
}

fn of_incident(frame: &Frame, incident: &Incident) -> Concern {
    let label = frame.text(incident.label.as_deref().unwrap_or(&incident.subject));
    let is_refused = incident.kind == IncidentKind::Channel && incident.error_kind.is_some();
    let (text, advice) = match incident.kind {
        IncidentKind::Availability => {
            (format!("{label} {}", frame.t("does-not-answer")), Event::AvailabilityDown)
        }
        IncidentKind::MissedRun => {
            (format!("« {label} » {}", frame.t("has-not-succeeded-too-long")), Event::HeartbeatMissed)
        }
        IncidentKind::SlowRun => {
            (format!("« {label} » {}", frame.t("takes-almost-all-its-time")), Event::RunSlow)
        }
        IncidentKind::Alarm => (format!("{} {label}", frame.t("alarm-label")), Event::AlarmRaised),
        IncidentKind::Channel if is_refused => {
            (format!("{label} {}", frame.t("does-not-take-our-messages")), Event::ChannelSilent)
        }
        IncidentKind::Channel => {
            (format!("{label} {}", frame.t("does-not-answer-our-messages")), Event::ChannelSilent)
        }
    };
    Concern {
        is_grave: ["critical", "error"].contains(&incident.severity.as_str()),
        text,
        why: incident.error_kind.as_deref().map(|kind| frame.error_words(kind)),
        link: "/incidents".into(),
        advice: Some(advice),
    }
}

/// The newest run of a task, its silence, or its pause.
fn of_task(frame: &Frame, home: &Home, task: &TaskHealth) -> Option<Concern> {
    let spec = TaskSpec::named(&task.name)?;
    let label = task.label.as_deref().unwrap_or(spec.label);
    let link = task.last_run_id.as_ref().map_or("/journal".into(), |id| format!("/runs/{id}"));
    let concern = |is_grave, text: String, why: Option<String>, advice| {
        Some(Concern { is_grave, text, why, link: link.clone(), advice })
    };
    let why = || {
        let is_said = task.last_message.is_some() || task.last_error_kind.is_some();
        is_said.then(|| frame.outcome(&task.last_message, &task.last_error_kind))
    };
    if task.last_status == Some(Status::Error) {
        let text = format!("« {label} » {}", frame.t("failed-a-echoue"));
        return concern(true, text, why(), spec.failure_event);
    }
    let is_notified = home
        .incidents
        .iter()
        .any(|incident| incident.kind == IncidentKind::MissedRun && incident.subject == task.name);
    if !task.enabled {
        let text = format!("« {label} » {}", frame.t("is-paused"));
        return concern(false, text, task.pause_reason.as_ref().map(|why| frame.text(why)), None);
    }
    if !is_notified && is_silent(frame.now, spec, task) {
        let text = format!("« {label} » {}", frame.t("has-not-succeeded-too-long"));
        return concern(true, text, None, Some(Event::HeartbeatMissed));
    }
    if task.last_status == Some(Status::Warning) {
        let text = format!("« {label} » {}", frame.t("has-a-warning"));
        return concern(false, text, why(), None);
    }
    None
}

fn is_silent(now: Timestamp, spec: &TaskSpec, task: &TaskHealth) -> bool {
    let Some(last) = task.last_success.as_ref().and_then(|at| at.parse::<Timestamp>().ok()) else {
        return false;
    };
    spec.is_watched() && now.duration_since(last).unsigned_abs() > spec.newest_success_limit()
}

/// Anomalies, copies and the age of the data.
fn of_results(frame: &Frame, home: &Home) -> Vec<Concern> {
    let mut found = Vec::new();
    let mut add = |is_grave, text: String, link: &str, advice| {
        found.push(Concern { is_grave, text, why: None, link: link.into(), advice });
    };
    let (critical, high) = (home.anomalies.critical, home.anomalies.high);
    if critical > 0 {
        let text = frame.n("critical-anomalies", &critical);
        add(true, text, "/incidents#anomalies", None);
    } else if home.overall_status == Overall::Critical && home.incidents.is_empty() {
        add(true, frame.t("overall-state-critical").into(), "/incidents", None);
    }
    if high > 0 {
        let text = frame.n("high-anomalies", &high);
        add(false, text, "/incidents#anomalies", None);
    }
    if !home.is_new() {
        match &home.backup.verified {
            None if home.backup.newest.is_some() => {
                add(true, frame.t("no-backup-is-verified").into(), "/backups", Some(Event::BackupFailed));
            }
            Some(copy) if copy.age_seconds > DAILY_LIMIT_SECONDS => {
                let age = frame.age(copy.age_seconds);
                let text = format!("{} {age}.", frame.t("last-verified-backup-as-old"));
                add(false, text, "/backups", Some(Event::BackupFailed));
            }
            _ => {}
        }
        if home.data.age_seconds.is_some_and(|age| age > DAILY_LIMIT_SECONDS) {
            let age = frame.age(home.data.age_seconds.unwrap_or_default());
            add(
                false,
                format!("{} {age}.", frame.t("data-as-old-as")),
                "/journal?type=sync",
                Some(Event::SyncFailed),
            );
        }
    }
    if home.backup.drill.as_ref().is_some_and(|drill| drill.status == DrillStatus::Failed) {
        let text = frame.t("last-restore-drill-failed");
        add(true, text.into(), "/backups", Some(Event::BackupFailed));
    }
    found
}

/// Messages that did not arrive, and channels that are off.
fn of_notices(frame: &Frame, home: &Home) -> Vec<Concern> {
    let mut found = Vec::new();
    let mut add = |text: String| {
        found.push(Concern { is_grave: false, text, why: None, link: "/notifications".into(), advice: None });
    };
    match home.deliveries.count {
        0 => {}
        count => add(frame.n("notifications-did-not-arrive", &count)),
    }
    for off in &home.deliveries.channels_off {
        let person = off.recipient_name.as_ref().or(off.recipient.as_ref());
        let whom = person.map(|name| format!(" ({name})")).unwrap_or_default();
        let text = frame.t("switched-off-after-too-many");
        add(format!("{}{whom} {text}", off.channel));
    }
    found
}
