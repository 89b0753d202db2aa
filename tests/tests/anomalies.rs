//! Anomalies: from rows that the real writers left to the table, to people, and to what is recommended.

mod failures;
mod recommendations;
mod steps;

use e2e::{
    Backend, Bed,
    console::{self, Sent},
};
use gazelle_local::postgrest::Database;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use shared::supabase::SupabaseError;

use self::steps::{anomalies, close, detect, ended, invoke, mails, sign_in, sync};

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
    assert_eq!((bed.notified().len(), mails(&bed)), (8, 2));
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

#[tokio::test(flavor = "multi_thread")]
async fn whose_gaps_they_are_is_nowhere_in_what_viewers_get() -> anyhow::Result<()> {
    let (bed, console) = console::open(Backend::Embedded).await?;
    for _ in 0..3 {
        close(&bed, "planted-operator@example.com", 6_000).await?;
    }
    detect(&bed).await?;
    let [viewer, operator] = ["viewer", "operator"].map(|role| console::token(&bed.stack, role));
    let [viewer, operator] = [viewer?, operator?].map(|token| Sent::nothing().bearer(&token));
    let run = bed.runs("anomalies").await?.pop().unwrap();
    let browser = console.sign_in("viewer").await?;
    let mut asked = 0;
    for (method, path) in console.document().await?.operations() {
        let path = path.replace("{run_id}", run["id"].as_str().unwrap());
        if method != "GET" || path.contains('{') {
            continue;
        }
        let answer = console.ask("GET", &path, &viewer).await?;
        if answer.status == 200 {
            asked += 1;
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!said.contains("planted-operator"), "{path}: {said}");
        }
        let page = console.ask("GET", &path, &browser.browse("fr")).await?;
        assert!(!String::from_utf8_lossy(&page.body).contains("planted-operator"), "{path}: {page:?}");
    }
    assert!(asked > 25, "{asked}");
    // It is there, for those who enter the sessions.
    let all = console.ask("GET", "/admin/health", &operator).await?;
    assert!(String::from_utf8_lossy(&all.body).contains("planted-operator"));
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
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
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
    assert_eq!(bed.notified().len(), 2, "worse is the same trouble");

    bed.put("sync_logs", old_script(3)).await?;
    detect(&bed).await?;
    // Its three are in a row as well: one of the two speaks.
    assert_eq!(
        anomalies(&bed).await?,
        ["sync_failure high open", "consecutive_failures high open", "sync_failure medium open"]
    );
    assert_eq!(bed.notified().len(), 4);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_delivered_notice_of_a_run_explains_is_not_reported_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for _ in 0..3 {
        sync(&mut bed, true).await?;
    }
    assert_eq!(bed.notified().len(), 6, "each run has told itself");
    let stats = detect(&bed).await?;
    assert_eq!((&stats["opened"], &stats["explained"]), (&json!(2), &json!(2)));
    let rows =
        bed.stack.rows("anomalies", "type,explained_by_run_id,covered_by,last_notified_at", "type").await?;
    let last = bed.runs("sync_gazelle").await?.pop().unwrap();
    assert_eq!(rows[0]["explained_by_run_id"], last["id"]);
    assert_eq!(rows[1]["covered_by"], "consecutive_failures:sync_gazelle");
    sync(&mut bed, false).await?;
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!(bed.notified().len(), 6, "nor is its end");
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
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    assert_eq!(detect(&bed).await?["explained"], 2);
    assert_eq!(anomalies(&bed).await?, ["consecutive_failures high open", "sync_failure high open"]);
    assert_eq!(bed.notified().len(), 2);
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
    let notified = bed.notified().len();
    let settle = async |status: &str| {
        let change = json!({"status": status, "next_attempt_at": "2030-01-01T00:00:00Z"}).to_string();
        let table = bed.stack.observer.from("notification_deliveries");
        bed.stack.write(table.eq("event_type", "sync.failed").update(change)).await
    };
    settle("pending").await?;
    let stats = detect(&bed).await?;
    assert_eq!((&stats["opened"], &stats["explained"]), (&json!(2), &json!(1)), "one speaks for the other");
    assert_eq!(bed.notified().len(), notified);
    settle("failed").await?;
    detect(&bed).await?;
    assert_eq!(bed.notified().len(), notified + 2);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_are_counted_by_person_and_place_and_a_problem_that_returns_is_reported_again(
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
    assert_eq!((bed.notified().len(), mails(&bed)), (2, 0));
    let slack = bed.stack.sandbox.slack_messages()[0].body.to_string();
    assert!(slack.contains("5 connexions refusées sur 6 tentatives"), "{slack}");
    for _ in 0..5 {
        sign_in(&bed, "louise@example.com", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    assert_eq!(anomalies(&bed).await?, ["auth_failure high open"]);
    assert_eq!((bed.notified().len(), mails(&bed)), (2, 1), "who is to hear of grave ones hears of it now");

    // A day later it is over; each who heard of it hears that, once.
    bed.stack.advance(SignedDuration::from_hours(25));
    assert_eq!(detect(&bed).await?["resolved"], 1);
    assert_eq!((bed.notified().len(), mails(&bed)), (4, 2));
    assert_eq!(detect(&bed).await?["resolved"], 0);
    assert_eq!((bed.notified().len(), mails(&bed)), (4, 2));

    for _ in 0..5 {
        sign_in(&bed, "louise@example.com", "203.0.113.9", false).await?;
    }
    detect(&bed).await?;
    let rows = bed.stack.rows("anomalies", "*", "id").await?;
    assert_eq!(rows.len(), 1, "one trouble, one row");
    assert_eq!((&rows[0]["reopened_count"], &rows[0]["status"]), (&json!(1), &json!("open")));
    assert_eq!((bed.notified().len(), mails(&bed)), (6, 2));
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
async fn what_an_attack_spoke_for_speaks_for_itself_when_the_attack_is_over(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    for number in 0..60 {
        let address = format!("203.0.113.{}", number % 6);
        sign_in(&bed, &format!("inconnu{number}"), &address, false).await?;
    }
    let guess = async |bed: &Bed| -> anyhow::Result<()> {
        for _ in 0..6 {
            sign_in(bed, "louise@example.com", "203.0.113.99", false).await?;
        }
        Ok(())
    };
    guess(&bed).await?;
    detect(&bed).await?;
    assert_eq!(bed.notified(), ["louise", "nicolas"], "one message for all of it");
    // The others have given up; louise's account is still tried.
    bed.stack.advance(SignedDuration::from_hours(23));
    guess(&bed).await?;
    bed.stack.advance(SignedDuration::from_hours(2));
    detect(&bed).await?;
    assert_eq!(anomalies(&bed).await?, ["auth_attack high resolved", "auth_failure medium open"]);
    let said: Vec<String> =
        bed.stack.sandbox.slack_messages().iter().map(|sent| sent.body.to_string()).collect();
    assert!(said.iter().any(|said| said.contains("6 connexions refusées sur 6 tentatives")), "{said:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_anomaly_in_two_runs_is_reported_once_and_its_end_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    close(&bed, "a", 6_000).await?;
    let dry =
        invoke(&bed, &json!({"parameters": {"dry_run": true}, "task": "anomalies"}), &bed.stack.request_id())
            .await?;
    assert_eq!(dry.answer.stats["findings"][0]["type"], "cash_variance", "{:?}", dry.answer);
    assert!(anomalies(&bed).await?.is_empty() && bed.notified().is_empty());

    assert_eq!(detect(&bed).await?["opened"], 1);
    assert_eq!((bed.notified().len(), mails(&bed)), (2, 1));
    bed.stack.advance(SignedDuration::from_mins(30));
    let again = detect(&bed).await?;
    assert_eq!((&again["found"], &again["opened"], &again["updated"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!((bed.notified().len(), mails(&bed)), (2, 1));
    let row = bed.stack.rows("anomalies", "*", "id").await?.remove(0);
    assert_eq!(row["occurrences"], 2);
    assert_eq!(row["first_seen_at"], row["opened_at"]);

    bed.stack.advance(SignedDuration::from_hours(7 * 24));
    for _ in 0..2 {
        detect(&bed).await?;
    }
    assert_eq!(anomalies(&bed).await?, ["cash_variance high resolved"]);
    assert_eq!((bed.notified().len(), mails(&bed)), (4, 2));
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
    assert_eq!(bed.notified().len(), 10, "what is low is stored and not told");
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
