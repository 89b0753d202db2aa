//! Maintenance alerts: the rules on a real database, and the task around them.

use e2e::{Backend, Bed, empty_database};
use gazelle_local::{migrations, postgrest::Database};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;
use tokio::process::Command;

/// Every rule, life cycle and count, as SQL tells them; then eight sessions at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_rules_hold_and_concurrent_runs_make_no_duplicates() -> anyhow::Result<()> {
    let url = empty_database().await?;
    migrations::migrate(&url).await?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/maintenance.sql");
    let checks = Command::new(tools::psql()?).args(["-X", "-q", &url, "-f", script]).output().await?;
    let (said, complained) =
        (String::from_utf8_lossy(&checks.stdout), String::from_utf8_lossy(&checks.stderr));
    assert!(checks.status.success(), "{said}{complained}");
    assert!(said.contains("checks passed"), "{said}");

    let client = Database::connect(&url).await?;
    client
        .batch_execute("select t.piano('p' || i, date '2026-01-10' + i % 20) from generate_series(1, 1000) i")
        .await?;
    for round in 1..=3 {
        let refresh = format!("select t.refresh(date '2026-01-15' + {round})::text");
        let sessions = (0..8).map(|_| async {
            let client = Database::connect(&url).await?;
            client.batch_execute("set role service_role").await?;
            let answer: String = client.query_one(&refresh, &[]).await?.get(0);
            anyhow::Ok(serde_json::from_str::<Value>(&answer)?)
        });
        let answers = futures::future::try_join_all(sessions).await?;
        let at_work =
            answers.iter().filter(|answer| answer["created"] != 0 || answer["updated"] != 0).count();
        assert_eq!(at_work, 1, "round {round}: one session did the work: {answers:?}");
    }
    let doubled: i64 = client
        .query_one(
            "select count(*) from (select maintenance_id from alerts where is_active group by 1 having count(*) > 1) d",
            &[],
        )
        .await?
        .get(0);
    assert_eq!(doubled, 0);
    Ok(())
}

async fn refresh(bed: &Bed, time: &str) -> anyhow::Result<Value> {
    let run = bed.run("maintenance_alerts", time).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    Ok(run.answer.stats)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_piano_with_a_page_of_text_for_a_number_stops_nobody_elses_alerts(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    // What does not compress: an index takes 2704 bytes.
    let page: String =
        (1..2_000_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let piano =
        |id: &str, serial: &str| json!({"external_id": id, "make": "Yamaha", "serial_number": serial});
    bed.put("gazelle_pianos", json!([piano("long", &page), piano("other", "5")])).await?;
    refresh(&bed, "2026-01-15T06:00:00Z").await?;
    let assets = bed.stack.rows("assets", "external_ref,name", "external_ref").await?;
    let lengths: Vec<usize> =
        assets.iter().map(|asset| asset["name"].as_str().unwrap().chars().count()).collect();
    assert_eq!(lengths, [200, "Yamaha #5".len()]);
    // The second time nothing has changed.
    refresh(&bed, "2026-01-15T06:05:00Z").await?;
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn alerts_appear_are_reported_are_read_and_go(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.listen("maintenance.late", true).await?;
    let nothing = refresh(&bed, "2026-01-15T06:00:00Z").await?;
    assert_eq!((&nothing["created"], &nothing["total"]), (&json!(0), &json!(0)));

    let asset = |id: u8, name: &str, status: &str| json!({"id": id, "name": name, "category": "véhicule", "status": status});
    bed.put(
        "assets",
        json!([
            asset(1, "Camion", "actif"),
            asset(2, "Bus", "ACTIF"),
            asset(3, "Grue", "maintenance_required")
        ]),
    )
    .await?;
    bed.put(
        "maintenances",
        json!([
            {"id": 1, "asset_id": 1, "scheduled_date": "2026-01-10", "status": "planifié"},
            {"id": 2, "asset_id": 2, "scheduled_date": "2026-01-15", "status": "PLANIFIEE"},
            {"id": 3, "asset_id": 2, "scheduled_date": "2026-01-23", "status": "planifiée"},
        ]),
    )
    .await?;
    let first = refresh(&bed, "2026-01-15T12:00:00Z").await?;
    assert_eq!(
        (&first["created"], &first["urgent"], &first["late"], &first["asset_required"]),
        (&json!(3), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        bed.notified(),
        ["louise", "nicolas"],
        "the late one at once; the others wait for the morning"
    );
    let alerts = bed.stack.rows("alerts", "id,alert_type,days_count,is_read", "id").await?;
    let urgent = alerts.iter().find(|alert| alert["alert_type"] == "MAINTENANCE_URGENT").unwrap();
    assert_eq!(urgent["days_count"], 0, "due today is zero days, not none");
    let arguments = json!({"p_id": urgent["id"], "p_now": "2026-01-15T12:30:00Z"});
    let _: Value = bed.stack.observer.rpc("mark_alert_read", &arguments).await?;

    // After eight in the morning the rest comes as one message per kind; a quiet run says nothing.
    bed.stack.advance(jiff::SignedDuration::from_hours(8));
    let quiet = refresh(&bed, "2026-01-15T14:00:00Z").await?;
    assert_eq!((&quiet["created"], &quiet["updated"], &quiet["resolved"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(bed.notified().len(), 6, "urgent and required, to two people");
    refresh(&bed, "2026-01-15T14:05:00Z").await?;
    assert_eq!(bed.notified().len(), 6);
    let after = bed.stack.rows("alerts", "id,alert_type,days_count,is_read", "id").await?;
    assert_eq!(after.iter().filter(|alert| alert["is_read"] == true).count(), 1, "read flags survive");

    // Done, dismissed, rescheduled.
    bed.put(
        "maintenances",
        json!([{"id": 2, "asset_id": 2, "scheduled_date": "2026-01-15", "status": "complétée"}]),
    )
    .await?;
    let late = alerts.iter().find(|alert| alert["alert_type"] == "MAINTENANCE_LATE").unwrap();
    let arguments = json!({"p_id": late["id"], "p_by": "louise", "p_now": "2026-01-15T15:00:00Z"});
    let _: Value = bed.stack.observer.rpc("dismiss_alert", &arguments).await?;
    let done = refresh(&bed, "2026-01-15T15:05:00Z").await?;
    assert_eq!((&done["resolved"], &done["late"], &done["urgent"]), (&json!(1), &json!(0), &json!(0)));
    bed.put(
        "maintenances",
        json!([{"id": 1, "asset_id": 1, "scheduled_date": "2026-01-12", "status": "planifiée"}]),
    )
    .await?;
    let again = refresh(&bed, "2026-01-15T15:10:00Z").await?;
    assert_eq!(again["late"], 1, "a dismissal holds for its due date only");
    assert_eq!(bed.notified().len(), 8);
    let history = bed.stack.rows("alerts", "id", "id").await?;
    assert_eq!(history.len(), 4, "nothing was deleted");
    let stats: Value = bed.stack.observer.rpc("alert_stats", &json!({})).await?;
    assert_eq!((&stats["total"], &stats["critical"], &stats["medium"]), (&json!(2), &json!(1), &json!(1)));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_nobody_knows_is_refused_by_name(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    assert!(bed.put("assets", json!([{"id": 1, "name": "x", "category": "avion"}])).await.is_err());
    assert!(
        bed.put("assets", json!([{"id": 1, "name": "x", "category": "vehicule", "status": "perdu"}]))
            .await
            .is_err()
    );
    assert!(bed.stack.rows("assets", "id", "id").await?.is_empty());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pianos_become_assets_and_the_quiet_tick_writes_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let first = refresh(&bed, "2026-01-15T06:05:00Z").await?;
    assert_eq!(first["assets"]["inserted"], 10);
    let second = refresh(&bed, "2026-01-15T06:10:00Z").await?;
    for figure in ["created", "updated", "resolved", "notices"] {
        assert_eq!(second[figure], 0, "{figure}");
    }
    assert_eq!(second["assets"], json!({"inserted": 0, "updated": 0}));
    assert_eq!(second["maintenances"], json!({"inserted": 0, "updated": 0}));
    // Two ticks that meet: one works, the other steps back without an error.
    let payload = json!({});
    let (one, other) = tokio::join!(
        bed.stack.invoke(Function::MaintenanceAlerts, &payload),
        bed.stack.invoke(Function::MaintenanceAlerts, &payload)
    );
    let outcomes = [one?.answer.outcome, other?.answer.outcome];
    assert!(outcomes.iter().all(|outcome| outcome == "ran" || outcome == "busy"), "{outcomes:?}");
    Ok(())
}
