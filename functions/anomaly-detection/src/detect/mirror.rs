//! The mirror: collections that syncs do not bring up to date, sizes that fall, rows that point to nothing.

use jiff::Timestamp;
use serde_json::json;

use crate::model::{
    Category, CollectionSize, Finding, MirrorInputs, Orphans, Severity, Thresholds, Watermark,
};

/// Fewer figures than this have no median worth a comparison.
const MINIMUM_SAMPLES: u32 = 3;
/// A share of a handful says nothing.
const MINIMUM_ORPHANS: u64 = 10;

/// What is wrong with the mirror.
pub fn detect(inputs: &MirrorInputs, thresholds: &Thresholds, now: Timestamp) -> Vec<Finding> {
    let stale = inputs.watermarks.iter().filter_map(|watermark| stale(watermark, thresholds, now));
    let dropped = inputs.collections.iter().filter_map(|size| dropped(size, thresholds));
    let orphans = inputs.orphans.iter().filter_map(|orphans| orphaned(orphans, thresholds));
    stale.chain(dropped).chain(orphans).collect()
}

/// Old although a sync ended since: a sync that did not run at all is a missed run, and reported as such.
fn stale(collection: &Watermark, thresholds: &Thresholds, now: Timestamp) -> Option<Finding> {
    let seconds = now.as_second() - collection.watermark.as_second();
    if seconds as f64 <= thresholds.stale_hours * 3600.0 || collection.syncs_since == 0 {
        return None;
    }
    let notice = json!({
        "subject": collection.name, "hours": seconds / 3600, "since": collection.watermark.to_string(),
    });
    Some(
        Finding::new(Category::Data, "stale_collection", &collection.name, Severity::High, notice)
            .with_details(json!({
                "collection": collection.name, "watermark": collection.watermark.to_string(),
                "syncs_since": collection.syncs_since, "failed_run_ids": collection.failed_run_ids,
            }))
            .with_runs(&collection.failed_run_ids),
    )
}

fn dropped(size: &CollectionSize, thresholds: &Thresholds) -> Option<Finding> {
    let median = size.median.filter(|median| *median > 0.0 && size.samples >= MINIMUM_SAMPLES)?;
    let percent = 100.0 * (1.0 - size.live as f64 / median);
    let notice = json!({"subject": size.name, "count": size.live, "usual": median.round(), "percent": percent.round()});
    (percent > thresholds.row_drop_percent).then(|| {
        Finding::new(Category::Data, "row_count_drop", &size.name, Severity::High, notice).with_details(
            json!({"collection": size.name, "live": size.live, "median": median, "samples": size.samples}),
        )
    })
}

fn orphaned(orphans: &Orphans, thresholds: &Thresholds) -> Option<Finding> {
    if orphans.orphans == 0 {
        return None;
    }
    let percent = 100.0 * orphans.orphans as f64 / orphans.total.max(1) as f64;
    let severity = if percent > thresholds.orphan_percent && orphans.orphans >= MINIMUM_ORPHANS {
        Severity::Medium
    } else {
        Severity::Low
    };
    let notice = json!({"subject": orphans.relation, "count": orphans.orphans, "total": orphans.total});
    Some(Finding::new(Category::Data, "orphan_rows", &orphans.relation, severity, notice).with_details(
        json!({
            "relation": orphans.relation, "orphans": orphans.orphans, "total": orphans.total, "sample": orphans.sample,
        }),
    ))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn judged(inputs: MirrorInputs, now: Timestamp) -> Vec<(&'static str, Severity)> {
        let findings = detect(&inputs, &Thresholds::default(), now);
        findings.iter().map(|found| (found.kind, found.severity)).collect()
    }

    #[test]
    fn a_collection_is_stale_after_26_hours_if_a_sync_ended_without_reading_it() {
        let now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let read_at = |watermark, syncs_since| MirrorInputs {
            watermarks: vec![Watermark {
                name: "clients".into(),
                watermark,
                syncs_since,
                failed_run_ids: vec!["r1".into()],
            }],
            ..MirrorInputs::default()
        };
        assert!(judged(read_at(now - 26.hours(), 1), now).is_empty());
        let late = now - 26.hours() - 1.second();
        assert_eq!(judged(read_at(late, 1), now), [("stale_collection", Severity::High)]);
        assert!(judged(read_at(late, 0), now).is_empty(), "a missed run is told by another voice");
        assert_eq!(detect(&read_at(late, 1), &Thresholds::default(), now)[0].run_ids, ["r1"]);
    }

    #[test]
    fn a_fifth_less_is_no_drop_and_more_is() {
        let sized = |live, samples, median| MirrorInputs {
            collections: vec![CollectionSize { name: "clients".into(), live, samples, median }],
            ..MirrorInputs::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        assert!(judged(sized(80, 7, Some(100.0)), now).is_empty());
        assert_eq!(judged(sized(79, 7, Some(100.0)), now), [("row_count_drop", Severity::High)]);
        assert_eq!(judged(sized(0, 3, Some(100.0)), now), [("row_count_drop", Severity::High)]);
        assert!(judged(sized(0, 2, Some(100.0)), now).is_empty(), "two figures are no habit");
        assert!(judged(sized(0, 7, None), now).is_empty());
        assert!(judged(sized(0, 7, Some(0.0)), now).is_empty(), "empty as always");
    }

    #[test]
    fn orphans_are_noted_and_reported_when_they_are_many() {
        let with = |orphans, total| MirrorInputs {
            orphans: vec![Orphans { relation: "pianos.client".into(), orphans, total, sample: None }],
            ..MirrorInputs::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        assert!(judged(with(0, 100), now).is_empty());
        assert_eq!(judged(with(1, 100), now), [("orphan_rows", Severity::Low)]);
        assert_eq!(judged(with(10, 200), now), [("orphan_rows", Severity::Low)], "5 % is not beyond 5 %");
        assert_eq!(judged(with(11, 200), now), [("orphan_rows", Severity::Medium)]);
        assert_eq!(judged(with(9, 9), now), [("orphan_rows", Severity::Low)]);
    }
}
