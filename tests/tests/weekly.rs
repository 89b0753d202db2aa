//! The weekly report: one for each week whatever happens, with the figures of that week and of no other.

mod weeks;

use e2e::{Backend, Bed, scheduled};
use gazelle_local::{lambda::Ended, stack::TaskRun, tripwire::Moment};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

use self::weeks::{cash, eventful_week, quiet_week, still_clocks, uuid};

/// Eight in the morning of the Monday after the bed's night.
const MONDAY: &str = "2026-01-19T13:00:00Z";
/// A week earlier.
const MONDAY_BEFORE: &str = "2026-01-12T13:00:00Z";

async fn reports(bed: &Bed) -> anyhow::Result<Vec<Value>> {
    bed.stack.rows("weekly_reports", "*", "period_start").await
}

/// Addresses of the reports that were sent, sorted.
fn notified(bed: &Bed) -> Vec<String> {
    let reports = weekly_mails(bed);
    let mut notified: Vec<String> = reports
        .iter()
        .map(|body| body["personalizations"][0]["to"][0]["email"].as_str().unwrap().to_owned())
        .collect();
    notified.sort();
    notified
}

/// E-mail alone, which every bed can receive.
async fn silence_telegram(bed: &Bed) -> anyhow::Result<()> {
    let rules = bed.stack.observer.from("notification_rules").eq("channel", "telegram");
    bed.stack.write(rules.update(json!({"enabled": false}).to_string())).await
}

fn weekly_mails(bed: &Bed) -> Vec<Value> {
    let mails = bed.stack.sandbox.email_messages().into_iter().map(|sent| sent.body);
    mails.filter(|body| body["subject"].as_str().unwrap().contains("Rapport hebdomadaire")).collect()
}

async fn report(bed: &Bed, parameters: Value) -> anyhow::Result<TaskRun> {
    bed.stack
        .invoke(Function::WeeklyReport, &json!({"task": "weekly_report", "parameters": parameters}))
        .await
}

/// What the API answers about a span.
async fn figures(bed: &Bed, from: &str, until: &str) -> anyhow::Result<Value> {
    Ok(bed.stack.observer.rpc("weekly_figures", &json!({"p_from": from, "p_until": until})).await?)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_reported_against_the_week_before(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    silence_telegram(&bed).await?;
    quiet_week(&bed).await?;
    let first = bed.run("weekly_report", MONDAY_BEFORE).await?;
    assert_eq!(first.answer.stats["week"], "2026-W02", "{:?}", first.answer);
    eventful_week(&mut bed).await?;
    still_clocks(&bed).await?;
    let earlier = weekly_mails(&bed).len();
    let run = bed.run("weekly_report", MONDAY).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    assert_eq!((&run.answer.stats["stored"], &run.answer.stats["week"]), (&json!(true), &json!("2026-W03")));

    let reports = reports(&bed).await?;
    let stored = &reports[1];
    assert_eq!(
        (&stored["period_start"], &stored["period_end"]),
        (&json!("2026-01-12"), &json!("2026-01-18"))
    );
    assert_eq!(stored["data"]["before"], reports[0]["data"]["figures"], "what was told is what is compared");
    insta::assert_snapshot!("weekly_figures", serde_json::to_string_pretty(&stored["data"]["figures"])?);
    let mail = &weekly_mails(&bed)[earlier];
    let (text, html) = (&mail["content"][0]["value"], &mail["content"][1]["value"]);
    assert_eq!(text, &stored["text"], "what is stored is what was told");
    insta::assert_snapshot!("weekly_text", text.as_str().unwrap());
    insta::assert_snapshot!("weekly_html", html.as_str().unwrap());
    let html = html.as_str().unwrap();
    assert!(
        !html.contains("<svg") && !html.contains("data:") && html.contains("background-color"),
        "bars are cells"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn however_often_it_runs_a_week_has_one_report_and_everybody_one_message(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let first = bed.run("weekly_report", MONDAY).await?;
    assert_eq!((first.answer.outcome.as_str(), &first.answer.stats["stored"]), ("ran", &json!(true)));
    let again = bed.run("weekly_report", MONDAY).await?;
    assert_eq!(again.answer.outcome, "duplicate");
    // The same week on another day of the next one, as its schedule or a person asks for it.
    bed.stack.advance(SignedDuration::from_hours(5 * 24));
    for run in [
        bed.run("weekly_report", "2026-01-21T13:00:00Z").await?,
        report(&bed, json!({})).await?,
        report(&bed, json!({"week": "2026-W03"})).await?,
    ] {
        assert_eq!((run.answer.status.as_str(), &run.answer.stats["stored"]), ("success", &json!(false)));
        assert!(run.answer.message.unwrap().contains("existe déjà"));
    }
    assert_eq!(reports(&bed).await?.len(), 1);
    assert_eq!(notified(&bed), ["allan@example.com", "louise@example.com", "nicolas@example.com"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_week_in_which_the_clocks_change_has_its_own_hours_and_no_others(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values(
        ("2026-03-09T12:00:00Z", "2026-03-02", "2026-03-02T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("2026-11-02T13:00:00Z", "2026-10-26", "2026-10-26T04:00:00Z", "2026-11-02T05:00:00Z")
    )]
    week: (&str, &str, &str, &str),
) -> anyhow::Result<()> {
    let (monday, start, from, until) = week;
    let at_start: Timestamp = monday.parse()?;
    let bed = Bed::start_with(backend, |options| options.at = at_start).await?;
    let before =
        |instant: &str| instant.parse::<Timestamp>().map(|instant| (instant - 1.second()).to_string());
    bed.put(
        "cash_sessions",
        json!([
            cash(1, &before(from)?, 1),
            cash(2, from, 10),
            cash(3, &before(until)?, 100),
            cash(4, until, 1000)
        ]),
    )
    .await?;
    for _ in 0..2 {
        let run = bed.run("weekly_report", monday).await?;
        assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    }
    let reports = reports(&bed).await?;
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0]["period_start"], start);
    assert_eq!(reports[0]["data"]["figures"]["cash"]["sales_cents"], 110);
    assert_eq!(reports[0]["data"]["before"]["cash"]["sales_cents"], 1);
    assert_eq!(notified(&bed).len(), 3);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_company_in_which_nothing_ever_ran_gets_zeros_and_unknowns(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    // A report of another shape, as an older version may have left it, is no figure of the week before.
    let older = json!({"period_start": "2026-01-05", "period_end": "2026-01-11", "data": {"figures": {"runs": 7}},
                       "text": "x", "run_id": uuid(1)});
    bed.put("weekly_reports", older).await?;
    let run = bed.run("weekly_report", MONDAY).await?;
    assert_eq!(run.answer.status, "success", "{:?}", run.answer);
    let figures = &reports(&bed).await?[1]["data"]["figures"];
    let sync = &figures["runs"][0];
    assert_eq!(
        (&sync["task"], &sync["finished"]),
        (&json!("sync_gazelle"), &json!(0)),
        "its absence is seen"
    );
    assert_eq!(figures["cash"]["sales_cents"], 0);
    assert_eq!((&figures["backup"]["age_seconds"], &figures["failing"]), (&Value::Null, &Value::Null));
    let mails = weekly_mails(&bed);
    let text = mails[0]["content"][0]["value"].as_str().unwrap();
    assert!(text.contains("Semaine du 12 au 18 janvier 2026: aucune exécution, aucune panne."), "{text}");
    assert!(text.contains("aucune sauvegarde vérifiée") && text.contains('—'), "{text}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_report_carries_what_became_of_its_messages(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    silence_telegram(&bed).await?;
    let status =
        async |bed: &Bed, at: usize| reports(bed).await.map(|reports| reports[at]["delivery_status"].clone());
    bed.run("weekly_report", MONDAY_BEFORE).await?;
    assert_eq!(status(&bed, 0).await?, "sent");

    let sendgrid =
        bed.stack.lambda.environment.insert("SENDGRID_URL".into(), "http://127.0.0.1:1".into()).unwrap();
    bed.run("weekly_report", MONDAY).await?;
    assert_eq!(status(&bed, 1).await?, "pending", "they are tried again");
    bed.stack.lambda.environment.insert("SENDGRID_URL".into(), sendgrid);
    bed.stack.advance(SignedDuration::from_mins(5));
    bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    assert_eq!(status(&bed, 1).await?, "sent");

    bed.listen("report.weekly", false).await?;
    let silent = bed.run("weekly_report", "2026-01-26T13:00:00Z").await?;
    assert_eq!(silent.answer.stats["notices"], 0, "{:?}", silent.answer);
    assert_eq!(status(&bed, 2).await?, "skipped");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_figures_and_a_week_that_is_not_over_has_none(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    bed.put("cash_sessions", json!([cash(1, "2026-01-06T15:00:00Z", 100)])).await?;
    let dry = report(&bed, json!({"dry_run": true})).await?;
    assert_eq!(dry.answer.stats["week"], "2026-W02", "{:?}", dry.answer);
    assert_eq!(dry.answer.stats["figures"]["cash"]["sales_cents"], 100);
    assert!(reports(&bed).await?.is_empty() && notified(&bed).is_empty());
    for wrong in [json!({"week": "2026-W03"}), json!({"week": "last"}), json!({"weeks": 2})] {
        let refused = report(&bed, wrong).await?;
        assert_eq!(refused.answer.error.unwrap().kind, "bad_parameters");
    }
    // Of an old week only the failures of frequent tasks are left: nothing is said of their rates.
    let run = |id: u32, task: &str| {
        json!({"id": uuid(id), "task_name": task, "task_label": task, "status": "error",
               "started_at": "2025-12-09T15:00:00Z", "completed_at": "2025-12-09T15:00:00Z"})
    };
    bed.put("scheduler_logs", json!([run(1, "availability"), run(2, "cleanup")])).await?;
    let old = report(&bed, json!({"week": "2025-W50"})).await?;
    assert_eq!(old.answer.stats["stored"], true, "{:?}", old.answer);
    let runs = &reports(&bed).await?[0]["data"]["figures"]["runs"];
    let finished = |task: &str| {
        runs.as_array().unwrap().iter().find(|runs| runs["task"] == task).map(|runs| runs["finished"].clone())
    };
    assert_eq!((finished("availability"), finished("cleanup")), (None, Some(json!(1))));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_until_the_end_of_the_week_failed_until_then(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let run = |id: u32, task: &str, status: &str, at: &str| {
        json!({"id": uuid(id), "task_name": task, "task_label": task, "status": status, "started_at": at,
               "completed_at": at, "stats": {}})
    };
    bed.put(
        "scheduler_logs",
        json!([
            run(1, "cleanup", "error", "2026-01-17T09:00:00Z"),
            run(2, "cleanup", "error", "2026-01-18T09:00:00Z"),
            run(3, "cleanup", "success", "2026-01-19T09:00:00Z"),
            run(4, "backup", "error", "2026-01-13T08:00:00Z"),
            run(5, "backup", "warning", "2026-01-14T08:00:00Z"),
            run(6, "backup", "error", "2026-01-15T08:00:00Z"),
            run(7, "backup", "success", "2026-01-16T08:00:00Z"),
        ]),
    )
    .await?;
    let paused = json!({"id": uuid(8), "task_name": "anomalies", "task_label": "x", "status": "success",
                        "started_at": "2026-01-13T08:00:00Z", "completed_at": "2026-01-13T08:00:00Z",
                        "stats": {"paused": true}});
    bed.put("scheduler_logs", json!([paused])).await?;
    let figures = figures(&bed, "2026-01-12T05:00:00Z", "2026-01-19T05:00:00Z").await?;
    assert_eq!(
        figures["failing"],
        json!({"task": "cleanup", "label": "cleanup", "runs": 2, "seconds": 44 * 3600, "is_over": false})
    );
    let tasks: Vec<&Value> = figures["runs"].as_array().unwrap().iter().map(|runs| &runs["task"]).collect();
    assert_eq!(tasks, ["backup", "cleanup"], "a paused run did nothing");
    let backup = &figures["runs"][0];
    assert_eq!(
        (&backup["finished"], &backup["warning"], &backup["error"], &backup["median_ms"]),
        (&json!(4), &json!(1), &json!(2), &Value::Null)
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_was_killed_at_any_step_is_there_once_when_the_event_comes_again(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let first: Timestamp = MONDAY.parse()?;
    let (mut killed, mut messages, mut doubts) = (0, 0, 0);
    for step in 0_u32.. {
        let monday = first + i64::from(7 * 24 * step).hours();
        let event = scheduled("weekly_report", &monday.to_string());
        let request = bed.stack.request_id();
        bed.stack.tripwire.set(1 + u64::from(step), moment);
        let cut = bed.stack.invoke_as(Function::WeeklyReport, &event, &request).await?;
        let was_killed = matches!(cut.invocation.ended, Ended::Crashed);
        if was_killed {
            killed += 1;
            let again = bed.stack.invoke_as(Function::WeeklyReport, &event, &request).await?;
            assert_eq!(again.answer.status, "success", "step {step}: {:?}", again.answer);
        }
        bed.stack.advance(SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
        assert_eq!(reports(&bed).await?.len(), usize::try_from(step)? + 1, "step {step}");

        // Three people, each once; a message in doubt is not repeated.
        let deliveries = bed.stack.rows("notification_deliveries", "status,channel", "created_at,id").await?;
        let in_doubt =
            deliveries.iter().filter(|row| row["status"] == "unknown" && row["channel"] == "email").count();
        let now = notified(&bed).len();
        let (notified, newly_in_doubt) = (now - messages, in_doubt - doubts);
        assert!(
            notified <= 3 && notified + newly_in_doubt >= 3,
            "step {step}: {notified} told, {newly_in_doubt} in doubt"
        );
        (messages, doubts) = (now, in_doubt);
        if !was_killed {
            break;
        }
    }
    assert!(killed >= 6, "only {killed} steps");
    Ok(())
}
