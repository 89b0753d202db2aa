//! One collection as a stream: a producer that fetches pages and a writer that commits them, side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    Collection, Counts, Scope,
    rows::{self, Mapped},
};
use crate::{
    clock,
    gazelle::{Gazelle, GazelleError, Page, Query},
    run::Run,
    supabase::SupabaseError,
    task::TaskError,
};

/// Rows of one commit at most; pages that wait are written together.
const BATCH_ROWS: usize = 500;
/// Pages between producer and writer.
const PAGES_AHEAD: usize = 4;

/// Why a stream ended before its end.
pub(super) enum Interrupted {
    /// The rest is for the next part.
    TimeIsUp,
    /// A failure.
    Failed(TaskError),
}

impl<E: Into<TaskError>> From<E> for Interrupted {
    fn from(error: E) -> Self {
        Interrupted::Failed(error.into())
    }
}

/// What a complete reading found.
#[derive(Debug, Default)]
pub(super) struct Enumeration {
    /// Hashes of the ids of each part, sorted. Ids alone would not fit a large account.
    pub seen: BTreeMap<&'static str, Vec<u64>>,
    /// What Gazelle says each part holds.
    pub totals: BTreeMap<&'static str, u64>,
    /// Rows set aside.
    pub quarantined: Vec<String>,
    /// Other shapes than agreed.
    pub drift: BTreeSet<String>,
}

/// Reads one collection.
pub(super) struct Reader<'a> {
    pub run: &'a Run,
    pub gazelle: &'a Gazelle,
    pub collection: Collection,
    pub scope: Scope,
    pub started_at: jiff::Timestamp,
    /// This part began in the middle: it cannot know what is absent.
    pub resumed: bool,
}

/// Rows per mirrored collection.
type RowsByPart = BTreeMap<&'static str, Vec<Mapped>>;

/// A fetched page: rows ready for the database, per part.
struct Batch {
    mapped: RowsByPart,
    cursor: Option<String>,
    rows: usize,
}

impl Reader<'_> {
    /// Reads from `cursor` to the end, and commits page by page.
    pub async fn read(&self, cursor: Option<String>) -> Result<Enumeration, Interrupted> {
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        let ((mut found, fetched), written) =
            futures::future::join(self.fetch(cursor, sender), self.write(receiver)).await;
        found.quarantined.extend(written?);
        fetched?;
        for hashes in found.seen.values_mut() {
            hashes.sort_unstable();
            hashes.dedup();
        }
        Ok(found)
    }

    /// The producer. What it found so far comes with its result, so that nothing is lost when it stops.
    async fn fetch(
        &self,
        mut cursor: Option<String>,
        sender: mpsc::Sender<Batch>,
    ) -> (Enumeration, Result<(), Interrupted>) {
        let mut found = Enumeration::default();
        loop {
            if self.run.should_hand_over() {
                return (found, Err(Interrupted::TimeIsUp));
            }
            let page = match self.page(cursor.clone(), &mut found).await {
                Ok(page) => page,
                Err(error) => return (found, Err(error.into())),
            };
            let next = (page.has_next, page.cursor.clone());
            let batch = self.map(page, &mut found);
            if sender.send(batch).await.is_err() {
                // The writer has failed and says why.
                return (found, Ok(()));
            }
            match next {
                (true, after) => cursor = after,
                (false, _) => return (found, Ok(())),
            }
        }
    }

    async fn page(&self, after: Option<String>, found: &mut Enumeration) -> Result<Page, GazelleError> {
        let query = self.collection.query(&self.scope, after);
        let mut page = match self.collection {
            Collection::Users => match self.gazelle.query(&query).await? {
                Value::Array(nodes) => {
                    Page { total: nodes.len() as u64, nodes, cursor: None, has_next: false }
                }
                _ => return Err(GazelleError::Malformed("allUsers")),
            },
            _ => self.gazelle.page(&query).await?,
        };
        found.totals.insert(self.collection.source(), page.total);
        if self.collection == Collection::Clients {
            for client in &mut page.nodes {
                let contacts = self.all_contacts(client).await?;
                *found.totals.entry("contacts").or_default() += contacts;
            }
        }
        Ok(page)
    }

    /// Completes the contacts inside a client, page by page; answers how many Gazelle says there are.
    async fn all_contacts(&self, client: &mut Value) -> Result<u64, GazelleError> {
        let id = client["id"].as_str().map(str::to_owned);
        let connection = &mut client["allContacts"];
        let (Some(id), false) = (id, connection.is_null()) else {
            return Ok(0);
        };
        let mut page = Page::from_connection(connection.clone())?;
        let total = page.total;
        let mut nodes = std::mem::take(&mut page.nodes);
        while page.has_next {
            let query = Query::ContactsOfClient { client: id.clone(), after: page.cursor.take() };
            page = self.gazelle.page(&query).await?;
            nodes.append(&mut page.nodes);
        }
        connection["nodes"] = nodes.into();
        Ok(total)
    }

    fn map(&self, page: Page, found: &mut Enumeration) -> Batch {
        let mut mapped: RowsByPart = BTreeMap::new();
        for mut node in page.nodes {
            if self.collection == Collection::Clients {
                let contacts = rows::take_contacts(&mut node);
                let client = node["id"].as_str().map(str::to_owned);
                mapped.entry("contacts").or_default().extend(
                    contacts
                        .into_iter()
                        .map(|contact| rows::contact(contact, client.as_deref(), &mut found.drift)),
                );
            }
            let row = rows::map(self.collection, node, &mut found.drift);
            mapped.entry(self.collection.source()).or_default().push(row);
        }
        for (part, rows) in &mut mapped {
            // A later copy of a row within one page wins.
            let mut last: HashMap<String, usize> = HashMap::new();
            for (at, row) in rows.iter().enumerate() {
                last.insert(row.key.clone(), at);
            }
            let mut at = 0;
            rows.retain(|row| {
                at += 1;
                last.get(&row.key) == Some(&(at - 1))
            });
            found.seen.entry(part).or_default().extend(rows.iter().map(|row| hash(&row.key)));
        }
        Batch { rows: mapped.values().map(Vec::len).sum(), mapped, cursor: page.cursor }
    }

    /// The writer: takes what is there, up to a full batch, and commits it. Answers the rows set aside.
    async fn write(&self, mut receiver: mpsc::Receiver<Batch>) -> Result<Vec<String>, TaskError> {
        let mut quarantined = Vec::new();
        let mut written: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(mut batch) = receiver.recv().await {
            while batch.rows < BATCH_ROWS {
                let Ok(more) = receiver.try_recv() else { break };
                batch.rows += more.rows;
                batch.cursor = more.cursor;
                for (part, rows) in more.mapped {
                    merge(batch.mapped.entry(part).or_default(), rows);
                }
            }
            for (part, rows) in &mut batch.mapped {
                for row in rows.extract_if(.., |row| row.refusal.is_some()) {
                    self.quarantine(part, &row, row.refusal.unwrap_or_default()).await?;
                    quarantined.push(format!("{part}/{}", row.key));
                }
            }
            let counts = self.apply(batch.mapped, batch.cursor.as_deref(), &mut quarantined).await?;
            for (part, counts) in counts {
                *written.entry(part).or_default() += counts.read();
            }
            self.run.report(json!({"collection": self.collection.source(), "rows": written}));
        }
        Ok(quarantined)
    }

    /// Commits rows with the cursor after them. Data that the database refuses is halved until the rows that it
    /// refuses stand alone; those are set aside and the rest is stored.
    fn apply<'s>(
        &'s self,
        mapped: RowsByPart,
        cursor: Option<&'s str>,
        quarantined: &'s mut Vec<String>,
    ) -> BoxFuture<'s, Result<BTreeMap<String, Counts>, TaskError>> {
        Box::pin(async move {
            let arguments = PageArguments {
                lease: self.run.lease_arguments(),
                p_collection: self.collection.source(),
                p_cursor: cursor,
                p_batches: mapped
                    .iter()
                    .map(|(part, rows)| (*part, rows.iter().map(|row| &row.columns).collect()))
                    .collect(),
            };
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
                return Ok(BTreeMap::new());
            }
            let (first, second) = halve(mapped, count / 2);
            let mut counts = self.apply(first, None, quarantined).await?;
            for (part, more) in self.apply(second, cursor, quarantined).await? {
                let counts = counts.entry(part).or_default();
                counts.inserted += more.inserted;
                counts.updated += more.updated;
                counts.unchanged += more.unchanged;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    p_cursor: Option<&'a str>,
    p_batches: BTreeMap<&'a str, Vec<&'a Value>>,
}

/// Adds the rows of a later page; a later copy of a row wins.
fn merge(rows: &mut Vec<Mapped>, more: Vec<Mapped>) {
    let later: HashSet<&str> = more.iter().map(|row| row.key.as_str()).collect();
    rows.retain(|row| !later.contains(row.key.as_str()));
    drop(later);
    rows.extend(more);
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

/// A hash that is the same for the whole process. Two ids that collide would only keep a row that is gone.
pub(super) fn hash(id: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
