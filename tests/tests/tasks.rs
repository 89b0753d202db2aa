//! Every back-office task alike: nothing to do, delivered twice, failed and tried again, killed at any step.

use e2e::{Backend, Bed, scheduled};
use gazelle_local::{lambda::Ended, postgrest::Database, stack::TaskRun, tripwire::Moment};
use jiff::ToSpan;
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::{Function, TaskSpec};

const TASKS: [&str; 9] = [
    "backup",
    "restore_drill",
    "rv_alerts",
    "humidity_alerts",
    "maintenance_alerts",
    "cleanup",
    "anomalies",
    "weekly_report",
    "availability",
];

/// A bed with a filled mirror and one copy.
async fn prepared(backend: Backend) -> anyhow::Result<Bed> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    let copy = bed.run("backup", "2026-01-15T08:00:00Z").await?;
    assert_eq!(copy.answer.status, "success", "{:?}", copy.answer);
    Ok(bed)
}

/// What starts a task at an instant: its schedule, else the event of a sync.
fn event(task: &str, time: &str, parent: &str) -> Value {
    match TaskSpec::named(task).unwrap().schedule {
        Some(_) => scheduled(task, time),
        None => json!({
            "source": "gazelle.sync", "detail-type": "Gazelle Sync Succeeded",
            "detail": {"run_id": parent, "correlation_id": parent, "business_date": "2026-01-15", "counts": {}, "full": false},
        }),
    }
}

async fn invoke(bed: &Bed, task: &str, event: &Value, request: &str) -> anyhow::Result<TaskRun> {
    bed.stack.invoke_as(TaskSpec::named(task).unwrap().function, event, request).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_do_is_a_success_and_a_second_delivery_does_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = prepared(backend).await?;
    for task in TASKS {
        let parent = "0c9f7a51-6d5e-4a6a-9a52-1d1a4f6f1a01";
        let event = event(task, "2026-01-16T10:00:00Z", parent);
        let run = invoke(&bed, task, &event, &bed.stack.request_id()).await?;
        assert_eq!(
            (run.answer.status.as_str(), run.answer.outcome.as_str()),
            ("success", "ran"),
            "{task}: {:?}",
            run.answer
        );
        let before = bed.stack.traffic.of("supabase");
        let again = invoke(&bed, task, &event, &bed.stack.request_id()).await?;
        assert_eq!(
            (again.answer.status.as_str(), again.answer.outcome.as_str()),
            ("success", "duplicate"),
            "{task}"
        );
        assert_eq!(again.answer.run_id, run.answer.run_id);
        assert_eq!(bed.stack.traffic.of("supabase"), before + 1, "{task}: one question, no work");
        let by_hand =
            bed.stack.invoke(TaskSpec::named(task).unwrap().function, &json!({"task": task})).await?;
        assert_eq!(by_hand.answer.status, "success", "{task}: {:?}", by_hand.answer);
        assert_eq!(by_hand.answer.triggered_by.as_deref(), Some("manual"));
    }
    assert!(bed.notified().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_reported_once_and_the_retry_does_the_work() -> anyhow::Result<()> {
    let bed = prepared(Backend::PostgRest).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    // What each task cannot do without.
    let breaks = [
        ("backup", "backup_tables", "backup.failed"),
        ("restore_drill", "restore_drill_begin", "backup.failed"),
        ("rv_alerts", "begin_sync", "rv.failed"),
        ("humidity_alerts", "record_humidity_alerts", "humidity.failed"),
        ("maintenance_alerts", "refresh_maintenance_alerts", "maintenance.failed"),
        ("cleanup", "retention_plan", "cleanup.failed"),
        ("weekly_report", "weekly_figures", "report.weekly_failed"),
        ("anomalies", "record_anomalies", "anomaly.failed"),
        ("availability", "record_tick", "availability.failed"),
    ];
    for (at, (task, function, notice)) in breaks.into_iter().enumerate() {
        let identity: String = database
            .query_one("select oid::regprocedure::text from pg_proc where proname = $1", &[&function])
            .await?
            .get(0);
        let allowed = |word: &str, preposition: &str| {
            format!("{word} execute on function {identity} {preposition} service_role")
        };
        database.batch_execute(&allowed("revoke", "from")).await?;
        let parent = format!("0c9f7a51-6d5e-4a6a-9a52-1d1a4f6f1b0{at}");
        let event = event(task, "2026-01-18T10:00:00Z", &parent);
        let request = bed.stack.request_id();
        for _ in 0..2 {
            let failed = invoke(&bed, task, &event, &request).await?;
            assert_eq!(failed.answer.status, "error", "{task}: {:?}", failed.answer);
            assert_eq!(failed.answer.error.unwrap().kind, "supabase_refused", "{task}");
        }
        assert_eq!(bed.notified().len(), 2 * (at + 1), "{task}: two attempts are one trouble for two people");
        let notified = bed.stack.rows("notification_deliveries", "event_type", "created_at").await?;
        assert_eq!(notified.last().unwrap()["event_type"], notice);
        database.batch_execute(&allowed("grant", "to")).await?;
        let retried = invoke(&bed, task, &event, &request).await?;
        assert_eq!(retried.answer.status, "success", "{task}: {:?}", retried.answer);
        assert_eq!(retried.answer.attempt, 3);
        assert_eq!(bed.notified().len(), 2 * (at + 1), "{task}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_fails_all_day_is_reported_once() -> anyhow::Result<()> {
    let mut bed = prepared(Backend::PostgRest).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    let function = "refresh_maintenance_alerts(uuid, uuid, integer, date, timestamptz)";
    database.batch_execute(&format!("revoke execute on function {function} from service_role")).await?;
    for tick in 0..4 {
        bed.stack.advance(jiff::SignedDuration::from_mins(5));
        let run = bed.run("maintenance_alerts", &format!("2026-01-15T10:{:02}:00Z", 5 * tick)).await?;
        assert_eq!(run.answer.status, "error");
    }
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

/// Something new for every night, so that each run has work: an appointment, a note, something planned.
async fn give_work(bed: &Bed, night: i64, day: jiff::civil::Date) -> anyhow::Result<()> {
    {
        let mut company = bed.stack.sandbox.company.write().unwrap();
        let mut appointment = company.appointments[0].clone();
        let change = json!({
            "id": format!("evt_local_9{night:05}"), "start": format!("{}T15:00:00Z", day.tomorrow()?), "type": "APPOINTMENT",
            "status": "ACTIVE", "confirmedAt": null, "confirmedByClient": false, "user": {"id": "usr_local_000002"},
            "client": {"id": "cli_local_000020"}, "updatedAt": "2026-01-14T00:00:00Z",
        });
        for (field, value) in change.as_object().unwrap() {
            appointment[field] = value.clone();
        }
        company.appointments.push(appointment);
    }
    bed.put(
        "gazelle_timeline_entries",
        json!([{"external_id": format!("tme_local_9{night:05}"), "entry_type": "SERVICE_ENTRY_MANUAL",
                "occurred_at": "2026-01-14T12:00:00Z", "description": "PLS débranché", "client_id": "cli_local_000002"}]),
    )
    .await?;
    bed.put(
        "assets",
        json!([{"id": 5000 + night, "name": format!("Camion {night}"), "category": "véhicule"}]),
    )
    .await?;
    bed.put(
        "maintenances",
        json!([{"id": 5000 + night, "asset_id": 5000 + night, "scheduled_date": "2026-01-01"}]),
    )
    .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_killed_at_any_step_does_its_work_once_when_the_event_comes_again(
    #[values("rv_alerts", "humidity_alerts", "maintenance_alerts", "cleanup", "backup", "restore_drill")]
    task: &str,
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = prepared(backend).await?;
    bed.listen("maintenance.late", true).await?;
    bed.listen("humidity.alert", true).await?;
    bed.run("maintenance_alerts", "2026-01-15T09:00:00Z").await?;
    bed.stack.invoke(Function::HumidityAlerts, &json!({})).await?;
    // A copy has a hundred steps that are alike.
    let stride = match task {
        "backup" => 13,
        "restore_drill" => 7,
        _ => 1,
    };
    let first: jiff::Timestamp = "2026-01-16T21:00:00Z".parse()?;
    let (mut killed, mut doubts) = (0, 0);
    let mut messages = bed.notified().len() + bed.stack.sandbox.email_messages().len();
    for night in 0_i64.. {
        let time = first + (24 * night).hours();
        give_work(&bed, night, shared::clock::business_date(time)).await?;
        let parent = format!("0c9f7a51-6d5e-4a6a-9a52-1d1a4f6f{night:04}");
        let event = event(task, &time.to_string(), &parent);
        let request = bed.stack.request_id();
        bed.stack.tripwire.set(1 + stride * u64::try_from(night)?, moment);
        let cut = invoke(&bed, task, &event, &request).await?;
        let was_killed = matches!(cut.invocation.ended, Ended::Crashed);
        if was_killed {
            killed += 1;
            let again = invoke(&bed, task, &event, &request).await?;
            assert_eq!(again.answer.status, "success", "step {night}: {:?}", again.answer);
        } else {
            assert_eq!(cut.answer.status, "success", "{:?}", cut.answer);
        }
        bed.stack.advance(jiff::SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;

        // One message for each person who is to hear of tonight's work; what is in doubt for everybody another channel
        // repeats.
        let expected = match task {
            "rv_alerts" => 1,
            "humidity_alerts" => 3,
            "maintenance_alerts" => 2,
            _ => 0,
        };
        let deliveries = bed.stack.rows("notification_deliveries", "status", "created_at,id").await?;
        let in_doubt = deliveries.iter().filter(|row| row["status"] == "unknown").count();
        let now = bed.notified().len() + bed.stack.sandbox.email_messages().len();
        let (notified, newly_in_doubt) = (now - messages, in_doubt - doubts);
        doubts = in_doubt;
        assert!(
            notified <= expected + newly_in_doubt && notified + newly_in_doubt >= expected,
            "step {night}: {notified} messages, {newly_in_doubt} in doubt, {expected} expected"
        );
        messages = now;
        if !was_killed {
            break;
        }
    }
    assert!(killed >= 5, "only {killed} steps");
    for run in bed.stack.rows("scheduler_logs", "status,task_name", "created_at").await? {
        assert!(["success", "warning", "error"].contains(&run["status"].as_str().unwrap()), "{run}");
    }
    if task == "backup" {
        let store = backup::store::Store::open(&bed.stack.lambda.environment["BACKUP_URL"], None)?;
        for copy in store.copies(backup::copy::Kind::Supabase, None).await? {
            let manifest = store.manifest(&copy.location, None).await?;
            let verdict = backup::verify::read_back(&store, &copy.location, &manifest, None).await;
            assert_eq!(verdict.name(), "verified", "{}", copy.location);
        }
    }
    Ok(())
}
