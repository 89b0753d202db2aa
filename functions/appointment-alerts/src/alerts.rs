//! Who is notified what: pure, from the day's unconfirmed appointments, the staff and what was reported before.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    notify::{Event, Notice, Severity},
    text::clean,
};

/// A row of the view `unconfirmed_appointments`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Appointment {
    pub external_id: String,
    pub appointment_id: Option<i64>,
    /// Montréal time, `HH:MM:SS`.
    pub appointment_time: Option<String>,
    pub is_all_day: Option<bool>,
    pub title: Option<String>,
    pub notes: Option<String>,
    pub location: Option<String>,
    /// `usr_…`
    pub technician_id: Option<String>,
    /// As Gazelle calls that user.
    pub technician_name: Option<String>,
    pub client_name: Option<String>,
    pub client_phone: Option<String>,
    pub client_city: Option<String>,
    pub pianos: Option<String>,
}

/// A person of the table `staff`, whatever the role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    pub key: String,
    pub gazelle_id: Option<String>,
    pub first_name: String,
    pub display_name: String,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub active: bool,
}

/// Why nobody can be notified of an appointment that is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unreached {
    /// It has no technician yet.
    Unassigned,
    /// A user of Gazelle whom `staff` does not have.
    NotInStaff,
    /// Somebody who left.
    Inactive,
    /// Somebody of the office.
    NotTechnician,
    /// Neither `staff` nor the settings have an e-mail address.
    NoAddress,
}

/// An alert that was reported before.
#[derive(Debug, Clone, Deserialize)]
pub struct Known {
    /// A number; in the predecessor's table whatever it chose.
    pub id: Value,
    pub appointment_external_id: String,
    pub technician_id: String,
    pub content: Value,
    pub status: Option<String>,
}

impl Known {
    /// The id, as a filter has it.
    pub fn key(&self) -> String {
        self.id.as_str().map_or_else(|| self.id.to_string(), str::to_owned)
    }

    /// Reported, or about to be: a message that nobody got is reported again.
    fn is_notified(&self) -> bool {
        !matches!(self.status.as_deref(), Some("failed" | "skipped"))
    }
}

/// A row of `alert_logs` to be written.
#[derive(Debug, Serialize)]
pub struct Alert {
    appointment_external_id: String,
    appointment_id: Option<i64>,
    technician_id: String,
    technician_name: String,
    appointment_date: Date,
    appointment_time: Option<String>,
    client_name: String,
    client_phone: String,
    title: String,
    description: String,
    content: Value,
    notice_fingerprint: String,
}

/// What a run is about to tell.
#[derive(Debug, Default)]
pub struct Planned {
    /// Rows.
    pub alerts: Vec<Alert>,
    /// Messages.
    pub notices: Vec<Notice>,
    /// Appointments per staff key.
    pub per_technician: BTreeMap<String, usize>,
    /// Appointments that reach no technician.
    pub unassigned: usize,
}

/// Appointments of one message: more are reported in several, each of which every channel can carry as a whole.
const PER_MESSAGE: usize = 40;

/// The day and the people.
pub struct Candidates<'a> {
    /// The day after the business date.
    pub date: Date,
    /// When the data are from, if the sync failed.
    pub stale: Option<Timestamp>,
    /// Everybody whom Gazelle knows as well.
    pub staff: &'a [Person],
    /// Whether an e-mail can reach somebody.
    pub has_address: &'a (dyn Fn(&Person) -> bool + Sync),
}

impl Candidates<'_> {
    /// What is new or changed: one message per technician and one for what reaches nobody, or as many as it takes.
    pub fn plan(&self, run_id: &str, appointments: Vec<Appointment>, known: &[Known]) -> Planned {
        let mut groups: BTreeMap<Option<&str>, Vec<(Appointment, Value)>> = BTreeMap::new();
        for appointment in appointments {
            let person = self.person(&appointment);
            let reached = self.reach(&appointment, person);
            let content = content(&appointment, person, reached);
            let technician_id = appointment.technician_id.as_deref().unwrap_or_default();
            let is_known = known.iter().any(|known| {
                known.is_notified()
                    && known.appointment_external_id == appointment.external_id
                    && known.technician_id == technician_id
                    && known.content == content
            });
            if !is_known {
                groups.entry(reached.ok().map(|t| t.key.as_str())).or_default().push((appointment, content));
            }
        }
        let mut planned = Planned::default();
        for (key, group) in groups {
            let technician = self.staff.iter().find(|person| Some(person.key.as_str()) == key);
            match technician {
                Some(technician) => {
                    planned.per_technician.insert(technician.key.clone(), group.len());
                }
                None => planned.unassigned = group.len(),
            }
            let (total, parts) = (group.len(), group.len().div_ceil(PER_MESSAGE));
            for (at, part) in group.chunks(PER_MESSAGE).enumerate() {
                let mut notice = self.notice(run_id, technician, part);
                if parts > 1 {
                    notice.data["total"] = total.into();
                    notice.data["part"] = (at + 1).into();
                    notice.data["parts"] = parts.into();
                }
                // Each row becomes what its own message becomes.
                let alert = |(appointment, content): &(Appointment, Value)| {
                    self.alert(appointment, content, &notice.fingerprint)
                };
                planned.alerts.extend(part.iter().map(alert));
                planned.notices.push(notice);
            }
        }
        planned
    }

    fn person(&self, appointment: &Appointment) -> Option<&Person> {
        // By id, never by name.
        let id = appointment.technician_id.as_ref()?;
        self.staff.iter().find(|person| person.gazelle_id.as_ref() == Some(id))
    }

    /// Who is notified of an appointment, or why nobody is.
    fn reach<'p>(
        &self,
        appointment: &Appointment,
        person: Option<&'p Person>,
    ) -> Result<&'p Person, Unreached> {
        let person = match (person, &appointment.technician_id) {
            (Some(person), _) => person,
            (None, Some(_)) => return Err(Unreached::NotInStaff),
            (None, None) => return Err(Unreached::Unassigned),
        };
        if !person.active {
            return Err(Unreached::Inactive);
        }
        if !person.roles.iter().any(|role| role == "technician") {
            return Err(Unreached::NotTechnician);
        }
        if !(self.has_address)(person) {
            return Err(Unreached::NoAddress);
        }
        Ok(person)
    }

    fn notice(&self, run_id: &str, technician: Option<&Person>, group: &[(Appointment, Value)]) -> Notice {
        let contents: Vec<&Value> = group.iter().map(|(_, content)| content).collect();
        let mut data = json!({
            "run_id": run_id, "date": self.date.to_string(), "appointments": contents,
            "first_name": technician.map(|technician| &technician.first_name),
        });
        if let Some(stale) = self.stale {
            data["data_as_of"] = stale.to_string().into();
        }
        let event_type = match technician {
            Some(_) => Event::AppointmentsUnconfirmed,
            None => Event::AppointmentsUnassigned,
        };
        let who = technician.map_or("", |technician| &technician.key);
        // The same content in the same run is the same message; after a change and back it is another run.
        let ids: Vec<&str> = group.iter().map(|(appointment, _)| appointment.external_id.as_str()).collect();
        let fingerprint =
            format!("{event_type}@{}:{who}:{run_id}:{}", self.date, hash(&json!([ids, contents])));
        let mut notice = Notice::new(event_type, Severity::Warning, fingerprint, data);
        notice.concerned = technician.map(|technician| technician.key.clone()).into_iter().collect();
        notice
    }

    fn alert(&self, appointment: &Appointment, content: &Value, fingerprint: &str) -> Alert {
        let text = |field: &str| content[field].as_str().unwrap_or_default().to_owned();
        Alert {
            technician_id: appointment.technician_id.clone().unwrap_or_default(),
            technician_name: text("technician"),
            appointment_date: self.date,
            // A whole day has no time.
            appointment_time: appointment
                .appointment_time
                .clone()
                .filter(|_| appointment.is_all_day != Some(true)),
            client_name: text("client"),
            client_phone: text("phone"),
            title: clean(appointment.title.as_deref().unwrap_or_default(), 200),
            description: text("notes"),
            appointment_external_id: appointment.external_id.clone(),
            appointment_id: appointment.appointment_id,
            content: content.clone(),
            notice_fingerprint: fingerprint.to_owned(),
        }
    }
}

/// What the message says of an appointment, each text bounded, and to whom, or why to nobody. Another content is reported
/// again.
fn content(appointment: &Appointment, person: Option<&Person>, reached: Result<&Person, Unreached>) -> Value {
    let bounded = |text: &Option<String>, limit| clean(text.as_deref().unwrap_or_default(), limit);
    let time = match (&appointment.appointment_time, appointment.is_all_day) {
        (_, Some(true)) | (None, _) => "journée".to_owned(),
        (Some(time), _) => time.chars().take(5).collect(),
    };
    let place = match bounded(&appointment.location, 120) {
        place if place.is_empty() => bounded(&appointment.client_city, 120),
        place => place,
    };
    // By the name that screens use; whom `staff` does not have, by Gazelle's.
    let technician = match (person, &appointment.technician_id, bounded(&appointment.technician_name, 80)) {
        (Some(person), _, _) => person.display_name.clone(),
        (None, Some(id), name) if name.is_empty() => format!("inconnu ({})", clean(id, 40)),
        (None, Some(_), name) => name,
        (None, None, _) => "à attribuer".to_owned(),
    };
    let mut content = json!({
        "time": time,
        "client": bounded(&appointment.client_name, 80),
        "place": place,
        "piano": bounded(&appointment.pianos, 160),
        "phone": bounded(&appointment.client_phone, 40),
        "notes": bounded(&appointment.notes, 300),
        "technician": technician,
        "to": reached.ok().map(|technician| &technician.key),
    });
    if let Err(reason) = reached {
        content["reason"] = json!(reason);
    }
    content
}

fn hash(value: &Value) -> String {
    let digest = digest(&SHA256, value.to_string().as_bytes());
    digest.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff() -> Vec<Person> {
        [
            ("allan", "usr_1", "Allan", "Allan", "technician"),
            ("nicolas", "usr_2", "Nicolas", "Nick", "technician"),
            ("louise", "usr_3", "Louise", "Louise", "assistant"),
            ("margot", "usr_4", "Margot", "Margot", "technician"),
            ("rene", "usr_5", "René", "René", "technician"),
        ]
        .map(|(key, id, first_name, display_name, role)| Person {
            key: key.into(),
            gazelle_id: Some(id.into()),
            first_name: first_name.into(),
            display_name: display_name.into(),
            email: None,
            roles: vec!["admin".into(), role.into()],
            active: key != "rene",
        })
        .to_vec()
    }

    fn appointment(id: &str, technician: Option<&str>) -> Appointment {
        Appointment {
            external_id: id.into(),
            appointment_time: Some("19:30:00".into()),
            technician_id: technician.map(str::to_owned),
            client_name: Some("Studio Hautbois".into()),
            ..Appointment::default()
        }
    }

    fn planned(appointments: Vec<Appointment>, known: &[Known]) -> Planned {
        Candidates {
            date: jiff::civil::date(2026, 1, 16),
            stale: None,
            staff: &staff(),
            has_address: &|person| person.key != "margot",
        }
        .plan("run", appointments, known)
    }

    #[test]
    fn each_technician_gets_one_message_and_what_reaches_nobody_goes_to_the_administrators() {
        let planned = planned(
            vec![
                appointment("evt_1", Some("usr_1")),
                appointment("evt_2", Some("usr_1")),
                appointment("evt_3", Some("usr_2")),
                appointment("evt_4", Some("usr_4")),
                appointment("evt_5", Some("usr_99")),
                appointment("evt_6", None),
            ],
            &[],
        );
        assert_eq!(planned.alerts.len(), 6);
        assert_eq!(planned.unassigned, 3);
        let to: Vec<(&str, usize)> = planned
            .notices
            .iter()
            .map(|notice| (notice.event_type.name(), notice.data["appointments"].as_array().unwrap().len()))
            .collect();
        assert_eq!(to, [("rv.unassigned", 3), ("rv.unconfirmed", 2), ("rv.unconfirmed", 1)]);
        assert_eq!(planned.notices[1].concerned, ["allan"]);
        assert!(planned.notices[0].concerned.is_empty());
    }

    #[test]
    fn who_cannot_be_notified_is_named_and_the_reason_is_the_true_one() {
        let unknown =
            Appointment { technician_name: Some("Zoé Roy".into()), ..appointment("e", Some("usr_99")) };
        let planned = planned(
            vec![
                appointment("a", Some("usr_3")),
                appointment("b", Some("usr_4")),
                appointment("c", Some("usr_5")),
                appointment("d", None),
                unknown,
                appointment("f", Some("usr_98")),
            ],
            &[],
        );
        let shown: Vec<(&str, &str)> = planned
            .alerts
            .iter()
            .map(|alert| (alert.technician_name.as_str(), alert.content["reason"].as_str().unwrap()))
            .collect();
        assert_eq!(
            shown,
            [
                ("Louise", "not_technician"),
                ("Margot", "no_address"),
                ("René", "inactive"),
                ("à attribuer", "unassigned"),
                ("Zoé Roy", "not_in_staff"),
                ("inconnu (usr_98)", "not_in_staff"),
            ]
        );
    }

    #[test]
    fn a_technician_is_shown_by_the_name_of_screens_and_greeted_by_the_first_name() {
        let mut client = appointment("evt_1", Some("usr_2"));
        client.client_name = Some("Nicolas Saint-Nicolas".into());
        let planned = planned(vec![client], &[]);
        assert_eq!(planned.alerts[0].technician_name, "Nick");
        assert_eq!(planned.alerts[0].client_name, "Nicolas Saint-Nicolas");
        assert_eq!(planned.notices[0].data["first_name"], "Nicolas");
    }

    #[test]
    fn more_than_a_message_can_hold_are_reported_in_several_and_each_row_follows_its_own() {
        let many = (0..95).map(|number| appointment(&format!("evt_{number:02}"), Some("usr_1"))).collect();
        let planned = planned(many, &[]);
        let sizes: Vec<usize> = planned
            .notices
            .iter()
            .map(|notice| notice.data["appointments"].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes, [40, 40, 15]);
        assert_eq!(planned.per_technician["allan"], 95);
        for (at, notice) in planned.notices.iter().enumerate() {
            assert_eq!((&notice.data["total"], &notice.data["part"]), (&json!(95), &json!(at + 1)));
            let followers =
                planned.alerts.iter().filter(|alert| alert.notice_fingerprint == notice.fingerprint).count();
            assert_eq!(followers, sizes[at]);
        }
    }

    #[test]
    fn what_was_reported_is_not_reported_again_unless_it_changed() {
        let first = planned(vec![appointment("evt_1", Some("usr_1"))], &[]);
        let known = [Known {
            id: json!(1),
            appointment_external_id: "evt_1".into(),
            technician_id: "usr_1".into(),
            content: first.alerts[0].content.clone(),
            status: Some("sent".into()),
        }];
        let mut refused = known.clone();
        refused[0].status = Some("failed".into());
        assert_eq!(planned(vec![appointment("evt_1", Some("usr_1"))], &refused).alerts.len(), 1);
        assert!(planned(vec![appointment("evt_1", Some("usr_1"))], &known).alerts.is_empty());
        let mut later = appointment("evt_1", Some("usr_1"));
        later.appointment_time = Some("20:00:00".into());
        assert_eq!(planned(vec![later], &known).alerts.len(), 1);
        assert_eq!(
            planned(vec![appointment("evt_1", Some("usr_2"))], &known).notices[0].concerned,
            ["nicolas"]
        );
    }

    #[test]
    fn texts_from_outside_are_bounded() {
        let mut hostile = appointment("evt_1", Some("usr_1"));
        hostile.notes = Some("<script>\u{202e}".repeat(2000));
        hostile.client_name = Some("\u{0}\n".repeat(50));
        let planned = planned(vec![hostile], &[]);
        assert!(planned.alerts[0].description.chars().count() <= 300);
        assert_eq!(planned.alerts[0].client_name, "");
    }
}
