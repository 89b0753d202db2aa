//! One run: how far it has come, what it did, what went wrong and what to do, and who was notified.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{
    events::TASK_REQUESTED,
    notify::{Event, Message},
    task::TaskSpec,
};

use crate::{
    data::{
        runs,
        shapes::{RunDetail, Status},
    },
    pages::{display::Markup, figures, frame::Frame, notifications::Names, render},
    problem::Problem,
    state::App,
};

/// For so long after its end a run may still start others, and have somebody notified.
const AFTERMATH: SignedDuration = SignedDuration::from_mins(2);

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    names: Names,
    run: RunDetail,
    spec: Option<&'static TaskSpec>,
    charts: Vec<figures::Bars>,
    steps: Vec<Step>,
    errors: Vec<ShownError>,
}

/// A step of a run: what happened, when, and how it stands (`done`, `now`, `failed`).
struct Step {
    class: &'static str,
    what: String,
    at: Option<String>,
}

/// An error, and what to do.
struct ShownError {
    at: Option<String>,
    /// The reason in words.
    reason: String,
    /// What the program wrote.
    message: String,
    /// Where and by what: label and value.
    details: Vec<(String, String)>,
}

impl RunPage {
    fn new(frame: Frame, names: Names, run: RunDetail) -> Self {
        Self {
            spec: TaskSpec::named(&run.run.task_name),
            charts: figures::bars(&frame, &names, &run.run.stats),
            steps: steps(&frame, &run),
            errors: run.errors.iter().map(|error| shown_error(&frame, &run, error)).collect(),
            frame,
            names,
            run,
        }
    }

    /// How often the page looks again; a run that ended long ago does not change.
    fn pace(&self) -> Option<u32> {
        let ended: Option<Timestamp> = self.run.run.completed_at.as_ref().and_then(|at| at.parse().ok());
        let is_fresh = ended.is_some_and(|ended| self.frame.now.duration_since(ended) < AFTERMATH);
        match (self.is_open(), is_fresh) {
            (true, _) => Some(2),
            (false, true) => Some(5),
            (false, false) => None,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.run.run.status, Status::Queued | Status::Running)
    }

    fn stats(&self) -> Option<String> {
        figures::shown(&self.run.run.stats)
    }

    fn parameters(&self) -> Option<String> {
        figures::shown(&self.run.parameters)
    }

    /// The body of a request for the same again.
    fn again(&self) -> String {
        if self.run.parameters.is_object() { self.run.parameters.to_string() } else { "{}".into() }
    }

    /// What somebody can do about a failure.
    fn advice(&self) -> Option<(String, Event)> {
        let event = self.spec?.failure_event?;
        let data = json!({"error_kind": self.run.run.error_kind});
        let advice = Message::render(event, &data, self.frame.language, None).advice;
        (self.run.run.status == Status::Error).then_some((advice, event))
    }

    fn delivery(&self, status: &str) -> Markup {
        let frame = &self.frame;
        match status {
            "sent" => frame.badge("success", "✓", frame.t("sent-remis")),
            "pending" => frame.badge("queued", "…", frame.t("waiting")),
            "skipped" => frame.badge("info", "–", frame.t("skipped-non-envoye")),
            "failed" => frame.badge("error", "✕", frame.t("failed-echec")),
            _ => frame.badge("warning", "?", frame.t("uncertain")),
        }
    }
}

fn steps(frame: &Frame, detail: &RunDetail) -> Vec<Step> {
    let run = &detail.run;
    let who = run.triggered_by_user.as_deref().map(|user| format!(" ({user})"));
    let origin = match run.triggered_by.as_deref() {
        Some("manual" | "api") => frame.t("requested"),
        _ if run.parent_run_id.is_some() => frame.t("follows-another-run"),
        _ => frame.t("scheduled-planifiee"),
    };
    let step = |class, what: String, at: Option<&String>| Step { class, what, at: at.cloned() };
    let asked = run.scheduled_for.as_ref().or(run.created_at.as_ref());
    let mut steps = vec![step("done", format!("{origin}{}", who.unwrap_or_default()), asked)];
    if run.status == Status::Queued {
        steps.push(step("now", frame.t("waiting-for-the-function").into(), None));
        return steps;
    }
    let attempt = match run.attempt {
        ..=1 => String::new(),
        attempt => format!(" ({} {attempt})", frame.t("attempt-lower")),
    };
    let started = format!("{}{attempt}", frame.t("started"));
    steps.push(step("done", started, Some(&run.started_at)));
    match run.status {
        Status::Queued | Status::Running => {
            steps.push(step("now", progress(frame, run.part, &run.progress), None))
        }
        Status::Error => {
            steps.push(step("failed", frame.t("failed-echouee").into(), run.completed_at.as_ref()))
        }
        Status::Success | Status::Warning => {
            steps.push(step("done", frame.t("finished").into(), run.completed_at.as_ref()));
        }
    }
    // The request of a run is a step already.
    for event in detail.events.iter().filter(|event| event.detail_type != TASK_REQUESTED) {
        let class = if event.published_at.is_some() { "done" } else { "now" };
        let error_of_event = event.last_error.as_deref().filter(|_| event.published_at.is_none());
        let error_of_event = error_of_event.map(|error| format!(" – {error}")).unwrap_or_default();
        let what = format!("{}{}{error_of_event}", frame.t("event-label"), event.detail_type);
        steps.push(step(class, what, event.published_at.as_ref()));
    }
    steps
}

/// How far a run has come, in words.
#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
fn progress(frame: &Frame, part: u32, progress: &Value) -> String {
    let name = |field: &str| match field {
        "collection" => frame.t("collection-lower").to_owned(),
        "rows" => frame.t("rows-fiches").to_owned(),
        "table" => frame.t("table").to_owned(),
        "done" => frame.t("done-faites").to_owned(),
        "at" => frame.t("step-lower").to_owned(),
        "found" => frame.t("found").to_owned(),
        other => other.to_owned(),
    };
    let known = progress.as_object().into_iter().flatten().filter_map(|(field, value)| match value {
        Value::Number(number) => {
            let number = number.as_i64().map_or_else(|| number.to_string(), |number| frame.count(&number));
            Some(format!("{} {number}", name(field)))
        }
        Value::String(text) => Some(format!("{} {text}", name(field))),
        _ => None,
    });
    let known: Vec<String> = known.collect();
    let mut text = frame.t("at-work").to_owned();
    if part > 0 {
        text = format!("{text} ({} {})", frame.t("part-lower"), part + 1);
    }
    if !known.is_empty() {
        let values = [("what", text.into()), ("list", known.join(", ").into())];
        text = frame.language.sentence("what-and-list", values);
    }
    text
}

fn shown_error(frame: &Frame, detail: &RunDetail, error: &Value) -> ShownError {
    let text = |field: &str| error[field].as_str().unwrap_or_default();
    let kind = if text("kind").is_empty() {
        detail.run.error_kind.as_deref().unwrap_or_default()
    } else {
        text("kind")
    };
    // The words of the notices: the first fact is the reason.
    let facts = Message::of("", &json!({"error_kind": kind}), frame.language, None).facts;
    let reason = facts.into_iter().next().map_or_else(|| kind.to_owned(), |(_, reason)| reason);
    let message = match text("message") {
        "" => serde_json::to_string(error).unwrap_or_default(),
        message => message.to_owned(),
    };
    ShownError {
        at: error["at"].as_str().map(str::to_owned),
        reason,
        message,
        details: details(frame, &error["details"]),
    }
}

/// The technical details of an error, in words where there are some.
fn details(frame: &Frame, details: &Value) -> Vec<(String, String)> {
    let label = |field: &str| match field {
        "collection" => frame.t("collection").to_owned(),
        "page" => frame.t("page").to_owned(),
        "path" => frame.t("path").to_owned(),
        "code" => frame.t("code").to_owned(),
        "http_status" => frame.t("http-status").to_owned(),
        "graphql_errors" => frame.t("graphql-errors").to_owned(),
        "attempts" => frame.t("attempts-tentatives").to_owned(),
        "part" => frame.t("unexpected-part").to_owned(),
        other => other.to_owned(),
    };
    let shown = details.as_object().into_iter().flatten().filter_map(|(field, value)| match value {
        Value::String(text) => Some((label(field), text.clone())),
        Value::Number(number) => Some((label(field), number.to_string())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    shown.collect()
}

/// `GET /runs/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (run, names) = tokio::try_join!(runs::find(&app, &id), Names::read(&app))?;
    render::show(&RunPage::new(frame, names, run))
}
