//! Google: the token endpoint, which checks the assertion's signature, and a spreadsheet that takes what Sheets
//! takes: known requests, existing tabs, ranges inside the grid, all of a batch or nothing.

mod titles;
mod workbook;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

use self::workbook::Batch;
pub use self::workbook::{SheetTab, Workbook};
use super::{Sandbox, credentials, lock, refuse};
use crate::faults::Fault;

const TOKEN: &str = "local-google-access-token";

/// Google recommends 2 MB and refuses much more; the sandbox takes it at its word.
const REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// `GET /v4/spreadsheets/{id}`
pub async fn read(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = refusal(&sandbox, &id, &headers) {
        return refusal;
    }
    let workbook = lock(&sandbox.workbook);
    let sheets: Vec<Value> = workbook
        .tabs
        .iter()
        .enumerate()
        .map(|(index, tab)| {
            let mut properties = json!({"sheetId": tab.id, "title": tab.title, "index": index});
            // What is false is left out.
            if tab.hidden {
                properties["hidden"] = true.into();
            }
            json!({"properties": properties})
        })
        .collect();
    Json(json!({"sheets": sheets})).into_response()
}

/// `POST /v4/spreadsheets/{id}:batchUpdate`
pub async fn update(
    State(sandbox): State<Arc<Sandbox>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(id) = id.strip_suffix(":batchUpdate") else {
        return refuse(StatusCode::NOT_FOUND, "unknown method");
    };
    if let Some(refusal) = refusal(&sandbox, id, &headers) {
        return refusal;
    }
    if body.len() > REQUEST_BYTES {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large");
    }
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_repeated = {
        let mut bodies = lock(&sandbox.bodies);
        let last = bodies.iter().rev().find(|(service, _)| *service == "sheets");
        let is_repeated = last.is_some_and(|(_, body)| *body == json);
        bodies.push(("sheets", json.clone()));
        is_repeated
    };
    let batch = match Batch::deserialize(json) {
        Ok(batch) => batch,
        Err(error) => {
            return refuse(StatusCode::BAD_REQUEST, &format!("Invalid JSON payload received. {error}"));
        }
    };
    let applied = lock(&sandbox.workbook).apply(batch);
    match applied {
        Ok(()) => {
            let answer = json!({"spreadsheetId": id, "replies": []});
            if !is_repeated && sandbox.faults.strikes(Fault::GoogleCut) {
                super::gazelle::cut(answer.to_string())
            } else {
                Json(answer).into_response()
            }
        }
        Err(reason) => refuse(StatusCode::BAD_REQUEST, &reason),
    }
}

fn refusal(sandbox: &Sandbox, id: &str, headers: &HeaderMap) -> Option<Response> {
    if sandbox.faults.strikes(Fault::GoogleError) {
        return Some(refuse(StatusCode::INTERNAL_SERVER_ERROR, "planted"));
    }
    if sandbox.faults.strikes(Fault::GoogleRateLimit) {
        return Some(refuse(StatusCode::TOO_MANY_REQUESTS, "Quota exceeded"));
    }
    let expected = format!("Bearer {TOKEN}");
    if headers.get(header::AUTHORIZATION).is_none_or(|given| given != expected.as_str()) {
        return Some(refuse(StatusCode::UNAUTHORIZED, "invalid credentials"));
    }
    (id != credentials::SPREADSHEET_ID)
        .then(|| refuse(StatusCode::NOT_FOUND, "Requested entity was not found."))
}

/// `POST /google/token`
pub async fn token(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let is_form =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let grant = form.get("grant_type").map(String::as_str);
    if !is_form || grant != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    match form.get("assertion").and_then(|assertion| verified_claims(assertion)) {
        Some(claims) if is_acceptable(&claims, sandbox.clock.now().as_second()) => {
            Json(json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})).into_response()
        }
        _ => refuse(StatusCode::BAD_REQUEST, "invalid_grant"),
    }
}

fn is_acceptable(claims: &Value, now: i64) -> bool {
    let instant = |name: &str| claims[name].as_i64().unwrap_or_default();
    claims["iss"] == credentials::SERVICE_ACCOUNT
        && claims["scope"] == "https://www.googleapis.com/auth/spreadsheets"
        && claims["aud"].as_str().is_some_and(|audience| audience.ends_with("/google/token"))
        && instant("exp") - instant("iat") <= 3600
        && instant("exp") > now
        && instant("iat") < now + 300
}

/// The sandbox's one RSA key.
pub fn service_account_key() -> Option<RsaKeyPair> {
    let encoded: String =
        credentials::SERVICE_ACCOUNT_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&STANDARD.decode(encoded).ok()?).ok()
}

fn verified_claims(assertion: &str) -> Option<Value> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    let key = service_account_key()?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref())
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?)
        .ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(requests: Value) -> Result<Workbook, String> {
        let batch: Batch =
            serde_json::from_value(json!({"requests": requests})).map_err(|error| error.to_string())?;
        let mut workbook = Workbook::as_the_predecessor_left_it();
        workbook.apply(batch)?;
        Ok(workbook)
    }

    #[test]
    fn a_batch_is_all_or_nothing_and_unknown_things_are_refused() {
        let add = json!({"addSheet": {"properties": {"sheetId": 7, "title": "UQAM"}}});
        assert!(apply(json!([add])).is_ok());
        for wrong in [
            json!([]),
            json!([add, add]),
            json!([{"addSheet": {"properties": {"sheetId": 7, "title": "X", "colour": 1}}}]),
            json!([{"invented": {}}]),
            json!([{"deleteSheet": {"sheetId": 99}}]),
            json!([{"updateCells": {"start": {"sheetId": 0, "rowIndex": 100, "columnIndex": 0}, "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "x"}}]}]}}]),
            json!([{"updateCells": {"start": {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}, "fields": "userEnteredValue",
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "x", "numberValue": 1}}]}]}}]),
            json!([{"addSheet": {"properties": {"sheetId": 7, "title": "VINCENT"}}}]),
            json!([{"addSheet": {"properties": {"sheetId": -1, "title": "UQAM"}}}]),
            json!([{"copyPaste": {"pasteType": "PASTE_NORMAL",
                "source": {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1},
                "destination": {"sheetId": 41, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}}}]),
        ] {
            assert!(apply(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mask_sets_and_resets_what_it_names_and_leaves_the_rest() {
        let repeat = |format: Value, fields: &str| {
            json!({"repeatCell": {
                "range": {"sheetId": 41, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 1},
                "cell": {"userEnteredFormat": format}, "fields": fields,
            }})
        };
        let workbook = apply(json!([
            repeat(json!({"wrapStrategy": "WRAP"}), "userEnteredFormat(wrapStrategy,backgroundColor)"),
            repeat(json!({"backgroundColor": {"red": 1.0}}), "userEnteredFormat(backgroundColor)"),
            repeat(json!({}), "userEnteredFormat(numberFormat)"),
        ]))
        .unwrap();
        assert_eq!(
            workbook.tabs[1].cells[1][0].format,
            json!({"wrapStrategy": "WRAP", "backgroundColor": {"red": 1.0}})
        );
    }
}
