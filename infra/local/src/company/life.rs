//! What life does to a company: pianos move to other clients, rest, are restored; an institution has several clients, of
//! which one pays; events take whole days.
//!
//! It changes what was generated and adds nothing, so that a scale has its volumes.

use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::{Value, json};

use super::{BRANCHES, Company, INSTITUTIONS, at, day_of, id};

/// Below this there are too few pianos to move any.
const FEWEST_PIANOS: usize = 10;

/// A piano that went from one client to another.
#[derive(Debug)]
pub(super) struct Move {
    /// Place of the piano that was left behind, and of the one at the new client.
    from: usize,
    to: usize,
    at: Timestamp,
}

impl Company {
    /// Puts pianos where they are today.
    ///
    /// When a piano moves to another client, Gazelle leaves an inactive one at the old client, and makes a new one (with
    /// the same serial number) at the new one.
    pub(super) fn settle(&mut self, today: Date) -> Vec<Move> {
        let count = self.pianos.len();
        let branch = self.clients.iter().position(|client| client["id"] == BRANCHES[0].1);
        let (true, Some(branch)) = (count >= FEWEST_PIANOS, branch) else { return Vec::new() };
        let payer = self.clients.iter().find(|client| client["id"] == INSTITUTIONS[2].1);
        let contact = payer.map(|client| client["defaultContact"].clone()).unwrap_or_default();
        self.clients[branch]["companyName"] = "Place des Arts, salle Wilfrid-Pelletier".into();
        self.clients[branch]["tags"] = json!(["institution"]);
        self.clients[branch]["defaultBillingContact"] = contact;

        // The last one stays where it is. The fourth is an institution's.
        self.pianos[count - 3]["client"] = json!({"id": INSTITUTIONS[1].1});
        self.pianos[count - 3]["status"] = "INACTIVE".into();
        self.pianos[count - 4]["client"] = json!({"id": INSTITUTIONS[0].1});
        self.pianos[count - 4]["status"] = "UNDER_RESTORATION".into();
        let mut moves = vec![self.move_piano(3, count - 2, BRANCHES[0].1, today, 10)];
        if count >= 5 * FEWEST_PIANOS {
            // Out of an institution, and from one of its clients to the other.
            self.pianos[count - 6]["client"] = json!({"id": INSTITUTIONS[0].1});
            moves.push(self.move_piano(count - 6, count - 5, &id("cli", 6), today, 20));
            moves.push(self.move_piano(2, count - 7, BRANCHES[0].1, today, 400));
        }
        moves
    }

    fn move_piano(&mut self, from: usize, to: usize, client: &str, today: Date, days_ago: i64) -> Move {
        let moved = at(today.checked_sub(days_ago.days()).unwrap_or(today));
        let mut piano = self.pianos[from].clone();
        piano["id"] = self.pianos[to]["id"].clone();
        piano["client"] = json!({"id": client});
        piano["location"] = "Local W-101".into();
        piano["createdAt"] = moved.to_string().into();
        piano["updatedAt"] = moved.to_string().into();
        self.pianos[to] = piano;
        self.pianos[from]["status"] = "INACTIVE".into();
        self.pianos[from]["updatedAt"] = moved.to_string().into();
        Move { from, to, at: moved }
    }

    /// Some events take the whole day: their start is midnight of their calendar date, in UTC.
    pub(super) fn take_whole_days(&mut self) {
        for event in self.appointments.iter_mut().skip(7).step_by(29) {
            if let Some(day) = day_of(event) {
                event["isAllDay"] = true.into();
                event["start"] = format!("{day}T00:00:00Z").into();
            }
        }
    }

    /// Gives the pianos that moved a copy of the history of those that they were, in place of entries about nothing; and
    /// what happened since then.
    pub(super) fn copy_histories(&mut self, moves: &[Move]) {
        let mut spare: Vec<usize> =
            (0..self.timeline.len()).filter(|at| self.timeline[*at]["piano"].is_null()).collect();
        for moved in moves {
            let (old, new) = (&self.pianos[moved.from], &self.pianos[moved.to]);
            let (old_id, new_id) = (old["id"].clone(), new["id"].clone());
            let client = new["client"]["id"].clone();
            for at in 0..self.timeline.len() {
                let entry = &self.timeline[at];
                let occurred = entry["occurredAt"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
                if entry["piano"]["id"] != old_id {
                    continue;
                }
                let target = if occurred.is_some_and(|occurred| occurred < moved.at) {
                    let Some(spare) = spare.pop() else { return };
                    self.copy_entry(at, spare)
                } else {
                    at
                };
                let entry = &mut self.timeline[target];
                entry["piano"] = json!({"id": new_id});
                // A measurement belongs to an invoice, and an invoice to who pays.
                let is_paid_by_other = entry["type"] == "PIANO_MEASUREMENT" && client == BRANCHES[0].1;
                entry["client"] =
                    if is_paid_by_other { json!({"id": INSTITUTIONS[2].1}) } else { json!({"id": client}) };
            }
        }
    }

    /// Writes an entry once more in place of another; answers the place.
    fn copy_entry(&mut self, from: usize, to: usize) -> usize {
        let mut copy = self.timeline[from].clone();
        let (original, own) = (copy["id"].clone(), self.timeline[to]["id"].clone());
        copy["id"] = own.clone();
        self.timeline[to] = copy;
        let [original, own] = [original, own].map(|id: Value| id.as_str().unwrap_or_default().to_owned());
        if let Some(meaning) = self.meanings.get(&original).cloned() {
            self.meanings.insert(own.clone(), meaning);
        }
        self.copies.insert(own, original);
        to
    }
}
