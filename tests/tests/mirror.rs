//! The mirror is what Gazelle has: every column, whatever people do there while it is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use e2e::{
    Backend, Bed, NIGHT,
    expected::{self, plain},
};
use gazelle_local::{company::Company, lambda::Ended, stack::TaskRun, tripwire::Moment};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{clock, task::Function};

/// Everything is read, back to the beginning.
async fn read_everything(bed: &mut Bed) -> anyhow::Result<TaskRun> {
    bed.stack.advance(SignedDuration::from_hours(24));
    let event = json!({"task": "sync_gazelle", "parameters": {"full": true}});
    bed.stack.invoke(Function::SyncGazelle, &event).await
}

/// The rows of a table, all or only those that are not deleted.
async fn stored(bed: &Bed, table: &str, deleted: bool) -> anyhow::Result<expected::Rows> {
    let (_, key, columns) = expected::tables().find(|(name, ..)| *name == table).unwrap();
    let rows = bed.stack.rows(table, &format!("{key},deleted_at,{}", columns.join(",")), key).await?;
    Ok(rows
        .into_iter()
        .filter(|row| row["deleted_at"].is_null() != deleted)
        .map(|row| {
            let columns = columns.iter().map(|column| ((*column).to_owned(), plain(&row[*column])));
            (row[key].as_str().unwrap_or_default().to_owned(), columns.collect())
        })
        .collect())
}

/// Every column of every row is the company's.
async fn assert_equal(bed: &Bed, when: &str) -> anyhow::Result<()> {
    let company = bed.stack.sandbox.company.read().unwrap().clone();
    for (table, ..) in expected::tables() {
        let (expected, stored) = (expected::rows(&company, table), stored(bed, table, false).await?);
        for (id, columns) in &expected {
            let Some(found) = stored.get(id) else { panic!("{when}: {table} lacks {id}") };
            let other: Vec<_> = columns.iter().filter(|(name, value)| found[*name] != **value).collect();
            assert!(other.is_empty(), "{when}: {table} {id}: {other:?} is {found:?}");
        }
        let more: Vec<_> = stored.keys().filter(|id| !expected.contains_key(*id)).collect();
        assert!(more.is_empty(), "{when}: {table} still has {more:?}");
    }
    Ok(())
}

async fn assert_no_living_row_is_deleted(bed: &Bed, when: &str) -> anyhow::Result<()> {
    let company = bed.stack.sandbox.company.read().unwrap().clone();
    for (table, ..) in expected::tables() {
        let living = expected::rows(&company, table);
        let deleted = stored(bed, table, true).await?;
        let wrong: Vec<_> = deleted.keys().filter(|id| living.contains_key(*id)).collect();
        assert!(wrong.is_empty(), "{when}: {table}: {wrong:?} live and are deleted");
    }
    Ok(())
}

/// A small generator of its own: the same work for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// One thing that somebody does in Gazelle.
fn work(company: &mut Company, dice: &mut Dice, number: usize) {
    let (at, other) = (dice.below(company.clients.len()), dice.below(company.clients.len()));
    let place = dice.below(company.timeline.len());
    // Later than everything before.
    let now = "2026-05-01T10:00:00Z".parse::<Timestamp>().unwrap()
        + SignedDuration::from_secs(i64::try_from(number).unwrap());
    let now = now.to_string();
    match dice.below(9) {
        0 => {
            let mut client = company.clients[at].clone();
            client["id"] = format!("cli_local_9{number:05}").into();
            client["contacts"] = json!([]);
            client["updatedAt"] = now.into();
            company.clients.insert(other, client);
        }
        1 => company.clients.swap(at, other),
        2 => {
            company.clients[at]["personalNotes"] = format!("Note {number}").into();
            company.clients[at]["updatedAt"] = now.into();
        }
        3 => {
            company.timeline.remove(place);
        }
        4 => {
            let mut entry = company.timeline[place].clone();
            entry["id"] = format!("tme_local_9{number:05}").into();
            entry["occurredAt"] = "2026-01-14T22:00:00Z".into();
            company.timeline.insert(0, entry);
        }
        5 => {
            let at = dice.below(company.appointments.len());
            company.appointments.remove(at);
        }
        6 => {
            let at = dice.below(company.appointments.len());
            let start = format!("202{}-0{}-1{}T15:00:00Z", dice.below(7), 1 + dice.below(9), dice.below(9));
            company.appointments[at]["start"] = start.into();
            company.appointments[at]["updatedAt"] = now.into();
            company.appointments.sort_by(|a, b| a["start"].as_str().cmp(&b["start"].as_str()));
        }
        7 => {
            let at = dice.below(company.pianos.len());
            company.pianos[at]["location"] = format!("Local {number}").into();
            company.pianos[at]["updatedAt"] = now.into();
        }
        _ => {
            // Institutions stay: the report has a tab for each.
            if company.clients[at]["tags"] == json!([]) {
                company.clients.remove(at);
            }
        }
    }
    company.reindex();
}

/// A column that is read from Gazelle and that no test compares is found here.
#[test]
fn every_column_of_the_mapping_is_compared_with_the_company() -> anyhow::Result<()> {
    let rows = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/src/mirror/rows.rs"))?;
    let rows = rows.split("#[cfg(test)]").next().unwrap_or_default();
    let columns: BTreeSet<&str> = rows
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": ").map(|(column, _)| column))
        .collect();
    let compared = expected::tables().flat_map(|(.., columns)| columns);
    // By rule an empty list erases nothing: what was once there is not what the company has. The mapper's own tests try it.
    let compared: BTreeSet<&str> = compared.chain(["tags"]).collect();
    assert!(columns.len() > 70, "{columns:?}");
    assert_eq!(columns, compared, "columns of the mapping, and those that are compared");
    // Nothing is equal to nothing: the company has a value of each.
    let company = Company::generate(0.2, 1, clock::business_date(NIGHT.parse()?));
    let mut missing = BTreeSet::new();
    for (table, _, columns) in expected::tables() {
        let rows = expected::rows(&company, table);
        missing.extend(columns.into_iter().filter(|column| rows.values().all(|row| row[*column].is_null())));
    }
    assert!(
        missing.is_empty(),
        "the company has no value of these, so that nothing is compared: {missing:?}"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_do_while_it_is_read_no_living_row_goes_and_the_next_night_is_exact(
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    // Some pages of each collection, and room below the guard for a few deletions.
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.06).await?;
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "the first reading").await?;
    // More of them by hand.
    let seeds = std::env::var("GAZELLE_TEST_SEEDS").map_or(Ok(20), |seeds| seeds.parse())?;
    for seed in 0..seeds {
        let (mut dice, mut queries, mut done) = (Dice(seed), 0, usize::try_from(seed)? * 1_000);
        // Eight things within the first queries of the reading, which has about fifty.
        let mut moments: Vec<usize> = (0..8).map(|_| dice.below(45)).collect();
        bed.stack.sandbox.on_query(move |_, company| {
            for _ in moments.extract_if(.., |moment| *moment == queries) {
                work(company, &mut dice, done);
                done += 1;
            }
            queries += 1;
        });
        let run = read_everything(&mut bed).await?;
        bed.stack.sandbox.calm();
        assert_eq!(run.answer.status, "success", "seed {seed}: {:?}", run.answer);
        assert_no_living_row_is_deleted(&bed, &format!("seed {seed}")).await?;
        let run = read_everything(&mut bed).await?;
        assert_eq!(run.answer.status, "success", "seed {seed}: {:?}", run.answer);
        assert_equal(&bed, &format!("the night after seed {seed}")).await?;
    }
    assert!(bed.notified().is_empty(), "ordinary work is told to nobody");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_makes_a_living_row_slip_by_does_not_delete_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.06).await?;
    read_everything(&mut bed).await?;
    let pages = Arc::new(Mutex::new(0));
    let seen = pages.clone();
    bed.stack.sandbox.on_query(move |operation, company| {
        if operation == "Clients" {
            *seen.lock().unwrap() += 1;
            if *seen.lock().unwrap() == 2 {
                // A client of the first page goes: the first one of the second page moves into the first.
                company.clients.remove(50);
                company.reindex();
            }
        }
    });
    let run = read_everything(&mut bed).await?;
    bed.stack.sandbox.calm();
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "one reading").await?;
    assert_eq!(
        *pages.lock().unwrap(),
        7,
        "three pages, and, because the total moved, a count and three again"
    );
    assert_eq!(run.answer.stats["clients"], 240, "239 that are left and the one that was seen first");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_sync_killed_between_its_pages_goes_on_to_the_exact_mirror(
    #[values((Backend::Embedded, Moment::Before), (Backend::PostgRest, Moment::After))] place: (
        Backend,
        Moment,
    ),
) -> anyhow::Result<()> {
    let (backend, moment) = place;
    // Two pages of clients, nine of the timeline.
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.03).await?;
    read_everything(&mut bed).await?;
    let event = json!({"task": "sync_gazelle", "parameters": {"full": true}});
    let mut dice = Dice(7);
    let mut killed = 0;
    // Every third request, in and between all collections.
    for step in (4..).step_by(3) {
        bed.stack.advance(SignedDuration::from_hours(24));
        for number in 0..6 {
            let mut company = bed.stack.sandbox.company.write().unwrap();
            work(&mut company, &mut dice, usize::try_from(step)? * 1_000 + number);
        }
        let request_id = bed.stack.request_id();
        bed.stack.tripwire.set(step, moment);
        let cut = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        if !matches!(cut.invocation.ended, Ended::Crashed) {
            assert_eq!(cut.answer.status, "success");
            break;
        }
        killed += 1;
        let again = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        assert_eq!(again.answer.status, "success", "step {step}: {:?}", again.answer);
        let deletions_wait = again.answer.message.as_deref();
        assert_no_living_row_is_deleted(&bed, &format!("step {step}, {deletions_wait:?}")).await?;
    }
    assert!(killed > 10, "only {killed} steps");
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "the night after").await?;
    assert!(bed.notified().is_empty(), "nothing failed in the end: {:?}", bed.notified());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn people_who_work_through_three_readings_of_a_list_are_no_error_of_gazelles(
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.06).await?;
    read_everything(&mut bed).await?;
    let mut pages = 0;
    bed.stack.sandbox.on_query(move |operation, company| {
        pages += usize::from(operation == "Clients");
        // Three pages and a count make a reading. At its second page one client comes at the front and one goes behind:
        // the totals stay, a row stands twice, and the new one is missed.
        if operation == "Clients" && [2, 6, 10].contains(&pages) {
            let mut client = company.clients[0].clone();
            client["id"] = format!("cli_local_9{pages:05}").into();
            client["contacts"] = json!([]);
            client["updatedAt"] = format!("2026-05-01T10:00:{pages:02}Z").into();
            company.clients.insert(0, client);
            company.clients.pop();
            company.reindex();
        }
    });
    let run = read_everything(&mut bed).await?;
    bed.stack.sandbox.calm();
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "one reading").await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_company_is_read_in_windows_side_by_side(
    #[values(Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.2).await?;
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["as_one_list"], Value::Null);
    assert_equal(&bed, "the first reading").await?;
    let windows: BTreeMap<String, usize> = bed
        .stack
        .rows("sync_state", "collection,windows", "collection")
        .await?
        .iter()
        .map(|row| {
            (row["collection"].as_str().unwrap().to_owned(), row["windows"].as_object().unwrap().len())
        })
        .collect();
    assert!(windows["timeline"] >= 3 && windows["appointments"] >= 2, "{windows:?}");
    assert_eq!(windows["pianos"], 1);

    // While the windows are read: an old entry goes, a new one comes, an appointment moves to another window.
    let mut queries = 0;
    bed.stack.sandbox.on_query(move |_, company| {
        queries += 1;
        match queries {
            30 => {
                company.timeline.remove(5_000);
            }
            40 => {
                let mut entry = company.timeline[0].clone();
                entry["id"] = "tme_local_900001".into();
                company.timeline.insert(0, entry);
            }
            45 => {
                company.appointments[3]["start"] = "2025-11-11T15:00:00Z".into();
                company.appointments[3]["updatedAt"] = "2026-01-15T01:00:00Z".into();
                company.appointments.sort_by(|a, b| a["start"].as_str().cmp(&b["start"].as_str()));
            }
            _ => {}
        }
    });
    let run = read_everything(&mut bed).await?;
    bed.stack.sandbox.calm();
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["as_one_list"], Value::Null);
    assert_no_living_row_is_deleted(&bed, "work while windows are read").await?;
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "the night after").await?;
    Ok(())
}

#[rstest]
#[case::the_list_has_no_end(true)]
#[case::the_list_has_no_order(false)]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_in_windows_is_read_as_one_list(
    #[case] is_one_way: bool,
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start_with(backend, |options| options.scale = 0.1).await?;
    if is_one_way {
        bed.stack.break_with(&["gazelle:one-way".parse().unwrap()]);
    } else {
        // Oldest and newest are where they should be, and nothing between them is.
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let last = company.timeline.len() - 1;
        company.timeline[1..last].rotate_left(last / 3);
    }
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["as_one_list"], json!(["timeline"]));
    assert_equal(&bed, "as one list").await
}

/// As if an earlier version had stored what it read in another way, and had read everything.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_mapping_rewrites_rows_and_links_although_gazelle_sends_the_same(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let tables = ["gazelle_pianos", "gazelle_appointments", "gazelle_timeline_entries"];
    let before =
        |bed: &Bed, table: &'static str| bed.stack.observer.from(table).order("external_id.asc").limit(3);
    let rows = async |bed: &Bed| -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for table in tables {
            let mut rows: Vec<Value> = bed.stack.observer.rows(before(bed, table)).await?;
            for row in &mut rows {
                let fields = row.as_object_mut().unwrap();
                fields.remove("synced_at");
                fields.remove("updated_at");
            }
            all.extend(rows);
        }
        Ok(all)
    };
    let linked = async |bed: &Bed| -> anyhow::Result<BTreeSet<String>> {
        let links = bed.stack.rows("gazelle_appointment_pianos", "*", "piano_external_id").await?;
        Ok(links.iter().map(Value::to_string).collect())
    };
    let (good, links) = (rows(&bed).await?, linked(&bed).await?);
    let spoil = async |bed: &Bed, table: &str, key: &str, spoilt: Value| {
        bed.stack
            .write(bed.stack.observer.from(table).not("is", key, "null").update(spoilt.to_string()))
            .await
    };
    spoil(&bed, "gazelle_pianos", "external_id", json!({"make": "?", "mapping": 1})).await?;
    spoil(&bed, "gazelle_appointments", "external_id", json!({"title": "?", "mapping": 1})).await?;
    spoil(&bed, "gazelle_timeline_entries", "external_id", json!({"title": "?", "mapping": null})).await?;
    spoil(&bed, "gazelle_appointment_pianos", "piano_external_id", json!({"is_tuning": null})).await?;
    // As far as anybody knows everything was read by this mapping: an ordinary night reads no more than it does.
    let run = bed.sync("2026-01-16T06:00:00Z").await?;
    assert_eq!(
        (&run.answer.stats["full"], &run.answer.status),
        (&json!(false), &"success".to_owned()),
        "{:?}",
        run.answer
    );
    // Read in another way, also the date by which the newer row is known.
    let later = json!({"gazelle_updated_at": "2026-01-16T12:00:00Z", "mapping": 1});
    spoil(&bed, "gazelle_pianos", "external_id", later).await?;
    spoil(&bed, "sync_state", "collection", json!({"mapping": 1})).await?;
    // The afternoon reads its window as always, and leaves the correction to the night.
    let afternoon = bed.run("rv_alerts", "2026-01-16T21:00:00Z").await?;
    assert_eq!(afternoon.answer.status, "success", "{:?}", afternoon.answer);
    let states = bed.stack.rows("sync_state", "collection,mapping,windows", "collection").await?;
    let appointments = states.iter().find(|state| state["collection"] == "appointments").unwrap();
    assert_eq!(appointments["mapping"], 1);
    let windows: Vec<&String> = appointments["windows"].as_object().unwrap().keys().collect();
    assert!(
        !windows.is_empty()
            && windows.iter().all(|name| name.starts_with("2026-") || name.starts_with("2025-")),
        "{windows:?}"
    );
    let run = bed.sync("2026-01-17T06:00:00Z").await?;
    assert_eq!(
        (&run.answer.stats["full"], &run.answer.status),
        (&json!(true), &"success".to_owned()),
        "{:?}",
        run.answer
    );
    assert_eq!(rows(&bed).await?, good);
    assert!(linked(&bed).await? == links, "links");
    let run = bed.sync("2026-01-18T06:00:00Z").await?;
    assert_eq!(run.answer.stats["full"], false, "once");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_is_off_by_one_for_nights_is_reported_once_and_nothing_is_deleted_meanwhile(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    bed.stack.break_with(&["gazelle:miscount".parse().unwrap()]);
    for (night, status) in [(16, "error"), (17, "error"), (18, "warning"), (19, "warning")] {
        if night == 18 {
            let mut company = bed.stack.sandbox.company.write().unwrap();
            company.clients.pop();
            company.reindex();
        }
        bed.stack.advance(SignedDuration::from_hours(24));
        let run = bed.sync(&format!("2026-01-{night}T06:00:00Z")).await?;
        assert_eq!(run.answer.status, status, "night {night}: {:?}", run.answer);
        let succeeded = bed.stack.take_events();
        let is_reported =
            succeeded.iter().any(|event| event.envelope["detail-type"] == "Gazelle Sync Succeeded");
        assert_eq!(is_reported, status == "warning", "night {night}");
        assert_eq!(bed.live("gazelle_clients").await?, 40, "night {night}");
    }
    let drift = bed.stack.rows("notices", "event_type,fingerprint", "fingerprint").await?;
    let drift: Vec<_> = drift.iter().filter(|notice| notice["event_type"] == "sync.drift").collect();
    assert_eq!(drift.len(), 1, "{drift:?}");

    bed.stack.faults.lift();
    bed.stack.advance(SignedDuration::from_hours(24));
    let run = bed.sync("2026-01-20T06:00:00Z").await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(bed.live("gazelle_clients").await?, 39);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_a_row_that_nobody_can_name_deletes_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let id = {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let id = company.clients[30]["id"].take();
        company.clients.remove(35);
        id
    };
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
    assert_eq!(bed.live("gazelle_clients").await?, 40, "neither the one without an id nor the other");
    bed.stack.sandbox.company.write().unwrap().clients[30]["id"] = id;
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(bed.live("gazelle_clients").await?, 39);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_stands_twice_in_a_list_is_counted_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let twice = company.clients[20].clone();
        company.clients.push(twice);
    }
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
    assert_eq!(run.answer.stats["clients"], 40);
    let counts = &run.answer.stats["collections"];
    assert_eq!(counts["clients"], json!({"inserted": 40, "updated": 0, "unchanged": 0, "deleted": 0}));
    assert_eq!(counts["contacts"]["inserted"], run.answer.stats["contacts"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn on_sundays_an_appointment_of_long_ago_is_seen_to_change_and_to_go(
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let appointments = bed.live("gazelle_appointments").await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        assert!(company.appointments[1]["start"].as_str() < Some("2025"));
        company.appointments[1]["notes"] = "Corrigé après coup".into();
        company.appointments[1]["updatedAt"] = NIGHT.into();
        company.appointments.remove(0);
    }
    let noted = async |bed: &Bed| -> anyhow::Result<bool> {
        let rows = stored(bed, "gazelle_appointments", false).await?;
        Ok(rows.values().any(|row| row["notes"] == "Corrigé après coup"))
    };
    // A Friday, and a Sunday.
    for (night, is_whole) in [("2026-01-16T06:00:00Z", false), ("2026-01-18T06:00:00Z", true)] {
        let run = bed.sync(night).await?;
        assert_eq!(run.answer.status, "success", "{:?}", run.answer);
        assert_eq!(noted(&bed).await?, is_whole, "{night}");
        assert_eq!(bed.live("gazelle_appointments").await?, appointments - usize::from(is_whole), "{night}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_gazelle_that_wants_to_be_left_alone_is_asked_again_when_it_said(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.break_with(&["gazelle:ban".parse().unwrap()]);
    let put_off = bed.sync(NIGHT).await?;
    assert_eq!(put_off.answer.status, "running", "{:?}", put_off.answer);
    assert!(bed.stack.take_events().is_empty());
    // Not before Gazelle said, and then by the dispatcher.
    for (minutes, expected) in [(8, 0), (4, 1)] {
        bed.stack.advance(SignedDuration::from_mins(minutes));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
        let events = bed.stack.take_events();
        let continued: Vec<_> =
            events.iter().filter(|event| event.envelope["detail-type"] == "Task Continued").collect();
        assert_eq!(continued.len(), expected);
        if let Some(event) = continued.first() {
            let run = bed.stack.invoke(Function::SyncGazelle, &event.envelope).await?;
            assert_eq!(run.answer.status, "success", "{:?}", run.answer);
        }
    }
    bed.assert_mirrored().await?;
    let runs = bed.runs("sync_gazelle").await?;
    assert_eq!((runs.len(), &runs[0]["attempt"], &runs[0]["errors"]), (1, &json!(1), &json!([])));
    assert!(bed.notified().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_date_that_is_still_to_come_stops_a_row_or_the_next_sync() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.stack.sandbox.company.write().unwrap().clients[0]["updatedAt"] = "2099-01-01T00:00:00Z".into();
    bed.fill().await?;
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        company.clients[0]["updatedAt"] = "2026-01-15T20:00:00Z".into();
        company.clients[0]["companyName"] = "Another name".into();
    }
    // What only one part may hand to the next is not taken from a person.
    bed.stack.advance(SignedDuration::from_hours(24));
    let asked = json!({"task": "sync_gazelle", "parameters": {"started_at": "2099-01-01T00:00:00Z"}});
    let refused = bed.stack.invoke(Function::SyncGazelle, &asked).await?;
    assert_eq!(refused.answer.error.as_ref().unwrap().kind, "bad_parameters", "{:?}", refused.answer);
    let run = read_everything(&mut bed).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_equal(&bed, "after a date of a time to come").await
}
