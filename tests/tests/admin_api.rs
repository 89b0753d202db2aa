//! The console's API: who may do what, and what a request for a run leads to.

use e2e::{
    Backend, Bed,
    console::{Console, Sent, body, token},
};
use rstest::rstest;
use serde_json::{Value, json};

async fn start(backend: Backend) -> anyhow::Result<(Bed, Console)> {
    let bed = Bed::start(backend).await?;
    let console = Console::start(&bed.stack).await?;
    Ok((bed, console))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_in_and_runs_the_sync(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = start(backend).await?;
    let admin = console.sign_in("admin").await?;

    let change = admin.change().json(&json!({"user_email": "somebody@else.example"}));
    let answer = console.ask("POST", "/api/scheduler/run/sync", &change).await?;
    let accepted = body(&answer)?;
    assert_eq!(answer.status, 202, "{accepted}");
    assert_eq!(accepted["success"], true);
    assert_eq!(accepted["message"], "Synchronisation Gazelle démarrée en arrière-plan");
    assert_eq!(accepted["task_name"], "sync_gazelle");
    assert_eq!(answer.headers["location"].to_str()?, accepted["location"].as_str().unwrap_or_default());

    // Queued before the answer, by the signed-in user, and running for the old clients.
    let queued = bed.runs("sync_gazelle").await?;
    assert_eq!(queued.len(), 1);
    assert_eq!((&queued[0]["id"], &queued[0]["status"]), (&accepted["run_id"], &json!("queued")));
    assert_eq!(queued[0]["triggered_by"], "manual");
    assert_eq!(queued[0]["triggered_by_user"], "admin@gazelle.example");
    let cookie = Sent::nothing().header("cookie", &admin.cookie);
    let logs = body(&console.ask("GET", "/scheduler/logs?limit=20", &cookie).await?)?;
    assert_eq!((&logs[0]["id"], &logs[0]["status"]), (&accepted["run_id"], &json!("running")));

    // The event leads to a run that adopts the row, and to what follows a sync.
    let runs = bed.stack.deliver_events().await?;
    assert_eq!(runs[0].answer.run_id.as_deref(), accepted["run_id"].as_str());
    let done = bed.runs("sync_gazelle").await?;
    assert_eq!((done.len(), &done[0]["status"]), (1, &json!("success")), "{done:?}");
    let path = accepted["location"].as_str().unwrap_or_default();
    let run = body(&console.ask("GET", path, &cookie).await?)?;
    assert_eq!(run["status"], "success");
    let children = run["children"].as_array().map(Vec::len);
    assert_eq!(children, Some(3), "{run}");
    assert_eq!(run["children"][0]["triggered_by_user"], "admin@gazelle.example");
    Ok(())
}
