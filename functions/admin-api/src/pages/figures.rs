//! The figures of a run as people read them: as text, and as bars where several are of one kind.

use serde_json::Value;

use crate::pages::{frame::Frame, notifications::Names};

/// Figures of one kind, the largest of which fills its line.
pub struct Bars {
    pub title: String,
    pub bars: Vec<Bar>,
}

/// One of them.
pub struct Bar {
    pub label: String,
    pub value: i64,
    /// Of the largest, 0 to 100.
    pub percent: i64,
    pub note: String,
}

/// All figures of a run as text; nothing when there are none.
pub fn shown(figures: &Value) -> Option<String> {
    let is_empty = figures.is_null() || figures.as_object().is_some_and(|figures| figures.is_empty());
    serde_json::to_string_pretty(figures).ok().filter(|_| !is_empty)
}

/// What of a run's figures can be drawn: the rows per collection of a sync, else every group of numbers. Groups by person
/// have the keys of `staff`.
pub fn bars(frame: &Frame, names: &Names, stats: &Value) -> Vec<Bars> {
    let sync = if stats["sync"].is_object() { &stats["sync"] } else { stats };
    if let Some(collections) = sync["collections"].as_object() {
        let bars = collections.iter().map(|(name, counts)| of_collection(frame, name, counts)).collect();
        let title = frame.t("rows-read-per-collection").to_owned();
        return vec![scaled(title, bars)];
    }
    let groups = stats.as_object().into_iter().flatten().filter_map(|(name, group)| {
        let label = |key: &str| if name == "technicians" { names.name(frame, key) } else { key.to_owned() };
        let bars: Option<Vec<Bar>> = group
            .as_object()?
            .iter()
            .map(|(key, value)| Some(bar(label(key), value.as_i64()?, String::new())))
            .collect();
        bars.filter(|bars| !bars.is_empty()).map(|bars| scaled(title(frame, name), bars))
    });
    groups.collect()
}

fn of_collection(frame: &Frame, name: &str, counts: &Value) -> Bar {
    let count = |field: &str| counts[field].as_i64().unwrap_or_default();
    let (inserted, updated, deleted) = (count("inserted"), count("updated"), count("deleted"));
    let changes =
        [(inserted, frame.t("new")), (updated, frame.t("changed-modifiees")), (deleted, frame.t("deleted"))];
    let changes: Vec<String> = changes
        .iter()
        .filter(|(number, _)| *number != 0)
        .map(|(number, what)| format!("{} {what}", frame.count(number)))
        .collect();
    let note = if changes.is_empty() { frame.t("nothing-new").to_owned() } else { changes.join(", ") };
    bar(name.to_owned(), inserted + updated + count("unchanged"), note)
}

fn title(frame: &Frame, name: &str) -> String {
    match name {
        "tabs" => frame.t("rows-per-tab").into(),
        "deleted" => frame.t("rows-deleted-per-table").into(),
        "technicians" => frame.t("appointments-per-technician").into(),
        other => other.into(),
    }
}

fn bar(label: String, value: i64, note: String) -> Bar {
    Bar { label, value, percent: 0, note }
}

fn scaled(title: String, mut bars: Vec<Bar>) -> Bars {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    for bar in &mut bars {
        // Whatever is not nothing can be seen.
        let least = i64::from(bar.value > 0);
        bar.percent = (bar.value.max(0).saturating_mul(100) / most).clamp(least, 100);
    }
    Bars { title, bars }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_are_drawn_against_the_largest_and_never_vanish() {
        let frame = Frame::of(&HeaderMap::new(), "/".into(), None, Timestamp::UNIX_EPOCH);
        let stats = json!({"full": false, "clients": 1000, "collections": {
            "clients": {"inserted": 1, "updated": 0, "unchanged": 999, "deleted": 2},
            "pianos": {"inserted": 1, "updated": 0, "unchanged": 0, "deleted": 0},
        }});
        let names = Names::from([("nicolas", "Nick")]);
        let drawn = bars(&frame, &names, &stats);
        let seen: Vec<(i64, i64, &str)> =
            drawn[0].bars.iter().map(|bar| (bar.value, bar.percent, bar.note.as_str())).collect();
        assert_eq!(seen, [(1000, 100, "1 ajoutées, 2 supprimées"), (1, 1, "1 ajoutées")]);
        let tabs = json!({"tabs": {"UQAM": 0, "Saint-Nicolas": 7}, "rows": 7, "mixed": {"a": 1, "b": "x"}});
        let report = bars(&frame, &names, &tabs);
        assert_eq!(report.len(), 1);
        assert_eq!((report[0].bars[0].label.as_str(), report[0].bars[0].percent), ("Saint-Nicolas", 100));
        assert_eq!(report[0].bars[1].percent, 0);
        let people = bars(&frame, &names, &json!({"technicians": {"nicolas": 2, "gone": 1}}));
        let labels: Vec<&str> = people[0].bars.iter().map(|bar| bar.label.as_str()).collect();
        assert_eq!(labels, ["gone", "Nick"], "a person by name, the key of somebody unknown");
        assert!(bars(&frame, &names, &Value::Null).is_empty());
        assert!(shown(&json!({})).is_none() && shown(&Value::Null).is_none());
    }
}
