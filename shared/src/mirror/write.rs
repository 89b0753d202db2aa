//! The writer of one collection: takes the pages that wait, up to a full batch, and commits them with their cursors.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    Counts,
    pages::{Batch, Reader, RowsByPart},
    rows::Mapped,
    window::Progress,
};
use crate::{clock, supabase::SupabaseError, task::TaskError};

/// Rows of one commit at most; pages that wait are written together.
const BATCH_ROWS: usize = 500;

impl Reader<'_> {
    /// Commits what comes, until nothing comes any more. Answers the rows set aside.
    pub async fn write(&self, mut receiver: mpsc::Receiver<Batch>) -> Result<Vec<String>, TaskError> {
        let mut quarantined = Vec::new();
        let mut written: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(mut batch) = receiver.recv().await {
            while batch.rows < BATCH_ROWS {
                let Ok(more) = receiver.try_recv() else { break };
                batch.add(more);
            }
            for (part, counts) in self.store(batch, &mut quarantined).await? {
                *written.entry(part).or_default() += counts.read();
            }
            self.run.report(json!({"collection": self.collection.source(), "rows": written}));
        }
        Ok(quarantined)
    }

    /// Commits one batch; what cannot be stored is set aside.
    pub async fn store(
        &self,
        mut batch: Batch,
        quarantined: &mut Vec<String>,
    ) -> Result<BTreeMap<String, Counts>, TaskError> {
        for (part, rows) in &mut batch.mapped {
            for row in rows.extract_if(.., |row| row.refusal.is_some()) {
                self.quarantine(part, &row, row.refusal.unwrap_or_default()).await?;
                quarantined.push(format!("{part}/{}", row.key));
            }
        }
        self.apply(batch.mapped, &batch.windows, quarantined).await
    }

    /// Commits rows with the windows after them. Data that the database refuses is halved until the rows that it
    /// refuses stand alone; those are set aside and the rest is stored.
    fn apply<'s>(
        &'s self,
        mapped: RowsByPart,
        windows: &'s BTreeMap<String, Progress>,
        quarantined: &'s mut Vec<String>,
    ) -> BoxFuture<'s, Result<BTreeMap<String, Counts>, TaskError>> {
        Box::pin(async move {
            let arguments = PageArguments::new(self, &mapped, windows);
            let (detail, count) = match self.run.supabase.rpc("apply_page", &arguments).await {
                Ok(counts) => return Ok(counts),
                Err(SupabaseError::Data { detail, .. }) => {
                    (detail, mapped.values().map(Vec::len).sum::<usize>())
                }
                Err(error) => return Err(error.into()),
            };
            if count <= 1 {
                for (part, rows) in mapped {
                    for row in rows {
                        self.quarantine(part, &row, &detail).await?;
                        quarantined.push(format!("{part}/{}", row.key));
                    }
                }
                return self.apply(RowsByPart::new(), windows, quarantined).await;
            }
            let (first, second) = halve(mapped, count / 2);
            let mut counts = self.apply(first, &BTreeMap::new(), quarantined).await?;
            for (part, more) in self.apply(second, windows, quarantined).await? {
                counts.entry(part).or_default().add(more);
            }
            Ok(counts)
        })
    }

    async fn quarantine(&self, part: &str, row: &Mapped, reason: &str) -> Result<(), SupabaseError> {
        let arguments = json!({
            "p_run_id": self.run.id,
            "p_collection": part,
            "p_external_id": row.key,
            "p_reason": reason.replace('\0', ""),
            "p_payload": row.columns["raw"].to_string(),
            "p_now": clock::now().to_string(),
        });
        self.run.supabase.rpc("quarantine_row", &arguments).await
    }
}

/// Arguments of `apply_page`, borrowed: rows are large and are written out once.
#[derive(Serialize)]
struct PageArguments<'a> {
    #[serde(flatten)]
    lease: Value,
    p_collection: &'a str,
    p_batches: BTreeMap<&'a str, Vec<&'a Value>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    p_windows: &'a BTreeMap<String, Progress>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    p_repeated: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> PageArguments<'a> {
    fn new(reader: &Reader<'_>, mapped: &'a RowsByPart, windows: &'a BTreeMap<String, Progress>) -> Self {
        let repeated = |rows: &'a Vec<Mapped>| -> Vec<&'a str> {
            rows.iter().filter(|row| row.is_repeated).map(|row| row.key.as_str()).collect()
        };
        Self {
            lease: reader.run.lease_arguments(),
            p_collection: reader.collection.source(),
            p_batches: mapped
                .iter()
                .map(|(part, rows)| (*part, rows.iter().map(|row| &row.columns).collect()))
                .collect(),
            p_windows: windows,
            p_repeated: mapped
                .iter()
                .map(|(part, rows)| (*part, repeated(rows)))
                .filter(|(_, keys)| !keys.is_empty())
                .collect(),
        }
    }
}

fn halve(mapped: RowsByPart, mut first_rows: usize) -> (RowsByPart, RowsByPart) {
    let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
    for (part, mut rows) in mapped {
        let rest = rows.split_off(first_rows.min(rows.len()));
        first_rows -= rows.len();
        first.insert(part, rows);
        second.insert(part, rest);
    }
    (first, second)
}
