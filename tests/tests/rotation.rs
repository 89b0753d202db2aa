//! Keys that are replaced while processes are warm, and settings that cannot be read at first.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{Backend, Bed};
use gazelle_local::{
    lambda::{Ended, Sandbox},
    sandbox::credentials,
    supabase,
};
use ring::hmac;
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::{config::Setting, task::Function};

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
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_task_needs_is_read_by_the_next_invocation_too() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    let mut secret = into_secret(&mut bed);
    let place = bed.stack.lambda.environment.remove("BACKUP_URL").unwrap();
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret.clone()).to_string());
    let mut backup = bed.stack.lambda.start(Function::Backup).await?;
    let payload = json!({"task": "backup"}).to_string();
    let ended = backup.invoke(&payload, &bed.stack.request_id(), Duration::from_secs(60)).await;
    assert!(
        matches!(&ended, Ended::Error { message, .. } if message.contains("BACKUP_URL is missing")),
        "{ended:?}"
    );
    secret.insert("BACKUP_URL".into(), place.into());
    bed.stack.sandbox.put_secret(ARN, &Value::Object(secret).to_string());
    let ended = backup.invoke(&payload, &bed.stack.request_id(), Duration::from_secs(60)).await;
    assert!(matches!(&ended, Ended::Answer(answer) if answer["status"] == "success"), "{ended:?}");
    Ok(())
}

/// Where a setting that says nothing may stand.
#[derive(Debug, Clone, Copy)]
enum Nothing {
    Absent,
    EmptyInTheSecret,
    BlankInTheEnvironment,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_setting_is_a_missing_one_wherever_it_stands_and_opens_nothing() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    // Signed with the empty key.
    let claims = e2e::console::claims(&bed.stack, "admin")?;
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(&claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), signed.as_bytes());
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    let event = json!({
        "version": "2.0", "rawPath": "/session", "headers": {"authorization": format!("Bearer {forged}")},
        "requestContext": {"http": {"method": "GET", "path": "/session"}},
    });
    let outcome = async |name: &str, nothing: Nothing| -> anyhow::Result<String> {
        let mut lambda = bed.stack.lambda.clone();
        // Without these there is no secret to read.
        let of_the_process = |name: &str| name.starts_with("AWS_") || name == "CLOCK_OFFSET_MS";
        let (environment, mut secret): (BTreeMap<String, String>, BTreeMap<String, String>) =
            lambda.environment.into_iter().partition(|(name, _)| of_the_process(name));
        lambda.environment = environment;
        secret.remove(name);
        match nothing {
            Nothing::Absent => {}
            Nothing::EmptyInTheSecret => drop(secret.insert(name.into(), String::new())),
            Nothing::BlankInTheEnvironment => drop(lambda.environment.insert(name.into(), " \t".into())),
        }
        let arn = format!("{ARN}:{name}:{nothing:?}");
        bed.stack.sandbox.put_secret(&arn, &json!(secret).to_string());
        lambda.environment.insert("SECRET_ARN".into(), arn);
        let mut sandbox = lambda.start(Function::AdminApi).await?;
        let ended = sandbox.invoke(&event.to_string(), "request", Duration::from_secs(60)).await;
        sandbox.end().await?;
        Ok(match ended {
            Ended::Answer(answer) => answer["statusCode"].to_string(),
            Ended::Error { message, .. } => message,
            Ended::Crashed | Ended::TimedOut => format!("{ended:?}"),
        })
    };
    let of_the_process = [Setting::SecretArn, Setting::AwsEndpointUrl, Setting::ClockOffsetMs];
    let mut refused = Vec::new();
    for setting in Setting::ALL.iter().filter(|setting| !of_the_process.contains(setting)) {
        let name = setting.name();
        let [absent, empty, blank] =
            [Nothing::Absent, Nothing::EmptyInTheSecret, Nothing::BlankInTheEnvironment]
                .map(|nothing| outcome(name, nothing));
        let (absent, empty, blank) = tokio::try_join!(absent, empty, blank)?;
        assert_eq!((&empty, &blank), (&absent, &absent), "{name}");
        if absent != "401" {
            assert!(absent.contains(&format!("{name} is missing")), "{name}: {absent}");
            refused.push(name);
        }
    }
    for needed in ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "CONSOLE_SESSION_KEY", "SUPABASE_ANON_KEY"] {
        assert!(refused.contains(&needed), "{needed}: {refused:?}");
    }
    Ok(())
}
