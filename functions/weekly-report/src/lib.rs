//! Monday morning: the week before, against the one before it. Made once for each week, stored and reported in one
//! transaction; whoever comes second finds the report and does nothing.

mod compare;
pub mod figures;
pub mod week;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    config::Settings,
    http::Http,
    notify::{Event, Message, weekly},
    run::{Run, Task, finished},
    supabase::SupabaseError,
    task::{Function, Outcome, TaskError},
    words::Language,
};

use self::{figures::Figures, week::Week};

/// The task `weekly_report`.
pub struct WeeklyReport;

/// For so long after its Monday a week's log surely holds every run; later, retention has taken the successes of
/// frequent tasks.
const LOG_KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Another week than the one before the run's date: `2026-W03`.
    week: Option<String>,
    /// Only answers the figures.
    dry_run: bool,
}

/// What became of a report.
#[derive(Debug, Deserialize)]
struct Stored {
    stored: bool,
    notices: u64,
}

/// A week with its figures, ready to be stored or shown.
struct Report {
    figures: Figures,
    before: Figures,
    message: weekly::WeeklyReport,
}

impl Task for WeeklyReport {
    const FUNCTION: Function = Function::WeeklyReport;

    fn new(_settings: &mut Settings, _http: &Http) -> Self {
        Self
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let parameters: Parameters = run.parsed_parameters(
            "expected {\"week\": \"2026-W03\", \"dry_run\": true}, one of them or nothing",
        )?;
        let week = chosen_week(run, parameters.week.as_deref())?;
        if !parameters.dry_run && is_made(run, week).await? {
            return Ok(already_made(week));
        }
        let report = make(run, week).await?;
        if parameters.dry_run {
            return Ok(finished(
                format!("Semaine {week}: rien n'est enregistré ni envoyé"),
                json!({"week": week.to_string(), "stored": false, "dry_run": true, "figures": report.figures,
                       "before": report.before}),
            ));
        }
        let stored = store(run, week, &report).await?;
        if !stored.stored {
            return Ok(already_made(week));
        }
        Ok(finished(
            format!("Rapport de la semaine {week} enregistré, {} messages à envoyer", stored.notices),
            json!({"week": week.to_string(), "stored": true, "notices": stored.notices}),
        ))
    }
}

/// The week that the parameters name, else the one before the run's date. Only a week that is over has a report.
fn chosen_week(run: &Run, label: Option<&str>) -> Result<Week, TaskError> {
    let current = Week::of(run.business_date());
    let Some(label) = label else {
        return Ok(current.previous());
    };
    let week: Week =
        label.parse().map_err(|error: week::NotAWeek| TaskError::Parameters(error.to_string()))?;
    if week >= current {
        return Err(TaskError::Parameters(format!("the week {week} is not over")));
    }
    Ok(week)
}

fn already_made(week: Week) -> Outcome {
    finished(
        format!("Le rapport de la semaine {week} existe déjà: rien à faire"),
        json!({"week": week.to_string(), "stored": false, "notices": 0}),
    )
}

async fn is_made(run: &Run, week: Week) -> Result<bool, SupabaseError> {
    let query =
        run.supabase.from("weekly_reports").select("run_id").eq("period_start", week.monday().to_string());
    let rows: Vec<Value> = run.supabase.rows(query).await?;
    Ok(!rows.is_empty())
}

/// The figures of a week as they were reported; none of a week without a report, or with one of another shape.
async fn figures_of(run: &Run, week: Week) -> Result<Option<Figures>, SupabaseError> {
    let query = run
        .supabase
        .from("weekly_reports")
        .select("figures:data->figures")
        .eq("period_start", week.monday().to_string());
    let rows: Vec<Value> = run.supabase.rows(query).await?;
    Ok(rows.first().and_then(|row| Figures::deserialize(&row["figures"]).ok()))
}

async fn make(run: &Run, week: Week) -> Result<Report, SupabaseError> {
    let mut figures = read(run, week).await?;
    figures.expect_tasks(is_log_whole(run, week));
    // What was reported last week is what this week is compared with.
    let before = match figures_of(run, week.previous()).await? {
        Some(figures) => figures,
        None => read(run, week.previous()).await?,
    };
    let groups = compare::compare(&figures, &before);
    let message =
        weekly::WeeklyReport { week: week.to_string(), from: week.monday(), until: week.sunday(), groups };
    Ok(Report { figures, before, message })
}

fn is_log_whole(run: &Run, week: Week) -> bool {
    run.scheduled_for.duration_since(week.from()) <= LOG_KEPT
}

async fn read(run: &Run, week: Week) -> Result<Figures, SupabaseError> {
    let arguments = json!({"p_from": week.from().to_string(), "p_until": week.until().to_string()});
    let mut figures: Figures = run.supabase.rpc("weekly_figures", &arguments).await?;
    if !is_log_whole(run, week) {
        figures.forget_thinned_runs();
    }
    Ok(figures)
}

async fn store(run: &Run, week: Week, report: &Report) -> Result<Stored, SupabaseError> {
    let message = json!(report.message);
    let text = Message::render(Event::ReportWeekly, &message, Language::Fr, None).plain_text();
    let mut arguments = run.lease_arguments();
    arguments["p_report"] = stored_row(week, report, message, text);
    run.supabase.rpc("store_weekly_report", &arguments).await
}

fn stored_row(week: Week, report: &Report, message: Value, text: String) -> Value {
    json!({
        "period_start": week.monday().to_string(),
        "period_end": week.sunday().to_string(),
        "data": {"week": week.to_string(), "figures": report.figures, "before": report.before},
        "text": text,
        "message": message,
    })
}
