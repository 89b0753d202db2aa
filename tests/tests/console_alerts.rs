//! The alerts of the console: maintenance, humidity and appointments, as JSON and as pages.

use std::collections::BTreeSet;

use e2e::{
    Backend, Bed,
    console::{self, Sent, body, token},
    rpc::MORNING,
    shape::shape,
};
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::task::TaskSpec;

const HUMIDITY: &str = "00000000-0000-4000-8000-000000000001";
/// What somebody who wishes us ill would call a thing.
const HOSTILE: &str = "<img src=x onerror=\"alert(1)\">'&";

fn alert(number: u32, priority: &str, due_date: Value) -> Value {
    json!({
        "id": number, "fingerprint": format!("test:{number}"), "asset_id": 1, "priority": priority,
        "alert_type": "MAINTENANCE_LATE", "message": format!("Entretien {number} en retard"), "due_date": due_date,
        "days_count": number % 30, "created_at": MORNING, "updated_at": MORNING,
    })
}

/// One of everything that these lists show; `name` is what people called it.
async fn fill(bed: &Bed, name: &str) -> anyhow::Result<()> {
    let client = json!({"external_id": "cli_x", "company_name": name});
    bed.put("gazelle_clients", json!([client])).await?;
    let piano = json!({"external_id": "ins_x", "make": name, "model": "U1", "serial_number": "1", "location": name,
                       "client_external_id": "cli_x"});
    bed.put("gazelle_pianos", json!([piano])).await?;
    let asset = json!({"id": 1, "name": name, "category": "véhicule", "status": "actif", "location": name});
    bed.put("assets", json!([asset])).await?;
    let mut first = alert(1, "CRITICAL", json!("2026-01-10"));
    first["message"] = name.into();
    bed.put("alerts", json!([first, alert(2, "HIGH", Value::Null)])).await?;
    let note = |id: &str, day: u32, text: &str| {
        json!({"external_id": id, "occurred_at": format!("2026-01-{day:02}T15:00:00Z"), "piano_id": "ins_x", "client_id": "cli_x",
               "entry_type": "SERVICE_ENTRY_MANUAL", "title": name, "description": text})
    };
    bed.put(
        "gazelle_timeline_entries",
        json!([note("tme_1", 5, "21 °C, 45 %"), note("tme_2", 9, "20,5 °C, 22,5 %")]),
    )
    .await?;
    let humidity = |number: u32, resolved: bool, archived: bool| {
        json!({"id": format!("00000000-0000-4000-8000-{number:012}"), "timeline_entry_id": format!("tme_{number}"),
               "client_id": "cli_x", "piano_id": "ins_x", "alert_type": "TROP_SEC", "description": name,
               "observed_at": MORNING, "value": 22.5, "is_resolved": resolved, "archived": archived})
    };
    bed.put(
        "humidity_alerts",
        json!([humidity(1, false, false), humidity(2, true, false), humidity(3, true, true)]),
    )
    .await?;
    let client = "cli_x";
    bed.put("institutions", json!([{"slug": "ecole", "name": "École", "gazelle_client_id": client}])).await?;
    bed.put(
        "gazelle_clients",
        json!([{"external_id": "cli_y", "company_name": name, "phone": name, "email": name}]),
    )
    .await?;
    let appointment = json!({
        "external_id": "evt_1", "client_external_id": "cli_y", "title": name, "appointment_date": "2026-01-16",
        "appointment_time": "10:00:00", "status": "ACTIVE", "event_type": "APPOINTMENT", "created_at": MORNING,
    });
    bed.put("gazelle_appointments", json!([appointment])).await?;
    let notified = json!({
        "id": 1, "kind": "unconfirmed", "appointment_external_id": "evt_1", "technician_id": "usr_1",
        "technician_name": name, "client_name": name, "title": name, "appointment_date": "2026-01-16",
        "appointment_time": "10:00:00", "status": "failed", "created_at": MORNING, "triggered_by": name,
    });
    bed.put("alert_logs", json!([notified])).await?;
    Ok(())
}

const READS: [(&str, &str); 17] = [
    ("/alerts", "/alerts"),
    ("/alerts/stats", "/alerts/stats"),
    ("/alertes/maintenance", "/alertes/maintenance"),
    ("/statistics", "/statistics"),
    ("/humidity-alerts/institutional", "/humidity-alerts/institutional"),
    ("/humidity-alerts/all", "/humidity-alerts/all?piano_id=ins_x"),
    ("/humidity-alerts/stats", "/humidity-alerts/stats"),
    ("/humidity-alerts/unresolved", "/humidity-alerts/unresolved"),
    ("/humidity-alerts/resolved", "/humidity-alerts/resolved"),
    ("/humidity-alerts/archived", "/humidity-alerts/archived"),
    ("/humidity-alerts/pianos/{piano_id}", "/humidity-alerts/pianos/ins_x"),
    ("/alertes-rv/health", "/alertes-rv/health"),
    ("/alertes-rv/check", "/alertes-rv/check?target_date=2026-01-16"),
    ("/alertes-rv/history", "/alertes-rv/history"),
    ("/alertes-rv/late-assignment", "/alertes-rv/late-assignment"),
    ("/alertes-rv/stats", "/alertes-rv/stats"),
    ("/alertes-rv/pending", "/alertes-rv/pending"),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_the_documented_shape(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill(&bed, "Camion").await?;
    let viewer = console.sign_in("viewer").await?;
    let document = console.document().await?;
    let mut shapes = Map::new();
    for (template, path) in READS {
        let answer = console.ask("GET", path, &viewer.read()).await?;
        assert_eq!(answer.status, 200, "{path}: {:?}", body(&answer));
        document.check("GET", template, &answer)?;
        shapes.insert(template.into(), shape(&body(&answer)?));
    }
    insta::assert_snapshot!("alert_lists", serde_json::to_string_pretty(&shapes)?);

    // The old clients read the fields in this order.
    let answer = console.ask("GET", "/api/alerts", &viewer.read()).await?;
    let text = String::from_utf8(answer.body.to_vec())?;
    let fields = [
        "id",
        "asset_id",
        "maintenance_id",
        "alert_type",
        "priority",
        "message",
        "due_date",
        "days_count",
        "is_read",
        "is_active",
        "is_dismissed",
        "created_at",
        "updated_at",
    ];
    let places: Vec<usize> =
        fields.iter().map(|field| text.find(&format!("\"{field}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    // What the shapes are filled with.
    let piano = body(&console.ask("GET", "/humidity-alerts/pianos/ins_x", &viewer.read()).await?)?;
    let measured: Vec<&Value> =
        piano["measurements"].as_array().unwrap().iter().map(|one| &one["humidity"]).collect();
    assert_eq!((measured, &piano["low"]), (vec![&json!(45.0), &json!(22.5)], &json!(30.0)));
    assert_eq!(piano["alerts"].as_array().unwrap().len(), 3);
    let late = body(&console.ask("GET", "/alertes-rv/late-assignment", &viewer.read()).await?)?;
    assert_eq!((&late["count"], &late["failed"], &late["sent"]), (&json!(1), &json!(1), &json!(0)));
    let check = body(&console.ask("GET", "/alertes-rv/check", &viewer.read()).await?)?;
    assert_eq!((&check["target_date"], &check["total_appointments"]), (&json!("2026-01-16"), &json!(1)));
    let unread = body(&console.ask("GET", "/alerts?unread=true&priority=HIGH", &viewer.read()).await?)?;
    assert_eq!((unread.as_array().unwrap().len(), &unread[0]["id"]), (1, &json!(2)));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_walk_by_link_meets_each_of_many_alerts_once_the_most_urgent_first(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    bed.put("assets", json!([{"id": 1, "name": "Camion", "category": "véhicule"}])).await?;
    let priorities = ["MEDIUM", "CRITICAL", "HIGH"];
    let due = |number: u32| match number % 7 {
        0 => Value::Null,
        day => json!(format!("2026-01-0{day}")),
    };
    let alerts: Value =
        (1..=450).map(|number| alert(number, priorities[number as usize % 3], due(number))).collect();
    bed.put("alerts", alerts).await?;
    let viewer = console.sign_in("viewer").await?;
    let mut path = "/alerts".to_owned();
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let answer = console.ask("GET", &path, &viewer.read()).await?;
        let items = body(&answer)?.as_array().unwrap().clone();
        sizes.push(items.len());
        seen.extend(items);
        let Some(link) = answer.headers.get("link") else { break };
        let link = link.to_str()?;
        let query = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();
        path = format!("/alerts{query}");
    }
    assert_eq!(sizes, [200, 200, 50]);
    let ids: BTreeSet<i64> = seen.iter().map(|alert| alert["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 450);
    let rank = |alert: &Value| match alert["priority"].as_str() {
        Some("CRITICAL") => 0,
        Some("HIGH") => 1,
        _ => 2,
    };
    let keys: Vec<(u8, String)> = seen
        .iter()
        .map(|alert| (rank(alert), alert["due_date"].as_str().unwrap_or("without a date").to_owned()))
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
    // A filter stays in the link.
    let answer = console.ask("GET", "/alerts?priority=HIGH&limit=100", &viewer.read()).await?;
    assert!(answer.headers["link"].to_str()?.contains("priority=HIGH"), "{:?}", answer.headers["link"]);
    let count = body(&console.ask("GET", "/alertes/maintenance?limit=1", &viewer.read()).await?)?;
    assert_eq!((&count["count"], count["alerts"].as_array().unwrap().len()), (&json!(450), 1));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_and_dismisses_and_a_viewer_does_not(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill(&bed, "Camion").await?;
    let (viewer, operator) = (console.sign_in("viewer").await?, console.sign_in("operator").await?);
    let document = console.document().await?;
    for (method, path) in [("PUT", "/api/alerts/1/read"), ("DELETE", "/api/alerts/1")] {
        assert_eq!(console.ask(method, path, &viewer.change()).await?.status, 403);
    }
    let answer = console.ask("PUT", "/api/alerts/1/read", &operator.change()).await?;
    document.check("PUT", "/alerts/{id}/read", &answer)?;
    let said = body(&answer)?;
    assert_eq!(
        (answer.status, &said["alert"]["is_read"], &said["alert"]["id"]),
        (200, &json!(true), &json!(1))
    );
    assert_eq!(said["message"], "Alerte marquée comme lue");
    let answer =
        console.ask("DELETE", "/api/alerts/1", &operator.change().header("hx-request", "true")).await?;
    document.check("DELETE", "/alerts/{id}", &answer)?;
    assert_eq!((answer.status, &body(&answer)?["message"]), (200, &json!("Alerte retirée de la liste")));
    assert_eq!(answer.headers["hx-trigger"], "changed");
    let left = body(&console.ask("GET", "/alerts", &viewer.read()).await?)?;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &json!(2)));
    let audit = bed.stack.rows("audit_log", "action,email", "seq").await?;
    let expected = ["alert.read", "alert.dismiss"]
        .map(|action| json!({"action": action, "email": "operator@gazelle.example"}));
    assert_eq!(audit, expected);
    // What is not there, and what nobody could mean.
    for id in ["9", "0", "-1", "abc", "99999999999999999999", "%00", "1%20or%201"] {
        for (method, path) in [("PUT", format!("/alerts/{id}/read")), ("DELETE", format!("/alerts/{id}"))] {
            let answer = console.ask(method, &path, &operator.change()).await?;
            assert_eq!(
                (answer.status, &body(&answer)?["code"]),
                (404, &json!("not_found")),
                "{method} {path}"
            );
        }
    }
    for query in ["priority=urgent", "type=x", "unread=perhaps", "limit=-1", "limit=many", "cursor=AAAA"] {
        let answer = console.ask("GET", &format!("/alerts?{query}"), &viewer.read()).await?;
        assert_eq!(answer.status, 400, "{query}: {:?}", body(&answer));
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn generating_is_a_recorded_run_of_the_caller_and_one_at_a_time(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let document = console.document().await?;
    let asset =
        json!([{"id": 1, "name": "Camion", "category": "véhicule", "status": "maintenance_required"}]);
    bed.put("assets", asset).await?;
    let admin = console.sign_in("admin").await?;
    let operator = console.sign_in("operator").await?;
    assert_eq!(console.ask("POST", "/api/alerts/generate", &operator.change()).await?.status, 403);

    let answer = console.ask("POST", "/api/alerts/generate", &admin.change()).await?;
    document.check("POST", "/alerts/generate", &answer)?;
    let said = body(&answer)?;
    assert_eq!((answer.status, &said["message"]), (200, &json!("Alertes régénérées avec succès")), "{said}");
    let figures = ["alerts_created", "alerts_updated", "alerts_resolved"].map(|figure| said[figure].clone());
    assert_eq!(figures, [1, 0, 0].map(Value::from));
    let runs = bed.runs("maintenance_alerts").await?;
    let [run] = &runs[..] else { anyhow::bail!("{runs:?}") };
    assert_eq!(
        (&run["id"], &run["status"], &run["stats"]["created"]),
        (&said["run_id"], &json!("success"), &json!(1))
    );
    assert_eq!(
        (&run["triggered_by"], &run["triggered_by_user"]),
        (&json!("manual"), &json!("admin@gazelle.example"))
    );
    // It happened on the day that the stack plays, and nobody is asked to do it again.
    assert!(run["completed_at"].as_str().unwrap().starts_with("2026-01-15T06:"), "{run}");
    assert!(bed.stack.take_events().is_empty());
    assert!(bed.stack.rows("event_outbox", "id", "id").await?.is_empty());
    let audit = bed.stack.rows("audit_log", "action,subject", "seq").await?;
    assert_eq!(audit, [json!({"action": "run.requested", "subject": "maintenance_alerts"})]);

    // Repaired: closed, not deleted. A program is distinguished from the console.
    bed.put("assets", json!([{"id": 1, "name": "Camion", "category": "véhicule", "status": "actif"}]))
        .await?;
    let bearer = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    let said = body(&console.ask("POST", "/alerts/generate", &bearer).await?)?;
    assert_eq!(said["alerts_resolved"], 1, "{said}");
    assert_eq!(bed.runs("maintenance_alerts").await?[1]["triggered_by"], "api");
    assert_eq!(bed.stack.rows("alerts", "id", "id").await?.len(), 1);

    let live = "00000000-0000-4000-8000-000000000009";
    let until = bed.stack.clock.now() + jiff::SignedDuration::from_mins(2);
    let group = TaskSpec::named("maintenance_alerts").unwrap().exclusion_group;
    bed.put(
        "scheduler_logs",
        json!([{"id": live, "task_name": "maintenance_alerts", "task_label": "x", "status": "running", "run_key": "x",
                "exclusion_group": group, "started_at": MORNING, "lease_expires_at": until.to_string()}]),
    )
    .await?;
    let answer = console.ask("POST", "/alerts/generate", &bearer).await?;
    document.check("POST", "/alerts/generate", &answer)?;
    let problem = body(&answer)?;
    assert_eq!(
        (answer.status, &problem["code"], &problem["run_id"]),
        (409, &json!("run_live"), &json!(live))
    );
    assert_eq!(bed.runs("maintenance_alerts").await?.len(), 3);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_inside_a_request_that_fails_is_recorded_as_failed(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let bearer = Sent::nothing().bearer(&token(&bed.stack, "admin")?);
    // The first alert that is made gets a number that is taken.
    bed.put("assets", json!([{"id": 1, "name": "Camion", "category": "véhicule", "status": "actif"}]))
        .await?;
    bed.put("alerts", json!([alert(1, "HIGH", Value::Null)])).await?;
    let late = json!([{"id": 900, "asset_id": 1, "scheduled_date": "2026-01-05", "status": "planifiée"}]);
    bed.put("maintenances", late).await?;
    let answer = console.ask("POST", "/alerts/generate", &bearer).await?;
    let problem = body(&answer)?;
    assert_eq!((answer.status, &problem["code"]), (500, &json!("internal")));
    assert!(!problem.to_string().contains("duplicate"), "{problem}");
    let runs = bed.runs("maintenance_alerts").await?;
    assert_eq!(
        (runs.len(), &runs[0]["status"], &runs[0]["error_kind"]),
        (1, &json!("error"), &json!("supabase_refused"))
    );
    // The next one is free.
    assert_eq!(console.ask("POST", "/alerts/generate", &bearer).await?.status, 200);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn humidity_is_resolved_with_notes_and_archived_by_operators(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill(&bed, "Yamaha").await?;
    let (viewer, operator) = (console.sign_in("viewer").await?, console.sign_in("operator").await?);
    let document = console.document().await?;
    let resolve = format!("/api/humidity-alerts/resolve/{HUMIDITY}");
    let archive = format!("/api/humidity-alerts/archive/{HUMIDITY}");
    for path in [&resolve, &archive] {
        assert_eq!(console.ask("POST", path, &viewer.change()).await?.status, 403);
    }
    let notes = operator.change().json(&json!({"resolution_notes": "Réservoir rempli"}));
    let answer = console.ask("POST", &resolve, &notes).await?;
    document.check("POST", "/humidity-alerts/resolve/{id}", &answer)?;
    assert_eq!(body(&answer)?, json!({"success": true, "id": HUMIDITY}));
    let unresolved = body(&console.ask("GET", "/humidity-alerts/unresolved", &viewer.read()).await?)?;
    assert_eq!(unresolved["count"], 0);
    let resolved = body(&console.ask("GET", "/humidity-alerts/resolved", &viewer.read()).await?)?;
    let found = resolved["alerts"].as_array().unwrap().iter().find(|alert| alert["id"] == HUMIDITY).unwrap();
    assert_eq!(
        (&found["resolution_notes"], &found["resolved_by"]),
        (&json!("Réservoir rempli"), &json!("person"))
    );

    let answer = console.ask("POST", &archive, &operator.change()).await?;
    document.check("POST", "/humidity-alerts/archive/{id}", &answer)?;
    assert_eq!(body(&answer)?, json!({"success": true, "id": HUMIDITY}));
    let archived = body(&console.ask("GET", "/humidity-alerts/archived", &viewer.read()).await?)?;
    assert_eq!(archived["count"], 2);
    for path in
        ["/humidity-alerts/resolve/1", "/humidity-alerts/archive/00000000-0000-4000-8000-000000000099"]
    {
        assert_eq!(console.ask("POST", path, &operator.change()).await?.status, 404, "{path}");
    }
    for path in [
        "/humidity-alerts/pianos/ins_unknown",
        "/humidity-alerts/pianos/%00",
        "/humidity-alerts/pianos/%F0%9F%8E%B9",
    ] {
        assert_eq!(console.ask("GET", path, &viewer.read()).await?.status, 404, "{path}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn appointments_are_taken_note_of_and_runs_are_requested_by_administrators(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill(&bed, "Louise Tremblay").await?;
    let (operator, admin) = (console.sign_in("operator").await?, console.sign_in("admin").await?);
    let document = console.document().await?;
    for _ in 0..2 {
        let answer = console.ask("POST", "/api/alertes-rv/resolve/1", &operator.change()).await?;
        document.check("POST", "/alertes-rv/resolve/{id}", &answer)?;
        assert_eq!(body(&answer)?, json!({"success": true, "id": "1"}));
    }
    let pending = body(&console.ask("GET", "/alertes-rv/pending", &operator.read()).await?)?;
    assert_eq!(pending["count"], 0);
    let history = body(&console.ask("GET", "/alertes-rv/history", &operator.read()).await?)?;
    assert_eq!(history["alerts"][0]["acknowledged_by"], "operator@gazelle.example");
    for id in ["2", "x", "%00", "99999999999999999999"] {
        let path = format!("/alertes-rv/resolve/{id}");
        assert_eq!(console.ask("POST", &path, &operator.change()).await?.status, 404, "{path}");
    }
    for query in [
        "target_date=demain",
        "target_date=2026-02-30",
        "target_date=9999-12-31",
        "target_date=-000001-01-01",
    ] {
        let answer = console.ask("GET", &format!("/alertes-rv/check?{query}"), &operator.read()).await?;
        assert_eq!(answer.status, 400, "{query}");
    }

    for (template, task) in [("/humidity-alerts/scan", "humidity_alerts"), ("/alertes-rv/send", "rv_alerts")]
    {
        assert_eq!(console.ask("POST", template, &operator.change()).await?.status, 403);
        let answer = console.ask("POST", template, &admin.change()).await?;
        document.check("POST", template, &answer)?;
        let accepted = body(&answer)?;
        assert_eq!((answer.status, &accepted["task_name"]), (202, &json!(task)), "{accepted}");
        let queued = bed.runs(task).await?;
        assert_eq!((&queued[0]["id"], &queued[0]["status"]), (&accepted["run_id"], &json!("queued")));
        assert_eq!(queued[0]["triggered_by_user"], "admin@gazelle.example");
        let again = console.ask("POST", template, &admin.change()).await?;
        document.check("POST", template, &again)?;
        assert_eq!((again.status, &body(&again)?["run_id"]), (409, &accepted["run_id"]));
    }
    // The task knows one day and everybody: nothing else is taken silently.
    for options in [json!({"target_date": "2026-02-01"}), json!({"technician_ids": ["usr_1"]})] {
        assert_eq!(
            console.ask("POST", "/alertes-rv/send", &admin.change().json(&options)).await?.status,
            400
        );
    }
    Ok(())
}

const PAGES: [(&str, &str, &str); 6] = [
    ("/alerts", "alertes actives", "active alerts"),
    ("/humidity-alerts", "alerte non résolue", "unresolved alert"),
    ("/humidity-alerts?standing=resolved", "Résolues", "Resolved"),
    ("/humidity-alerts/pianos/ins_x", "Humidité mesurée", "Measured humidity"),
    ("/alertes-rv", "À prendre en note", "To take note of"),
    ("/alertes-rv?target_date=2026-01-16", "Non confirmés", "Unconfirmed"),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_pages_speak_both_languages_and_what_people_wrote_stays_text(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    for (path, ..) in PAGES {
        if !path.contains("ins_x") {
            assert!(console.page(path, &viewer, "fr").await?.contains("class=\"empty\""), "{path}");
        }
    }
    fill(&bed, HOSTILE).await?;
    for (path, french, english) in PAGES {
        for (language, expected) in [("fr", french), ("en", english)] {
            let text = console.page(path, &viewer, language).await?;
            assert!(text.contains(expected), "{path} {language}: {text}");
            assert!(text.contains("&#60;img src=x onerror="), "{path}: {text}");
            assert!(!text.contains("<img"), "{path}: {text}");
        }
    }
    // The limits and each measurement are in the drawing, and in a table beside it.
    let text = console.page("/humidity-alerts/pianos/ins_x", &viewer, "fr").await?;
    assert_eq!(text.matches("class=\"limit\"").count(), 2);
    assert_eq!(text.matches("<circle").count(), 2);
    assert!(text.contains("role=\"img\"") && text.contains("22,5\u{a0}%"), "{text}");
    let answer = console.ask("GET", "/humidity-alerts/pianos/ins_y", &viewer.browse("fr")).await?;
    assert_eq!(answer.status, 404);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_offers_what_the_reader_may_do(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    fill(&bed, "Camion").await?;
    let offers = [
        ("/alerts", "hx-put=\"/api/alerts/1/read\"", "operator"),
        ("/alerts", "hx-delete=\"/api/alerts/1\"", "operator"),
        ("/alerts", "hx-post=\"/api/alerts/generate\"", "admin"),
        ("/humidity-alerts", "hx-post=\"/api/humidity-alerts/resolve/", "operator"),
        ("/humidity-alerts", "hx-post=\"/api/humidity-alerts/archive/", "operator"),
        ("/humidity-alerts", "hx-post=\"/api/humidity-alerts/scan\"", "admin"),
        ("/alertes-rv", "hx-post=\"/api/alertes-rv/resolve/1\"", "operator"),
        ("/alertes-rv", "hx-post=\"/api/alertes-rv/send\"", "admin"),
    ];
    let roles = ["viewer", "operator", "admin"];
    for (rank, role) in roles.iter().enumerate() {
        let user = console.sign_in(role).await?;
        for (path, control, least) in offers {
            let text = console.page(path, &user, "fr").await?;
            let may = Some(rank) >= roles.iter().position(|role| *role == least);
            assert_eq!(text.contains(control), may, "{path} {control} as {role}");
        }
    }
    // Filters and pages of the list, by its own links.
    let viewer = console.sign_in("viewer").await?;
    let text = console.page("/alerts?limit=1&unread=true&search=&priority=", &viewer, "fr").await?;
    let link = text.split("href=\"/alerts?").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let next = format!("/alerts?{}", link.replace("&#38;", "&"));
    assert!(next.contains("unread=true") && next.contains("cursor="), "{next}");
    let text = console.page(&next, &viewer, "fr").await?;
    assert!(text.contains("Entretien 2 en retard") && !text.contains("Page suivante"), "{text}");
    Ok(())
}
