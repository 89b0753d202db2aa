//! The built binaries under AWS's own runtime emulator, and the product's AWS clients against an independent server.

use std::{path::PathBuf, process::Stdio};

use anyhow::Context;
use e2e::{Backend, Bed, Moto, RETRY, binary, console, free_port, scheduled};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    http::{Http, is_transient, json_request},
    task::Function,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A program of the tools' Python environment, or a file inside one of its packages.
fn python_file(path: &str) -> anyhow::Result<PathBuf> {
    let python = tools::python()?;
    let library = python.parent().and_then(|bin| bin.parent()).context("the environment")?.join("lib");
    let version = std::fs::read_dir(library)?.next().context("lib/python3")??;
    Ok(version.path().join("site-packages").join(path))
}

/// The Lambda Runtime Interface Emulator around a binary.
struct Emulator {
    address: String,
    http: Http,
    _process: Child,
    _folder: TempDir,
}

impl Emulator {
    async fn start(bed: &Bed, program: PathBuf, timeout_seconds: u64) -> anyhow::Result<Self> {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let emulator = python_file(&format!("samcli/local/rapid/aws-lambda-rie-{architecture}"))?;
        let (port, api) = (free_port()?, free_port()?);
        // The package ships it without the permission to execute.
        let folder = TempDir::new()?;
        let copy = folder.path().join("aws-lambda-rie");
        std::fs::copy(&emulator, &copy)?;
        Command::new("chmod").arg("755").arg(&copy).status().await?;
        let process = Command::new(copy)
            .arg("--runtime-interface-emulator-address")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--runtime-api-address")
            .arg(format!("127.0.0.1:{api}"))
            .arg(program)
            .env_clear()
            .envs(&bed.stack.lambda.environment)
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout_seconds.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let address = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
        Ok(Self { address, http: Http::new(), _process: process, _folder: folder })
    }

    async fn invoke(&self, payload: &str) -> anyhow::Result<Value> {
        let request = json_request("rie", "POST".parse()?, self.address.parse()?, payload.to_owned().into());
        let answer = self.http.send(&request, RETRY, is_transient).await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_function_answers_every_event_under_the_runtime_emulator(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for function in Function::ALL {
        every_event(&bed, function).await.with_context(|| function.crate_name())?;
    }
    // The console was asked to start a run: the request is on the bus, and doing it is the run.
    let events = bed.stack.take_events();
    let asked = events.iter().find(|event| {
        event.envelope["detail-type"] == "Task Requested"
            && event.envelope["detail"]["task"] == "sync_gazelle"
    });
    let run = bed.stack.invoke(Function::SyncGazelle, &asked.context("the request")?.envelope).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.triggered_by.as_deref(), Some("api"));
    Ok(())
}

async fn every_event(bed: &Bed, function: Function) -> anyhow::Result<()> {
    let emulator = Emulator::start(bed, binary(function.crate_name())?, 60).await?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    let is_own = |file: &PathBuf| {
        file.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(&format!("{}.", function.crate_name())))
    };
    files.retain(is_own);
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    let token = console::token(&bed.stack, "admin")?;
    for file in files {
        let event = std::fs::read_to_string(&file)?.replace("ACCESS_TOKEN", &token);
        let answer = emulator.invoke(&event).await?;
        let (field, expected) = expected_answer(&file.to_string_lossy());
        assert_eq!(answer[field], expected, "{}: {answer}", file.display());
    }
    Ok(())
}

/// The field of an answer that says how it went, and what it says.
fn expected_answer(file: &str) -> (&'static str, Value) {
    match file {
        // A continuation speaks of a run that this database has never seen.
        _ if file.contains("continued") => ("errorType", json!("unknown_run")),
        _ if file.contains("admin-api.health") => ("statusCode", json!(200)),
        _ if file.contains("admin-api.sign-in") => ("statusCode", json!(303)),
        _ if file.contains("admin-api.logs") => ("statusCode", json!(200)),
        _ if file.contains("admin-api.run") => ("statusCode", json!(202)),
        _ => ("status", json!("success")),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn panics_strange_payloads_and_deadlines_end_well_under_the_runtime_emulator(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let emulator = Emulator::start(&bed, binary("probe-function")?, 5).await?;
    let asks_for = |what: &str| json!({"task": "rapport_timeline", "parameters": {"do": what}}).to_string();
    let kind = async |payload: String| anyhow::Ok(emulator.invoke(&payload).await?["errorType"].clone());
    assert_eq!(kind(asks_for("panic")).await?, "panic");
    // The process lives on after a panic.
    assert_eq!(kind(json!({"hello": "world"}).to_string()).await?, "unknown_payload");
    assert_eq!(kind(asks_for("hang")).await?, "deadline_exceeded");
    assert_eq!(emulator.invoke("null").await?["status"], "success");
    assert_eq!(emulator.invoke("{}").await?["status"], "success");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_success_event_passes_the_templates_own_rule_and_secrets_come_from_secrets_manager(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let moto = Moto::start().await?;

    let mut secret = serde_json::Map::new();
    for name in ["SUPABASE_SERVICE_ROLE_KEY", "GAZELLE_CLIENT_SECRET", "SENDGRID_API_KEY"] {
        secret.insert(name.into(), bed.stack.lambda.environment.remove(name).context(name)?.into());
    }
    let deployed = bed.stack.deployed(Function::TimelineReport)?;
    let pattern = deployed
        .patterns
        .iter()
        .find(|pattern| pattern["source"][0] == "gazelle.sync")
        .context("the rule")?;
    let made = moto.ask(&["setup", &pattern.to_string(), &Value::Object(secret).to_string()]).await?;
    let environment = &mut bed.stack.lambda.environment;
    environment.insert("SECRET_ARN".into(), made["secret"].as_str().context("arn")?.into());
    environment.insert("AWS_ENDPOINT_URL".into(), moto.endpoint.clone());

    let event = scheduled("sync_gazelle", e2e::NIGHT);
    let run = bed.stack.invoke(Function::SyncGazelle, &event).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let received = moto.ask(&["receive", made["queue"].as_str().context("queue")?]).await?;
    let received = received.as_array().context("messages")?;
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0]["detail-type"], "Gazelle Sync Succeeded");
    assert_eq!(received[0]["detail"]["run_id"].as_str(), run.answer.run_id.as_deref());
    Ok(())
}
