//! The journal of all runs page by page, the syncs, and the pages where links of runs and notices lead.

use e2e::{
    Backend, Bed,
    console::{self, Sent, between, body, card, token},
};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::json;
use shared::{notify::Event, task::TASKS};

/// So many failed backups, one a day, and as many that succeeded.
async fn fill_log(bed: &Bed, count: i64) -> anyhow::Result<()> {
    let row = |status: &str, day: i64| {
        let id = format!("00000000-0000-4000-8000-{:012}", day * 2 + i64::from(status == "error"));
        let at = bed.stack.clock.now() - SignedDuration::from_hours(24 * day + 1);
        json!({
            "id": id, "task_name": "backup", "task_label": "Backup SQL", "status": status, "started_at": at.to_string(),
            "created_at": at.to_string(), "triggered_by": "scheduler", "run_key": id, "message": format!("jour {day}"),
        })
    };
    let rows = (0..count).flat_map(|day| [row("error", day), row("success", day)]);
    bed.put("scheduler_logs", rows.collect()).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_the_next_page_keeps_every_filter(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill_log(&bed, 25).await?;
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    let wanted = "limit=10&task=backup&status=error&triggered_by=scheduler&search=jour&from=2025-12-24&to=2026-01-14&user=";
    let (mut path, mut seen) = (format!("/scheduler/logs?{wanted}"), Vec::new());
    loop {
        let answer = console.ask("GET", &path, &viewer).await?;
        seen.extend(body(&answer)?.as_array().unwrap().clone());
        let Some(link) = answer.headers.get("link") else { break };
        path = format!("/scheduler/logs{}", between(link.to_str()?, "<", ">"));
    }
    assert!(seen.iter().all(|run| run["status"] == "error"), "{seen:?}");
    // Each run started at midnight in Montréal, whose days count: the first and the last are included.
    let days: Vec<&str> = seen.iter().map(|run| &run["started_at"].as_str().unwrap()[..10]).collect();
    assert_eq!((days.len(), days[0], days[21]), (22, "2026-01-14", "2025-12-24"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_filtered_and_goes_on_where_a_page_ends(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    let empty = console.page("/journal", &viewer, "fr").await?;
    assert!(empty.contains("Aucune exécution enregistrée") && empty.contains("Jamais exécutée"));
    fill_log(&bed, 25).await?;
    let now = bed.stack.clock.now().to_string();
    let tick = |id: &str, task: &str| {
        json!({"id": id, "task_name": task, "task_label": task, "status": "success", "started_at": now, "created_at": now,
               "triggered_by": "scheduler", "run_key": id})
    };
    bed.put("scheduler_logs", json!([tick("00000000-0000-4000-9000-000000000001", "availability")])).await?;
    let rows = |page: &str| page.matches(r#"<td data-label="Heure">"#).count();

    // As the form sends it: every field, most of them empty.
    let first =
        console.page("/journal?task=&status=error&triggered_by=&from=&to=&search=", &viewer, "fr").await?;
    assert_eq!(rows(&first), 20);
    assert!(first.contains(r#"<option value="error" selected>"#));
    assert!(first.contains("include=frequent") && !first.contains(">availability<"), "folded");
    let next = between(&first, r#"<tbody hx-get=""#, "\"").replace("&#38;", "&");
    let second = console.page(&next, &viewer, "fr").await?;
    assert_eq!(rows(&second), 5);
    assert!(
        !second.contains("<h1>") && !second.contains("revealed"),
        "the last rows, and rows only: {second}"
    );
    assert!(second.contains("jour 24") && !second.contains("Succès"), "{second}");

    // A new failure comes above the rows that are shown; none of these is lost.
    let newest = between(&first, r#"id="newest" hx-get=""#, "\"").replace("&#38;", "&");
    assert_eq!(rows(&console.page(&newest, &viewer, "fr").await?), 20);
    let mut failure = tick("00000000-0000-4000-9000-000000000002", "cleanup");
    failure["status"] = "error".into();
    bed.put("scheduler_logs", json!([failure])).await?;
    let refreshed = console.page(&newest, &viewer, "fr").await?;
    assert_eq!(rows(&refreshed), 21);
    assert!(
        refreshed.contains("cleanup")
            && refreshed.contains(r#"id="newest""#)
            && refreshed.contains("jour 19")
    );

    for (path, count) in [
        ("/journal?include=frequent&status=success&limit=200", 26),
        ("/journal?task=availability", 1),
        ("/journal?from=2026-01-10&to=2026-01-12", 6),
        ("/journal?search=jour+7", 2),
        ("/journal?triggered_by=manual", 0),
    ] {
        assert_eq!(rows(&console.page(path, &viewer, "fr").await?), count, "{path}");
    }
    for wrong in ["status=planted", "task=planted", "from=today", "cursor=AAAA", "include=all", "limit=x"] {
        let answer = console.ask("GET", &format!("/journal?{wrong}"), &viewer.browse("fr")).await?;
        let text = String::from_utf8(answer.body.to_vec())?;
        assert!(answer.status == 400 && text.contains("<h1>Requête invalide</h1>"), "{wrong}: {text}");
    }
    let missing =
        console.ask("GET", "/runs/00000000-0000-4000-9000-00000000ffff", &viewer.browse("fr")).await?;
    assert_eq!(missing.status, 404);
    assert_eq!(console.ask("GET", "/runs", &viewer.browse("fr")).await?.headers["location"], "/journal");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_are_offered_to_run_and_to_pause(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    for role in ["viewer", "operator"] {
        let shown = console.page("/journal", &console.sign_in(role).await?, "fr").await?;
        assert!(!shown.contains("hx-post") && !shown.contains("<dialog"), "{role}");
        assert!(shown.contains("Sync Gazelle Totale") && shown.contains("Prochaine"), "{role}");
    }
    let shown = console.page("/journal", &admin, "fr").await?;
    for task in TASKS {
        assert!(shown.contains(&format!(r#"hx-post="/api/scheduler/run/{}""#, task.name)), "{}", task.name);
        assert!(shown.contains(&format!(r#"hx-post="/api/tasks/{}/pause""#, task.name)), "{}", task.name);
    }
    for label in [
        "🔄",
        "📊",
        "💾",
        "📧",
        "Sync Gazelle Totale",
        "Rapport Timeline",
        "Backup SQL",
        "Sync RV &#38; Alertes",
    ] {
        assert!(shown.contains(label), "{label}");
    }
    // A try without effect, where the task knows it.
    let dry = r#"<input type="checkbox" name="dry_run" checked hidden>"#;
    assert!(card(&shown, "backup").contains(dry) && !card(&shown, "sync_gazelle").contains(dry));

    let pause = admin.change().json(&json!({"reason": "déménagement"}));
    let paused = console.ask("POST", "/api/tasks/backup/pause", &pause.header("hx-request", "true")).await?;
    assert_eq!((paused.status, paused.headers["hx-trigger"].to_str()?), (200, "changed"));
    let shown = console.page("/journal/tasks", &admin, "fr").await?;
    let backup = card(&shown, "backup");
    for expected in
        ["En pause", "déménagement", "admin@gazelle.example", r#"hx-post="/api/tasks/backup/resume""#]
    {
        assert!(backup.contains(expected), "{expected}: {backup}");
    }
    assert!(!backup.contains("disabled data-run"), "a paused task can be run by hand");
    assert_eq!(console.ask("POST", "/api/scheduler/run/backup", &admin.change()).await?.status, 202);
    assert_eq!(bed.runs("backup").await?.len(), 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_synchronisations_are_a_filter_of_the_journal(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    bed.stack.nightly(&[], &mut |_| ()).await?;
    for (kind, expected) in [
        ("sync", vec!["sync_gazelle"]),
        ("report", vec!["rapport_timeline"]),
        ("chain", vec!["rapport_timeline", "sync_gazelle"]),
        ("backup", vec![]),
    ] {
        let answer = body(&console.ask("GET", &format!("/runs?type={kind}"), &viewer.read()).await?)?;
        let mut tasks: Vec<&str> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["task_name"].as_str().unwrap())
            .collect();
        tasks.sort_unstable();
        assert_eq!(tasks, expected, "{kind}");
    }
    let wrong = console.ask("GET", "/runs?type=nothing", &viewer.read()).await?;
    assert_eq!(wrong.status, 400);
    // Old links lead to the same runs.
    let old = "/syncs?task_type=sync&status=success&from=2026-01-01&to=&limit=50";
    let moved = console.ask("GET", old, &viewer.browse("fr")).await?;
    assert_eq!(
        (moved.status, moved.headers["location"].to_str()?),
        (303, "/journal?type=sync&status=success&from=2026-01-01")
    );
    let shown = console.page("/journal?type=sync&status=success&from=2026-01-01", &viewer, "fr").await?;
    assert!(shown.contains(r#"<option value="sync" selected>"#), "{shown}");
    // The API of the sync log stays.
    let answer = console.ask("GET", "/syncs?task_type=chain&limit=3", &viewer.read()).await?;
    console.document().await?.check("GET", "/syncs", &answer)?;
    assert_eq!(body(&answer)?["items"].as_array().unwrap().len(), 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_runbook_and_the_reference_are_pages_where_links_lead(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    let runbook = console.page("/runbook", &viewer, "fr").await?;
    let rules = bed.stack.rows("notification_rules", "event_type", "event_type").await?;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RUNBOOK.md"))?;
    let notified = rules.iter().filter_map(|rule| rule["event_type"].as_str());
    let failures = TASKS.iter().filter_map(|task| task.failure_event.map(Event::name));
    // Each kind of notice has an entry; a test of the messages says so.
    let entries = text.lines().filter_map(|line| line.strip_prefix("## "));
    let alarms = ["errors", "throttles", "invocations", "overdue", "depth"];
    let wanted: Vec<&str> = notified.chain(failures).chain(entries).chain(alarms).collect();
    assert!(wanted.len() > 40);
    for anchor in wanted {
        assert_eq!(runbook.matches(&format!(r#"id="{anchor}""#)).count(), 1, "{anchor}");
    }
    assert!(runbook.contains("<table>") && !runbook.contains("\n## "));

    let reference = console.page("/docs", &viewer, "fr").await?;
    for path in console.document().await?.paths() {
        assert!(reference.contains(&format!("</strong> {path}</code>")), "{path}");
    }
    for expected in [r##"href="#schema-RunPage""##, r#"id="schema-RunPage""#, ">409<", ">operator<"] {
        assert!(reference.contains(expected), "{expected}");
    }
    for path in ["/runbook", "/docs", "/journal"] {
        let nobody = console.ask("GET", path, &Sent::nothing()).await?;
        assert_eq!(
            (nobody.status, nobody.headers["location"].to_str()?.starts_with("/sign-in?")),
            (303, true)
        );
        assert!(console.page(path, &viewer, "en").await?.contains(r#"<html lang="en""#));
    }
    Ok(())
}
