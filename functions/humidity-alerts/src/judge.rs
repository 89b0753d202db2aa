//! From notes and measurements to alerts: pure, and the same for the same input.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::text::{self, Problem, measurements, read_note};

/// A note or a measurement, from the view `humidity_scan_entries`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// `tme_…`
    pub external_id: String,
    /// When it was written.
    pub occurred_at: Timestamp,
    /// Gazelle's summary.
    pub title: Option<String>,
    /// Gazelle's comment.
    pub description: Option<String>,
    /// `ins_…`
    pub piano_id: Option<String>,
    /// `cli_…`
    pub client_id: Option<String>,
    /// Name of the client.
    pub client_name: Option<String>,
    /// Make, model and serial number.
    pub piano: Option<String>,
    /// Room.
    pub location: Option<String>,
}

impl Entry {
    /// Summary and comment.
    pub fn note(&self) -> String {
        text::note(self.title.as_deref(), self.description.as_deref())
    }
}

/// An alert that is stored: all that are open, and all of the window.
#[derive(Debug, Clone, Deserialize)]
pub struct Known {
    /// Id of the row.
    pub id: String,
    /// The entry that it comes from.
    pub timeline_entry_id: String,
    /// Its piano.
    pub piano_id: Option<String>,
    /// Type.
    pub alert_type: String,
    /// Who found it: a note's words, a measurement, the model.
    #[serde(default)]
    pub source: String,
    /// Over.
    pub is_resolved: Option<bool>,
    /// Taken off the lists.
    pub archived: Option<bool>,
    /// Since when it is over.
    pub resolved_at: Option<Timestamp>,
    /// When it was taken off the lists.
    #[serde(default)]
    pub archived_at: Option<Timestamp>,
    /// Who ended it: `scan`, or a person.
    #[serde(default)]
    pub resolved_by: Option<String>,
    /// When it was observed.
    pub observed_at: Timestamp,
}

impl Known {
    fn is_open(&self) -> bool {
        !self.is_resolved.unwrap_or_default() && !self.archived.unwrap_or_default()
    }

    /// The end of the problem; none while it lasts.
    fn end(&self) -> Option<Timestamp> {
        let end = self.resolved_at.or(self.archived_at);
        (!self.is_open()).then(|| end.unwrap_or(self.observed_at))
    }

    /// Ended by a scan: what it saw is judged anew as long as the note is in the window.
    fn is_ended_by_scan(&self) -> bool {
        self.is_resolved.unwrap_or_default()
            && !self.archived.unwrap_or_default()
            && self.resolved_by.as_deref() == Some("scan")
    }
}

/// Limits of relative humidity in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Below it is too dry.
    pub low: f64,
    /// Above it is too humid.
    pub high: f64,
    /// Points inside the limits before the problem is over: a value at the limit does not flap.
    pub margin: f64,
}

/// The limits, for everybody and for clients with their own.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For everybody else.
    pub default: Limit,
    /// By client id.
    pub by_client: HashMap<String, Limit>,
}

impl Limits {
    fn of(&self, entry: &Entry) -> Limit {
        let own = entry.client_id.as_ref().and_then(|client| self.by_client.get(client));
        own.copied().unwrap_or(self.default)
    }
}

/// What the optional language model read in a note that the rules did not understand.
#[derive(Debug, Clone)]
pub struct Opinion {
    /// Which problem.
    pub problem: Problem,
    /// The words it goes by.
    pub words: String,
    /// Whether the note says that it is over.
    pub is_resolved: bool,
}

/// An alert as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Entry.
    pub timeline_entry_id: String,
    /// Client.
    pub client_id: Option<String>,
    /// Piano.
    pub piano_id: Option<String>,
    /// `housse` … or `TROP_SEC`, `TROP_HUMIDE`.
    pub alert_type: &'static str,
    /// One sentence.
    pub description: String,
    /// Over already, by the same or a later note.
    pub is_resolved: bool,
    /// When the note was written.
    pub observed_at: Timestamp,
    /// Since when it is over.
    pub resolved_at: Option<Timestamp>,
    /// Why.
    pub resolution_notes: Option<String>,
    /// `note`, `measurement` or `model`.
    pub source: &'static str,
    /// The words found.
    pub words: Option<String>,
    /// The value measured.
    pub value: Option<f64>,
    /// For the message: the piano.
    pub piano: Option<String>,
    /// For the message: the client.
    pub client: Option<String>,
    /// For the message: the room.
    pub location: Option<String>,
}

/// The end of a stored alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolution {
    /// Row.
    pub id: String,
    /// Why.
    pub notes: String,
    /// Since when.
    pub resolved_at: Timestamp,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Everything that the window reports, known or not.
    pub alerts: Vec<Alert>,
    /// Stored alerts that are over.
    pub resolutions: Vec<Resolution>,
}

const TOO_DRY: &str = "TROP_SEC";
const TOO_HUMID: &str = "TROP_HUMIDE";

/// Judges the entries of a window, which are in the order of time.
pub fn judge(
    entries: &[Entry],
    known: &[Known],
    limits: &Limits,
    opinions: &HashMap<String, Opinion>,
) -> Verdict {
    let read: HashSet<&str> = entries.iter().map(|entry| entry.external_id.as_str()).collect();
    let mut judge = Judge { known, problems: BTreeMap::new(), alerts: Vec::new(), ends: BTreeMap::new() };
    // What is stored from before the window is where it begins, also what ended inside the window.
    for alert in known.iter().filter(|alert| !read.contains(&alert.timeline_entry_id[..])) {
        judge.open(alert.piano_id.as_deref(), &alert.alert_type, Open::stored(alert));
    }
    for entry in entries {
        judge.note(entry, opinions.get(&entry.external_id));
        judge.measurements(entry, limits.of(entry));
        // What the model found once is not asked again, and lasts as any other problem.
        let found_by_model =
            |alert: &&Known| alert.source == "model" && alert.timeline_entry_id == entry.external_id;
        for alert in known.iter().filter(found_by_model) {
            judge.open(alert.piano_id.as_deref(), &alert.alert_type, Open::stored(alert));
        }
    }
    judge.verdict(&read)
}

/// A problem that lasts.
#[derive(Debug, Clone)]
enum Open {
    /// Stored, and not found in this scan; with its end.
    Stored(String, Option<Timestamp>),
    /// Found in this scan; stored perhaps as well.
    Found(usize),
}

impl Open {
    fn stored(alert: &Known) -> Self {
        Open::Stored(alert.id.clone(), alert.end())
    }
}

struct Judge<'a> {
    known: &'a [Known],
    /// Open problems by piano and type.
    problems: BTreeMap<(String, String), Vec<Open>>,
    alerts: Vec<Alert>,
    /// Ends of stored alerts.
    ends: BTreeMap<String, (Timestamp, String)>,
}

impl Judge<'_> {
    fn known(&self, entry: &str, alert_type: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.timeline_entry_id == entry && known.alert_type == alert_type)
    }

    fn open(&mut self, piano: Option<&str>, alert_type: &str, open: Open) {
        // Without a piano nothing says that a later note is about the same one.
        if let Some(piano) = piano {
            self.problems.entry((piano.to_owned(), alert_type.to_owned())).or_default().push(open);
        }
    }

    /// Ends the problems of one type on the entry's piano.
    fn close(&mut self, entry: &Entry, alert_type: &str, why: &str) {
        let Some(piano) = &entry.piano_id else { return };
        for open in self.problems.remove(&(piano.clone(), alert_type.to_owned())).unwrap_or_default() {
            match open {
                Open::Stored(_, Some(_)) => {}
                Open::Stored(id, None) => {
                    self.ends.entry(id).or_insert((entry.occurred_at, why.to_owned()));
                }
                Open::Found(at) => end(&mut self.alerts[at], entry.occurred_at, why),
            }
        }
    }

    /// Whether a problem of this type lasts on the entry's piano. One that a person ended is over from then on.
    fn lasts(&mut self, entry: &Entry, alert_type: &str) -> bool {
        let Some(piano) = &entry.piano_id else { return false };
        let key = (piano.clone(), alert_type.to_owned());
        let Some(open) = self.problems.get(&key) else { return false };
        let still: Vec<Open> = open
            .iter()
            .filter(|open| {
                let end = match open {
                    Open::Stored(_, end) => *end,
                    Open::Found(at) => {
                        let alert = &self.alerts[*at];
                        let known = self.known(&alert.timeline_entry_id, alert.alert_type);
                        known.filter(|known| !known.is_ended_by_scan()).and_then(Known::end)
                    }
                };
                end.is_none_or(|end| end > entry.occurred_at)
            })
            .cloned()
            .collect();
        let lasts = !still.is_empty();
        self.problems.insert(key, still);
        lasts
    }

    fn found(&mut self, entry: &Entry, alert_type: &'static str, source: &'static str) -> usize {
        self.alerts.push(Alert {
            timeline_entry_id: entry.external_id.clone(),
            client_id: entry.client_id.clone(),
            piano_id: entry.piano_id.clone(),
            alert_type,
            description: String::new(),
            is_resolved: false,
            observed_at: entry.occurred_at,
            resolved_at: None,
            resolution_notes: None,
            source,
            words: None,
            value: None,
            piano: entry.piano.clone(),
            client: entry.client_name.clone(),
            location: entry.location.clone(),
        });
        self.alerts.len() - 1
    }

    fn note(&mut self, entry: &Entry, opinion: Option<&Opinion>) {
        let reading = read_note(&entry.note());
        for problem in Problem::ALL {
            let opinion = opinion.filter(|opinion| opinion.problem == problem);
            let (alert, resolution, source) = match (reading.alert(problem), opinion) {
                (None, Some(opinion)) => (
                    Some(opinion.words.as_str()),
                    opinion.is_resolved.then_some(opinion.words.as_str()),
                    "model",
                ),
                (alert, _) => (alert, reading.resolution(problem), "note"),
            };
            // Another note is ended only by one that names what is repaired.
            if let Some(why) = reading.named_resolution(problem).or(opinion.and(resolution)) {
                self.close(entry, problem.name(), why);
            }
            let Some(words) = alert else { continue };
            let at = self.found(entry, problem.name(), source);
            self.alerts[at].words = Some(words.to_owned());
            self.alerts[at].description = format!("{words} détecté");
            match resolution {
                Some(why) => {
                    self.alerts[at].description.push_str(&format!(" - Résolu: {why}"));
                    end(&mut self.alerts[at], entry.occurred_at, why);
                }
                None => self.open(entry.piano_id.as_deref(), problem.name(), Open::Found(at)),
            }
        }
    }

    fn measurements(&mut self, entry: &Entry, limit: Limit) {
        for humidity in measurements(&entry.note()).iter().filter_map(|measured| measured.humidity) {
            if humidity >= limit.low + limit.margin {
                self.close(entry, TOO_DRY, &format!("{} mesurés", percent(humidity)));
            }
            if humidity <= limit.high - limit.margin {
                self.close(entry, TOO_HUMID, &format!("{} mesurés", percent(humidity)));
            }
            let (alert_type, bound) = match humidity {
                _ if humidity < limit.low => (TOO_DRY, limit.low),
                _ if humidity > limit.high => (TOO_HUMID, limit.high),
                _ => continue,
            };
            let is_notified = self
                .alerts
                .iter()
                .any(|alert| alert.timeline_entry_id == entry.external_id && alert.alert_type == alert_type);
            if is_notified || self.lasts(entry, alert_type) {
                continue;
            }
            let at = self.found(entry, alert_type, "measurement");
            self.alerts[at].value = Some(humidity);
            self.alerts[at].description =
                format!("Humidité mesurée: {} (limite {})", percent(humidity), percent(bound));
            self.open(entry.piano_id.as_deref(), alert_type, Open::Found(at));
        }
    }

    fn verdict(mut self, read: &HashSet<&str>) -> Verdict {
        for alert in &self.alerts {
            let stored =
                self.known(&alert.timeline_entry_id, alert.alert_type).filter(|known| known.is_open());
            if let (Some(stored), Some(resolved_at)) = (stored, alert.resolved_at) {
                let why = alert.resolution_notes.clone().unwrap_or_default();
                self.ends.entry(stored.id.clone()).or_insert((resolved_at, why));
            }
        }
        // An entry that was read again and does not report it any more was corrected.
        for known in self.known.iter().filter(|known| known.is_open()) {
            let was_read = read.contains(known.timeline_entry_id.as_str());
            let is_found = self.alerts.iter().any(|alert| {
                alert.timeline_entry_id == known.timeline_entry_id && alert.alert_type == known.alert_type
            });
            // What the model found is not judged by rules that never understood it.
            if was_read && !is_found && known.source != "model" {
                self.ends
                    .entry(known.id.clone())
                    .or_insert((known.observed_at, "la note ne le signale plus".into()));
            }
        }
        Verdict {
            resolutions: self
                .ends
                .into_iter()
                .map(|(id, (resolved_at, notes))| Resolution { id, notes, resolved_at })
                .collect(),
            alerts: self.alerts,
        }
    }
}

fn end(alert: &mut Alert, at: Timestamp, why: &str) {
    alert.is_resolved = true;
    alert.resolved_at = Some(at);
    alert.resolution_notes = Some(why.to_owned());
}

fn percent(value: f64) -> String {
    format!("{} %", value.to_string().replace('.', ","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(day: i8, piano: &str, note: &str) -> Entry {
        Entry {
            external_id: format!("tme_{piano}_{day}"),
            occurred_at: jiff::civil::date(2026, 1, day)
                .at(15, 0, 0, 0)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .unwrap()
                .timestamp(),
            description: Some(note.into()),
            piano_id: Some(piano.into()),
            client_id: Some("cli_1".into()),
            ..Entry::default()
        }
    }

    fn limits() -> Limits {
        Limits { default: Limit { low: 30.0, high: 60.0, margin: 2.0 }, by_client: HashMap::new() }
    }

    fn judged(entries: &[Entry], known: &[Known]) -> Verdict {
        judge(entries, known, &limits(), &HashMap::new())
    }

    fn shown(verdict: &Verdict) -> Vec<(&str, &str, bool)> {
        verdict
            .alerts
            .iter()
            .map(|alert| (alert.timeline_entry_id.as_str(), alert.alert_type, alert.is_resolved))
            .collect()
    }

    fn stored(alert: &Alert) -> Known {
        Known {
            id: format!("{}:{}", alert.timeline_entry_id, alert.alert_type),
            timeline_entry_id: alert.timeline_entry_id.clone(),
            piano_id: alert.piano_id.clone(),
            alert_type: alert.alert_type.into(),
            source: alert.source.into(),
            is_resolved: Some(alert.is_resolved),
            archived: Some(false),
            resolved_at: alert.resolved_at,
            archived_at: None,
            resolved_by: alert.is_resolved.then(|| "scan".to_owned()),
            observed_at: alert.observed_at,
        }
    }

    #[test]
    fn a_note_gives_one_alert_per_type_and_a_later_note_on_the_same_piano_ends_it() {
        let verdict = judged(
            &[
                entry(1, "a", "21C, 40%. PLS débranché, réservoir vide"),
                entry(2, "b", "PLS rebranché"),
                entry(3, "a", "PLS rebranché"),
                entry(4, "a", "Housse enlevée, remise de 20 % accordée"),
                entry(5, "b", "Housse enlevée, remise en place"),
            ],
            &[],
        );
        assert_eq!(
            shown(&verdict),
            [
                ("tme_a_1", "alimentation", true),
                ("tme_a_1", "reservoir", false),
                ("tme_a_4", "housse", false),
                ("tme_b_5", "housse", true),
            ]
        );
        assert_eq!(verdict.alerts[0].resolved_at, Some(entry(3, "a", "").occurred_at));
        assert_eq!(verdict.alerts[3].description, "housse enlevée détecté - Résolu: remise");
    }

    #[test]
    fn a_value_at_the_limit_does_not_flap() {
        let verdict = judged(
            &[
                entry(1, "a", "21C, 30%"),
                entry(2, "a", "21C, 28.5%"),
                entry(3, "a", "21C, 31%"),
                entry(4, "a", "21C, 29%"),
                entry(5, "a", "21C, 32%"),
                entry(6, "a", "21C, 29%"),
                entry(7, "a", "21C, 61%"),
            ],
            &[],
        );
        assert_eq!(
            shown(&verdict),
            [("tme_a_2", TOO_DRY, true), ("tme_a_6", TOO_DRY, true), ("tme_a_7", TOO_HUMID, false)]
        );
        assert_eq!(verdict.alerts[0].value, Some(28.5));
        assert_eq!(verdict.alerts[0].description, "Humidité mesurée: 28,5 % (limite 30 %)");
    }

    #[test]
    fn two_measurements_of_one_visit_are_before_and_after() {
        let verdict = judged(&[entry(1, "a", "21C, 25% à l'arrivée; 21C, 42% au départ")], &[]);
        assert_eq!(shown(&verdict), [("tme_a_1", TOO_DRY, true)]);
    }

    #[test]
    fn hours_discounts_and_taxes_are_no_humidity_and_a_value_may_stand_before_its_temperature() {
        let notes =
            ["2 hr de travail, 15% de rabais", "Taxes 14,975 %\nHumidité normale", "Humidité baissée de 5 %"];
        for note in notes {
            assert_eq!(shown(&judged(&[entry(1, "a", note)], &[])), [], "{note}");
        }
        let verdict = judged(&[entry(1, "a", "22 %, 20C")], &[]);
        assert_eq!(shown(&verdict), [("tme_a_1", TOO_DRY, false)]);
        assert_eq!(verdict.alerts[0].value, Some(22.0));
    }

    #[test]
    fn an_alert_says_the_whole_words_that_were_found() {
        let verdict = judged(&[entry(1, "a", "33%, 20C. L'humidité est trop basse")], &[]);
        assert_eq!(verdict.alerts[0].description, "humidité est trop basse détecté");
        let verdict = judged(&[entry(1, "a", "PLS pas branché, rebranché")], &[]);
        assert_eq!(verdict.alerts[0].description, "pls pas branché détecté - Résolu: rebranché");
    }

    #[test]
    fn an_institution_may_have_limits_of_its_own() {
        let mut own = limits();
        own.by_client.insert("cli_1".into(), Limit { low: 38.0, high: 60.0, margin: 2.0 });
        let verdict = judge(&[entry(1, "a", "21C, 35%")], &[], &own, &HashMap::new());
        assert_eq!(shown(&verdict), [("tme_a_1", TOO_DRY, false)]);
    }

    #[test]
    fn the_same_window_again_ends_and_begins_nothing() {
        let entries = [
            entry(1, "a", "21C, 28%"),
            entry(2, "a", "21C, 40%"),
            entry(3, "a", "PLS débranché"),
            entry(4, "a", "21C, 27%"),
        ];
        let first = judged(&entries, &[]);
        let known: Vec<Known> = first.alerts.iter().map(stored).collect();
        let second = judged(&entries, &known);
        assert_eq!(second.alerts, first.alerts);
        assert_eq!(second.resolutions, []);
        // The next night, the window has moved on; a later note ends what is stored.
        let third = judged(&[entry(5, "a", "rebranché; 21C, 45%")], &known);
        let ended: Vec<&str> = third.resolutions.iter().map(|end| end.id.as_str()).collect();
        assert_eq!(ended, ["tme_a_3:alimentation", "tme_a_4:TROP_SEC"]);
    }

    #[test]
    fn a_problem_that_a_person_ended_begins_anew_with_the_next_value() {
        let entries = [entry(1, "a", "21C, 28%"), entry(2, "a", "21C, 27%"), entry(5, "a", "21C, 26%")];
        let mut known: Vec<Known> = judged(&entries, &[]).alerts.iter().map(stored).collect();
        known[0].is_resolved = Some(true);
        known[0].resolved_at = Some(entry(3, "a", "").occurred_at);
        let anew = [("tme_a_1", TOO_DRY, false), ("tme_a_5", TOO_DRY, false)];
        assert_eq!(shown(&judged(&entries, &known)), anew);
        // The same when it was taken off the lists instead.
        known[0].is_resolved = Some(false);
        known[0].resolved_at = None;
        known[0].archived = Some(true);
        known[0].archived_at = Some(entry(3, "a", "").occurred_at);
        assert_eq!(shown(&judged(&entries, &known)), anew);
        // The first value has left the window: the second one is still part of what the person ended.
        assert_eq!(shown(&judged(&entries[1..], &known)), [("tme_a_5", TOO_DRY, false)]);
    }

    #[test]
    fn a_problem_whose_end_was_a_mistake_is_open_again() {
        let wrong = [entry(1, "a", "PLS débranché"), entry(2, "a", "PLS rebranché")];
        let known: Vec<Known> = judged(&wrong, &[]).alerts.iter().map(stored).collect();
        assert!(known[0].is_ended_by_scan());
        let corrected = judged(&[wrong[0].clone(), entry(2, "b", "PLS rebranché")], &known);
        assert_eq!(shown(&corrected), [("tme_a_1", "alimentation", false)]);
    }

    #[test]
    fn what_the_model_found_ends_by_a_later_note() {
        let clicking = entry(1, "a", "Le PLS clignote");
        let mut known: Vec<Known> =
            judged(&[entry(1, "a", "PLS débranché")], &[]).alerts.iter().map(stored).collect();
        known[0].source = "model".into();
        assert_eq!(judged(std::slice::from_ref(&clicking), &known).resolutions, []);
        assert_eq!(judged(&[clicking, entry(2, "a", "PLS rebranché")], &known).resolutions.len(), 1);
    }

    #[test]
    fn a_note_that_was_corrected_ends_its_alert() {
        let before = judged(&[entry(1, "a", "PLS débranché")], &[]);
        let known: Vec<Known> = before.alerts.iter().map(stored).collect();
        let after = judged(&[entry(1, "a", "PLS branché, tout va bien")], &known);
        assert_eq!(after.resolutions[0].notes, "la note ne le signale plus");
    }
}
