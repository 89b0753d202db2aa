//! Rewrites the timeline report: four tabs of service notes and measurements for the institutions.
//!
//! Rows are read and sent day by day, so that memory does not grow with them; what readers see changes in one atomic
//! batch: nobody ever sees half a report, and a second run changes nothing.

mod entries;
mod entry;
mod google;
pub mod tabs;
pub mod titles;
pub mod workbook;
mod writer;

use serde::Deserialize;
use serde_json::json;
use shared::{
    config::Settings,
    error_kind::ErrorKind,
    http::Http,
    run::{Run, Task, finished},
    supabase::SupabaseError,
    task::{Function, Outcome, TaskError},
};

pub use self::entry::Entry;
use self::{entries::Days, google::Sheets, tabs::TabRule, writer::Writer};

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
                kind: ErrorKind::NoTabs,
                message: "the table report_tabs holds no enabled tab; enable one".into(),
            });
        }
        if let Some(title) = tabs::doubled(&rules) {
            return Err(TaskError::Failed {
                kind: ErrorKind::SameTitle,
                message: format!(
                    "the table report_tabs holds the title {title:?} twice (case does not matter); change one"
                ),
            });
        }
        let mut days = Days::new(run, &rules);
        let mut writer = Writer::new(&self.sheets, &rules);
        while let Some(entries) = days.next().await? {
            for (tab, rows) in tabs::rows(&rules, entries).iter().enumerate() {
                for row in rows {
                    writer.add(tab, row).await?;
                }
            }
        }
        let (figures, rows) = writer.rows();
        run.report(json!({"rows": rows}));
        let requests = writer.finish().await?;
        Ok(finished(
            format!("{rows} lignes dans {} onglets", rules.len()),
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
