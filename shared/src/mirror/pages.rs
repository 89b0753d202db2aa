//! The pages of one collection: its windows are read side by side, page by page, and handed to the writer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::{
    Collection,
    rows::{self, Mapped},
    seen::Seen,
    window::{Progress, Window},
};
use crate::{
    gazelle::{Cursors, Gazelle, GazelleError, Page, Query, Slice},
    run::Run,
    task::TaskError,
};

/// A client's contacts that do not add up are asked for again at most this often.
const CONTACT_ROUNDS: usize = 3;

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

/// Reads one collection.
pub(super) struct Reader<'a> {
    pub run: &'a Run,
    pub gazelle: &'a Gazelle,
    /// Pages of all collections that are on their way at once: a bound for Gazelle, and for the memory.
    pub slots: &'a Semaphore,
    pub collection: Collection,
    /// What is to be read.
    pub scope: Window,
    pub started_at: Timestamp,
    /// An earlier part of the run has read some of it.
    pub resumed: bool,
    /// What was found so far.
    pub found: Mutex<Found>,
}

/// What the pages held besides their rows.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Per part.
    pub seen: BTreeMap<&'static str, Seen>,
    /// Other shapes than agreed.
    pub drift: BTreeSet<String>,
    /// Rows without an id, per part. Nobody can say which of the mirrored rows they are.
    pub unidentified: BTreeMap<&'static str, u64>,
    /// Contacts that Gazelle counts beyond those that it lists, by client.
    pub missing_contacts: BTreeMap<String, i64>,
}

/// Rows per mirrored collection.
pub(super) type RowsByPart = BTreeMap<&'static str, Vec<Mapped>>;

/// A fetched page: rows ready for the database, per part, and their windows as they stand after it.
#[derive(Default)]
pub(super) struct Batch {
    pub mapped: RowsByPart,
    pub windows: BTreeMap<String, Progress>,
    pub rows: usize,
}

impl Batch {
    /// Takes the rows of another one as well.
    pub fn add(&mut self, more: Batch) {
        self.rows += more.rows;
        self.windows.extend(more.windows);
        for (part, rows) in more.mapped {
            rows::keep_latest(self.mapped.entry(part).or_default(), rows);
        }
    }
}

/// What the list of a window said of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Rows that came, repeated ones included, ones of the next window not.
    pub rows: u64,
    /// The last page's total.
    pub total: u64,
    /// Pages reported different totals: rows came or went while it was read.
    pub moved: bool,
}

impl Reader<'_> {
    pub fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a window from where its reading stands to its end. `first` is its first page, if somebody has it already.
    pub async fn window(
        &self,
        at: usize,
        mut progress: Progress,
        mut first: Option<Page>,
        sender: &mpsc::Sender<Batch>,
    ) -> Result<Listed, Interrupted> {
        let mut listed = Listed::default();
        let mut total: Option<u64> = None;
        let mut cursors = Cursors::starting_after(progress.cursor.as_deref());
        loop {
            // Held until the page is with the writer: what is fetched ahead is bounded.
            let _slot = self.slot().await;
            // The wait for it may have taken the time.
            if self.run.should_hand_over() {
                return Err(Interrupted::TimeIsUp);
            }
            let number = cursors.page_number();
            let read = async {
                let page = match first.take() {
                    Some(page) => page,
                    None => {
                        self.page(&progress.window.page(self.collection, progress.cursor.clone())).await?
                    }
                };
                let page = if progress.window.backwards { page.backwards()? } else { page };
                Ok((cursors.next(&page)?, page))
            };
            let (next, mut page) =
                read.await.map_err(|error: GazelleError| error.at(self.source(), number))?;
            listed.moved |= total.is_some_and(|total| total != page.total);
            (total, listed.total) = (Some(page.total), page.total);
            let came = page.nodes.len();
            page.nodes.retain(|node| !progress.window.is_beyond(self.collection, node));
            listed.rows += page.nodes.len() as u64;
            progress.complete = next.is_none() || page.nodes.len() < came;
            progress.cursor = next.or(page.cursor);
            let mut batch = self.map(at, page.nodes);
            batch.windows.insert(progress.window.name(), progress.clone());
            if sender.send(batch).await.is_err() || progress.complete {
                // A writer that has failed says itself why.
                return Ok(listed);
            }
        }
    }

    fn source(&self) -> &'static str {
        self.collection.source()
    }

    async fn slot(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        // Nobody closes it; without a slot the page would still be read.
        self.slots.acquire().await.ok()
    }

    /// The first page of the scope, before anybody knows how large it is.
    pub async fn first_page(&self) -> Result<Page, GazelleError> {
        let _slot = self.slot().await;
        self.page(&self.scope.page(self.collection, None)).await.map_err(|error| error.at(self.source(), 1))
    }

    /// One row of the scope; of clients and pianos the oldest.
    pub async fn row(&self, slice: Slice) -> Result<Option<Value>, GazelleError> {
        let _slot = self.slot().await;
        let page = self.gazelle.page(&self.scope.query(self.collection, slice)).await?;
        Ok(page.nodes.into_iter().next())
    }

    /// How many rows the list of a window holds; of the timeline also what is newer.
    pub async fn total(&self, window: Window) -> Result<u64, GazelleError> {
        let _slot = self.slot().await;
        if self.collection == Collection::Users {
            return Ok(self.page(&Query::Users).await?.total);
        }
        Ok(self.gazelle.page(&window.query(self.collection, Slice::after(None, 1))).await?.total)
    }

    /// A single question besides the pages.
    pub async fn query(&self, query: &Query) -> Result<Value, GazelleError> {
        let _slot = self.slot().await;
        self.gazelle.query(query).await
    }

    async fn page(&self, query: &Query) -> Result<Page, GazelleError> {
        if self.collection == Collection::Users {
            let Value::Array(nodes) = self.gazelle.query(query).await? else {
                return Err(GazelleError::Malformed("allUsers"));
            };
            return Ok(Page {
                total: nodes.len() as u64,
                nodes,
                cursor: None,
                has_next: false,
                start_cursor: None,
                has_previous: Some(false),
            });
        }
        let mut page = self.gazelle.page(query).await?;
        if self.collection == Collection::Clients {
            for client in &mut page.nodes {
                self.all_contacts(client).await?;
            }
        }
        Ok(page)
    }

    /// Completes the contacts inside a client, page by page. A list that changes while it is read is read again.
    pub async fn all_contacts(&self, client: &mut Value) -> Result<(), GazelleError> {
        let id = client["id"].as_str().map(str::to_owned);
        let connection = &mut client["allContacts"];
        let (Some(id), false) = (id, connection.is_null()) else {
            return Ok(());
        };
        let mut page = Page::from_connection(connection.clone())?;
        let mut round = 0;
        loop {
            let mut cursors = Cursors::default();
            let mut after = cursors.next(&page)?;
            let mut nodes = std::mem::take(&mut page.nodes);
            while after.is_some() {
                page = self.gazelle.page(&Query::ContactsOfClient { client: id.clone(), after }).await?;
                after = cursors.next(&page)?;
                nodes.append(&mut page.nodes);
            }
            let distinct: BTreeSet<&str> = nodes.iter().filter_map(|node| node["id"].as_str()).collect();
            let nameless = nodes.iter().filter(|node| !node["id"].is_string()).count();
            let missing = page.total as i64 - (distinct.len() + nameless) as i64;
            round += 1;
            if missing == 0 || round == CONTACT_ROUNDS {
                let known = &mut self.found().missing_contacts;
                if missing == 0 {
                    known.remove(&id)
                } else {
                    known.insert(id, missing)
                };
                connection["nodes"] = nodes.into();
                return Ok(());
            }
            page = self.gazelle.page(&Query::ContactsOfClient { client: id.clone(), after: None }).await?;
        }
    }

    /// A row that is asked for by its id. A contact says itself whose it is.
    pub fn map_one(&self, part: &'static str, mut node: Value) -> Batch {
        if part == "contacts" {
            let client = node.as_object_mut().and_then(|fields| fields.remove("client"));
            let client = client.as_ref().and_then(|client| client["id"].as_str());
            let row = rows::contact(node, client, &mut self.found().drift);
            return Batch { rows: 1, mapped: BTreeMap::from([(part, vec![row])]), ..Batch::default() };
        }
        self.map(0, vec![node])
    }

    /// Rows for the database from the nodes of a page of window `at`.
    pub fn map(&self, at: usize, nodes: Vec<Value>) -> Batch {
        let mut found = self.found();
        let mut mapped: RowsByPart = BTreeMap::new();
        for mut node in nodes {
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
            let unidentified = rows.iter().filter(|row| !row.is_identified).count() as u64;
            *found.unidentified.entry(part).or_default() += unidentified;
            let seen = found.seen.entry(part).or_default();
            for row in rows.iter_mut() {
                row.is_repeated = seen.insert(at, &row.key);
            }
            rows::keep_latest(rows, Vec::new());
        }
        Batch { rows: mapped.values().map(Vec::len).sum(), mapped, windows: BTreeMap::new() }
    }
}
