//! The timeline report against the company that it reports on, and against what people and Google do to its sheet.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use e2e::{Backend, Bed, NIGHT, scheduled};
use gazelle_local::{
    company::{Company, clients_of},
    postgrest::Database,
    sandbox::{SheetTab, Workbook},
};
use jiff::{Timestamp, civil::Date};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

const ALERTS: &str = "Alertes Maintenance";
/// Titles of the tabs, and the institutions that they are about.
const TABS: [(&str, &str); 3] =
    [("UQAM", "uqam"), ("Vincent d'Indy", "vincent-dindy"), ("Place des Arts", "place-des-arts")];

/// A row as it should be seen: seven cells, and whether it is coloured.
type Line = ([String; 7], bool);

/// Montréal's date, by the rule of its clocks: an hour ahead from the second Sunday of March, two in the morning, to the
/// first Sunday of November, two in the morning.
fn local_date(instant: Timestamp) -> Date {
    let utc = jiff::tz::Offset::UTC.to_datetime(instant);
    let sunday = |month: i8, from: i8| {
        let days = (from..from + 7).map(|day| jiff::civil::date(utc.year(), month, day));
        days.into_iter().find(|day| day.weekday() == jiff::civil::Weekday::Sunday).unwrap()
    };
    let is_summer = utc >= sunday(3, 8).at(7, 0, 0, 0) && utc < sunday(11, 1).at(6, 0, 0, 0);
    let hours = if is_summer { 4 } else { 5 };
    jiff::tz::Offset::UTC.to_datetime(instant - jiff::SignedDuration::from_hours(hours)).date()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn instant(entry: &Value) -> Timestamp {
    text(&entry["occurredAt"]).parse().unwrap()
}

/// `21.5°, 40%`: the first that has a temperature, else the first.
fn measured(all: &[(Option<f64>, Option<f64>)]) -> String {
    let number = |value: f64| {
        let shown = format!("{value:.1}");
        shown.strip_suffix(".0").unwrap_or(&shown).to_owned()
    };
    let Some((celsius, humidity)) = all.iter().find(|(celsius, _)| celsius.is_some()).or(all.first()) else {
        return String::new();
    };
    let celsius = celsius.map(|celsius| format!("{}°", number(celsius)));
    let humidity = humidity.map(|humidity| format!("{}%", number(humidity)));
    celsius.into_iter().chain(humidity).collect::<Vec<_>>().join(", ")
}

/// What every tab should show, from how the company was made: neither the mirror nor the report has a part in it.
struct Oracle<'a> {
    company: &'a Company,
    /// Service notes and measurements that the report is about, newest first.
    entries: Vec<&'a Value>,
}

impl<'a> Oracle<'a> {
    fn new(company: &'a Company) -> Self {
        let clients: HashSet<&str> = TABS.iter().flat_map(|(_, key)| clients_of(key)).collect();
        let is_ours = |entry: &&Value| {
            ["SERVICE_ENTRY_MANUAL", "PIANO_MEASUREMENT"].contains(&text(&entry["type"]))
                && clients.contains(text(&entry["client"]["id"]))
        };
        let ours: HashSet<&str> =
            company.timeline.iter().filter(is_ours).map(|entry| text(&entry["id"])).collect();
        // The same note once: at the place where the piano is now.
        let replaced: HashSet<&str> = company
            .copies
            .iter()
            .filter(|(copy, _)| ours.contains(&copy[..]))
            .map(|(_, old)| &old[..])
            .collect();
        let mut entries: Vec<&Value> = company
            .timeline
            .iter()
            .filter(is_ours)
            .filter(|entry| !replaced.contains(text(&entry["id"])))
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse((instant(entry), text(&entry["id"]))));
        Self { company, entries }
    }

    /// The entries about the same piano on the same day.
    fn visit(&self, entry: &Value, kind: &str) -> Vec<&'a Value> {
        let day = local_date(instant(entry));
        let about = |other: &&&Value| {
            other["type"] == kind && other["piano"] == entry["piano"] && local_date(instant(other)) == day
        };
        self.entries.iter().filter(about).copied().collect()
    }

    fn line(&self, entry: &Value) -> Option<Line> {
        let meaning = |entry: &Value| self.company.meanings[text(&entry["id"])].clone();
        let measurements = self.visit(entry, "PIANO_MEASUREMENT");
        let is_service = entry["type"] == "SERVICE_ENTRY_MANUAL";
        // A measurement stands in the row of its visit; without a service, the newest one of the day has a row.
        let has_own_row = is_service
            || (self.visit(entry, "SERVICE_ENTRY_MANUAL").is_empty() && measurements[0]["id"] == entry["id"]);
        let own = is_service.then_some(entry);
        let found: Vec<_> =
            own.into_iter().chain(measurements).flat_map(|entry| meaning(entry).measured).collect();
        let piano = self.company.by_id(text(&entry["piano"]["id"])).unwrap();
        let user = self.company.by_id(text(&entry["user"]["id"])).unwrap();
        let note: Vec<&str> =
            [&entry["summary"], &entry["comment"]].into_iter().filter_map(Value::as_str).collect();
        let cells = [
            local_date(instant(entry)).to_string(),
            if is_service { "Service" } else { "Mesure" }.to_owned(),
            if is_service { note.join("\n") } else { String::new() },
            format!(
                "{} {} #{} ({}, {})",
                text(&piano["make"]),
                text(&piano["model"]),
                text(&piano["serialNumber"]),
                text(&piano["type"]),
                piano["year"]
            ),
            text(&piano["location"]).to_owned(),
            format!("{} {}", text(&user["firstName"]), text(&user["lastName"])),
            measured(&found),
        ];
        has_own_row.then(|| (cells, is_service && meaning(entry).reports_problem))
    }

    fn tabs(&self) -> BTreeMap<&'static str, Vec<Line>> {
        let mut tabs: BTreeMap<&str, Vec<Line>> = [(ALERTS, Vec::new())].into();
        for (title, key) in TABS {
            let clients = clients_of(key);
            let own = self.entries.iter().filter(|entry| clients.contains(&text(&entry["client"]["id"])));
            tabs.insert(title, own.filter_map(|entry| self.line(entry)).collect());
        }
        let alerts =
            self.entries.iter().filter_map(|entry| self.line(entry)).filter(|(_, is_alert)| *is_alert);
        tabs.insert(ALERTS, alerts.collect());
        tabs
    }
}

/// What readers see of a tab.
fn seen(tab: &SheetTab) -> Vec<Line> {
    let orange = json!({"red": 1.0, "green": 0.92, "blue": 0.8});
    (1..=tab.rows())
        .map(|row| {
            let colours: Vec<&Value> =
                tab.cells[row].iter().map(|cell| &cell.format["backgroundColor"]).collect();
            assert_eq!(colours.len(), 7);
            assert!(colours.windows(2).all(|pair| pair[0] == pair[1]), "a row has one colour: {colours:?}");
            assert!(colours[0].is_null() || *colours[0] == orange, "{colours:?}");
            (std::array::from_fn(|column| tab.shown(row, column)), !colours[0].is_null())
        })
        .collect()
}

fn titled<'a>(workbook: &'a Workbook, title: &str) -> &'a SheetTab {
    workbook.tabs.iter().find(|tab| tab.title == title).unwrap_or_else(|| panic!("no tab {title:?}"))
}

/// Moves notes of institutions to these instants.
fn move_notes(company: &mut Company, instants: &[(&str, &str)]) {
    let clients: Vec<&str> = TABS.iter().flat_map(|(_, key)| clients_of(key)).collect();
    // A copy has the instant of its original.
    let tied: HashSet<String> =
        company.copies.iter().flat_map(|(copy, old)| [copy.clone(), old.clone()]).collect();
    let mut notes = company.timeline.iter_mut().filter(|entry| {
        ["SERVICE_ENTRY_MANUAL", "PIANO_MEASUREMENT"].contains(&text(&entry["type"]))
            && clients.contains(&text(&entry["client"]["id"]))
            && !tied.contains(text(&entry["id"]))
    });
    for (at, date) in instants {
        let note = notes.next().unwrap();
        note["occurredAt"] = (*at).into();
        assert_eq!(local_date(instant(note)).to_string(), *date, "{at}");
    }
}

const WINTER: [(&str, &str); 2] =
    [("2026-01-18T04:59:59Z", "2026-01-17"), ("2026-01-18T05:00:00Z", "2026-01-18")];
const MARCH: [(&str, &str); 6] = [
    ("2026-03-08T04:59:59Z", "2026-03-07"),
    ("2026-03-08T05:00:00Z", "2026-03-08"),
    ("2026-03-08T06:59:59Z", "2026-03-08"),
    ("2026-03-08T07:00:00Z", "2026-03-08"),
    ("2026-03-09T03:59:59Z", "2026-03-08"),
    ("2026-03-09T04:00:00Z", "2026-03-09"),
];
const NOVEMBER: [(&str, &str); 6] = [
    ("2026-11-01T03:59:59Z", "2026-10-31"),
    ("2026-11-01T04:00:00Z", "2026-11-01"),
    ("2026-11-01T05:30:00Z", "2026-11-01"),
    ("2026-11-01T06:30:00Z", "2026-11-01"),
    ("2026-11-02T04:59:59Z", "2026-11-01"),
    ("2026-11-02T05:00:00Z", "2026-11-02"),
];

#[rstest]
#[case::a_sunday(Backend::Embedded, 1, "2026-01-18T06:00:00Z", &WINTER)]
#[case::after_the_clocks_went_ahead(Backend::PostgRest, 2, "2026-03-09T05:00:00Z", &MARCH)]
#[case::after_the_clocks_went_back(Backend::Embedded, 3, "2026-11-02T06:00:00Z", &NOVEMBER)]
#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_every_tab_is_what_the_company_says(
    #[case] backend: Backend,
    #[case] seed: u64,
    #[case] night: &str,
    #[case] near_midnight: &[(&str, &str)],
) -> anyhow::Result<()> {
    let at: Timestamp = night.parse()?;
    let mut bed = Bed::start_with(backend, |options| {
        (options.scale, options.seed, options.at) = (0.05, seed, at);
    })
    .await?;
    move_notes(&mut bed.stack.sandbox.company.write().unwrap(), near_midnight);
    let runs = bed.stack.nightly(&[], &mut |_| ()).await?.runs;
    assert!(runs.iter().all(|run| run.answer.status == "success"), "{runs:?}");

    let workbook = bed.stack.sandbox.workbook();
    let gone: HashSet<String> = {
        let company = bed.stack.sandbox.company.read().unwrap();
        let oracle = Oracle::new(&company);
        for (title, expected) in oracle.tabs() {
            let seen = seen(titled(&workbook, title));
            for (at, (seen, expected)) in seen.iter().zip(&expected).enumerate() {
                assert_eq!(seen, expected, "{title}, row {}", at + 1);
            }
            assert_eq!(seen.len(), expected.len(), "{title}");
            assert!(!seen.is_empty(), "{title}");
            assert_eq!(runs[1].answer.stats["tabs"][title], seen.len(), "{title}");
        }
        // What this night is about was there to be seen.
        let shown: HashSet<&str> = oracle.entries.iter().map(|entry| text(&entry["id"])).collect();
        assert!(company.copies.keys().any(|copy| shown.contains(&copy[..])), "a piano has moved");
        let of = |status: &str| company.pianos.iter().filter(|piano| piano["status"] == status).count();
        assert!(of("INACTIVE") > 2 && of("UNDER_RESTORATION") > 0);
        let inactive = company.pianos.iter().filter(|piano| piano["status"] == "INACTIVE");
        inactive.map(|piano| text(&piano["id"]).to_owned()).collect()
    };
    let open: Vec<Value> = bed.stack.rows("humidity_alerts", "piano_id,is_resolved", "id").await?;
    assert!(open.iter().any(|alert| alert["is_resolved"] == false));
    for alert in open.iter().filter(|alert| alert["is_resolved"] == false) {
        assert!(!gone.contains(text(&alert["piano_id"])), "an alert about a piano that is gone: {alert}");
    }
    let assets = bed.stack.rows("assets", "id,external_ref,status", "id").await?;
    let gone_assets: BTreeSet<i64> = assets
        .iter()
        .filter(|asset| gone.contains(text(&asset["external_ref"])))
        .map(|asset| asset["id"].as_i64().unwrap())
        .collect();
    assert_eq!(gone_assets.len(), gone.len());
    for alert in bed.stack.rows("active_alerts", "asset_id,message", "id").await? {
        assert!(!gone_assets.contains(&alert["asset_id"].as_i64().unwrap()), "{alert}");
    }
    Ok(())
}

/// Makes the notes so long that the report does not fit into one request.
fn write_much(bed: &Bed) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    for entry in company.timeline.iter_mut().filter(|entry| entry["type"] == "SERVICE_ENTRY_MANUAL") {
        entry["comment"] = "é".repeat(45_000).into();
    }
}

/// The report, run by itself.
async fn report(bed: &mut Bed) -> anyhow::Result<Value> {
    bed.stack.advance(jiff::SignedDuration::from_hours(1));
    let event = json!({"task": "rapport_timeline"});
    let run = bed.stack.invoke(Function::TimelineReport, &event).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    Ok(run.answer.stats)
}

/// Titles, `gid`s and contents, without what nobody sees.
fn visible(workbook: &Workbook) -> BTreeMap<String, (i64, Vec<Vec<String>>)> {
    let shown = |tab: &SheetTab| {
        (0..tab.cells.len())
            .map(|row| (0..tab.cells[row].len()).map(|column| tab.shown(row, column)).collect())
            .collect()
    };
    workbook.tabs.iter().map(|tab| (tab.title.clone(), (tab.id, shown(tab)))).collect()
}

#[rstest]
#[case::in_one_batch(false)]
#[case::in_several(true)]
#[tokio::test(flavor = "multi_thread")]
async fn what_people_do_to_the_titles_does_not_break_the_next_night(
    #[case] is_large: bool,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    if is_large {
        write_much(&bed);
    }
    bed.fill().await?;
    let stats = report(&mut bed).await?;
    assert_eq!(stats["requests"].as_u64().unwrap() > 1, is_large, "{stats}");
    let before = visible(&bed.stack.sandbox.workbook());
    {
        let mut workbook = bed.stack.sandbox.workbook.lock().unwrap();
        for (title, other) in
            [("UQAM", "uqam"), ("Place des Arts", " PLACE DES ARTS"), (ALERTS, "alertes  maintenance")]
        {
            workbook.tabs.iter_mut().find(|tab| tab.title == title).unwrap().title = other.into();
        }
        let mut persons = workbook.tabs[0].clone();
        (persons.id, persons.title) = (77, "~ en préparation: UQAM".into());
        workbook.tabs.push(persons);
    }
    for _ in 0..2 {
        report(&mut bed).await?;
        let mut after = visible(&bed.stack.sandbox.workbook());
        assert_eq!(after.remove("~ en préparation: UQAM").unwrap().0, 77, "a person's tab stays");
        assert_eq!(after, before);
    }

    // A title as long as Google takes it, from before there was a limit.
    let client = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    client.batch_execute("alter table report_tabs drop constraint report_tabs_title_form").await?;
    let long = "é".repeat(100);
    let change = json!({"title": long}).to_string();
    bed.stack.write(bed.stack.observer.from("report_tabs").eq("key", "alertes").update(change)).await?;
    report(&mut bed).await?;
    let after = visible(&bed.stack.sandbox.workbook());
    assert!(
        after.contains_key(&long) && after.keys().all(|title| !title.contains("préparation: é")),
        "{:?}",
        after.keys()
    );
    Ok(())
}

#[rstest]
#[case::in_one_batch(false)]
#[case::in_several(true)]
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_no_failure(#[case] is_large: bool) -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    if is_large {
        write_much(&bed);
    }
    bed.fill().await?;
    // Every answer is lost once: of the batch that makes tabs, of those that fill them, of the one that shows them.
    bed.stack.break_with(&["google:cut".parse().map_err(anyhow::Error::msg)?]);
    report(&mut bed).await?;
    let with_losses = bed.stack.sandbox.workbook();
    assert!(with_losses.tabs.iter().all(|tab| !tab.hidden), "nothing hidden is left");
    report(&mut bed).await?;
    assert_eq!(bed.stack.sandbox.workbook().tabs, with_losses.tabs);
    bed.stack.faults.lift();
    report(&mut bed).await?;
    assert_eq!(bed.stack.sandbox.workbook().tabs, with_losses.tabs, "as if no answer had been lost");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_note_of_a_client_without_a_name_is_in_no_institutions_tab(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.put("gazelle_clients", json!([{"external_id": "cli_nameless"}])).await?;
    let note = |id: &str, client: Value| {
        json!({"external_id": id, "client_id": client, "entry_type": "SERVICE_ENTRY_MANUAL", "title": "Accord",
               "description": format!("{id}: le même piano que celui de l'UQAM"), "occurred_at": "2026-01-14T12:00:00Z"})
    };
    // The second one is of nobody whom we know: its words are all there is.
    bed.put(
        "gazelle_timeline_entries",
        json!([note("tme_private", "cli_nameless".into()), note("tme_nobody", Value::Null)]),
    )
    .await?;
    report(&mut bed).await?;
    let cells = format!("{:?}", visible(&bed.stack.sandbox.workbook()));
    assert!(cells.contains("tme_nobody") && !cells.contains("tme_private"), "{cells}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_that_google_holds_to_be_the_same_are_refused_with_a_reason() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    bed.fill().await?;
    bed.put("report_tabs", json!([{"key": "double", "title": "uqam", "kind": "institution", "position": 9}]))
        .await?;
    let run = bed.run("rapport_timeline", NIGHT).await?;
    assert_eq!(run.answer.error.as_ref().unwrap().kind, "same_title", "{:?}", run.answer);
    assert_eq!(bed.stack.sandbox.workbook().revision, 0);
    Ok(())
}

/// 8 000 notes of one institution, every other one an alert: as many colours as there can be.
const MANY_NOTES: &str = "
    insert into gazelle_timeline_entries (external_id, client_id, entry_type, title, description, occurred_at)
    select 'tme_many_' || lpad(n::text, 6, '0'), 'cli_local_000002', 'SERVICE_ENTRY_MANUAL', 'Accord',
           case when n % 2 = 0 then 'Réservoir vide' else 'Tout va bien, ' || repeat('le piano chante ', 8) end,
           timestamptz '2026-01-14 12:00Z' - n * interval '2 hours'
    from generate_series(1, 8000) n";

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_and_colours_need_no_more_memory_and_no_larger_request() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    bed.fill().await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    database.batch_execute(MANY_NOTES).await?;
    let run = bed.stack.invoke(Function::TimelineReport, &scheduled("rapport_timeline", NIGHT)).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let workbook = bed.stack.sandbox.workbook();
    assert!(titled(&workbook, "Vincent d'Indy").rows() >= 8_000);
    assert!(titled(&workbook, ALERTS).rows() >= 4_000);
    let coloured = seen(titled(&workbook, "Vincent d'Indy")).iter().filter(|(_, is_alert)| *is_alert).count();
    assert!(coloured >= 4_000, "{coloured}");
    let largest =
        bed.stack.sandbox.bodies.lock().unwrap().iter().map(|(_, body)| body.to_string().len()).max();
    assert!(largest.unwrap() < 2_000_000, "{largest:?}");
    let mebibytes = run.invocation.peak_rss_bytes / 1024 / 1024;
    assert!(mebibytes <= 96, "{mebibytes} MiB");
    Ok(())
}
