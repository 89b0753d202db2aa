//! Thresholds, windows and retention: every setting with what it means, its default and its bounds.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;

use crate::{
    pages::{Frame, show as show_page},
    problem::Problem,
    routes::settings::{self, SettingView},
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
            "sync" => self.frame.t("Synchronisation", "Sync"),
            "humidity" => self.frame.t("Humidité", "Humidity"),
            "anomaly" => self.frame.t("Anomalies", "Anomalies"),
            "recommendation" => self.frame.t("Recommandations", "Recommendations"),
            "retention" => self.frame.t("Conservation (en jours)", "Retention (in days)"),
            other => other,
        }
    }

    /// What a setting means. The texts of retention are made here: its keys name tables.
    fn meaning(&self, setting: &SettingView) -> String {
        match setting.key.strip_prefix("retention.") {
            Some(rows) => match kept(rows) {
                ("", _) => setting.description.clone(),
                (fr, en) => self.frame.t(fr, en).to_owned(),
            },
            None => self.frame.t(&setting.description, meaning_in_english(setting)).to_owned(),
        }
    }

    fn is_set(&self, value: &Value) -> bool {
        *value == Value::Bool(true)
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Bool(true) => self.frame.t("oui", "yes").to_owned(),
            Value::Bool(false) => self.frame.t("non", "no").to_owned(),
            number => number.to_string().replace('.', self.frame.t(",", ".")),
        }
    }

    /// What may be entered.
    fn bounds(&self, setting: &SettingView) -> String {
        match (setting.minimum, setting.maximum) {
            (Some(least), Some(most)) => {
                format!("{} {least} {} {most}", self.frame.t("de", "from"), self.frame.t("à", "to"))
                    .replace('.', self.frame.t(",", "."))
            }
            _ => self.frame.t("oui ou non", "yes or no").to_owned(),
        }
    }
}

/// The rows that a retention is about.
fn kept(rows: &str) -> (&'static str, &'static str) {
    match rows {
        "runs_frequent" => ("Exécutions réussies des tâches fréquentes", "Successful runs of frequent tasks"),
        "runs" => ("Exécutions", "Runs"),
        "sync_logs" => ("Journal des synchronisations", "Log of the syncs"),
        "deliveries" => ("Envois de notifications", "Messages sent"),
        "notices" => ("Problèmes annoncés", "Troubles told"),
        "monitor_checks" => ("Sondages des services", "Probes of the services"),
        "incidents" => ("Incidents terminés", "Closed incidents"),
        "alarm_events" => ("Alarmes AWS", "AWS alarms"),
        "events" => ("Événements publiés", "Published events"),
        "quarantine" => ("Fiches mises de côté et réglées", "Rows set aside and resolved"),
        "maintenance_alerts" => {
            ("Alertes d'entretien lues ou rejetées", "Maintenance alerts read or dismissed")
        }
        "appointment_alerts" => ("Alertes de rendez-vous traitées", "Appointment alerts dealt with"),
        "humidity_alerts" => ("Alertes d'humidité réglées", "Humidity alerts resolved"),
        "ai_events" => ("Appels du modèle de langage", "Calls of the language model"),
        "backups" => ("Traces des sauvegardes retirées", "Records of removed backups"),
        "restore_drills" => ("Essais de restauration", "Restore drills"),
        "anomalies" => ("Anomalies réglées", "Resolved anomalies"),
        "recommendations" => ("Recommandations décidées", "Decided recommendations"),
        "login_history" => ("Historique des connexions", "History of sign-ins"),
        "console_sessions" => ("Sessions terminées de la console", "Ended sessions of the console"),
        "rate_limits" => ("Compteurs de requêtes", "Counters of requests"),
        "audit_log" => ("Audit", "Audit"),
        _ => ("", ""),
    }
}

/// The database describes settings in French.
fn meaning_in_english(setting: &SettingView) -> &str {
    match setting.key.as_str() {
        "sync.appointment_past_days" => "Appointments: days read before today",
        "sync.appointment_future_days" => "Appointments: days read after today",
        "sync.timeline_overlap_days" => {
            "Timeline: how far before the last success, for notes changed afterwards"
        }
        "sync.concurrency" => "Requests to Gazelle at the same time",
        "humidity.low" => "Humidity (%) below which a piano is too dry",
        "humidity.high" => "Humidity (%) above which a piano is too humid",
        "humidity.margin" => "Points to regain before an alert of a measurement closes",
        "humidity.window_days" => "Days of notes read again every night, for those changed afterwards",
        "humidity.all_clients" => "Watch all clients, not only the institutions",
        "humidity.model_enabled" => "Let a language model read the notes that the rules do not understand",
        "anomaly.cash_medium_cents" => "Cash: gap (cents) beyond which a session is an anomaly",
        "anomaly.cash_high_cents" => "Cash: gap (cents) beyond which the anomaly is serious",
        "anomaly.cash_repeated" => "Cash: sessions with a gap in 7 days, of one operator or register",
        "anomaly.sync_failures_medium" => "Failures of a task in 24 h: anomaly",
        "anomaly.sync_failures_high" => "Failures of a task in 24 h: serious anomaly",
        "anomaly.consecutive_failures" => "Failures of a task in a row: serious anomaly",
        "anomaly.stuck_hours" => "Hours after which a running run is stuck",
        "anomaly.auth_failures_medium" => "Failed sign-ins in 24 h, same account and address: anomaly",
        "anomaly.auth_failures_high" => "Failed sign-ins in 24 h, same account and address: serious anomaly",
        "anomaly.ai_minimum_calls" => "Language model: calls in 24 h from which it is judged",
        "anomaly.ai_error_percent_medium" => "Language model: share of errors (%), anomaly",
        "anomaly.ai_error_percent_high" => "Language model: share of errors (%), serious anomaly",
        "anomaly.ai_confidence" => "Language model: least mean confidence",
        "anomaly.stale_hours" => "Hours after which a collection is out of date",
        "anomaly.row_drop_percent" => "Drop (%) of the number of rows against the median of 7 days",
        "anomaly.orphan_percent" => "Share (%) of orphan rows from which people are told",
        "anomaly.humidity_backlog_days" => "Days after which an open humidity alert is late",
        "anomaly.unusual_spread" => {
            "Duration and volume: robust standard deviations around the same weekday's median"
        }
        "anomaly.unusual_minimum_runs" => "Duration and volume: runs of the same weekday needed to judge",
        "anomaly.unusual_minimum_percent" => "Duration and volume: least difference (%)",
        "anomaly.unusual_minimum_seconds" => "Duration: least difference (seconds)",
        "anomaly.unusual_minimum_rows" => "Volume: least difference (rows)",
        "recommendation.log_days" => "Logs: age (days) beyond their retention that calls for a cleanup",
        _ => &setting.description,
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
