//! What happens in the company, by the real writers.

use e2e::{Bed, scheduled};
use gazelle_local::stack::TaskRun;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::task::{Function, TaskSpec};

/// Any invocation.
pub async fn invoke(bed: &Bed, event: &Value, request: &str) -> anyhow::Result<TaskRun> {
    bed.stack.invoke_as(Function::AnomalyDetection, event, request).await
}

/// One tick; answers its figures. No detector may fail.
pub async fn detect(bed: &Bed) -> anyhow::Result<Value> {
    let run =
        invoke(bed, &scheduled("anomalies", &bed.stack.clock.now().to_string()), &bed.stack.request_id())
            .await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["detection_errors"], 0);
    Ok(run.answer.stats)
}

/// Type, severity and status of the stored anomalies, in the order of their discovery.
pub async fn anomalies(bed: &Bed) -> anyhow::Result<Vec<String>> {
    let rows = bed.stack.rows("anomalies", "type,severity,status", "first_seen_at,type,fingerprint").await?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Ok(rows
        .iter()
        .map(|row| format!("{} {} {}", text(&row["type"]), text(&row["severity"]), text(&row["status"])))
        .collect())
}

/// A session as the shop has it: opened with 100.00, sales of 50.00, and counted.
pub async fn close(bed: &Bed, operator: &str, variance: i64) -> anyhow::Result<Value> {
    let now = bed.stack.clock.now().to_string();
    let opened =
        json!({"p_operator_id": operator, "p_initial_amount": 10_000, "p_site_id": "mtl", "p_now": now});
    let session: Value = bed.stack.observer.rpc("open_cash_session", &opened).await?;
    let closed = json!({
        "p_id": session["id"], "p_total_sales": 5_000, "p_total_items": 3, "p_actual_amount": 15_000 + variance,
        "p_comment": "recompté", "p_now": now,
    });
    Ok(bed.stack.observer.rpc("close_cash_session", &closed).await?)
}

/// Somebody tries to sign in.
pub async fn sign_in(bed: &Bed, name: &str, address: &str, success: bool) -> anyhow::Result<()> {
    let now = bed.stack.clock.now().to_string();
    let arguments = json!({"p_user_name": name, "p_address": address, "p_success": success, "p_now": now});
    Ok(bed.stack.observer.rpc("record_sign_in", &arguments).await?)
}

/// A run as the harness claims and ends it, at an instant.
pub async fn ended(
    bed: &Bed,
    task: &str,
    at: Timestamp,
    seconds: i64,
    status: &str,
    stats: Value,
) -> anyhow::Result<()> {
    let spec = TaskSpec::named(task).unwrap();
    let request = json!({
        "kind": "scheduled", "run_key": format!("{task}@{at}"), "task_name": spec.name, "task_label": spec.label,
        "exclusion_group": spec.exclusion_group, "part": 0, "request_id": at.to_string(),
        "triggered_by": "scheduler", "lease_seconds": 120, "parameters": {},
    });
    let claim: Value =
        bed.stack.observer.rpc("claim_run", &json!({"p_request": request, "p_now": at.to_string()})).await?;
    let result = json!({"status": status, "duration_ms": seconds * 1000, "message": "", "stats": stats});
    let end = json!({
        "p_run_id": claim["run"]["id"], "p_lease": claim["run"]["lease_token"], "p_result": result,
        "p_now": (at + SignedDuration::from_secs(seconds)).to_string(),
    });
    let end: Value = bed.stack.observer.rpc("finish_run", &end).await?;
    assert_eq!(end["finished"], true);
    Ok(())
}

/// A nightly sync that Gazelle lets fail, or not; each a minute after the one before.
pub async fn sync(bed: &mut Bed, fails: bool) -> anyhow::Result<()> {
    bed.stack.advance(SignedDuration::from_mins(1));
    if fails {
        bed.stack.break_with(&["gazelle:graphql-error".parse().map_err(anyhow::Error::msg)?])
    } else {
        bed.stack.faults.lift()
    }
    let run = bed.sync(&bed.stack.clock.now().to_string()).await?;
    assert_eq!(run.answer.status == "error", fails, "{:?}", run.answer);
    bed.stack.faults.lift();
    bed.stack.take_events();
    Ok(())
}

/// How many e-mails were sent.
pub fn mails(bed: &Bed) -> usize {
    bed.stack.sandbox.email_messages().len()
}
