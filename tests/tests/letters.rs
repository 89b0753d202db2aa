//! Dead letters, by the operator's own command, AWS's command line and an AWS emulator.

use std::process::Output;

use e2e::{Backend, Bed, Moto, RETRY, binary};
use serde_json::{Value, json};
use shared::{
    http::{Http, is_transient, json_request},
    task::Function,
};
use tokio::process::Command;

const ARN: &str = "arn:aws:lambda:ca-central-1:000000000000:function:";

/// What a schedule could not deliver, a run that failed three times, one whose function is gone, and what nobody understands.
fn letters() -> Value {
    let schedule = json!({"task": "cleanup", "scheduled_time": "<aws.scheduler.scheduled-time>"});
    let failed = json!({"task": "backup", "scheduled_time": "2026-01-15T08:00:00Z"});
    let record = |function: &str| {
        json!({
            "version": "1.0", "timestamp": "2026-01-15T08:20:00.000Z",
            "requestContext": {"requestId": "1", "functionArn": format!("{ARN}{function}:$LATEST"), "condition": "RetriesExhausted",
                               "approximateInvokeCount": 3},
            "requestPayload": failed, "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorType": "backup_store_refused", "errorMessage": "no"},
        })
    };
    let attributes = json!({
        "TARGET_ARN": format!("{ARN}s-Cleanup-1"), "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not allowed",
        "SCHEDULED_TIME": "2026-01-15T09:00:00Z",
    });
    json!([
        {"queue": "SchedulerDeadLetters", "body": schedule.to_string(), "attributes": attributes},
        {"queue": "FunctionDeadLetters", "body": record("s-Backup-1").to_string(), "attributes": {}},
        {"queue": "FunctionDeadLetters", "body": record("gone-1").to_string(), "attributes": {}},
        {"queue": "SchedulerDeadLetters", "body": "by hand", "attributes": {}},
    ])
}

async fn ops(moto: &Moto, arguments: &[&str]) -> anyhow::Result<Output> {
    let python = tools::python()?;
    let output = Command::new(binary("ops")?)
        .args(arguments)
        .env_clear()
        .env("PATH", python.parent().unwrap())
        .env("AWS_ENDPOINT_URL", &moto.endpoint)
        .envs([
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_DEFAULT_REGION", "ca-central-1"),
        ])
        .output()
        .await?;
    Ok(output)
}

async fn invocations(moto: &Moto) -> anyhow::Result<Vec<Value>> {
    let request = json_request(
        "moto",
        "GET".parse()?,
        format!("{}/invocations", moto.endpoint).parse()?,
        Default::default(),
    );
    let answer = Http::new().send(&request, RETRY, is_transient).await?;
    Ok(serde_json::from_slice(&answer.body)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_listed_and_handed_on_and_what_cannot_be_stays() -> anyhow::Result<()> {
    let moto = Moto::start().await?;
    moto.ask(&["letters", "s", &letters().to_string()]).await?;
    let listed = ops(&moto, &["letters", "s"]).await?;
    let said = String::from_utf8(listed.stdout)?;
    assert!(listed.status.success(), "{said} {}", String::from_utf8_lossy(&listed.stderr));
    for expected in [
        "s-Cleanup-1  cleanup\n    NO_PERMISSIONS not allowed",
        "s-Backup-1  backup\n    RetriesExhausted backup_store_refused no",
        "gone-1  backup",
        "?  ?",
        "4 letters",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(invocations(&moto).await?, Vec::<Value>::new());
    assert_eq!(
        moto.ask(&["count", "s"]).await?,
        json!({"SchedulerDeadLetters": 2, "FunctionDeadLetters": 2})
    );

    let redriven = ops(&moto, &["letters", "s", "--redrive"]).await?;
    let said = String::from_utf8(redriven.stdout)?;
    assert!(!redriven.status.success() && said.contains("2 of 4 letters are done"), "{said}");
    assert!(said.contains("Function not found") && said.contains("it names no function"), "{said}");
    assert_eq!(
        moto.ask(&["count", "s"]).await?,
        json!({"SchedulerDeadLetters": 1, "FunctionDeadLetters": 1})
    );

    // What stays is seen by the next who looks, and goes when nobody wants it any more.
    let backups = ops(&moto, &["letters", "s", "--task", "backup", "--delete"]).await?;
    assert!(backups.status.success(), "{}", String::from_utf8_lossy(&backups.stdout));
    assert_eq!(
        moto.ask(&["count", "s"]).await?,
        json!({"SchedulerDeadLetters": 1, "FunctionDeadLetters": 0})
    );
    let rest = String::from_utf8(ops(&moto, &["letters", "s"]).await?.stdout)?;
    assert!(rest.contains("1 letters"), "{rest}");

    // Each function gets what it was given, knows it, and knows it again.
    let mut invoked = invocations(&moto).await?;
    invoked.sort_by_key(|invocation| invocation[0].to_string());
    let names: Vec<&Value> = invoked.iter().map(|invocation| &invocation[0]).collect();
    assert_eq!(names, ["s-Backup-1", "s-Cleanup-1"]);
    let bed = Bed::start(Backend::Embedded).await?;
    for (function, outcome) in
        [(Function::Cleanup, "ran"), (Function::Cleanup, "duplicate"), (Function::Backup, "ran")]
    {
        let payload = &invoked[usize::from(function == Function::Cleanup)][1];
        let run = bed.stack.invoke(function, payload).await?;
        assert_eq!(
            (run.answer.outcome.as_str(), run.answer.status.as_str()),
            (outcome, "success"),
            "{:?}",
            run.answer
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_not_there_is_an_error_with_awss_own_words() -> anyhow::Result<()> {
    let moto = Moto::start().await?;
    let output = ops(&moto, &["letters", "nobody"]).await?;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success() && said.contains("does not exist"), "{said}");
    Ok(())
}
