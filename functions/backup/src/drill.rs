//! The drill: a copy chosen at random is loaded beside the originals and compared with its manifest.

use serde_json::json;
use shared::{
    clock,
    config::{Setting, Settings, SupabaseSettings},
    http::Http,
    run::{Run, finished},
    supabase::{Supabase, SupabaseError},
    task::{Outcome, TaskError},
};

use crate::{
    codec::{Content, Key},
    copy::{Copy, Kind, Manifest},
    error::BackupError,
    read::Rows,
    store::Store,
    supabase::{self, PAGE},
};

/// The project that a copy is loaded into.
pub struct DrillTarget(Option<Supabase>);

impl DrillTarget {
    /// Reads `RESTORE_DRILL_SUPABASE_URL` and `RESTORE_DRILL_SUPABASE_KEY`; without them it is the same project.
    pub fn read(settings: &mut Settings, http: &Http) -> Self {
        Self(settings.optional_url(Setting::RestoreDrillSupabaseUrl).map(|url| {
            let key = settings.required_key(Setting::RestoreDrillSupabaseKey);
            Supabase::new(http.clone(), SupabaseSettings { url, key })
        }))
    }
}

/// Runs the drill and records it, passed or failed.
pub async fn run(
    run: &Run,
    store: &Store,
    key: Option<&Key>,
    target: &DrillTarget,
) -> Result<Outcome, TaskError> {
    let now = clock::now();
    let copies: Vec<Copy> =
        store.copies(Kind::Supabase, key).await?.into_iter().filter(|copy| copy.is_good(now)).collect();
    let Some(newest) = copies.first() else {
        return Err(BackupError::NoCopy.into());
    };
    // A run's id is random, and a repeated attempt takes the same copy.
    let chance: usize = run.id.bytes().map(usize::from).fold(0, |sum, byte| sum.wrapping_mul(31) + byte);
    let copy = &copies[chance % copies.len()];
    let age = |copy: &Copy| (clock::now().as_second() - copy.started_at.as_second()).max(0);

    let target = target.0.as_ref().unwrap_or(&run.supabase);
    let start = clock::now();
    let restored = restore(run, store, key, target, copy).await;
    let ended: Result<(), SupabaseError> = target.rpc("restore_drill_end", &json!({})).await;
    let rto = (clock::now().as_millisecond() - start.as_millisecond()).max(0) as f64 / 1000.0;
    let (tables, rows) = restored.as_ref().map_or((0, 0), |manifest| (manifest.parts.len(), manifest.rows()));
    let figures = json!({
        "location": copy.location, "tables": tables, "row_count": rows, "rto_seconds": rto,
        "copy_age_seconds": age(copy), "rpo_seconds": age(newest),
    });
    let mut drill = figures.clone();
    drill["status"] = if restored.is_ok() { "passed" } else { "failed" }.into();
    drill["detail"] = restored.as_ref().err().map(ToString::to_string).into();
    let mut arguments = run.lease_arguments();
    arguments["p_drill"] = drill;
    run.supabase.rpc::<()>("record_restore_drill", &arguments).await?;
    restored?;
    ended?;
    Ok(finished(format!("{} restaurée et comparée: {rows} lignes en {rto:.0} s", copy.location), figures))
}

async fn restore(
    run: &Run,
    store: &Store,
    key: Option<&Key>,
    target: &Supabase,
    copy: &Copy,
) -> Result<Manifest, TaskError> {
    let manifest = store.manifest(&copy.location, key).await?;
    target.rpc::<()>("restore_drill_begin", &json!({"p_tables": manifest.parts})).await?;
    for (done, part) in manifest.parts.iter().enumerate() {
        run.report(json!({"table": part.name, "done": done}));
        let mut rows = Rows::open(store, &copy.location, &manifest, part, key).await?;
        while let Some(lines) = rows.next().await {
            if run.should_hand_over() {
                // In time to drop what was loaded, and to say so.
                return Err(TaskError::DeadlineExceeded);
            }
            let arguments = json!({"p_table": part.name, "p_lines": lines.trim_end()});
            // Loading a page twice would double it, so it is asked for once; the drill may be run again.
            target
                .rpc_within::<u64>("restore_drill_load", &arguments, shared::http::Retry::ONCE)
                .await
                .map_err(|error| refused(&part.name, error))?;
        }
        rows.finish().await?;
        let content = loaded(target, &part.name).await?;
        if content.rows != part.rows || content.checksum() != part.content {
            return Err(BackupError::Mismatch(format!(
                "{}: {} rows instead of {}, or other contents",
                part.name, content.rows, part.rows
            ))
            .into());
        }
    }
    Ok(manifest)
}

fn refused(table: &str, error: SupabaseError) -> TaskError {
    if let SupabaseError::Data { code, .. } = error {
        return BackupError::Mismatch(format!("{table}: a row does not load (SQLSTATE {code})")).into();
    }
    error.into()
}

/// What a loaded table holds.
async fn loaded(target: &Supabase, table: &str) -> Result<Content, SupabaseError> {
    let mut content = Content::default();
    let mut limit = PAGE;
    let mut after = None;
    loop {
        let page = supabase::page(target, "restore_drill_page", table, after.as_ref(), &mut limit).await?;
        content.add_lines(&page.lines);
        match page.last {
            Some(last) if page.count == limit => after = Some(last),
            _ => return Ok(content),
        }
    }
}
