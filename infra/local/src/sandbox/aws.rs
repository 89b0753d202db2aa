//! EventBridge `PutEvents` and Secrets Manager `GetSecretValue`, in AWS's JSON protocol.

mod event;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::event::BusEvent;
use super::{Sandbox, lock};
use crate::faults::Fault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Entry {
    event_bus_name: String,
    source: String,
    detail_type: String,
    detail: String,
}

/// `POST /`
pub async fn call(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header(header::AUTHORIZATION.as_str()).starts_with("AWS4-HMAC-SHA256") {
        return refuse("MissingAuthenticationToken");
    }
    match header("x-amz-target") {
        "AWSEvents.PutEvents" => put_events(&sandbox, &body),
        "secretsmanager.GetSecretValue" => secret(&sandbox, &body),
        _ => refuse("UnknownOperationException"),
    }
}

fn refuse(code: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"__type": code, "message": code}))).into_response()
}

fn put_events(sandbox: &Sandbox, body: &[u8]) -> Response {
    let Ok(request) = serde_json::from_slice::<PutEvents>(body) else {
        return refuse("ValidationException");
    };
    if request.entries.is_empty() || request.entries.len() > 10 {
        return refuse("ValidationException");
    }
    if sandbox.faults.strikes(Fault::EventbridgePartial) {
        let refused = json!({"ErrorCode": "InternalFailure", "ErrorMessage": "planted"});
        let entries = vec![refused; request.entries.len()];
        return Json(json!({"FailedEntryCount": entries.len(), "Entries": entries})).into_response();
    }
    let mut failed = 0;
    let entries: Vec<Value> = request
        .entries
        .into_iter()
        .map(|entry| {
            let detail = serde_json::from_str::<Value>(&entry.detail).ok().filter(Value::is_object);
            match detail {
                Some(detail)
                    if entry.detail.len() < 256 * 1024 && entry.event_bus_name == "gazelle-tasks" =>
                {
                    json!({"EventId": accept(sandbox, &entry.source, &entry.detail_type, detail)})
                }
                _ => {
                    failed += 1;
                    json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."})
                }
            }
        })
        .collect();
    Json(json!({"FailedEntryCount": failed, "Entries": entries})).into_response()
}

fn accept(sandbox: &Sandbox, source: &str, detail_type: &str, detail: Value) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let id = format!("00000000-0000-4000-8000-{:012}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let envelope = json!({
        "version": "0", "id": id, "detail-type": detail_type, "source": source, "account": "000000000000",
        "time": sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "region": "ca-central-1",
        "resources": [], "detail": detail,
    });
    let copies = if sandbox.faults.has(Fault::EventDuplicate) { 2 } else { 1 };
    for _ in 0..copies {
        sandbox.bus.send(BusEvent { envelope: envelope.clone() }).ok();
    }
    id
}

fn secret(sandbox: &Sandbox, body: &[u8]) -> Response {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        secret_id: String,
    }
    let Ok(request) = serde_json::from_slice::<Request>(body) else {
        return refuse("ValidationException");
    };
    sandbox.secret_reads.fetch_add(1, Ordering::Relaxed);
    match lock(&sandbox.secrets).get(&request.secret_id) {
        Some(secret) => Json(json!({
            "ARN": request.secret_id, "Name": request.secret_id, "SecretString": secret,
            "VersionId": "00000000-0000-4000-8000-000000000000", "VersionStages": ["AWSCURRENT"],
        }))
        .into_response(),
        None => refuse("ResourceNotFoundException"),
    }
}
