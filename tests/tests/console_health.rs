//! The health of the whole: the documented routes, and the home page on good nights and bad.

use e2e::{
    Backend, Bed,
    console::{self, Console, Sent, body, token},
    rpc::MORNING,
    shape::shape,
};
use gazelle_local::faults::FaultSpec;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

/// What nobody has to sign in for: it says that something answers, and nothing of the inside.
const OPEN: [&str; 4] = ["/admin/health-test", "/admin/health/database", "/admin/health/public", "/health"];

fn broken(faults: &[&str]) -> anyhow::Result<Vec<FaultSpec>> {
    faults.iter().map(|fault| fault.parse().map_err(anyhow::Error::msg)).collect()
}

/// A night and the tasks around it, then breakfast.
async fn night(bed: &mut Bed, faults: &[&str]) -> anyhow::Result<()> {
    bed.stack.nightly(&broken(faults)?, &mut |_| ()).await?;
    bed.stack.faults.lift();
    for (task, time) in [
        ("backup", "2026-01-15T08:00:00Z"),
        ("cleanup", "2026-01-15T09:00:00Z"),
        ("maintenance_alerts", "2026-01-15T12:05:00Z"),
        ("notification_dispatch", "2026-01-15T12:05:30Z"),
        ("anomalies", "2026-01-15T12:06:00Z"),
        ("availability", "2026-01-15T12:07:00Z"),
    ] {
        go_to(bed, time)?;
        bed.run(task, time).await?;
    }
    go_to(bed, MORNING)
}

fn go_to(bed: &mut Bed, time: &str) -> anyhow::Result<()> {
    let wait = time.parse::<jiff::Timestamp>()?.duration_since(bed.stack.clock.now());
    anyhow::ensure!(wait.is_positive(), "{time} is over");
    bed.stack.advance(wait);
    Ok(())
}

fn anomaly(number: u32, category: &str, severity: &str) -> Value {
    json!({
        "id": format!("00000000-0000-0000-0000-{number:012}"), "category": category, "type": "x", "severity": severity,
        "fingerprint": format!("x:{number}"), "description": "Quelque chose", "first_seen_at": MORNING,
        "last_seen_at": MORNING, "opened_at": MORNING,
    })
}

async fn json_of(console: &Console, path: &str, sent: &Sent) -> anyhow::Result<Value> {
    let answer = console.ask("GET", path, sent).await?;
    anyhow::ensure!(answer.status == 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    body(&answer)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn health_has_the_documented_shape_with_arrays_only(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    night(&mut bed, &[]).await?;
    bed.put("anomalies", json!([anomaly(1, "cash", "medium")])).await?;
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    let document = console.document().await?;
    let mut shapes = serde_json::Map::new();
    for path in
        ["/admin/health", "/admin/health/anomalies", "/admin/health/scheduler", "/admin/health/nights"]
    {
        let mut answers = Vec::new();
        // One table for the three prefixes of the predecessor.
        for prefix in ["", "/api", "/v1", "/api/v1"] {
            let answer = console.ask("GET", &format!("{prefix}{path}"), &viewer).await?;
            document.check("GET", path, &answer)?;
            answers.push(shape(&body(&answer)?));
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{path}");
        shapes.extend(answers.pop().map(|answer| (path.to_owned(), answer)));
    }
    insta::assert_snapshot!("health_shapes", serde_json::to_string_pretty(&shapes)?);

    let health = json_of(&console, "/admin/health", &viewer).await?;
    let anomalies = health["anomalies"].as_object().cloned().unwrap_or_default();
    for documented in ["cash_anomalies", "sync_anomalies", "auth_anomalies", "classification_anomalies"] {
        assert!(anomalies.contains_key(documented), "{documented}");
    }
    assert!(anomalies.values().all(Value::is_array), "{anomalies:?}");
    assert_eq!(health["anomalies"]["cash_anomalies"][0]["severity"], "medium");
    assert_eq!(health["system_health"]["scheduler_running"], true);

    // What the deployment says of the tasks.
    let scheduler = json_of(&console, "/admin/health/scheduler", &viewer).await?;
    let task = |name: &str| {
        let mut tasks = scheduler["scheduler"]["tasks"].as_array().into_iter().flatten();
        tasks.find(|task| task["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(task("sync_gazelle")["next_run"], "2026-01-16T06:00:00Z");
    assert_eq!(task("sync_gazelle")["interval_minutes"], 1440);
    assert_eq!(task("weekly_report")["interval_minutes"], 10_080);
    assert_eq!(task("availability")["interval_minutes"], 5);
    // Started by an event, and by people only.
    assert_eq!(task("rapport_timeline")["next_run"], Value::Null);
    assert_eq!(task("rapport_timeline")["interval_minutes"], 1440);
    assert_eq!(task("import_clients")["interval_minutes"], Value::Null);
    assert_eq!(
        (&task("backup")["enabled"], &task("backup")["last_status"]),
        (&json!(true), &json!("success"))
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_status_follows_the_severity_and_not_the_number(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    let status = async || -> anyhow::Result<Value> {
        Ok(json_of(&console, "/admin/health", &viewer).await?["system_health"].clone())
    };
    assert_eq!(status().await?["overall_status"], "healthy");
    bed.put(
        "anomalies",
        json!([anomaly(1, "cash", "medium"), anomaly(2, "sync", "medium"), anomaly(3, "auth", "low")]),
    )
    .await?;
    let quiet = status().await?;
    assert_eq!(
        (&quiet["overall_status"], &quiet["anomalies_detected"], &quiet["critical_anomalies"]),
        (&json!("healthy"), &json!(3), &json!(0)),
    );
    bed.put("anomalies", json!([anomaly(4, "data", "high")])).await?;
    assert_eq!(status().await?["overall_status"], "degraded");
    bed.put("anomalies", json!([anomaly(5, "detection", "critical"), anomaly(6, "detection", "critical")]))
        .await?;
    let bad = status().await?;
    assert_eq!((&bad["overall_status"], &bad["critical_anomalies"]), (&json!("critical"), &json!(2)));

    // An outage of a required target is as grave.
    bed.put(
        "anomalies",
        json!([4, 5, 6].map(|number| {
            let mut row = anomaly(number, "data", "high");
            row["status"] = json!("resolved");
            row
        })),
    )
    .await?;
    assert_eq!(status().await?["overall_status"], "healthy");
    bed.put(
        "incidents",
        json!([{"kind": "availability", "subject": "supabase", "label": "Supabase", "severity": "error",
                                 "fingerprint": "availability:supabase", "opened_at": MORNING}]),
    )
    .await?;
    assert_eq!(status().await?["overall_status"], "critical");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn open_routes_are_listed_and_say_nothing_of_the_inside(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let described = body(&console.ask("GET", "/openapi.json", &Sent::nothing()).await?)?;
    let paths = described["paths"].as_object().cloned().unwrap_or_default();
    let is_open = |item: &Value| item["get"]["security"] == json!([{}]);
    let open: Vec<&str> =
        paths.iter().filter(|(_, item)| is_open(item)).map(|(path, _)| path.as_str()).collect();
    for path in OPEN {
        assert!(open.contains(&path), "{path} is open: {open:?}");
    }
    let document = console.document().await?;
    for (at, path) in OPEN.iter().enumerate() {
        for prefix in ["", "/api", "/v1", "/api/v1"].into_iter().take(if at == 3 { 2 } else { 4 }) {
            let answer = console.ask("GET", &format!("{prefix}{path}"), &Sent::nothing()).await?;
            assert_eq!(answer.status, 200, "{prefix}{path}");
            document.check("GET", path, &answer)?;
        }
    }
    let public = body(&console.ask("GET", "/v1/admin/health/public", &Sent::nothing()).await?)?;
    assert_eq!((&public["status"], &public["service"]), (&json!("healthy"), &json!("gazelle-tasks")));
    let test = body(&console.ask("GET", "/v1/admin/health-test", &Sent::nothing()).await?)?;
    assert_eq!(test, json!({"message": "Admin endpoint accessible"}));
    // The prefix is that of the health routes alone.
    assert_eq!(console.ask("GET", "/v1/health", &Sent::nothing()).await?.status, 404);
    assert_eq!(console.ask("GET", "/v1/tasks", &Sent::nothing()).await?.status, 404);

    bed.stack.break_with(&broken(&["supabase:500"])?);
    // Later than an answer is given again.
    bed.stack.advance(SignedDuration::from_secs(6));
    let answer = console.ask("GET", "/admin/health/database", &Sent::nothing()).await?;
    document.check("GET", "/admin/health/database", &answer)?;
    let down = body(&answer)?;
    assert_eq!(
        (answer.status, &down["status"], &down["database"]),
        (503, &json!("unhealthy"), &json!("disconnected"))
    );
    assert_eq!(down.as_object().map(serde_json::Map::len), Some(3), "{down}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn health_needs_a_role_and_shows_no_exception(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    for path in
        ["/admin/health", "/v1/admin/health", "/api/v1/admin/health/anomalies", "/admin/health/scheduler"]
    {
        assert_eq!(console.ask("GET", path, &Sent::nothing()).await?.status, 401, "{path}");
        let wrong = Sent::nothing().bearer(&token(&bed.stack, "none")?);
        assert_eq!(console.ask("GET", path, &wrong).await?.status, 403, "{path}");
    }
    let viewer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    for wrong in
        ["/admin/health/nights?days=x", "/admin/health/nights?planted=1", "/anomalies?status=planted"]
    {
        assert_eq!(console.ask("GET", wrong, &viewer).await?.status, 400, "{wrong}");
    }
    bed.stack.break_with(&broken(&["supabase:500"])?);
    for path in ["/admin/health", "/admin/health/anomalies", "/admin/health/scheduler"] {
        let answer = console.ask("GET", path, &viewer).await?;
        let text = String::from_utf8(answer.body.to_vec())?;
        assert_eq!(answer.status, 503, "{text}");
        for inside in ["planted", "127.0.0.1", "rest/v1", "rpc", "HTTP 500", "Error"] {
            assert!(!text.contains(inside), "{text}");
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_good_night_is_one_green_sentence_in_three_round_trips_and_few_bytes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    night(&mut bed, &[]).await?;
    let viewer = console.sign_in("viewer").await?;
    bed.stack.traffic.reset();
    let (status, home) = console.view("/", &viewer, "fr").await?;
    assert_eq!(status, 200, "{home}");
    let round_trips = bed.stack.traffic.of("supabase");
    assert!((1..=3).contains(&round_trips), "{round_trips} round trips");
    assert!(home.contains(r#"class="notice success""#), "{home}");
    assert!(home.contains("Tout va bien depuis la nuit dernière."), "{home}");
    // The chain and the copy on the time line, each with a link to its run; the rates; what comes next.
    for run in ["sync_gazelle", "rapport_timeline", "backup"] {
        let id = bed.runs(run).await?[0]["id"].as_str().unwrap_or_default().to_owned();
        assert!(home.contains(&format!("/runs/{id}")), "{run}");
    }
    for shown in [
        "Taux de réussite",
        "100,0\u{a0}%",
        "Durée moyenne",
        "Sauvegarde vérifiée",
        "demain 01:00",
        "Disponibilité",
    ] {
        assert!(home.contains(shown), "{shown}: {home}");
    }
    assert!(home.contains("every 30s"));
    let (_, english) = console.view("/", &viewer, "en").await?;
    assert!(
        english.contains("All is well since last night.") && english.contains("Success rate"),
        "{english}"
    );

    // The predecessor's address, as a browser asks for it.
    let (status, health) = console.view("/admin/health", &viewer, "fr").await?;
    assert_eq!((status, health.contains("Tout va bien")), (200, true));

    let mut bytes = 0;
    for path in ["/", "/assets/console.css", "/assets/console.js", "/assets/htmx.js"] {
        let sent = viewer.read().header("accept-encoding", "gzip");
        let answer = console.ask("GET", path, &sent).await?;
        assert_eq!(answer.headers["content-encoding"], "gzip", "{path}");
        bytes += answer.body.len();
    }
    assert!((10_000..60_000).contains(&bytes), "{bytes} bytes");

    let (status, nights) = console.view("/nights", &viewer, "fr").await?;
    assert_eq!((status, nights.matches(r#"class="success""#).count() >= 5), (200, true), "{nights}");
    assert!(nights.contains("15 janv. : 1 exécution"), "{nights}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_night_says_what_failed_why_and_where_to_look(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    night(&mut bed, &["google:500"]).await?;
    let incident = "00000000-0000-0000-0000-000000000001";
    bed.put("incidents", json!([{"id": incident, "kind": "availability", "subject": "site", "label": "<b>Nicolas</b>",
                                 "severity": "error", "fingerprint": "availability:site", "opened_at": MORNING}]))
        .await?;
    bed.put("anomalies", json!([anomaly(1, "data", "high")])).await?;
    let report = bed.runs("rapport_timeline").await?.pop().unwrap_or_default();
    assert_eq!(report["status"], "error", "{report}");
    let id = report["id"].as_str().unwrap_or_default();

    let viewer = console.sign_in("viewer").await?;
    let (_, home) = console.view("/", &viewer, "fr").await?;
    assert!(
        home.contains(r#"class="notice error""#) && home.contains("2 problèmes demandent votre attention."),
        "{home}"
    );
    assert!(home.contains(&format!(r#"<a href="/runs/{id}">« Rapport Timeline » a échoué.</a>"#)), "{home}");
    assert!(home.contains(r#"href="/runbook#report.failed""#), "{home}");
    assert!(home.contains("1 anomalie grave."), "{home}");
    // Texts of others are shown as texts, and as they are: a service may be called as a person is.
    assert!(!home.contains("<b>Nic"), "{home}");
    assert!(home.contains("&#60;b&#62;Nicolas&#60;/b&#62; ne répond pas."), "{home}");
    // Who only looks is offered no button.
    assert!(!home.contains("hx-post=\"/api"), "{home}");
    let operator = console.sign_in("operator").await?;
    let (_, home) = console.view("/", &operator, "en").await?;
    assert!(home.contains(&format!("/api/incidents/{incident}/acknowledge")), "{home}");
    assert!(home.contains("2 problems need your attention."), "{home}");

    // A later run that works ends the problem, though the night keeps it.
    let again = bed.stack.invoke(Function::TimelineReport, &json!({})).await?;
    assert_eq!(again.answer.status, "success", "{:?}", again.answer);
    let (_, home) = console.view("/", &viewer, "fr").await?;
    assert!(home.contains("Un problème demande votre attention.") && !home.contains("» a échoué."), "{home}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn on_the_first_day_nothing_is_wrong_and_silence_later_is(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    let (status, home) = console.view("/", &viewer, "fr").await?;
    assert_eq!(status, 200, "{home}");
    for shown in [
        "Rien n'a encore tourné",
        "Rien n'a tourné la nuit dernière.",
        "Aucun incident ouvert.",
        "Rien n'attend.",
    ] {
        assert!(home.contains(&shown.replace('\'', "&#39;")), "{shown}: {home}");
    }
    for empty in ["/nights", "/backups", "/weekly-reports", "/incidents"] {
        for (language, lang) in [("fr", r#"lang="fr""#), ("en", r#"lang="en""#)] {
            let (status, html) = console.view(empty, &viewer, language).await?;
            assert_eq!(
                (status, html.contains(r#"class="empty""#), html.contains(lang)),
                (200, true, true),
                "{empty}"
            );
        }
    }
    // A night that went well, and then nothing at all: nobody is left to say it but the page.
    night(&mut bed, &[]).await?;
    bed.stack.advance(SignedDuration::from_hours(40));
    let viewer = console.sign_in("viewer").await?;
    let (_, home) = console.view("/", &viewer, "fr").await?;
    assert!(home.contains(r#"class="notice error""#), "{home}");
    let silent = "« Sync Gazelle Totale » n'a pas réussi depuis trop longtemps.".replace('\'', "&#39;");
    assert!(home.contains(&silent), "{home}");
    let token = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    assert_eq!(
        json_of(&console, "/admin/health", &token).await?["system_health"]["scheduler_running"],
        false
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_supabase_the_page_says_so_and_what_still_works(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    bed.stack.break_with(&broken(&["supabase:500"])?);
    for path in ["/", "/admin/health", "/nights", "/backups", "/incidents"] {
        let (status, html) = console.view(path, &viewer, "fr").await?;
        assert_eq!(status, 503, "{path}: {html}");
        assert!(
            html.contains("Service indisponible") && html.contains("Ce qui fonctionne encore"),
            "{path}: {html}"
        );
        for inside in ["planted", "127.0.0.1", "rest/v1", "authorize", "HTTP 500"] {
            assert!(!html.contains(inside), "{path}: {html}");
        }
    }
    bed.stack.faults.lift();
    assert_eq!(console.view("/", &viewer, "fr").await?.0, 200);
    Ok(())
}
