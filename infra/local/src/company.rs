//! A piano-service company, invented: the same for the same seed, scale and day.
//!
//! Scale 1 has the volumes of the real one. Names are combinations of common words, addresses are at example
//! domains, telephone numbers are in the range reserved for fiction.

mod life;
mod words;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use shared::clock;

use self::words::*;

/// Everything that Gazelle knows, as GraphQL nodes.
#[derive(Debug, Clone)]
pub struct Company {
    /// `PrivateUser`
    pub users: Vec<Value>,
    /// `PrivateClient`, with their contacts under `contacts`.
    pub clients: Vec<Value>,
    /// `PrivatePiano`
    pub pianos: Vec<Value>,
    /// `PrivateEvent`
    pub appointments: Vec<Value>,
    /// `PrivateTimelineEntry`
    pub timeline: Vec<Value>,
    /// What notes and measurements say, by the id of their entry: known from how they were made.
    pub meanings: HashMap<String, Meaning>,
    /// Entries that came along with a piano to its new client: copy, and original at the piano that was left behind.
    pub copies: HashMap<String, String>,
    index: HashMap<String, (Kind, usize)>,
}

/// What a note or a measurement says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meaning {
    /// Temperature (°C) and humidity (%), in the order of the text.
    pub measured: Vec<(Option<f64>, Option<f64>)>,
    /// Whether it reports a problem, over or not.
    pub reports_problem: bool,
}

/// What a reference can point to.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Client,
    Piano,
    User,
}

/// The institutions of the report: key in `report_tabs`, and client id.
pub const INSTITUTIONS: [(&str, &str); 3] = [
    ("uqam", "cli_local_000001"),
    ("vincent-dindy", "cli_local_000002"),
    ("place-des-arts", "cli_local_000003"),
];

/// Further clients of an institution, which pays for them: key in `report_tabs`, and client id.
pub const BRANCHES: [(&str, &str); 1] = [("place-des-arts", "cli_local_000005")];

/// The clients of an institution of the report, by its key: the one that is billed comes first.
pub fn clients_of(institution: &str) -> Vec<&'static str> {
    let all = INSTITUTIONS.iter().chain(&BRANCHES);
    all.filter(|(key, _)| *key == institution).map(|(_, client)| *client).collect()
}

/// Prefix of every id, by which a mirror filled from here is recognised.
pub const ID_MARK: &str = "_local_";

/// The tables of the mirror.
pub const TABLES: [&str; 6] = [
    "users",
    "gazelle_clients",
    "gazelle_contacts",
    "gazelle_pianos",
    "gazelle_appointments",
    "gazelle_timeline_entries",
];

/// Gazelle ids of the people in `staff`.
pub const STAFF: [(&str, &str); 3] =
    [("allan", "usr_local_000001"), ("nicolas", "usr_local_000002"), ("louise", "usr_local_000003")];

fn id(prefix: &str, number: usize) -> String {
    format!("{prefix}{ID_MARK}{number:06}")
}

fn count(whole: usize, scale: f64) -> usize {
    ((whole as f64 * scale).round() as usize).max(4)
}

impl Company {
    /// Generates the company as it is on `today`.
    pub fn generate(scale: f64, seed: u64, today: Date) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let clients = count(4000, scale);
        let pianos = count(1000, scale);
        let mut company = Self {
            users: users(),
            clients: generate_clients(&mut rng, clients, count(5200, scale), today),
            pianos: Vec::new(),
            appointments: Vec::new(),
            timeline: Vec::new(),
            meanings: HashMap::new(),
            copies: HashMap::new(),
            index: HashMap::new(),
        };
        company.pianos = (1..=pianos).map(|n| piano(&mut rng, n, pianos, clients, today)).collect();
        let moves = company.settle(today);
        company.appointments =
            (1..=count(11_500, scale)).map(|n| company.appointment(&mut rng, n, today)).collect();
        company.take_whole_days();
        company.appointments.sort_by(|a, b| a["start"].as_str().cmp(&b["start"].as_str()));
        company.leave_something_to_confirm(today);
        for number in 1..=count(27_000, scale) {
            let (entry, meaning) = company.entry(&mut rng, number, today);
            company.meanings.extend(meaning.map(|meaning| (id("tme", number), meaning)));
            company.timeline.push(entry);
        }
        company.copy_histories(&moves);
        company.reindex();
        company
    }

    /// Contacts of all clients.
    pub fn contacts(&self) -> usize {
        self.clients.iter().filter_map(|client| client["contacts"].as_array()).map(Vec::len).sum()
    }

    /// Rows per mirrored collection, as the mirror should have them.
    pub fn counts(&self) -> [(&'static str, usize); 6] {
        let counts = [
            self.users.len(),
            self.clients.len(),
            self.contacts(),
            self.pianos.len(),
            self.appointments.len(),
            self.timeline.len(),
        ];
        std::array::from_fn(|at| (TABLES[at], counts[at]))
    }

    /// Puts the timeline in order, newest first, and finds clients, pianos and users again after nodes were added or removed.
    pub fn reindex(&mut self) {
        self.timeline.sort_by(|a, b| b["occurredAt"].as_str().cmp(&a["occurredAt"].as_str()));
        let all = [(Kind::Client, &self.clients), (Kind::Piano, &self.pianos), (Kind::User, &self.users)];
        self.index = all
            .into_iter()
            .flat_map(|(kind, nodes)| {
                nodes
                    .iter()
                    .enumerate()
                    .filter_map(move |(at, node)| Some((node["id"].as_str()?.to_owned(), (kind, at))))
            })
            .collect();
    }

    /// The client, piano or user of this id.
    pub fn by_id(&self, id: &str) -> Option<&Value> {
        let (kind, at) = self.index.get(id)?;
        match kind {
            Kind::Client => self.clients.get(*at),
            Kind::Piano => self.pianos.get(*at),
            Kind::User => self.users.get(*at),
        }
    }

    fn piano_of_institution(&self, rng: &mut ChaCha8Rng, client: &str) -> Option<&Value> {
        let own: Vec<&Value> = self.pianos.iter().filter(|piano| piano["client"]["id"] == client).collect();
        (!own.is_empty()).then(|| own[rng.random_range(0..own.len())])
    }

    /// Of tomorrow's visits to ordinary clients only the first is confirmed: at 16:00 there is something to say.
    fn leave_something_to_confirm(&mut self, today: Date) {
        let tomorrow = today.checked_add(1.days()).unwrap_or(today).to_string();
        let is_institution = |client: &Value| {
            INSTITUTIONS.iter().chain(&BRANCHES).any(|(_, institution)| client["id"] == *institution)
        };
        let ahead = self.appointments.iter_mut().filter(|appointment| {
            day_of(appointment).is_some_and(|day| day.to_string() == tomorrow)
                && appointment["type"] == "APPOINTMENT"
                && appointment["status"] == "ACTIVE"
                && !is_institution(&appointment["client"])
        });
        for appointment in ahead.skip(1) {
            appointment["confirmedAt"] = Value::Null;
            appointment["confirmedByClient"] = false.into();
            appointment["confirmationWarning"] = "NOTICE".into();
        }
    }

    fn appointment(&self, rng: &mut ChaCha8Rng, number: usize, today: Date) -> Value {
        // One in thirty lies ahead, the rest goes back to 2017.
        let ahead = rng.random_range(0..30) == 0;
        let days: i64 = if ahead { rng.random_range(0..100) } else { -rng.random_range(0..3200) };
        let day = today.checked_add(days.days()).unwrap_or(today);
        let start = local(day, rng.random_range(8..19), 30 * rng.random_range(0..2));
        let status = match (days, rng.random_range(0..20)) {
            (_, 0) => "CANCELED",
            (..0, 1) => "NO_SHOW",
            (..0, _) => "COMPLETE",
            _ => "ACTIVE",
        };
        let kind = match rng.random_range(0..40) {
            0 => "MEMO",
            1 => "PERSONAL",
            _ => "APPOINTMENT",
        };
        let piano = &self.pianos[rng.random_range(0..self.pianos.len())];
        let client = match kind {
            "APPOINTMENT" => json!({"id": piano["client"]["id"]}),
            _ => Value::Null,
        };
        let second = &self.pianos[rng.random_range(0..self.pianos.len())];
        let mut pianos = vec![json!({"isTuning": true, "piano": {"id": piano["id"]}})];
        if rng.random_range(0..12) == 0 && second["id"] != piano["id"] {
            pianos.push(json!({"isTuning": false, "piano": {"id": second["id"]}}));
        }
        let confirmed = rng.random_range(0..3) > 0;
        json!({
            "id": id("evt", number),
            "start": start.to_string(),
            "duration": 60 + 30 * rng.random_range(0..4),
            "buffer": 15,
            "isAllDay": false,
            "title": pick(rng, &TITLES),
            "notes": if rng.random_range(0..3) == 0 { Value::from(pick(rng, &ACCESS_NOTES)) } else { Value::Null },
            "type": kind,
            "status": status,
            "timezone": "America/Montreal",
            "client": client,
            "user": {"id": id("usr", rng.random_range(1..=4))},
            "createdBy": {"id": id("usr", 3)},
            "confirmedAt": if confirmed { Value::from((start - 72.hours()).to_string()) } else { Value::Null },
            "confirmedByClient": confirmed && rng.random_range(0..2) == 0,
            "confirmationWarning": if confirmed { "NONE" } else { "NOTICE" },
            "source": pick(rng, &["client_schedule", "tech_schedule", "manual_schedule"]),
            "travelMode": "DRIVING",
            "addressLine": format!("{} {}, {}", rng.random_range(10..9000), pick(rng, &STREETS), pick(rng, &CITIES)),
            "createdAt": (start - 720.hours()).to_string(),
            "updatedAt": (start - 72.hours()).min(at(today)).to_string(),
            "eventPianos": if kind == "APPOINTMENT" { pianos } else { Vec::new() },
        })
    }

    fn entry(&self, rng: &mut ChaCha8Rng, number: usize, today: Date) -> (Value, Option<Meaning>) {
        // As many notes for the institutions as the real report shows, in proportion.
        let institution = match rng.random_range(0..1000) {
            0..4 => Some(INSTITUTIONS[0].1),
            4..90 => Some(INSTITUTIONS[1].1),
            90..106 => Some(INSTITUTIONS[2].1),
            _ => None,
        };
        let minutes: i64 = rng.random_range(60..3200 * 24 * 60);
        let occurred_at = at(today) - SignedDuration::from_mins(minutes);
        let kind = match (institution, rng.random_range(0..100)) {
            (Some(_), 0..75) | (None, 0..14) => "SERVICE_ENTRY_MANUAL",
            (Some(_), 75..95) | (None, 14..19) => "PIANO_MEASUREMENT",
            (_, 95..97) => "SERVICE_ENTRY_AUTOMATED",
            _ => pick(rng, &OTHER_TYPES),
        };
        let about_piano =
            matches!(kind, "SERVICE_ENTRY_MANUAL" | "PIANO_MEASUREMENT" | "SERVICE_ENTRY_AUTOMATED");
        let piano = match (institution, about_piano) {
            (_, false) => None,
            (Some(client), _) => self.piano_of_institution(rng, client),
            (None, _) => Some(&self.pianos[rng.random_range(0..self.pianos.len())]),
        };
        let client = match (institution, piano) {
            (Some(client), _) => client.to_owned(),
            (None, Some(piano)) => piano["client"]["id"].as_str().unwrap_or_default().to_owned(),
            (None, None) => id("cli", rng.random_range(1..=self.clients.len())),
        };
        let (summary, comment, meaning) = match kind {
            "PIANO_MEASUREMENT" => measurement(rng),
            "SERVICE_ENTRY_MANUAL" => service_note(rng),
            "SERVICE_ENTRY_AUTOMATED" => (Some("Accord, 1 heure".to_owned()), None, None),
            _ => (Some(pick(rng, &OTHER_NOTES).to_owned()), None, None),
        };
        let has_user = about_piano || rng.random_range(0..3) == 0;
        let entry = json!({
            "id": id("tme", number),
            "occurredAt": occurred_at.to_string(),
            "type": kind,
            "summary": summary,
            "comment": comment,
            "duration": Value::Null,
            "relatedId": Value::Null,
            "relatedType": Value::Null,
            "client": {"id": client},
            "piano": piano.map(|piano| json!({"id": piano["id"]})),
            "user": if has_user { json!({"id": id("usr", rng.random_range(1..=4))}) } else { Value::Null },
            "invoice": if kind == "PIANO_MEASUREMENT" { json!({"id": id("inv", number)}) } else { Value::Null },
            "estimate": one_in(12, number, json!({"id": id("est", number)})),
        });
        (entry, meaning)
    }
}

/// The calendar date of an event: one of a whole day stands on the date as it is written, any other on Montréal's.
pub fn day_of(event: &Value) -> Option<Date> {
    let start = event["start"].as_str()?;
    match event["isAllDay"].as_bool() {
        Some(true) => start.get(..10)?.parse().ok(),
        _ => start.parse().ok().map(clock::business_date),
    }
}

/// One in the morning of `today` in Montréal: what happened is before it.
fn at(today: Date) -> Timestamp {
    clock::start_of_day(today) + SignedDuration::from_hours(1)
}

fn local(day: Date, hour: i8, minute: i8) -> Timestamp {
    day.at(hour, minute, 0, 0)
        .to_zoned(clock::zone())
        .map(|zoned| zoned.timestamp())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn pick<'a>(rng: &mut impl Rng, items: &[&'a str]) -> &'a str {
    items[rng.random_range(0..items.len())]
}

/// What few nodes have: no dice, so that everything else stays as it is.
fn one_in(of: usize, number: usize, value: impl Into<Value>) -> Value {
    if number.is_multiple_of(of) { value.into() } else { Value::Null }
}

fn users() -> Vec<Value> {
    [
        ("Allan", "Boisvert", "ADMIN"),
        ("Nicolas", "Larivière", "TECHNICIAN"),
        ("Louise", "Desruisseaux", "ASSISTANT"),
        ("Margot", "Lafontaine", "TECHNICIAN"),
        ("À", "attribuer", "TECHNICIAN"),
    ]
    .iter()
    .zip(1..)
    .map(|((first, last, access), number)| {
        json!({
            "id": id("usr", number),
            "email": format!("personne{number}@example.com"),
            "firstName": first,
            "lastName": last,
            "fullName": format!("{first} {last}"),
            "timezone": "America/Montreal",
            "status": "ACTIVE",
            "accessLevel": access,
            "isSchedulable": number != 3,
            "createdAt": "2017-03-01T15:00:00Z",
            "updatedAt": "2025-03-01T15:00:00Z",
        })
    })
    .collect()
}

fn generate_clients(rng: &mut ChaCha8Rng, clients: usize, contacts: usize, today: Date) -> Vec<Value> {
    let mut number = 0;
    let mut extra = contacts.saturating_sub(clients);
    (1..=clients)
        .map(|n| {
            let institution = INSTITUTION_NAMES.get(n - 1);
            // What remains of the contacts is spread over the clients that remain, institutions first.
            let more = match institution {
                Some(_) => (extra / 8).min(70),
                None => {
                    (extra / (clients - n + 1))
                        + usize::from(rng.random_range(0..clients - n + 1) < extra % (clients - n + 1))
                }
            }
            .min(extra);
            extra -= more;
            let own: Vec<Value> = (0..=more)
                .map(|at| {
                    number += 1;
                    contact(rng, number, at == 0)
                })
                .collect();
            client(rng, n, institution.copied(), own, today)
        })
        .collect()
}

fn contact(rng: &mut ChaCha8Rng, number: usize, is_default: bool) -> Value {
    json!({
        "id": id("con", number),
        "firstName": pick(rng, &FIRST_NAMES),
        "lastName": pick(rng, &LAST_NAMES),
        "middleName": Value::Null,
        "suffix": Value::Null,
        "title": one_in(9, number, "Mme"),
        "role": if is_default { Value::Null } else { Value::from(pick(rng, &ROLES)) },
        "isDefault": is_default,
        "isBillingDefault": is_default,
        "archived": !is_default && rng.random_range(0..15) == 0,
        "wantsEmail": true,
        "wantsPhone": rng.random_range(0..2) == 0,
        "wantsText": rng.random_range(0..2) == 0,
        "defaultEmail": {"email": format!("contact{number}@example.org")},
        "defaultPhone": {"phoneNumber": format!("514-555-{:04}", 100 + number % 100)},
        "defaultConfirmedMobilePhone": one_in(5, number, json!({"phoneNumber": format!("438-555-{:04}", 100 + number % 100)})),
        "defaultLocation": {
            "street1": format!("{} {}", rng.random_range(10..9000), pick(rng, &STREETS)),
            "street2": Value::Null,
            "municipality": pick(rng, &CITIES),
            "region": "QC",
            "postalCode": format!("H{}X {}Y{}", rng.random_range(1..9), rng.random_range(0..9), rng.random_range(0..9)),
            "countryCode": "CA",
            "latitude": "45.5",
            "longitude": "-73.6",
        },
        "createdAt": "2019-05-04T12:30:00Z",
        "updatedAt": "2024-05-04T12:30:00Z",
    })
}

fn client(
    rng: &mut ChaCha8Rng,
    number: usize,
    institution: Option<&str>,
    contacts: Vec<Value>,
    today: Date,
) -> Value {
    let created = at(today) - SignedDuration::from_hours(24 * rng.random_range(10..3000));
    let company = match institution {
        Some(name) => Value::from(name),
        None if rng.random_range(0..12) == 0 => {
            Value::from(format!("{} {}", pick(rng, &COMPANY_KINDS), pick(rng, &LAST_NAMES)))
        }
        None => Value::from(""),
    };
    json!({
        "id": id("cli", number),
        "companyName": company,
        "status": pick(rng, &["ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "INACTIVE", "PROSPECT", "NEW"]),
        "tags": if institution.is_some() { json!(["institution"]) } else { json!([]) },
        "clientType": one_in(6, number, "École"),
        "preferredTechnicianId": id("usr", rng.random_range(1..=2)),
        "lifecycleState": one_in(4, number, "Fidèle"),
        "referredBy": one_in(10, number, "Une élève"),
        "noContactUntil": one_in(14, number, "2026-03-01"),
        "noContactReason": one_in(14, number, "En voyage"),
        "personalNotes": if rng.random_range(0..4) == 0 { Value::from(pick(rng, &ACCESS_NOTES)) } else { Value::Null },
        "preferenceNotes": one_in(8, number, "Préfère le matin"),
        "region": Value::Null,
        "defaultClientLocalization": {"locale": if rng.random_range(0..6) == 0 { "en_CA" } else { "fr_CA" }},
        "defaultContact": contacts.first(),
        "defaultBillingContact": contacts.first(),
        "contacts": contacts,
        "createdAt": created.to_string(),
        "updatedAt": (created + SignedDuration::from_hours(200)).to_string(),
    })
}

fn piano(rng: &mut ChaCha8Rng, number: usize, pianos: usize, clients: usize, today: Date) -> Value {
    // A tenth of the pianos stands at the institutions, at least one each.
    let institution = match number {
        1..=3 => Some(number - 1),
        _ if number <= 3 + pianos / 10 => Some(1 + usize::from(rng.random_range(0..4) == 0)),
        _ => None,
    };
    let client = match institution {
        Some(at) => INSTITUTIONS[at].1.to_owned(),
        None => id("cli", rng.random_range(INSTITUTION_NAMES.len().min(clients)..=clients)),
    };
    let (make, model) = MAKES[rng.random_range(0..MAKES.len())];
    let last = today.checked_sub(rng.random_range(5_i64..700).days()).unwrap_or(today);
    let interval = pick(rng, &["6", "12", "12", "24"]).parse::<i64>().unwrap_or(12);
    let next = last.checked_add(interval.months()).unwrap_or(last);
    let dampp_chaser = institution.is_some() || rng.random_range(0..6) == 0;
    json!({
        "id": id("ins", number),
        "client": {"id": client},
        "make": make,
        "model": model,
        "serialNumber": rng.random_range(100_000..999_999).to_string(),
        "location": match institution {
            Some(_) => Value::from(format!("Local {}-{}", pick(rng, &["A", "B", "SB"]), rng.random_range(100..460))),
            None if rng.random_range(0..3) == 0 => Value::from("Salon"),
            None => Value::Null,
        },
        "notes": one_in(7, number, "Banc à recoller"),
        "size": one_in(5, number, "152 cm"),
        "caseColor": pick(rng, &["noir", "noyer", "acajou"]),
        "caseFinish": Value::Null,
        "useType": Value::Null,
        "year": rng.random_range(1905..2024),
        "type": pick(rng, &["UPRIGHT", "GRAND", "STUDIO", "CONSOLE"]),
        "status": "ACTIVE",
        "tags": if dampp_chaser { json!(["PLS"]) } else { json!([]) },
        "damppChaserInstalled": dampp_chaser,
        "damppChaserHumidistatModel": one_in(6, number, "HM-1"),
        "damppChaserMfgDate": one_in(6, number, "2015-05-01"),
        "calculatedLastService": last.to_string(),
        "calculatedNextService": next.to_string(),
        "eventLastService": last.to_string(),
        "manualLastService": one_in(9, number, last.to_string()),
        "nextServiceOverride": one_in(8, number, next.to_string()),
        "serviceIntervalMonths": interval,
        "needsRepairOrRebuilding": rng.random_range(0..40) == 0,
        "rentalContractEndsOn": Value::Null,
        "totalLoss": false,
        "rental": false,
        "consignment": false,
        "hasIvory": rng.random_range(0..30) == 0,
        "createdAt": "2020-02-02T17:00:00Z",
        "updatedAt": "2025-02-02T17:00:00Z",
        "allPianoMeasurements": [],
    })
}

/// Summary, comment, and what they say.
type Note = (Option<String>, Option<String>, Option<Meaning>);

fn measurement(rng: &mut ChaCha8Rng) -> Note {
    let celsius = f64::from(rng.random_range(170..260)) / 10.0;
    let humidity = rng.random_range(18..75);
    let (fahrenheit, whole) = ((celsius * 1.8 + 32.0).round_ties_even(), celsius.round_ties_even());
    let (text, celsius) = match rng.random_range(0..4) {
        0 => (format!("Piano measurement taken: {celsius}°C, {humidity}%"), celsius),
        1 => (format!("Mesure du piano prise : {celsius}°, {humidity}%"), celsius),
        2 => (format!("Piano measurement taken:{fahrenheit}F, {humidity}%"), (fahrenheit - 32.0) / 1.8),
        _ => (format!("{whole}°C, {humidity} %"), whole),
    };
    let measured = vec![(Some(celsius), Some(f64::from(humidity)))];
    (Some(text), None, Some(Meaning { measured, reports_problem: false }))
}

fn service_note(rng: &mut ChaCha8Rng) -> Note {
    let (work, celsius, humidity) = SERVICE_NOTES[rng.random_range(0..SERVICE_NOTES.len())];
    let mut meaning = Meaning::default();
    meaning.measured.extend((humidity.is_some()).then_some((celsius, humidity)));
    let mut remarks = Vec::new();
    if rng.random_range(0..3) == 0 {
        let (celsius, humidity) = (rng.random_range(17..26), rng.random_range(20..70));
        // Nobody measures twice on one visit.
        if meaning.measured.is_empty() {
            remarks.push(format!("{celsius}°C, {humidity}%"));
            meaning.measured.push((Some(f64::from(celsius)), Some(f64::from(humidity))));
        }
    }
    if rng.random_range(0..9) == 0 {
        let (remark, is_problem, humidity) = REMARKS[rng.random_range(0..REMARKS.len())];
        remarks.push(remark.to_owned());
        meaning.reports_problem = is_problem;
        meaning.measured.extend(humidity.map(|humidity| (None, Some(humidity))));
    }
    let comment = (!remarks.is_empty()).then(|| remarks.join(". "));
    match rng.random_range(0..5) {
        // Some technicians write everything into the comment.
        0 => {
            let all = [Some(work.to_owned()), comment].into_iter().flatten().collect::<Vec<_>>();
            (None, Some(all.join(". ")), Some(meaning))
        }
        _ => (Some(work.to_owned()), comment, Some(meaning)),
    }
}
