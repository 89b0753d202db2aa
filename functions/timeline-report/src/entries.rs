//! Reads the report's source rows page by page and keeps those that some tab may show.

use shared::{run::Run, supabase::SupabaseError};

use crate::{Entry, tabs::TabRule};

/// The entries of the institutions, in no particular order.
pub async fn read(run: &Run, rules: &[TabRule]) -> Result<Vec<Entry>, SupabaseError> {
    let mut kept = Vec::new();
    let is_shown = |entry: &Entry| rules.iter().any(|rule| rule.is_institution_of(entry));
    run.supabase
        .pages(
            "external_id",
            |entry: &Entry| entry.external_id.clone(),
            || run.supabase.from("timeline_report_entries").select("*"),
            |page| kept.extend(page.into_iter().filter(is_shown)),
        )
        .await?;
    Ok(kept)
}
