//! cargo-lambda, which builds the deployment: one function built for it, and one invoked under its emulator on a running
//! stack. Part of `cargo xtask test --all`.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use e2e::{Backend, Bed, RETRY, free_port};
use serde_json::Value;
use shared::http::{Http, Retry, json_request};
use tokio::process::{Child, Command};

const FUNCTION: &str = "cleanup";

fn cargo_lambda(subcommand: &str) -> anyhow::Result<Command> {
    let program = tools::python_program("cargo-lambda")?;
    let folder = program.parent().context("its folder")?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Its compiler is in the same environment.
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))?;
    let mut command = Command::new(program);
    command.args(["lambda", subcommand]).current_dir(tools::root()).env("PATH", path).kill_on_drop(true);
    Ok(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_built_as_the_deployment_builds_it() -> anyhow::Result<()> {
    let built = cargo_lambda("build")?
        .args(["--release", "--x86-64", "--output-format", "zip", "--package", FUNCTION])
        .status()
        .await?;
    assert!(built.success());
    let zip = tools::root().join(format!("target/lambda/{FUNCTION}/bootstrap.zip"));
    let bytes = std::fs::metadata(&zip)?.len();
    assert!((1_000_000..5_000_000).contains(&bytes), "{bytes} bytes");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_answers_an_event_file_under_cargo_lambdas_emulator() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let port = free_port()?.to_string();
    let _emulator: Child = cargo_lambda("watch")?
        .args(["--invoke-port", &port, "--package", FUNCTION])
        .envs(&bed.stack.lambda.environment)
        .stdout(Stdio::null())
        .spawn()?;
    let address = format!("http://127.0.0.1:{port}").parse()?;
    let ready = json_request("cargo-lambda", "GET".parse()?, address, Default::default());
    // Any answer is one: its port is open. It may come only after the function is compiled.
    let minutes = Retry { timeout: Duration::from_secs(900), budget: Duration::from_secs(900), ..RETRY };
    Http::new().send(&ready, minutes, |_| false).await.context("the emulator did not become ready")?;
    let invoked = cargo_lambda("invoke")?
        .args([FUNCTION, "--invoke-port", &port, "--data-file", "events/cleanup.manual.json"])
        .output()
        .await?;
    ensure!(invoked.status.success(), "{}", String::from_utf8_lossy(&invoked.stderr));
    let answer: Value = serde_json::from_slice(&invoked.stdout)?;
    assert_eq!(answer["status"], "success", "{answer}");
    assert_eq!(bed.runs("cleanup").await?.len(), 1);
    Ok(())
}
