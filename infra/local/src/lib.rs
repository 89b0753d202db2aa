//! The local stack: an embedded Supabase, a strict sandbox of the outside services, a local Lambda and event bus.
//!
//! The functions run as they are deployed: same code, same HTTP calls, same event rules from `template.yaml`.

pub mod clock;
pub mod company;
pub mod console;
pub mod embedded;
pub mod faults;
pub mod lambda;
pub mod migrations;
pub mod notices;
pub mod output;
pub mod postgrest;
pub mod progress;
pub mod sandbox;
pub mod schema;
pub mod stack;
pub mod supabase;
pub mod tripwire;
pub mod up;

use std::process::ExitCode;

use shared::{run::serve, task::Function};

/// Becomes the function that [`lambda::FUNCTION_VARIABLE`] names, if it names one.
pub fn become_function() -> Option<ExitCode> {
    let name = std::env::var(lambda::FUNCTION_VARIABLE).ok()?;
    let function = Function::ALL.into_iter().find(|function| function.crate_name() == name)?;
    Some(match function {
        Function::SyncGazelle => serve::<sync_gazelle::SyncGazelle>(),
        Function::TimelineReport => serve::<timeline_report::TimelineReport>(),
        Function::HumidityAlerts => serve::<humidity_alerts::HumidityAlerts>(),
        Function::Backup => serve::<backup::Backup>(),
        Function::AppointmentAlerts => serve::<appointment_alerts::AppointmentAlerts>(),
        Function::MaintenanceAlerts => serve::<maintenance_alerts::MaintenanceAlerts>(),
        Function::Cleanup => serve::<cleanup::Cleanup>(),
        Function::AvailabilityCheck => serve::<availability_check::AvailabilityCheck>(),
        Function::AnomalyDetection => serve::<anomaly_detection::AnomalyDetection>(),
        Function::WeeklyReport => serve::<weekly_report::WeeklyReport>(),
        Function::NotificationDispatch => serve::<notification_dispatch::NotificationDispatch>(),
        Function::AlarmRelay => alarm_relay::serve(),
        Function::AdminApi => admin_api::serve_within(lambda::limits()),
    })
}
