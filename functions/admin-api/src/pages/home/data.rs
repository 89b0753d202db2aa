//! What the database tells of the whole in one call, with what the deployment adds.

use serde::Deserialize;
use serde_json::json;
use shared::task::TASKS;

use crate::{
    data::{
        admin_health,
        backups::Newest,
        health_shapes::{Ai, AnomalyCounts, ErrorRate, Overall, TaskHealth, Usage},
        incidents::Incident,
        recommendations::Recommendation,
        shapes::Status,
        targets::TargetState,
    },
    problem::Problem,
    state::App,
};

/// The home page's figures.
#[derive(Debug, Deserialize)]
pub struct Home {
    pub overall_status: Overall,
    /// Nights in a row without a failure, the newest included.
    pub good_nights: u32,
    pub night: Night,
    pub tasks: Vec<TaskHealth>,
    pub figures: Figures,
    pub syncs: Syncs,
    pub incidents: Vec<Incident>,
    pub anomalies: AnomalyCounts,
    pub recommendations: Vec<Recommendation>,
    pub due: Due,
    pub backup: Newest,
    pub deliveries: Deliveries,
    pub data: Data,
    pub targets: Vec<Target>,
    pub ai: Ai,
    pub error_rate: ErrorRate,
    pub usage: Usage,
}

/// The runs of last night.
#[derive(Debug, Deserialize)]
pub struct Night {
    /// `YYYY-MM-DD`, of its morning.
    pub date: String,
    pub from: String,
    pub until: String,
    pub runs: Vec<Run>,
}

/// A run, in short.
#[derive(Debug, Deserialize)]
pub struct Run {
    pub id: String,
    pub task_name: String,
    pub task_label: String,
    pub started_at: String,
    pub duration_ms: Option<i64>,
    pub status: Status,
}

/// Runs of 24 hours.
#[derive(Debug, Deserialize)]
pub struct Figures {
    pub total_tasks: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub running_count: i64,
    pub success_rate: Option<f64>,
    pub avg_execution_time: Option<f64>,
    pub last_execution: Option<String>,
    pub tasks: Vec<TaskFigures>,
}

/// Runs of one task.
#[derive(Debug, Deserialize)]
pub struct TaskFigures {
    pub task_name: String,
    pub success_rate: Option<f64>,
    pub avg_execution_time: Option<f64>,
}

/// Syncs of 24 hours.
#[derive(Debug, Deserialize)]
pub struct Syncs {
    pub total_syncs: i64,
    pub success_count: i64,
    pub warning_count: i64,
    pub error_count: i64,
    pub success_rate: Option<f64>,
    pub avg_execution_time: Option<f64>,
    pub last_sync: Option<String>,
}

/// What waits for a person.
#[derive(Debug, Deserialize)]
pub struct Due {
    pub maintenance: MaintenanceDue,
    pub humidity: i64,
    pub appointments: i64,
    /// Rows set aside by the sync.
    pub quarantine: i64,
}

/// Alerts of maintenance.
#[derive(Debug, Deserialize)]
pub struct MaintenanceDue {
    pub total: i64,
    pub late: i64,
    pub urgent: i64,
    pub asset_required: i64,
}

/// Messages that did not arrive.
#[derive(Debug, Deserialize)]
pub struct Deliveries {
    pub count: i64,
    pub channels_off: Vec<ChannelOff>,
}

/// A channel that was switched off after failures.
#[derive(Debug, Deserialize)]
pub struct ChannelOff {
    pub channel: String,
    /// Key in `staff`; none: it is off for everybody.
    pub recipient: Option<String>,
    /// What screens call them.
    pub recipient_name: Option<String>,
}

/// How old the mirror is.
#[derive(Debug, Deserialize)]
pub struct Data {
    pub synced_at: Option<String>,
    pub age_seconds: Option<i64>,
}

/// What is watched.
#[derive(Debug, Deserialize)]
pub struct Target {
    pub name: String,
    pub label: Option<String>,
    /// Null before the first look.
    pub state: Option<TargetState>,
    pub since: Option<String>,
    pub latency_ms: Option<i64>,
    /// Why it is not as it should be, as a code.
    pub error_kind: Option<String>,
}

impl Home {
    /// Everything, in one call.
    pub async fn read(app: &App) -> Result<Self, Problem> {
        let frequent: Vec<&str> =
            TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect();
        let arguments = json!({
            "p_tasks": admin_health::names(), "p_frequent_tasks": frequent, "p_now": app.now().to_string(),
        });
        let mut home: Self = app.ask("home", &arguments).await?;
        admin_health::deployed(app, &mut home.tasks);
        Ok(home)
    }

    /// Whether nothing ever ran: the first day.
    pub fn is_new(&self) -> bool {
        self.tasks.iter().all(|task| task.last_run.is_none())
    }

    /// The figures of a task; none when it did not run within the 24 hours.
    pub fn figures_of(&self, task: &str) -> Option<&TaskFigures> {
        self.figures.tasks.iter().find(|figures| figures.task_name == task)
    }
}
