//! The spreadsheet, and the changes that it takes or refuses.

use serde::Deserialize;
use serde_json::Value;
use shared::clock;

use super::titles;

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
    pub columns: usize,
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
    pub fn new(id: i64, title: &str, hidden: bool, rows: usize, columns: usize) -> Self {
        Self {
            id,
            title: title.into(),
            hidden,
            frozen_rows: 0,
            cells: vec![vec![Cell::default(); columns]; rows],
            columns,
        }
    }

    pub fn resize(&mut self, rows: usize) -> Result<(), String> {
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

    pub fn tab(&mut self, id: i64) -> Result<&mut SheetTab, String> {
        self.tabs.iter_mut().find(|tab| tab.id == id).ok_or_else(|| format!("No grid with id: {id}"))
    }

    /// Applies a batch, all of it or nothing.
    pub fn apply(&mut self, batch: Batch) -> Result<(), String> {
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

    pub fn apply_one(&mut self, request: Request) -> Result<(), String> {
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

    pub fn copy_paste(&mut self, source: &Range, destination: &Range, kind: &str) -> Result<(), String> {
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

    pub fn update_properties(&mut self, properties: Properties, fields: &str) -> Result<(), String> {
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
pub struct Batch {
    pub requests: Vec<Request>,
    #[serde(default)]
    #[allow(dead_code)] // The sandbox never sends the spreadsheet back.
    pub include_spreadsheet_in_response: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    AddSheet { properties: Properties },
    DeleteSheet { sheet_id: i64 },
    UpdateSheetProperties { properties: Properties, fields: String },
    UpdateCells { start: Coordinate, rows: Vec<RowData>, fields: String },
    RepeatCell { range: Range, cell: CellData, fields: String },
    CopyPaste { source: Range, destination: Range, paste_type: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Properties {
    pub sheet_id: i64,
    pub title: Option<String>,
    pub hidden: Option<bool>,
    pub grid_properties: Option<Grid>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Grid {
    pub row_count: Option<usize>,
    pub column_count: Option<usize>,
    pub frozen_row_count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Coordinate {
    pub sheet_id: i64,
    pub row_index: usize,
    pub column_index: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Range {
    pub sheet_id: i64,
    pub start_row_index: usize,
    pub end_row_index: usize,
    pub start_column_index: usize,
    pub end_column_index: usize,
}

impl Range {
    pub fn check(&self, tab: &SheetTab) -> Result<(), String> {
        let is_inside = self.start_row_index < self.end_row_index
            && self.end_row_index <= tab.cells.len()
            && self.start_column_index < self.end_column_index
            && self.end_column_index <= tab.columns;
        is_inside.then_some(()).ok_or_else(|| "the range is not inside the grid".to_owned())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowData {
    pub values: Vec<CellData>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CellData {
    pub user_entered_value: Option<Entered>,
    pub user_entered_format: Option<Value>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Entered {
    StringValue(String),
    NumberValue(f64),
}

impl CellData {
    pub fn write(self, target: &mut Cell, fields: &str) -> Result<(), String> {
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
