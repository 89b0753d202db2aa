//! From tabs to `spreadsheets.batchUpdate` requests. Pure: what exists and what should be, in; batches, out.
//!
//! A small workbook is one batch, hence atomic. A large one is first written to hidden staging tabs, whose
//! content one last batch copies over: readers see the old report or the new one. Tabs keep their `gid`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::tabs::{HEADERS, Row, Tab};
use shared::{clock::SPREADSHEET_EPOCH, text::truncate};

/// Google takes about 2 MB a request.
const BATCH_BYTES: usize = 1_800_000;
/// Google takes 50 000 characters a cell.
const CELL_CHARACTERS: usize = 49_000;
const STAGING: &str = "~ en préparation: ";
const EMPTY_TAB: &str = "aucun événement";

/// A tab of the spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExistingTab {
    /// The `gid`.
    pub sheet_id: i64,
    /// Title.
    pub title: String,
}

/// A tab with its place in the spreadsheet.
struct Target<'a> {
    tab: &'a Tab,
    sheet_id: i64,
    exists: bool,
}

/// The batches to send, in order. Each is one atomic request, and only the last one changes what readers see.
pub fn plan(existing: &[ExistingTab], tabs: &[Tab]) -> Vec<Vec<Value>> {
    let targets = targets(existing, tabs);
    let leftovers: Vec<Value> = existing
        .iter()
        .filter(|tab| tab.title.starts_with(STAGING))
        .map(|tab| json!({"deleteSheet": {"sheetId": tab.sheet_id}}))
        .collect();

    let mut direct = leftovers.clone();
    for target in &targets {
        direct.extend(target.frame());
        direct.extend(target.cells(target.sheet_id).map(|(request, _)| request));
        direct.extend(target.formats());
    }
    if json!(direct).to_string().len() <= BATCH_BYTES {
        return vec![direct];
    }
    staged(leftovers, existing, &targets)
}

fn staged(leftovers: Vec<Value>, existing: &[ExistingTab], targets: &[Target<'_>]) -> Vec<Vec<Value>> {
    let taken = existing.iter().map(|tab| tab.sheet_id);
    let first_staging_id = taken.chain(targets.iter().map(|target| target.sheet_id)).max().unwrap_or(0) + 1;
    let staging_id = |at: usize| first_staging_id + i64::try_from(at).unwrap_or_default();
    let mut preparation = leftovers;
    let mut swap = Vec::new();
    let mut fillings: Vec<(Value, usize)> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        preparation.push(json!({"addSheet": {"properties": {
            "sheetId": staging_id(at),
            "title": format!("{STAGING}{}", target.tab.title),
            "hidden": true,
            "gridProperties": {"rowCount": target.row_count(), "columnCount": HEADERS.len()},
        }}}));
        fillings.extend(target.cells(staging_id(at)));
        swap.extend(target.frame());
        let range = |sheet_id: i64| {
            json!({
                "sheetId": sheet_id, "startRowIndex": 0, "endRowIndex": target.row_count(),
                "startColumnIndex": 0, "endColumnIndex": HEADERS.len(),
            })
        };
        swap.push(json!({"copyPaste": {
            "source": range(staging_id(at)), "destination": range(target.sheet_id), "pasteType": "PASTE_VALUES",
        }}));
        swap.extend(target.formats());
        swap.push(json!({"deleteSheet": {"sheetId": staging_id(at)}}));
    }
    let mut batches = vec![preparation];
    let mut size = BATCH_BYTES;
    for (request, bytes) in fillings {
        if size + bytes > BATCH_BYTES {
            batches.push(Vec::new());
            size = 0;
        }
        size += bytes;
        if let Some(batch) = batches.last_mut() {
            batch.push(request);
        }
    }
    batches.push(swap);
    batches
}

fn targets<'a>(existing: &[ExistingTab], tabs: &'a [Tab]) -> Vec<Target<'a>> {
    let mut next_id = existing.iter().map(|tab| tab.sheet_id).max().unwrap_or(0) + 1;
    tabs.iter()
        .map(|tab| {
            let titled = |title: &String| existing.iter().find(|sheet| sheet.title == *title);
            // A tab with a former title is renamed: links to it keep working.
            let found = titled(&tab.title).or_else(|| tab.former_titles.iter().find_map(titled));
            let sheet_id = found.map_or(next_id, |sheet| sheet.sheet_id);
            next_id += i64::from(found.is_none());
            Target { tab, sheet_id, exists: found.is_some() }
        })
        .collect()
}

impl Target<'_> {
    /// Header, rows or the line that says there are none.
    fn row_count(&self) -> usize {
        1 + self.tab.rows.len().max(1)
    }

    /// The tab itself: title, size (leftover rows vanish), frozen header.
    fn frame(&self) -> Vec<Value> {
        let properties = json!({
            "sheetId": self.sheet_id,
            "title": self.tab.title,
            "gridProperties": {
                "rowCount": self.row_count(), "columnCount": HEADERS.len(), "frozenRowCount": 1,
            },
        });
        match self.exists {
            true => vec![json!({"updateSheetProperties": {
                "properties": properties,
                "fields": "title,gridProperties(rowCount,columnCount,frozenRowCount)",
            }})],
            false => vec![json!({"addSheet": {"properties": properties}})],
        }
    }

    /// Every cell, in requests well below the limit, each with its size in bytes.
    fn cells(&self, sheet_id: i64) -> impl Iterator<Item = (Value, usize)> {
        const CHUNK_BYTES: usize = BATCH_BYTES / 4;
        let mut chunks: Vec<(usize, Vec<Value>, usize)> = Vec::new();
        for (at, values) in self.lines().enumerate() {
            let line = json!({"values": values});
            let bytes = line.to_string().len() + 1;
            match chunks.last_mut() {
                Some((_, lines, size)) if *size + bytes <= CHUNK_BYTES => {
                    lines.push(line);
                    *size += bytes;
                }
                _ => chunks.push((at, vec![line], bytes)),
            }
        }
        chunks.into_iter().map(move |(start, lines, bytes)| {
            let request = json!({"updateCells": {
                "start": {"sheetId": sheet_id, "rowIndex": start, "columnIndex": 0},
                "rows": lines,
                "fields": "userEnteredValue",
            }});
            (request, bytes + 200)
        })
    }

    fn lines(&self) -> impl Iterator<Item = Vec<Value>> {
        let header = HEADERS.iter().map(|title| text_cell(title)).collect();
        let empty = self.tab.rows.is_empty().then(|| {
            let mut cells = vec![text_cell(EMPTY_TAB)];
            cells.resize(HEADERS.len(), json!({}));
            cells
        });
        std::iter::once(header).chain(self.tab.rows.iter().map(cells)).chain(empty)
    }

    /// Header bold, dates shown as dates, alert rows coloured; formats of an earlier content are reset.
    fn formats(&self) -> Vec<Value> {
        let format = |rows: (usize, usize), columns: (usize, usize), format: Value| {
            json!({"repeatCell": {
                "range": {
                    "sheetId": self.sheet_id, "startRowIndex": rows.0, "endRowIndex": rows.1,
                    "startColumnIndex": columns.0, "endColumnIndex": columns.1,
                },
                "cell": {"userEnteredFormat": format},
                "fields": "userEnteredFormat(backgroundColor,numberFormat,textFormat,wrapStrategy,verticalAlignment)",
            }})
        };
        let all = (0, HEADERS.len());
        let date = json!({"type": "DATE", "pattern": "yyyy-mm-dd"});
        let mut formats = vec![
            format(
                (0, 1),
                all,
                json!({
                    "textFormat": {"bold": true}, "backgroundColor": {"red": 0.88, "green": 0.92, "blue": 0.97},
                }),
            ),
            format((1, self.row_count()), all, json!({"wrapStrategy": "WRAP", "verticalAlignment": "TOP"})),
            format(
                (1, self.row_count()),
                (0, 1),
                json!({
                    "numberFormat": date, "wrapStrategy": "WRAP", "verticalAlignment": "TOP",
                }),
            ),
        ];
        let colour = json!({"red": 1.0, "green": 0.92, "blue": 0.8});
        for (start, end) in runs(self.tab.rows.iter().map(|row| row.is_alert)) {
            let rows = (start + 1, end + 1);
            formats.push(format(rows, (0, 1), json!({
                "backgroundColor": colour, "numberFormat": date, "wrapStrategy": "WRAP", "verticalAlignment": "TOP",
            })));
            formats.push(format(
                rows,
                (1, HEADERS.len()),
                json!({
                    "backgroundColor": colour, "wrapStrategy": "WRAP", "verticalAlignment": "TOP",
                }),
            ));
        }
        formats
    }
}

/// The ranges in which `flags` is true.
fn runs(flags: impl Iterator<Item = bool>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in flags.enumerate().filter(|(_, flag)| *flag) {
        match runs.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs
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

    fn tab(title: &str, rows: Vec<Row>) -> Tab {
        Tab { title: title.into(), former_titles: vec!["Vincent".into()], rows }
    }

    fn existing(sheet_id: i64, title: &str) -> ExistingTab {
        ExistingTab { sheet_id, title: title.into() }
    }

    #[test]
    fn a_small_workbook_is_one_batch_and_a_former_tab_is_renamed_in_place() {
        let batches = plan(&[existing(7, "Vincent")], &[tab("Vincent d'Indy", vec![row("=1+1")])]);
        assert_eq!(batches.len(), 1);
        let frame = &batches[0][0]["updateSheetProperties"]["properties"];
        assert_eq!(frame["sheetId"], 7);
        assert_eq!(frame["title"], "Vincent d'Indy");
        assert_eq!(frame["gridProperties"]["rowCount"], 2);
        let cells = &batches[0][1]["updateCells"]["rows"][1]["values"];
        assert_eq!(cells[0]["userEnteredValue"]["numberValue"], 46_037);
        assert_eq!(cells[2]["userEnteredValue"]["stringValue"], "=1+1");
    }

    #[test]
    fn an_empty_tab_says_so() {
        let batches = plan(&[], &[tab("UQAM", Vec::new())]);
        assert_eq!(
            batches[0][1]["updateCells"]["rows"][1]["values"][0]["userEnteredValue"]["stringValue"],
            "aucun événement"
        );
    }

    #[test]
    fn a_large_workbook_is_staged_and_only_the_last_batch_touches_what_readers_see() {
        let rows: Vec<Row> = (0..4000).map(|_| row(&"é".repeat(500))).collect();
        let leftover = existing(9, "~ en préparation: UQAM");
        let batches = plan(&[existing(7, "UQAM"), leftover], &[tab("UQAM", rows)]);
        assert!(batches.len() > 3);
        assert_eq!(batches[0][0]["deleteSheet"]["sheetId"], 9);
        for batch in &batches {
            assert!(json!(batch).to_string().len() < 2_000_000);
        }
        let (last, before) = batches.split_last().unwrap();
        for request in before.iter().flatten() {
            assert!(!request.to_string().contains("\"sheetId\":7"), "{request}");
        }
        assert!(last.iter().any(|request| request["copyPaste"].is_object()));
        let written: usize = before
            .iter()
            .flatten()
            .filter_map(|request| request["updateCells"]["rows"].as_array().map(Vec::len))
            .sum();
        assert_eq!(written, 4001);
    }
}
