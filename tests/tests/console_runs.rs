//! What the console shows of runs: their shapes, the buttons that start them, and the page of one run.

use e2e::{
    Backend,
    console::{self, Sent, between, body, card, token},
    shape::{both, shape},
};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::task::TASKS;

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
    // An open page is informed, and once.
    let notified = console.ask("GET", &path, &admin.browse("fr")).await?;
    assert_eq!(notified.headers["hx-trigger"], "runs");
    let text = String::from_utf8(notified.body.to_vec())?;
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
    let options = admin.change().json(&json!({"reason": "après le ménage", "parameters": {"full": true}}));
    let accepted = body(&console.ask("POST", "/scheduler/run/sync", &options).await?)?;
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
async fn a_failed_run_says_why_what_to_do_and_who_was_notified(
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
    for path in ["/journal".into(), format!("/runs/{id}"), format!("/journal?search={searched}")] {
        let shown = console.page(&path, &admin, "fr").await?;
        for raw in ["<script>", "<img", "javascript:", r#""'>"#] {
            assert!(!shown.contains(raw), "{path} {raw}: {shown}");
        }
        // A text stays as somebody wrote it.
        assert!(shown.contains("Nicolas") && !shown.contains("Nick"), "{path}: {shown}");
        assert!(shown.contains("&#60;script&#62;"), "{path}: {shown}");
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
