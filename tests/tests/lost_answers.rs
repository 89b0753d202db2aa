//! Answers of the database that are lost after their effect: what is asked again is done once.

use e2e::{Backend, Bed, samples};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::TaskSpec;

/// A run that is at work: its id, its lease and its instant as the arguments of a SQL function.
async fn at_work(bed: &Bed, task: &str) -> anyhow::Result<Value> {
    let (spec, now) = (TaskSpec::named(task).unwrap(), bed.stack.clock.now().to_string());
    let request = json!({
        "kind": "scheduled", "run_key": format!("{task}@{now}"), "task_name": spec.name, "task_label": spec.label,
        "exclusion_group": spec.exclusion_group, "part": 0, "request_id": now, "triggered_by": "scheduler",
        "lease_seconds": 120, "parameters": {},
    });
    let claim: Value =
        bed.stack.observer.rpc("claim_run", &json!({"p_request": request, "p_now": now})).await?;
    let run = &claim["run"];
    Ok(json!({"p_run_id": run["id"], "p_lease": run["lease_token"], "p_lease_seconds": 120, "p_now": now}))
}

/// Asks twice with the very same arguments; the second answer.
async fn twice(bed: &Bed, function: &str, mut arguments: Value, own: Value) -> anyhow::Result<Value> {
    arguments.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let _lost: Value = bed.stack.observer.rpc(function, &arguments).await?;
    Ok(bed.stack.observer.rpc(function, &arguments).await?)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_is_on_its_way_is_not_said_to_be_skipped(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let alert = |id: &str| {
        json!({
            "appointment_external_id": id, "technician_id": "usr_1", "technician_name": "Louise",
            "appointment_date": "2026-01-16", "client_name": "x", "client_phone": "", "title": "x", "description": "x",
            "content": {"a": 1}, "notice_fingerprint": format!("rv@{id}"),
        })
    };
    let notice = |id: &str, event: &str| {
        let data = samples::notices().into_iter().find(|(known, ..)| *known == event).map(|(.., data)| data);
        json!({"event_type": event, "severity": "warning", "fingerprint": format!("rv@{id}"), "data": data})
    };
    let arguments = at_work(&bed, "rv_alerts").await?;
    let own = json!({
        "p_alerts": [alert("evt_1"), alert("evt_2")],
        // No rule knows the second one.
        "p_notices": [notice("evt_1", "rv.unassigned"), notice("evt_2", "rv.nobody")],
    });
    twice(&bed, "record_appointment_alerts", arguments, own).await?;
    let rows = bed.stack.rows("alert_logs", "status", "appointment_external_id").await?;
    assert_eq!(rows, [json!({"status": "pending"}), json!({"status": "skipped"})]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_the_model_is_counted_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let arguments = at_work(&bed, "humidity_alerts").await?;
    for success in [true, false] {
        let event = json!({"feature": "humidity", "model": "m", "success": success, "latency_ms": 7});
        let own = json!({"p_event": event, "p_entry": "tme_1", "p_found": true});
        twice(&bed, "record_model_reading", arguments.clone(), own).await?;
    }
    let rows = bed.stack.rows("ai_events", "success", "id").await?;
    assert_eq!(rows, [json!({"success": true})], "one instant is one question");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_clean_up_deleted_is_counted_whoever_heard_of_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let events = (0..50).map(
        |_| json!({"feature": "x", "model": "m", "success": true, "created_at": "2025-01-15T08:00:00Z"}),
    );
    bed.put("ai_events", events.collect()).await?;
    let arguments = at_work(&bed, "cleanup").await?;
    let own =
        json!({"p_name": "ai_events", "p_days": 90, "p_frequent": [], "p_limit": 30, "p_dry_run": false});
    let second = twice(&bed, "cleanup_batch", arguments.clone(), own).await?;
    assert_eq!(second, json!({"batch": 20, "total": 50}));
    let cleaned: Value =
        bed.stack.observer.rpc("backup_cleaned", &json!({"p_since": arguments["p_now"]})).await?;
    assert_eq!((&cleaned[0]["table"], &cleaned[0]["rows"]), (&json!("ai_events"), &json!(50)), "{cleaned}");
    Ok(())
}
