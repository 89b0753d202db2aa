//! From rows to `spreadsheets.batchUpdate` requests, as JSON text. Pure.
//!
//! A small workbook is one batch, hence atomic. A large one is first written to hidden staging tabs, in batches of a
//! bounded size; one last batch of a few requests a tab copies their cells and colours over: readers see the old report
//! or the new one. Tabs keep their `gid`.

use serde_json::{Value, json};
use shared::{clock::SPREADSHEET_EPOCH, text::truncate};

use crate::{
    tabs::{HEADERS, Row, TabRule},
    titles::{self, ExistingTab, STAGING_IDS},
};

/// Google takes about 2 MB a request.
pub const BATCH_BYTES: usize = 1_800_000;
/// Google takes 50 000 characters a cell.
const CELL_CHARACTERS: usize = 49_000;
const EMPTY_TAB: &str = "aucun événement";
/// What a tab adds to a batch besides its rows and its colours: its frame, its header, the formats of its rows. A bound.
const TAB_BYTES: usize = 4_000;
/// What a run of alert rows adds. A bound.
const RUN_BYTES: usize = 320;

/// The body of one request: all of it is applied, or nothing.
#[derive(Debug)]
pub struct Batch {
    text: String,
    is_empty: bool,
}

impl Batch {
    fn new() -> Self {
        Self { text: String::from(r#"{"requests":["#), is_empty: true }
    }

    fn text(&mut self, parts: &[&str]) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.text.push(',');
        }
        self.text.extend(parts.iter().copied());
    }

    fn add(&mut self, request: &Value) {
        self.text(&[&request.to_string()]);
    }

    /// The JSON text.
    pub fn finish(mut self) -> String {
        self.text.push_str(r#"],"includeSpreadsheetInResponse":false}"#);
        self.text
    }
}

/// The rows of one tab: how many there are, and those that wait to be sent.
#[derive(Debug, Default)]
pub struct Content {
    /// Rows without the header.
    rows: usize,
    /// The waiting rows, as JSON texts with commas between them.
    lines: String,
    /// How many.
    waiting: usize,
    /// Which of them are alerts: ranges of rows of the grid.
    alerts: Vec<(usize, usize)>,
}

/// A row as the JSON text of its cells.
pub fn line(row: &Row) -> String {
    json!({"values": cells(row)}).to_string()
}

impl Content {
    /// Adds a row, given as its [`line()`].
    pub fn push(&mut self, line: &str, is_alert: bool) {
        self.put(line);
        self.rows += 1;
        if is_alert {
            match self.alerts.last_mut() {
                Some((_, end)) if *end == self.rows => *end += 1,
                _ => self.alerts.push((self.rows, self.rows + 1)),
            }
        }
    }

    /// A tab without rows says so.
    pub fn end(&mut self) {
        if self.rows == 0 && self.waiting == 0 {
            let mut cells = vec![text_cell(EMPTY_TAB)];
            cells.resize(HEADERS.len(), json!({}));
            self.put(&json!({"values": cells}).to_string());
        }
    }

    fn put(&mut self, line: &str) {
        if self.waiting > 0 {
            self.lines.push(',');
        }
        self.lines.push_str(line);
        self.waiting += 1;
    }

    /// Rows without the header.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether rows wait to be sent.
    pub fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// At least what this tab adds to a batch.
    pub fn bytes(&self) -> usize {
        TAB_BYTES + self.lines.len() + self.alerts.len() * RUN_BYTES
    }

    /// What waited was sent.
    pub fn sent(&mut self) {
        *self = Self { rows: self.rows, ..Self::default() };
    }

    /// Rows of the grid: header, rows or the line that says there are none.
    fn grid_rows(&self) -> usize {
        1 + self.rows.max(1)
    }

    /// The waiting rows with their formats.
    fn write(&self, sheet_id: i64, batch: &mut Batch) {
        if self.waiting == 0 {
            return;
        }
        let end = self.grid_rows();
        let start = end - self.waiting;
        let target = json!({"sheetId": sheet_id, "rowIndex": start, "columnIndex": 0}).to_string();
        batch.text(&[
            r#"{"updateCells":{"start":"#,
            &target,
            r#","rows":["#,
            &self.lines,
            r#"],"fields":"userEnteredValue"}}"#,
        ]);
        for request in formats(sheet_id, (start, end), &self.alerts) {
            batch.add(&request);
        }
    }
}

/// A tab with its place in the spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The `gid`.
    pub sheet_id: i64,
    /// Whether it is there already.
    pub exists: bool,
}

/// Where each tab of the report is, or will be. What exists without staging tabs.
fn targets(existing: &[ExistingTab], rules: &[TabRule]) -> Vec<Target> {
    let visible: Vec<&ExistingTab> = existing.iter().filter(|tab| !tab.is_staging()).collect();
    let mut found: Vec<Option<i64>> =
        rules.iter().map(|rule| titles::find(&visible, &rule.title).map(|tab| tab.sheet_id)).collect();
    for at in 0..rules.len() {
        if found[at].is_none() {
            // A tab with a former title is renamed: links to it keep working. Unless it is another's by its title.
            let free: Vec<&ExistingTab> =
                visible.iter().filter(|tab| !found.contains(&Some(tab.sheet_id))).copied().collect();
            let former = rules[at].former_titles.iter().find_map(|title| titles::find(&free, title));
            found[at] = former.map(|tab| tab.sheet_id);
        }
    }
    let mut free = free_ids(existing, 1..STAGING_IDS.start);
    found
        .into_iter()
        .map(|found| Target {
            sheet_id: found.or_else(|| free.next()).unwrap_or_default(),
            exists: found.is_some(),
        })
        .collect()
}

fn free_ids(existing: &[ExistingTab], range: std::ops::Range<i64>) -> impl Iterator<Item = i64> {
    range.filter(move |id| existing.iter().all(|tab| tab.sheet_id != *id))
}

/// The whole report in one batch, of which readers see all or nothing.
pub fn direct(existing: &[ExistingTab], rules: &[TabRule], contents: &[Content]) -> Batch {
    let mut batch = Batch::new();
    delete_leftovers(existing, &mut batch);
    for ((target, rule), content) in targets(existing, rules).iter().zip(rules).zip(contents) {
        batch.add(&frame(*target, &rule.title, content.grid_rows()));
        header(target.sheet_id, &mut batch);
        content.write(target.sheet_id, &mut batch);
    }
    batch
}

/// Makes the staging tabs; answers their `gid`s.
pub fn prepare(existing: &[ExistingTab], rules: &[TabRule]) -> (Batch, Vec<i64>) {
    let mut batch = Batch::new();
    delete_leftovers(existing, &mut batch);
    let names = titles::staging_titles(existing, rules.iter().map(|rule| rule.title.as_str()));
    let ids: Vec<i64> = free_ids(existing, STAGING_IDS).take(rules.len()).collect();
    for (id, name) in ids.iter().zip(names) {
        batch.add(&json!({"addSheet": {"properties": {
            "sheetId": id, "title": name, "hidden": true,
            "gridProperties": {"rowCount": 2, "columnCount": HEADERS.len()},
        }}}));
        header(*id, &mut batch);
    }
    (batch, ids)
}

/// Fills the staging tabs with what waits. Sent twice, it does the same as once.
pub fn fill(staging: &[i64], contents: &[Content]) -> Batch {
    let mut batch = Batch::new();
    for (sheet_id, content) in staging.iter().zip(contents).filter(|(_, content)| content.is_waiting()) {
        batch.add(&json!({"updateSheetProperties": {
            "properties": {"sheetId": sheet_id, "gridProperties": {"rowCount": content.grid_rows()}},
            "fields": "gridProperties.rowCount",
        }}));
        content.write(*sheet_id, &mut batch);
    }
    batch
}

/// Copies the staging tabs over and deletes them: the only batch that readers see.
pub fn swap(existing: &[ExistingTab], rules: &[TabRule], staging: &[i64], contents: &[Content]) -> Batch {
    let mut batch = Batch::new();
    let targets = targets(existing, rules);
    for (((target, rule), content), staged) in targets.iter().zip(rules).zip(contents).zip(staging) {
        batch.add(&frame(*target, &rule.title, content.grid_rows()));
        let range = |sheet_id: i64| range(sheet_id, (0, content.grid_rows()), (0, HEADERS.len()));
        for paste in ["PASTE_VALUES", "PASTE_FORMAT"] {
            batch.add(&json!({"copyPaste": {
                "source": range(*staged), "destination": range(target.sheet_id), "pasteType": paste,
            }}));
        }
        batch.add(&json!({"deleteSheet": {"sheetId": staged}}));
    }
    batch
}

fn delete_leftovers(existing: &[ExistingTab], batch: &mut Batch) {
    for tab in existing.iter().filter(|tab| tab.is_staging()) {
        batch.add(&json!({"deleteSheet": {"sheetId": tab.sheet_id}}));
    }
}

/// The tab itself: title, size (leftover rows vanish), frozen header.
fn frame(target: Target, title: &str, grid_rows: usize) -> Value {
    let properties = json!({
        "sheetId": target.sheet_id,
        "title": title,
        "gridProperties": {"rowCount": grid_rows, "columnCount": HEADERS.len(), "frozenRowCount": 1},
    });
    if !target.exists {
        return json!({"addSheet": {"properties": properties}});
    }
    json!({"updateSheetProperties": {
        "properties": properties,
        "fields": "title,gridProperties(rowCount,columnCount,frozenRowCount)",
    }})
}

fn header(sheet_id: i64, batch: &mut Batch) {
    let cells: Vec<Value> = HEADERS.iter().map(|title| text_cell(title)).collect();
    batch.add(&json!({"updateCells": {
        "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
        "rows": [{"values": cells}],
        "fields": "userEnteredValue",
    }}));
    let style =
        json!({"textFormat": {"bold": true}, "backgroundColor": {"red": 0.88, "green": 0.92, "blue": 0.97}});
    batch.add(&repeat(range(sheet_id, (0, 1), (0, HEADERS.len())), style, ALL_FORMATS));
}

/// What the report decides about a cell; formats of an earlier content are reset.
const ALL_FORMATS: &str =
    "userEnteredFormat(backgroundColor,numberFormat,textFormat,wrapStrategy,verticalAlignment)";

/// Text wrapped, dates shown as dates, alert rows coloured.
fn formats(sheet_id: i64, rows: (usize, usize), alerts: &[(usize, usize)]) -> Vec<Value> {
    let date = json!({"type": "DATE", "pattern": "yyyy-mm-dd"});
    let all = (0, HEADERS.len());
    let mut formats = vec![
        repeat(
            range(sheet_id, rows, all),
            json!({"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}),
            ALL_FORMATS,
        ),
        repeat(
            range(sheet_id, rows, (0, 1)),
            json!({"numberFormat": date, "wrapStrategy": "WRAP", "verticalAlignment": "TOP"}),
            ALL_FORMATS,
        ),
    ];
    formats.extend(alerts.iter().map(|alert| {
        let colour = json!({"backgroundColor": {"red": 1.0, "green": 0.92, "blue": 0.8}});
        repeat(range(sheet_id, *alert, all), colour, "userEnteredFormat(backgroundColor)")
    }));
    formats
}

fn repeat(range: Value, format: Value, fields: &str) -> Value {
    json!({"repeatCell": {"range": range, "cell": {"userEnteredFormat": format}, "fields": fields}})
}

fn range(sheet_id: i64, rows: (usize, usize), columns: (usize, usize)) -> Value {
    json!({
        "sheetId": sheet_id, "startRowIndex": rows.0, "endRowIndex": rows.1,
        "startColumnIndex": columns.0, "endColumnIndex": columns.1,
    })
}

fn cells(row: &Row) -> Vec<Value> {
    let days = SPREADSHEET_EPOCH.duration_until(row.date).as_hours() / 24;
    vec![
        json!({"userEnteredValue": {"numberValue": days}}),
        text_cell(row.kind),
        text_cell(&row.description),
        text_cell(&row.piano),
        text_cell(&row.location),
        text_cell(&row.technician),
        text_cell(&row.measurement),
    ]
}

/// A text as itself: nothing is ever read as a formula. An empty one clears the cell.
fn text_cell(text: &str) -> Value {
    match text {
        "" => json!({}),
        _ => json!({"userEnteredValue": {"stringValue": truncate(text, CELL_CHARACTERS)}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::TabKind;

    fn row(description: &str) -> Row {
        Row {
            date: "2026-01-15".parse().unwrap(),
            kind: "Service",
            description: description.into(),
            piano: "Yamaha U1".into(),
            location: String::new(),
            technician: "Allan".into(),
            measurement: "21°, 40%".into(),
            is_alert: false,
        }
    }

    fn rule(title: &str, former: &[&str]) -> TabRule {
        TabRule {
            title: title.into(),
            kind: TabKind::Institution,
            client_ids: Vec::new(),
            keywords: Vec::new(),
            former_titles: former.iter().map(|title| (*title).into()).collect(),
        }
    }

    fn existing(sheet_id: i64, title: &str) -> ExistingTab {
        ExistingTab { sheet_id, title: title.into(), hidden: false }
    }

    fn content(rows: &[Row]) -> Content {
        let mut content = Content::default();
        rows.iter().for_each(|row| content.push(&line(row), row.is_alert));
        content.end();
        content
    }

    fn requests(batch: Batch) -> Vec<Value> {
        let body: Value = serde_json::from_str(&batch.finish()).unwrap();
        body["requests"].as_array().unwrap().clone()
    }

    #[test]
    fn a_small_workbook_is_one_batch_and_a_former_tab_is_renamed_in_place() {
        let rules = [rule("Vincent d'Indy", &["Vincent"])];
        let requests = requests(direct(&[existing(7, "Vincent")], &rules, &[content(&[row("=1+1")])]));
        let frame = &requests[0]["updateSheetProperties"]["properties"];
        assert_eq!((&frame["sheetId"], &frame["title"]), (&json!(7), &json!("Vincent d'Indy")));
        assert_eq!(frame["gridProperties"]["rowCount"], 2);
        let cells = &requests[3]["updateCells"]["rows"][0]["values"];
        assert_eq!(cells[0]["userEnteredValue"]["numberValue"], 46_037);
        assert_eq!(cells[2]["userEnteredValue"]["stringValue"], "=1+1");
    }

    #[test]
    fn a_tab_is_found_whatever_its_case_and_never_taken_twice() {
        let rules = [rule("UQAM", &[]), rule("Vincent d'Indy", &["uqam", "Vincent"]), rule("Orford", &[])];
        let tabs = [existing(1, "Feuille 1"), existing(8, "uqam"), existing(9, "VINCENT")];
        let found = targets(&tabs, &rules);
        let target = |sheet_id, exists| Target { sheet_id, exists };
        assert_eq!(found, [target(8, true), target(9, true), target(2, false)]);
        // The largest number that a tab can have is no reason for a larger one.
        assert_eq!(targets(&[existing(2_147_483_647, "x")], &rules[..1])[0], target(1, false));
    }

    #[test]
    fn an_empty_tab_says_so() {
        let requests = requests(direct(&[], &[rule("UQAM", &[])], &[content(&[])]));
        let cell = &requests[3]["updateCells"]["rows"][0]["values"][0];
        assert_eq!(cell["userEnteredValue"]["stringValue"], "aucun événement");
        assert_eq!(requests[3]["updateCells"]["start"]["rowIndex"], 1);
    }

    #[test]
    fn a_persons_tab_with_the_reserved_title_stays_and_what_a_report_left_goes() {
        let left =
            ExistingTab {
                sheet_id: STAGING_IDS.start, title: "~ en préparation: UQAM".into(), hidden: true
            };
        let tabs = [existing(9, "~ en préparation: UQAM"), left];
        let rules = [rule("UQAM", &[])];
        let (batch, ids) = prepare(&tabs, &rules);
        let made = requests(batch);
        assert_eq!(made[0], json!({"deleteSheet": {"sheetId": STAGING_IDS.start}}));
        assert_eq!(ids, [STAGING_IDS.start + 1]);
        assert_eq!(made[1]["addSheet"]["properties"]["title"], "~ en préparation: UQAM (2)");
        let direct = requests(direct(&tabs, &rules, &[content(&[])]));
        assert!(direct.iter().all(|request| request["deleteSheet"]["sheetId"] != 9));
    }

    #[test]
    fn alerts_are_coloured_in_runs_of_bounded_size() {
        let mut rows = vec![row("a"), row("b"), row("c"), row("d")];
        for at in [0, 1, 3] {
            rows[at].is_alert = true;
        }
        let content = content(&rows);
        assert_eq!(content.alerts, [(1, 3), (4, 5)]);
        let plain = Content { rows: 4, waiting: 4, lines: content.lines.clone(), alerts: Vec::new() };
        let size = |content: &Content| {
            let mut batch = Batch::new();
            content.write(STAGING_IDS.end, &mut batch);
            batch.finish().len()
        };
        assert!(size(&content) - size(&plain) <= 2 * RUN_BYTES);
        let colour = formats(STAGING_IDS.end, (1, 2), &[(9_999_990, 9_999_999)])[2].to_string();
        assert!(colour.len() < RUN_BYTES, "{}", colour.len());
    }

    #[test]
    fn a_tab_and_its_rows_are_never_more_than_they_say() {
        let title = "\u{1}".repeat(100);
        let rows: Vec<Row> =
            (0..50).map(|at| Row { is_alert: at % 2 == 0, ..row(&"\u{1}é\"".repeat(at)) }).collect();
        let content = content(&rows);
        let bound = content.bytes();
        let direct = direct(&[existing(7, &title)], &[rule(&title, &[])], std::slice::from_ref(&content));
        assert!(direct.finish().len() <= bound);
        let filled = fill(&[STAGING_IDS.start], std::slice::from_ref(&content));
        assert!(filled.finish().len() <= bound);
    }

    #[test]
    fn the_swap_is_small_copies_values_and_colours_and_keeps_the_tab() {
        let rules = [rule("UQAM", &[])];
        let mut content = content(&(0..500).map(|_| row("é")).collect::<Vec<_>>());
        content.sent();
        let staged =
            ExistingTab {
                sheet_id: STAGING_IDS.start, title: "~ en préparation: UQAM".into(), hidden: true
            };
        let batch = swap(&[existing(7, "uqam"), staged], &rules, &[STAGING_IDS.start], &[content]);
        let requests = requests(batch);
        assert_eq!(requests[0]["updateSheetProperties"]["properties"]["gridProperties"]["rowCount"], 501);
        let pasted: Vec<&Value> = requests.iter().map(|request| &request["copyPaste"]["pasteType"]).collect();
        assert_eq!(pasted[1..3], [&json!("PASTE_VALUES"), &json!("PASTE_FORMAT")]);
        assert_eq!(requests[1]["copyPaste"]["destination"]["sheetId"], 7);
        assert_eq!(requests[3], json!({"deleteSheet": {"sheetId": STAGING_IDS.start}}));
    }
}
