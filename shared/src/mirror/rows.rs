//! From a node of Gazelle to a row of the mirror.
//!
//! A field in another shape than agreed becomes null and is noted as drift; `raw` keeps what came. Only text that
//! Postgres cannot hold, and a missing id, refuse a row.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::Collection;
use crate::{clock, text::truncate};

/// A row ready for its table, or for the quarantine.
#[derive(Debug)]
pub(super) struct Mapped {
    /// Key in the table; for a node without id, a mark of its content.
    pub key: String,
    /// Columns, `raw` included. Every row of a collection has the same ones.
    pub columns: Value,
    /// Why it cannot be stored.
    pub refusal: Option<&'static str>,
    /// It has an id.
    pub is_identified: bool,
    /// This run has read it before: it is counted already.
    pub is_repeated: bool,
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
                    return Value::Null;
                }
            }
            if steps.peek().is_some() && !value.is_object() {
                self.note(format!("{}.{path}: not an object", self.collection));
                return Value::Null;
            }
        }
        read(value).unwrap_or_else(|| {
            self.note(format!("{}.{path}: not {expected}", self.collection));
            Value::Null
        })
    }

    fn note(&mut self, drift: String) {
        // A page of surprises is one surprise.
        if self.drift.len() < 50 {
            self.drift.insert(drift);
        }
    }

    /// Text as it is; empty text is null.
    fn text(&mut self, path: &str) -> Value {
        self.field(path, "text", |value| {
            value.as_str().map(|text| match text.trim() {
                "" => Value::Null,
                trimmed => trimmed.into(),
            })
        })
    }

    fn flag(&mut self, path: &str) -> Value {
        self.field(path, "a boolean", |value| value.is_boolean().then(|| value.clone()))
    }

    fn integer(&mut self, path: &str) -> Value {
        self.field(path, "an integer", |value| {
            value.as_i64().filter(|n| i32::try_from(*n).is_ok()).map(Value::from)
        })
    }

    fn date(&mut self, path: &str) -> Value {
        self.field(path, "a date", |value| {
            value.as_str()?.parse::<Date>().ok().map(|date| date.to_string().into())
        })
    }

    fn instant(&mut self, path: &str) -> Value {
        self.field(path, "an instant", |value| {
            value.as_str()?.parse::<Timestamp>().ok().map(|instant| instant.to_string().into())
        })
    }

    /// A list of texts; an empty one is null: absent never erases.
    fn texts(&mut self, path: &str) -> Value {
        self.field(path, "a list of texts", |value| {
            let items = value.as_array()?;
            let all_texts = items.iter().all(Value::is_string);
            all_texts.then(|| if items.is_empty() { Value::Null } else { value.clone() })
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
        parsed.map_or(Value::Null, |instant| {
            instant.to_zoned(clock::zone()).strftime(format).to_string().into()
        })
    }
}

/// Maps a node of a collection (of clients: without their contacts).
pub(super) fn map(collection: Collection, raw: Value, drift: &mut BTreeSet<String>) -> Mapped {
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
    finish(id_column, columns, raw)
}

/// Maps a contact of a client.
pub(super) fn contact(raw: Value, client_id: Option<&str>, drift: &mut BTreeSet<String>) -> Mapped {
    let mut node = Node { collection: "contacts", value: &raw, drift };
    let columns = json!({
        "client_external_id": client_id,
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
    finish("external_id", columns, raw)
}

/// Takes the contacts out of a client's node: they are rows of their own.
pub(super) fn take_contacts(client: &mut Value) -> Vec<Value> {
    let contacts = client.as_object_mut().and_then(|fields| fields.remove("allContacts"));
    match contacts.map(|mut connection| connection["nodes"].take()) {
        Some(Value::Array(nodes)) => nodes.into_iter().filter(|node| !node.is_null()).collect(),
        _ => Vec::new(),
    }
}

fn finish(id_column: &str, mut columns: Value, raw: Value) -> Mapped {
    let id = raw["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let refusal = match &id {
        None => Some("identifiant manquant"),
        Some(_) if has_nul(&raw) => Some("caractère nul dans un texte"),
        Some(_) => None,
    };
    let is_identified = id.is_some();
    let key = id.unwrap_or_else(|| format!("sans-id-{:016x}", super::seen::hash(&raw.to_string())));
    if let Some(fields) = columns.as_object_mut() {
        fields.insert(id_column.into(), key.clone().into());
        fields.insert("raw".into(), raw);
    }
    Mapped { key, columns, refusal, is_identified, is_repeated: false }
}

/// Postgres stores every character but this one.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
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
        Value::Null => person(&first_name, &last_name),
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

fn person(first: &Value, last: &Value) -> Value {
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
    let first_piano = node.value["allEventPianos"]["nodes"][0]["piano"]["id"].clone();
    json!({
        "client_external_id": node.text("client.id"),
        // The predecessor's column holds one piano; the link table holds all.
        "piano_external_id": first_piano,
        "title": title,
        "description": notes,
        "notes": if notes.is_null() { title.clone() } else { notes.clone() },
        "appointment_date": node.local("start", "%Y-%m-%d"),
        "appointment_time": node.local("start", "%H:%M:%S"),
        "start_datetime": node.instant("start"),
        "duration_minutes": node.integer("duration"),
        "status": node.choice("status", &["ACTIVE", "CANCELED", "NO_SHOW", "COMPLETE"]),
        "technicien": node.text("user.id"),
        "location": node.text("addressLine"),
        "travel_mode": node.text("travelMode"),
        "event_type": node.choice("type", &["APPOINTMENT", "PERSONAL", "MEMO", "SYNCED"]),
        "is_all_day": node.flag("isAllDay"),
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
    fn a_field_in_another_shape_becomes_null_and_never_stops_the_row() {
        let (row, drift) = mapped(
            Collection::Timeline,
            entry(json!({"occurredAt": "yesterday", "client": "cli_1", "summary": 5})),
        );
        assert!(row.refusal.is_none());
        assert!(row.columns["occurred_at"].is_null() && row.columns["title"].is_null());
        assert_eq!(drift.len(), 3, "{drift:?}");
    }

    #[test]
    fn what_postgres_cannot_hold_is_refused_with_a_reason() {
        let (row, _) = mapped(Collection::Timeline, entry(json!({"comment": "a\0b"})));
        assert_eq!(row.refusal, Some("caractère nul dans un texte"));
        let (row, _) = mapped(Collection::Timeline, entry(json!({"id": null})));
        assert_eq!(row.refusal, Some("identifiant manquant"));
        assert!(row.key.starts_with("sans-id-"));
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
