//! Sends the rows as they come, and holds no more of them than one request does.

use serde_json::{Map, Value};
use shared::task::TaskError;

use crate::{
    google::Sheets,
    tabs::{Row, TabRule},
    titles::ExistingTab,
    workbook::{self, BATCH_BYTES, Content},
};

/// The report while it is being written.
pub struct Writer<'a> {
    sheets: &'a Sheets,
    rules: &'a [TabRule],
    contents: Vec<Content>,
    /// The `gid`s of the staging tabs, once the report is too large for one batch.
    staging: Option<Vec<i64>>,
    requests: usize,
}

impl<'a> Writer<'a> {
    /// A report without rows. Nothing is sent yet.
    pub fn new(sheets: &'a Sheets, rules: &'a [TabRule]) -> Self {
        let contents = rules.iter().map(|_| Content::default()).collect();
        Self { sheets, rules, contents, staging: None, requests: 0 }
    }

    /// Adds a row to a tab, given by its place among the rules. Rows come newest first.
    ///
    /// # Errors
    /// When Google does not take what had to be sent first.
    pub async fn add(&mut self, tab: usize, row: &Row) -> Result<(), TaskError> {
        let line = workbook::line(row);
        let waiting: usize = self.contents.iter().map(Content::bytes).sum();
        if waiting + line.len() > BATCH_BYTES {
            self.flush().await?;
        }
        self.contents[tab].push(&line, row.is_alert);
        Ok(())
    }

    /// Rows per tab, and of all tabs.
    pub fn rows(&self) -> (Map<String, Value>, usize) {
        let tabs = self.rules.iter().zip(&self.contents);
        let rows = tabs.map(|(rule, content)| (rule.title.clone(), content.rows().into())).collect();
        (rows, self.contents.iter().map(Content::rows).sum())
    }

    /// Shows the report to its readers; answers how many batches it took.
    ///
    /// # Errors
    /// When Google does not take it: readers then see the report of before.
    pub async fn finish(mut self) -> Result<usize, TaskError> {
        self.contents.iter_mut().for_each(Content::end);
        let (rules, contents) = (self.rules, &self.contents);
        if self.staging.is_none() {
            let plan = |existing: &[ExistingTab]| (workbook::direct(existing, rules, contents), ());
            // All of it twice is the same as once: there is no need to know.
            self.sheets.change(plan, |_, (): &()| false).await?;
            return Ok(self.requests + 1);
        }
        self.flush().await?;
        let staging = self.staging.take().unwrap_or_default();
        let plan =
            |existing: &[ExistingTab]| (workbook::swap(existing, self.rules, &staging, &self.contents), ());
        // The batch deletes the staging tabs: they are there until it is applied.
        let is_done =
            |existing: &[ExistingTab], (): &()| !existing.iter().any(|tab| staging.contains(&tab.sheet_id));
        self.sheets.change(plan, is_done).await?;
        Ok(self.requests + 1)
    }

    /// Sends what waits to the staging tabs, which are made the first time.
    async fn flush(&mut self) -> Result<(), TaskError> {
        if self.staging.is_none() {
            let plan = |existing: &[ExistingTab]| workbook::prepare(existing, self.rules);
            // Their numbers were free: only this batch makes them.
            let is_done = |existing: &[ExistingTab], made: &Vec<i64>| {
                made.iter().all(|id| existing.iter().any(|tab| tab.sheet_id == *id && tab.is_staging()))
            };
            self.staging = Some(self.sheets.change(plan, is_done).await?);
            self.requests += 1;
        }
        let staging = self.staging.as_deref().unwrap_or_default();
        if self.contents.iter().any(Content::is_waiting) {
            self.sheets.update(workbook::fill(staging, &self.contents)).await?;
            self.requests += 1;
        }
        self.contents.iter_mut().for_each(Content::sent);
        Ok(())
    }
}
