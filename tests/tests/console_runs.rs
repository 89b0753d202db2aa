//! What the console shows of runs: the log and its buttons, the page of one run, the syncs, and what explains them.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

use e2e::{
    Backend, Bed,
    console::{self, Sent, body, token},
    shape::{both, shape},
};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::task::TASKS;

/// What lies between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from} is missing: {text}"));
    rest.split_once(to).map_or(rest, |(inner, _)| inner)
}

/// The card of a task, without the names of its buttons.
fn card<'a>(page: &'a str, task: &str) -> &'a str {
    between(page, &format!(r#"id="task-{task}""#), "</article>")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_logs_have_their_documented_shapes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    let document = console.document().await?;
    let paths = [
        ("/scheduler/logs", "/scheduler/logs?limit=20"),
        ("/scheduler-logs/recent", "/api/scheduler-logs/recent"),
        ("/scheduler-logs/stats", "/api/scheduler-logs/stats"),
        ("/sync-logs/recent", "/api/sync-logs/recent"),
        ("/sync-logs/stats", "/api/sync-logs/stats"),
        ("/system/status", "/api/system/status"),
        ("/syncs", "/syncs"),
        ("/runs", "/runs"),
    ];
    for (template, path) in paths {
        let answer = console.ask("GET", path, &viewer).await?;
        assert_eq!(answer.status, 200, "{path}");
        document.check("GET", template, &answer)?;
    }
    let night = bed.stack.nightly(&[], &mut |_| ()).await?;
    assert!(night.runs.iter().all(|run| run.answer.status == "success"), "{:?}", night.runs);
    let mut shapes = Map::new();
    for (template, path) in paths {
        let answer = console.ask("GET", path, &viewer).await?;
        document.check("GET", template, &answer)?;
        shapes.insert(template.into(), shape(&body(&answer)?));
    }
    // One with children, and one with a parent.
    let mut runs = Vec::new();
    for task in ["sync_gazelle", "rapport_timeline"] {
        let run = format!("/runs/{}", bed.runs(task).await?[0]["id"].as_str().unwrap());
        let answer = console.ask("GET", &run, &viewer).await?;
        document.check("GET", "/runs/{id}", &answer)?;
        runs.push(shape(&body(&answer)?));
    }
    shapes.insert("/runs/{id}".into(), runs.into_iter().reduce(both).unwrap_or_default());
    insta::assert_snapshot!("console_runs", serde_json::to_string_pretty(&shapes)?);

    let stats = body(&console.ask("GET", "/scheduler-logs/stats?hours=24", &viewer).await?)?;
    assert_eq!((&stats["success_rate"], &stats["period_hours"]), (&json!(100.0), &json!(24)));
    let status = body(&console.ask("GET", "/system/status", &viewer).await?)?;
    assert_eq!(status["last_sync_job"], "Sync Gazelle Totale");
    assert!(status["tables_updated"]["clients"].as_i64().unwrap() > 0, "{status}");
    for (path, status) in [
        ("/scheduler-logs/recent?limit=100000", 200),
        ("/scheduler-logs/recent?limit=0", 200),
        ("/scheduler-logs/recent?limit=-1", 400),
        ("/sync-logs/recent?limit=x", 400),
        ("/scheduler-logs/stats?hours=4000000000", 200),
        ("/sync-logs/stats?hours=99999999999", 400),
        ("/syncs?cursor=AAAA", 400),
        ("/syncs?from=yesterday", 400),
        ("/syncs?task_type=backup&status=nothing", 200),
        ("/runs?from=2026-01-15&to=2026-01-15", 200),
        ("/runs?user=%00", 400),
        ("/runs?search=%00", 400),
        ("/runs?triggered_by=%00&cursor=%00", 400),
        ("/runs/%00", 404),
        ("/runs/%FF", 404),
        ("/runs/1", 404),
    ] {
        let answer = console.ask("GET", path, &viewer).await?;
        assert_eq!(answer.status, status, "{path}: {:?}", answer.body);
        // A problem, where it is one.
        let template = path.split('?').next().unwrap_or_default();
        let template = if template.starts_with("/runs/") { "/runs/{id}" } else { template };
        document.check("GET", template, &answer)?;
    }
    Ok(())
}

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
async fn the_report_is_requested_like_any_run(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    bed.fill().await?;
    let document = console.document().await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    let path = "/api/reports/timeline/generate?full_refresh=true";
    let answer = console.ask("POST", path, &admin).await?;
    assert_eq!(answer.status, 202);
    document.check("POST", "/reports/timeline/generate", &answer)?;
    let again = console.ask("POST", path, &admin).await?;
    assert_eq!((again.status, &body(&again)?["run_id"]), (409, &body(&answer)?["run_id"]));
    document.check("POST", "/reports/timeline/generate", &again)?;
    assert_eq!(bed.stack.deliver_events().await?[0].answer.status, "success");
    let run = &bed.runs("rapport_timeline").await?[0];
    assert_eq!((&run["id"], &run["status"]), (&body(&answer)?["run_id"], &json!("success")));
    assert_eq!(run["parameters"], json!({"full_refresh": true}));
    // The counts of the old answer.
    assert!(run["stats"]["tabs"].as_object().is_some_and(|tabs| !tabs.is_empty()), "{run}");
    let plain = console.ask("POST", "/reports/timeline/generate", &admin.clone().json(&json!({}))).await?;
    assert_eq!(plain.status, 202);
    for wrong in ["?full_refresh=perhaps", "?full_refresh=2"] {
        let path = format!("/reports/timeline/generate{wrong}");
        assert_eq!(console.ask("POST", &path, &admin).await?.status, 400, "{wrong}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_button_is_locked_while_and_only_while_its_run_is_live(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let free = |page: &str, task: &str| !card(page, task).contains("disabled data-run=");
    let before = console.page("/journal", &admin, "fr").await?;
    assert!(free(&before, "sync_gazelle") && free(&before, "import_pianos"));
    assert!(before.contains("▶️") && before.contains("Lancer maintenant"));
    let mark = between(&before, "/journal/tasks?seen=", "\"");

    let path = format!("/journal/tasks?seen={mark}");
    assert!(
        !console.ask("GET", &path, &admin.browse("fr")).await?.headers.contains_key("hx-trigger"),
        "nothing has changed"
    );
    let accepted = body(&console.ask("POST", "/scheduler/run/sync", &admin.change()).await?)?;
    let run = accepted["run_id"].as_str().unwrap();
    for (path, pace) in [("/journal", "every 3s"), (path.as_str(), "every 3s")] {
        let during = console.page(path, &admin, "fr").await?;
        let sync = card(&during, "sync_gazelle");
        assert!(
            sync.contains(&format!(r#"disabled data-run="{run}""#)) && sync.contains("En cours..."),
            "{sync}"
        );
        assert!(sync.contains(&format!(r#"href="/runs/{run}""#)));
        // What writes the same tables waits; what does not is free.
        let import = card(&during, "import_pianos");
        assert!(
            import.contains(&format!(r#"data-run="{run}""#)) && import.contains("Sync Gazelle Totale"),
            "{import}"
        );
        assert!(free(&during, "backup"));
        assert!(during.contains(pace));
    }
    // An open page is told, and once.
    let told = console.ask("GET", &path, &admin.browse("fr")).await?;
    assert_eq!(told.headers["hx-trigger"], "runs");
    let text = String::from_utf8(told.body.to_vec())?;
    let path = format!("/journal/tasks?seen={}", between(&text, "/journal/tasks?seen=", "\""));
    assert!(!console.ask("GET", &path, &admin.browse("fr")).await?.headers.contains_key("hx-trigger"));

    // Nobody looks while the run works.
    bed.stack.deliver_events().await?;
    assert_eq!(console.ask("GET", &path, &admin.browse("fr")).await?.headers["hx-trigger"], "runs");
    let after = console.page("/journal", &admin, "fr").await?;
    assert!(TASKS.iter().filter(|task| task.alias.is_some()).all(|task| free(&after, task.name)), "{after}");
    assert!(card(&after, "sync_gazelle").contains(&format!(r#"href="/runs/{run}""#)), "the last run");

    // A process that vanished holds its task no longer than its lease.
    let lost = body(&console.ask("POST", "/scheduler/run/backup", &admin.change()).await?)?;
    bed.stack.take_events();
    assert!(!free(&console.page("/journal", &admin, "fr").await?, "backup"));
    bed.stack.advance(SignedDuration::from_mins(11));
    assert!(free(&console.page("/journal", &admin, "fr").await?, "backup"));
    let vanished = console.page(lost["location"].as_str().unwrap(), &admin, "fr").await?;
    assert!(vanished.contains("plus signe de vie") && vanished.contains("Relancer"), "{vanished}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_shows_its_figures_and_its_chain(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let viewer = console.sign_in("viewer").await?;
    let wish = admin.change().json(&json!({"reason": "après le ménage", "parameters": {"full": true}}));
    let accepted = body(&console.ask("POST", "/scheduler/run/sync", &wish).await?)?;
    let path = accepted["location"].as_str().unwrap().to_owned();
    let queued = console.page(&path, &admin, "fr").await?;
    assert!(queued.contains("Demandée") && queued.contains("every 2s") && queued.contains("<progress"));
    assert!(!queued.contains("Relancer"), "not while it is live");

    bed.stack.deliver_events().await?;
    let done = console.page(&path, &admin, "fr").await?;
    let child = bed.runs("rapport_timeline").await?[0]["id"].as_str().unwrap().to_owned();
    for expected in [
        format!(r#"href="/runs/{child}""#),
        "Rapport Timeline".into(),
        "Fiches lues par collection".into(),
        r#"<rect class="bar-fill" width="100""#.into(),
        "après le ménage".into(),
        "admin@gazelle.example".into(),
        "&#34;full&#34;: true".into(),
        "Gazelle Sync Succeeded".into(),
        "Relancer".into(),
        // The report may start a moment later.
        "every 5s".into(),
    ] {
        assert!(done.contains(&expected), "{expected}: {done}");
    }
    assert!(!done.contains("<progress"));
    let report = console.page(&format!("/runs/{child}"), &viewer, "fr").await?;
    assert!(
        report.contains(&format!(r#"href="{path}""#)) && report.contains("Lignes par onglet"),
        "{report}"
    );
    assert!(!report.contains("Relancer") && !report.contains("hx-post"), "a viewer only looks");
    bed.stack.advance(SignedDuration::from_mins(3));
    assert!(!console.page(&path, &admin, "fr").await?.contains("hx-trigger"), "nothing comes any more");

    // The same again, as the button asks for it.
    let parameters =
        between(&done, r#"name="parameters" data-json hidden>"#, "</textarea>").replace("&#34;", "\"");
    let again = admin.change().json(&json!({"parameters": serde_json::from_str::<Value>(&parameters)?}));
    assert_eq!(console.ask("POST", "/scheduler/run/sync_gazelle", &again).await?.status, 202);
    assert_eq!(bed.runs("sync_gazelle").await?[1]["parameters"], json!({"full": true}));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_says_why_what_to_do_and_who_was_told(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    bed.fill().await?;
    let viewer = console.sign_in("viewer").await?;
    bed.stack.break_with(&["google:500".parse().map_err(anyhow::Error::msg)?]);
    let report = bed.stack.invoke(shared::task::Function::TimelineReport, &json!({})).await?;
    assert_eq!(report.answer.status, "error");
    bed.stack.faults.lift();
    let path = format!("/runs/{}", report.answer.run_id.unwrap());
    let failed = console.page(&path, &viewer, "fr").await?;
    for expected in [
        "Que faire",
        "la feuille garde son contenu précédent",
        r#"href="/runbook#report.failed""#,
        "Google Sheets ne répond pas",
        "Avis envoyés",
        "Remis",
        "slack",
    ] {
        assert!(failed.contains(expected), "{expected}: {failed}");
    }
    let failed = console.page(&path, &viewer, "en").await?;
    for expected in ["What to do", "the sheet keeps its previous content", "Google Sheets does not answer"] {
        assert!(failed.contains(expected), "{expected}: {failed}");
    }
    let journal = console.page("/journal?status=error", &viewer, "en").await?;
    assert!(journal.contains("Task log") && journal.contains(&format!(r#"href="{path}""#)));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_people_and_programs_wrote_is_shown_and_never_interpreted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let hostile = r#"</span><script>alert(1)</script>"'><img src=x onerror=alert(1)> Nicolas"#;
    let id = "00000000-0000-4000-8000-000000000001";
    let at = bed.stack.clock.now().to_string();
    bed.put(
        "scheduler_logs",
        json!([{
            "id": id, "task_name": hostile, "task_label": hostile, "status": "error", "started_at": at, "completed_at": at,
            "created_at": at, "triggered_by": hostile, "triggered_by_user": hostile, "run_key": "x", "message": hostile,
            "stats": {"tabs": {hostile: 1}}, "parameters": {hostile: hostile}, "error_kind": hostile,
            "errors": [{"kind": hostile, "message": hostile, "at": hostile}, hostile, 7], "progress": {"at": hostile},
            "log_url": "javascript:alert(1)",
        }]),
    )
    .await?;
    bed.put(
        "sync_logs",
        json!([{"script_name": hostile, "task_type": hostile, "status": hostile, "message": hostile, "run_id": id,
                "stats": {hostile: hostile}, "created_at": at}]),
    )
    .await?;
    bed.put(
        "task_states",
        json!([{"task_name": "backup", "paused": true, "paused_by": hostile, "paused_at": at, "reason": hostile}]),
    )
    .await?;
    let searched: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
    for path in
        ["/journal".into(), format!("/runs/{id}"), "/syncs".into(), format!("/journal?search={searched}")]
    {
        let shown = console.page(&path, &admin, "fr").await?;
        for raw in ["<script>", "<img", "javascript:", r#""'>"#] {
            assert!(!shown.contains(raw), "{path} {raw}: {shown}");
        }
        // What somebody searches for stays as they wrote it.
        assert!(path.contains("search") || !shown.contains("Nicolas"), "{path}: {shown}");
        assert!(shown.contains("&#60;script&#62;"), "{path}: {shown}");
        assert!(path.contains("search") || shown.contains("Nick"), "{path}");
    }
    // Nothing of it is wrong for a program.
    let document = console.document().await?;
    let cookie = admin.read();
    for (template, path) in
        [("/runs/{id}", format!("/runs/{id}")), ("/syncs", "/syncs".into()), ("/tasks", "/tasks".into())]
    {
        document.check("GET", template, &console.ask("GET", &path, &cookie).await?)?;
    }
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
async fn the_syncs_are_listed_with_their_kind_and_their_figures(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    let empty = console.page("/syncs", &viewer, "fr").await?;
    assert!(empty.contains("Aucun log de synchronisation") && empty.contains("Aucune pour l"), "{empty}");
    bed.stack.nightly(&[], &mut |_| ()).await?;
    let row = |number: u32| {
        json!({"script_name": "chaine", "task_type": "chain", "status": "error", "error_details": "détail seul",
               "execution_time_seconds": 0, "created_at": format!("2026-01-14T06:{number:02}:00Z")})
    };
    bed.put("sync_logs", (0..55).map(row).collect()).await?;
    let shown = console.page("/syncs", &viewer, "fr").await?;
    for expected in [
        "badge info",
        "badge report",
        "badge success",
        "Chaîne",
        "Réussite, 7 jours",
        "détail seul",
        "0,0 s",
        "Plus anciennes",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let chains =
        console.page("/syncs?task_type=chain&status=error&from=&to=&limit=50", &viewer, "fr").await?;
    let list = between(&chains, "sync-filters", "Plus anciennes");
    assert_eq!(list.matches(">chaine<").count(), 50);
    let next = between(&chains, r#"<a class="button" href="/syncs?limit"#, "\"").replace("&#38;", "&");
    let last = console.page(&format!("/syncs?limit{next}"), &viewer, "fr").await?;
    assert!(
        !last.contains("Plus anciennes")
            && !between(&last, "sync-filters", "</main>").contains("badge report")
    );
    assert_eq!(between(&last, "sync-filters", "</main>").matches(">chaine<").count(), 5);
    let cookie = viewer.read();
    let answer = console.ask("GET", "/syncs?task_type=chain&limit=3", &cookie).await?;
    console.document().await?.check("GET", "/syncs", &answer)?;
    assert_eq!(body(&answer)?["items"].as_array().unwrap().len(), 3);
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
    let told = rules.iter().filter_map(|rule| rule["event_type"].as_str());
    let failures = TASKS.iter().filter_map(|task| task.failure_event);
    // Each kind of notice has an entry; a test of the messages says so.
    let entries = text.lines().filter_map(|line| line.strip_prefix("## "));
    let alarms = ["errors", "throttles", "duration", "invocations", "no-success", "depth"];
    let wanted: Vec<&str> = told.chain(failures).chain(entries).chain(alarms).collect();
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
