//! The rows of each tab. Pure: entries in, rows out.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use shared::{
    clock,
    text::{self, Measurement, contains_phrase, is_maintenance_alert, measurement},
};

use crate::Entry;

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

/// A tab, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Title.
    pub title: String,
    /// Titles that the tab had before.
    pub former_titles: Vec<String>,
    /// Rows without the header, newest first.
    pub rows: Vec<Row>,
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

/// Builds every tab.
pub fn build(rules: &[TabRule], mut entries: Vec<Entry>) -> Vec<Tab> {
    // Newest first; the identity decides between entries of the same instant.
    entries.sort_by(|a, b| (b.occurred_at, &b.external_id).cmp(&(a.occurred_at, &a.external_id)));
    let rows = rows(&entries);
    rules
        .iter()
        .map(|rule| {
            let shown = |entry: &Entry, row: &Row| match rule.kind {
                TabKind::Institution => rule.is_institution_of(entry),
                TabKind::Alerts => row.is_alert,
            };
            let mut rows: Vec<Row> =
                rows.iter().filter(|(entry, row)| shown(entry, row)).map(|(_, row)| row.clone()).collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.date));
            Tab { title: rule.title.clone(), former_titles: rule.former_titles.clone(), rows }
        })
        .collect()
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

fn rows(entries: &[Entry]) -> Vec<(&Entry, Row)> {
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
        let tabs = build(&vincent(), entries);
        let shown: Vec<(&str, &str)> =
            tabs[0].rows.iter().map(|row| (row.kind, row.measurement.as_str())).collect();
        let expected =
            [("Service", ""), ("Service", "21.5°, 38%"), ("Mesure", "21.1°, 41%"), ("Mesure", "21°, 38%")];
        assert_eq!(shown, expected);
        assert!(tabs[1].rows.is_empty());
    }

    #[test]
    fn a_late_evening_counts_for_its_montreal_date_on_both_sides_of_the_clock_change() {
        let entries = vec![
            entry("tme_1", "2026-03-08T04:30:00Z", SERVICE, "a"),
            entry("tme_2", "2026-03-09T03:30:00Z", SERVICE, "b"),
        ];
        let dates: Vec<String> =
            build(&vincent(), entries)[0].rows.iter().map(|row| row.date.to_string()).collect();
        assert_eq!(dates, ["2026-03-08", "2026-03-07"]);
    }

    #[test]
    fn alerts_are_the_institutions_notes_that_report_a_problem() {
        let mut note = entry("tme_1", "2026-01-15T15:00:00Z", SERVICE, "Accord");
        note.description = Some("PLS débranché, réservoir vide".into());
        let tabs =
            build(&vincent(), vec![note, entry("tme_2", "2026-01-15T15:00:00Z", SERVICE, "PLS rebranché")]);
        assert_eq!(tabs[1].rows.len(), 1);
        assert_eq!(tabs[1].rows[0].description, "Accord\nPLS débranché, réservoir vide");
    }
}
