//! The afternoon's warning: tomorrow's appointments that neither the client nor the office has confirmed.
//!
//! First the appointments are synced, by the same code as at night; then each technician gets one e-mail, and
//! what reaches no technician goes to the administrators. A row and the message that carries it are written
//! together, so that a repeated run tells only what is new.

mod alerts;

use jiff::{Timestamp, ToSpan, civil::Date};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock,
    config::Settings,
    error_kind::ErrorKind,
    gazelle::{Gazelle, GazelleSettings},
    http::Http,
    mirror::{self, Collection, Plan, Report},
    notify::{Channels, Notice},
    run::{Run, Task},
    supabase::SupabaseError,
    task::{Finished, Function, Outcome, TaskError},
};

use self::alerts::{Appointment, Candidates, Known, Person};

/// The task `rv_alerts`.
pub struct AppointmentAlerts {
    gazelle: GazelleSettings,
    channels: Channels,
}

#[derive(Deserialize)]
struct SyncState {
    watermark: Option<Timestamp>,
}

impl Task for AppointmentAlerts {
    const FUNCTION: Function = Function::AppointmentAlerts;

    fn new(settings: &mut Settings, _http: &Http) -> Self {
        Self { gazelle: GazelleSettings::read(settings), channels: Channels::read(settings) }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let synced = self.sync(run).await;
        if let Err(TaskError::Supabase(error)) = synced {
            // Without the database there is nothing to alert from either.
            return Err(error.into());
        }
        let as_of = watermark(run).await?;
        // What Gazelle could not tell is read from the mirror, and said to be old; an empty mirror tells nothing.
        let (synced, stale) = match (synced, as_of) {
            (Ok(report), _) => (Ok(report), None),
            (Err(error), Some(as_of)) => (Err(error), Some(as_of)),
            (Err(error), None) => return Err(error),
        };

        let date = run.business_date().checked_add(1.day()).unwrap_or(Date::MAX);
        let staff = staff(run).await?;
        let appointments = appointments(run, date).await?;
        let unconfirmed = appointments.len();
        let candidates = Candidates {
            date,
            stale,
            staff: &staff,
            has_address: &|person| {
                self.channels.address(Some(&person.first_name), person.email.as_deref()).is_some()
            },
        };
        let plan = candidates.plan(&run.id, appointments, &known(run, date).await?);
        if !plan.alerts.is_empty() {
            let mut arguments = run.lease_arguments();
            arguments["p_alerts"] = json!(plan.alerts);
            arguments["p_notices"] = json!(plan.notices);
            run.supabase.rpc::<Value>("record_appointment_alerts", &arguments).await?;
        }

        let mut stats = json!({
            "target_date": date.to_string(), "unconfirmed": unconfirmed, "alerted": plan.alerts.len(),
            "technicians": plan.per_technician, "unassigned": plan.unassigned,
        });
        let mut notices: Vec<Notice> = Vec::new();
        let mut errors = Vec::new();
        match &synced {
            Ok(report) => {
                stats["sync"] = report.stats();
                notices = report.notices(run);
            }
            Err(error) => {
                errors.push(json!({"kind": error.kind(), "message": error.to_string(), "step": "sync"}));
                notices.extend(error.notice(run).map(|notice| with_age(notice, stale)));
            }
        }
        let is_clean = synced.as_ref().is_ok_and(|report| {
            report.refused.is_empty() && report.quarantined.is_empty() && report.drift.is_empty()
        });
        Ok(Outcome::Finished(Finished {
            warning: !is_clean,
            message: message(unconfirmed, plan.alerts.len(), stale),
            stats,
            notices,
            errors,
            ..Finished::default()
        }))
    }
}

impl AppointmentAlerts {
    /// The appointments, read anew. An interrupted reading is a failed one: there is no next part in the afternoon.
    async fn sync(&self, run: &Run) -> Result<Report, TaskError> {
        let plan = Plan {
            collections: vec![Collection::Appointments],
            full: false,
            whole: false,
            corrects: false,
            resume: false,
            started_at: run.started_at,
        };
        let gazelle = Gazelle::new(run.http.clone(), self.gazelle.clone(), run.supabase.clone());
        let report = mirror::sync(run, &gazelle, &plan).await?;
        match (report.put_off, report.interrupted) {
            (Some(_), _) => Err(TaskError::Failed {
                kind: ErrorKind::GazelleUnavailable,
                message: "Gazelle asks to be left alone for now".into(),
            }),
            (None, true) => Err(TaskError::Failed {
                kind: ErrorKind::IncompleteRead,
                message: "the appointments were not read to their end in time".into(),
            }),
            (None, false) => Ok(report),
        }
    }
}

fn with_age(mut notice: Notice, stale: Option<Timestamp>) -> Notice {
    if let Some(as_of) = stale {
        notice.data["data_as_of"] = as_of.to_string().into();
    }
    notice
}

fn message(unconfirmed: usize, alerted: usize, stale: Option<Timestamp>) -> String {
    let mut message = match (unconfirmed, alerted) {
        (0, _) => "Aucun RV non confirmé".to_owned(),
        (_, 0) => format!("{unconfirmed} RV non confirmés, déjà annoncés"),
        _ => format!("{unconfirmed} RV non confirmés, {alerted} annoncés"),
    };
    if let Some(as_of) = stale {
        let as_of = as_of.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string();
        message.push_str(&format!("; synchronisation échouée, données du {as_of}"));
    }
    message
}

/// The instant that the mirrored appointments are certainly as new as.
async fn watermark(run: &Run) -> Result<Option<Timestamp>, SupabaseError> {
    let query = run.supabase.from("sync_state").select("watermark").eq("collection", "appointments");
    let states: Vec<SyncState> = run.supabase.rows(query).await?;
    Ok(states.first().and_then(|state| state.watermark))
}

/// Everybody whom Gazelle knows as well: also those who cannot be notified are called by name.
async fn staff(run: &Run) -> Result<Vec<Person>, SupabaseError> {
    let query = || {
        let columns = "key,gazelle_id,first_name,display_name,email,roles,active";
        run.supabase.from("staff").select(columns).not("is", "gazelle_id", "null")
    };
    run.supabase.all("key", query).await
}

/// The unconfirmed appointments of a day, earliest first.
async fn appointments(run: &Run, date: Date) -> Result<Vec<Appointment>, SupabaseError> {
    let mut found: Vec<Appointment> = Vec::new();
    let table = || {
        let table = run.supabase.from("unconfirmed_appointments").select("*");
        table.eq("appointment_date", date.to_string())
    };
    let key = |appointment: &Appointment| appointment.external_id.clone();
    run.supabase.pages("external_id", key, table, |page| found.extend(page)).await?;
    found.sort_by(|a, b| (&a.appointment_time, &a.external_id).cmp(&(&b.appointment_time, &b.external_id)));
    Ok(found)
}

/// What was already reported about a day.
async fn known(run: &Run, date: Date) -> Result<Vec<Known>, SupabaseError> {
    let mut found = Vec::new();
    let table = || {
        let table =
            run.supabase.from("alert_logs").select("id,appointment_external_id,technician_id,content,status");
        table.eq("kind", "unconfirmed").eq("appointment_date", date.to_string())
    };
    run.supabase.pages("id", Known::key, table, |page| found.extend(page)).await?;
    Ok(found)
}
