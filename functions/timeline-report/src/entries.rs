//! Reads the report's source rows page by page and keeps those that some tab may show.

use shared::{
    run::Run,
    supabase::{PAGE_ROWS, SupabaseError},
};

use crate::{Entry, tabs::TabRule};

/// The entries of the institutions, in no particular order.
pub async fn read(run: &Run, rules: &[TabRule]) -> Result<Vec<Entry>, SupabaseError> {
    let mut kept = Vec::new();
    let mut last = String::new();
    loop {
        // By identity, not by offset: rows cannot shift between pages.
        let query = run
            .supabase
            .from("timeline_report_entries")
            .select("*")
            .gt("external_id", &last)
            .order("external_id")
            .limit(PAGE_ROWS);
        let page: Vec<Entry> = run.supabase.rows(query).await?;
        let is_last = page.len() < PAGE_ROWS;
        if let Some(entry) = page.last() {
            last.clone_from(&entry.external_id);
        }
        kept.extend(page.into_iter().filter(|entry| rules.iter().any(|rule| rule.is_institution_of(entry))));
        if is_last {
            return Ok(kept);
        }
    }
}
