//! What Gazelle, and what stands between, do to an answer: by fault.

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::faults::{Fault, Faults};

const HTML: &str = "<!DOCTYPE html><title>planted page for jean@planted.example</title>";

/// An answer instead of Gazelle's.
pub(super) fn instead(faults: &Faults) -> Option<Response> {
    let error = |code: &str, path: Value| {
        let message = "planted failure of jean@planted.example";
        let error = json!({"message": message, "path": path, "extensions": {"code": code, "for": "jean@planted.example"}});
        axum::Json(json!({"data": null, "errors": [error]})).into_response()
    };
    let page = |status: StatusCode| (status, [(header::CONTENT_TYPE, "text/html")], HTML).into_response();
    match () {
        () if faults.strikes(Fault::GazelleGraphqlError) => Some(error(
            "GRAPHQL_VALIDATION_FAILED",
            json!(["allClients", "nodes", 3, "jean@planted.example"]),
        )),
        () if faults.strikes(Fault::GazelleInternalError) => {
            Some(error("INTERNAL_SERVER_ERROR", json!(["allClients"])))
        }
        () if faults.strikes(Fault::GazelleThrottled) => Some(error("THROTTLED", Value::Null)),
        () if faults.strikes(Fault::GazelleProxy) => Some(page(StatusCode::FORBIDDEN)),
        () if faults.strikes(Fault::GazelleHtml) => Some(page(StatusCode::OK)),
        () => None,
    }
}

/// Gazelle's answer as the faults in force leave it.
pub(super) fn spoiled(faults: &Faults, variables: &Value, answer: String) -> Response {
    let answer = misleading(faults, variables, answer);
    let answer = otherwise_typed(faults, answer);
    let bytes = unstorable(faults, answer);
    ([(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response()
}

/// Pages that lead nowhere, and lists that are cut.
fn misleading(faults: &Faults, variables: &Value, answer: String) -> String {
    const PAGES: [Fault; 7] = [
        Fault::GazelleNoPageInfo,
        Fault::GazelleSameCursor,
        Fault::GazelleCursorCircle,
        Fault::GazelleContactsCircle,
        Fault::GazelleEmptyPage,
        Fault::GazelleNoCursor,
        Fault::GazelleCutLists,
    ];
    if !PAGES.iter().any(|fault| faults.has(*fault)) {
        return answer;
    }
    let Ok(mut parsed) = serde_json::from_str::<Value>(&answer) else { return answer };
    if variables["after"].is_string()
        && let Some(contacts) = parsed.pointer_mut("/data/client/allContacts/pageInfo")
        && faults.strikes(Fault::GazelleContactsCircle)
    {
        *contacts = json!({"hasNextPage": true, "endCursor": variables["after"]});
    }
    let lists = parsed["data"].as_object_mut().into_iter().flat_map(|data| data.values_mut());
    for list in lists.filter(|list| list["pageInfo"].is_object()) {
        if faults.strikes(Fault::GazelleNoPageInfo) {
            list["pageInfo"] = Value::Null;
            continue;
        }
        let leads_to = |cursor: Value| json!({"hasNextPage": true, "endCursor": cursor});
        if faults.strikes(Fault::GazelleSameCursor) {
            list["pageInfo"] = leads_to("round".into());
        }
        if faults.strikes(Fault::GazelleCursorCircle) {
            let next = match variables["after"].as_str() {
                Some("round-1") => "round-2",
                Some("round-2") => "round-3",
                _ => "round-1",
            };
            list["pageInfo"] = leads_to(next.into());
        }
        if faults.strikes(Fault::GazelleNoCursor) {
            list["pageInfo"] = leads_to(Value::Null);
        }
        if faults.strikes(Fault::GazelleEmptyPage) {
            list["pageInfo"] = leads_to("further".into());
            list["nodes"] = json!([]);
        }
        if faults.strikes(Fault::GazelleCutLists) {
            cut_lists(list);
        }
    }
    parsed.to_string()
}

fn cut_lists(list: &mut Value) {
    let nodes = list["nodes"].as_array_mut().into_iter().flatten();
    for inner in nodes.filter_map(|node| node.get_mut("allEventPianos")).filter(|inner| inner.is_object()) {
        if let Some(nodes) = inner["nodes"].as_array_mut().filter(|nodes| nodes.len() > 1) {
            nodes.truncate(1);
            inner["pageInfo"] = json!({"hasNextPage": false, "endCursor": null});
        }
    }
}

/// Values in another type than agreed.
fn otherwise_typed(faults: &Faults, mut answer: String) -> String {
    if faults.strikes(Fault::GazelleLongNumbers) {
        answer = rewritten(&answer, "buffer", |_| Some("12345678901234567890.123456789".into()));
        answer = rewritten(&answer, "useType", |_| Some("98765432109876543210".into()));
    }
    if faults.strikes(Fault::GazelleLooseTypes) {
        let number = |value: &str| value.parse::<i64>().ok();
        answer = rewritten(&answer, "year", |year| Some(format!("{}.0", number(year)?)));
        answer =
            rewritten(&answer, "serviceIntervalMonths", |months| Some(format!("\"{}\"", number(months)?)));
        answer = rewritten(&answer, "duration", |minutes| Some(format!("\" {} \"", number(minutes)?)));
    }
    if faults.strikes(Fault::GazelleUnreadable) {
        for field in ["year", "start", "calculatedLastService", "occurredAt", "isTuning", "wantsText"] {
            answer = rewritten(&answer, field, |_| Some("\"vers 1998\"".into()));
        }
        answer = rewritten(&answer, "companyName", |_| Some("[\"planted\"]".into()));
    }
    answer
}

/// Replaces every value of a field that is not null, an object or a list.
fn rewritten(answer: &str, field: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let name = format!("\"{field}\":");
    let mut parts = answer.split(&name);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = match part.strip_prefix('"') {
            // The texts of these fields hold no quotes.
            Some(text) => text.find('"').map_or(part.len(), |end| end + 2),
            None => part.find([',', '}']).unwrap_or(part.len()),
        };
        let (value, rest) = part.split_at(end);
        out.push_str(&name);
        match change(value).filter(|_| value != "null") {
            Some(other) => out.push_str(&other),
            None => out.push_str(value),
        }
        out.push_str(rest);
    }
    out
}

/// A field of text of each collection.
const TEXTS: [&str; 5] = ["lastName", "personalNotes", "serialNumber", "addressLine", "summary"];

/// One text of the answer begins with what no database stores.
fn unstorable(faults: &Faults, answer: String) -> Vec<u8> {
    let mut bytes = answer.into_bytes();
    let plants: [(Fault, &[u8]); 3] = [
        (Fault::GazelleHalfCharacter, br"\ud83d"),
        (Fault::GazelleNotUtf8, b"\xe9"),
        (Fault::GazelleNul, br"\u0000"),
    ];
    for (_, plant) in plants.into_iter().filter(|(fault, _)| faults.strikes(*fault)) {
        for name in TEXTS {
            let name = format!("\"{name}\":\"");
            let found = bytes.windows(name.len()).position(|window| window == name.as_bytes());
            if let Some(at) = found.map(|at| at + name.len()) {
                bytes.splice(at..at, plant.iter().copied());
            }
        }
    }
    bytes
}
