//! Answers of Gazelle and of Supabase that are none, not whole, or not as agreed: what passes is asked for again, what can
//! be read is read, what was known stays, and what stays wrong says where.

use e2e::{Backend, Bed, NIGHT, console};
use gazelle_local::{faults::FaultSpec, postgrest::Database, sandbox::Workbook, stack::TaskRun};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// The next night's sync, with faults in force.
async fn next_night(bed: &mut Bed, faults: &[&str]) -> anyhow::Result<TaskRun> {
    let faults: Vec<FaultSpec> =
        faults.iter().map(|fault| fault.parse().map_err(anyhow::Error::msg)).collect::<Result<_, _>>()?;
    bed.stack.break_with(&faults);
    bed.stack.advance(SignedDuration::from_hours(24));
    let night = bed.stack.clock.now().to_string();
    let run = bed.sync(&night).await?;
    bed.stack.faults.lift();
    Ok(run)
}

async fn database(bed: &Bed) -> anyhow::Result<tokio_postgres::Client> {
    Database::connect(&bed.database.as_ref().unwrap().url).await
}

/// One value of the database, as text.
async fn one(database: &tokio_postgres::Client, sql: &str) -> anyhow::Result<Option<String>> {
    Ok(database.query_one(&format!("select ({sql})::text"), &[]).await?.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_asked_for_again_and_nobody_hears_of_it() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.fill().await?;
    for name in [
        "gazelle:internal-error",
        "gazelle:throttled",
        "gazelle:proxy",
        "gazelle:html",
        "gazelle:no-page-info",
        "supabase:restarting",
        "supabase:schema-cache",
    ] {
        let fault: FaultSpec = name.parse().map_err(anyhow::Error::msg)?;
        bed.stack.break_with(&[fault]);
        bed.stack.advance(SignedDuration::from_hours(24));
        let run = bed.sync(&bed.stack.clock.now().to_string()).await?;
        assert_eq!(run.answer.status, "success", "{name}: {:?}", run.answer);
        assert!(!bed.stack.faults.has(fault.fault), "{name} has happened as often as it was to");
    }
    bed.assert_mirrored().await?;
    assert!(bed.notified().is_empty());
    Ok(())
}

/// What a permanent fault ends as.
struct Ending {
    fault: &'static str,
    kind: &'static str,
    details: Value,
    /// Requests to Gazelle at most: five collections, and what is asked for again.
    requests: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_wrong_fails_by_its_own_name_and_says_where() -> anyhow::Result<()> {
    let (mut bed, console) = console::open(Backend::PostgRest).await?;
    let malformed = |fault, part, requests| Ending {
        fault,
        kind: "gazelle_malformed",
        details: json!({"part": part}),
        requests,
    };
    for ending in [
        malformed("gazelle:same-cursor", "endCursor", 10),
        malformed("gazelle:cursor-circle", "endCursor", 20),
        malformed("gazelle:no-cursor", "endCursor", 20),
        malformed("gazelle:empty-page", "an empty page before the last", 20),
        Ending {
            fault: "gazelle:graphql-error",
            kind: "gazelle_refused",
            details: json!({"http_status": 200, "graphql_errors": 1, "code": "GRAPHQL_VALIDATION_FAILED"}),
            requests: 5,
        },
        Ending {
            fault: "gazelle:throttled:∞",
            kind: "gazelle_unavailable",
            details: json!({"http_status": 200, "code": "THROTTLED"}),
            requests: 40,
        },
        Ending {
            fault: "gazelle:proxy:∞",
            kind: "gazelle_refused",
            details: json!({"http_status": 403}),
            requests: 20,
        },
    ] {
        let name = ending.fault;
        bed.stack.traffic.reset();
        let run = next_night(&mut bed, &[name]).await?;
        // No session lasts until the next night.
        let admin = console.sign_in("admin").await?;
        assert_eq!(run.answer.error.as_ref().map(|error| error.kind.as_str()), Some(ending.kind), "{name}");
        let requests = bed.stack.traffic.of("gazelle");
        assert!((4..=ending.requests).contains(&requests), "{name}: {requests} requests");
        let row = bed.runs("sync_gazelle").await?.pop().unwrap();
        let details = &row["errors"].as_array().unwrap().last().unwrap()["details"];
        for (field, value) in ending.details.as_object().unwrap() {
            assert_eq!(&details[field], value, "{name}: {details}");
        }
        assert!(details["collection"].is_string() && details["page"].is_u64(), "{name}: {details}");
        // In the log, in the run and on its page; nothing of what the answer said.
        let collection = details["collection"].as_str().unwrap();
        assert!(run.invocation.log.contains("collection.failed"), "{}", run.invocation.log);
        let page = console.page(&format!("/runs/{}", row["id"].as_str().unwrap()), &admin, "fr").await?;
        assert!(page.contains("Détails techniques"), "{name}");
        for (_, value) in ending.details.as_object().unwrap() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert!(page.contains(&format!("<code>{value}</code>")), "{name}: {value}");
            assert!(run.invocation.log.contains(&value), "{name}: {value} in {}", run.invocation.log);
        }
        assert!(page.contains(&format!("<code>{collection}</code>")), "{name}");
        assert!(!format!("{}{row}{page}", run.invocation.log).contains("planted"), "{name}");
    }
    let row = bed.runs("sync_gazelle").await?.remove(4);
    let path = row["errors"][0]["details"]["path"].as_str().unwrap().to_owned();
    // A name that the query of the failed collection does not have is not shown either.
    assert!(path.ends_with(".3.?"), "{path}");
    let notices = bed.stack.rows("notices", "event_type", "fingerprint").await?;
    assert!(notices.iter().all(|notice| notice["event_type"] == "sync.failed"), "{notices:?}");
    Ok(())
}

/// The first text of each collection that holds one, and of the payload beside it.
const TEXTS: [(&str, &str, &str); 4] = [
    ("users", "last_name", "raw ->> 'lastName'"),
    ("gazelle_pianos", "serial_number", "raw ->> 'serialNumber'"),
    ("gazelle_appointments", "location", "raw ->> 'addressLine'"),
    ("gazelle_timeline_entries", "title", "raw ->> 'summary'"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_no_database_stores_costs_a_character_and_no_row() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    let fault: FaultSpec = "gazelle:half-character".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    let first = bed.sync(NIGHT).await?;
    assert_eq!(first.answer.status, "warning", "{:?}", first.answer);
    assert_eq!(first.answer.stats["quarantined"], Value::Null);
    bed.assert_mirrored().await?;
    let database = database(&bed).await?;
    let replaced = async |table: &str, column: &str, raw: &str| {
        let sql = format!(
            "select count(*) from {table} where {column} like U&'\\FFFD%' and {raw} like U&'\\FFFD%'"
        );
        one(&database, &sql).await
    };
    for (table, column, raw) in TEXTS {
        // One on each page.
        let count: u32 = replaced(table, column, raw).await?.unwrap().parse()?;
        assert!(count >= 1, "{table}");
    }
    let notified = bed.notified().len();
    assert!(notified > 0, "drift is told");

    // A byte that is no UTF-8 ends as the same character: nothing is written, nobody hears of it again.
    let second = next_night(&mut bed, &["gazelle:not-utf8"]).await?;
    assert_eq!(second.answer.status, "warning", "{:?}", second.answer);
    for collection in ["users", "clients", "pianos"] {
        assert_eq!(second.answer.stats["collections"][collection]["updated"], 0, "{collection}");
    }
    // A NUL goes. It is Sunday by then: the whole timeline is read.
    bed.stack.advance(SignedDuration::from_hours(24));
    let third = next_night(&mut bed, &["gazelle:nul"]).await?;
    assert_eq!(third.answer.status, "warning", "{:?}", third.answer);
    assert_eq!(third.answer.stats["quarantined"], Value::Null);
    // The window of the appointments has moved on from the first one.
    for (table, column, raw) in TEXTS.into_iter().filter(|(table, ..)| *table != "gazelle_appointments") {
        assert_eq!(replaced(table, column, raw).await?.as_deref(), Some("0"), "{table}");
    }
    assert_eq!(bed.notified().len(), notified, "the same drift is told once");
    bed.assert_mirrored().await?;
    assert!(bed.stack.rows("sync_quarantine", "external_id", "external_id").await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_is_read_and_what_cannot_changes_nothing() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    let fault: FaultSpec = "gazelle:long-numbers".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    let first = bed.sync(NIGHT).await?;
    assert_eq!(first.answer.status, "success", "{:?}", first.answer);
    let database = database(&bed).await?;
    let digits = "select string_agg(distinct raw ->> 'buffer', ',') from gazelle_appointments";
    assert_eq!(one(&database, digits).await?.as_deref(), Some("12345678901234567890.123456789"));

    let known = async || {
        let sql = "select concat(
            (select string_agg(concat_ws(':', external_id, year, service_interval_months, calculated_last_service), ',' order by external_id)
             from gazelle_pianos), (select md5(string_agg(concat_ws(':', external_id, start_datetime, appointment_date,
               appointment_time, duration_minutes), ',' order by external_id)) from gazelle_appointments),
            (select string_agg(concat_ws(':', external_id, company_name), ',' order by external_id) from gazelle_clients),
            (select md5(string_agg(concat_ws(':', external_id, wants_text), ',' order by external_id)) from gazelle_contacts),
            (select md5(string_agg(concat_ws(':', external_id, occurred_at, entry_date), ',' order by external_id))
             from gazelle_timeline_entries),
            (select string_agg(l::text, ',' order by l::text) from gazelle_appointment_pianos l))";
        one(&database, sql).await
    };
    let before = known().await?;
    assert!(before.as_ref().is_some_and(|text| text.contains(":19") && text.contains(",t)")), "{before:?}");
    let pianos = "select count(*) from gazelle_pianos where raw ->> 'serviceIntervalMonths' is not null";
    let with_interval = one(&database, pianos).await?;

    let second = next_night(&mut bed, &["gazelle:loose-types"]).await?;
    assert_eq!(second.answer.status, "success", "{:?}", second.answer);
    let as_text =
        "select count(*) from gazelle_pianos where jsonb_typeof(raw -> 'serviceIntervalMonths') = 'string'";
    assert_eq!(one(&database, as_text).await?, with_interval, "what came is in the payload");
    assert_eq!(known().await?, before);
    assert!(bed.notified().is_empty(), "nothing is lost, nothing is told");

    // Sunday: the whole timeline is read.
    bed.stack.advance(SignedDuration::from_hours(24));
    let third = next_night(&mut bed, &["gazelle:unreadable"]).await?;
    assert_eq!(third.answer.status, "warning", "{:?}", third.answer);
    let words = "select count(*) filter (where raw ->> 'year' = 'vers 1998') > 0 from gazelle_pianos";
    assert_eq!(one(&database, words).await?.as_deref(), Some("true"));
    assert_eq!(known().await?, before, "what was known stays");
    let notified = bed.notified().len();
    assert!(notified > 0);
    next_night(&mut bed, &["gazelle:unreadable"]).await?;
    assert_eq!(bed.notified().len(), notified, "the same drift is told once");
    Ok(())
}

/// A client of so many people.
fn crowd(bed: &Bed, people: u32) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let contact = company.clients[0]["contacts"][0].clone();
    let contacts = (0..people).map(|n| {
        let mut contact = contact.clone();
        contact["id"] = format!("con_local_9{n:05}").into();
        contact
    });
    company.clients[0]["contacts"] = contacts.collect();
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_that_lead_in_a_circle_are_not_read_for_ever() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    crowd(&bed, 230);
    bed.stack.break_with(&["gazelle:contacts-circle".parse().map_err(anyhow::Error::msg)?]);
    let run = bed.sync(NIGHT).await?;
    let error = run.answer.error.as_ref().map(|error| error.kind.as_str());
    assert_eq!(error, Some("gazelle_malformed"), "{:?}", run.answer);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_inside_a_node_is_read_to_its_end_or_said_to_be_cut() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    // An institution of many people, and a visit to all of its pianos.
    crowd(&bed, 230);
    let id = {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let upcoming = company
            .appointments
            .iter()
            .position(|visit| visit["type"] == "APPOINTMENT" && visit["start"].as_str() > Some("2026-01-10"));
        let visit = &mut company.appointments[upcoming.unwrap()];
        let pianos =
            (0..280).map(|n| json!({"isTuning": n % 2 == 0, "piano": {"id": format!("ins_local_9{n:05}")}}));
        visit["eventPianos"] = pianos.collect();
        visit["id"].as_str().unwrap().to_owned()
    };
    let first = bed.sync(NIGHT).await?;
    assert_eq!(first.answer.status, "success", "{:?}", first.answer);
    bed.assert_mirrored().await?;
    let database = database(&bed).await?;
    let links =
        format!("select count(*) from gazelle_appointment_pianos where appointment_external_id = '{id}'");
    let stored = format!(
        "select jsonb_array_length(raw -> 'allEventPianos' -> 'nodes') from gazelle_appointments where external_id = '{id}'"
    );
    assert_eq!(one(&database, &links).await?.as_deref(), Some("280"));
    assert_eq!(one(&database, &stored).await?.as_deref(), Some("280"));
    // Where the pages end leaves no trace: a night without changes writes nothing.
    let second = next_night(&mut bed, &[]).await?;
    assert_eq!(second.answer.stats["collections"]["appointments"]["updated"], 0);

    let cut = next_night(&mut bed, &["gazelle:cut-lists"]).await?;
    assert_eq!(cut.answer.status, "warning", "{:?}", cut.answer);
    assert_eq!(one(&database, &stored).await?.as_deref(), Some("1"));
    assert_eq!(
        one(&database, &links).await?.as_deref(),
        Some("280"),
        "a list that was cut takes nothing away"
    );
    assert_eq!(bed.notified(), ["louise", "nicolas"]);

    // What Gazelle takes out itself goes.
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let visit = company.appointments.iter_mut().find(|visit| visit["id"] == id.as_str()).unwrap();
        visit["eventPianos"].as_array_mut().unwrap().truncate(60);
    }
    let last = next_night(&mut bed, &[]).await?;
    assert_eq!(last.answer.status, "success", "{:?}", last.answer);
    assert_eq!(one(&database, &links).await?.as_deref(), Some("60"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_once_in_a_run_and_by_one_process() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    // Two hours of life, a quarter of an hour left.
    let token = json!({"value": {
        "access_token": bed.stack.sandbox.gazelle.access_token(),
        "refresh_token": bed.stack.sandbox.gazelle.refresh_token(),
        "expires_in": 7200, "created_at": bed.stack.clock.now().as_second() - 105 * 60,
    }});
    let row = bed.stack.observer.from("system_settings").eq("key", "gazelle_oauth_token");
    bed.stack.write(row.update(token.to_string())).await?;
    let fault: FaultSpec = "gazelle:short-token:∞".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    let run = bed.sync(NIGHT).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(bed.stack.sandbox.gazelle.generation(), 2, "renewed once");

    // By the next night it is dead, and another process is faster.
    let elsewhere = next_night(&mut bed, &["gazelle:renewed-elsewhere"]).await?;
    assert_eq!(elsewhere.answer.status, "success", "{:?}", elsewhere.answer);
    assert_eq!(bed.stack.sandbox.gazelle.generation(), 3, "the other one's token is used");
    assert!(bed.notified().is_empty());
    Ok(())
}

/// Rows of each tab of the report.
fn rows(workbook: &Workbook) -> Vec<(String, usize)> {
    workbook.report_tabs().map(|tab| (tab.title.clone(), tab.rows())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_gives_few_rows_at_once_is_read_to_its_end() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.stack.nightly(&[], &mut |_| ()).await?;
    let report = rows(&bed.stack.sandbox.workbook());
    assert!(report.iter().any(|(_, rows)| *rows > 14), "{report:?}");
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        company.pianos.pop();
        company.reindex();
    }
    let fault: FaultSpec = "supabase:max-rows".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    bed.stack.advance(SignedDuration::from_hours(24));
    let run = bed.sync(&bed.stack.clock.now().to_string()).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    // What is absent is found behind the first page, too.
    assert_eq!(run.answer.stats["collections"]["pianos"]["deleted"], 1);
    let followers = bed.stack.deliver_events().await?;
    assert!(followers.iter().all(|run| run.answer.status == "success"), "{followers:?}");
    assert_eq!(rows(&bed.stack.sandbox.workbook()), report);
    bed.assert_mirrored().await?;
    Ok(())
}
