//! Reads the report's source rows, newest first and day by day, and keeps those that some tab may show.

use std::collections::VecDeque;

use jiff::Timestamp;
use shared::{
    clock,
    run::Run,
    supabase::{PAGE_ROWS, SupabaseError, quoted},
};

use crate::{Entry, tabs::TabRule};

/// The entries of the institutions, a Montréal day at a time: nothing of a row depends on another day.
pub struct Days<'a> {
    run: &'a Run,
    rules: &'a [TabRule],
    /// Cached entries of the day that is being read, and of those after it on the last page.
    kept: VecDeque<Entry>,
    /// Instant and identity of the last entry read.
    last: Option<(Timestamp, String)>,
    is_read: bool,
}

impl<'a> Days<'a> {
    /// Nothing is read yet.
    pub fn new(run: &'a Run, rules: &'a [TabRule]) -> Self {
        Self { run, rules, kept: VecDeque::new(), last: None, is_read: false }
    }

    /// The entries of the newest day that is left; `None` when there is none.
    ///
    /// # Errors
    /// See [`SupabaseError`].
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, SupabaseError> {
        let day = |entry: &Entry| clock::business_date(entry.occurred_at);
        loop {
            let newest = self.kept.front().map(day);
            // Another day has begun, so that this one is whole; days never go back while instants do.
            let end = self.kept.iter().position(|entry| Some(day(entry)) != newest);
            match end {
                Some(end) => return Ok(Some(self.kept.drain(..end).collect())),
                None if self.is_read => {
                    return Ok((!self.kept.is_empty()).then(|| self.kept.drain(..).collect()));
                }
                None => self.read().await?,
            }
        }
    }

    /// Reads the page after the last one. Pages are cut by instant and identity: what is written meanwhile shifts nothing.
    async fn read(&mut self) -> Result<(), SupabaseError> {
        let view = self.run.supabase.from("timeline_report_entries").select("*");
        let mut page = view.order("occurred_at.desc,external_id.desc").limit(PAGE_ROWS);
        if let Some((at, id)) = &self.last {
            let before = format!("occurred_at.lt.{at},external_id.lt.{}", quoted(id));
            page = page.lte("occurred_at", at.to_string()).or(before);
        }
        let page: Vec<Entry> = self.run.supabase.rows(page).await?;
        // A short page may be all that the project gives at once.
        self.is_read = page.is_empty();
        if let Some(last) = page.last() {
            self.last = Some((last.occurred_at, last.external_id.clone()));
        }
        let is_shown = |entry: &Entry| self.rules.iter().any(|rule| rule.is_institution_of(entry));
        self.kept.extend(page.into_iter().filter(is_shown));
        Ok(())
    }
}
