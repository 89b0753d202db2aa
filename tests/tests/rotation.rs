//! Keys that are replaced while processes are warm, and settings that cannot be read at first.

use std::time::Duration;

use e2e::{Backend, Bed};
use gazelle_local::{
    lambda::{Ended, Sandbox},
    sandbox::credentials,
    supabase,
};
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::task::Function;

const ARN: &str = "arn:aws:secretsmanager:ca-central-1:000000000000:secret:gazelle";
/// A webhook that Slack does not know any more.
const GONE: &str = "/services/T0/B9/gone";

/// Moves the keys from the environment into the secret.
fn into_secret(bed: &mut Bed) -> Map<String, Value> {
    let names = [
        "SUPABASE_SERVICE_ROLE_KEY",
        "SUPABASE_ANON_KEY",
        "SENDGRID_API_KEY",
        "TELEGRAM_BOT_TOKEN",
        "SLACK_WEBHOOK_ADMIN_1",
        "SLACK_WEBHOOK_ADMIN_2",
        "CONSOLE_SESSION_KEY",
    ];
    let environment = &mut bed.stack.lambda.environment;
    environment.insert("SECRET_ARN".into(), ARN.into());
    names.map(|name| (name.to_owned(), environment.remove(name).unwrap().into())).into_iter().collect()
}

/// An invocation that uses the key of Supabase, of each function that stays warm.
fn payload(bed: &Bed, function: Function, number: u32) -> anyhow::Result<Value> {
    Ok(match function {
        Function::AdminApi => {
            let token = e2e::console::token(&bed.stack, "viewer")?;
            json!({
                "version": "2.0", "rawPath": "/session", "rawQueryString": "", "isBase64Encoded": false,
                "headers": {"host": "console.example", "authorization": format!("Bearer {token}")},
                "requestContext": {"stage": "$default", "http": {"method": "GET", "path": "/session"}},
            })
        }
        Function::AlarmRelay => json!({
            "source": "aws.cloudwatch", "region": "ca-central-1",
            "alarmData": {
                "alarmName": "gazelle-tasks-backup-errors",
                "state": {"value": "OK", "timestamp": format!("2026-01-15T06:0{number}:00Z")},
            },
        }),
        _ => json!({}),
    })
}

async fn is_well(bed: &Bed, sandbox: &mut Sandbox, function: Function, number: u32) -> anyhow::Result<bool> {
    let payload = payload(bed, function, number)?.to_string();
    let ended = sandbox.invoke(&payload, &bed.stack.request_id(), Duration::from_secs(60)).await;
    Ok(match ended {
        Ended::Answer(answer) => answer["statusCode"].as_u64().is_none_or(|status| status == 200),
        Ended::Error { .. } => false,
        Ended::Crashed | Ended::TimedOut => anyhow::bail!("{function:?}: {ended:?}"),
    })
}

#[rstest]
#[case::dispatcher(Function::NotificationDispatch)]
#[case::watcher(Function::AvailabilityCheck)]
#[case::relay(Function::AlarmRelay)]
#[case::console(Function::AdminApi)]
#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_works_in_the_same_invocation_of_a_warm_process(
    #[values(Backend::Embedded)] backend: Backend,
    #[case] function: Function,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let mut secret = into_secret(&mut bed);
    let text = |secret: &Map<String, Value>| Value::Object(secret.clone()).to_string();
    bed.stack.sandbox.put_secret(ARN, &text(&secret));
    let mut sandbox = bed.stack.lambda.start(function).await?;
    assert!(is_well(&bed, &mut sandbox, function, 1).await?);

    secret.insert("SUPABASE_SERVICE_ROLE_KEY".into(), supabase::other_key("service_role").into());
    bed.stack.sandbox.put_secret(ARN, &text(&secret));
    bed.stack.faults.revoke(&supabase::key("service_role"));
    assert!(is_well(&bed, &mut sandbox, function, 2).await?);

    // A key that is refused and has not been replaced is looked up once per invocation, and the refusal stands.
    bed.stack.faults.revoke(&supabase::other_key("service_role"));
    let reads = bed.stack.sandbox.secret_reads();
    assert!(!is_well(&bed, &mut sandbox, function, 3).await?);
    assert_eq!(bed.stack.sandbox.secret_reads() - reads, 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_webhook_switches_nobody_off(
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let mut secret = into_secret(&mut bed);
    let known = secret["SLACK_WEBHOOK_ADMIN_1"].clone();
    secret.insert("SLACK_WEBHOOK_ADMIN_1".into(), format!("{}{GONE}", bed.stack.sandbox_url).into());
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret.clone()).to_string());
    let mut dispatcher = bed.stack.lambda.start(Function::NotificationDispatch).await?;
    assert!(is_well(&bed, &mut dispatcher, Function::NotificationDispatch, 1).await?);

    bed.relay_alarm("gazelle-tasks-backup-errors", "ALARM", "error", bed.stack.clock.now(), &[]).await?;
    secret.insert("SLACK_WEBHOOK_ADMIN_1".into(), known);
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret).to_string());
    assert!(is_well(&bed, &mut dispatcher, Function::NotificationDispatch, 2).await?);
    assert_eq!(bed.told(), ["louise", "nicolas"]);
    let queues = bed.stack.rows("notification_queues", "disabled_at", "channel,recipient").await?;
    assert!(queues.iter().all(|queue| queue["disabled_at"].is_null()), "{queues:?}");
    Ok(())
}

#[rstest]
#[case::dispatcher(Function::NotificationDispatch)]
#[case::relay(Function::AlarmRelay)]
#[case::console(Function::AdminApi)]
#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_are_read_by_the_next_invocation(
    #[values(Backend::Embedded)] backend: Backend,
    #[case] function: Function,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let mut secret = into_secret(&mut bed);
    // Not there at all, not whole, then as it should be.
    let mut sandbox = bed.stack.lambda.start(function).await?;
    assert!(!is_well(&bed, &mut sandbox, function, 1).await?);
    let key = secret.remove("SUPABASE_SERVICE_ROLE_KEY").unwrap();
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret.clone()).to_string());
    assert!(!is_well(&bed, &mut sandbox, function, 2).await?);
    secret.insert("SUPABASE_SERVICE_ROLE_KEY".into(), key);
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret).to_string());
    assert!(is_well(&bed, &mut sandbox, function, 3).await?);
    let log = sandbox.end().await?;
    assert!(
        log.contains("ResourceNotFoundException") && log.contains("SUPABASE_SERVICE_ROLE_KEY is missing"),
        "{log}"
    );
    assert!(!log.contains(credentials::SENDGRID_KEY), "{log}");
    Ok(())
}
