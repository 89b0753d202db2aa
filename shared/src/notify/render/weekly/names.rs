//! Names of the weekly report's topics and measures, in both languages: one without a name does not compile.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Language;
use crate::notify::figures::MONTHS;

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
        let (fr, en) = match self {
            Topic::Runs => ("Exécutions", "Runs"),
            Topic::Tasks => ("Réussite par tâche", "Success per task"),
            Topic::Synced => ("Synchronisation Gazelle", "Gazelle sync"),
            Topic::Activity => ("Activité", "Activity"),
            Topic::Alerts => ("Alertes", "Alerts"),
            Topic::Availability => ("Disponibilité", "Availability"),
            Topic::Anomalies => ("Anomalies", "Anomalies"),
            Topic::Notifications => ("Notifications", "Notifications"),
            Topic::Ai => ("Intelligence artificielle", "Artificial intelligence"),
            Topic::Cash => ("Caisse", "Cash register"),
            Topic::People => ("Utilisateurs", "Users"),
            Topic::Backups => ("Sauvegardes", "Backups"),
        };
        language.pick(fr, en)
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
    /// What a row is called; a measure that is told beside another is named there.
    pub(super) fn label(self, language: Language) -> &'static str {
        let (fr, en) = match self {
            Measure::SuccessShare => ("Taux de réussite", "Success rate"),
            Measure::Runs => ("Exécutions", "Runs"),
            Measure::Warnings => ("Avec avertissement", "With a warning"),
            Measure::Errors => ("En erreur", "Failed"),
            Measure::Slowest => ("La plus lente", "Slowest"),
            Measure::LongestFailing => ("Le plus longtemps en échec", "Longest failing"),
            Measure::Task => ("Tâche", "Task"),
            Measure::Median => ("médiane", "median"),
            Measure::Longest => ("maximum", "maximum"),
            Measure::Rows => ("Fiches lues", "Rows read"),
            Measure::Collection => ("Collection", "Collection"),
            Measure::Inserted => ("Ajouts", "Added"),
            Measure::Updated => ("Modifications", "Changed"),
            Measure::Deleted => ("Suppressions", "Deleted"),
            Measure::Appointments => ("Rendez-vous", "Appointments"),
            Measure::Pianos => ("Pianos entretenus", "Pianos serviced"),
            Measure::HumidityOpened => ("Humidité: ouvertes", "Humidity: opened"),
            Measure::HumidityClosed => ("Humidité: fermées", "Humidity: closed"),
            Measure::MaintenanceOpened => ("Entretien: ouvertes", "Maintenance: opened"),
            Measure::MaintenanceClosed => ("Entretien: fermées", "Maintenance: closed"),
            Measure::Outages => ("Pannes", "Outages"),
            Measure::DownTime => ("Durée totale des pannes", "Total down time"),
            Measure::Incidents => ("Autres incidents", "Other incidents"),
            Measure::AnomaliesOpened => ("Détectées", "Detected"),
            Measure::AnomaliesResolved => ("Résolues", "Resolved"),
            Measure::SeverityOpened => ("Gravité", "Severity"),
            Measure::Resolved => ("Résolues", "Resolved"),
            Measure::Sent => ("Envoyées", "Sent"),
            Measure::Channel => ("Canal", "Channel"),
            Measure::Failed => ("Échecs", "Failed"),
            Measure::Unknown => ("Sans réponse", "Unanswered"),
            Measure::Unsent => ("Non envoyées", "Not sent"),
            Measure::AiCalls => ("Appels", "Calls"),
            Measure::AiErrorShare => ("Part d'erreurs", "Share of errors"),
            Measure::AiConfidence => ("Confiance moyenne", "Mean confidence"),
            Measure::CashSessions => ("Sessions", "Sessions"),
            Measure::CashSales => ("Ventes", "Sales"),
            Measure::CashItems => ("Articles", "Items"),
            Measure::CashAverage => ("Moyenne par session", "Mean per session"),
            Measure::UsersTotal => ("Comptes actifs", "Active accounts"),
            Measure::UsersActive => ("Connectés cette semaine", "Signed in this week"),
            Measure::CopyAge => ("Âge de la dernière copie vérifiée", "Age of the newest verified copy"),
            Measure::Drill => ("Dernier essai de restauration", "Last restore drill"),
            Measure::DrillAge => ("Âge de cet essai", "Age of that drill"),
            Measure::Duration => ("durée", "duration"),
        };
        language.pick(fr, en)
    }

    /// The word after a count that is told beside a figure.
    pub(super) fn counted(self, count: f64, language: Language) -> &'static str {
        let (fr, en) = match self {
            Measure::Runs => (["exécution", "exécutions"], ["run", "runs"]),
            Measure::Warnings => (["avertissement", "avertissements"], ["warning", "warnings"]),
            Measure::Errors => (["erreur", "erreurs"], ["error", "errors"]),
            Measure::Inserted => (["ajout", "ajouts"], ["added"; 2]),
            Measure::Updated => (["modification", "modifications"], ["changed"; 2]),
            Measure::Deleted => (["suppression", "suppressions"], ["deleted"; 2]),
            Measure::Resolved => (["résolue", "résolues"], ["resolved"; 2]),
            Measure::Failed => (["échec", "échecs"], ["failed"; 2]),
            Measure::Unknown => (["sans réponse"; 2], ["unanswered"; 2]),
            Measure::Unsent => (["non envoyée", "non envoyées"], ["not sent"; 2]),
            other => return other.label(language),
        };
        match language {
            // Zero is singular in French.
            Language::Fr => fr[usize::from(count >= 2.0)],
            Language::En => en[usize::from((count - 1.0).abs() > f64::EPSILON)],
        }
    }

    /// Whether what is told beside a figure begins with its name: `médiane 3 s`, but `2 ajouts`.
    pub(super) fn is_named_first(self) -> bool {
        matches!(self, Measure::Median | Measure::Longest | Measure::Duration)
    }
}

/// What the database calls a channel, a collection or a severity, as people say it; anything else as it is.
pub(super) fn proper(name: &str, language: Language) -> &str {
    let (fr, en) = match name {
        "users" => ("Personnel", "Staff"),
        "clients" => ("Clients", "Clients"),
        "contacts" => ("Contacts", "Contacts"),
        "pianos" => ("Pianos", "Pianos"),
        "appointments" => ("Rendez-vous", "Appointments"),
        "timeline" => ("Historique", "Timeline"),
        "email" => ("Courriel", "E-mail"),
        "slack" => ("Slack", "Slack"),
        "telegram" => ("Telegram", "Telegram"),
        "low" => ("Gravité faible", "Low severity"),
        "medium" => ("Gravité moyenne", "Medium severity"),
        "high" => ("Gravité élevée", "High severity"),
        "critical" => ("Gravité critique", "Critical severity"),
        _ => return name,
    };
    language.pick(fr, en)
}

/// A span of dates in words, without what both ends share.
pub(super) fn period(from: Date, until: Date, language: Language) -> String {
    let month = |date: Date| {
        let named = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month - 1));
        named.map_or("", |[(fr, en), _]| language.pick(fr, en))
    };
    let day = |date: Date| match (date.day(), language) {
        (1, Language::Fr) => "1er".to_owned(),
        (day, _) => day.to_string(),
    };
    let whole = |date: Date| format!("{} {} {}", day(date), month(date), date.year());
    let start = match (from.year() == until.year(), from.month() == until.month()) {
        (true, true) => day(from),
        (true, false) => format!("{} {}", day(from), month(from)),
        _ => whole(from),
    };
    match language {
        Language::Fr => format!("Semaine du {start} au {}", whole(until)),
        Language::En => format!("Week of {start} to {}", whole(until)),
    }
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
