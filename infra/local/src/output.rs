//! What a command prints: one JSON object for programs, a page for people.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};
use shared::run::AnswerError;

use crate::stack::{Stack, TaskRun};

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
pub struct Output {
    /// Whether everything went as it should; the exit code says the same.
    pub ok: bool,
    /// The runs, in order.
    pub runs: Vec<RunLine>,
    /// The spreadsheet as the report left it.
    pub report: ReportLine,
    /// Who was notified what.
    pub notifications: Vec<NotificationLine>,
    /// Requests per service.
    pub requests: Value,
    /// Memory of the sync.
    pub peak_rss_bytes: u64,
}

/// One run.
#[derive(Debug, Serialize)]
pub struct RunLine {
    run_id: Option<String>,
    task: String,
    status: String,
    triggered_by: Option<String>,
    parent_run_id: Option<String>,
    duration_ms: u64,
    stats: Value,
    error: Option<AnswerError>,
    /// For the page only.
    #[serde(skip)]
    message: Option<String>,
}

/// The report's tabs.
#[derive(Debug, Serialize)]
pub struct ReportLine {
    tabs: Vec<TabLine>,
}

/// One tab.
#[derive(Debug, Serialize)]
pub struct TabLine {
    title: String,
    rows: usize,
}

/// One delivery.
#[derive(Debug, Serialize)]
pub struct NotificationLine {
    channel: String,
    recipient: String,
    event_type: String,
    status: String,
}

const SERVICES: [&str; 6] = ["gazelle", "supabase", "google", "slack", "sendgrid", "eventbridge"];

impl Output {
    /// Gathers what happened in a stack.
    pub async fn gather(
        stack: &Stack,
        runs: &[TaskRun],
        peak_rss_bytes: u64,
        ok: bool,
    ) -> anyhow::Result<Self> {
        let counts = SERVICES.map(|service| (service.to_owned(), Value::from(stack.traffic.of(service))));
        let deliveries = stack
            .rows("notification_deliveries", "channel,recipient,event_type,status", "created_at,id")
            .await?;
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let stored = deliveries.iter().map(|row| NotificationLine {
            channel: text(row, "channel"),
            recipient: text(row, "recipient"),
            event_type: text(row, "event_type"),
            status: text(row, "status"),
        });
        let direct = runs.iter().flat_map(|run| &run.answer.notified).map(|notified| NotificationLine {
            channel: notified.channel.clone(),
            recipient: notified.recipient.clone(),
            event_type: notified.event_type.clone(),
            status: notified.status.clone(),
        });
        let workbook = stack.sandbox.workbook();
        Ok(Self {
            ok,
            runs: runs.iter().map(RunLine::of).collect(),
            report: ReportLine {
                tabs: workbook
                    .report_tabs()
                    .map(|tab| TabLine { title: tab.title.clone(), rows: tab.rows() })
                    .collect(),
            },
            notifications: stored.chain(direct).collect(),
            requests: counts.into_iter().collect::<serde_json::Map<_, _>>().into(),
            peak_rss_bytes,
        })
    }

    /// The page for people.
    pub fn page(&self) -> String {
        let mut page = String::new();
        for run in &self.runs {
            let mark = match run.status.as_str() {
                "success" => "✅",
                "warning" => "⚠️ ",
                _ => "❌",
            };
            let seconds = run.duration_ms as f64 / 1000.0;
            writeln!(page, "{mark} {:<22} {:<8} {seconds:>6.1} s", run.task, run.status).ok();
            for (name, counts) in run.stats["collections"].as_object().into_iter().flatten() {
                let figure = |field: &str| counts[field].as_u64().unwrap_or_default();
                writeln!(
                    page,
                    "     {name:<14} {:>6} inserted {:>6} updated {:>6} unchanged {:>4} deleted",
                    figure("inserted"),
                    figure("updated"),
                    figure("unchanged"),
                    figure("deleted")
                )
                .ok();
            }
            if let Some(message) = run.message.as_ref().filter(|_| run.error.is_none()) {
                writeln!(page, "     {message}").ok();
            }
            if let Some(error) = &run.error {
                writeln!(page, "     {}: {}", error.kind, error.message).ok();
            }
        }
        for tab in &self.report.tabs {
            writeln!(page, "📄 {:<22} {:>6} rows", tab.title, tab.rows).ok();
        }
        for notified in &self.notifications {
            writeln!(
                page,
                "🔔 {} → {} ({}): {}",
                notified.event_type, notified.recipient, notified.channel, notified.status
            )
            .ok();
        }
        let requests: Vec<String> =
            SERVICES.iter().map(|service| format!("{service} {}", self.requests[service])).collect();
        writeln!(page, "   requests: {}", requests.join(", ")).ok();
        writeln!(page, "   peak memory: {:.1} MB", self.peak_rss_bytes as f64 / 1e6).ok();
        page
    }
}

impl RunLine {
    fn of(run: &TaskRun) -> Self {
        let answer = run.answer.clone();
        Self {
            run_id: answer.run_id,
            task: answer.task,
            status: answer.status,
            triggered_by: answer.triggered_by,
            parent_run_id: answer.parent_run_id,
            duration_ms: answer.duration_ms,
            stats: if answer.stats.is_null() { json!({}) } else { answer.stats },
            error: answer.error,
            message: answer.message,
        }
    }
}
