//! The API's own description, taken at its word: thousands of calls that it allows, and thousands that it does not.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use admin_api::Limits;
use anyhow::Context;
use e2e::{
    Backend, Bed,
    console::{Console, token},
    provided,
};
use futures::future::try_join_all;
use serde_json::Value;
use tokio::process::Command;

/// At least so many calls are made.
const CASES: usize = 5_000;
/// Processes that share the paths: one alone is as fast as one core, and its threads disturb each other.
const SHARES: usize = 3;
const UNLIMITED: Limits = Limits { user: i32::MAX.unsigned_abs(), address: i32::MAX.unsigned_abs() };
/// A tool that hangs is stopped.
const PATIENCE: Duration = Duration::from_secs(900);
/// What every answer is held against: no failure of the server, no status, kind or body that is not described.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn no_call_makes_the_api_fail_or_answer_what_it_does_not_describe() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    // Rows to be read and changed.
    bed.fill().await?;
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    let document = console.document().await?;
    let folder = tempfile::tempdir()?;
    let bearer = format!("Authorization: Bearer {}", token(&bed.stack, "admin")?);
    let shares = (0..SHARES).map(|share| {
        let paths: Vec<&str> = document.paths().skip(share).step_by(SHARES).collect();
        let examples = CASES.div_ceil(document.operations().max(1));
        send_cases(&console, &bearer, paths, examples, folder.path().join(share.to_string()))
    });
    let cases: u64 = try_join_all(shares).await?.iter().sum();
    assert!(cases >= CASES as u64, "only {cases} cases");
    Ok(())
}

/// Runs the tool over some paths; how many calls it made.
async fn send_cases(
    console: &Console,
    bearer: &str,
    paths: Vec<&str>,
    examples: usize,
    folder: PathBuf,
) -> anyhow::Result<u64> {
    std::fs::create_dir(&folder)?;
    let report = folder.join("report.json");
    let mut tool = Command::new(Path::new(&provided("GAZELLE_TEST_PYTHON")?).with_file_name("schemathesis"));
    tool.args(["run", console.address.join("/openapi.json")?.as_str(), "--header", bearer])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--continue-on-failure"])
        .args(["--max-examples", &examples.to_string(), "--generation-deterministic", "--no-shrink"])
        .args(["--workers", "1", "--request-timeout", "30", "--suppress-health-check", "all"])
        .args(["--warnings", "off", "--no-color", "--report", "json", "--report-json-path"])
        .arg(&report)
        .args(paths.iter().flat_map(|path| ["--include-path", path]))
        // Where it keeps what it found: nothing of one run counts in the next.
        .current_dir(&folder)
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, tool.output()).await.context("schemathesis hangs")??;
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{complained}");
    let report: Value = serde_json::from_slice(&std::fs::read(&report)?)?;
    report["test_cases"]["generated"].as_u64().with_context(|| format!("no number of cases: {report}"))
}
