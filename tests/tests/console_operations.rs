//! What people do with incidents, recommendations, cash and copies, and the audit that tells of it.

use e2e::{
    Backend, Bed,
    console::{Console, Document, Sent, body, token},
};
use rstest::rstest;
use serde_json::{Value, json};

const AT: &str = "2026-01-15T05:00:00Z";
const NOBODY: &str = "00000000-0000-4000-a000-000000000000";

/// A console, its document, and an operator's and an administrator's token.
struct Desk {
    bed: Bed,
    console: Console,
    document: Document,
    operator: Sent,
    admin: Sent,
}

impl Desk {
    async fn open(backend: Backend) -> anyhow::Result<Self> {
        let bed = Bed::start(backend).await?;
        let console = Console::start(&bed.stack).await?;
        let document = console.document().await?;
        let operator = Sent::nothing().bearer(&token(&bed.stack, "operator")?);
        let admin = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
        Ok(Self { bed, console, document, operator, admin })
    }

    /// Asks as an operator, holds the answer against the document, and answers its status and body.
    async fn ask(
        &self,
        method: &str,
        template: &str,
        path: &str,
        sent: &Value,
    ) -> anyhow::Result<(u16, Value)> {
        self.ask_as(&self.operator, method, template, path, sent).await
    }

    async fn ask_as(
        &self,
        who: &Sent,
        method: &str,
        template: &str,
        path: &str,
        sent: &Value,
    ) -> anyhow::Result<(u16, Value)> {
        let request = if sent.is_null() { who.clone() } else { who.clone().json(sent) };
        let answer = self.console.ask(method, path, &request).await?;
        self.document.check(method, template, &answer)?;
        Ok((answer.status, body(&answer)?))
    }
}

fn id(number: u32) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

fn incidents() -> Value {
    json!([
        {"id": id(1), "kind": "alarm", "subject": "errors", "label": "<i>Erreurs</i>", "severity": "error",
         "fingerprint": "alarm:1", "opened_at": AT, "closed_at": null, "closed_reason": null},
        {"id": id(2), "kind": "missed_run", "subject": "backup", "label": "Backup SQL", "severity": "error",
         "fingerprint": "missed:2", "opened_at": AT, "closed_at": "2026-01-15T05:30:00Z", "closed_reason": "recovered"},
    ])
}

fn recommendation(number: u32) -> Value {
    json!({"id": id(number), "type": "sync_monitoring", "priority": "high", "title": "Surveiller <u>la sync</u>", "description": "D",
           "actions": ["Regarder le journal"], "evidence_key": "k", "period_days": 30, "first_seen_at": AT, "last_seen_at": AT,
           "due_date": "2026-02-01"})
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_listed_acknowledged_once_and_shown_to_whom_it_concerns(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let desk = Desk::open(backend).await?;
    desk.bed.put("incidents", incidents()).await?;
    let list = async |query: &str| -> anyhow::Result<Vec<Value>> {
        let (status, page) =
            desk.ask("GET", "/incidents", &format!("/incidents{query}"), &Value::Null).await?;
        assert_eq!(status, 200, "{page}");
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    };
    assert_eq!(list("").await?.len(), 2);
    assert_eq!(list("?open=true").await?[0]["id"], id(1));
    assert_eq!(list("?open=false&kind=missed_run&subject=backup").await?[0]["duration_seconds"], 1800);
    let (_, first) = desk.ask("GET", "/incidents", "/incidents?limit=1", &Value::Null).await?;
    let next = first["next"].as_str().unwrap_or_default();
    assert_eq!(list(&format!("?limit=1&cursor={next}")).await?.len(), 1);

    let acknowledge = format!("/incidents/{}/acknowledge", id(1));
    let (status, incident) =
        desk.ask("POST", "/incidents/{id}/acknowledge", &acknowledge, &Value::Null).await?;
    assert_eq!((status, &incident["acknowledged_by"]), (200, &json!("operator@gazelle.example")));
    let (_, again) =
        desk.ask_as(&desk.admin, "POST", "/incidents/{id}/acknowledge", &acknowledge, &Value::Null).await?;
    assert_eq!(again["acknowledged_by"], "operator@gazelle.example", "the first keeps it");

    let viewer = desk.console.sign_in("viewer").await?;
    let (_, html) = desk.console.view("/incidents", &viewer, "fr").await?;
    assert!(html.contains("&#60;i&#62;Erreurs&#60;/i&#62;") && !html.contains("<i>Erreurs"), "{html}");
    assert!(
        html.contains("Pris en charge") && html.contains("Terminé") && !html.contains("hx-post=\"/api"),
        "{html}"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_is_done_ignored_or_taken_up_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let desk = Desk::open(backend).await?;
    desk.bed.put("recommendations", json!([recommendation(1)])).await?;
    let template = "/recommendations/{id}/decision";
    let decide = async |status: &str| {
        let path = format!("/recommendations/{}/decision", id(1));
        desk.ask("POST", template, &path, &json!({"status": status})).await
    };
    let (status, done) = decide("done").await?;
    assert_eq!(
        (status, &done["status"], &done["decided_by"]),
        (200, &json!("done"), &json!("operator@gazelle.example"))
    );
    assert_eq!(decide("ignored").await?.1["status"], "done", "decided twice is decided once");
    let (_, open) = decide("open").await?;
    assert_eq!((&open["status"], &open["decided_by"]), (&json!("open"), &Value::Null));
    assert_eq!(decide("ignored").await?.1["status"], "ignored");
    assert_eq!(decide("planted").await?.0, 400);
    let nobody = format!("/recommendations/{NOBODY}/decision");
    assert_eq!(desk.ask("POST", template, &nobody, &json!({"status": "done"})).await?.0, 404);
    let path = format!("/recommendations/{}/decision", id(1));
    assert_eq!(desk.ask("POST", template, &path, &json!({})).await?.0, 400);

    let (_, page) =
        desk.ask("GET", "/recommendations", "/recommendations?status=ignored", &Value::Null).await?;
    assert_eq!(page["items"][0]["id"], id(1));
    // While a newer one is open on the subject, the old one stays decided.
    desk.bed.put("recommendations", json!([recommendation(2)])).await?;
    let (status, problem) = decide("open").await?;
    assert_eq!(status, 400, "{problem}");

    let operator = desk.console.sign_in("operator").await?;
    let (_, html) = desk.console.view("/incidents", &operator, "fr").await?;
    assert!(html.contains("Surveiller &#60;u&#62;la sync") && !html.contains("<u>la"), "{html}");
    assert!(html.contains("Rouvrir") && html.contains(r#"value="done""#), "{html}");
    let (_, html) = desk.console.view("/incidents", &operator, "en").await?;
    assert!(html.contains("Reopen") && !html.contains("Rouvrir"), "{html}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cash_session_is_opened_counted_and_closed(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let desk = Desk::open(backend).await?;
    let registers = "/cash/registers";
    let (status, register) = desk.ask("POST", registers, registers, &json!({"name": "Comptoir <1>"})).await?;
    assert_eq!((status, &register["is_active"]), (201, &json!(true)));
    let one = format!("/cash/registers/{}", register["id"].as_str().unwrap_or_default());
    let (status, changed) =
        desk.ask("PUT", "/cash/registers/{id}", &one, &json!({"variance_limit": 500})).await?;
    assert_eq!(
        (status, &changed["name"], &changed["variance_limit"]),
        (200, &json!("Comptoir <1>"), &json!(500))
    );
    for wrong in [json!({}), json!({"name": ""}), json!({"name": 3}), json!({"name": "x", "planted": 1})] {
        assert_eq!(desk.ask("POST", registers, registers, &wrong).await?.0, 400, "{wrong}");
    }

    let sessions = "/cash/sessions";
    let opening = json!({"initial_amount": 10_000, "register_id": register["id"]});
    let (status, session) = desk.ask("POST", sessions, sessions, &opening).await?;
    assert_eq!(
        (status, &session["status"], &session["operator_id"]),
        (201, &json!("open"), &json!("operator@gazelle.example"))
    );
    assert_eq!(
        desk.ask("POST", sessions, sessions, &json!({"initial_amount": 1, "register_id": NOBODY})).await?.0,
        400
    );
    let (_, list) = desk.ask("GET", registers, registers, &Value::Null).await?;
    assert_eq!(list[0]["open_sessions"], 1);

    let operator = desk.console.sign_in("operator").await?;
    let (_, html) = desk.console.view("/cash", &operator, "fr").await?;
    assert!(html.contains("Comptoir &#60;1&#62;") && html.contains("Fermer la session"), "{html}");
    assert!(html.contains("5,00\u{a0}$"), "{html}");
    let viewer = desk.console.sign_in("viewer").await?;
    // Who had the register and what was in it is not for those who only look.
    let (status, html) = desk.console.view("/cash", &viewer, "en").await?;
    assert!(status == 403 && !html.contains("Comptoir") && !html.contains(">Cash<"), "{html}");

    let close = format!("/cash/sessions/{}/close", session["id"].as_str().unwrap_or_default());
    let template = "/cash/sessions/{id}/close";
    let (status, problem) =
        desk.ask("POST", template, &close, &json!({"total_sales": 5_000, "actual_amount": 14_900})).await?;
    assert_eq!(
        (status, problem["detail"].as_str().is_some_and(|text| text.contains("commentaire"))),
        (400, true)
    );
    let closing = json!({"total_sales": 5_000, "actual_amount": 14_900, "comment": "rendu en trop"});
    for _ in 0..2 {
        let (status, closed) = desk.ask("POST", template, &close, &closing).await?;
        assert_eq!((status, &closed["variance"], &closed["status"]), (200, &json!(-100), &json!("closed")));
    }
    let other = json!({"total_sales": 1, "actual_amount": 10_001});
    assert_eq!(desk.ask("POST", template, &close, &other).await?.0, 400, "closed with other figures");
    assert_eq!(desk.ask("POST", template, &format!("/cash/sessions/{NOBODY}/close"), &closing).await?.0, 404);
    for (query, count) in [("?status=open", 0), ("?status=closed", 1), ("?status=CLOSED&limit=1", 1)] {
        let (_, page) = desk.ask("GET", sessions, &format!("/cash/sessions{query}"), &Value::Null).await?;
        assert_eq!(page["items"].as_array().map(Vec::len), Some(count), "{query}");
    }
    assert_eq!(desk.ask("GET", sessions, "/cash/sessions?register_id=x", &Value::Null).await?.0, 400);
    // Sessions are books.
    assert_eq!(desk.ask("DELETE", "/cash/registers/{id}", &one, &Value::Null).await?.0, 400);
    let (_, unused) = desk.ask("POST", registers, registers, &json!({"name": "Remise"})).await?;
    let unused = format!("/cash/registers/{}", unused["id"].as_str().unwrap_or_default());
    assert_eq!(desk.ask("DELETE", "/cash/registers/{id}", &unused, &Value::Null).await?.0, 200);
    assert_eq!(desk.ask("DELETE", "/cash/registers/{id}", &unused, &Value::Null).await?.0, 404);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_language_models_are_recorded_and_counted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let desk = Desk::open(backend).await?;
    let call = |success: bool| json!({"feature": "humidity", "model": "m", "success": success, "confidence": 0.5, "latency_ms": 0});
    for success in [true, false] {
        let (status, event) = desk.ask("POST", "/ai-events", "/ai-events", &call(success)).await?;
        assert_eq!((status, &event["success"], &event["latency_ms"]), (201, &json!(success), &json!(0)));
    }
    let wrong = [
        json!({}),
        json!([]),
        json!({"feature": "x", "model": "m", "success": "yes"}),
        json!({"feature": "a\u{0}", "model": "m", "success": true}),
    ];
    for body in wrong {
        assert_eq!(desk.ask("POST", "/ai-events", "/ai-events", &body).await?.0, 400, "{body}");
    }
    let (_, health) = desk.ask("GET", "/admin/health", "/admin/health", &Value::Null).await?;
    assert_eq!(
        health["ai"],
        json!({"calls": 2, "errors": 1, "error_percent": 50.0, "mean_confidence": 0.5, "mean_latency_ms": 0, "period_hours": 24})
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn copies_and_drills_are_shown_with_what_they_prove(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut desk = Desk::open(backend).await?;
    desk.bed.fill().await?;
    for (task, time) in [("backup", "2026-01-15T08:00:00Z"), ("restore_drill", "2026-01-15T10:00:00Z")] {
        let run = desk.bed.run(task, time).await?;
        assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    }
    let failed = json!([{"run_id": id(9), "kind": "supabase", "location": "x", "status": "failed", "detail": "<script>", "moving": ["gazelle_clients"],
                         "started_at": AT, "created_at": AT}]);
    desk.bed.put("backups", failed).await?;
    let (status, page) = desk.ask("GET", "/backups", "/backups?kind=supabase", &Value::Null).await?;
    assert_eq!((status, page["items"].as_array().map(Vec::len)), (200, Some(2)), "{page}");
    assert_eq!(page["newest"]["verified"]["id"], page["items"][0]["id"]);
    assert_eq!(
        (&page["newest"]["drill"]["status"], &page["drills"][0]["status"]),
        (&json!("passed"), &json!("passed"))
    );
    assert_eq!(desk.ask("GET", "/backups", "/backups?kind=planted", &Value::Null).await?.0, 400);
    assert_eq!(desk.ask("GET", "/backups", "/backups?cursor=planted", &Value::Null).await?.0, 400);

    let admin = desk.console.sign_in("admin").await?;
    let (_, html) = desk.console.view("/backups", &admin, "fr").await?;
    for shown in [
        "Vérifiée",
        "Échouée",
        "Réussi",
        "gazelle_clients",
        "&#60;script&#62;",
        "/api/scheduler/run/backup",
        "/api/scheduler/run/restore_drill",
        "RTO",
        "RPO",
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    assert!(!html.contains("<script>"));
    assert!(!html.contains("accept_reduced"), "there is nothing to accept");
    let operator = desk.console.sign_in("operator").await?;
    let (_, html) = desk.console.view("/backups", &operator, "en").await?;
    assert!(html.contains("Verified") && !html.contains("/api/scheduler/run"), "{html}");

    // A copy that holds much less waits for a word, of an administrator.
    let later = "2026-01-16T08:00:00Z";
    let reduced = json!([{"run_id": id(8), "kind": "sqlite", "location": "y", "status": "reduced", "detail": "t: 0 rows instead of 3",
                          "started_at": later, "created_at": later},
                         {"run_id": id(8), "kind": "supabase", "location": "z", "status": "damaged", "detail": null, "started_at": AT, "created_at": AT}]);
    desk.bed.put("backups", reduced).await?;
    let (_, html) = desk.console.view("/backups", &admin, "fr").await?;
    for shown in [
        "Réduite, gardée à part",
        "Source endommagée",
        "t: 0 rows instead of 3",
        r#"{"accept_reduced": true}"#,
    ] {
        assert!(html.contains(shown), "{shown}: {html}");
    }
    let (_, html) = desk.console.view("/backups", &operator, "en").await?;
    assert!(html.contains("Reduced, kept beside") && !html.contains("accept_reduced"), "{html}");
    let (status, page) = desk.ask("GET", "/backups", "/backups", &Value::Null).await?;
    assert_eq!((status, &page["items"][0]["status"]), (200, &json!("reduced")));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_weekly_report_is_read_with_its_figures_and_its_text(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut desk = Desk::open(backend).await?;
    desk.bed.fill().await?;
    let run = desk.bed.run("weekly_report", "2026-01-19T13:00:00Z").await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let (_, list) = desk.ask("GET", "/weekly-reports", "/weekly-reports", &Value::Null).await?;
    let monday = list["items"][0]["period_start"].as_str().unwrap_or_default().to_owned();
    assert_eq!(monday, "2026-01-12", "{list}");
    let template = "/weekly-reports/{period_start}";
    let path = format!("/weekly-reports/{monday}");
    let (status, report) = desk.ask("GET", template, &path, &Value::Null).await?;
    assert_eq!((status, &report["data"]["week"]), (200, &json!("2026-W03")));
    for missing in ["2026-01-05", "planted", "2026-02-31", "99999-01-01", "%00"] {
        let (status, _) =
            desk.ask("GET", template, &format!("/weekly-reports/{missing}"), &Value::Null).await?;
        assert_eq!(status, 404, "{missing}");
    }
    let viewer = desk.console.sign_in("viewer").await?;
    let (_, html) = desk.console.view("/weekly-reports", &viewer, "fr").await?;
    assert!(html.contains(&path) && !html.contains("/api/scheduler/run"), "{html}");
    for (language, words) in
        [("fr", ["Rendez-vous", "Tel qu&#39;il a été envoyé"]), ("en", ["Appointments", "As it was sent"])]
    {
        let (status, html) = desk.console.view(&path, &viewer, language).await?;
        assert_eq!(status, 200);
        assert!(words.iter().all(|word| html.contains(word)) && html.contains("2026-W03"), "{html}");
        let appointments = report["data"]["figures"]["appointments"].to_string();
        assert!(html.contains(&format!(r#"<td class="number">{appointments}</td>"#)), "{html}");
    }
    assert_eq!(desk.console.view("/weekly-reports/2026-01-05", &viewer, "fr").await?.0, 404);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_administrators_who_changed_what(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let desk = Desk::open(backend).await?;
    desk.bed.put("incidents", incidents()).await?;
    let registers = "/cash/registers";
    let (_, register) = desk.ask("POST", registers, registers, &json!({"name": "<b>Nicolas</b>"})).await?;
    let one = format!("/cash/registers/{}", register["id"].as_str().unwrap_or_default());
    desk.ask_as(&desk.admin, "PUT", "/cash/registers/{id}", &one, &json!({"name": "Comptoir"})).await?;
    desk.ask(
        "POST",
        "/incidents/{id}/acknowledge",
        &format!("/incidents/{}/acknowledge", id(1)),
        &Value::Null,
    )
    .await?;
    let list = async |query: &str| -> anyhow::Result<(u16, Value)> {
        desk.ask_as(&desk.admin, "GET", "/audit", &format!("/audit{query}"), &Value::Null).await
    };
    let actions = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|change| change["action"].as_str().map(str::to_owned)).collect()
    };
    let (_, all) = list("").await?;
    assert_eq!(actions(&all), ["incident.acknowledge", "cash_register.update", "cash_register.create"]);
    let update = &all["items"][1];
    assert_eq!(
        (&update["before"]["name"], &update["after"]["name"]),
        (&json!("<b>Nicolas</b>"), &json!("Comptoir"))
    );
    assert!(!all.to_string().contains("hash"), "{all}");
    for (query, count) in [
        ("?action=cash_register", 2),
        ("?action=cash_register.update", 1),
        ("?action=cash", 0),
        ("?subject=incident", 1),
        ("?email=OPERATOR", 2),
        ("?from=2026-01-15&until=2026-01-15", 3),
        ("?from=2026-01-16", 0),
        ("?until=2026-01-14", 0),
        ("?action=&email=&from=", 3),
        ("?email=%25", 0),
    ] {
        let (status, page) = list(query).await?;
        assert_eq!((status, actions(&page).len()), (200, count), "{query}");
    }
    for wrong in
        ["?from=planted", "?cursor=planted", "?limit=-1", "?planted=1", "?from=2026-13-01", "?email=%00"]
    {
        assert_eq!(list(wrong).await?.0, 400, "{wrong}");
    }
    let (_, first) = list("?limit=2").await?;
    let (_, second) =
        list(&format!("?limit=2&cursor={}", first["next"].as_str().unwrap_or_default())).await?;
    assert_eq!((actions(&first).len(), actions(&second).len(), &second["next"]), (2, 1, &Value::Null));

    let admin = desk.console.sign_in("admin").await?;
    let (_, html) = desk.console.view("/audit?action=cash_register&limit=1", &admin, "fr").await?;
    assert!(html.contains("<del>&#60;b&#62;Nicolas&#60;/b&#62;</del> → <ins>Comptoir</ins>"), "{html}");
    assert!(
        html.contains("/audit?action=cash_register&#38;") && html.contains("admin@gazelle.example"),
        "{html}"
    );
    let (_, html) = desk.console.view("/audit", &admin, "en").await?;
    assert!(html.contains("Before → after"), "{html}");
    let operator = desk.console.sign_in("operator").await?;
    let (status, html) = desk.console.view("/audit", &operator, "fr").await?;
    assert_eq!((status, html.contains("Accès refusé"), html.contains("Comptoir")), (403, true, false));
    Ok(())
}
