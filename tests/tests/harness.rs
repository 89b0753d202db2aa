//! The harness around a task, seen through a function that misbehaves on request.

use std::time::Duration;

use e2e::{Backend, Bed, binary};
use gazelle_local::lambda::Ended;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

async fn probe_bed(backend: Backend) -> anyhow::Result<Bed> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.lambda.executable = binary("probe-function")?;
    Ok(bed)
}

fn asks_for(what: &str) -> Value {
    json!({"task": "rapport_timeline", "parameters": {"do": what}})
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_recorded_reported_and_answered_as_an_error(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = probe_bed(backend).await?;
    let run = bed.stack.invoke(Function::TimelineReport, &asks_for("panic")).await?;
    assert!(
        matches!(&run.invocation.ended, Ended::Error { kind, .. } if kind == "panic"),
        "{:?}",
        run.invocation.ended
    );
    let log = bed.runs("rapport_timeline").await?;
    assert_eq!((log[0]["status"].as_str(), log[0]["error_kind"].as_str()), (Some("error"), Some("panic")));
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    assert!(!run.invocation.log.contains("planted-secret"), "{}", run.invocation.log);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_end_is_ended_before_the_platform_does_it(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = probe_bed(backend).await?;
    // A fifth of it is left to finish and to notify: enough on a busy machine.
    let limit = Duration::from_secs(20);
    let id = bed.stack.request_id();
    let run = bed.stack.invoke_within(Function::TimelineReport, &asks_for("hang"), &id, limit).await?;
    assert!(
        matches!(&run.invocation.ended, Ended::Error { kind, .. } if kind == "deadline_exceeded"),
        "{:?}",
        run.invocation.ended
    );
    let log = bed.runs("rapport_timeline").await?;
    assert_eq!(log[0]["error_kind"], "deadline_exceeded");
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_payload_is_refused_with_what_is_accepted_and_leaves_no_trace(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = probe_bed(backend).await?;
    for payload in [json!({"hello": "world"}), json!([1]), json!("x"), json!({"task": "sync_gazelle"})] {
        let run = bed.stack.invoke(Function::TimelineReport, &payload).await?;
        let Ended::Error { kind, message } = &run.invocation.ended else {
            panic!("{:?}", run.invocation.ended)
        };
        assert_eq!(kind, "unknown_payload");
        assert!(message.contains("accepted: {}"), "{message}");
    }
    assert!(bed.runs("rapport_timeline").await?.is_empty());
    assert_eq!(bed.stack.traffic.of("supabase"), 0);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_harness_costs_two_round_trips(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = probe_bed(backend).await?;
    let run = bed.stack.invoke(Function::TimelineReport, &Value::Null).await?;
    assert_eq!(run.answer.status, "success");
    assert_eq!(bed.stack.traffic.of("supabase"), 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn missing_settings_are_all_named_and_the_failed_run_is_recorded(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for name in ["SPREADSHEET_ID", "GOOGLE_SERVICE_ACCOUNT_JSON"] {
        bed.stack.lambda.environment.remove(name);
    }
    let run = bed.stack.invoke(Function::TimelineReport, &Value::Null).await?;
    let error = run.answer.error.unwrap();
    assert_eq!(error.kind, "configuration");
    assert!(
        error.message.contains("SPREADSHEET_ID") && error.message.contains("GOOGLE_SERVICE_ACCOUNT_JSON")
    );
    assert_eq!(bed.runs("rapport_timeline").await?[0]["error_kind"], "configuration");
    // Without the core settings there is no run to record: the answer names what is missing.
    bed.stack.lambda.environment.remove("SUPABASE_SERVICE_ROLE_KEY");
    bed.stack.lambda.environment.remove("SLACK_WEBHOOK_ADMIN_1");
    let run = bed.stack.invoke(Function::TimelineReport, &Value::Null).await?;
    let Ended::Error { kind, message } = &run.invocation.ended else { panic!("{:?}", run.invocation.ended) };
    assert_eq!(kind, "configuration");
    assert!(
        message.contains("SUPABASE_SERVICE_ROLE_KEY") && message.contains("SLACK_WEBHOOK_ADMIN_1"),
        "{message}"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn settings_come_from_the_secret_and_the_environment_wins(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let mut secret = serde_json::Map::new();
    for name in ["SUPABASE_SERVICE_ROLE_KEY", "SENDGRID_API_KEY", "GAZELLE_CLIENT_SECRET"] {
        let value = bed.stack.lambda.environment.remove(name).unwrap();
        secret.insert(name.into(), value.into());
    }
    secret.insert("GAZELLE_CLIENT_ID".into(), "overridden".into());
    let arn = "arn:aws:secretsmanager:ca-central-1:000000000000:secret:gazelle";
    bed.stack.sandbox.put_secret(arn, &Value::Object(secret).to_string());
    bed.stack.lambda.environment.insert("SECRET_ARN".into(), arn.into());
    let run = bed.stack.invoke(Function::SyncGazelle, &json!({})).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_certificates_runs_functions_all_the_same() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        bed.stack.lambda.environment.insert(variable.into(), "/nowhere".into());
    }
    let run = bed.sync(e2e::NIGHT).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert!(run.invocation.log.contains("tls.no_certificates"), "{}", run.invocation.log);
    Ok(())
}
