//! The console's API: who may do what, and what a request for a run leads to.

use e2e::{
    Backend, Bed,
    console::{self, Sent, SignedIn, body, token},
};
use gazelle_local::lambda::Ended;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_in_and_runs_the_sync(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;

    let change = admin.change().json(&json!({"user_email": "somebody@else.example"}));
    let answer = console.ask("POST", "/api/scheduler/run/sync", &change).await?;
    let accepted = body(&answer)?;
    assert_eq!(answer.status, 202, "{accepted}");
    assert_eq!(accepted["success"], true);
    assert_eq!(accepted["message"], "Synchronisation Gazelle démarrée en arrière-plan");
    assert_eq!(accepted["task_name"], "sync_gazelle");
    assert_eq!(answer.headers["location"].to_str()?, accepted["location"].as_str().unwrap_or_default());

    // Queued before the answer, by the signed-in user, and running for the old clients.
    let queued = bed.runs("sync_gazelle").await?;
    assert_eq!(queued.len(), 1);
    assert_eq!((&queued[0]["id"], &queued[0]["status"]), (&accepted["run_id"], &json!("queued")));
    assert_eq!(queued[0]["triggered_by"], "manual");
    assert_eq!(queued[0]["triggered_by_user"], "admin@gazelle.example");
    let cookie = admin.read();
    let logs = body(&console.ask("GET", "/scheduler/logs?limit=20", &cookie).await?)?;
    assert_eq!((&logs[0]["id"], &logs[0]["status"]), (&accepted["run_id"], &json!("running")));

    // The event leads to a run that adopts the row, and to what follows a sync.
    let runs = bed.stack.deliver_events().await?;
    assert_eq!(runs[0].answer.run_id.as_deref(), accepted["run_id"].as_str());
    let done = bed.runs("sync_gazelle").await?;
    assert_eq!((done.len(), &done[0]["status"]), (1, &json!("success")), "{done:?}");
    let path = accepted["location"].as_str().unwrap_or_default();
    let run = body(&console.ask("GET", path, &cookie).await?)?;
    assert_eq!(run["status"], "success");
    let children = run["children"].as_array().map(Vec::len);
    assert_eq!(children, Some(3), "{run}");
    assert_eq!(run["children"][0]["triggered_by_user"], "admin@gazelle.example");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_at_once_one_starts_the_run_and_one_is_shown_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let [one, two] = [console.sign_in("admin").await?.change(), console.sign_in("admin").await?.change()];
    let (left, right) = tokio::join!(
        console.ask("POST", "/scheduler/run/sync", &one),
        console.ask("POST", "/scheduler/run/sync", &two)
    );
    let mut answers = [left?, right?];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers.each_ref().map(|answer| answer.status), [202, 409]);
    let [accepted, refused] = [body(&answers[0])?, body(&answers[1])?];
    assert_eq!((&refused["run_id"], &refused["code"]), (&accepted["run_id"], &json!("run_live")));
    // An import writes the same tables.
    let answer = console.ask("POST", "/scheduler/run/import/clients", &one).await?;
    assert_eq!((answer.status, &body(&answer)?["run_id"]), (409, &accepted["run_id"]));
    assert_eq!(bed.stack.rows("scheduler_logs", "id", "id").await?.len(), 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_requested_run_that_never_starts_frees_its_task_after_ten_minutes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    assert_eq!(console.ask("POST", "/scheduler/run/backup", &admin).await?.status, 202);
    let late = bed.stack.take_events();
    assert_eq!(console.ask("POST", "/scheduler/run/backup", &admin).await?.status, 409);
    bed.stack.advance(SignedDuration::from_mins(11));
    assert_eq!(console.ask("POST", "/scheduler/run/backup", &admin).await?.status, 202);
    let runs = bed.runs("backup").await?;
    let [lost, queued] = &runs[..] else { anyhow::bail!("{runs:?}") };
    assert_eq!((&lost["status"], &lost["error_kind"]), (&json!("error"), &json!("not_started")));
    assert_eq!((&queued["status"], &queued["triggered_by"]), (&json!("queued"), &json!("api")));
    // It is said as what it is, and the event that comes after all starts nothing.
    let told = bed.stack.rows("notification_deliveries", "data", "id").await?;
    assert!(
        !told.is_empty() && told.iter().all(|row| row["data"]["error_kind"] == "not_started"),
        "{told:?}"
    );
    let run = bed.stack.invoke(Function::Backup, &late[0].envelope).await?;
    assert_eq!(
        (run.answer.outcome.as_str(), run.answer.run_id.as_deref()),
        ("duplicate", lost["id"].as_str())
    );
    assert_eq!(bed.runs("backup").await?[0]["status"], "error");
    Ok(())
}

/// Nobody looked in between: the late event itself finds that the request is too old, and people are notified all the same.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_event_comes_too_late_starts_nothing_and_is_reported(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    assert_eq!(console.ask("POST", "/scheduler/run/backup", &admin).await?.status, 202);
    let late = bed.stack.take_events();
    bed.stack.advance(SignedDuration::from_mins(11));
    let run = bed.stack.invoke(Function::Backup, &late[0].envelope).await?;
    assert_eq!((run.answer.outcome.as_str(), run.answer.status.as_str()), ("duplicate", "error"));
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_eventbridge_refuses_is_published_by_the_dispatcher(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    bed.stack.break_with(&["eventbridge:partial".parse().map_err(anyhow::Error::msg)?]);
    let options = admin.json(&json!({"dry_run": true, "reason": "essai"}));
    let answer = console.ask("POST", "/scheduler/run/cleanup", &options).await?;
    assert_eq!(answer.status, 202);
    bed.stack.faults.lift();
    assert!(bed.stack.take_events().is_empty());
    bed.stack.advance(SignedDuration::from_mins(5));
    bed.run("notification_dispatch", "2026-01-15T06:05:00Z").await?;
    let runs = bed.stack.deliver_events().await?;
    assert_eq!(runs[0].answer.run_id.as_deref(), body(&answer)?["run_id"].as_str());
    let done = bed.runs("cleanup").await?;
    assert_eq!((&done[0]["status"], &done[0]["stats"]["dry_run"]), (&json!("success"), &json!(true)));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_task_rests_until_it_is_resumed_and_the_audit_says_who(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let pause = admin.change().json(&json!({"reason": "entretien"}));
    let state = body(&console.ask("POST", "/tasks/cleanup/pause", &pause).await?)?;
    assert_eq!((&state["paused"], &state["paused_by"]), (&json!(true), &json!("admin@gazelle.example")));
    // Twice is once.
    assert_eq!(console.ask("POST", "/tasks/cleanup/pause", &pause).await?.status, 200);
    let run = bed.run("cleanup", "2026-01-15T09:00:00Z").await?;
    assert_eq!(run.answer.outcome, "paused");

    let tasks = body(&console.ask("GET", "/tasks", &admin.change()).await?)?;
    let cleanup = tasks.as_array().into_iter().flatten().find(|task| task["name"] == "cleanup");
    let cleanup = cleanup.unwrap_or(&Value::Null);
    assert_eq!((&cleanup["paused"], &cleanup["reason"]), (&json!(true), &json!("entretien")));
    assert_eq!(cleanup["last_run"]["message"], "En pause");
    assert_eq!(cleanup["next_run_at"], "2026-01-15T09:00:00Z");

    assert_eq!(console.ask("POST", "/tasks/cleanup/resume", &admin.change()).await?.status, 200);
    let audit = bed.stack.rows("audit_log", "action,subject,email,before,after", "seq").await?;
    let actions: Vec<&Value> = audit.iter().map(|row| &row["action"]).collect();
    assert_eq!(actions, ["task.paused", "task.resumed"]);
    assert_eq!((&audit[0]["before"]["paused"], &audit[0]["after"]["paused"]), (&json!(false), &json!(true)));
    assert!(audit.iter().all(|row| row["email"] == "admin@gazelle.example"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_problem_is_reported_in_the_language_of_the_page(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (_bed, console) = console::open(backend).await?;
    let document = console.document().await?;
    let french = console.sign_in("operator").await?;
    let english = SignedIn { cookie: format!("{}; language=en", french.cookie), ..french.clone() };
    let nothing = "/incidents/00000000-0000-4000-8000-000000000000/acknowledge";
    for (who, absent, refused) in [
        (french, "Cette adresse ne correspond à rien.", "Votre rôle ne permet pas cette action."),
        (english, "There is nothing at this address.", "Your role does not allow this."),
    ] {
        let answer = console.ask("POST", nothing, &who.change()).await?;
        document.check("POST", "/incidents/{id}/acknowledge", &answer)?;
        assert_eq!((answer.status, &body(&answer)?["detail"]), (404, &json!(absent)));
        let answer = console.ask("POST", "/api/tasks/backup/pause", &who.change()).await?;
        document.check("POST", "/tasks/{task}/pause", &answer)?;
        assert_eq!((answer.status, &body(&answer)?["detail"]), (403, &json!(refused)));
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn when_supabase_is_down_the_answer_says_so_and_nothing_leaks(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    let health = console.ask("GET", "/health", &Sent::nothing()).await?;
    assert_eq!((health.status, &body(&health)?["status"]), (200, &json!("ok")));
    assert_eq!(console.ask("GET", "/scheduler/logs", &admin).await?.status, 200);

    bed.stack.break_with(&["supabase:500".parse().map_err(anyhow::Error::msg)?]);
    // What was said of it a moment ago is said again for a moment.
    assert_eq!(console.ask("GET", "/health", &Sent::nothing()).await?.status, 200);
    bed.stack.advance(SignedDuration::from_secs(6));
    let health = console.ask("GET", "/api/health", &Sent::nothing()).await?;
    let checks = body(&health)?;
    assert_eq!(health.status, 503);
    for (at, name) in ["database", "auth"].iter().enumerate() {
        assert_eq!(checks["checks"][at]["name"], **name);
        assert_eq!(checks["checks"][at]["status"], "unavailable");
    }
    for (method, path) in [("GET", "/scheduler/logs"), ("POST", "/scheduler/run/sync")] {
        let answer = console.ask(method, path, &admin).await?;
        let problem = body(&answer)?;
        assert_eq!((answer.status, &problem["code"]), (503, &json!("unavailable")), "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let text = problem.to_string();
        for inside in ["planted", "127.0.0.1", "rest/v1", "authorize", "HTTP 500"] {
            assert!(!text.contains(inside), "{text}");
        }
    }
    assert_eq!(console.ask("GET", "/sign-in", &Sent::nothing()).await?.status, 200);
    assert_eq!(console.send_form("admin@gazelle.example", "local-admin-password").await?.status, 503);
    bed.stack.faults.lift();
    assert_eq!(console.ask("GET", "/scheduler/logs", &admin).await?.status, 200);
    Ok(())
}

/// 45 runs of the backup, one a day, and between them runs of a task that runs every few minutes.
async fn fill_log(bed: &Bed) -> anyhow::Result<()> {
    let row = |task: &str, status: &str, day: i64| {
        let id = format!("00000000-0000-4000-8000-{:012}", day * 2 + i64::from(task == "backup"));
        let at = bed.stack.clock.now() - SignedDuration::from_hours(24 * day + 1);
        json!({
            "id": id, "task_name": task, "task_label": task, "status": status, "started_at": at.to_string(),
            "created_at": at.to_string(), "triggered_by": "scheduler", "run_key": format!("{task}@{at}"),
        })
    };
    let backups = (0..45).map(|day| row("backup", "success", day));
    let ticks = (0..45).map(|day| row("availability", if day == 3 { "error" } else { "success" }, day));
    bed.put("scheduler_logs", backups.chain(ticks).collect()).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_page_by_page_without_what_runs_every_few_minutes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill_log(&bed).await?;
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    let (mut path, mut seen, mut sizes) = ("/api/scheduler/logs?limit=20".to_owned(), Vec::new(), Vec::new());
    loop {
        let answer = console.ask("GET", &path, &viewer).await?;
        let page = body(&answer)?.as_array().cloned().unwrap_or_default();
        sizes.push(page.len());
        seen.extend(page);
        let Some(link) = answer.headers.get("link") else { break };
        let (target, _) = link.to_str()?.trim_start_matches('<').split_once('>').unwrap_or_default();
        assert!(link.to_str()?.ends_with("; rel=\"next\""));
        path = format!("/api/scheduler/logs{target}");
    }
    // The failed tick is shown.
    assert_eq!(sizes, [20, 20, 6]);
    let starts: Vec<&str> = seen.iter().filter_map(|run| run["started_at"].as_str()).collect();
    assert!(starts.windows(2).all(|pair| pair[0] >= pair[1]), "{starts:?}");
    let fields: Vec<&String> = seen[0].as_object().into_iter().flat_map(|run| run.keys()).collect();
    assert_eq!(fields.len(), 12, "{fields:?}");

    let count = async |path: &str| -> anyhow::Result<usize> {
        let list = body(&console.ask("GET", path, &viewer).await?)?;
        Ok(list["items"].as_array().or(list.as_array()).map_or(0, Vec::len))
    };
    assert_eq!(count("/scheduler/logs?limit=200&include=frequent").await?, 90);
    assert_eq!(count("/scheduler/logs").await?, 20);
    assert_eq!(count("/runs?task=availability&limit=200").await?, 45);
    assert_eq!(count("/runs?status=error").await?, 1);
    assert_eq!(count("/runs?task=backup&from=2026-01-10T00:00:00Z&to=2026-01-12T00:00:00Z").await?, 2);
    for wrong in ["limit=x", "cursor=planted", "task=planted", "status=planted", "include=all", "from=today"]
    {
        let answer = console.ask("GET", &format!("/runs?{wrong}"), &viewer).await?;
        assert_eq!((answer.status, &body(&answer)?["code"]), (400, &json!("invalid_request")), "{wrong}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_old_clients_work(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    let old = admin.clone().json(&json!({"user_email": "nick@example.com"}));
    let documented = [
        ("rapport", "rapport_timeline", "Génération du rapport Timeline démarrée en arrière-plan"),
        ("backup", "backup", "Backup de la base de données démarré en arrière-plan"),
        ("alerts", "rv_alerts", "Synchronisation RV & Alertes démarrée en arrière-plan"),
        ("humidity_alerts", "humidity_alerts", "Alertes Humidité démarré en arrière-plan"),
    ];
    for (name, task, message) in documented {
        let answer = console.ask("POST", &format!("/scheduler/run/{name}"), &old).await?;
        let accepted = body(&answer)?;
        assert_eq!((answer.status, &accepted["task_name"]), (202, &json!(task)), "{accepted}");
        assert_eq!((&accepted["success"], &accepted["message"]), (&json!(true), &json!(message)));
        assert!(accepted["started_at"].is_string() && accepted["run_id"].is_string());
        assert_eq!(bed.runs(task).await?[0]["triggered_by_user"], "admin@gazelle.example");
    }
    let answer = console.ask("POST", "/scheduler/run/import/invoices", &old).await?;
    let problem = body(&answer)?;
    assert_eq!(answer.status, 400);
    assert_eq!(problem["detail"], "Collections: clients, contacts, pianos, timeline, appointments.");
    for (path, sent, status) in [
        ("/scheduler/run/planted", &old, 400),
        ("/scheduler/run/maintenance_alerts", &admin.clone().json(&json!({"dry_run": true})), 400),
        ("/scheduler/run/cleanup", &admin.clone().json(&json!([])), 400),
        ("/planted", &old, 404),
        ("/tasks", &old, 405),
    ] {
        assert_eq!(console.ask("POST", path, sent).await?.status, status, "{path}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_the_browser_what_it_may_do(
    #[values(Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (_bed, console) = console::open(backend).await?;
    for path in ["/sign-in", "/health", "/tasks", "/nowhere", "/assets/console.css"] {
        let answer = console.ask("GET", path, &Sent::nothing()).await?;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let policy = header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header("referrer-policy"), Some("same-origin"), "{path}");
        assert!(header("strict-transport-security").is_some(), "{path}");
        let cache = match path {
            "/health" => "private, no-cache",
            "/assets/console.css" => "public, max-age=31536000, immutable",
            _ => "no-store",
        };
        assert_eq!(header("cache-control"), Some(cache), "{path}");
    }
    Ok(())
}

/// What the deployed function answers to a file of `events/`.
async fn invoke(bed: &Bed, event: &str, change: impl FnOnce(&mut Value)) -> anyhow::Result<Value> {
    let path = format!("{}/../events/admin-api.{event}.json", env!("CARGO_MANIFEST_DIR"));
    let mut payload: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    change(&mut payload);
    let (lambda, id) = (&bed.stack.lambda, bed.stack.request_id());
    let limit = Function::AdminApi.time_limit();
    let invocation =
        lambda.invoke(Function::AdminApi, &payload.to_string(), &id, limit, &bed.stack.tripwire).await?;
    for secret in ["local-admin-password", "local-refresh", "eyJ", "admin@gazelle.example"] {
        assert!(!invocation.log.contains(secret), "{event}: {}", invocation.log);
    }
    match invocation.ended {
        Ended::Answer(answer) => Ok(answer),
        other => anyhow::bail!("{event}: {other:?}: {}", invocation.log),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn behind_the_gateway_the_same_router_answers(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let health = invoke(&bed, "health", |_| ()).await?;
    assert_eq!(health["statusCode"], 200, "{health}");
    let signed_in = invoke(&bed, "sign-in", |_| ()).await?;
    assert_eq!(signed_in["statusCode"], 303, "{signed_in}");
    let cookie = signed_in["cookies"][0].as_str().unwrap_or_default();
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("; Secure"), "{signed_in}");
    let bearer = format!("Bearer {}", token(&bed.stack, "admin")?);
    let with_token = |payload: &mut Value| payload["headers"]["authorization"] = bearer.as_str().into();
    let accepted = invoke(&bed, "run", with_token).await?;
    assert_eq!(accepted["statusCode"], 202, "{accepted}");
    assert_eq!(bed.stack.deliver_events().await?[0].answer.status, "success");
    let logs = invoke(&bed, "logs", with_token).await?;
    let logs: Value = serde_json::from_str(logs["body"].as_str().unwrap_or_default())?;
    assert!(logs.as_array().is_some_and(|logs| logs.iter().any(|run| run["task_name"] == "sync_gazelle")));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_of_the_shape_that_the_openapi_document_says(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    let document = console.document().await?;
    let accepted = body(&console.ask("POST", "/scheduler/run/sync", &admin).await?)?;
    bed.stack.deliver_events().await?;
    let child = &bed.runs("rapport_timeline").await?[0]["id"];
    let [run, child] =
        [&accepted["run_id"], child].map(|id| format!("/runs/{}", id.as_str().unwrap_or_default()));
    let paths = [
        ("GET", "/health", "/health", 200),
        ("GET", "/session", "/session", 200),
        ("GET", "/tasks", "/tasks", 200),
        ("GET", "/scheduler/logs", "/scheduler/logs", 200),
        ("GET", "/runs", "/runs", 200),
        ("GET", "/runs/{id}", &run, 200),
        ("GET", "/runs/{id}", &child, 200),
        ("GET", "/runs/{id}", "/runs/planted", 404),
        ("POST", "/tasks/{task}/pause", "/tasks/cleanup/pause", 200),
        ("POST", "/tasks/{task}/resume", "/tasks/cleanup/resume", 200),
        ("POST", "/scheduler/run/{task}", "/scheduler/run/sync", 202),
        ("POST", "/scheduler/run/{task}", "/scheduler/run/sync", 409),
        ("POST", "/scheduler/run/import/{collection}", "/scheduler/run/import/x", 400),
    ];
    for (method, template, path, status) in paths {
        let answer = console.ask(method, path, &admin).await?;
        assert_eq!(answer.status, status, "{method} {path}");
        document.check(method, template, &answer)?;
    }
    Ok(())
}
