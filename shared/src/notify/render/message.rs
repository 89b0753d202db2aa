//! A message before it takes the form of a channel.

use url::Url;

/// A message before it takes the form of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub title: String,
    /// Sentences before the facts.
    pub intro: Vec<String>,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Several things of one kind.
    pub table: Option<Table>,
    /// Figures under headings.
    pub sections: Vec<Section>,
    /// What to do.
    pub advice: String,
    /// Label and address.
    pub links: Vec<(String, Url)>,
}

/// A small table; every row has as many cells as there are headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Headers.
    pub headers: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// Figures of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// Figures.
    pub rows: Vec<Row>,
}

/// One figure in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// What is reported beside it; may be empty.
    pub note: String,
    /// The figure.
    pub value: String,
    /// Its change, `—` when unknown; may be empty.
    pub change: String,
    /// A bar below it.
    pub bar: Option<Bar>,
}

/// A bar of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Length, 0 to 100.
    pub percent: u8,
    /// Colour; the figure says the same in words.
    pub tone: Tone,
}

impl Section {
    /// The figures as lines of text in columns.
    pub fn lines(&self) -> Vec<String> {
        let label_width = width(self.rows.iter().map(|row| &row.label));
        let value_width = width(self.rows.iter().map(|row| &row.value));
        let line = |row: &Row| {
            let change = if row.change.is_empty() { String::new() } else { format!("  ({})", row.change) };
            let note = if row.note.is_empty() { String::new() } else { format!("  {}", row.note) };
            format!("{:label_width$}  {:>value_width$}{change}{note}", row.label, row.value)
        };
        self.rows.iter().map(line).collect()
    }
}

pub(super) fn width<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).min(COLUMN_LIMIT)
}

impl Bar {
    /// What of the bar is not filled, 0 to 100.
    pub fn rest(self) -> u8 {
        100 - self.percent.min(100)
    }
}

impl Tone {
    /// Readable on white and on black.
    pub fn colour(self) -> &'static str {
        match self {
            Tone::Good => "#2e9e5b",
            Tone::Fair => "#d9930d",
            Tone::Poor => "#d64545",
            Tone::Plain => "#4a86d9",
        }
    }
}

/// How good a bar's figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Not quite.
    Fair,
    /// Bad.
    Poor,
    /// Neither good nor bad.
    Plain,
}

/// Columns of a text are not wider than this.
pub(super) const COLUMN_LIMIT: usize = 40;
