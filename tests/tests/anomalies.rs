//! Anomalies: from rows that the real writers left to the table, to people, and to what is recommended.

#![allow(clippy::unwrap_used)] // A test ends at what it did not expect.

use e2e::{Backend, Bed, scheduled};
use gazelle_local::{lambda::Ended, postgrest::Database, stack::TaskRun, tripwire::Moment};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    supabase::SupabaseError,
    task::{Function, TaskSpec},
};

async fn invoke(bed: &Bed, event: &Value, request: &str) -> anyhow::Result<TaskRun> {
    bed.stack.invoke_as(Function::AnomalyDetection, event, request).await
}

/// One tick; answers its figures. No detector may fail.
async fn detect(bed: &Bed) -> anyhow::Result<Value> {
    let run =
        invoke(bed, &scheduled("anomalies", &bed.stack.clock.now().to_string()), &bed.stack.request_id())
            .await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!(run.answer.stats["detection_errors"], 0);
    Ok(run.answer.stats)
}

/// Type, severity and status of the stored anomalies, in the order of their discovery.
async fn anomalies(bed: &Bed) -> anyhow::Result<Vec<String>> {
    let rows = bed.stack.rows("anomalies", "type,severity,status", "first_seen_at,type,fingerprint").await?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Ok(rows
        .iter()
        .map(|row| format!("{} {} {}", text(&row["type"]), text(&row["severity"]), text(&row["status"])))
        .collect())
}

/// A session as the shop has it: opened with 100.00, sales of 50.00, and counted.
async fn close(bed: &Bed, operator: &str, variance: i64) -> anyhow::Result<Value> {
    let now = bed.stack.clock.now().to_string();
    let opened =
        json!({"p_operator_id": operator, "p_initial_amount": 10_000, "p_site_id": "mtl", "p_now": now});
    let session: Value = bed.stack.observer.rpc("open_cash_session", &opened).await?;
    let closed = json!({
        "p_id": session["id"], "p_total_sales": 5_000, "p_total_items": 3, "p_actual_amount": 15_000 + variance,
        "p_comment": "recompté", "p_now": now,
    });
    Ok(bed.stack.observer.rpc("close_cash_session", &closed).await?)
}

async fn sign_in(bed: &Bed, name: &str, address: &str, success: bool) -> anyhow::Result<()> {
    let now = bed.stack.clock.now().to_string();
    let arguments = json!({"p_user_name": name, "p_address": address, "p_success": success, "p_now": now});
    Ok(bed.stack.observer.rpc("record_sign_in", &arguments).await?)
}

/// A run as the harness claims and ends it, at an instant.
async fn ended(
    bed: &Bed,
    task: &str,
    at: Timestamp,
    seconds: i64,
    status: &str,
    stats: Value,
) -> anyhow::Result<()> {
    let spec = TaskSpec::named(task).unwrap();
    let request = json!({
        "kind": "scheduled", "run_key": format!("{task}@{at}"), "task_name": spec.name, "task_label": spec.label,
        "exclusion_group": spec.exclusion_group, "part": 0, "request_id": at.to_string(),
        "triggered_by": "scheduler", "lease_seconds": 120, "parameters": {},
    });
    let claim: Value =
        bed.stack.observer.rpc("claim_run", &json!({"p_request": request, "p_now": at.to_string()})).await?;
    let result = json!({"status": status, "duration_ms": seconds * 1000, "message": "", "stats": stats});
    let end = json!({
        "p_run_id": claim["run"]["id"], "p_lease": claim["run"]["lease_token"], "p_result": result,
        "p_now": (at + SignedDuration::from_secs(seconds)).to_string(),
    });
    let end: Value = bed.stack.observer.rpc("finish_run", &end).await?;
    assert_eq!(end["finished"], true);
    Ok(())
}

/// A nightly sync that Gazelle lets fail, or not; each a minute after the one before.
async fn sync(bed: &mut Bed, fails: bool) -> anyhow::Result<()> {
    bed.stack.advance(SignedDuration::from_mins(1));
    match fails {
        true => bed.stack.break_with(&["gazelle:graphql-error".parse().map_err(anyhow::Error::msg)?]),
        false => bed.stack.faults.lift(),
    }
    let run = bed.sync(&bed.stack.clock.now().to_string()).await?;
    assert_eq!(run.answer.status == "error", fails, "{:?}", run.answer);
    bed.stack.faults.lift();
    bed.stack.take_events();
    Ok(())
}

fn mails(bed: &Bed) -> usize {
    bed.stack.sandbox.email_messages().len()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cash_gap_counts_beyond_ten_dollars_and_is_grave_beyond_fifty(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    for (operator, variance) in
        [("a", 1_000), ("b", 1_001), ("c", 5_000), ("d", 5_001), ("e", -6_000), ("f", -1_000), ("g", 0)]
    {
        let closed = close(&bed, operator, variance).await?;
        assert_eq!((&closed["closing_amount"], &closed["variance"]), (&json!(15_000), &json!(variance)));
    }
    let stats = detect(&bed).await?;
    assert_eq!(stats["by_severity"], json!({"medium": 2, "high": 2}));
    let rows = bed.stack.rows("anomalies", "severity,details,description,notice", "id").await?;
    let mut found: Vec<(i64, &str)> = rows
        .iter()
        .map(|row| (row["details"]["variance_cents"].as_i64().unwrap(), row["severity"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [(-6_000, "high"), (1_001, "medium"), (5_000, "medium"), (5_001, "high")]);
    // Four for two on Slack; the two grave ones by e-mail too. No amount and no operator leaves the console.
    assert_eq!((bed.told().len(), mails(&bed)), (8, 2));
    for row in &rows {
        let said = format!("{}{}", row["description"], row["notice"]);
        assert!(!said.contains("5001") && !said.contains("50,01") && !said.contains("operator"), "{said}");
    }

    // Three of one operator are a pattern of their own.
    for variance in [2_000, 2_000, 2_000] {
        close(&bed, "b", variance).await?;
    }
    assert_eq!(detect(&bed).await?["opened"], 4);
    assert!(anomalies(&bed).await?.contains(&"cash_variance_repeated high open".to_owned()));

    // A threshold is a setting; nonsense is not obeyed.
    for (value, found) in [(json!(5_500), 1), (json!("cher"), 8)] {
        let change = json!({"value": value}).to_string();
        let setting = bed.stack.observer.from("settings").eq("key", "anomaly.cash_medium_cents");
        bed.stack.write(setting.update(change)).await?;
        assert_eq!(detect(&bed).await?["found"], found);
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_variance_of_more_than_a_cent_needs_a_comment_and_a_closing_is_final(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let now = bed.stack.clock.now().to_string();
    let open = json!({"p_operator_id": "a", "p_initial_amount": 10_000, "p_now": now});
    let session: Value = bed.stack.observer.rpc("open_cash_session", &open).await?;
    let attempt = async |actual: i64, comment: Option<&str>| {
        let mut arguments = json!({
            "p_id": session["id"], "p_total_sales": 5_000, "p_total_items": 1, "p_actual_amount": actual, "p_now": now,
        });
        if let Some(comment) = comment {
            arguments["p_comment"] = comment.into();
        }
        let answer: Result<Value, SupabaseError> =
            bed.stack.observer.rpc("close_cash_session", &arguments).await;
        answer
    };
    let is_refused = |answer: Result<Value, SupabaseError>, expected: &str| {
        assert!(
            matches!(&answer, Err(SupabaseError::Refused { code, .. }) if code == expected),
            "{expected}: {answer:?}"
        );
    };
    is_refused(attempt(15_002, None).await, "GT007");
    is_refused(attempt(14_998, Some("  ")).await, "GT007");
    assert_eq!(attempt(15_001, None).await?["status"], "CLOSED");
    assert_eq!(attempt(15_001, None).await?["variance"], 1, "the same closing again is that closing");
    is_refused(attempt(15_000, None).await, "GT006");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_by_task_over_a_day(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    // Nobody hears of the runs themselves here: the anomaly is the only voice.
    bed.listen("sync.failed", false).await?;
    sync(&mut bed, true).await?;
    sync(&mut bed, true).await?;
    let old_script = |number: u32| {
        json!([{"script_name": "Ancien script", "status": "error", "message": "x",
                                           "created_at": format!("2026-01-15T05:0{number}:00Z")}])
    };
    bed.put("sync_logs", old_script(1)).await?;
    bed.put("sync_logs", old_script(2)).await?;
    assert_eq!(detect(&bed).await?["found"], 0, "two of each are none of either");

    sync(&mut bed, false).await?;
    sync(&mut bed, true).await?;
    assert_eq!(detect(&bed).await?["opened"], 1);
    assert_eq!(anomalies(&bed).await?, ["sync_failure medium open"]);
    assert_eq!(bed.told(), ["louise", "nicolas"]);
    let slack = bed.stack.sandbox.slack_messages()[0].body.to_string();
    assert!(
        slack.contains("Échecs répétés — Sync Gazelle Totale") && slack.contains("3 échecs en 24 h"),
        "{slack}"
    );

    sync(&mut bed, true).await?;
    sync(&mut bed, false).await?;
    sync(&mut bed, true).await?;
    detect(&bed).await?;
    assert_eq!(anomalies(&bed).await?, ["sync_failure high open"]);
    assert_eq!(bed.told().len(), 2, "worse is the same trouble");

    bed.put("sync_logs", old_script(3)).await?;
    detect(&bed).await?;
    // Its three are in a row as well: one of the two speaks.
    assert_eq!(
        anomalies(&bed).await?,
        ["sync_failure high open", "consecutive_failures high open", "sync_failure medium open"]
    );
    assert_eq!(bed.told().len(), 4);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_delivered_notice_of_a_run_explains_is_not_told_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for _ in 0..3 {
        sync(&mut bed, true).await?;
    }
    assert_eq!(bed.told().len(), 6, "each run has told itself");
    let stats = detect(&bed).await?;
    assert_eq!((&stats["opened"], &stats["explained"]), (&json!(2), &json!(2)));
    let rows =
        bed.stack.rows("anomalies", "type,explained_by_run_id,covered_by,last_notified_at", "type").await?;
    let last = bed.runs("sync_gazelle").await?.pop().unwrap();
    assert_eq!(rows[0]["explained_by_run_id"], last["id"]);
    assert_eq!(rows[1]["covered_by"], "consecutive_failures:sync_gazelle");
    sync(&mut bed, false).await?;
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!(bed.told().len(), 6, "nor is its end");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_that_fails_all_day_is_explained_by_the_one_notice_of_the_day() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::PostgRest).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    let function = "refresh_maintenance_alerts(uuid, uuid, integer, date, timestamptz)";
    database.batch_execute(&format!("revoke execute on function {function} from service_role")).await?;
    for _ in 0..6 {
        bed.stack.advance(SignedDuration::from_mins(5));
        let run = bed.run("maintenance_alerts", &bed.stack.clock.now().to_string()).await?;
        assert_eq!(run.answer.status, "error");
    }
    assert_eq!(bed.told(), ["louise", "nicolas"]);
    assert_eq!(detect(&bed).await?["explained"], 2);
    assert_eq!(anomalies(&bed).await?, ["consecutive_failures high open", "sync_failure high open"]);
    assert_eq!(bed.told().len(), 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_on_its_way_is_waited_for_and_one_that_never_arrived_explains_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for _ in 0..3 {
        sync(&mut bed, true).await?;
    }
    let told = bed.told().len();
    let settle = async |status: &str| {
        let change = json!({"status": status, "next_attempt_at": "2030-01-01T00:00:00Z"}).to_string();
        let table = bed.stack.observer.from("notification_deliveries");
        bed.stack.write(table.eq("event_type", "sync.failed").update(change)).await
    };
    settle("pending").await?;
    let stats = detect(&bed).await?;
    assert_eq!((&stats["opened"], &stats["explained"]), (&json!(2), &json!(1)), "one speaks for the other");
    assert_eq!(bed.told().len(), told);
    settle("failed").await?;
    detect(&bed).await?;
    assert_eq!(bed.told().len(), told + 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_are_counted_by_person_and_place_and_a_trouble_that_returns_is_told_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for number in 0..5 {
        sign_in(&bed, &format!("inconnu{number}"), &format!("203.0.113.{number}"), false).await?;
    }
    for _ in 0..4 {
        sign_in(&bed, "Louise@Example.com", "203.0.113.9", false).await?;
    }
    assert_eq!(detect(&bed).await?["found"], 0);
    sign_in(&bed, " louise@example.com ", "203.0.113.9", false).await?;
    sign_in(&bed, "louise@example.com", "203.0.113.9", true).await?;
    detect(&bed).await?;
    assert_eq!(anomalies(&bed).await?, ["auth_failure medium open"]);
    assert_eq!((bed.told().len(), mails(&bed)), (2, 0));
    let slack = bed.stack.sandbox.slack_messages()[0].body.to_string();
    assert!(slack.contains("5 connexions refusées sur 6 tentatives"), "{slack}");
    for _ in 0..5 {
        sign_in(&bed, "louise@example.com", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    assert_eq!(anomalies(&bed).await?, ["auth_failure high open"]);
    assert_eq!((bed.told().len(), mails(&bed)), (2, 1), "who is to hear of grave ones hears of it now");

    // A day later it is over; each who heard of it hears that, once.
    bed.stack.advance(SignedDuration::from_hours(25));
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!((bed.told().len(), mails(&bed)), (4, 2));
    assert_eq!(detect(&bed).await?["resolved"], 0);
    assert_eq!((bed.told().len(), mails(&bed)), (4, 2));

    for _ in 0..5 {
        sign_in(&bed, "louise@example.com", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    let rows = bed.stack.rows("anomalies", "*", "id").await?;
    assert_eq!(rows.len(), 1, "one trouble, one row");
    assert_eq!((&rows[0]["reopened_count"], &rows[0]["status"]), (&json!(1), &json!("open")));
    assert_eq!((bed.told().len(), mails(&bed)), (6, 2));
    // Neither name nor address is anywhere.
    for table in ["login_history", "anomalies", "notification_deliveries"] {
        for row in bed.stack.rows(table, "*", "id").await? {
            let row = row.to_string();
            assert!(!row.contains("example.com") && !row.contains("203.0.113"), "{table}: {row}");
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_anomaly_in_two_runs_is_told_once_and_its_end_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    close(&bed, "a", 6_000).await?;
    let dry =
        invoke(&bed, &json!({"parameters": {"dry_run": true}, "task": "anomalies"}), &bed.stack.request_id())
            .await?;
    assert_eq!(dry.answer.stats["findings"][0]["type"], "cash_variance", "{:?}", dry.answer);
    assert!(anomalies(&bed).await?.is_empty() && bed.told().is_empty());

    assert_eq!(detect(&bed).await?["opened"], 1);
    assert_eq!((bed.told().len(), mails(&bed)), (2, 1));
    bed.stack.advance(SignedDuration::from_mins(30));
    let again = detect(&bed).await?;
    assert_eq!((&again["found"], &again["opened"], &again["updated"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!((bed.told().len(), mails(&bed)), (2, 1));
    let row = bed.stack.rows("anomalies", "*", "id").await?.remove(0);
    assert_eq!(row["occurrences"], 2);
    assert_eq!(row["first_seen_at"], row["opened_at"]);

    bed.stack.advance(SignedDuration::from_hours(7 * 24));
    for _ in 0..2 {
        detect(&bed).await?;
    }
    assert_eq!(anomalies(&bed).await?, ["cash_variance high resolved"]);
    assert_eq!((bed.told().len(), mails(&bed)), (4, 2));
    let last = bed.stack.sandbox.slack_messages().pop().unwrap().body.to_string();
    assert!(last.contains("c'est terminé") && last.contains("7 j 0 h"), "{last}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn models_the_mirror_humidity_and_unusual_runs_are_watched(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    assert_eq!(detect(&bed).await?["found"], 0, "the invented company is well");
    bed.stack.advance(SignedDuration::from_hours(13));
    let now = bed.stack.clock.now();

    let calls: Vec<Value> = (0..20)
        .map(|number| {
            json!({"feature": "humidity", "model": "m", "success": number > 4, "error_kind": if number > 4 { Value::Null } else { "http_500".into() },
                   "confidence": 0.5, "created_at": "2026-01-15T12:00:00Z"})
        })
        .collect();
    bed.put("ai_events", json!(calls)).await?;
    let late = json!([{"timeline_entry_id": "tme_1", "alert_type": "housse", "description": "x", "observed_at": "2026-01-01T18:00:00Z"}]);
    bed.put("humidity_alerts", late).await?;
    bed.put(
        "gazelle_pianos",
        json!([{"external_id": "ins_local_lost", "client_external_id": "cli_local_gone", "synced_at": "2026-01-10T00:00:00Z"}]),
    )
    .await?;
    for day in 1..=3 {
        let at = now - SignedDuration::from_hours(24 * day);
        ended(&bed, "sync_gazelle", at, 60, "success", json!({"clients": 100_000, "pianos": 1})).await?;
    }
    // The same task on the same weekday for eight weeks, and today.
    for week in 1..=8 {
        let at = now - SignedDuration::from_hours(24 * 7 * week);
        ended(&bed, "backup", at, 170 + week, "success", json!({"supabase": {"rows": 4_000}})).await?;
    }
    let today = now - SignedDuration::from_hours(1);
    ended(&bed, "backup", today, 720, "success", json!({"supabase": {"rows": 10}})).await?;

    let stats = detect(&bed).await?;
    assert_eq!(stats["live"]["pianos"], bed.live("gazelle_pianos").await?);
    assert_eq!(
        anomalies(&bed).await?,
        [
            "ai_confidence low open",
            "ai_error_rate high open",
            "humidity_backlog medium open",
            "orphan_rows low open",
            "row_count_drop high open",
            "unusual_duration medium open",
            "unusual_volume medium open",
        ]
    );
    let rows = bed.stack.rows("anomalies", "type,description", "type").await?;
    assert_eq!(rows[5]["description"], "A duré 12 min; un jeudi habituel: 2 min.");
    assert_eq!(bed.told().len(), 10, "what is low is stored and not told");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_ends_without_reading_everything_leaves_data_out_of_date(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    bed.stack.advance(SignedDuration::from_hours(27));
    assert_eq!(detect(&bed).await?["found"], 0, "that no sync ran is told by another voice");
    bed.listen("sync.failed", false).await?;
    sync(&mut bed, true).await?;
    let stats = detect(&bed).await?;
    assert_eq!(stats["by_severity"], json!({"high": 5}), "each collection: {stats}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_the_run_fails_and_is_silent_and_the_next_one_works(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    close(&bed, "a", 6_000).await?;
    bed.stack.break_with(&["supabase:500".parse().map_err(anyhow::Error::msg)?]);
    let run = invoke(&bed, &scheduled("anomalies", "2026-01-15T06:30:00Z"), &bed.stack.request_id()).await?;
    assert_eq!(run.answer.status, "error");
    assert_eq!(run.answer.error.unwrap().kind, "supabase_unavailable");
    // It runs every half hour: its alarm speaks, once.
    assert!(bed.told().is_empty());
    bed.stack.faults.lift();
    assert_eq!(detect(&bed).await?["opened"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_that_fails_is_reported_and_the_others_go_on() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let database = Database::connect(&bed.database.as_ref().unwrap().url).await?;
    for _ in 0..5 {
        sign_in(&bed, "a", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    database.batch_execute("alter table login_history rename column success to passed").await?;
    close(&bed, "a", 6_000).await?;
    for _ in 0..2 {
        let run = invoke(&bed, &json!({}), &bed.stack.request_id()).await?;
        assert_eq!(run.answer.status, "warning", "{:?}", run.answer);
        assert_eq!(run.answer.stats["detection_errors"], 1);
    }
    let rows = bed.stack.rows("anomalies", "type,severity,status,details", "type").await?;
    let found: Vec<&str> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(found, ["auth_failure", "cash_variance", "detection_error"]);
    assert!(
        rows.iter().all(|row| row["status"] == "open"),
        "what could not be looked at is not over: {rows:?}"
    );
    assert_eq!(rows[2]["severity"], "critical");
    assert_eq!(rows[2]["details"], json!({"detector": "auth", "code": "42703"}));
    assert_eq!((bed.told().len(), mails(&bed)), (6, 1));

    database.batch_execute("alter table login_history rename column passed to success").await?;
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!(bed.told().len(), 8);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_that_was_decided_comes_back_only_with_new_evidence_after_its_period(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "nothing is always recommended");
    close(&bed, "a", 6_000).await?;
    // Two gaps are less than a tenth of the sessions: no training is recommended.
    for _ in 0..20 {
        close(&bed, "b", 0).await?;
    }
    detect(&bed).await?;
    let open = bed.stack.rows("recommendations", "*", "first_seen_at").await?;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["type"], &open[0]["due_date"]), (&json!("cash_control"), &json!("2026-01-22")));
    let decided: Value = bed
        .stack
        .observer
        .rpc(
            "decide_recommendation",
            &json!({"p_id": open[0]["id"], "p_status": "done", "p_by": "louise", "p_now": bed.stack.clock.now().to_string()}),
        )
        .await?;
    assert_eq!((&decided["status"], &decided["decided_by"]), (&json!("done"), &json!("louise")));
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "the same evidence");
    bed.stack.advance(SignedDuration::from_hours(6 * 24));
    close(&bed, "a", 7_000).await?;
    assert_eq!(detect(&bed).await?["recommendations"]["open"], 0, "other evidence, within the period");
    bed.stack.advance(SignedDuration::from_hours(25));
    let stats = detect(&bed).await?;
    assert_eq!(stats["recommendations"]["opened"], 1, "{stats}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_it_tells_everybody_once(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let (mut killed, mut doubts, mut messages) = (0, 0, 0);
    for night in 0_u64.. {
        close(&bed, &format!("operator {night}"), 6_000).await?;
        let event = scheduled("anomalies", &bed.stack.clock.now().to_string());
        let request = bed.stack.request_id();
        bed.stack.tripwire.set(1 + night, moment);
        let cut = invoke(&bed, &event, &request).await?;
        let was_killed = matches!(cut.invocation.ended, Ended::Crashed);
        let last = match was_killed {
            true => invoke(&bed, &event, &request).await?,
            false => cut,
        };
        killed += u32::from(was_killed);
        assert_eq!(last.answer.status, "success", "step {night}: {:?}", last.answer);
        bed.stack.advance(SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;

        // Two on Slack and one by e-mail; in doubt means at most once.
        let deliveries = bed.stack.rows("notification_deliveries", "status", "created_at,id").await?;
        let in_doubt = deliveries.iter().filter(|row| row["status"] == "unknown").count();
        let now = bed.told().len() + mails(&bed);
        let (told, newly_in_doubt) = (now - messages, in_doubt - doubts);
        (doubts, messages) = (in_doubt, now);
        assert!(
            told <= 3 && told + newly_in_doubt >= 3,
            "step {night}: {told} told, {newly_in_doubt} in doubt"
        );
        if !was_killed {
            break;
        }
    }
    assert!(killed >= 15, "only {killed} steps");
    assert_eq!(bed.stack.rows("anomalies", "id", "id").await?.len() as u32, killed + 1);
    Ok(())
}

/// Ninety days of a log that nobody cleaned up, and a mirror of the company's size.
const LONG_LOG: &str = "
    insert into scheduler_logs (task_name, task_label, status, started_at, completed_at, duration_ms, stats)
    select t.name, t.name, case when random() < 0.02 then 'error' else 'success' end, at, at + interval '2 seconds', 2000,
           '{\"rows\": 4000, \"clients\": 4000, \"pianos\": 5000}'
    from (values ('sync_gazelle', interval '1 day'), ('backup', interval '1 day'), ('rapport_timeline', interval '1 day'),
                 ('anomalies', interval '30 minutes'), ('maintenance_alerts', interval '5 minutes'),
                 ('availability', interval '5 minutes'), ('notification_dispatch', interval '5 minutes')) t (name, every),
         generate_series(timestamptz '2026-01-15T05:00:00Z' - interval '90 days', timestamptz '2026-01-15T05:00:00Z', t.every) at;
    insert into gazelle_clients (external_id, synced_at) select 'cli_local_' || n, '2026-01-01' from generate_series(1, 4000) n;
    insert into gazelle_pianos (external_id, client_external_id, synced_at)
    select 'ins_local_' || n, 'cli_local_' || n % 4000 + 1, '2026-01-01' from generate_series(1, 5000) n;
    insert into gazelle_timeline_entries (external_id, client_id, piano_id, synced_at)
    select 'tme_local_' || n, 'cli_local_' || n % 4000 + 1, 'ins_local_' || n % 5000 + 1, '2026-01-01'
    from generate_series(1, 120000) n;
    insert into sync_state (collection, watermark) values ('clients', '2026-01-15T05:00:00Z'), ('pianos', '2026-01-15T05:00:00Z');
    analyze;";

#[tokio::test(flavor = "multi_thread")]
async fn ninety_days_of_log_are_analysed_in_two_seconds_and_little_memory() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    Database::connect(&bed.database.as_ref().unwrap().url).await?.batch_execute(LONG_LOG).await?;
    let run = invoke(&bed, &json!({}), &bed.stack.request_id()).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert!(run.answer.duration_ms < 2_000, "{} ms", run.answer.duration_ms);
    assert!(run.invocation.peak_rss_bytes < 64_000_000, "{} bytes", run.invocation.peak_rss_bytes);
    Ok(())
}
