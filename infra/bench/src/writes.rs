//! Writing the same rows into the same table, page by page with cursor and counters, and as a plain bulk upsert.

use std::time::Instant;

use gazelle_local::stack::Stack;
use serde_json::{Value, json};

const ROWS: usize = 500;
const COLUMNS: &str = "external_id,client_id,piano_id,user_id,invoice_id,estimate_id,entry_type,title,description,\
                       entry_date,occurred_at,raw";

/// Rows per second.
pub struct Rates {
    pub pages: f64,
    pub plain: f64,
}

/// Measures both, twice, in turn; the better one of each counts.
pub async fn compare(stack: &Stack, client: &tokio_postgres::Client) -> anyhow::Result<Rates> {
    let rows = stack.rows("gazelle_timeline_entries", COLUMNS, "external_id").await?;
    let pages: Vec<&[Value]> = rows.chunks(ROWS).collect();
    let request = json!({
        "kind": "manual", "run_key": "bench", "task_name": "sync_gazelle", "task_label": "bench",
        "exclusion_group": "bench", "part": 0, "request_id": "bench", "triggered_by": "manual", "lease_seconds": 3600,
    });
    let now = stack.clock.now().to_string();
    let claim: Value = stack.observer.rpc("claim_run", &json!({"p_request": request, "p_now": now})).await?;
    let run = &claim["run"];
    let lease =
        json!({"p_run_id": run["id"], "p_lease": run["lease_token"], "p_lease_seconds": 3600, "p_now": now});
    let with = |more: Value| {
        let mut arguments = lease.clone();
        if let (Some(fields), Value::Object(more)) = (arguments.as_object_mut(), more) {
            fields.extend(more);
        }
        arguments
    };
    let begin = with(json!({"p_collections": ["timeline"], "p_resume": false}));
    let (mut best_pages, mut best_plain) = (0.0_f64, 0.0_f64);
    for _ in 0..2 {
        client.batch_execute("truncate gazelle_timeline_entries").await?;
        let start = Instant::now();
        for page in &pages {
            let body = serde_json::to_string(page)?;
            let query = stack
                .observer
                .from("gazelle_timeline_entries")
                .upsert(body)
                .on_conflict("external_id")
                .select("external_id");
            let _: Vec<Value> = stack.observer.rows(query).await?;
        }
        best_plain = best_plain.max(rows.len() as f64 / start.elapsed().as_secs_f64());

        client.batch_execute("truncate gazelle_timeline_entries").await?;
        let _: Value = stack.observer.rpc("begin_sync", &begin).await?;
        let start = Instant::now();
        for (at, page) in pages.iter().enumerate() {
            let arguments = with(json!({
                "p_collection": "timeline", "p_windows": {"..": {"cursor": at}}, "p_batches": {"timeline": page},
            }));
            let _: Value = stack.observer.rpc("apply_page", &arguments).await?;
        }
        best_pages = best_pages.max(rows.len() as f64 / start.elapsed().as_secs_f64());
    }
    Ok(Rates { pages: best_pages, plain: best_plain })
}
