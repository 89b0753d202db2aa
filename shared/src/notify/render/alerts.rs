//! Messages about the company's own affairs: appointments, humidity, maintenance.

use serde_json::Value;

use super::{Language, Message, Table, local_time, shown};
use crate::text::clean;

/// Tomorrow's unconfirmed appointments: to their technician, or to the administrators. All rows of the notice are shown;
/// `part` of `parts` says that there are others, in messages of their own.
pub(super) fn appointments(event_type: &str, data: &Value, language: Language) -> Message {
    let rows = list(&data["appointments"]);
    let is_own = event_type == "rv.unconfirmed";
    let mut intro = Vec::new();
    if is_own {
        // A letter calls a person by the first name; everywhere else by the name of screens.
        intro.push(format!("{} {},", language.pick("Bonjour", "Hello"), clean(text(data, "first_name"), 60)));
        intro.push(language.own(
            "Ces rendez-vous de demain ne sont confirmés ni par le client ni par le bureau.",
            "These appointments of tomorrow are confirmed neither by the client nor by the office.",
        ));
    } else {
        intro.push(language.own(
            "Ces rendez-vous de demain ne sont pas confirmés, et leur technicien n'a pas pu être prévenu; la raison est à côté de chacun.",
            "These appointments of tomorrow are not confirmed, and their technician could not be told; the reason is beside each.",
        ));
    }
    if let Some(instant) = data["data_as_of"].as_str() {
        intro.push(format!(
            "{} {}.",
            language.pick(
                "⚠️ La synchronisation avec Gazelle a échoué: ces données datent du",
                "⚠️ The sync with Gazelle failed: these data are of",
            ),
            local_time(instant)
        ));
    }
    let mut headers = match language {
        Language::Fr => vec!["Heure", "Client", "Lieu", "Piano", "Téléphone", "Notes"],
        Language::En => vec!["Time", "Client", "Place", "Piano", "Phone", "Notes"],
    };
    let mut fields = vec!["time", "client", "place", "piano", "phone", "notes"];
    if !is_own {
        headers.extend([language.pick("Technicien", "Technician"), language.pick("Raison", "Reason")]);
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
        advice: match is_own {
            true => language.own(
                "Merci de joindre ces clients aujourd'hui. — Assistant Gazelle",
                "Please reach these clients today. — Assistant Gazelle",
            ),
            false => language.own(
                "Attribuer ces rendez-vous dans Gazelle, ou compléter la personne dans « staff ».",
                "Assign these appointments in Gazelle, or complete the person in `staff`.",
            ),
        },
        ..Message::default()
    }
}

/// How many there are, of which day, and which part of them this is.
fn appointments_title(is_own: bool, data: &Value, shown: u64, language: Language) -> String {
    let count = data["total"].as_u64().unwrap_or(shown);
    let date = slashes(text(data, "date"));
    let title = match (is_own, language) {
        (true, Language::Fr) => format!("⚠️ {count} RV non confirmé(s) pour le {date}"),
        (true, Language::En) => format!("⚠️ {count} unconfirmed appointment(s) on {date}"),
        (false, Language::Fr) => format!("⚠️ {count} RV non confirmé(s) sans destinataire pour le {date}"),
        (false, Language::En) => format!("⚠️ {count} unconfirmed appointment(s) on {date} reach nobody"),
    };
    match (data["part"].as_u64(), data["parts"].as_u64()) {
        (Some(part), Some(parts)) if parts > 1 => format!("{title} ({part}/{parts})"),
        _ => title,
    }
}

/// Why nobody could be told of an appointment; an unknown reason stays as it is.
fn unreached(reason: &str, language: Language) -> String {
    let (fr, en) = match reason {
        "unassigned" => ("pas encore attribué", "not assigned yet"),
        "not_in_staff" => ("absent de la liste du personnel", "not in the staff list"),
        "inactive" => ("inactif dans la liste du personnel", "inactive in the staff list"),
        "not_technician" => ("n'a pas le rôle de technicien", "does not have the role of a technician"),
        "no_address" => ("sans adresse courriel", "without an e-mail address"),
        other => return shown(other, 60),
    };
    language.own(fr, en)
}

/// What was found on pianos: one alert, or a digest.
pub(super) fn humidity(data: &Value, language: Language) -> Message {
    let alerts = list(&data["alerts"]);
    let advice = language.own(
        "Vérifier le piano; une note ultérieure ou la console ferme l'alerte.",
        "Check the piano; a later note or the console closes the alert.",
    );
    if let [alert] = alerts[..] {
        let (icon, name) = trouble(text(alert, "alert_type"), language);
        let piano = shown(text(alert, "piano"), 100);
        let mut facts = vec![
            ("Piano".to_owned(), piano.clone()),
            (language.own("Client", "Client"), shown(text(alert, "client"), 100)),
            (language.own("Lieu", "Place"), shown(text(alert, "location"), 100)),
        ];
        facts.extend(found(alert, language));
        facts.push((language.own("Observé le", "Observed"), local_time(text(alert, "observed_at"))));
        facts.retain(|(_, value)| !value.is_empty());
        return Message { title: format!("{icon} {name} — {piano}"), facts, advice, ..Message::default() };
    }
    let count = alerts.len() as u64 + beyond(data);
    let rows: Vec<Vec<String>> = alerts
        .iter()
        .map(|alert| {
            let (icon, name) = trouble(text(alert, "alert_type"), language);
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
    let headers = match language {
        Language::Fr => ["Alerte", "Piano", "Client", "Lieu", "Trouvé"],
        Language::En => ["Alert", "Piano", "Client", "Place", "Found"],
    };
    Message {
        title: match language {
            Language::Fr => format!("⚠️ {count} alertes d'humidité"),
            Language::En => format!("⚠️ {count} humidity alerts"),
        },
        intro: others(data, language),
        table: Some(Table { headers: headers.map(str::to_owned).to_vec(), rows }),
        advice,
        ..Message::default()
    }
}

/// Alerts about assets: one, or a digest.
pub(super) fn maintenance(event_type: &str, data: &Value, language: Language) -> Message {
    let name = match event_type {
        "maintenance.late" => language.pick("🚨 Entretien en retard", "🚨 Maintenance overdue"),
        "maintenance.urgent" => language.pick("⏰ Entretiens à venir", "⏰ Maintenance due soon"),
        _ => language.pick("🔧 Équipements à entretenir", "🔧 Assets that need maintenance"),
    };
    let advice = language.own(
        "Planifier l'entretien, ou écarter l'alerte pour cette échéance dans la console.",
        "Plan the maintenance, or dismiss the alert for this due date in the console.",
    );
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
            (language.own("Équipement", "Asset"), asset.clone()),
            (language.own("Lieu", "Place"), shown(text(data, "location"), 100)),
            (language.own("Échéance", "Due"), shown(text(data, "due_date"), 20)),
            (language.own("Détail", "Detail"), shown(text(data, "message"), 300)),
        ];
        facts.retain(|(_, value)| !value.is_empty());
        return Message { title: format!("{name} — {asset}"), facts, advice, ..Message::default() };
    }
    let count = items.len() as u64 + beyond(data);
    Message {
        title: format!("{name} ({count})"),
        intro: others(data, language),
        table: Some(Table {
            headers: vec![language.own("Alerte", "Alert")],
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
    match (beyond(data), language) {
        (0, _) => Vec::new(),
        (more, Language::Fr) => vec![format!("Et {more} de plus dans la console.")],
        (more, Language::En) => vec![format!("And {more} more in the console.")],
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
fn trouble(alert_type: &str, language: Language) -> (&'static str, String) {
    let (icon, fr, en) = match alert_type {
        "TROP_SEC" => ("🏜️", "Trop sec", "Too dry"),
        "TROP_HUMIDE" => ("💧", "Trop humide", "Too humid"),
        "housse" => ("🧥", "Housse absente", "Cover missing"),
        "alimentation" => ("🔌", "Alimentation coupée", "No power"),
        "reservoir" => ("🪣", "Réservoir vide ou absent", "Tank empty or missing"),
        "environnement" => ("🌡️", "Environnement", "Environment"),
        other => return ("⚠️", shown(other, 40)),
    };
    (icon, language.own(fr, en))
}

/// The value measured, or the words found: never a number that nobody measured.
fn found(alert: &Value, language: Language) -> Option<(String, String)> {
    match (alert["value"].as_f64(), alert["words"].as_str()) {
        (Some(value), _) => {
            let number = match language {
                Language::Fr => value.to_string().replace('.', ","),
                Language::En => value.to_string(),
            };
            Some((language.own("Humidité", "Humidity"), format!("{number} %")))
        }
        (None, Some(words)) => Some((language.own("Trouvé", "Found"), format!("« {} »", shown(words, 100)))),
        _ => None,
    }
}
