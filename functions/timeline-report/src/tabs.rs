//! The rows of each tab. Pure: entries in, rows out.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use shared::{
    clock,
    text::{self, Measurement, contains_phrase, is_maintenance_alert, measurement},
};

use crate::{Entry, titles};

/// The seven headers of every tab.
pub const HEADERS: [&str; 7] =
    ["DateEvenement", "TypeEvenement", "Description", "Piano", "Local", "Technicien", "MesureHumidite"];

/// What a tab shows; a row of `report_tabs`.
#[derive(Debug, Clone, Deserialize)]
pub struct TabRule {
    /// Title of the tab.
    pub title: String,
    /// An institution, or the alerts of all of them.
    pub kind: TabKind,
    /// Clients of the institution.
    pub client_ids: Vec<String>,
    /// Names by which an entry without a known client is recognised.
    pub keywords: Vec<String>,
    /// Titles that the tab had before.
    pub former_titles: Vec<String>,
}

/// Kind of a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TabKind {
    /// One institution.
    Institution,
    /// Maintenance alerts of all institutions.
    Alerts,
}

/// A row of a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Montréal date.
    pub date: Date,
    /// `Service` or `Mesure`.
    pub kind: &'static str,
    /// Title and description of the note.
    pub description: String,
    /// `{make} {model} #{serial} ({type}, {year})`.
    pub piano: String,
    /// Room.
    pub location: String,
    /// Technician's full name.
    pub technician: String,
    /// `21°, 40%`.
    pub measurement: String,
    /// The note reports a maintenance problem: the row is coloured.
    pub is_alert: bool,
}

impl TabRule {
    /// Whether the entry belongs to this tab's institution: by client where the client is known; by name only
    /// where it is not, or where no client id has been configured yet (then by the client's name, never by the
    /// note: a first name in a note is not an institution).
    pub fn is_institution_of(&self, entry: &Entry) -> bool {
        if self.kind != TabKind::Institution {
            return false;
        }
        let mentions = |text: &str| self.keywords.iter().any(|keyword| contains_phrase(text, keyword));
        match (&entry.client_id, &entry.client_name) {
            (Some(id), _) if self.client_ids.contains(id) => true,
            (_, Some(name)) => self.client_ids.is_empty() && mentions(name),
            (_, None) => mentions(&note(entry)),
        }
    }
}

/// A title that two tabs have, as Google compares titles.
pub fn doubled(rules: &[TabRule]) -> Option<&str> {
    let is_double = |(at, rule): &(usize, &TabRule)| {
        rules[..*at].iter().any(|other| titles::key(&other.title) == titles::key(&rule.title))
    };
    rules.iter().enumerate().find(is_double).map(|(_, rule)| rule.title.as_str())
}

/// The rows of every tab, in the order of the rules, newest first; the identity decides between entries of the same
/// instant. Whole days may be given one by one: no row depends on another day.
pub fn rows(rules: &[TabRule], entries: Vec<Entry>) -> Vec<Vec<Row>> {
    let mut entries = without_originals_of_copies(entries);
    entries.sort_by(|a, b| (b.occurred_at, &b.external_id).cmp(&(a.occurred_at, &a.external_id)));
    let rows = rows_of(&entries);
    rules
        .iter()
        .map(|rule| {
            let shown = |entry: &Entry, row: &Row| match rule.kind {
                TabKind::Institution => rule.is_institution_of(entry),
                TabKind::Alerts => row.is_alert,
            };
            rows.iter().filter(|(entry, row)| shown(entry, row)).map(|(_, row)| row.clone()).collect()
        })
        .collect()
}

/// What an entry and its copy at another client have in common.
type Copied = (Timestamp, String, Option<String>, Option<String>, PianoMark);

/// By what a piano is recognised at another client: its serial number; without one, all that is written of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PianoMark {
    Serial(String),
    Looks([Option<String>; 3], Option<i32>),
}

fn copied(entry: &Entry) -> Option<Copied> {
    entry.piano_id.as_ref()?;
    let serial = entry.serial_number.as_deref().unwrap_or_default().trim().to_lowercase();
    let mark = match serial.as_str() {
        "" => PianoMark::Looks(
            [entry.make.clone(), entry.model.clone(), entry.piano_type.clone()],
            entry.piano_year,
        ),
        _ => PianoMark::Serial(serial),
    };
    Some((entry.occurred_at, entry.entry_type.clone(), entry.title.clone(), entry.description.clone(), mark))
}

/// A piano that moves to another client leaves an inactive one behind, and takes a copy of its history along. Of an entry
/// and its copy only the one at the piano's present place is shown; where that is in no tab, the entry stays.
fn without_originals_of_copies(entries: Vec<Entry>) -> Vec<Entry> {
    // Per group: whether a piano that is still there has it, else the newest of the pianos that are gone.
    let mut shown: BTreeMap<Copied, (bool, Option<Timestamp>, String)> = BTreeMap::new();
    let rank =
        |entry: &Entry| (!entry.piano_is_gone, entry.piano_since, entry.piano_id.clone().unwrap_or_default());
    for entry in &entries {
        if let Some(key) = copied(entry) {
            let best = shown.entry(key).or_insert_with(|| rank(entry));
            *best = rank(entry).max(std::mem::take(best));
        }
    }
    let stays = |entry: &Entry| {
        let Some(key) = copied(entry).filter(|_| entry.piano_is_gone) else { return true };
        let is_marked = matches!(key.4, PianoMark::Serial(_));
        shown.get(&key).is_none_or(|best| match best {
            (true, ..) => false,
            // Two pianos that are gone and have no number may be two.
            (false, _, piano) => !is_marked || entry.piano_id.as_ref() == Some(piano),
        })
    };
    let stays: Vec<bool> = entries.iter().map(stays).collect();
    entries.into_iter().zip(stays).filter_map(|(entry, stays)| stays.then_some(entry)).collect()
}

/// What was measured on one piano on one day.
type Group<'a> = (Option<&'a str>, Date, Option<&'a str>);

fn group(entry: &Entry) -> Group<'_> {
    let day = clock::business_date(entry.occurred_at);
    match entry.piano_id.as_deref() {
        Some(piano) => (Some(piano), day, None),
        // Without a piano nothing says that two entries are about the same one.
        None => (None, day, Some(&entry.external_id)),
    }
}

fn rows_of(entries: &[Entry]) -> Vec<(&Entry, Row)> {
    let (services, measurements): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.entry_type == "SERVICE_ENTRY_MANUAL");
    let mut measured: BTreeMap<Group<'_>, Vec<&Entry>> = BTreeMap::new();
    for entry in measurements {
        measured.entry(group(entry)).or_default().push(entry);
    }
    let mut rows: Vec<(&Entry, Row)> = Vec::with_capacity(services.len());
    for service in &services {
        let others = measured.get(&group(service)).map(Vec::as_slice).unwrap_or_default();
        let candidates: Vec<Measurement> = std::iter::once(measurement(&note(service)))
            .chain(others.iter().map(|entry| measurement_of(entry)))
            .collect();
        rows.push((service, row(service, "Service", note(service), best(&candidates))));
    }
    for service in &services {
        measured.remove(&group(service));
    }
    for group in measured.into_values() {
        let candidates: Vec<Measurement> = group.iter().map(|entry| measurement_of(entry)).collect();
        if let Some(entry) = group.first() {
            rows.push((entry, row(entry, "Mesure", String::new(), best(&candidates))));
        }
    }
    rows.sort_by(|(a, _), (b, _)| (b.occurred_at, &b.external_id).cmp(&(a.occurred_at, &a.external_id)));
    rows
}

fn row(entry: &Entry, kind: &'static str, description: String, measured: Measurement) -> Row {
    Row {
        date: clock::business_date(entry.occurred_at),
        kind,
        description,
        piano: piano(entry),
        location: entry.location.clone().unwrap_or_default(),
        technician: entry.technician.clone().unwrap_or_default(),
        measurement: measured.to_string(),
        is_alert: is_maintenance_alert(&note(entry)),
    }
}

/// The first one with a temperature, else the first one with anything.
fn best(candidates: &[Measurement]) -> Measurement {
    let with_temperature = candidates.iter().find(|found| found.celsius.is_some());
    with_temperature
        .or_else(|| candidates.iter().find(|found| !found.is_empty()))
        .copied()
        .unwrap_or_default()
}

/// The value of a measurement entry: what follows its announcement, or a text with a temperature and a humidity.
fn measurement_of(entry: &Entry) -> Measurement {
    let texts = [entry.title.as_deref(), entry.description.as_deref()];
    texts
        .into_iter()
        .flatten()
        .map(|text| {
            let announced = ["Piano measurement taken", "Mesure du piano prise"]
                .iter()
                .any(|announcement| contains_phrase(text, announcement));
            let found = measurement(text);
            let is_whole = found.celsius.is_some() && found.humidity.is_some();
            if announced || is_whole { found } else { Measurement::default() }
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn note(entry: &Entry) -> String {
    text::note(entry.title.as_deref(), entry.description.as_deref())
}

fn piano(entry: &Entry) -> String {
    let serial = entry.serial_number.as_ref().map(|serial| format!("#{serial}"));
    let details: Vec<String> = [entry.piano_type.clone(), entry.piano_year.map(|year| year.to_string())]
        .into_iter()
        .flatten()
        .collect();
    let details = (!details.is_empty()).then(|| format!("({})", details.join(", ")));
    [entry.make.clone(), entry.model.clone(), serial, details]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(title: &str, kind: TabKind, client_ids: &[&str], keywords: &[&str]) -> TabRule {
        let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        TabRule {
            title: title.into(),
            kind,
            client_ids: texts(client_ids),
            keywords: texts(keywords),
            former_titles: Vec::new(),
        }
    }

    fn entry(id: &str, at: &str, kind: &str, title: &str) -> Entry {
        Entry {
            external_id: id.into(),
            occurred_at: at.parse().unwrap(),
            entry_type: kind.into(),
            title: Some(title.into()),
            piano_id: Some("ins_1".into()),
            client_id: Some("cli_vdi".into()),
            client_name: Some("École de musique Vincent-d'Indy".into()),
            ..Entry::default()
        }
    }

    const SERVICE: &str = "SERVICE_ENTRY_MANUAL";
    const MEASUREMENT: &str = "PIANO_MEASUREMENT";

    fn vincent() -> Vec<TabRule> {
        vec![
            rule("Vincent d'Indy", TabKind::Institution, &["cli_vdi"], &["vincent d'indy"]),
            rule("Alertes Maintenance", TabKind::Alerts, &[], &[]),
        ]
    }

    #[test]
    fn a_first_name_is_not_an_institution() {
        let rules = vincent();
        let mut other = entry("tme_1", "2026-01-15T15:00:00Z", SERVICE, "Accord pour Vincent d'Indy");
        other.client_id = Some("cli_2".into());
        other.client_name = Some("Vincent Tremblay".into());
        assert!(!rules[0].is_institution_of(&other));
        other.client_id = None;
        other.client_name = None;
        assert!(rules[0].is_institution_of(&other));
    }

    #[test]
    fn the_same_note_on_two_pianos_is_two_rows_and_a_measurement_joins_its_service() {
        let mut second = entry("tme_2", "2026-01-15T16:00:00Z", SERVICE, "Accord 440");
        second.piano_id = Some("ins_2".into());
        let entries = vec![
            entry("tme_1", "2026-01-15T15:00:00Z", SERVICE, "Accord 440"),
            second,
            entry("tme_3", "2026-01-15T15:30:00Z", MEASUREMENT, "Mesure du piano prise : 21.5°, 38%"),
            entry("tme_4", "2026-01-14T15:30:00Z", MEASUREMENT, "Piano measurement taken: 70F, 41%"),
            entry("tme_5", "2026-01-13T15:30:00Z", MEASUREMENT, "38%, 21ºC"),
        ];
        let tabs = rows(&vincent(), entries);
        let shown: Vec<(&str, &str)> =
            tabs[0].iter().map(|row| (row.kind, row.measurement.as_str())).collect();
        let expected =
            [("Service", ""), ("Service", "21.5°, 38%"), ("Mesure", "21.1°, 41%"), ("Mesure", "21°, 38%")];
        assert_eq!(shown, expected);
        assert!(tabs[1].is_empty());
    }

    #[test]
    fn a_late_evening_counts_for_its_montreal_date_on_both_sides_of_the_clock_change() {
        let entries = vec![
            entry("tme_1", "2026-03-08T04:30:00Z", SERVICE, "a"),
            entry("tme_2", "2026-03-09T03:30:00Z", SERVICE, "b"),
        ];
        let dates: Vec<String> =
            rows(&vincent(), entries)[0].iter().map(|row| row.date.to_string()).collect();
        assert_eq!(dates, ["2026-03-08", "2026-03-07"]);
    }

    #[test]
    fn alerts_are_the_institutions_notes_that_report_a_problem() {
        let mut note = entry("tme_1", "2026-01-15T15:00:00Z", SERVICE, "Accord");
        note.description = Some("PLS débranché, réservoir vide".into());
        let tabs =
            rows(&vincent(), vec![note, entry("tme_2", "2026-01-15T15:00:00Z", SERVICE, "PLS rebranché")]);
        assert_eq!(tabs[1].len(), 1);
        assert_eq!(tabs[1][0].description, "Accord\nPLS débranché, réservoir vide");
    }

    fn at_piano(id: &str, piano: &str, client: &str, is_gone: bool) -> Entry {
        let note = "Accord, PLS débranché";
        Entry {
            piano_id: Some(piano.into()),
            client_id: Some(client.into()),
            serial_number: Some("123456".into()),
            piano_is_gone: is_gone,
            ..entry(id, "2026-01-15T15:00:00Z", SERVICE, note)
        }
    }

    fn shown(entries: Vec<Entry>) -> Vec<String> {
        let mut kept: Vec<String> =
            without_originals_of_copies(entries).into_iter().map(|entry| entry.external_id).collect();
        kept.sort();
        kept
    }

    #[test]
    fn of_a_note_and_its_copy_at_the_pianos_new_place_the_copy_is_shown() {
        let (old, new) =
            (at_piano("tme_1", "ins_1", "cli_a", true), at_piano("tme_2", "ins_2", "cli_b", false));
        assert_eq!(shown(vec![old.clone(), new.clone()]), ["tme_2"]);
        assert_eq!(shown(vec![new.clone(), old.clone()]), ["tme_2"]);
        // The new place is in no tab: nothing is lost. A retired piano keeps its history.
        assert_eq!(shown(vec![old.clone()]), ["tme_1"]);
        // Moved twice: the last place that is known.
        let between = Entry {
            piano_since: Some("2025-01-01T00:00:00Z".parse().unwrap()),
            ..at_piano("tme_0", "ins_9", "cli_c", true)
        };
        assert_eq!(shown(vec![old.clone(), between.clone()]), ["tme_0"]);
        assert_eq!(shown(vec![old.clone(), between, new.clone()]), ["tme_2"]);
        // What differs is no copy: another note, another instant, another kind, another piano; and no number is no proof.
        for other in [
            Entry { description: Some("autre".into()), ..new.clone() },
            Entry { occurred_at: "2026-01-15T15:00:01Z".parse().unwrap(), ..new.clone() },
            Entry { entry_type: MEASUREMENT.into(), ..new.clone() },
            Entry { serial_number: Some("123457".into()), ..new.clone() },
            Entry { serial_number: None, ..new.clone() },
        ] {
            assert_eq!(shown(vec![old.clone(), other]), ["tme_1", "tme_2"]);
        }
        // Two pianos that are there had the same note on the same day: both are shown.
        let twin = Entry { piano_is_gone: false, ..old };
        assert_eq!(shown(vec![twin, new]), ["tme_1", "tme_2"]);
    }

    #[test]
    fn a_moved_piano_without_a_number_is_recognised_by_its_looks() {
        let plain =
            |entry: Entry| Entry { serial_number: Some(" ".into()), make: Some("Yamaha".into()), ..entry };
        let old = plain(at_piano("tme_1", "ins_1", "cli_a", true));
        let new = plain(at_piano("tme_2", "ins_2", "cli_b", false));
        assert_eq!(shown(vec![old.clone(), new.clone()]), ["tme_2"]);
        let another = Entry { piano_year: Some(1950), ..new };
        assert_eq!(shown(vec![old.clone(), another]), ["tme_1", "tme_2"]);
        let retired = Entry { piano_id: Some("ins_3".into()), external_id: "tme_3".into(), ..old.clone() };
        assert_eq!(shown(vec![old, retired]), ["tme_1", "tme_3"]);
    }

    #[test]
    fn titles_that_differ_by_case_only_are_the_same() {
        let rules = |titles: [&str; 2]| titles.map(|title| rule(title, TabKind::Institution, &[], &[]));
        assert_eq!(doubled(&rules(["UQAM", "uqam "])), Some("uqam "));
        assert_eq!(doubled(&rules(["UQAM", "Orford"])), None);
    }
}
