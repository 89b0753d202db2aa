//! Rewrites the timeline report: four tabs of service notes and measurements for the institutions.
//!
//! Rows are built first, then the workbook changes in one atomic batch: a reader never sees half a report, and a
//! second run changes nothing.

mod entries;
mod google;
pub mod tabs;
pub mod workbook;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    config::Settings,
    http::Http,
    run::{Run, finished},
    supabase::SupabaseError,
    task::{Function, Outcome, Task, TaskError},
};

use self::{google::Sheets, tabs::TabRule};

/// The task `rapport_timeline`.
pub struct TimelineReport {
    sheets: Sheets,
}

impl Task for TimelineReport {
    const FUNCTION: Function = Function::TimelineReport;

    fn new(settings: &mut Settings, http: &Http) -> Self {
        Self { sheets: Sheets::read(settings, http) }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let rules = rules(run).await?;
        if rules.is_empty() {
            return Err(TaskError::Failed {
                kind: "no_tabs",
                message: "the table report_tabs holds no enabled tab; enable one".into(),
            });
        }
        let entries = entries::read(run, &rules).await?;
        let tabs = tabs::build(&rules, entries);
        let figures: Map<String, Value> =
            tabs.iter().map(|tab| (tab.title.clone(), tab.rows.len().into())).collect();
        let rows: usize = tabs.iter().map(|tab| tab.rows.len()).sum();
        run.report(json!({"rows": rows}));

        let existing = self.sheets.tabs().await?;
        let batches = workbook::plan(&existing, &tabs);
        let requests = batches.len();
        for batch in batches {
            self.sheets.update(batch).await?;
        }
        Ok(finished(
            format!("{rows} lignes dans {} onglets", tabs.len()),
            json!({"tabs": figures, "rows": rows, "requests": requests}),
        ))
    }
}

async fn rules(run: &Run) -> Result<Vec<TabRule>, SupabaseError> {
    #[derive(Deserialize)]
    struct Row {
        position: i64,
        #[serde(flatten)]
        rule: TabRule,
    }
    let query = || {
        let table = run.supabase.from("report_tabs");
        table.select("key,position,title,kind,client_ids,keywords,former_titles").is("enabled", "true")
    };
    let mut rows: Vec<Row> = run.supabase.all("key", query).await?;
    rows.sort_by_key(|row| row.position);
    Ok(rows.into_iter().map(|row| row.rule).collect())
}

/// An entry of the view `timeline_report_entries`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Identity.
    pub external_id: String,
    /// Instant.
    pub occurred_at: jiff::Timestamp,
    /// `SERVICE_ENTRY_MANUAL` or `PIANO_MEASUREMENT`.
    pub entry_type: String,
    /// Gazelle's summary.
    pub title: Option<String>,
    /// Gazelle's comment.
    pub description: Option<String>,
    /// Piano.
    pub piano_id: Option<String>,
    /// The entry's client, else the piano's.
    pub client_id: Option<String>,
    /// Its name; null when no such client is known.
    pub client_name: Option<String>,
    /// Make of the piano.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Type.
    pub piano_type: Option<String>,
    /// Year.
    pub piano_year: Option<i32>,
    /// Room.
    pub location: Option<String>,
    /// First and last name, as Gazelle has them.
    pub technician: Option<String>,
}
