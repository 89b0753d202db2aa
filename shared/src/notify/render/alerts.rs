//! Messages about the company's own affairs: appointments, humidity, maintenance.

use serde_json::Value;

use super::{Message, Table, local_time, shown};
use crate::{notify::figures::decimal_mark, text::clean, words::Language};

/// Tomorrow's unconfirmed appointments: to their technician, or to the administrators. All rows of the notice are shown;
/// `part` of `parts` says that there are others, in messages of their own.
pub(super) fn appointments(is_own: bool, data: &Value, language: Language) -> Message {
    let rows = list(&data["appointments"]);
    let mut intro = Vec::new();
    if is_own {
        // A letter calls a person by the first name; everywhere else by the name of screens.
        intro.push(format!("{} {},", language.text("hello"), clean(text(data, "first_name"), 60)));
        intro.push(language.text("these-appointments-tomorrow-confirmed-neither").to_owned());
    } else {
        intro.push(language.text("these-appointments-tomorrow-not-confirmed").to_owned());
    }
    if let Some(instant) = data["data_as_of"].as_str() {
        intro.push(format!("{} {}.", language.text("sync-with-gazelle-failed-these"), local_time(instant)));
    }
    let mut headers =
        ["time", "client", "place", "piano", "phone", "notes"].map(|key| language.text(key)).to_vec();
    let mut fields = vec!["time", "client", "place", "piano", "phone", "notes"];
    if !is_own {
        headers.extend([language.text("technician-technicien"), language.text("reason")]);
        fields.push("technician");
    }
    let cells = |row: &&Value| {
        let told = fields.iter().map(|field| shown(text(row, field), 300));
        let why = (!is_own).then(|| unreached(text(row, "reason"), language));
        told.chain(why).collect()
    };
    Message {
        title: appointments_title(is_own, data, rows.len() as u64, language),
        intro,
        table: Some(Table {
            headers: headers.into_iter().map(str::to_owned).collect(),
            rows: rows.iter().map(cells).collect(),
        }),
        advice: if is_own {
            language.text("please-reach-these-clients-today").to_owned()
        } else {
            language.text("assign-these-appointments-gazelle-or").to_owned()
        },
        ..Message::default()
    }
}

/// How many there are, of which day, and which part of them this is.
fn appointments_title(is_own: bool, data: &Value, shown: u64, language: Language) -> String {
    let count = data["total"].as_u64().unwrap_or(shown);
    let date = slashes(text(data, "date"));
    let key = if is_own { "unconfirmed-title" } else { "unassigned-title" };
    let title = language.sentence(key, [("count", count.into()), ("date", date.into())]);
    match (data["part"].as_u64(), data["parts"].as_u64()) {
        (Some(part), Some(parts)) if parts > 1 => format!("{title} ({part}/{parts})"),
        _ => title,
    }
}

/// Why nobody could be notified of an appointment; an unknown reason stays as it is.
fn unreached(reason: &str, language: Language) -> String {
    let known = language.find(&format!("unreached-{}", reason.replace(['.', '_'], "-")));
    known.map_or_else(|| shown(reason, 60), str::to_owned)
}

/// What was found on pianos: one alert, or a digest.
pub(super) fn humidity(data: &Value, language: Language) -> Message {
    let alerts = list(&data["alerts"]);
    let advice = language.text("check-piano-later-note-or").to_owned();
    if let [alert] = alerts[..] {
        let (icon, name) = problem(text(alert, "alert_type"), language);
        let piano = shown(text(alert, "piano"), 100);
        let mut facts = vec![
            ("Piano".to_owned(), piano.clone()),
            (language.text("client").to_owned(), shown(text(alert, "client"), 100)),
            (language.text("place").to_owned(), shown(text(alert, "location"), 100)),
        ];
        facts.extend(found(alert, language));
        facts.push((language.text("observed").to_owned(), local_time(text(alert, "observed_at"))));
        facts.retain(|(_, value)| !value.is_empty());
        return Message { title: format!("{icon} {name} — {piano}"), facts, advice, ..Message::default() };
    }
    let count = alerts.len() as u64 + beyond(data);
    let rows: Vec<Vec<String>> = alerts
        .iter()
        .map(|alert| {
            let (icon, name) = problem(text(alert, "alert_type"), language);
            let found = found(alert, language).map(|(_, value)| value).unwrap_or_default();
            vec![
                format!("{icon} {name}"),
                shown(text(alert, "piano"), 100),
                shown(text(alert, "client"), 100),
                shown(text(alert, "location"), 100),
                found,
            ]
        })
        .collect();
    let headers = ["alert", "piano", "client", "place", "words-found"].map(|key| language.text(key));
    Message {
        title: language.sentence("humidity-title", [("count", count.into())]),
        intro: others(data, language),
        table: Some(Table { headers: headers.map(str::to_owned).to_vec(), rows }),
        advice,
        ..Message::default()
    }
}

/// Alerts about assets: one, or a digest; `name` is the key of what they say.
pub(super) fn maintenance(name: &'static str, data: &Value, language: Language) -> Message {
    let name = language.text(name);
    let advice = language.text("plan-maintenance-or-dismiss-alert").to_owned();
    let items: Vec<String> = data["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|item| shown(item, 200))
        .collect();
    if items.is_empty() {
        let asset = shown(text(data, "asset"), 100);
        let mut facts = vec![
            (language.text("asset").to_owned(), asset.clone()),
            (language.text("place").to_owned(), shown(text(data, "location"), 100)),
            (language.text("due").to_owned(), shown(text(data, "due_date"), 20)),
            (language.text("detail").to_owned(), shown(text(data, "message"), 300)),
        ];
        facts.retain(|(_, value)| !value.is_empty());
        return Message { title: format!("{name} — {asset}"), facts, advice, ..Message::default() };
    }
    let count = items.len() as u64 + beyond(data);
    Message {
        title: format!("{name} ({count})"),
        intro: others(data, language),
        table: Some(Table {
            headers: vec![language.text("alert").to_owned()],
            rows: items.into_iter().map(|item| vec![item]).collect(),
        }),
        advice,
        ..Message::default()
    }
}

/// How many alerts a notice counts and does not hold: the one place where that is worked out.
pub(super) fn beyond(data: &Value) -> u64 {
    let held =
        ["alerts", "items"].iter().filter_map(|field| data[*field].as_array()).map(Vec::len).sum::<usize>();
    data["count"].as_u64().unwrap_or(0).saturating_sub(held as u64)
}

/// The sentence about those; none when there are none.
fn others(data: &Value, language: Language) -> Vec<String> {
    match beyond(data) {
        0 => Vec::new(),
        more => vec![language.sentence("and-more-in-the-console", [("count", more.into())])],
    }
}

pub(super) fn text<'a>(data: &'a Value, field: &str) -> &'a str {
    data[field].as_str().unwrap_or_default()
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

/// `2026-01-16` as `16/01/2026`.
fn slashes(date: &str) -> String {
    date.split('-').rev().collect::<Vec<_>>().join("/")
}

/// Sign and name of what was found: what it is, not what it might lead to.
fn problem(alert_type: &str, language: Language) -> (&'static str, String) {
    let (icon, key) = match alert_type {
        "TROP_SEC" => ("🏜️", "found-trop-sec"),
        "TROP_HUMIDE" => ("💧", "found-trop-humide"),
        "housse" => ("🧥", "found-housse"),
        "alimentation" => ("🔌", "found-alimentation"),
        "reservoir" => ("🪣", "found-reservoir"),
        "environnement" => ("🌡️", "found-environnement"),
        other => return ("⚠️", shown(other, 40)),
    };
    (icon, language.text(key).to_owned())
}

/// The value measured, or the words found: never a number that nobody measured.
fn found(alert: &Value, language: Language) -> Option<(String, String)> {
    match (alert["value"].as_f64(), alert["words"].as_str()) {
        (Some(value), _) => {
            let number = value.to_string().replace('.', decimal_mark(language));
            Some((language.text("humidity").to_owned(), format!("{number} %")))
        }
        (None, Some(words)) => {
            Some((language.text("words-found").to_owned(), format!("« {} »", shown(words, 100))))
        }
        _ => None,
    }
}
