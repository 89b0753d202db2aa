//! What people do in the console, in a real browser. The stories are in `tests/browser`; here stands what is behind
//! them, and what each must have left in the database.

use std::{path::Path, process::Stdio, time::Duration};

use admin_api::Limits;
use anyhow::Context;
use e2e::{Backend, Bed, NIGHT, console::Console};
use futures::future::try_join_all;
use gazelle_local::stack::Options;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shared::task::Function;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

pub const UNLIMITED: Limits = Limits { user: i32::MAX.unsigned_abs(), address: i32::MAX.unsigned_abs() };

/// Every page that needs nothing in its address.
pub const VIEWS: [&str; 25] = [
    "/",
    "/nights",
    "/journal",
    "/alerts",
    "/humidity-alerts",
    "/alertes-rv",
    "/notifications",
    "/notifications/deliveries",
    "/notifications/notices",
    "/notifications/channels",
    "/backups",
    "/weekly-reports",
    "/incidents",
    "/assets",
    "/cash",
    "/settings",
    "/settings/people",
    "/settings/institutions",
    "/settings/tabs",
    "/settings/thresholds",
    "/settings/targets",
    "/settings/gazelle",
    "/audit",
    "/docs",
    "/runbook",
];

/// Of those, the ones that not everybody sees, and who does not.
const REFUSED: [(&str, &[&str]); 3] = [
    ("/audit", &["viewer", "operator"]),
    ("/notifications/rules/", &["viewer", "operator"]),
    ("/cash", &["viewer"]),
];

async fn start() -> anyhow::Result<(Bed, Console)> {
    start_with(|_| ()).await
}

async fn start_with(change: impl FnOnce(&mut Options)) -> anyhow::Result<(Bed, Console)> {
    let bed = Bed::start_with(Backend::PostgRest, change).await?;
    // Pages are opened far faster than by people.
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    Ok((bed, console))
}

/// Starts a story.
fn tell(console: &Console, story: &str, arguments: &[&str]) -> anyhow::Result<Child> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(tools::python()?);
    command
        .arg(folder.join("browser").join(format!("{story}.py")))
        .args(arguments)
        .env("CONSOLE", console.address.as_str())
        .env("CHROMIUM", tools::chromium()?)
        .env("AXE", tools::axe()?)
        .env("SCREENSHOTS", folder.join("../target/screenshots"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command.spawn().context("python")
}

/// Tells a story to its end, and does meanwhile what it asks for: `deliver` the events on the bus, `break` what stands
/// behind the console, `mend` it.
async fn story(bed: &mut Bed, console: &Console, name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut child = tell(console, name, arguments)?;
    let mut answers = child.stdin.take().context("stdin")?;
    let mut requests = BufReader::new(child.stdout.take().context("stdout")?).lines();
    while let Some(request) = requests.next_line().await? {
        // The answer comes first: the story watches what happens.
        answers.write_all(b"ok\n").await?;
        match request.split_once(' ').unwrap_or((&request, "")) {
            ("deliver", "") => drop(bed.stack.deliver_events().await?),
            ("break", fault) => bed.stack.break_with(&[fault.parse().map_err(anyhow::Error::msg)?]),
            ("mend", "") => bed.stack.faults.lift(),
            _ => anyhow::bail!("{name} wants {request:?}"),
        }
    }
    ended(name, child).await
}

async fn ended(name: &str, child: Child) -> anyhow::Result<()> {
    let output = child.wait_with_output().await?;
    anyhow::ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// What a night leaves, and alerts of every kind: the small company of the tests has none of its own.
pub async fn live_through_a_night(bed: &mut Bed) -> anyhow::Result<()> {
    bed.run("sync_gazelle", NIGHT).await?;
    bed.stack.deliver_events().await?;
    bed.put("assets", json!([{"id": 900, "name": "Camion", "category": "véhicule"}])).await?;
    let alert = |id: u32, priority: &str, due: &str| {
        json!({"id": id, "asset_id": 900, "alert_type": "MAINTENANCE_LATE", "priority": priority, "due_date": due,
               "message": format!("Entretien {id} du camion en retard"), "fingerprint": format!("test:{id}"),
               "days_count": 3})
    };
    let alerts = [
        alert(901, "CRITICAL", "2026-01-05"),
        alert(902, "HIGH", "2026-01-10"),
        alert(903, "MEDIUM", "2026-01-14"),
    ];
    bed.put("alerts", json!(alerts)).await?;
    let notes = bed.stack.rows("gazelle_timeline_entries", "external_id,piano_id", "external_id").await?;
    let notes = notes.iter().filter(|note| !note["piano_id"].is_null()).take(2).zip([22.5, 71.0]);
    let humidity = notes.map(|(note, value)| {
        json!({"timeline_entry_id": note["external_id"], "piano_id": note["piano_id"], "alert_type": "TROP_SEC",
               "description": format!("Humidité de {value} %"), "observed_at": NIGHT, "value": value})
    });
    bed.put("humidity_alerts", humidity.collect()).await
}

/// Pages about one thing: their address, the table of the things, and its key.
const DETAILS: [(&str, &str, &str); 5] = [
    ("/runs", "scheduler_logs", "id"),
    ("/assets", "assets", "id"),
    ("/humidity-alerts/pianos", "humidity_alerts", "piano_id"),
    ("/notifications/rules", "notification_rules", "id"),
    ("/weekly-reports", "weekly_reports", "period_start"),
];

/// Views of one thing each, of what such a night left.
pub async fn details(bed: &Bed) -> anyhow::Result<Vec<String>> {
    let mut views = Vec::new();
    for (view, table, key) in DETAILS {
        let row = &bed.stack.rows(table, key, key).await?[0][key];
        views.push(format!("{view}/{}", row.as_str().map_or_else(|| row.to_string(), str::to_owned)));
    }
    Ok(views)
}

/// Addresses that are no view of their own: another's second name, parts of one, redirects, and the way in, which has
/// stories of its own.
const NO_VIEWS: [&str; 8] = [
    "/admin/health",
    "/gazelle_oauth_callback",
    "/journal/newest",
    "/journal/rows",
    "/journal/tasks",
    "/runs",
    "/sign-in",
    "/syncs",
];

#[test]
fn every_page_is_among_the_views_that_are_looked_at() -> anyhow::Result<()> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/admin-api/src/pages.rs");
    let source = std::fs::read_to_string(source)?;
    let pages = source.split(".route(\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let pages: Vec<&str> =
        pages.filter(|(_, rest)| rest.starts_with(", get(")).map(|(path, _)| path).collect();
    assert!(pages.len() > 30, "{pages:?}");
    let is_seen = |page: &&str| {
        VIEWS.iter().any(|view| view.split('?').next() == Some(page))
            || NO_VIEWS.contains(page)
            || page.split_once("/{").is_some_and(|(start, _)| DETAILS.iter().any(|(view, ..)| *view == start))
    };
    let unseen: Vec<&str> = pages.into_iter().filter(|page| !is_seen(page)).collect();
    assert!(unseen.is_empty(), "nobody looks at {unseen:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_accessible_and_fits_in_both_languages_and_themes() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    live_through_a_night(&mut bed).await?;
    bed.run("weekly_report", "2026-01-15T12:00:00Z").await?;
    let mut views = [&VIEWS.map(str::to_owned)[..], &details(&bed).await?].concat();
    // What is not there has a page, too.
    views.extend(["404:/nothing", "404:/runs/00000000-0000-4000-8000-000000000009"].map(str::to_owned));
    look(
        &console,
        &views,
        "filled",
        &[
            ["admin", "fr", "light"],
            ["admin", "en", "dark"],
            ["operator", "fr", "dark"],
            ["viewer", "en", "light"],
        ],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_says_that_there_is_nothing_yet() -> anyhow::Result<()> {
    let (_bed, console) = start().await?;
    let views = VIEWS.map(str::to_owned);
    look(&console, &views, "empty", &[["admin", "fr", "dark"], ["viewer", "fr", "light"]]).await
}

/// Shows every view to people of each role, in a language and a theme.
async fn look(console: &Console, views: &[String], state: &str, visits: &[[&str; 3]]) -> anyhow::Result<()> {
    let mut stories = Vec::new();
    for [role, language, theme] in visits {
        let addresses: Vec<String> = views
            .iter()
            .map(|view| {
                if REFUSED.iter().any(|(path, to)| view.starts_with(path) && to.contains(role)) {
                    format!("403:{view}")
                } else {
                    view.clone()
                }
            })
            .collect();
        let mut arguments = vec![*role, *language, *theme, state];
        arguments.extend(addresses.iter().map(String::as_str));
        stories.push(ended("views", tell(console, "views", &arguments)?));
    }
    try_join_all(stories).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stories_watch_for_is_seen() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "watch", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_mistypes_works_and_leaves() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "sign_in", &[]).await?;
    assert_eq!(bed.stack.auth.open_sessions(), 0);
    let history = bed.stack.rows("login_history", "error_type", "created_at,id").await?;
    let kinds: Vec<Option<&str>> = history.iter().map(|row| row["error_type"].as_str()).collect();
    assert_eq!(kinds, [Some("invalid_password"), None, Some("logout")]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn language_and_colours_are_kept() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "preferences", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_supabase_the_console_says_so_and_what_still_works() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "outage", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_from_the_page_is_watched_to_its_end_and_the_report_starts_by_itself() -> anyhow::Result<()> {
    // Slow enough to be watched.
    let slow = |options: &mut Options| options.gazelle_latency = Duration::from_millis(700);
    let (mut bed, console) = start_with(slow).await?;
    story(&mut bed, &console, "run", &[]).await?;
    let runs = bed.runs("sync_gazelle").await?;
    assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("success")), "{runs:?}");
    assert_eq!(runs[0]["triggered_by_user"], "admin@gazelle.example");
    let reports = bed.runs("rapport_timeline").await?;
    assert_eq!((reports.len(), &reports[0]["parent_run_id"]), (1, &runs[0]["id"]), "{reports:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_click_at_once_one_starts_the_run_and_it_needs_no_open_window() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "two", &[]).await?;
    // Nobody looks any more.
    bed.stack.deliver_events().await?;
    let runs = bed.runs("backup").await?;
    assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("success")), "{runs:?}");
    Ok(())
}

/// 45 copies, one a day, and between them checks every few minutes of which one failed.
async fn fill_log(bed: &Bed) -> anyhow::Result<()> {
    let row = |task: &str, status: &str, day: i64| {
        let at = bed.stack.clock.now() - SignedDuration::from_hours(24 * day + 1);
        json!({
            "id": format!("00000000-0000-4000-8000-{:012}", day * 2 + i64::from(task == "backup")),
            "task_name": task, "task_label": task, "status": status, "started_at": at.to_string(),
            "created_at": at.to_string(), "triggered_by": "scheduler", "run_key": format!("{task}@{at}"),
        })
    };
    let backups = (0..45).map(|day| row("backup", "success", day));
    let checks = (0..45).map(|day| row("availability", if day == 3 { "error" } else { "success" }, day));
    bed.put("scheduler_logs", backups.chain(checks).collect()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_filtered_and_goes_on_as_one_scrolls() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    fill_log(&bed).await?;
    story(&mut bed, &console, "filters", &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_paused_and_resumed_from_its_card() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "pause", &[]).await?;
    let audit = bed.stack.rows("audit_log", "action,subject,after", "seq").await?;
    let notified: Vec<String> =
        audit.iter().map(|row| format!("{} {}", row["action"], row["subject"])).collect();
    assert_eq!(notified.len(), 2, "{notified:?}");
    assert_eq!(audit[0]["after"]["reason"], "entretien <b>du</b> disque");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_edited_in_its_form() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "rule", &[]).await?;
    let rules = bed.stack.rows("notification_rules", "event_type,digest_minutes,enabled", "id").await?;
    let with = |event: &'static str| rules.iter().filter(move |rule| rule["event_type"] == event);
    assert_eq!(with("backup.failed").filter(|rule| rule["digest_minutes"] == 45).count(), 1, "{rules:?}");
    assert_eq!(with("sync.failed").filter(|rule| rule["enabled"] == false).count(), 1, "{rules:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_channel_is_tried_from_the_page() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "channels", &[]).await?;
    assert!(!bed.notified().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_read_and_another_time_taken_off_the_list() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    live_through_a_night(&mut bed).await?;
    story(&mut bed, &console, "alerts", &[]).await?;
    let alerts = bed.stack.rows("alerts", "is_read,is_dismissed,dismissed_by", "id").await?;
    let gone: Vec<_> = alerts.iter().filter(|alert| alert["is_dismissed"] == true).collect();
    assert_eq!(gone.len(), 1, "{alerts:?}");
    assert_eq!(
        (&gone[0]["is_read"], &gone[0]["dismissed_by"]),
        (&json!(true), &json!("operator@gazelle.example"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_humidity_alert_is_resolved_with_a_note_on_a_phone() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    live_through_a_night(&mut bed).await?;
    story(&mut bed, &console, "humidity", &[]).await?;
    let alerts = bed.stack.rows("humidity_alerts", "is_resolved,resolution_notes", "id").await?;
    let resolved: Vec<_> = alerts.iter().filter(|alert| alert["is_resolved"] == true).collect();
    assert_eq!(resolved.len(), 1, "{alerts:?}");
    assert_eq!(resolved[0]["resolution_notes"], "<script>alert(1)</script> housse posée");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_the_desk_with_cash_equipment_and_appointments() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    let notified = json!({"kind": "unconfirmed", "appointment_external_id": "evt_1", "client_name": "École",
                      "appointment_date": "2026-01-16", "appointment_time": "10:00:00", "status": "sent"});
    bed.put("alert_logs", json!([notified])).await?;
    story(&mut bed, &console, "desk", &[]).await?;
    let session = &bed.stack.rows("cash_sessions", "initial_amount,actual_amount,variance", "id").await?[0];
    assert_eq!(*session, json!({"initial_amount": 10_010, "actual_amount": 14_910, "variance": -100}));
    let register = &bed.stack.rows("cash_registers", "variance_limit", "id").await?[0];
    assert_eq!(register["variance_limit"], 115);
    let noted = &bed.stack.rows("alert_logs", "acknowledged_by", "id").await?[0];
    assert_eq!(noted["acknowledged_by"], "operator@gazelle.example");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_moves_a_limit_and_somebody_comes_and_goes() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    story(&mut bed, &console, "settings", &[]).await?;
    let audit = bed.stack.rows("audit_log", "action", "seq").await?;
    let actions: Vec<&str> = audit.iter().filter_map(|row| row["action"].as_str()).collect();
    let made =
        ["setting.update", "staff.create", "staff.update", "staff.delete", "window.create", "window.update"];
    assert_eq!(actions, made);
    // Ten in the evening in Montréal, as it was typed in Paris.
    let window = &bed.stack.rows("maintenance_windows", "starts_at,ends_at,reason", "id").await?[0];
    let at = |field: &str| window[field].as_str().map(str::parse::<Timestamp>).transpose();
    assert_eq!(at("starts_at")?, Some("2026-02-04T03:00:00Z".parse()?), "{window}");
    assert_eq!(at("ends_at")?, Some("2026-02-04T07:00:00Z".parse()?), "{window}");
    assert_eq!(window["reason"], "panne reportée");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_weekly_report_reads_well_in_a_mail_program() -> anyhow::Result<()> {
    let (mut bed, console) = start().await?;
    live_through_a_night(&mut bed).await?;
    bed.run("weekly_report", "2026-01-19T13:00:00Z").await?;
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    let mails = bed.stack.sandbox.email_messages();
    let html = mails.iter().find_map(|mail| mail.body["content"][1]["value"].as_str());
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("letter.html");
    std::fs::write(&file, html.context("no letter")?)?;
    story(&mut bed, &console, "letter", &[&file.to_string_lossy()]).await
}
