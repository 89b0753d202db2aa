//! Events arrive twice, late, in parallel; processes die at every step; people are notified once.

use e2e::{Backend, Bed, NIGHT, rpc::ask, scheduled};
use gazelle_local::{faults::FaultSpec, lambda::Ended, tripwire::Moment};
use jiff::ToSpan;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::{Function, TaskSpec};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_schedule_delivered_five_times_in_parallel_does_the_work_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let runs = futures::future::try_join_all((0..5).map(|_| bed.sync(NIGHT))).await?;
    let outcomes: Vec<&str> = runs.iter().map(|run| run.answer.outcome.as_str()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "ran").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "duplicate").count(), 4, "{outcomes:?}");
    assert!(runs.iter().all(|run| run.answer.run_id == runs[0].answer.run_id));
    assert_eq!(bed.runs("sync_gazelle").await?.len(), 1);
    bed.assert_mirrored().await?;
    // The event delivered twice is one report.
    let events = bed.stack.take_events();
    let synced =
        events.iter().find(|event| event.envelope["detail-type"] == "Gazelle Sync Succeeded").unwrap();
    for expected in ["ran", "duplicate"] {
        let report = bed.stack.invoke(Function::TimelineReport, &synced.envelope).await?;
        assert_eq!(report.answer.outcome, expected);
    }
    Ok(())
}

#[rstest]
#[case("gazelle:500", "gazelle_unavailable")]
#[case("gazelle:graphql-error", "gazelle_refused")]
#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_retry_of_a_failed_run_does_the_work_and_of_a_good_one_nothing(
    #[case] fault: FaultSpec,
    #[case] kind: &str,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let event = scheduled("sync_gazelle", NIGHT);
    let request_id = bed.stack.request_id();
    bed.stack.break_with(&[fault]);
    for attempt in 1..=2 {
        let failed = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        assert_eq!(failed.answer.status, "error");
        assert_eq!(failed.answer.attempt, attempt);
        assert_eq!(failed.answer.error.as_ref().unwrap().kind, kind);
        assert!(matches!(&failed.invocation.ended, Ended::Error { kind: name, .. } if name == kind));
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"], "two attempts are one trouble");
    assert!(bed.stack.take_events().is_empty(), "a failed sync starts no report");

    bed.stack.faults.lift();
    let good = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
    assert_eq!((good.answer.status.as_str(), good.answer.attempt), ("success", 3));
    bed.assert_mirrored().await?;
    let again = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
    assert_eq!((again.answer.status.as_str(), again.answer.outcome.as_str()), ("success", "duplicate"));
    let log = bed.runs("sync_gazelle").await?;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["errors"].as_array().unwrap().len(), 2, "the earlier attempts stay on record");
    Ok(())
}

/// What another process must never see: a changed company every night, so that each sync has work.
fn change_something(bed: &Bed, night: usize) {
    let mut company = bed.stack.sandbox.company.write().unwrap();
    let updated = format!("2026-02-{:02}T{:02}:00:00Z", 1 + night / 24, night % 24);
    for (at, field) in [(night % 40, "personalNotes"), ((night + 7) % 40, "referredBy")] {
        company.clients[at][field] = format!("nuit {night}").into();
        company.clients[at]["updatedAt"] = updated.clone().into();
    }
    // Fresh enough to be inside the window that a night reads.
    let (at, instant) = (night % company.timeline.len(), night_of(night).to_string());
    company.timeline[at]["comment"] = format!("nuit {night}").into();
    company.timeline[at]["occurredAt"] = instant.into();
}

/// The instant of the sync, so many nights after the first.
fn night_of(night: usize) -> jiff::Timestamp {
    let first: jiff::Timestamp = NIGHT.parse().unwrap();
    first + (24 * i64::try_from(night).unwrap()).hours()
}

fn is_terminal(run: &Value) -> bool {
    ["success", "warning", "error"].contains(&run["status"].as_str().unwrap_or_default())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_at_any_step_converges_when_the_event_comes_again(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.sync(NIGHT).await?;
    bed.stack.deliver_events().await?;
    let mut killed = 0;
    for step in 1.. {
        let night = night_of(usize::try_from(step)?);
        change_something(&bed, usize::try_from(step)?);
        let event = scheduled("sync_gazelle", &night.to_string());
        let request_id = bed.stack.request_id();
        bed.stack.tripwire.set(step, moment);
        let cut = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        if !matches!(cut.invocation.ended, Ended::Crashed) {
            // The run has fewer steps than this: all were tried.
            assert_eq!(cut.answer.status, "success");
            break;
        }
        killed += 1;
        let again = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        assert_eq!(again.answer.status, "success", "step {step}: {:?}", again.answer);
        // The dispatcher's next tick publishes what the dead process did not.
        bed.stack.advance(jiff::SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
        let reports = bed.stack.deliver_events().await?;
        let made: Vec<_> = reports
            .iter()
            .filter(|run| run.answer.outcome == "ran" && run.answer.task == "rapport_timeline")
            .collect();
        assert_eq!(made.len(), 1, "step {step}: one report");
        assert_eq!(made[0].answer.parent_run_id, again.answer.run_id, "step {step}");
        bed.assert_mirrored().await?;
        let notes = bed
            .stack
            .observer
            .from("gazelle_timeline_entries")
            .select("description")
            .eq("description", format!("nuit {step}"));
        assert_eq!(bed.stack.observer.rows::<Value>(notes).await?.len(), 1, "step {step}: tonight's change");
    }
    assert!(killed > 20, "only {killed} steps");
    for run in bed.stack.rows("scheduler_logs", "status,task_name,run_key", "created_at").await? {
        assert!(is_terminal(&run), "{run}");
    }
    assert!(bed.notified().is_empty(), "nothing failed in the end: {:?}", bed.notified());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_sync_killed_at_any_step_tells_nobody_twice(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let fault: FaultSpec = "gazelle:graphql-error".parse().map_err(anyhow::Error::msg)?;
    for step in 1.. {
        let night = night_of(usize::try_from(step)?);
        let event = scheduled("sync_gazelle", &night.to_string());
        let request_id = bed.stack.request_id();
        let before = bed.notified().len();
        bed.stack.break_with(&[fault]);
        bed.stack.tripwire.set(step, moment);
        let cut = bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        let was_killed = matches!(cut.invocation.ended, Ended::Crashed);
        bed.stack.invoke_as(Function::SyncGazelle, &event, &request_id).await?;
        bed.stack.advance(jiff::SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;

        let notified = bed.notified().len() - before;
        let deliveries =
            bed.stack.rows("notification_deliveries", "status,fingerprint", "created_at,id").await?;
        let tonight: Vec<_> = deliveries
            .iter()
            .filter(|row| row["fingerprint"].as_str().unwrap().ends_with(&night.to_string()))
            .collect();
        assert_eq!(tonight.len(), 2, "step {step}: one delivery per administrator");
        let in_doubt = tonight.iter().filter(|row| row["status"] == "unknown").count();
        // A process that dies inside a sending leaves that one in doubt; in doubt means at most once.
        assert!(
            notified <= 2 && notified + in_doubt >= 2 && in_doubt <= 1,
            "step {step}: told {notified}, in doubt {in_doubt}"
        );
        if !was_killed {
            assert_eq!((notified, in_doubt), (2, 0));
            break;
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_process_frees_its_task_after_the_lease_and_is_reported(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.tripwire.set(9, Moment::After);
    let cut = bed.sync(NIGHT).await?;
    assert!(matches!(cut.invocation.ended, Ended::Crashed));
    // Another trigger finds the group busy while the lease lives: the platform will try again.
    let busy = bed.stack.invoke(Function::SyncGazelle, &json!({})).await?;
    assert_eq!(busy.answer.outcome, "busy", "{:?}", busy);
    assert!(matches!(&busy.invocation.ended, Ended::Error { kind, .. } if kind == "busy"));
    bed.stack.advance(jiff::SignedDuration::from_mins(3));
    let free = bed.stack.invoke(Function::SyncGazelle, &json!({})).await?;
    assert_eq!(free.answer.status, "success");
    let runs = bed.runs("sync_gazelle").await?;
    assert_eq!(
        (runs[0]["status"].as_str(), runs[0]["error_kind"].as_str()),
        (Some("error"), Some("lost")),
        "{runs:?}"
    );
    // Nobody retried the lost run: its end is reported by the next round of sending.
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_task_ends_its_schedule_at_once_and_still_runs_by_hand(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let pause = json!({"task_name": "sync_gazelle", "paused": true, "paused_by": "louise"}).to_string();
    bed.stack.write(bed.stack.observer.from("task_states").insert(pause)).await?;
    let paused = bed.sync(NIGHT).await?;
    assert_eq!((paused.answer.status.as_str(), paused.answer.outcome.as_str()), ("success", "paused"));
    assert_eq!(bed.stack.traffic.of("gazelle"), 0);
    let by_hand = bed.stack.invoke(Function::SyncGazelle, &json!({})).await?;
    assert_eq!(by_hand.answer.outcome, "ran");
    assert_eq!(by_hand.answer.triggered_by.as_deref(), Some("manual"));
    Ok(())
}

/// An import that was started a minute before the night, with a lease of so many minutes.
async fn import_at_work(bed: &Bed, lease_minutes: i64) -> anyhow::Result<(Value, Value)> {
    let now = bed.stack.clock.now();
    let (id, lease) =
        (json!("00000000-0000-4000-8000-0000000000aa"), json!("00000000-0000-4000-8000-0000000000ab"));
    let run = json!({
        "id": id, "task_name": "import_clients", "task_label": "Import clients", "status": "running", "run_key": "import",
        "started_at": (now - jiff::SignedDuration::from_mins(1)).to_string(), "lease_token": lease,
        "exclusion_group": TaskSpec::named("sync_gazelle").unwrap().exclusion_group,
        "lease_expires_at": (now + jiff::SignedDuration::from_mins(lease_minutes)).to_string(),
    });
    bed.put("scheduler_logs", json!([run])).await?;
    Ok((id, lease))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_night_that_finds_an_import_at_work_starts_when_that_ends_and_nobody_is_notified(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let (import, lease) = import_at_work(&bed, 10).await?;
    // The schedule is delivered twice, and both times somebody is at work.
    for _ in 0..2 {
        let run = bed.sync(NIGHT).await?;
        assert!(matches!(run.invocation.ended, Ended::Answer(_)), "the platform does not try again: {run:?}");
        assert_eq!((run.answer.outcome.as_str(), run.answer.status.as_str()), ("queued", "queued"));
    }
    let end = json!({"p_run_id": import, "p_lease": lease, "p_now": bed.stack.clock.now().to_string(),
                     "p_result": {"status": "success", "duration_ms": 1000, "message": "x"}});
    let ended = ask(&bed, "finish_run", end).await?;
    assert_eq!(ended["events"][0]["detail"]["task"], "sync_gazelle", "{ended}");
    // The process of the import died before it published that.
    bed.run("notification_dispatch", "2026-01-15T06:05:00Z").await?;
    let runs = bed.stack.deliver_events().await?;
    let tasks: Vec<(&str, &str)> =
        runs.iter().map(|run| (run.answer.task.as_str(), run.answer.status.as_str())).collect();
    assert_eq!(tasks[0], ("sync_gazelle", "success"), "{tasks:?}");
    assert!(tasks.contains(&("rapport_timeline", "success")), "{tasks:?}");
    let nights = bed.runs("sync_gazelle").await?;
    assert_eq!(nights.len(), 1);
    assert_eq!(
        (&nights[0]["attempt"], &nights[0]["run_key"]),
        (&json!(1), &json!(format!("sync_gazelle@{NIGHT}")))
    );
    // The schedule once more, late: it is done.
    assert_eq!(bed.sync(NIGHT).await?.answer.outcome, "duplicate");
    assert_eq!(bed.notified(), Vec::<String>::new());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_lost_run_starts_and_what_waits_too_long_is_reported(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values(false, true)] is_too_long: bool,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    import_at_work(&bed, if is_too_long { 200 } else { 2 }).await?;
    assert_eq!(bed.sync(NIGHT).await?.answer.outcome, "queued");
    bed.stack.advance(jiff::SignedDuration::from_mins(if is_too_long { 181 } else { 3 }));
    // The watcher closes what is lost; the dispatcher asks for what waited.
    bed.stack.invoke(Function::AvailabilityCheck, &json!({})).await?;
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    bed.stack.deliver_events().await?;
    let night = bed.runs("sync_gazelle").await?.remove(0);
    let expected = if is_too_long { ("error", json!("not_started")) } else { ("success", Value::Null) };
    assert_eq!((night["status"].as_str().unwrap(), night["error_kind"].clone()), expected, "{night}");
    if is_too_long {
        assert_eq!(bed.notified(), ["louise", "nicolas"]);
    }
    Ok(())
}
