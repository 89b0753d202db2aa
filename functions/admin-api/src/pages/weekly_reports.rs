//! Rapports hebdomadaires: the list, and one with its figures beside those of the week before.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::Value;

use crate::{
    data::weekly_reports::{self, Filter, WeeklyReportPage, WholeWeeklyReport},
    extract::Params,
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "weekly_reports.html")]
struct ListPage {
    frame: Frame,
    page: WeeklyReportPage,
}

#[derive(Template)]
#[template(path = "weekly_report.html")]
struct ReportPage {
    frame: Frame,
    whole: WholeWeeklyReport,
    rows: Vec<Row>,
}

/// A figure of the week, and of the week before.
struct Row {
    label: &'static str,
    now: String,
    before: String,
}

/// `GET /weekly-reports`
pub async fn list(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let page = weekly_reports::read(&app, &filter).await?;
    render::show(&ListPage { frame, page })
}

/// `GET /weekly-reports/{period_start}`
pub async fn detail(
    State(app): State<Arc<App>>,
    frame: Frame,
    Path(period_start): Path<String>,
) -> Result<Response, Problem> {
    let whole = weekly_reports::find(&app, &period_start).await?;
    let rows = rows(&frame, &whole.data);
    render::show(&ReportPage { frame, whole, rows })
}

impl ListPage {
    fn delivery(&self, status: &str) -> Markup {
        delivery(&self.frame, status)
    }
}

impl ReportPage {
    fn delivery(&self) -> Markup {
        delivery(&self.frame, &self.whole.report.delivery_status)
    }

    fn week(&self) -> &str {
        self.whole.data["week"].as_str().unwrap_or(&self.whole.report.period_start)
    }
}

fn delivery(frame: &Frame, status: &str) -> Markup {
    match status {
        "sent" => frame.badge("success", "✓", frame.t("sent-envoye")),
        "pending" => frame.badge("queued", "…", frame.t("pending")),
        "partial" => frame.badge("warning", "!", frame.t("partly-sent")),
        "skipped" => frame.badge("", "–", frame.t("nobody-to-tell")),
        "unknown" => frame.badge("warning", "!", frame.t("unknown-incertain")),
        _ => frame.badge("error", "✕", frame.t("not-sent-non-envoye")),
    }
}

/// The figures that the week is judged by; the text has them all. A report of an older shape has none.
fn rows(frame: &Frame, data: &Value) -> Vec<Row> {
    let (now, before) = (&data["figures"], &data["before"]);
    let counted = |label, figure: &dyn Fn(&Value) -> Option<i64>| {
        let shown = |figures| figure(figures).map_or_else(|| "–".into(), |count| frame.count(&count));
        Row { label, now: shown(now), before: shown(before) }
    };
    let at = |pointer: &'static str| move |figures: &Value| figures.pointer(pointer).and_then(Value::as_i64);
    let runs = |field: &'static str| move |figures: &Value| sum(&figures["runs"], field);
    let aged = |label, pointer: &'static str| {
        let shown = |figures: &Value| {
            figures.pointer(pointer).and_then(Value::as_i64).map_or_else(|| "–".into(), |age| frame.age(age))
        };
        Row { label, now: shown(now), before: shown(before) }
    };
    let money = |label, pointer: &'static str| {
        let shown = |figures: &Value| {
            figures
                .pointer(pointer)
                .and_then(Value::as_i64)
                .map_or_else(|| "–".into(), |cents| super::cash::money(frame, cents))
        };
        Row { label, now: shown(now), before: shown(before) }
    };
    if !now.is_object() {
        return Vec::new();
    }
    vec![
        counted(frame.t("runs"), &runs("finished")),
        counted(frame.t("successful-runs"), &runs("success")),
        counted(frame.t("failed-runs"), &runs("error")),
        counted(frame.t("appointments"), &at("/appointments")),
        counted(frame.t("pianos-serviced"), &at("/pianos")),
        counted(frame.t("humidity-alerts-opened"), &at("/humidity/opened")),
        counted(frame.t("maintenance-alerts-opened"), &at("/maintenance/opened")),
        counted(frame.t("outages"), &at("/incidents/outages")),
        aged(frame.t("time-of-outages"), "/incidents/down_seconds"),
        counted(frame.t("anomalies-opened"), &|figures| sum(&figures["anomalies"], "opened")),
        counted(frame.t("notifications-sent"), &|figures| sum(&figures["notifications"], "sent")),
        counted(frame.t("ai-calls"), &at("/ai/calls")),
        counted(frame.t("cash-sessions"), &at("/cash/sessions")),
        money(frame.t("sales"), "/cash/sales_cents"),
        counted(frame.t("people-signed-in"), &at("/users/active")),
        aged(frame.t("age-verified-copy"), "/backup/age_seconds"),
    ]
}

fn sum(rows: &Value, field: &str) -> Option<i64> {
    Some(rows.as_array()?.iter().filter_map(|row| row[field].as_i64()).sum())
}
