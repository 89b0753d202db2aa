//! What the mirror should hold, by construction: each column of each table with the field of Gazelle that it comes from.

use std::collections::BTreeMap;

use gazelle_local::company::Company;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

/// Rows by key, each with its columns.
pub type Rows = BTreeMap<String, BTreeMap<String, Value>>;

/// A table, its key, and `column=path.of.the.field`.
const TABLES: [(&str, &str, &str); 6] = [
    (
        "users",
        "id",
        "first_name=firstName last_name=lastName email=email timezone=timezone status=status \
         access_level=accessLevel is_schedulable=isSchedulable gazelle_created_at=createdAt \
         gazelle_updated_at=updatedAt",
    ),
    (
        "gazelle_clients",
        "external_id",
        "first_name=defaultContact.firstName last_name=defaultContact.lastName status=status \
         email=defaultContact.defaultEmail.email phone=defaultContact.defaultPhone.phoneNumber \
         city=defaultContact.defaultLocation.municipality postal_code=defaultContact.defaultLocation.postalCode \
         personal_notes=personalNotes preference_notes=preferenceNotes locale=defaultClientLocalization.locale \
         client_type=clientType preferred_technician_id=preferredTechnicianId lifecycle_state=lifecycleState \
         referred_by=referredBy no_contact_until=noContactUntil no_contact_reason=noContactReason \
         gazelle_created_at=createdAt gazelle_updated_at=updatedAt",
    ),
    (
        "gazelle_contacts",
        "external_id",
        "first_name=firstName last_name=lastName title=title role=role email=defaultEmail.email \
         phone=defaultPhone.phoneNumber mobile_phone=defaultConfirmedMobilePhone.phoneNumber \
         city=defaultLocation.municipality region=defaultLocation.region postal_code=defaultLocation.postalCode \
         is_default=isDefault archived=archived wants_email=wantsEmail wants_phone=wantsPhone wants_text=wantsText \
         gazelle_created_at=createdAt gazelle_updated_at=updatedAt",
    ),
    (
        "gazelle_pianos",
        "external_id",
        "client_external_id=client.id make=make model=model serial_number=serialNumber type=type year=year \
         location=location notes=notes size=size status=status dampp_chaser_installed=damppChaserInstalled \
         dampp_chaser_humidistat_model=damppChaserHumidistatModel dampp_chaser_mfg_date=damppChaserMfgDate \
         service_interval_months=serviceIntervalMonths calculated_last_service=calculatedLastService \
         calculated_next_service=calculatedNextService event_last_service=eventLastService \
         manual_last_service=manualLastService next_service_override=nextServiceOverride \
         needs_repair_or_rebuilding=needsRepairOrRebuilding total_loss=totalLoss rental=rental \
         consignment=consignment gazelle_created_at=createdAt gazelle_updated_at=updatedAt",
    ),
    (
        "gazelle_appointments",
        "external_id",
        "client_external_id=client.id title=title description=notes start_datetime=start duration_minutes=duration \
         status=status technicien=user.id location=addressLine travel_mode=travelMode event_type=type \
         is_all_day=isAllDay source=source created_by=createdBy.id confirmed_at=confirmedAt \
         confirmed_by_client=confirmedByClient confirmation_warning=confirmationWarning \
         gazelle_created_at=createdAt gazelle_updated_at=updatedAt",
    ),
    (
        "gazelle_timeline_entries",
        "external_id",
        "client_id=client.id piano_id=piano.id user_id=user.id invoice_id=invoice.id estimate_id=estimate.id \
         entry_type=type title=summary description=comment occurred_at=occurredAt",
    ),
];

/// The tables, their keys and their columns.
pub fn tables() -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
    TABLES.iter().map(|(table, key, fields)| {
        let derived: &[&str] = match *table {
            "gazelle_clients" => &["company_name"],
            "gazelle_contacts" => &["client_external_id"],
            "gazelle_appointments" => &["notes", "appointment_date", "appointment_time", "piano_external_id"],
            "gazelle_timeline_entries" => &["entry_date"],
            _ => &[],
        };
        let named = fields.split_whitespace().filter_map(|field| Some(field.split_once('=')?.0));
        (*table, *key, named.chain(derived.iter().copied()).collect())
    })
}

/// What a table should hold.
pub fn rows(company: &Company, table: &str) -> Rows {
    let contacts: Vec<Value>;
    let nodes: &[Value] = match table {
        "users" => &company.users,
        "gazelle_clients" => &company.clients,
        "gazelle_pianos" => &company.pianos,
        "gazelle_appointments" => &company.appointments,
        "gazelle_contacts" => {
            let mut all = Vec::new();
            for client in &company.clients {
                for mut contact in client["contacts"].as_array().cloned().unwrap_or_default() {
                    contact["ofClient"] = client["id"].clone();
                    all.push(contact);
                }
            }
            contacts = all;
            &contacts
        }
        _ => &company.timeline,
    };
    nodes.iter().map(|node| (text(&node["id"]), row(table, node))).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn row(table: &str, node: &Value) -> BTreeMap<String, Value> {
    let fields = TABLES.iter().find(|(name, ..)| *name == table).map_or("", |(.., fields)| *fields);
    let mut columns: BTreeMap<String, Value> = fields
        .split_whitespace()
        .filter_map(|field| field.split_once('='))
        .map(|(column, path)| {
            let value = path.split('.').fold(node, |value, step| &value[step]);
            (column.to_owned(), plain(value))
        })
        .collect();
    let local = |field: &str, format: &str| {
        let instant = node[field].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let zone = TimeZone::get("America/Toronto").ok();
        let shown =
            instant.zip(zone).map(|(instant, zone)| instant.to_zoned(zone).strftime(format).to_string());
        shown.map_or(Value::Null, Value::from)
    };
    match table {
        "gazelle_clients" => {
            let company = plain(&node["companyName"]);
            let person = format!("{} {}", text(&columns["first_name"]), text(&columns["last_name"]));
            columns.insert("company_name".into(), if company.is_null() { person.into() } else { company });
        }
        "gazelle_contacts" => {
            columns.insert("client_external_id".into(), node["ofClient"].clone());
        }
        "gazelle_appointments" => {
            let notes = if columns["description"].is_null() { "title" } else { "description" };
            columns.insert("notes".into(), columns[notes].clone());
            columns.insert("piano_external_id".into(), node["eventPianos"][0]["piano"]["id"].clone());
            columns.insert("appointment_date".into(), local("start", "%Y-%m-%d"));
            columns.insert("appointment_time".into(), local("start", "%H:%M:%S"));
            if node["isAllDay"] == true {
                // The date as it is written, from the midnight at which it begins in Montréal.
                let date = node["start"].as_str().and_then(|start| start.get(..10)).unwrap_or_default();
                let midnight = date.parse::<Date>().ok().zip(TimeZone::get("America/Toronto").ok());
                let begins = midnight.and_then(|(date, zone)| date.to_zoned(zone).ok());
                columns.insert("appointment_date".into(), date.into());
                columns.insert("appointment_time".into(), Value::Null);
                columns.insert("start_datetime".into(), json!(begins.map(|begins| begins.timestamp())));
            }
        }
        "gazelle_timeline_entries" => {
            columns.insert("entry_date".into(), local("occurredAt", "%Y-%m-%d"));
        }
        _ => {}
    }
    columns
}

/// A value in the one form in which both sides are compared: text without space around it, empty text as nothing,
/// instants in UTC.
pub fn plain(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    match (text.trim(), text.parse::<Timestamp>()) {
        ("", _) => Value::Null,
        (_, Ok(instant)) => json!(instant),
        (trimmed, Err(_)) => trimmed.into(),
    }
}
