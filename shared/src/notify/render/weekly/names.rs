//! Names of the weekly report's topics and measures, in both languages: one without a name does not compile.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{notify::figures::MONTHS, words::Language};

/// A section of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Their labels say what they are.
pub enum Topic {
    Runs,
    Tasks,
    Synced,
    Activity,
    Alerts,
    Availability,
    Anomalies,
    Notifications,
    Ai,
    Cash,
    People,
    Backups,
}

impl Topic {
    pub(super) fn label(self, language: Language) -> &'static str {
        let key = match self {
            Topic::Runs => "topic-runs",
            Topic::Tasks => "topic-tasks",
            Topic::Synced => "topic-synced",
            Topic::Activity => "topic-activity",
            Topic::Alerts => "topic-alerts",
            Topic::Availability => "topic-availability",
            Topic::Anomalies => "topic-anomalies",
            Topic::Notifications => "topic-notifications",
            Topic::Ai => "topic-ai",
            Topic::Cash => "topic-cash",
            Topic::People => "topic-people",
            Topic::Backups => "topic-backups",
        };
        language.text(key)
    }
}

/// What a figure measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Their labels say what they are.
pub enum Measure {
    SuccessShare,
    Runs,
    Warnings,
    Errors,
    Slowest,
    LongestFailing,
    Task,
    Median,
    Longest,
    Rows,
    Collection,
    Inserted,
    Updated,
    Deleted,
    Appointments,
    Pianos,
    HumidityOpened,
    HumidityClosed,
    MaintenanceOpened,
    MaintenanceClosed,
    Outages,
    DownTime,
    Incidents,
    AnomaliesOpened,
    AnomaliesResolved,
    SeverityOpened,
    Resolved,
    Sent,
    Channel,
    Failed,
    Unknown,
    Unsent,
    AiCalls,
    AiErrorShare,
    AiConfidence,
    CashSessions,
    CashSales,
    CashItems,
    CashAverage,
    UsersTotal,
    UsersActive,
    CopyAge,
    Drill,
    DrillAge,
    Duration,
}

impl Measure {
    /// What a row is called; a measure that is reported beside another is named there.
    pub(super) fn label(self, language: Language) -> &'static str {
        let key = match self {
            Measure::SuccessShare => "measure-success-share",
            Measure::Runs => "measure-runs",
            Measure::Warnings => "measure-warnings",
            Measure::Errors => "measure-errors",
            Measure::Slowest => "measure-slowest",
            Measure::LongestFailing => "measure-longest-failing",
            Measure::Task => "measure-task",
            Measure::Median => "measure-median",
            Measure::Longest => "measure-longest",
            Measure::Rows => "measure-rows",
            Measure::Collection => "measure-collection",
            Measure::Inserted => "measure-inserted",
            Measure::Updated => "measure-updated",
            Measure::Deleted => "measure-deleted",
            Measure::Appointments => "measure-appointments",
            Measure::Pianos => "measure-pianos",
            Measure::HumidityOpened => "measure-humidity-opened",
            Measure::HumidityClosed => "measure-humidity-closed",
            Measure::MaintenanceOpened => "measure-maintenance-opened",
            Measure::MaintenanceClosed => "measure-maintenance-closed",
            Measure::Outages => "measure-outages",
            Measure::DownTime => "measure-down-time",
            Measure::Incidents => "measure-incidents",
            Measure::AnomaliesOpened => "measure-anomalies-opened",
            Measure::AnomaliesResolved => "measure-anomalies-resolved",
            Measure::SeverityOpened => "measure-severity-opened",
            Measure::Resolved => "measure-resolved",
            Measure::Sent => "measure-sent",
            Measure::Channel => "measure-channel",
            Measure::Failed => "measure-failed",
            Measure::Unknown => "measure-unknown",
            Measure::Unsent => "measure-unsent",
            Measure::AiCalls => "measure-ai-calls",
            Measure::AiErrorShare => "measure-ai-error-share",
            Measure::AiConfidence => "measure-ai-confidence",
            Measure::CashSessions => "measure-cash-sessions",
            Measure::CashSales => "measure-cash-sales",
            Measure::CashItems => "measure-cash-items",
            Measure::CashAverage => "measure-cash-average",
            Measure::UsersTotal => "measure-users-total",
            Measure::UsersActive => "measure-users-active",
            Measure::CopyAge => "measure-copy-age",
            Measure::Drill => "measure-drill",
            Measure::DrillAge => "measure-drill-age",
            Measure::Duration => "measure-duration",
        };
        language.text(key)
    }

    /// The word after a count that is reported beside a figure; of most its name.
    pub(super) fn counted(self, count: f64, language: Language) -> String {
        let counted = [
            (Measure::Runs, "counted-runs"),
            (Measure::Warnings, "counted-warnings"),
            (Measure::Errors, "counted-errors"),
            (Measure::Inserted, "counted-inserted"),
            (Measure::Updated, "counted-updated"),
            (Measure::Deleted, "counted-deleted"),
            (Measure::Resolved, "counted-resolved"),
            (Measure::Failed, "counted-failed"),
            (Measure::Unknown, "counted-unknown"),
            (Measure::Unsent, "counted-unsent"),
        ];
        match counted.iter().find(|(measure, _)| *measure == self) {
            Some((_, key)) => language.sentence(key, [("count", count.into())]),
            None => self.label(language).to_owned(),
        }
    }

    /// Whether what is reported beside a figure begins with its name: `médiane 3 s`, but `2 ajouts`.
    pub(super) fn is_named_first(self) -> bool {
        matches!(self, Measure::Median | Measure::Longest | Measure::Duration)
    }
}

/// What the database calls a channel, a collection or a severity, as people say it; anything else as it is.
pub(super) fn proper(name: &str, language: Language) -> &str {
    language.find(&format!("proper-{name}")).unwrap_or(name)
}

/// A span of dates in words, without what both ends share.
pub(super) fn period(from: Date, until: Date, language: Language) -> String {
    let month = |date: Date| {
        let named = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month - 1));
        named.map_or("", |key| language.text(key))
    };
    let day = |date: Date| match (date.day(), language) {
        (1, Language::Fr) => "1er".to_owned(),
        (day, Language::Fr | Language::En) => day.to_string(),
    };
    let whole = |date: Date| format!("{} {} {}", day(date), month(date), date.year());
    let start = match (from.year() == until.year(), from.month() == until.month()) {
        (true, true) => day(from),
        (true, false) => format!("{} {}", day(from), month(from)),
        _ => whole(from),
    };
    language.sentence("week-from-to", [("from", start.into()), ("until", whole(until).into())])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_week_names_its_month_and_year_once_unless_it_has_two() {
        let french = |from, until| period(from, until, Language::Fr);
        assert_eq!(french(date(2026, 1, 12), date(2026, 1, 18)), "Semaine du 12 au 18 janvier 2026");
        assert_eq!(french(date(2026, 1, 26), date(2026, 2, 1)), "Semaine du 26 janvier au 1er février 2026");
        assert_eq!(
            french(date(2025, 12, 29), date(2026, 1, 4)),
            "Semaine du 29 décembre 2025 au 4 janvier 2026"
        );
        assert_eq!(
            period(date(2026, 1, 26), date(2026, 2, 1), Language::En),
            "Week of 26 January to 1 February 2026"
        );
    }
}
