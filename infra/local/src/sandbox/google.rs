//! Google: the token endpoint, which checks the assertion's signature, and a spreadsheet that takes what Sheets
//! takes: known requests, existing tabs, ranges inside the grid, all of a batch or nothing.

mod titles;

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
use shared::clock;

use super::{Sandbox, credentials, lock, refuse};
use crate::faults::Fault;

const TOKEN: &str = "local-google-access-token";
/// Google recommends 2 MB and refuses much more; the sandbox takes it at its word.
const REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// A spreadsheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Workbook {
    /// Tabs in order.
    pub tabs: Vec<SheetTab>,
    /// Batches applied so far.
    pub revision: u64,
}

/// A tab and its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetTab {
    /// The `gid`.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Whether readers do not see it.
    pub hidden: bool,
    /// Frozen rows at the top.
    pub frozen_rows: usize,
    /// Rows of cells; every row has the width of the grid.
    pub cells: Vec<Vec<Cell>>,
    columns: usize,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Text or number.
    pub value: Value,
    /// Format.
    pub format: Value,
}

impl SheetTab {
    fn new(id: i64, title: &str, hidden: bool, rows: usize, columns: usize) -> Self {
        Self {
            id,
            title: title.into(),
            hidden,
            frozen_rows: 0,
            cells: vec![vec![Cell::default(); columns]; rows],
            columns,
        }
    }

    fn resize(&mut self, rows: usize) -> Result<(), String> {
        if self.frozen_rows >= rows {
            return Err("You can't freeze all visible rows on the sheet.".into());
        }
        self.cells.resize(rows, Vec::new());
        for row in &mut self.cells {
            row.resize(self.columns, Cell::default());
        }
        Ok(())
    }

    /// What a reader sees in a cell.
    pub fn shown(&self, row: usize, column: usize) -> String {
        let Some(cell) = self.cells.get(row).and_then(|row| row.get(column)) else {
            return String::new();
        };
        match (&cell.value, cell.format["numberFormat"]["type"].as_str()) {
            (Value::Number(days), Some("DATE")) => {
                let days = jiff::Span::new().days(days.as_i64().unwrap_or_default());
                clock::SPREADSHEET_EPOCH.checked_add(days).map(|date| date.to_string()).unwrap_or_default()
            }
            (Value::String(text), _) => text.clone(),
            (Value::Null, _) => String::new(),
            (other, _) => other.to_string(),
        }
    }

    /// Rows without the header; the line that says that there are none does not count.
    pub fn rows(&self) -> usize {
        match self.shown(1, 0).as_str() {
            "aucun événement" => 0,
            _ => self.cells.len().saturating_sub(1),
        }
    }
}

impl Workbook {
    /// A default tab, and a tab of the predecessor under its old title with old rows.
    pub fn as_the_predecessor_left_it() -> Self {
        let mut old = SheetTab::new(41, "Vincent", false, 1000, 20);
        for (row, text) in ["DateEvenement", "2025-11-30", "2025-11-29"].iter().enumerate() {
            old.cells[row][0].value = (*text).into();
        }
        Self { tabs: vec![SheetTab::new(0, "Feuille 1", false, 100, 26), old], revision: 0 }
    }

    /// The visible tabs that the report has written.
    pub fn report_tabs(&self) -> impl Iterator<Item = &SheetTab> {
        let is_written = self.revision > 0;
        self.tabs.iter().filter(move |tab| is_written && !tab.hidden && tab.shown(0, 0) == "DateEvenement")
    }

    fn tab(&mut self, id: i64) -> Result<&mut SheetTab, String> {
        self.tabs.iter_mut().find(|tab| tab.id == id).ok_or_else(|| format!("No grid with id: {id}"))
    }

    /// Applies a batch, all of it or nothing.
    fn apply(&mut self, batch: Batch) -> Result<(), String> {
        let mut changed = self.clone();
        if batch.requests.is_empty() {
            return Err("Must specify at least one request.".into());
        }
        for request in batch.requests {
            changed.apply_one(request)?;
        }
        changed.revision += 1;
        *self = changed;
        Ok(())
    }

    fn apply_one(&mut self, request: Request) -> Result<(), String> {
        match request {
            Request::AddSheet { properties } => {
                let grid = properties.grid_properties.unwrap_or_default();
                let title = properties.title.ok_or("a title is needed")?;
                titles::check(&title, self.tabs.iter().map(|tab| tab.title.as_str()))?;
                if properties.sheet_id < 0 || self.tabs.iter().any(|tab| tab.id == properties.sheet_id) {
                    return Err(format!("The sheet id {} is negative or taken.", properties.sheet_id));
                }
                let hidden = properties.hidden.unwrap_or(false);
                let mut tab = SheetTab::new(
                    properties.sheet_id,
                    &title,
                    hidden,
                    grid.row_count.unwrap_or(1000),
                    grid.column_count.unwrap_or(26),
                );
                tab.frozen_rows = grid.frozen_row_count.unwrap_or(0);
                self.tabs.push(tab);
            }
            Request::DeleteSheet { sheet_id } => {
                self.tab(sheet_id)?;
                if self.tabs.len() == 1 {
                    return Err("You can't remove all the sheets in a document.".into());
                }
                self.tabs.retain(|tab| tab.id != sheet_id);
            }
            Request::UpdateSheetProperties { properties, fields } => {
                self.update_properties(properties, &fields)?
            }
            Request::UpdateCells { start, rows, fields } => {
                let tab = self.tab(start.sheet_id)?;
                for (row, data) in rows.into_iter().enumerate() {
                    for (column, cell) in data.values.into_iter().enumerate() {
                        let target = tab
                            .cells
                            .get_mut(start.row_index + row)
                            .and_then(|cells| cells.get_mut(start.column_index + column))
                            .ok_or("Attempting to write outside the grid.")?;
                        cell.write(target, &fields)?;
                    }
                }
            }
            Request::RepeatCell { range, cell, fields } => {
                let tab = self.tab(range.sheet_id)?;
                range.check(tab)?;
                for row in &mut tab.cells[range.start_row_index..range.end_row_index] {
                    for target in &mut row[range.start_column_index..range.end_column_index] {
                        cell.clone().write(target, &fields)?;
                    }
                }
            }
            Request::CopyPaste { source, destination, paste_type } => {
                self.copy_paste(&source, &destination, &paste_type)?;
            }
        }
        Ok(())
    }

    fn copy_paste(&mut self, source: &Range, destination: &Range, kind: &str) -> Result<(), String> {
        let take: fn(&mut Cell, Cell) = match kind {
            "PASTE_VALUES" => |target, copied| target.value = copied.value,
            "PASTE_FORMAT" => |target, copied| target.format = copied.format,
            other => return Err(format!("the sandbox does not know {other}")),
        };
        let from = self.tab(source.sheet_id)?;
        source.check(from)?;
        let columns = source.start_column_index..source.end_column_index;
        let rows = &from.cells[source.start_row_index..source.end_row_index];
        let copied: Vec<Vec<Cell>> = rows.iter().map(|row| row[columns.clone()].to_vec()).collect();
        let to = self.tab(destination.sheet_id)?;
        destination.check(to)?;
        for (row, cells) in copied.into_iter().enumerate() {
            for (column, cell) in cells.into_iter().enumerate() {
                let target = to.cells.get_mut(destination.start_row_index + row);
                let target = target.and_then(|row| row.get_mut(destination.start_column_index + column));
                take(target.ok_or("the pasted range is not inside the grid")?, cell);
            }
        }
        Ok(())
    }

    fn update_properties(&mut self, properties: Properties, fields: &str) -> Result<(), String> {
        if fields == "gridProperties.rowCount" {
            let rows = properties.grid_properties.and_then(|grid| grid.row_count);
            return self.tab(properties.sheet_id)?.resize(rows.ok_or("a field of the mask is missing")?);
        }
        let known = "title,gridProperties(rowCount,columnCount,frozenRowCount)";
        if fields != known {
            return Err(format!("the sandbox does not know the mask {fields}"));
        }
        let title = properties.title.ok_or("a title is needed")?;
        let id = properties.sheet_id;
        // Its own title is no other's: it may change its case.
        titles::check(&title, self.tabs.iter().filter(|tab| tab.id != id).map(|tab| tab.title.as_str()))?;
        let grid = properties.grid_properties.ok_or("gridProperties are in the mask")?;
        let (Some(rows), Some(columns), Some(frozen)) =
            (grid.row_count, grid.column_count, grid.frozen_row_count)
        else {
            return Err("a field of the mask is missing".into());
        };
        let tab = self.tab(id)?;
        tab.title = title;
        tab.frozen_rows = frozen;
        tab.columns = columns;
        tab.resize(rows)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Batch {
    requests: Vec<Request>,
    #[serde(default)]
    #[allow(dead_code)] // The sandbox never sends the spreadsheet back.
    include_spreadsheet_in_response: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Request {
    AddSheet { properties: Properties },
    DeleteSheet { sheet_id: i64 },
    UpdateSheetProperties { properties: Properties, fields: String },
    UpdateCells { start: Coordinate, rows: Vec<RowData>, fields: String },
    RepeatCell { range: Range, cell: CellData, fields: String },
    CopyPaste { source: Range, destination: Range, paste_type: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Properties {
    sheet_id: i64,
    title: Option<String>,
    hidden: Option<bool>,
    grid_properties: Option<Grid>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Grid {
    row_count: Option<usize>,
    column_count: Option<usize>,
    frozen_row_count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Coordinate {
    sheet_id: i64,
    row_index: usize,
    column_index: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Range {
    sheet_id: i64,
    start_row_index: usize,
    end_row_index: usize,
    start_column_index: usize,
    end_column_index: usize,
}

impl Range {
    fn check(&self, tab: &SheetTab) -> Result<(), String> {
        let is_inside = self.start_row_index < self.end_row_index
            && self.end_row_index <= tab.cells.len()
            && self.start_column_index < self.end_column_index
            && self.end_column_index <= tab.columns;
        is_inside.then_some(()).ok_or_else(|| "the range is not inside the grid".to_owned())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowData {
    values: Vec<CellData>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CellData {
    user_entered_value: Option<Entered>,
    user_entered_format: Option<Value>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Entered {
    StringValue(String),
    NumberValue(f64),
}

impl CellData {
    fn write(self, target: &mut Cell, fields: &str) -> Result<(), String> {
        match fields {
            "userEnteredValue" => {
                target.value = match self.user_entered_value {
                    Some(Entered::StringValue(text)) if text.chars().count() > 50_000 => {
                        return Err(
                            "Your input contains more than the maximum of 50000 characters in a single cell."
                                .into(),
                        );
                    }
                    Some(Entered::StringValue(text)) => text.into(),
                    Some(Entered::NumberValue(number)) => (number as i64).into(),
                    None => Value::Null,
                };
            }
            _ => {
                let names = fields.strip_prefix("userEnteredFormat(").and_then(|rest| rest.strip_suffix(')'));
                let names = names.ok_or_else(|| format!("the sandbox does not know the mask {fields}"))?;
                let given = self.user_entered_format.unwrap_or_default();
                // What the mask names is set, or reset where it is not given; the rest stays.
                for name in names.split(',') {
                    let mut format = target.format.take();
                    match given.get(name) {
                        Some(value) => format[name] = value.clone(),
                        None => drop(format.as_object_mut().and_then(|fields| fields.remove(name))),
                    }
                    target.format = format;
                }
            }
        }
        Ok(())
    }
}

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
            match !is_repeated && sandbox.faults.strikes(Fault::GoogleCut) {
                true => super::gazelle::cut(answer.to_string()),
                false => Json(answer).into_response(),
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
