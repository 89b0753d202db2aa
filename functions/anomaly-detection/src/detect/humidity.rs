//! Humidity alerts that nobody settles.

use serde_json::json;

use crate::model::{Category, Finding, HumidityBacklog, Severity, Thresholds};

/// Alerts that are open for too long, as one anomaly: the list is on their own page.
pub fn detect(backlog: &HumidityBacklog, thresholds: &Thresholds) -> Vec<Finding> {
    let notice = json!({"count": backlog.late, "days": thresholds.humidity_backlog_days});
    let found = (backlog.late > 0).then(|| {
        Finding::new(Category::Humidity, "humidity_backlog", "all", Severity::Medium, notice)
            .with_details(json!({"count": backlog.late, "oldest_at": backlog.oldest_at}))
    });
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_alert_is_a_backlog_and_none_is_not() {
        assert!(detect(&HumidityBacklog::default(), &Thresholds::default()).is_empty());
        let found = detect(&HumidityBacklog { late: 1, oldest_at: None }, &Thresholds::default());
        assert_eq!((found[0].kind, found[0].severity), ("humidity_backlog", Severity::Medium));
        assert_eq!(found[0].description, "Une alerte d'humidité est ouverte depuis plus de 14 jours.");
    }
}
