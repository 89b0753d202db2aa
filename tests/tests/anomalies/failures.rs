//! The detection itself fails.

use e2e::{Backend, Bed, scheduled};
use gazelle_local::{lambda::Ended, postgrest::Database, tripwire::Moment};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::json;
use shared::task::Function;

use super::steps::{close, detect, invoke, mails, sign_in};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_the_run_fails_and_is_silent_and_the_next_one_works(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    close(&bed, "a", 6_000).await?;
    bed.stack.break_with(&["supabase:500".parse().map_err(anyhow::Error::msg)?]);
    let run = invoke(&bed, &scheduled("anomalies", "2026-01-15T06:30:00Z"), &bed.stack.request_id()).await?;
    assert_eq!(run.answer.status, "error");
    assert_eq!(run.answer.error.unwrap().kind, "supabase_unavailable");
    // It runs every half hour: its alarm speaks, once.
    assert!(bed.notified().is_empty());
    bed.stack.faults.lift();
    assert_eq!(detect(&bed).await?["opened"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_that_fails_is_reported_and_the_others_go_on() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    for _ in 0..5 {
        sign_in(&bed, "a", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    database.batch_execute("alter table login_history rename column success to passed").await?;
    close(&bed, "a", 6_000).await?;
    for _ in 0..2 {
        let run = invoke(&bed, &json!({}), &bed.stack.request_id()).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["detection_errors"], 1);
    }
    let rows = bed.stack.rows("anomalies", "type,severity,status,details", "type").await?;
    let found: Vec<&str> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(found, ["auth_failure", "cash_variance", "detection_error"]);
    assert!(
        rows.iter().all(|row| row["status"] == "open"),
        "what could not be looked at is not over: {rows:?}"
    );
    assert_eq!(rows[2]["severity"], "critical");
    assert_eq!(rows[2]["details"], json!({"detector": "auth", "code": "42703"}));
    assert_eq!((bed.notified().len(), mails(&bed)), (6, 1));

    database.batch_execute("alter table login_history rename column passed to success").await?;
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!(bed.notified().len(), 8);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_it_tells_everybody_once(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let (mut killed, mut doubts, mut messages) = (0, 0, 0);
    for night in 0_u64.. {
        close(&bed, &format!("operator {night}"), 6_000).await?;
        let event = scheduled("anomalies", &bed.stack.clock.now().to_string());
        let request = bed.stack.request_id();
        bed.stack.tripwire.set(1 + night, moment);
        let cut = invoke(&bed, &event, &request).await?;
        let was_killed = matches!(cut.invocation.ended, Ended::Crashed);
        let last = if was_killed { invoke(&bed, &event, &request).await? } else { cut };
        killed += u32::from(was_killed);
        assert_eq!(last.answer.status, "success", "step {night}: {:?}", last.answer);
        bed.stack.advance(SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;

        // Two on Slack and one by e-mail; in doubt means at most once.
        let deliveries = bed.stack.rows("notification_deliveries", "status", "created_at,id").await?;
        let in_doubt = deliveries.iter().filter(|row| row["status"] == "unknown").count();
        let now = bed.notified().len() + mails(&bed);
        let (notified, newly_in_doubt) = (now - messages, in_doubt - doubts);
        (doubts, messages) = (in_doubt, now);
        assert!(
            notified <= 3 && notified + newly_in_doubt >= 3,
            "step {night}: {notified} told, {newly_in_doubt} in doubt"
        );
        if !was_killed {
            break;
        }
    }
    assert!(killed >= 15, "only {killed} steps");
    assert_eq!(bed.stack.rows("anomalies", "id", "id").await?.len() as u32, killed + 1);
    Ok(())
}
