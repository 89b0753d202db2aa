//! Every fault of the outside world, alone: what the runs say, who is notified, and that the next run converges.

use std::time::Duration;

use e2e::{Backend, Bed, scheduled};
use gazelle_local::faults::FaultSpec;
use rstest::rstest;
use shared::task::Function;

struct Expected {
    sync: &'static str,
    report: Option<&'static str>,
    notice: Option<&'static str>,
}

const FINE: Expected = Expected { sync: "success", report: Some("success"), notice: None };

#[rstest]
#[case("gazelle:500", Expected { sync: "error", report: None, notice: Some("sync.failed") })]
#[case("gazelle:graphql-error", Expected { sync: "error", report: None, notice: Some("sync.failed") })]
#[case("gazelle:429", FINE)]
#[case("gazelle:cut", FINE)]
#[case("gazelle:token-expired", FINE)]
#[case("google:429", FINE)]
#[case("google:cut", FINE)]
#[case("gazelle:empty-clients", Expected { sync: "warning", report: None, notice: Some("sync.deletion_guard") })]
#[case("google:500", Expected { sync: "success", report: Some("error"), notice: Some("report.failed") })]
#[case("eventbridge:partial", Expected { sync: "success", report: None, notice: Some("event.refused") })]
#[case("event:duplicate", FINE)]
#[case("gazelle:empty-clients+slack:500", Expected { sync: "warning", report: None, notice: Some("sync.deletion_guard") })]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_has_its_outcome_is_reported_once_and_passes(
    #[case] faults: &str,
    #[case] expected: Expected,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let faults: Vec<FaultSpec> =
        faults.split('+').map(str::parse).collect::<Result<_, _>>().map_err(anyhow::Error::msg)?;
    let night = bed.stack.nightly(&faults, &mut |_| ()).await?;
    assert_eq!(night.runs[0].answer.status, expected.sync, "{:?}", night.runs[0].answer);
    assert_eq!(night.runs.get(1).map(|run| run.answer.status.as_str()), expected.report);
    assert_eq!(night.runs.len(), if expected.report.is_some() { 4 } else { 1 });
    let notified =
        bed.stack.rows("notification_deliveries", "event_type,recipient,channel,status", "recipient").await?;
    let notified: Vec<String> = notified
        .iter()
        .map(|row| {
            format!(
                "{} {} {}",
                row["event_type"].as_str().unwrap(),
                row["recipient"].as_str().unwrap(),
                row["status"].as_str().unwrap()
            )
        })
        .collect();
    match expected.notice {
        Some(notice) => {
            assert_eq!(notified, [format!("{notice} louise sent"), format!("{notice} nicolas sent")])
        }
        None => assert!(notified.is_empty(), "{notified:?}"),
    }
    assert_eq!(bed.notified().len(), notified.len(), "what is stored as sent has arrived, and nothing else");

    // The next night, without the fault, everything is as it should be.
    bed.stack.faults.lift();
    bed.stack.advance(jiff::SignedDuration::from_hours(24));
    bed.stack.invoke(Function::NotificationDispatch, &serde_json::json!({})).await?;
    let next = bed.sync("2026-01-16T06:00:00Z").await?;
    assert_eq!(next.answer.status, "success", "{:?}", next.answer);
    let reports = bed.stack.deliver_events().await?;
    assert!(
        reports
            .iter()
            .any(|run| run.answer.status == "success" && run.answer.parent_run_id == next.answer.run_id)
    );
    bed.assert_mirrored().await?;
    assert_eq!(bed.notified().len(), notified.len(), "a trouble that passed is not told again");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_gazelle_that_hangs_ends_the_run_within_a_minute(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let fault: FaultSpec = "gazelle:hang".parse().map_err(anyhow::Error::msg)?;
    let night = bed.stack.nightly(&[fault], &mut |_| ()).await?;
    assert_eq!(night.runs[0].answer.error.as_ref().unwrap().kind, "gazelle_unavailable");
    assert!(
        night.runs[0].invocation.duration < Duration::from_secs(60),
        "{:?}",
        night.runs[0].invocation.duration
    );
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_slack_that_fails_at_first_gets_the_message_later(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let faults = ["gazelle:graphql-error", "slack:500"].map(|fault| fault.parse::<FaultSpec>().unwrap());
    bed.stack.break_with(&faults);
    bed.sync(e2e::NIGHT).await?;
    let pending = bed.stack.rows("notification_deliveries", "status,error_kind", "id").await?;
    assert!(
        pending.iter().all(|row| row["status"] == "pending" && row["error_kind"] == "service_error"),
        "{pending:?}"
    );
    for _ in 0..3 {
        bed.stack.advance(jiff::SignedDuration::from_mins(5));
        bed.stack.invoke(Function::NotificationDispatch, &serde_json::json!({})).await?;
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_supabase_is_reported_directly_once_per_attempt_and_by_daily_tasks_only(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let fault: FaultSpec = "supabase:500".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    let dispatch = bed.stack.invoke(Function::NotificationDispatch, &serde_json::json!({})).await?;
    assert_eq!(dispatch.answer.error.as_ref().unwrap().kind, "supabase_unavailable");
    assert!(bed.notified().is_empty(), "a task of every five minutes stays silent");
    let sync = bed.sync(e2e::NIGHT).await?;
    assert_eq!(sync.answer.error.as_ref().unwrap().kind, "supabase_unavailable");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    assert_eq!(sync.answer.notified.len(), 2);
    bed.stack.faults.lift();
    let request_id = bed.stack.request_id();
    let again = bed
        .stack
        .invoke_as(Function::SyncGazelle, &scheduled("sync_gazelle", e2e::NIGHT), &request_id)
        .await?;
    assert_eq!(again.answer.status, "success");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_and_with_a_slack_that_swallows_administrators_are_notified_by_email(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    bed.stack.break_with(&["supabase:500", "slack:cut"].map(|fault| fault.parse::<FaultSpec>().unwrap()));
    let sync = bed.sync(e2e::NIGHT).await?;
    let notified: Vec<String> = sync
        .answer
        .notified
        .iter()
        .map(|notified| format!("{} {} {}", notified.channel, notified.recipient, notified.status))
        .collect();
    assert_eq!(
        notified,
        ["slack louise unknown", "slack nicolas unknown", "email louise sent", "email nicolas sent"]
    );
    let mut emails: Vec<String> =
        bed.stack.sandbox.email_messages().into_iter().map(|sent| sent.to).collect();
    emails.sort();
    assert_eq!(emails, ["louise@example.com", "nicolas@example.com"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refresh_token_asks_for_a_new_authorization(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let token = serde_json::json!({"value": {"access_token": "a", "refresh_token": "used", "expires_in": 1, "created_at": 1}});
    bed.stack
        .write(
            bed.stack
                .observer
                .from("system_settings")
                .eq("key", "gazelle_oauth_token")
                .update(token.to_string()),
        )
        .await?;
    let refused = bed.sync(e2e::NIGHT).await?;
    assert_eq!(refused.answer.error.as_ref().unwrap().kind, "gazelle_authorization");
    let types = bed
        .stack
        .rows("notification_deliveries", "event_type,channel,recipient", "channel,recipient")
        .await?;
    assert!(
        types.iter().all(|row| row["event_type"] == "gazelle.authorization_expiring"),
        "one trouble, one voice"
    );
    assert_eq!(types.len(), 3, "Louise and Nicolas on Slack, Allan by e-mail");
    let mail = &bed.stack.sandbox.email_messages()[0];
    assert_eq!(mail.to, "allan@example.com");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_left_stops_nobody_elses_message(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let gone = serde_json::json!({"active": false}).to_string();
    bed.stack.write(bed.stack.observer.from("staff").eq("key", "louise").update(gone)).await?;
    let fault: FaultSpec = "gazelle:graphql-error".parse().map_err(anyhow::Error::msg)?;
    bed.stack.break_with(&[fault]);
    bed.sync(e2e::NIGHT).await?;
    assert_eq!(bed.notified(), ["nicolas"]);
    let rows = bed.stack.rows("notification_deliveries", "recipient,status,error_kind", "recipient").await?;
    assert_eq!(
        rows[0],
        serde_json::json!({"recipient": "louise", "status": "failed", "error_kind": "no_webhook_configured"})
    );
    Ok(())
}
