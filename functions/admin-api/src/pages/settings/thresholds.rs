//! Thresholds, windows and retention: every setting with what it means, its default and its bounds.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;
use shared::notify::figures::decimal_mark;

use crate::{
    data::settings::{self, SettingView},
    pages::{frame::Frame, render::show as show_page},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "settings/thresholds.html")]
struct ThresholdsPage {
    frame: Frame,
    /// By the first part of their keys.
    groups: Vec<(String, Vec<SettingView>)>,
}

impl ThresholdsPage {
    fn title<'a>(&'a self, group: &'a str) -> &'a str {
        match group {
            "sync" => self.frame.t("sync"),
            "humidity" => self.frame.t("humidity"),
            "anomaly" => self.frame.t("anomalies"),
            "recommendation" => self.frame.t("recommendations"),
            "retention" => self.frame.t("retention-in-days"),
            other => other,
        }
    }

    fn meaning(&self, setting: &SettingView) -> String {
        setting.meaning(self.frame.language)
    }

    fn is_set(&self, value: &Value) -> bool {
        *value == Value::Bool(true)
    }

    fn value(&self, value: &Value) -> String {
        match value.as_bool() {
            Some(true) => self.frame.t("yes").to_owned(),
            Some(false) => self.frame.t("no").to_owned(),
            None => value.to_string().replace('.', decimal_mark(self.frame.language)),
        }
    }

    /// What may be entered.
    fn bounds(&self, setting: &SettingView) -> String {
        match (setting.minimum, setting.maximum) {
            (Some(least), Some(most)) => {
                let shown = |bound: f64| bound.to_string().replace('.', decimal_mark(self.frame.language));
                let values = [("least", shown(least).into()), ("most", shown(most).into())];
                self.frame.language.sentence("from-least-to-most", values)
            }
            _ => self.frame.t("yes-or-no").to_owned(),
        }
    }
}

/// `GET /settings/thresholds`
pub async fn show(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let mut groups: Vec<(String, Vec<SettingView>)> = Vec::new();
    for setting in settings::read(&app).await? {
        let name = setting.key.split('.').next().unwrap_or_default().to_owned();
        match groups.iter_mut().find(|(group, _)| *group == name) {
            Some((_, settings)) => settings.push(setting),
            None => groups.push((name, vec![setting])),
        }
    }
    show_page(&ThresholdsPage { frame, groups })
}
