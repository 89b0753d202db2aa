//! The API's own description, taken at its word: thousands of calls that it allows, and thousands that it does not.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use admin_api::Limits;
use anyhow::Context;
use e2e::{
    Backend, Bed, NIGHT,
    console::{Console, Document, token},
};
use futures::future::try_join_all;
use serde_json::{Value, json};
use shared::task::TASKS;
use tokio::process::Command;

/// At least so many calls are made.
const CASES: usize = 5_000;
/// Processes that share the paths: one alone is as fast as one core, and its threads disturb each other.
const SHARES: usize = 3;
const UNLIMITED: Limits = Limits { user: i32::MAX.unsigned_abs(), address: i32::MAX.unsigned_abs() };
/// A tool that hangs is stopped.
const RETRY: Duration = Duration::from_secs(900);
/// What every answer is held against: no failure of the server, no status, kind or body that is not described.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn no_call_makes_the_api_fail_or_answer_what_it_does_not_describe() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    // Rows to be read and changed.
    bed.fill().await?;
    fill(&bed).await?;
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    let document = console.document().await?;
    let folder = tempfile::tempdir()?;
    let described = folder.path().join("openapi.json");
    std::fs::write(&described, with_known(&bed, &document).await?.to_string())?;
    let bearer = format!("Authorization: Bearer {}", token(&bed.stack, "admin")?);
    let shares = (0..SHARES).map(|share| {
        let paths: Vec<&str> = document.paths().skip(share).step_by(SHARES).collect();
        let examples = CASES.div_ceil(document.operations().len().max(1));
        send_cases(&console, &described, &bearer, paths, examples, folder.path().join(share.to_string()))
    });
    let cases: u64 = try_join_all(shares).await?.iter().sum();
    assert!(cases >= CASES as u64, "only {cases} cases");
    Ok(())
}

/// Things that calls can be about.
async fn fill(bed: &Bed) -> anyhow::Result<()> {
    bed.put("assets", json!([{"id": 900, "name": "Camion", "category": "véhicule"}])).await?;
    let alert = json!({"id": 900, "asset_id": 900, "fingerprint": "test:900", "alert_type": "MAINTENANCE_LATE",
                       "priority": "HIGH", "message": "Entretien en retard"});
    bed.put("alerts", json!([alert])).await?;
    bed.put("maintenances", json!([{"id": 900, "asset_id": 900}])).await?;
    bed.put("cash_registers", json!([{"id": "00000000-0000-4000-8000-000000000900", "name": "Caisse"}]))
        .await?;
    let incident = json!({"id": "00000000-0000-4000-8000-000000000901", "kind": "missed_run", "subject": "backup",
                          "label": "Sauvegarde", "severity": "error", "fingerprint": "test:901", "opened_at": NIGHT});
    bed.put("incidents", json!([incident])).await?;
    let note = bed.stack.rows("gazelle_timeline_entries", "external_id,piano_id", "external_id").await?;
    let humidity = json!({"id": "00000000-0000-4000-8000-000000000902", "timeline_entry_id": note[0]["external_id"],
                          "piano_id": note[0]["piano_id"], "alert_type": "TROP_SEC", "description": "Sec",
                          "observed_at": NIGHT});
    bed.put("humidity_alerts", json!([humidity])).await
}

/// Where the values of the addresses come from: the beginning of the path, the parameter, the table, its key.
const KNOWN: [(&str, &str, &str, &str); 15] = [
    ("/alerts/", "id", "alerts", "id"),
    ("/assets/", "id", "assets", "id"),
    ("/cash/registers/", "id", "cash_registers", "id"),
    ("/humidity-alerts/", "id", "humidity_alerts", "id"),
    ("/humidity-alerts/", "piano_id", "gazelle_pianos", "external_id"),
    ("/incidents/", "id", "incidents", "id"),
    ("/institutions/", "slug", "institutions", "slug"),
    ("/maintenances/", "id", "maintenances", "id"),
    ("/monitor-targets/", "name", "monitor_targets", "name"),
    ("/notification-rules/", "id", "notification_rules", "id"),
    ("/report-tabs/", "key", "report_tabs", "key"),
    ("/runs/", "id", "scheduler_logs", "id"),
    ("/settings/", "key", "settings", "key"),
    ("/staff/", "key", "staff", "key"),
    ("/notices/", "fingerprint", "notices", "fingerprint"),
];

/// The description, in which the addresses of things that exist are as likely as any other: otherwise every call would
/// be about nothing.
async fn with_known(bed: &Bed, document: &Document) -> anyhow::Result<Value> {
    let mut described = document.value().clone();
    for (path, operations) in described["paths"].as_object_mut().into_iter().flatten() {
        for operation in operations.as_object_mut().into_iter().flatten().map(|(_, operation)| operation) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                if parameter["in"] == "path" {
                    let known = known(bed, path, parameter["name"].as_str().unwrap_or_default()).await?;
                    let any = parameter["schema"].take();
                    parameter["schema"] =
                        if known.is_empty() { any } else { json!({"anyOf": [{"enum": known}, any]}) };
                }
            }
        }
    }
    Ok(described)
}

async fn known(bed: &Bed, path: &str, parameter: &str) -> anyhow::Result<Vec<Value>> {
    let tasks = || TASKS.iter().map(|task| Value::from(task.name)).collect();
    match parameter {
        "task" => return Ok(tasks()),
        "collection" => return Ok(["clients", "contacts", "pianos"].map(Value::from).to_vec()),
        "channel" => return Ok(["slack", "email", "telegram"].map(Value::from).to_vec()),
        _ => {}
    }
    let source = KNOWN.into_iter().find(|(start, name, ..)| path.starts_with(start) && *name == parameter);
    let Some((.., table, key)) = source else { return Ok(Vec::new()) };
    let rows = bed.stack.rows(table, key, key).await?;
    Ok(rows.into_iter().take(5).map(|mut row| row[key].take()).collect())
}

/// Runs the tool over some paths; how many calls it made.
async fn send_cases(
    console: &Console,
    described: &Path,
    bearer: &str,
    paths: Vec<&str>,
    examples: usize,
    folder: PathBuf,
) -> anyhow::Result<u64> {
    std::fs::create_dir(&folder)?;
    let report = folder.join("report.json");
    let mut tool = Command::new(tools::python_program("schemathesis")?);
    tool.arg("run")
        .arg(described)
        .args(["--url", console.address.as_str().trim_end_matches('/'), "--header", bearer])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--continue-on-failure"])
        .args(["--max-examples", &examples.to_string(), "--generation-deterministic", "--no-shrink"])
        .args(["--workers", "1", "--request-timeout", "30", "--suppress-health-check", "all"])
        .args(["--warnings", "off", "--no-color", "--report", "json", "--report-json-path"])
        .arg(&report)
        .args(paths.iter().flat_map(|path| ["--include-path", path]))
        // Where it keeps what it found: nothing of one run counts in the next.
        .current_dir(&folder)
        .kill_on_drop(true);
    let output = tokio::time::timeout(RETRY, tool.output()).await.context("schemathesis hangs")??;
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{complained}");
    let report: Value = serde_json::from_slice(&std::fs::read(&report)?)?;
    report["test_cases"]["generated"].as_u64().with_context(|| format!("no number of cases: {report}"))
}
