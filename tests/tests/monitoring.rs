//! The watcher: outages, missing runs, alarms. One incident, one notice for each person, one recovery.

use std::time::Duration;

use e2e::{Backend, Bed, console::Console};
use gazelle_local::{faults::FaultSpec, lambda::Ended, tripwire::Moment};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    clock,
    task::{Function, TASKS},
};

/// One tick of the watcher at the stack's present; five minutes pass after it.
async fn tick(bed: &mut Bed) -> anyhow::Result<Value> {
    let now = bed.stack.clock.now().to_string();
    let run = bed.run("availability", &now).await?;
    anyhow::ensure!(run.answer.status == "success", "{:?}", run.answer);
    bed.stack.advance(SignedDuration::from_mins(5));
    Ok(run.answer.stats)
}

/// Pauses the tasks that run all the time: here nobody starts them, and that would be reported.
async fn pause_the_rest(bed: &Bed) -> anyhow::Result<()> {
    let frequent = TASKS.iter().filter(|task| task.is_frequent() && task.name != "availability");
    let paused = frequent.map(|task| json!({"task_name": task.name, "paused": true})).collect();
    bed.put("task_states", paused).await
}

/// Ticks for as long as these simulated minutes; sums what was opened and closed.
async fn ticks(bed: &mut Bed, minutes: u32) -> anyhow::Result<(u64, u64)> {
    let mut sums = (0, 0);
    for _ in 0..minutes / 5 {
        let stats = tick(bed).await?;
        sums.0 += stats["opened"].as_u64().unwrap();
        sums.1 += stats["closed"].as_u64().unwrap();
    }
    Ok(sums)
}

fn break_with(bed: &Bed, fault: &str) {
    bed.stack.break_with(&[fault.parse::<FaultSpec>().unwrap()]);
}

/// Person and title of every Slack message.
fn notified(bed: &Bed) -> Vec<String> {
    let title = |body: &Value| body["blocks"][0]["text"]["text"].as_str().unwrap_or_default().to_owned();
    let messages = bed.stack.sandbox.slack_messages();
    messages
        .iter()
        .map(|sent| format!("{} {}", sent.to.rsplit('/').next().unwrap(), title(&sent.body)))
        .collect()
}

async fn incidents(bed: &Bed) -> anyhow::Result<Vec<String>> {
    let rows =
        bed.stack.rows("incidents", "kind,subject,closed_at,closed_reason", "opened_at,subject").await?;
    let shown = |row: &Value| {
        let end = row["closed_reason"].as_str().unwrap_or("open");
        format!("{} {} {end}", row["kind"].as_str().unwrap(), row["subject"].as_str().unwrap())
    };
    Ok(rows.iter().map(shown).collect())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_twenty_minutes_is_one_incident_one_notice_each_and_one_recovery(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    pause_the_rest(&bed).await?;
    assert_eq!(ticks(&mut bed, 10).await?, (0, 0));
    break_with(&bed, "gazelle:500");
    assert_eq!(ticks(&mut bed, 20).await?, (1, 0));
    bed.stack.faults.lift();
    assert_eq!(ticks(&mut bed, 60).await?, (0, 1));
    assert_eq!(
        notified(&bed),
        [
            "louise 🚨 Gazelle ne répond pas",
            "nicolas 🚨 Gazelle ne répond pas",
            "louise ✅ Gazelle répond de nouveau",
            "nicolas ✅ Gazelle répond de nouveau"
        ]
    );
    // What the product cannot do without is critical: Allan hears of it by e-mail.
    let emails: Vec<String> = bed.stack.sandbox.email_messages().into_iter().map(|sent| sent.to).collect();
    assert_eq!(emails, ["allan@example.com", "allan@example.com"]);
    assert_eq!(incidents(&bed).await?, ["availability gazelle recovered"]);
    let checks = bed.stack.rows("monitor_checks", "target,ok,error_kind", "id").await?;
    let failed: Vec<&Value> = checks.iter().filter(|check| check["ok"] == false).collect();
    assert_eq!(failed.len(), 4);
    assert!(failed.iter().all(|check| check["target"] == "gazelle" && check["error_kind"] == "http_500"));
    began_with_its_first_failure(&bed).await
}

/// The incident, what people were notified and the figures of the week agree: it began with the first failed check.
async fn began_with_its_first_failure(bed: &Bed) -> anyhow::Result<()> {
    let at = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let checks = bed.stack.rows("monitor_checks", "ok,checked_at", "id").await?;
    let first = at(&checks.iter().find(|check| check["ok"] == false).unwrap()["checked_at"]);
    let incident = bed.stack.rows("incidents", "opened_at,closed_at", "opened_at").await?.remove(0);
    let (opened, closed) = (at(&incident["opened_at"]), at(&incident["closed_at"]));
    // The database keeps microseconds.
    assert_eq!(opened.as_microsecond(), first.as_microsecond());
    let messages = bed.stack.sandbox.slack_messages();
    let text = |at: usize| messages[at].body["blocks"][1]["text"]["text"].as_str().unwrap().to_owned();
    let local = first.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M").to_string();
    assert!(text(0).contains(&format!("*Depuis:* {local}")), "{}", text(0));
    assert!(text(2).contains(&format!("*Depuis:* {local}")), "{}", text(2));
    let minutes = closed.duration_since(opened).as_mins();
    // Four failures and the first success lie five minutes apart, and a second success confirms it.
    assert_eq!(minutes, 25);
    assert!(text(2).contains(&format!("*Durée:* {minutes} min")), "{}", text(2));
    let week = json!({"p_from": "2026-01-12T05:00:00Z", "p_until": "2026-01-19T05:00:00Z"});
    let figures: Value = bed.stack.observer.rpc("weekly_figures", &week).await?;
    let seconds = figures["incidents"]["down_seconds"].as_i64().unwrap();
    assert_eq!(seconds, closed.duration_since(opened).as_secs());
    let notices = bed.stack.rows("notices", "since", "opened_at").await?;
    assert_eq!(at(&notices[0]["since"]).as_microsecond(), first.as_microsecond());
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_goes_on_failing_fails_since_its_first_failure_and_each_run_counts_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let day = SignedDuration::from_hours(24);
    let nights =
        ["2026-01-15T06:00:00Z", "2026-01-16T06:00:00Z", "2026-01-17T06:00:00Z", "2026-01-18T06:00:00Z"];
    let faults = ["gazelle:500", "gazelle:500", "", "gazelle:500"];
    let mut since = Vec::new();
    for (night, fault) in nights.iter().zip(faults) {
        bed.stack.faults.lift();
        if !fault.is_empty() {
            break_with(&bed, fault);
        }
        let run = bed.sync(night).await?;
        assert_eq!(run.answer.status == "error", !fault.is_empty(), "{:?}", run.answer);
        if *night == nights[0] {
            // Its chain has a row in the log of syncs as well; it is no second run.
            let now = bed.stack.clock.now().to_string();
            let stats: Value = bed.stack.observer.rpc("sync_logs_stats", &json!({"p_now": now})).await?;
            assert_eq!((&stats["total_syncs"], &stats["error_count"]), (&json!(1), &json!(1)), "{stats}");
            assert_eq!(stats["tasks"].as_array().unwrap().len(), 1, "{stats}");
        }
        if run.answer.status == "error" {
            let rows = bed.stack.rows("notices", "data", "opened_at").await?;
            let at: Timestamp = rows.last().unwrap()["data"]["since"].as_str().unwrap().parse()?;
            since.push(clock::business_date(at).to_string());
        }
        bed.stack.advance(day);
    }
    assert_eq!(
        since,
        ["2026-01-15", "2026-01-15", "2026-01-18"],
        "a night that was good ends what came before"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_the_table_reach_the_public_internet_only(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let sandbox = bed.stack.sandbox_url.clone();
    let target = |name: &str, url: &str, body: Value| json!({"name": name, "label": name, "kind": "http", "url": url, "expected_status": [404, 405], "expected_body": body});
    bed.put(
        "monitor_targets",
        json!([
            target("inside", &format!("{sandbox}/x"), Value::Null),
            target("by-name", &sandbox.replace("127.0.0.1", "localhost"), Value::Null),
            target("metadata", "http://169.254.169.254/latest/meta-data", Value::Null),
        ]),
    )
    .await?;
    tick(&mut bed).await?;
    let kinds = async |bed: &Bed| -> anyhow::Result<Vec<String>> {
        let rows = bed.stack.rows("monitor_states", "target,error_kind", "target").await?;
        let own = ["inside", "by-name", "metadata"];
        let shown = |row: &Value| {
            format!("{} {}", row["target"].as_str().unwrap(), row["error_kind"].as_str().unwrap_or("-"))
        };
        Ok(rows.iter().filter(|row| own.contains(&row["target"].as_str().unwrap())).map(shown).collect())
    };
    assert_eq!(kinds(&bed).await?, ["by-name not_public", "inside not_public", "metadata not_public"]);
    // The deployment, and nobody else, may allow hosts.
    bed.stack.lambda.environment.insert("MONITOR_PRIVATE_HOSTS".into(), "127.0.0.1, localhost".into());
    tick(&mut bed).await?;
    assert_eq!(kinds(&bed).await?, ["by-name -", "inside -", "metadata not_public"]);
    bed.put("monitor_targets", json!([target("inside", &format!("{sandbox}/x"), json!("no such text"))]))
        .await?;
    tick(&mut bed).await?;
    assert_eq!(kinds(&bed).await?[1], "inside unexpected_body");
    Ok(())
}

/// A server that sends every visitor to a host that is not there.
async fn elsewhere() -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 2048];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut asked).await;
            let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await;
        }
    });
    Ok(address)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_redirection_is_no_answer_unless_it_is_expected_and_every_failure_has_its_reason(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    pause_the_rest(&bed).await?;
    let elsewhere = elsewhere().await?;
    bed.stack.lambda.environment.insert("MONITOR_PRIVATE_HOSTS".into(), "127.0.0.1".into());
    let target = |name: &str, url: &str, expected: Value| json!({"name": name, "label": name, "kind": "http", "url": url, "expected_status": expected, "required": false});
    bed.put(
        "monitor_targets",
        json!([
            target("moved", &elsewhere, json!([])),
            target("moves", &elsewhere, json!([301, 302])),
            target("closed", "http://127.0.0.1:1/", json!([])),
            target("nowhere", "http://nothing.invalid/", json!([])),
        ]),
    )
    .await?;
    // Critical services are not in it: three failures are an incident.
    let mut stats = Value::Null;
    for _ in 0..3 {
        stats = tick(&mut bed).await?;
    }
    let own = ["closed", "moved", "moves", "nowhere"];
    let rows = bed.stack.rows("monitor_states", "target,state,error_kind", "target").await?;
    let shown: Vec<String> = rows
        .iter()
        .filter(|row| own.contains(&row["target"].as_str().unwrap()))
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", text("target"), text("state"), text("error_kind"))
        })
        .collect();
    assert_eq!(
        shown,
        ["closed down connection_refused", "moved down redirect", "moves up -", "nowhere down dns"]
    );
    // The run, the message and the console name the reason.
    let failing: Vec<&str> =
        stats["failing"].as_array().unwrap().iter().map(|one| one["error_kind"].as_str().unwrap()).collect();
    assert_eq!(failing, ["connection_refused", "redirect", "dns"]);
    let run = bed.runs("availability").await?.pop().unwrap();
    assert!(run["message"].as_str().unwrap().contains("moved: redirige ailleurs"), "{run}");
    let messages: Vec<String> =
        bed.stack.sandbox.slack_messages().iter().map(|sent| sent.body.to_string()).collect();
    for words in ["redirige ailleurs", "connexion refusée", "nom d'hôte introuvable"] {
        assert!(messages.iter().any(|message| message.contains(words)), "{words}: {messages:?}");
    }
    let console = Console::start(&bed.stack).await?;
    let admin = console.sign_in("admin").await?;
    for page in ["/", "/settings/targets", "/incidents"] {
        let (_, html) = console.view(page, &admin, "fr").await?;
        for words in ["connexion refusée", "introuvable"] {
            assert!(html.contains(words), "{page} {words}: {html}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_watched_where_people_reach_it() -> anyhow::Result<()> {
    let mut bed = Bed::start(Backend::Embedded).await?;
    let state = async |bed: &Bed| -> anyhow::Result<String> {
        let rows = bed.stack.rows("monitor_states", "target,state,error_kind", "target").await?;
        let row = rows.iter().find(|row| row["target"] == "console").unwrap();
        Ok(format!("{} {}", row["state"].as_str().unwrap(), row["error_kind"].as_str().unwrap_or("-")))
    };
    tick(&mut bed).await?;
    assert_eq!(state(&bed).await?, "paused -", "nobody said where it is");
    let console = Console::start(&bed.stack).await?;
    for (address, expected) in [
        (console.origin(), "up -"),
        (format!("{}/", console.origin()), "up -"),
        // A stage that does not exist: it is not there, whatever answers.
        (format!("{}/other", console.origin()), "down http_404"),
        ("http://127.0.0.1:1".into(), "down connection_refused"),
    ] {
        bed.stack.lambda.environment.insert("CONSOLE_URL".into(), address.clone());
        for _ in 0..3 {
            tick(&mut bed).await?;
        }
        assert_eq!(state(&bed).await?, expected, "{address}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_has_the_same_badge_on_every_page() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    let states = [
        ("up", "Répond"),
        ("degraded", "Ralenti"),
        ("down", "Ne répond pas"),
        ("flapping", "Instable"),
        ("paused", "En pause"),
        ("maintenance", "En entretien"),
        ("never", "Pas encore vu"),
    ];
    let names: Vec<String> = states.iter().map(|(state, _)| format!("a-{state}")).collect();
    let target = |name: &String| json!({"name": name, "label": name, "kind": "http", "url": "https://x.example/", "required": false});
    let targets = names.iter().map(target);
    bed.put("monitor_targets", targets.collect()).await?;
    let at = e2e::NIGHT;
    let standings = states.iter().filter(|(state, _)| *state != "never").map(|(state, _)| {
        json!({"target": format!("a-{state}"), "version": 1, "state": state, "since": at, "standing": {}, "checked_at": at})
    });
    bed.put("monitor_states", standings.collect()).await?;
    let console = Console::start(&bed.stack).await?;
    let admin = console.sign_in("admin").await?;
    for page in ["/", "/settings/targets"] {
        let (_, html) = console.view(page, &admin, "fr").await?;
        for (name, (_, words)) in names.iter().zip(states) {
            let row =
                html.split(&format!(">{name}<")).nth(1).unwrap_or_else(|| panic!("{page} {name}: {html}"));
            let badge = row
                .split(r#"class="badge"#)
                .find(|part| part.contains("aria-hidden") && !part.contains("indispensable"));
            let badge =
                badge.unwrap_or_default().split("</span>").nth(1).unwrap_or_default().trim().to_owned();
            assert_eq!(badge, words, "{page} {name}");
        }
        let seen = html.matches("Pas encore vu").count();
        assert_eq!(seen, 8, "{page}: the seven known services and one of ours were never probed");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_run_is_missed_once_and_welcomed_back(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    tick(&mut bed).await?;
    // The next night nothing starts the sync: 25 hours later it is missed.
    bed.stack.advance(SignedDuration::from_hours(25));
    ticks(&mut bed, 10).await?;
    let of_sync = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.contains("Sync Gazelle")).collect::<Vec<_>>()
    };
    assert_eq!(
        of_sync(notified(&bed)),
        [
            "louise ⏱️ « Sync Gazelle Totale » n'a pas réussi à temps",
            "nicolas ⏱️ « Sync Gazelle Totale » n'a pas réussi à temps"
        ]
    );
    // The alarm from outside finds that it has been reported from inside.
    let rename = |payload: &mut Value| payload["alarmData"]["alarmName"] = "gazelle-tasks-overdue".into();
    assert_eq!(relay(&bed, "alarm", rename).await?["outcome"], "explained");
    let night = (bed.stack.clock.now() - 1.minute()).to_string();
    assert_eq!(bed.sync(&night).await?.answer.status, "success");
    ticks(&mut bed, 10).await?;
    assert_eq!(
        of_sync(notified(&bed))[2..],
        [
            "louise ✅ « Sync Gazelle Totale » a réussi de nouveau",
            "nicolas ✅ « Sync Gazelle Totale » a réussi de nouveau"
        ]
    );
    let sync: Vec<String> = incidents(&bed)
        .await?
        .into_iter()
        .filter(|line| line.starts_with("missed_run sync_gazelle"))
        .collect();
    assert_eq!(sync, ["missed_run sync_gazelle recovered"]);
    Ok(())
}

/// The alarm of the template, as CloudWatch evaluates it for a stack: the figures of one period that have its name and
/// dimensions.
fn is_raised(alarm: &Value, stack: &str, metrics: &[Value]) -> bool {
    let wanted: Vec<(String, String)> = alarm["Dimensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dimension| {
            assert_eq!(dimension["Value"], json!({"Ref": "AWS::StackName"}));
            (dimension["Name"].as_str().unwrap().to_owned(), stack.to_owned())
        })
        .collect();
    let name = alarm["MetricName"].as_str().unwrap();
    let figures = metrics.iter().filter(|document| {
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        let sent = directive["Dimensions"][0].as_array().unwrap().iter().map(|dimension| {
            let dimension = dimension.as_str().unwrap();
            (dimension.to_owned(), document[dimension].as_str().unwrap().to_owned())
        });
        directive["Namespace"] == alarm["Namespace"]
            && directive["Metrics"].as_array().unwrap().iter().any(|metric| metric["Name"] == name)
            && sent.eq(wanted.clone())
    });
    let worst = figures.map(|document| document[name].as_f64().unwrap()).reduce(f64::max);
    assert_eq!(
        (&alarm["Statistic"], &alarm["ComparisonOperator"]),
        (&json!("Maximum"), &json!("GreaterThanOrEqualToThreshold"))
    );
    // A figure under another name or dimension is none of this alarm.
    worst.is_some_and(|worst| worst >= alarm["Threshold"].as_f64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_production_beside_a_healthy_staging_raises_the_alarm_of_production_alone()
-> anyhow::Result<()> {
    let template = deployment::long_form(&serde_yaml_ng::from_str(&deployment::own()?)?);
    let alarm = &template["Resources"]["Overdue"]["Properties"];
    let mut metrics = Vec::new();
    for (stack, is_dead) in [("production", true), ("staging", false)] {
        let mut bed = Bed::start(Backend::Embedded).await?;
        bed.stack.lambda.environment.insert("STACK_NAME".into(), stack.into());
        bed.fill().await?;
        tick(&mut bed).await?;
        if is_dead {
            bed.stack.advance(SignedDuration::from_hours(25));
            tick(&mut bed).await?;
            bed.stack.advance(SignedDuration::from_mins(5));
        }
        let run = bed.stack.invoke(Function::AvailabilityCheck, &json!({})).await?;
        assert_eq!(run.answer.status, "success");
        metrics.extend(run.invocation.metrics);
    }
    assert!(is_raised(alarm, "production", &metrics), "{metrics:?}");
    assert!(!is_raised(alarm, "staging", &metrics), "{metrics:?}");
    let late: Vec<&Value> = metrics.iter().filter(|document| document["Stack"] == "production").collect();
    assert!(
        late.iter()
            .any(|document| document["task"] == "sync_gazelle" || document["overdue"].as_f64() > Some(1.0))
    );
    Ok(())
}

/// What is made up for later, as by a letter that is handed on, was planned before the newest success.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_made_up_for_makes_no_task_missing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    tick(&mut bed).await?;
    bed.stack.advance(SignedDuration::from_hours(48));
    let now = bed.stack.clock.now();
    let planned =
        |hours: i64| json!({"scheduled_for": (now - SignedDuration::from_hours(hours)).to_string()});
    for (id, hours) in [(1, 1), (2, 47)] {
        bed.put("scheduler_logs", json!([a_run(&bed, id, 1_000, 0, "success", &planned(hours))])).await?;
        tick(&mut bed).await?;
    }
    let beats = bed.stack.rows("heartbeats", "name,state,last_seen_at", "name").await?;
    let backup = beats.iter().find(|beat| beat["name"] == "backup").unwrap();
    let seen: Timestamp = backup["last_seen_at"].as_str().unwrap().parse()?;
    assert_eq!((seen, &backup["state"]), (now - SignedDuration::from_hours(1), &json!("up")));
    Ok(())
}

/// A run of the backup that ends now.
fn a_run(bed: &Bed, id: u32, duration_ms: u64, part: u32, status: &str, more: &Value) -> Value {
    let at = bed.stack.clock.now();
    let mut run = json!({
        "id": format!("00000000-0000-4000-8000-0000000000{id:02}"), "task_name": "backup", "task_label": "Backup SQL",
        "started_at": at.to_string(), "completed_at": at.to_string(), "duration_ms": duration_ms, "part": part,
        "status": status,
    });
    run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    run
}

/// Nobody knows any more whether it is slow: the incident ends, and nobody is notified of an end.
#[rstest]
#[case::paused("paused")]
#[case::in_parts("in_parts")]
#[case::without_runs("no_run")]
#[case::not_watched("not_watched")]
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_task_of_which_nothing_is_known_any_more_is_no_incident(
    #[case] reason: &str,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    tick(&mut bed).await?;
    bed.put("scheduler_logs", json!([a_run(&bed, 1, 800_000, 0, "success", &json!({}))])).await?;
    tick(&mut bed).await?;
    let open = async |bed: &Bed| -> anyhow::Result<Vec<Value>> {
        let rows = bed.stack.rows("incidents", "kind,closed_reason,subject", "opened_at").await?;
        Ok(rows.into_iter().filter(|row| row["kind"] == "slow_run").collect())
    };
    assert_eq!(open(&bed).await?[0]["closed_reason"], Value::Null);
    let before = notified(&bed).len();
    match reason {
        "paused" => bed.put("task_states", json!([{"task_name": "backup", "paused": true}])).await?,
        "in_parts" => {
            bed.put("scheduler_logs", json!([a_run(&bed, 2, 1_800_000, 1, "success", &json!({}))])).await?;
        }
        "no_run" => {
            bed.stack
                .write(bed.stack.observer.from("scheduler_logs").eq("task_name", "backup").delete())
                .await?
        }
        _ => {
            let incident = bed.stack.observer.from("incidents").eq("kind", "slow_run");
            bed.stack.write(incident.update(json!({"subject": "a_task_of_before"}).to_string())).await?;
            bed.stack
                .write(bed.stack.observer.from("scheduler_logs").eq("task_name", "backup").delete())
                .await?;
        }
    }
    tick(&mut bed).await?;
    assert_eq!(open(&bed).await?[0]["closed_reason"], reason);
    // Nor is the same run reported again when the pause is over.
    if reason == "paused" {
        bed.stack
            .write(
                bed.stack
                    .observer
                    .from("task_states")
                    .eq("task_name", "backup")
                    .update(json!({"paused": false}).to_string()),
            )
            .await?;
        tick(&mut bed).await?;
        assert_eq!(open(&bed).await?.len(), 1);
    }
    assert!(!notified(&bed)[before..].iter().any(|line| line.contains("son temps")), "{:?}", notified(&bed));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_took_almost_all_of_its_time_is_reported_once_and_so_is_the_next_one_that_did_not(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    tick(&mut bed).await?;
    let of_speed =
        |bed: &Bed| notified(bed).into_iter().filter(|line| line.contains("son temps")).collect::<Vec<_>>();
    let run = async |bed: &Bed, id: u32, duration_ms: u64, part: u32, status: &str, more: &Value| {
        bed.put("scheduler_logs", json!([a_run(bed, id, duration_ms, part, status, more)])).await
    };
    // The limit is 15 minutes: 80 % of it are 720 000 ms. A failure says so itself; a run in parts used its time on purpose.
    let nothing = json!({});
    for (id, duration_ms, part, status) in
        [(1, 719_999, 0, "success"), (2, 900_000, 0, "error"), (3, 1_500_000, 2, "success")]
    {
        run(&bed, id, duration_ms, part, status, &nothing).await?;
        tick(&mut bed).await?;
        assert_eq!(of_speed(&bed), Vec::<String>::new(), "{duration_ms} {part} {status}");
    }
    run(&bed, 4, 720_000, 0, "success", &nothing).await?;
    ticks(&mut bed, 15).await?;
    let slow = [
        "louise ⏳ « Backup SQL » a pris presque tout son temps",
        "nicolas ⏳ « Backup SQL » a pris presque tout son temps",
    ];
    assert_eq!(of_speed(&bed), slow);
    // It is seen in the console, too.
    let console = Console::start(&bed.stack).await?;
    let viewer = console.sign_in("viewer").await?;
    for view in ["/", "/incidents"] {
        let (status, html) = console.view(view, &viewer, "fr").await?;
        assert!(status == 200 && html.contains("Backup SQL"), "{view}: {status}");
    }
    // A run that did nothing, or was only tried, is no quick one.
    run(&bed, 6, 0, 0, "success", &json!({"stats": {"paused": true}})).await?;
    run(&bed, 7, 4_000, 0, "success", &json!({"parameters": {"dry_run": true}})).await?;
    ticks(&mut bed, 15).await?;
    assert_eq!(of_speed(&bed), slow);
    run(&bed, 5, 40_000, 0, "warning", &nothing).await?;
    ticks(&mut bed, 15).await?;
    assert_eq!(
        of_speed(&bed)[2..],
        [
            "louise ✅ « Backup SQL » tient de nouveau dans son temps",
            "nicolas ✅ « Backup SQL » tient de nouveau dans son temps"
        ]
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_came_is_reported_its_end_is_not_and_the_next_one_is(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let change = async |state: &str, minute: u32| {
        relay(&bed, state, |payload: &mut Value| {
            payload["alarmData"]["alarmName"] = "s-function-dead-letters-depth".into();
            payload["alarmData"]["state"]["timestamp"] =
                format!("2026-01-15T06:{minute:02}:00.000+0000").into();
        })
        .await
    };
    assert_eq!(change("alarm", 10).await?["outcome"], "told");
    assert_eq!(notified(&bed).len(), 2);
    assert_eq!(change("ok", 15).await?["outcome"], "stored");
    assert_eq!(notified(&bed).len(), 2, "the letter is still there");
    assert_eq!(change("alarm", 20).await?["outcome"], "told");
    assert_eq!(notified(&bed).len(), 4);
    // Its end was lost: an hour later it is over all the same, and nobody hears of that.
    let mut bed = bed;
    for (minutes, reason) in [(55, Value::Null), (10, json!("end_not_received"))] {
        bed.stack.advance(SignedDuration::from_mins(minutes));
        tick(&mut bed).await?;
        let incidents = bed.stack.rows("incidents", "kind,closed_reason", "opened_at").await?;
        assert_eq!(incidents.iter().rfind(|row| row["kind"] == "alarm").unwrap()["closed_reason"], reason);
    }
    assert_eq!(notified(&bed).len(), 4);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_task_is_not_missed_and_a_failed_one_has_said_so_itself(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.fill().await?;
    tick(&mut bed).await?;
    bed.put("task_states", json!([{"task_name": "cleanup", "paused": true}])).await?;
    bed.stack.advance(SignedDuration::from_mins(23 * 60 + 55));
    // The second night the sync fails, and says so.
    break_with(&bed, "gazelle:500");
    let now = bed.stack.clock.now().to_string();
    assert_eq!(bed.sync(&now).await?.answer.status, "error");
    bed.stack.faults.lift();
    bed.stack.advance(SignedDuration::from_mins(120));
    ticks(&mut bed, 10).await?;
    let titles = notified(&bed);
    assert_eq!(titles.iter().filter(|title| title.contains("Erreur de synchronisation")).count(), 2);
    assert!(
        !titles.iter().any(|title| title.contains("« Sync Gazelle") || title.contains("« Nettoyage")),
        "{titles:?}"
    );
    // It is an incident all the same, explained by the run.
    let rows = bed.stack.rows("incidents", "subject,explained_by_run_id", "subject").await?;
    let sync = rows.iter().find(|row| row["subject"] == "sync_gazelle").unwrap();
    assert_eq!(sync["explained_by_run_id"], bed.runs("sync_gazelle").await?.last().unwrap()["id"]);
    assert!(rows.iter().all(|row| row["subject"] != "cleanup"));
    // Neither its end is reported: nobody was notified of it by this incident.
    let now = bed.stack.clock.now().to_string();
    bed.sync(&now).await?;
    ticks(&mut bed, 5).await?;
    assert!(!notified(&bed).iter().any(|title| title.contains("réussi de nouveau")));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn maintenance_and_pause_keep_silent(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    pause_the_rest(&bed).await?;
    let now = bed.stack.clock.now();
    bed.put(
        "maintenance_windows",
        json!([{"target": "gazelle", "starts_at": now.to_string(), "ends_at": (now + 30.minutes()).to_string()}]),
    )
    .await?;
    break_with(&bed, "gazelle:500");
    assert_eq!(ticks(&mut bed, 30).await?, (0, 0));
    // The window is over and the service is not back: now it counts.
    assert_eq!(ticks(&mut bed, 20).await?, (1, 0));
    let pause = bed.stack.observer.from("monitor_targets").eq("name", "gazelle");
    bed.stack.write(pause.update(json!({"enabled": false}).to_string())).await?;
    assert_eq!(ticks(&mut bed, 20).await?, (0, 1));
    assert_eq!(notified(&bed).len(), 2, "{:?}", notified(&bed));
    assert_eq!(incidents(&bed).await?, ["availability gazelle paused"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_good_tick_sends_a_heartbeat(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    assert_eq!(tick(&mut bed).await?["heartbeat"], "none");
    let url = format!("{}/v3/scopes", bed.stack.sandbox_url);
    bed.stack.lambda.environment.insert("HEARTBEAT_URL".into(), url);
    // The sandbox refuses it: the tick is as good as before.
    assert_eq!(tick(&mut bed).await?["heartbeat"], "failed");
    let url = format!("{}/heartbeat", bed.stack.sandbox_url);
    bed.stack.lambda.environment.insert("HEARTBEAT_URL".into(), url);
    assert_eq!(tick(&mut bed).await?["heartbeat"], "sent");
    assert_eq!(bed.stack.traffic.of("heartbeat"), 1);
    Ok(())
}

/// What the relay answers to a file of `events/`, with some changes.
async fn relay(bed: &Bed, event: &str, change: impl FnOnce(&mut Value)) -> anyhow::Result<Value> {
    let path = format!("{}/../events/alarm-relay.{event}.json", env!("CARGO_MANIFEST_DIR"));
    let mut payload: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    change(&mut payload);
    let (request, limit) = (bed.stack.request_id(), Duration::from_secs(60));
    let tripwire = &bed.stack.tripwire;
    let invocation = bed
        .stack
        .lambda
        .invoke(Function::AlarmRelay, &payload.to_string(), &request, limit, tripwire)
        .await?;
    match invocation.ended {
        Ended::Answer(answer) => Ok(answer),
        Ended::Error { kind, message } => Ok(json!({"error": kind, "message": message})),
        other => anyhow::bail!("{other:?}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_reported_once_per_transition(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let outcome =
        async |event: &str| relay(&bed, event, |_| ()).await.map(|answer| answer["outcome"].clone());
    assert_eq!(outcome("insufficient-data").await?, "stored");
    assert_eq!(outcome("alarm").await?, "told");
    assert_eq!(outcome("alarm").await?, "duplicate");
    assert_eq!(outcome("ok").await?, "told");
    let late = relay(&bed, "alarm", |payload| {
        payload["alarmData"]["state"]["timestamp"] = "2026-01-15T06:08:22.000+0000".into();
    })
    .await?;
    assert_eq!(late["outcome"], "stale", "an old change that arrives late is history");
    let titles = notified(&bed);
    assert_eq!(titles.len(), 4, "{titles:?}");
    assert!(titles[..2].iter().all(|title| title.contains("Alarme AWS: gazelle-tasks-sync-gazelle-errors")));
    let text = bed.stack.sandbox.slack_messages()[0].body.to_string();
    assert!(text.contains("ca-central-1.console.aws.amazon.com") && text.contains("Voir l'alarme"), "{text}");
    let refused = relay(&bed, "alarm", |payload| *payload = json!({"detail-type": "x"})).await?;
    assert_eq!(refused["error"], "unknown_payload");
    assert!(refused["message"].as_str().unwrap().contains("aws.cloudwatch"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_that_a_run_explains_sends_nothing_of_its_own(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    break_with(&bed, "gazelle:500");
    assert_eq!(bed.sync(e2e::NIGHT).await?.answer.status, "error");
    bed.stack.faults.lift();
    bed.stack.advance(SignedDuration::from_mins(9));
    let answer = relay(&bed, "alarm", |_| ()).await?;
    assert_eq!(answer["outcome"], "explained");
    assert_eq!(relay(&bed, "ok", |_| ()).await?["outcome"], "stored");
    // Some task is late: that the sync failed explains nothing.
    let rename = |payload: &mut Value| payload["alarmData"]["alarmName"] = "gazelle-tasks-overdue".into();
    assert_eq!(relay(&bed, "alarm", rename).await?["outcome"], "told");
    let incidents = bed.stack.rows("incidents", "subject,explained_by_run_id", "subject").await?;
    let overdue = incidents.iter().find(|row| row["subject"] == "gazelle-tasks-overdue").unwrap();
    assert_eq!(overdue["explained_by_run_id"], Value::Null);
    let titles = notified(&bed);
    assert_eq!(titles.iter().filter(|title| title.contains("Erreur de synchronisation")).count(), 2);
    assert_eq!(titles.len(), 4, "the alarm of the sync has none of its own: {titles:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_relay_speaks_without_the_database(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    break_with(&bed, "supabase:500");
    let answer = relay(&bed, "alarm", |_| ()).await?;
    assert_eq!(answer["outcome"], "told_directly");
    assert_eq!(answer["told"].as_array().unwrap().len(), 2);
    assert_eq!(relay(&bed, "insufficient-data", |_| ()).await?["outcome"], "stored");
    // Without the database tasks are late: the cause speaks for itself.
    let rename = |payload: &mut Value| payload["alarmData"]["alarmName"] = "gazelle-tasks-overdue".into();
    assert_eq!(relay(&bed, "alarm", rename).await?["error"], "not_recorded");
    assert_eq!(relay(&bed, "ok", |_| ()).await?["error"], "not_recorded");
    // Nobody waits for the end of a letter's alarm. A failure would be a letter itself, and so on.
    let rename =
        |payload: &mut Value| payload["alarmData"]["alarmName"] = "s-function-dead-letters-depth".into();
    assert_eq!(relay(&bed, "ok", rename).await?["outcome"], "stored");
    assert_eq!(notified(&bed).len(), 2);
    // The platform's retry of the end, when the database is back: who heard of the beginning hears of it.
    bed.stack.faults.lift();
    assert_eq!(relay(&bed, "ok", |_| ()).await?["outcome"], "told_directly");
    assert_eq!(notified(&bed).len(), 4);
    Ok(())
}

/// What one person was notified of one alarm or service, in order: `!` a problem, `.` its end.
fn story(bed: &Bed, person: &str, subject: &str) -> String {
    let of_person = notified(bed).into_iter().filter(|line| line.starts_with(&format!("{person} ")));
    of_person
        .filter(|line| line.contains(subject))
        .map(|line| if line.contains('✅') { '.' } else { '!' })
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_killed_at_any_step_tells_of_an_outage_and_of_its_end_once(
    #[values(Moment::Before, Moment::After)] moment: Moment,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    pause_the_rest(&bed).await?;
    let mut doubts = 0;
    for step in 1_u64.. {
        let before = story(&bed, "louise", "répond").len();
        let mut killed = 0;
        for fault in ["gazelle:500", ""] {
            match fault {
                "" => bed.stack.faults.lift(),
                fault => break_with(&bed, fault),
            }
            // The tick that decides is the third, or the second; it is killed, and tried again.
            ticks(&mut bed, if fault.is_empty() { 5 } else { 10 }).await?;
            let now = bed.stack.clock.now();
            let event = e2e::scheduled("availability", &now.to_string());
            let request = bed.stack.request_id();
            bed.stack.tripwire.set(step, moment);
            let cut = bed.stack.invoke_as(Function::AvailabilityCheck, &event, &request).await?;
            if matches!(cut.invocation.ended, Ended::Crashed) {
                killed += 1;
                let again = bed.stack.invoke_as(Function::AvailabilityCheck, &event, &request).await?;
                assert_eq!(again.answer.status, "success", "step {step}: {:?}", again.answer);
            }
            bed.stack.advance(SignedDuration::from_mins(5));
            bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
        }
        let rows = bed.stack.rows("notification_deliveries", "status,recipient,channel", "seq").await?;
        let unknown =
            rows.iter().filter(|row| row["status"] == "unknown" && row["recipient"] == "louise").count();
        let story = story(&bed, "louise", "répond");
        let (notified, in_doubt) = (&story[before..], unknown - doubts);
        doubts = unknown;
        // Who may not have heard of the beginning hears of no end; what is in doubt may have arrived all the same.
        assert!(
            [("!.", 0), ("!.", 1), ("!", 1), ("", 1)].contains(&(notified, in_doubt)),
            "step {step}: {notified:?}, {in_doubt} in doubt"
        );
        // Hours later: an outage of its own, not instability.
        bed.stack.advance(SignedDuration::from_hours(3));
        if killed == 0 {
            assert!(step > 8, "only {step} steps");
            break;
        }
    }
    let outages = incidents(&bed).await?.into_iter().filter(|incident| incident.starts_with("availability"));
    assert!(outages.into_iter().all(|incident| incident == "availability gazelle recovered"));
    Ok(())
}

/// Alarms that come and go, twice, late and out of order, while Slack fails and the dispatcher is killed: each
/// person hears of each problem once, and of its end once, after it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_tells_twice_or_of_an_end_without_a_beginning(
    #[values(1, 2, 3, 4)] seed: u64,
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let mut random = seed;
    let mut dice = move |sides: u64| {
        // A sequence of its own for each seed: Knuth's multiplier.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % sides
    };
    let names = ["s-backup-errors", "s-cleanup-errors"];
    let mut past = Vec::new();
    for _ in 0..40 {
        bed.stack.advance(SignedDuration::from_secs(90));
        match dice(6) {
            0..=2 => {
                let now = bed.stack.clock.now();
                let change = (names[dice(2) as usize], ["ALARM", "OK"][dice(2) as usize], now);
                past.push(change);
                let (name, state, changed_at) = change;
                bed.relay_alarm(name, state, "error", changed_at, &[]).await?;
            }
            // The same change again, or one that was on its way for long.
            3 if !past.is_empty() => {
                let change = past[dice(past.len() as u64) as usize];
                let (name, state, changed_at) = change;
                bed.relay_alarm(name, state, "error", changed_at, &[]).await?;
            }
            4 => break_with(&bed, ["slack:500:∞", "slack:429:2", "eventbridge:partial"][dice(3) as usize]),
            _ => {
                if dice(3) == 0 {
                    let moment = [Moment::Before, Moment::After][dice(2) as usize];
                    bed.stack.tripwire.set(1 + dice(12), moment);
                }
                bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
            }
        }
    }
    bed.stack.faults.lift();
    for name in names {
        bed.stack.advance(SignedDuration::from_mins(10));
        bed.relay_alarm(name, "OK", "error", bed.stack.clock.now(), &[]).await?;
    }
    for _ in 0..3 {
        bed.stack.advance(SignedDuration::from_mins(10));
        bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    }
    let deliveries = bed.stack.rows("notification_deliveries", "recipient,status,fingerprint", "seq").await?;
    let count = |status: &str| deliveries.iter().filter(|row| row["status"] == status).count();
    assert_eq!(count("sent") + count("unknown") + count("skipped"), deliveries.len(), "{deliveries:?}");
    // Only the end of what is in doubt is withheld.
    assert!(count("skipped") <= count("unknown"), "{deliveries:?}");
    for (name, person) in
        names.into_iter().flat_map(|name| ["louise", "nicolas"].map(|person| (name, person)))
    {
        // One that comes again without an end in between is another problem: its end was lost on the way.
        let incidents = bed.stack.rows("incidents", "subject,closed_reason", "opened_at").await?;
        let of_name = incidents.iter().filter(|incident| incident["subject"] == name);
        let expected: String = of_name
            .map(|incident| if incident["closed_reason"] == "recovered" { "!." } else { "!" })
            .collect();
        let unknown = deliveries
            .iter()
            .filter(|row| row["status"] == "unknown" && row["recipient"] == person)
            // The fingerprint of an end does not name its alarm.
            .filter(|row| {
                let fingerprint = row["fingerprint"].as_str().unwrap();
                fingerprint.contains(name) || fingerprint.starts_with("alarm.recovered")
            })
            .count();
        let story = story(&bed, person, name);
        if unknown == 0 {
            assert_eq!(story, expected, "{person}, {name}");
        } else {
            let least = expected.len() - (2 * unknown).min(expected.len());
            assert!(
                (least..=expected.len()).contains(&story.len()),
                "{person}, {name}: {story} of {expected}"
            );
        }
    }
    Ok(())
}
