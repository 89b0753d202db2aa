//! The predecessor's way: one request per row, one after the other, a read before each appointment, one connection.

use std::time::Duration;

use anyhow::ensure;
use gazelle_local::{stack::Stack, supabase};
use serde_json::{Value, json};
use shared::http::{Http, Request, json_request};

/// Writes the whole company; answers the number of requests.
pub async fn run(stack: &Stack) -> anyhow::Result<u64> {
    let rows = rows(stack)?;
    let http = Http::new();
    let key = supabase::key("service_role");
    let mut requests = 0;
    for (table, row) in rows {
        if table == "gazelle_appointments" {
            let id = row["external_id"].as_str().unwrap_or_default();
            let address = format!("{}/rest/v1/{table}?select=*&external_id=eq.{id}", stack.supabase_url);
            send(
                &http,
                authorized(
                    json_request("baseline", "GET".parse()?, address.parse()?, Default::default()),
                    &key,
                ),
            )
            .await?;
            requests += 1;
        }
        let address = format!("{}/rest/v1/{table}?on_conflict=external_id", stack.supabase_url);
        let mut request = json_request("baseline", "POST".parse()?, address.parse()?, row.to_string().into());
        request.headers.insert("prefer", "resolution=merge-duplicates,return=minimal".parse()?);
        send(&http, authorized(request, &key)).await?;
        requests += 1;
    }
    Ok(requests)
}

fn authorized(request: Request, key: &str) -> Request {
    request.with_secret_header("apikey".parse().unwrap_or_else(|_| unreachable!()), key).with_secret_header(
        "authorization".parse().unwrap_or_else(|_| unreachable!()),
        &format!("Bearer {key}"),
    )
}

async fn send(http: &Http, request: Request) -> anyhow::Result<()> {
    let answer = http.send_once(&request, Duration::from_secs(10)).await?;
    ensure!((200..300).contains(&answer.status), "the baseline got HTTP {}", answer.status);
    Ok(())
}

/// The columns that the predecessor wrote.
fn rows(stack: &Stack) -> anyhow::Result<Vec<(&'static str, Value)>> {
    let company = stack.sandbox.company.read().map_err(|_| anyhow::anyhow!("company"))?;
    let clients = company.clients.iter().map(|client| {
        let person = &client["defaultContact"];
        ("gazelle_clients", json!({
            "external_id": client["id"], "company_name": client["companyName"], "first_name": person["firstName"],
            "last_name": person["lastName"], "status": client["status"], "email": person["defaultEmail"]["email"],
            "phone": person["defaultPhone"]["phoneNumber"], "personal_notes": client["personalNotes"],
        }))
    });
    let contacts = company.clients.iter().flat_map(|client| {
        client["contacts"].as_array().into_iter().flatten().map(|contact| {
            ("gazelle_contacts", json!({
                "external_id": contact["id"], "client_external_id": client["id"], "first_name": contact["firstName"],
                "last_name": contact["lastName"], "email": contact["defaultEmail"]["email"], "is_default": true,
            }))
        })
    });
    let pianos = company.pianos.iter().map(|piano| {
        ("gazelle_pianos", json!({
            "external_id": piano["id"], "client_external_id": piano["client"]["id"], "make": piano["make"],
            "model": piano["model"], "serial_number": piano["serialNumber"], "year": piano["year"],
            "location": piano["location"],
        }))
    });
    let appointments = company.appointments.iter().map(|event| {
        ("gazelle_appointments", json!({
            "external_id": event["id"], "client_external_id": event["client"]["id"], "title": event["title"],
            "start_datetime": event["start"], "duration_minutes": event["duration"], "status": event["status"],
            "technicien": event["user"]["id"], "notes": event["notes"],
        }))
    });
    let timeline = company.timeline.iter().map(|entry| {
        ("gazelle_timeline_entries", json!({
            "external_id": entry["id"], "client_id": entry["client"]["id"], "piano_id": entry["piano"]["id"],
            "user_id": entry["user"]["id"], "occurred_at": entry["occurredAt"], "entry_type": entry["type"],
            "title": entry["summary"], "description": entry["comment"],
        }))
    });
    Ok(clients.chain(contacts).chain(pianos).chain(appointments).chain(timeline).collect())
}
