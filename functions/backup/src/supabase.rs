//! Every table of the schema `public`, read through the API in key order.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock,
    run::Run,
    supabase::{Supabase, SupabaseError},
    task::TaskError,
};

use crate::{
    codec::{Content, Encoder, Key},
    copy::{Column, Part},
    error::BackupError,
    store::{Store, Upload},
};

/// Rows of one page.
pub const PAGE: usize = 1000;
/// Readings of one table before it counts as moving.
const READINGS: usize = 4;

/// A table as the database describes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Columns of its key, quoted.
    pub key: Vec<String>,
    /// Columns.
    pub columns: Vec<Column>,
    /// Whether its rows come and go all the time: that there are fewer says nothing.
    pub volatile: bool,
}

/// A page of rows, one JSON object a line.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Rows.
    pub count: usize,
    /// Key of the last one.
    pub last: Option<Value>,
    /// Lines.
    pub lines: String,
}

/// All tables.
pub async fn tables(run: &Run) -> Result<Vec<Table>, SupabaseError> {
    run.supabase.rpc("backup_tables", &json!({})).await
}

/// Copies every table into its part.
pub async fn copy(
    run: &Run,
    store: &Store,
    key: Option<&Key>,
    location: &str,
) -> Result<Vec<Part>, TaskError> {
    let tables = tables(run).await?;
    if tables.is_empty() {
        return Err(BackupError::SourceMissing("the schema public has no table".into()).into());
    }
    let mut parts: Vec<Part> = Vec::with_capacity(tables.len());
    for table in tables {
        run.report(json!({"table": table.name, "done": parts.len()}));
        parts.push(part(run, store, key, location, &table).await?);
    }
    Ok(parts)
}

/// One table: read again as long as it is written meanwhile, a few times at most.
async fn part(
    run: &Run,
    store: &Store,
    key: Option<&Key>,
    location: &str,
    table: &Table,
) -> Result<Part, TaskError> {
    let object = format!("{}.jsonl.zst{}", table.name, if key.is_some() { ".age" } else { "" });
    let mut readings = 0;
    loop {
        readings += 1;
        let before = mark(run, &table.name).await?;
        let read_at = clock::now();
        let mut upload = store.upload(location, &object);
        let content = match read(run, key, table, &mut upload).await {
            Ok(content) => content,
            Err(error) => {
                upload.abort().await;
                return Err(error);
            }
        };
        let stored = upload.finish().await.map_err(TaskError::from)?;
        let moving = before != mark(run, &table.name).await?;
        if moving && readings < READINGS {
            continue;
        }
        return Ok(Part {
            name: table.name.clone(),
            object,
            stored,
            rows: content.rows,
            plain_bytes: content.bytes,
            volatile: table.volatile,
            content: content.checksum(),
            read_at,
            moving,
            columns: table.columns.clone(),
            key: table.key.clone(),
            ..Part::default()
        });
    }
}

async fn mark(run: &Run, table: &str) -> Result<String, SupabaseError> {
    run.supabase.rpc("backup_mark", &json!({"p_table": table})).await
}

/// Streams the rows of a table into an upload.
async fn read(
    run: &Run,
    key: Option<&Key>,
    table: &Table,
    upload: &mut Upload,
) -> Result<Content, TaskError> {
    let mut encoder = Encoder::new(key).map_err(BackupError::from)?;
    let mut content = Content::default();
    let mut limit = PAGE;
    let mut next = page(&run.supabase, "backup_page", &table.name, None, &mut limit).await?;
    loop {
        let current = next;
        let is_last = current.count < limit || current.last.is_none();
        // The next page is on its way while this one is compressed.
        let mut asked = limit;
        let (following, encoded) = futures::join!(
            async {
                if is_last {
                    return Ok(None);
                }
                page(&run.supabase, "backup_page", &table.name, current.last.as_ref(), &mut asked)
                    .await
                    .map(Some)
            },
            async {
                content.add_lines(&current.lines);
                if current.lines.is_empty() {
                    return Ok(bytes::Bytes::new());
                }
                encoder
                    .write(current.lines.as_bytes())
                    .and_then(|start| Ok((start, encoder.write(b"\n")?)))
                    .map(|(start, end)| [start, end].concat().into())
            }
        );
        let ready = encoded.map_err(BackupError::from)?;
        if !ready.is_empty() {
            upload.write(&ready).await?;
        }
        limit = asked;
        match following? {
            Some(page) => next = page,
            None => break,
        }
    }
    upload.write(&encoder.finish().map_err(BackupError::from)?).await?;
    Ok(content)
}

/// The page after a key. Rows too large for one answer are asked for in smaller pages.
pub async fn page(
    supabase: &Supabase,
    function: &str,
    table: &str,
    after: Option<&Value>,
    limit: &mut usize,
) -> Result<Page, SupabaseError> {
    loop {
        let mut arguments = json!({"p_table": table, "p_limit": *limit});
        if let Some(after) = after {
            arguments["p_after"] = after.clone();
        }
        match supabase.rpc(function, &arguments).await {
            Err(SupabaseError::Malformed) if *limit > 1 => *limit /= 2,
            page => return page,
        }
    }
}
