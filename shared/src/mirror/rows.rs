//! From a node of Gazelle to a row of the mirror.
//!
//! A field is read in every spelling that leaves no doubt (`1998.0` and `"1998"` are a year). One that cannot be read, or
//! is not there, is noted as drift, and its column is left out of the row: what was known stays. Text that Postgres cannot
//! hold loses the characters that are in the way, also in `raw`, which otherwise keeps what came. Only a missing id refuses
//! a row.

use std::collections::{BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value, json};

use super::{
    Collection,
    fnv::{START, fnv},
};
use crate::{clock, gazelle::NO_CHARACTER, text::truncate};

/// The mapping that a row was written by: another one as soon as this file or the links in SQL are another text. Rows of
/// another mapping are written again although their payload is the same. A correction of what the mapper only uses (`clock`,
/// `text`) is none by itself: it needs a line here.
pub(super) const MAPPING: i64 = {
    let mapper = fnv(include_bytes!("rows.rs"), START);
    // JSON keeps 53 bits of a number.
    (fnv(include_bytes!("../../../infra/supabase/functions/mirror.sql"), mapper) >> 12) as i64
};

/// A row ready for its table, or for the quarantine.
#[derive(Debug)]
pub(super) struct Mapped {
    /// Key in the table; for a node without id, a mark of its content.
    pub key: String,
    /// Columns, `raw` included; those that could not be read are left out.
    pub columns: Value,
    /// Why it cannot be stored.
    pub refusal: Option<&'static str>,
    /// It has an id.
    pub is_identified: bool,
    /// This run has read it before: it is counted already.
    pub is_repeated: bool,
}

/// The value of a column that could not be read: no column holds an object, and [`finish`] takes it out.
fn unreadable() -> Value {
    Value::Object(Map::new())
}

fn is_unreadable(value: &Value) -> bool {
    value.is_object()
}

/// Reads the fields of a node and notes what is not as agreed.
struct Node<'a> {
    collection: &'static str,
    value: &'a Value,
    drift: &'a mut BTreeSet<String>,
}

impl Node<'_> {
    fn field(&mut self, path: &str, expected: &str, read: impl Fn(&Value) -> Option<Value>) -> Value {
        let mut value = self.value;
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            match value.get(step) {
                // An object that may be absent: what is below it is absent too.
                Some(Value::Null) => return Value::Null,
                Some(inner) => value = inner,
                None => {
                    self.note(format!("{}.{path}: missing", self.collection));
                    return unreadable();
                }
            }
            if steps.peek().is_some() && !value.is_object() {
                self.note(format!("{}.{path}: not an object", self.collection));
                return unreadable();
            }
        }
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Value::Null;
        }
        read(value).unwrap_or_else(|| {
            self.note(format!("{}.{path}: not {expected}", self.collection));
            unreadable()
        })
    }

    fn note(&mut self, drift: String) {
        // A page of surprises is one surprise.
        if self.drift.len() < 50 {
            self.drift.insert(drift);
        }
    }

    /// Text as it is, without white space around it; empty text is null.
    fn text(&mut self, path: &str) -> Value {
        self.field(path, "text", |value| text(value).map(Value::from))
    }

    fn flag(&mut self, path: &str) -> Value {
        self.field(path, "a boolean", |value| flag(value).map(Value::from))
    }

    fn integer(&mut self, path: &str) -> Value {
        self.field(path, "an integer", |value| integer(value).map(Value::from))
    }

    fn date(&mut self, path: &str) -> Value {
        self.field(path, "a date", |value| date(value.as_str()?.trim()).map(|date| date.to_string().into()))
    }

    fn instant(&mut self, path: &str) -> Value {
        self.field(path, "an instant", |value| {
            instant(value.as_str()?.trim()).map(|instant| instant.to_string().into())
        })
    }

    /// A list of texts; an empty one is null: absent never erases.
    fn texts(&mut self, path: &str) -> Value {
        self.field(path, "a list of texts", |value| {
            let items: Vec<String> = value.as_array()?.iter().map(text).collect::<Option<_>>()?;
            Some(if items.is_empty() { Value::Null } else { items.into() })
        })
    }

    /// An enum value as text. A value that the schema does not know is stored all the same.
    fn choice(&mut self, path: &str, known: &[&str]) -> Value {
        let value = self.text(path);
        if let Some(text) = value.as_str().filter(|text| !known.contains(text)) {
            self.note(format!("{}.{path}: new value {}", self.collection, truncate(text, 60)));
        }
        value
    }

    fn local(&mut self, path: &str, format: &str) -> Value {
        let instant = self.instant(path);
        let parsed = instant.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        // Unknown stays unknown, and none stays none.
        parsed.map_or(instant, |instant| instant.to_zoned(clock::zone()).strftime(format).to_string().into())
    }

    /// A list that Gazelle gives in pages, and that is whole by now. One that is not is noted: nothing may be concluded from
    /// what is missing in it.
    fn list(&mut self, name: &str) -> Option<&Vec<Value>> {
        let value = self.value;
        let list = &value[name];
        let Some(nodes) = list["nodes"].as_array() else {
            self.note(format!("{}.{name}: missing", self.collection));
            return None;
        };
        if list["totalCount"].as_u64().is_some_and(|total| total != nodes.len() as u64) {
            self.note(format!("{}.{name}: not as many as its total", self.collection));
        }
        Some(nodes)
    }

    /// Date, time and instant of an event's `start`.
    ///
    /// One that takes the whole day stands on its calendar date, which is the date as it is written: `start` is then
    /// midnight somewhere, and seen from Montréal midnight in UTC is the evening before. It has no time, and begins
    /// where that date begins in Montréal.
    fn start(&mut self, is_all_day: bool) -> [Value; 3] {
        let instant = self.instant("start");
        let written = self.value["start"].as_str().and_then(|text| text.get(..10)?.parse::<Date>().ok());
        match written {
            Some(date) if is_all_day && instant.is_string() => {
                [date.to_string().into(), Value::Null, clock::start_of_day(date).to_string().into()]
            }
            _ => [self.local("start", "%Y-%m-%d"), self.local("start", "%H:%M:%S"), instant],
        }
    }
}

/// Text, or a number in a place of text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(_) | Value::String(_) => match text(value)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number of the database's `integer`: `1998`, `1998.0`, `"1998"`.
fn integer(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => i32::try_from(whole).ok(),
            None => whole(number.as_f64()?),
        },
        Value::String(text) => {
            let text = text.trim();
            let is_plain = text.bytes().all(|letter| letter.is_ascii_digit() || b"+-.".contains(&letter));
            // Not "1e3", not "inf", and no thousands: nobody types those, or not in one meaning.
            is_plain.then(|| whole(text.parse().ok()?))?
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn whole(number: f64) -> Option<i32> {
    let is_whole = number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    #[allow(clippy::cast_possible_truncation)] // Checked.
    is_whole.then_some(number as i32)
}

/// A calendar date, also at the beginning of a midnight without zone or in UTC.
fn date(text: &str) -> Option<Date> {
    let (day, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let is_midnight = time.chars().all(|letter| "0:.Zz+".contains(letter));
    let date: Date = is_midnight.then(|| day.parse().ok())??;
    // Before that Postgres writes dates otherwise.
    (date.year() >= 1).then_some(date)
}

fn instant(text: &str) -> Option<Timestamp> {
    let instant: Timestamp = text.parse().ok()?;
    (clock::business_date(instant).year() >= 1).then_some(instant)
}

/// Maps a node of a collection (of clients: without their contacts).
pub(super) fn map(collection: Collection, mut raw: Value, drift: &mut BTreeSet<String>) -> Mapped {
    let has_own_id = has_own_id(&raw);
    mend_node(collection.source(), &mut raw, drift);
    let (id_column, columns) = {
        let node = Node { collection: collection.source(), value: &raw, drift };
        match collection {
            Collection::Users => ("id", user(node)),
            Collection::Clients => ("external_id", client(node)),
            Collection::Pianos => ("external_id", piano(node)),
            Collection::Appointments => ("external_id", appointment(node)),
            Collection::Timeline => ("external_id", timeline_entry(node)),
        }
    };
    finish(id_column, columns, raw, has_own_id)
}

/// Maps a contact of a client.
pub(super) fn contact(mut raw: Value, client_id: Option<&str>, drift: &mut BTreeSet<String>) -> Mapped {
    let has_own_id = has_own_id(&raw);
    mend_node("contacts", &mut raw, drift);
    let mut node = Node { collection: "contacts", value: &raw, drift };
    let columns = json!({
        "client_external_id": client_id.map(|id| mended(id).unwrap_or_else(|| id.to_owned())),
        "first_name": node.text("firstName"),
        "last_name": node.text("lastName"),
        "title": node.text("title"),
        "role": node.text("role"),
        "email": node.text("defaultEmail.email"),
        "phone": node.text("defaultPhone.phoneNumber"),
        "mobile_phone": node.text("defaultConfirmedMobilePhone.phoneNumber"),
        "city": node.text("defaultLocation.municipality"),
        "region": node.text("defaultLocation.region"),
        "postal_code": node.text("defaultLocation.postalCode"),
        "is_default": node.flag("isDefault"),
        "archived": node.flag("archived"),
        "wants_email": node.flag("wantsEmail"),
        "wants_phone": node.flag("wantsPhone"),
        "wants_text": node.flag("wantsText"),
        "gazelle_created_at": node.instant("createdAt"),
        "gazelle_updated_at": node.instant("updatedAt"),
    });
    finish("external_id", columns, raw, has_own_id)
}

/// Takes the contacts out of a client's node: they are rows of their own.
pub(super) fn take_contacts(client: &mut Value) -> Vec<Value> {
    let contacts = client.as_object_mut().and_then(|fields| fields.remove("allContacts"));
    match contacts.map(|mut connection| connection["nodes"].take()) {
        Some(Value::Array(nodes)) => nodes.into_iter().filter(|node| !node.is_null()).collect(),
        _ => Vec::new(),
    }
}

fn finish(id_column: &str, mut columns: Value, raw: Value, has_own_id: bool) -> Mapped {
    let id = raw["id"].as_str().filter(|_| has_own_id).map(str::to_owned);
    let refusal = id.is_none().then_some("identifiant manquant ou illisible");
    let is_identified = id.is_some();
    let key = id.unwrap_or_else(|| format!("sans-id-{:016x}", super::seen::hash(&raw.to_string())));
    if let Some(fields) = columns.as_object_mut() {
        fields.retain(|_, value| !is_unreadable(value));
        fields.insert(id_column.into(), key.clone().into());
        fields.insert("raw".into(), raw);
        fields.insert("mapping".into(), MAPPING.into());
    }
    Mapped { key, columns, refusal, is_identified, is_repeated: false }
}

/// Whether the node has an id that is whole: with a character taken out it would be somebody else's.
fn has_own_id(raw: &Value) -> bool {
    raw["id"].as_str().is_some_and(|id| !id.is_empty() && mended(id).is_none())
}

/// A text without what Postgres cannot hold: a NUL goes, what was no character becomes U+FFFD. `None`: as it was.
fn mended(text: &str) -> Option<String> {
    text.contains(['\0', NO_CHARACTER]).then(|| text.replace('\0', "").replace(NO_CHARACTER, "\u{fffd}"))
}

/// Mends every text of a node, and notes the fields.
fn mend_node(collection: &str, raw: &mut Value, drift: &mut BTreeSet<String>) {
    mend(raw, &mut Vec::new(), &mut |path| {
        // A row without a whole id is set aside, which is said by itself.
        let is_own_id = path.len() == 1 && path[0] == "id";
        if drift.len() < 50 && !is_own_id {
            let path = truncate(&path.join("."), 100);
            drift.insert(format!("{collection}.{path}: a character that cannot be stored"));
        }
    });
}

fn mend(value: &mut Value, path: &mut Vec<String>, note: &mut impl FnMut(&[String])) {
    match value {
        Value::String(text) => {
            if let Some(better) = mended(text) {
                *text = better;
                note(path);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mend(item, path, note)),
        Value::Object(fields) => {
            if fields.keys().any(|name| mended(name).is_some()) {
                let all = std::mem::take(fields).into_iter();
                fields.extend(all.map(|(name, value)| (mended(&name).unwrap_or(name), value)));
                note(path);
            }
            for (name, inner) in fields.iter_mut() {
                // Most values are no texts to mend: the path is only made where one goes deeper.
                if inner.is_string() || inner.is_array() || inner.is_object() {
                    path.push(name.clone());
                    mend(inner, path, note);
                    path.pop();
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn user(mut node: Node<'_>) -> Value {
    json!({
        "first_name": node.text("firstName"),
        "last_name": node.text("lastName"),
        "email": node.text("email"),
        "timezone": node.text("timezone"),
        "status": node.choice("status", &["ACTIVE", "INACTIVE"]),
        "access_level": node.choice("accessLevel", &["ADMIN", "TECHNICIAN", "ASSISTANT"]),
        "is_schedulable": node.flag("isSchedulable"),
        "gazelle_created_at": node.instant("createdAt"),
        "gazelle_updated_at": node.instant("updatedAt"),
    })
}

fn client(mut node: Node<'_>) -> Value {
    let first_name = node.text("defaultContact.firstName");
    let last_name = node.text("defaultContact.lastName");
    let company_name = match node.text("companyName") {
        name if name.is_null() => person(&first_name, &last_name),
        name => name,
    };
    json!({
        "company_name": company_name,
        "first_name": first_name,
        "last_name": last_name,
        "status": node.choice("status", &["ACTIVE", "INACTIVE", "PROSPECT", "NEW"]),
        "tags": node.texts("tags"),
        "email": node.text("defaultContact.defaultEmail.email"),
        "phone": node.text("defaultContact.defaultPhone.phoneNumber"),
        "city": node.text("defaultContact.defaultLocation.municipality"),
        "postal_code": node.text("defaultContact.defaultLocation.postalCode"),
        "personal_notes": node.text("personalNotes"),
        "preference_notes": node.text("preferenceNotes"),
        "locale": node.text("defaultClientLocalization.locale"),
        "client_type": node.text("clientType"),
        "preferred_technician_id": node.text("preferredTechnicianId"),
        "lifecycle_state": node.text("lifecycleState"),
        "referred_by": node.text("referredBy"),
        "no_contact_until": node.date("noContactUntil"),
        "no_contact_reason": node.text("noContactReason"),
        "gazelle_created_at": node.instant("createdAt"),
        "gazelle_updated_at": node.instant("updatedAt"),
    })
}

/// The name of a person; unknown where a part of it is.
fn person(first: &Value, last: &Value) -> Value {
    if is_unreadable(first) || is_unreadable(last) {
        return unreadable();
    }
    let names: Vec<&str> = [first, last].into_iter().filter_map(Value::as_str).collect();
    if names.is_empty() { Value::Null } else { names.join(" ").into() }
}

fn piano(mut node: Node<'_>) -> Value {
    const TYPES: [&str; 14] = [
        "UNKNOWN",
        "GRAND",
        "SQUARE_GRAND",
        "SPINET",
        "STUDIO",
        "UPRIGHT",
        "CONSOLE",
        "DIGITAL",
        "ORGAN",
        "HARPSICHORD",
        "FORTEPIANO",
        "CLAVICHORD",
        "AUTOHARP",
        "HYBRID",
    ];
    json!({
        "client_external_id": node.text("client.id"),
        "make": node.text("make"),
        "model": node.text("model"),
        "serial_number": node.text("serialNumber"),
        "type": node.choice("type", &TYPES),
        "year": node.integer("year"),
        "location": node.text("location"),
        "notes": node.text("notes"),
        "size": node.text("size"),
        "status": node.choice("status", &["ACTIVE", "INACTIVE", "TEMPORARY_STORAGE", "UNDER_RESTORATION"]),
        "tags": node.texts("tags"),
        "dampp_chaser_installed": node.flag("damppChaserInstalled"),
        "dampp_chaser_humidistat_model": node.text("damppChaserHumidistatModel"),
        "dampp_chaser_mfg_date": node.date("damppChaserMfgDate"),
        "service_interval_months": node.integer("serviceIntervalMonths"),
        "calculated_last_service": node.date("calculatedLastService"),
        "calculated_next_service": node.date("calculatedNextService"),
        "event_last_service": node.date("eventLastService"),
        "manual_last_service": node.date("manualLastService"),
        "next_service_override": node.date("nextServiceOverride"),
        "needs_repair_or_rebuilding": node.flag("needsRepairOrRebuilding"),
        "total_loss": node.flag("totalLoss"),
        "rental": node.flag("rental"),
        "consignment": node.flag("consignment"),
        "gazelle_created_at": node.instant("createdAt"),
        "gazelle_updated_at": node.instant("updatedAt"),
    })
}

fn appointment(mut node: Node<'_>) -> Value {
    let title = node.text("title");
    let notes = node.text("notes");
    let first_piano = match node.list("allEventPianos") {
        Some(pianos) => {
            pianos.iter().find_map(|link| link["piano"]["id"].as_str()).map_or(Value::Null, Value::from)
        }
        None => unreadable(),
    };
    let is_all_day = node.flag("isAllDay");
    let [date, time, start] = node.start(is_all_day == true);
    json!({
        "client_external_id": node.text("client.id"),
        // The predecessor's column holds one piano; the link table holds all.
        "piano_external_id": first_piano,
        "title": title,
        "description": notes,
        "notes": if notes.is_null() { title.clone() } else { notes.clone() },
        "appointment_date": date,
        "appointment_time": time,
        "start_datetime": start,
        "duration_minutes": node.integer("duration"),
        "status": node.choice("status", &["ACTIVE", "CANCELED", "NO_SHOW", "COMPLETE"]),
        "technicien": node.text("user.id"),
        "location": node.text("addressLine"),
        "travel_mode": node.text("travelMode"),
        "event_type": node.choice("type", &["APPOINTMENT", "PERSONAL", "MEMO", "SYNCED"]),
        "is_all_day": is_all_day,
        "source": node.text("source"),
        "created_by": node.text("createdBy.id"),
        "confirmed_at": node.instant("confirmedAt"),
        "confirmed_by_client": node.flag("confirmedByClient"),
        "confirmation_warning": node.choice("confirmationWarning", &["NONE", "NOTICE", "CRITICAL"]),
        "gazelle_created_at": node.instant("createdAt"),
        "gazelle_updated_at": node.instant("updatedAt"),
    })
}

fn timeline_entry(mut node: Node<'_>) -> Value {
    const TYPES: [&str; 28] = [
        "CONTACT_EMAIL_AUTOMATED",
        "CONTACT_EMAIL_MANUAL",
        "CONTACT_SMS_AUTOMATED",
        "CONTACT_SMS_MANUAL",
        "CONTACT_PHONE_AUTOMATED",
        "CONTACT_PHONE_MANUAL_TALKED",
        "CONTACT_PHONE_MANUAL_MESSAGE",
        "CONTACT_POST_AUTOMATED",
        "CONTACT_POST_MANUAL",
        "CONTACT_OTHER_MANUAL",
        "ERROR_MESSAGE",
        "SYSTEM_MESSAGE",
        "USER_COMMENT",
        "SERVICE_ENTRY_AUTOMATED",
        "SERVICE_ENTRY_MANUAL",
        "APPOINTMENT",
        "APPOINTMENT_LOG",
        "INVOICE",
        "INVOICE_LOG",
        "INVOICE_PAYMENT",
        "INVOICE_SYNC",
        "PIANO_MEASUREMENT",
        "SCHEDULED_MESSAGE_EMAIL",
        "SCHEDULED_MESSAGE_SMS",
        "SCHEDULED_MESSAGE_PHONE",
        "ESTIMATE",
        "ESTIMATE_LOG",
        "SYSTEM_NOTIFICATION",
    ];
    json!({
        "client_id": node.text("client.id"),
        "piano_id": node.text("piano.id"),
        "user_id": node.text("user.id"),
        "invoice_id": node.text("invoice.id"),
        "estimate_id": node.text("estimate.id"),
        "entry_type": node.choice("type", &TYPES),
        "title": node.text("summary"),
        "description": node.text("comment"),
        "entry_date": node.local("occurredAt", "%Y-%m-%d"),
        "occurred_at": node.instant("occurredAt"),
    })
}

/// Adds the rows of a later page. A later copy of a row wins, and is counted if none of the copies was before.
pub(super) fn keep_latest(rows: &mut Vec<Mapped>, more: Vec<Mapped>) {
    rows.extend(more);
    let mut last: HashMap<String, (usize, bool)> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let (place, is_repeated) = last.entry(row.key.clone()).or_insert((at, true));
        *place = at;
        *is_repeated &= row.is_repeated;
    }
    if last.len() == rows.len() {
        return;
    }
    let mut at = 0;
    rows.retain_mut(|row| {
        let (place, is_repeated) = last.get(&row.key).copied().unwrap_or((at, row.is_repeated));
        row.is_repeated = is_repeated;
        at += 1;
        place == at - 1
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(collection: Collection, node: Value) -> (Mapped, Vec<String>) {
        let mut drift = BTreeSet::new();
        let row = map(collection, node, &mut drift);
        (row, drift.into_iter().collect())
    }

    fn entry(changes: Value) -> Value {
        let mut node = json!({
            "id": "tme_1", "occurredAt": "2026-01-15T14:15:00Z", "type": "SERVICE_ENTRY_MANUAL", "summary": " Accord ",
            "comment": null, "client": {"id": "cli_1"}, "piano": null, "user": null, "invoice": null, "estimate": null,
        });
        node.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        node
    }

    #[test]
    fn a_new_enum_value_and_a_missing_object_are_stored_and_noted() {
        let (row, drift) = mapped(Collection::Timeline, entry(json!({"type": "BRAND_NEW", "client": null})));
        assert!(row.refusal.is_none());
        assert_eq!(row.columns["entry_type"], "BRAND_NEW");
        assert_eq!(row.columns["raw"]["type"], "BRAND_NEW");
        assert_eq!(drift, ["timeline.type: new value BRAND_NEW"]);
    }

    #[test]
    fn a_field_that_cannot_be_read_is_left_out_and_never_stops_the_row() {
        let (row, drift) = mapped(
            Collection::Timeline,
            entry(json!({"occurredAt": "yesterday", "client": "cli_1", "summary": ["x"]})),
        );
        assert!(row.refusal.is_none());
        let fields = row.columns.as_object().unwrap();
        for column in ["occurred_at", "entry_date", "client_id", "title"] {
            assert!(!fields.contains_key(column), "{column} would overwrite what is known");
        }
        // What is empty or null is known to be none.
        assert_eq!(fields["description"], Value::Null);
        assert_eq!(fields["raw"]["occurredAt"], "yesterday");
        assert_eq!(
            drift,
            [
                "timeline.client.id: not an object",
                "timeline.occurredAt: not an instant",
                "timeline.summary: not text"
            ]
        );
        let mut without = entry(json!({}));
        without.as_object_mut().unwrap().remove("comment");
        let (row, drift) = mapped(Collection::Timeline, without);
        assert!(!row.columns.as_object().unwrap().contains_key("description"));
        assert_eq!(drift, ["timeline.comment: missing"]);
    }

    #[test]
    fn what_leaves_no_doubt_is_read_in_every_spelling() {
        for (value, expected) in [
            (json!(1998), Some(1998)),
            (json!(1998.0), Some(1998)),
            (json!("12"), Some(12)),
            (json!(" 12.0 "), Some(12)),
            (json!("-3"), Some(-3)),
            (json!("+3"), Some(3)),
            (json!(0), Some(0)),
            (json!(12.5), None),
            (json!("12.5"), None),
            (json!("vers 1998"), None),
            (json!("1,998"), None),
            (json!("1e3"), None),
            (json!("inf"), None),
            (json!("NaN"), None),
            (json!("1-2"), None),
            (json!("."), None),
            (json!(2_147_483_647), Some(2_147_483_647)),
            (json!(2_147_483_648_i64), None),
            (json!(1e300), None),
            (json!("12345678901234567890123"), None),
            (json!(true), None),
        ] {
            assert_eq!(integer(&value), expected, "{value}");
        }
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("False"), Some(false)),
            (json!(1), Some(true)),
            (json!("0"), Some(false)),
            (json!(2), None),
            (json!("oui"), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
        for (text, expected) in [
            ("2026-01-15", Some("2026-01-15")),
            ("2026-01-15T00:00:00Z", Some("2026-01-15")),
            ("2026-01-15 00:00:00.000+00:00", Some("2026-01-15")),
            // Whose midnight?
            ("2026-01-15T00:00:00-05:00", None),
            ("2026-01-15T23:30:00Z", None),
            ("15/01/2026", None),
            ("-000044-03-15", None),
        ] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
        for (text, is_one) in [
            ("0001-01-02T00:00:00Z", true),
            // In Montréal it is still the year 0, which Postgres does not know.
            ("0001-01-01T00:00:00Z", false),
            ("9999-12-30T22:00:00Z", true),
            ("10000-01-01T00:00:00Z", false),
        ] {
            assert_eq!(instant(text).is_some(), is_one, "{text}");
        }
        for (value, expected) in [(json!(" a "), Some("a")), (json!(514), Some("514")), (json!(true), None)] {
            assert_eq!(text(&value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn an_empty_text_is_none_in_every_field() {
        let node =
            json!({"id": "ins_1", "year": " ", "tags": ["a", 5], "rental": "", "calculatedLastService": ""});
        let (row, drift) = mapped(Collection::Pianos, node);
        for column in ["year", "rental", "calculated_last_service"] {
            assert_eq!(row.columns.as_object().unwrap().get(column), Some(&Value::Null), "{column}");
        }
        assert_eq!(row.columns["tags"], json!(["a", "5"]));
        assert!(drift.iter().all(|what| what.ends_with(": missing")), "{drift:?}");
    }

    #[test]
    fn what_postgres_cannot_hold_goes_and_the_row_stays() {
        let node = json!({"comment": "a\0b\u{fdd0}", "client": {"id": "cli_1", "x\0": ["\0"]}});
        let (row, drift) = mapped(Collection::Timeline, entry(node));
        assert!(row.refusal.is_none());
        assert_eq!(row.columns["description"], "ab\u{fffd}");
        assert_eq!(row.columns["raw"]["comment"], "ab\u{fffd}");
        assert_eq!(row.columns["raw"]["client"], json!({"id": "cli_1", "x": [""]}));
        assert!(!row.columns.to_string().contains("\\u0000"));
        assert_eq!(
            drift,
            [
                "timeline.client.x: a character that cannot be stored",
                "timeline.client: a character that cannot be stored",
                "timeline.comment: a character that cannot be stored",
            ]
        );
        // A replacement that Gazelle itself has stored is a character like any other.
        let (_, drift) = mapped(Collection::Timeline, entry(json!({"comment": "a\u{fffd}b"})));
        assert!(drift.is_empty(), "{drift:?}");
    }

    #[test]
    fn a_row_without_a_whole_id_is_refused_with_a_reason() {
        for id in [Value::Null, json!(""), json!("tme_\u{0}1"), json!("tme_\u{fdd0}")] {
            let (row, _) = mapped(Collection::Timeline, entry(json!({"id": id})));
            assert_eq!(row.refusal, Some("identifiant manquant ou illisible"), "{id}");
            assert!(row.key.starts_with("sans-id-"));
        }
        let mut drift = BTreeSet::new();
        let row = contact(json!({"id": "con_1", "firstName": "a\0"}), Some("cli_\u{0}1"), &mut drift);
        assert_eq!((row.refusal, &row.columns["client_external_id"]), (None, &json!("cli_1")));
    }

    #[test]
    fn a_list_that_was_cut_is_noted_and_one_that_is_missing_changes_nothing() {
        let link = |id: &str| json!({"isTuning": true, "piano": {"id": id}});
        let seen = |list: Value| {
            let node = json!({"id": "evt_1", "allEventPianos": list});
            let (row, drift) = mapped(Collection::Appointments, node);
            let noted = drift.into_iter().filter(|what| what.contains("allEventPianos")).collect::<Vec<_>>();
            (row.columns.as_object().unwrap().get("piano_external_id").cloned(), noted)
        };
        let whole = json!({"totalCount": 1, "nodes": [link("ins_1")]});
        assert_eq!(seen(whole), (Some(json!("ins_1")), Vec::new()));
        assert_eq!(seen(json!({"totalCount": 0, "nodes": []})), (Some(Value::Null), Vec::new()));
        let cut = json!({"totalCount": 80, "nodes": [link("ins_1")]});
        let noted = vec!["appointments.allEventPianos: not as many as its total".to_owned()];
        assert_eq!(seen(cut), (Some(json!("ins_1")), noted));
        let missing = vec!["appointments.allEventPianos: missing".to_owned()];
        assert_eq!(seen(Value::Null), (None, missing));
    }

    #[test]
    fn an_appointment_has_its_montreal_date_and_time_in_both_seasons() {
        let node = |start: &str| {
            json!({"id": "evt_1", "start": start, "title": "Accord", "notes": null,
                   "allEventPianos": {"nodes": [{"isTuning": true, "piano": {"id": "ins_1"}}]}})
        };
        let (winter, _) = mapped(Collection::Appointments, node("2026-01-16T04:30:00.12345Z"));
        assert_eq!(winter.columns["appointment_date"], "2026-01-15");
        assert_eq!(winter.columns["appointment_time"], "23:30:00");
        let (summer, _) = mapped(Collection::Appointments, node("2026-07-15T13:00:00Z"));
        assert_eq!(summer.columns["appointment_time"], "09:00:00");
        assert_eq!(summer.columns["piano_external_id"], "ins_1");
        assert_eq!(summer.columns["notes"], "Accord");
    }

    #[test]
    fn an_appointment_of_a_whole_day_keeps_its_calendar_date_and_has_no_time() {
        let columns = |start: &str| {
            let node = json!({"id": "evt_1", "start": start, "isAllDay": true});
            mapped(Collection::Appointments, node).0.columns
        };
        // Midnight in UTC, in Montréal in both seasons, and elsewhere: the date is the one that is written.
        for (start, begins) in [
            ("2026-01-16T00:00:00Z", "2026-01-16T05:00:00Z"),
            ("2026-01-16T05:00:00Z", "2026-01-16T05:00:00Z"),
            ("2026-07-16T00:00:00Z", "2026-07-16T04:00:00Z"),
            ("2026-07-16T04:00:00.000Z", "2026-07-16T04:00:00Z"),
            ("2026-03-08T00:00:00Z", "2026-03-08T05:00:00Z"),
            ("2026-11-01T00:00:00Z", "2026-11-01T04:00:00Z"),
            ("2026-01-16T00:00:00+02:00", "2026-01-16T05:00:00Z"),
        ] {
            let columns = columns(start);
            assert_eq!(columns["appointment_date"], start[..10], "{start}");
            assert!(columns["appointment_time"].is_null(), "{start}");
            assert_eq!(columns["start_datetime"], begins, "{start}");
        }
        let columns = columns("someday");
        assert!(columns["appointment_date"].is_null() && columns["start_datetime"].is_null());
    }

    #[test]
    fn a_client_without_company_has_the_name_of_its_person_and_empty_tags_erase_nothing() {
        let (row, _) = mapped(
            Collection::Clients,
            json!({"id": "cli_1", "companyName": "  ", "tags": [], "status": "ACTIVE",
                   "defaultContact": {"firstName": "Éloïse", "lastName": "Tremblay"}}),
        );
        assert_eq!(row.columns["company_name"], "Éloïse Tremblay");
        assert!(row.columns["tags"].is_null());
    }
}
