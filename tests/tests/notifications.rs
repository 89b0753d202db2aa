//! Who hears of what, when and how often: rules, quiet hours, digests, escalation, recovery, and channels that fail.

mod channels;

use std::time::Duration;

use e2e::{Backend, Bed, NIGHT};
use gazelle_local::{faults::FaultSpec, notices};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned, civil::date, tz::TimeZone};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;

async fn alarm(bed: &Bed, name: &str, state: &str) -> anyhow::Result<Value> {
    alarm_of(bed, name, state, "error").await
}

async fn alarm_of(bed: &Bed, name: &str, state: &str, severity: &str) -> anyhow::Result<Value> {
    bed.relay_alarm(name, state, severity, bed.stack.clock.now(), &[]).await
}

async fn dispatch(bed: &Bed) -> anyhow::Result<Value> {
    let run = bed.stack.invoke(Function::NotificationDispatch, &json!({})).await?;
    anyhow::ensure!(run.answer.status == "success", "{:?}", run.answer);
    Ok(run.answer.stats)
}

async fn rule(bed: &Bed, event_type: &str, change: Value) -> anyhow::Result<()> {
    let rules = bed.stack.observer.from("notification_rules").eq("event_type", event_type);
    bed.stack.write(rules.update(change.to_string())).await
}

/// Titles of what one person got on Slack.
fn slack(bed: &Bed, person: &str) -> Vec<String> {
    let of_person = |to: &str| to.rsplit('/').next() == Some(person);
    bed.stack
        .sandbox
        .slack_messages()
        .iter()
        .filter(|sent| of_person(&sent.to))
        .map(|sent| sent.body["blocks"][0]["text"]["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn deliveries(bed: &Bed, columns: &str) -> anyhow::Result<Vec<Value>> {
    bed.stack.rows("notification_deliveries", columns, "seq").await
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_goes_only_where_the_problem_went_and_says_how_long_it_lasted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    assert_eq!(alarm(&bed, "s-backup-errors", "ALARM").await?["outcome"], "told");
    dispatch(&bed).await?;
    // Nicolas is taken off the rule while the problem lasts: he was notified of it, so he is notified that it is over.
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    bed.stack.advance(minutes(125));
    assert_eq!(alarm(&bed, "s-backup-errors", "OK").await?["outcome"], "told");
    dispatch(&bed).await?;
    for person in ["louise", "nicolas"] {
        assert_eq!(
            slack(&bed, person),
            ["🚨 Alarme AWS: s-backup-errors", "✅ Alarme AWS terminée: s-backup-errors"]
        );
    }
    let last = bed.stack.sandbox.slack_messages().pop().unwrap();
    assert!(last.body["text"].as_str().unwrap().contains("*Durée:* 2 h 05 min"), "{}", last.body["text"]);
    // An alarm that nobody was notified of ends without a word.
    bed.listen("alarm.raised", false).await?;
    alarm(&bed, "s-cleanup-errors", "ALARM").await?;
    bed.stack.advance(minutes(5));
    alarm(&bed, "s-cleanup-errors", "OK").await?;
    dispatch(&bed).await?;
    assert_eq!(bed.stack.sandbox.slack_messages().len(), 4);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_down_for_an_hour_delivers_all_in_order_afterwards_and_within_its_rate(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    const EVENTS: usize = 50;
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    bed.stack.break_with(&["slack:500:∞".parse::<FaultSpec>().unwrap()]);
    for at in 0..EVENTS {
        alarm(&bed, &format!("alarm-{at:02}"), "ALARM").await?;
        bed.stack.advance(SignedDuration::from_secs(72));
        if at % 4 == 0 {
            dispatch(&bed).await?;
        }
    }
    assert_eq!(slack(&bed, "louise"), Vec::<String>::new());
    let attempts = bed.stack.traffic.of("slack");
    assert!(attempts <= 20, "{attempts} attempts at a channel that is down: one message holds the queue");
    bed.stack.faults.lift();
    bed.stack.advance(minutes(6));
    let start = tokio::time::Instant::now();
    let sent = dispatch(&bed).await?["sent"].as_u64().unwrap();
    assert_eq!(sent, EVENTS as u64);
    assert!(start.elapsed() >= Duration::from_secs(EVENTS as u64 - 1), "one message per second and webhook");
    let expected: Vec<String> = (0..EVENTS).map(|at| format!("🚨 Alarme AWS: alarm-{at:02}")).collect();
    assert_eq!(slack(&bed, "louise"), expected);
    Ok(())
}

#[rstest]
#[case::slack("slack:429:1", "slack", 2)]
#[case::telegram("telegram:429:1", "telegram", 3)]
#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_says_when_is_obeyed(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[case] fault: FaultSpec,
    #[case] channel: &str,
    #[case] seconds: i64,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"enabled": false})).await?;
    bed.put(
        "notification_rules",
        json!([{"id": 900, "event_type": "alarm.raised", "channel": "telegram", "recipients": ["louise"], "enabled": false}]),
    )
    .await
    .ok();
    let only =
        bed.stack.observer.from("notification_rules").eq("event_type", "alarm.raised").eq("channel", channel);
    bed.stack.write(only.update(json!({"recipients": ["louise"], "enabled": true}).to_string())).await?;
    bed.stack.break_with(&[fault]);
    alarm(&bed, "a", "ALARM").await?;
    // The wait is short enough for the same run: it goes on by itself.
    let stats = dispatch(&bed).await?;
    assert_eq!((&stats["pending"], &stats["sent"]), (&json!(1), &json!(1)), "{stats}");
    let rows = deliveries(&bed, "status,attempts,created_at,sent_at").await?;
    let instant = |field: &str| rows[0][field].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(rows[0]["attempts"], 2);
    assert!(instant("sent_at").duration_since(instant("created_at")) >= SignedDuration::from_secs(seconds));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_gone_is_switched_off_announced_elsewhere_and_nothing_is_lost(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    rule(&bed, "channel.disabled", json!({"recipients": ["louise"]})).await?;
    bed.stack.break_with(&["slack:gone".parse::<FaultSpec>().unwrap()]);
    alarm(&bed, "a", "ALARM").await?;
    alarm(&bed, "b", "ALARM").await?;
    dispatch(&bed).await?;
    let emails = |bed: &Bed| -> Vec<String> {
        let subject = |body: &Value| body["subject"].as_str().unwrap_or_default().to_owned();
        bed.stack
            .sandbox
            .email_messages()
            .iter()
            .map(|sent| format!("{} {}", sent.to, subject(&sent.body)))
            .collect()
    };
    let mut notified = emails(&bed);
    notified.sort();
    assert_eq!(
        notified,
        [
            "louise@example.com 🔇 Slack refuse nos messages",
            "louise@example.com 🚨 Alarme AWS: a",
            "louise@example.com 🚨 Alarme AWS: b"
        ]
    );
    assert_eq!(bed.stack.traffic.of("slack"), 1, "what is gone is not asked again");
    // While it is off, messages take the other way; and a recovery follows its problem.
    bed.stack.advance(minutes(5));
    alarm(&bed, "a", "OK").await?;
    alarm(&bed, "c", "ALARM").await?;
    dispatch(&bed).await?;
    assert_eq!(emails(&bed).len(), 5);
    assert_eq!(bed.stack.traffic.of("slack"), 1);
    // A test that gets through switches it on again.
    bed.stack.faults.lift();
    assert_eq!(notices::test(&bed.stack).await?.status, "success");
    alarm(&bed, "d", "ALARM").await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise").last().unwrap(), "🚨 Alarme AWS: d");
    Ok(())
}

/// Subjects of what one person got by e-mail.
fn emails(bed: &Bed, address: &str) -> Vec<String> {
    let sent = bed.stack.sandbox.email_messages();
    sent.iter()
        .filter(|sent| sent.to == address)
        .map(|sent| sent.body["subject"].as_str().unwrap().to_owned())
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_finds_its_way_when_its_channel_goes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    rule(&bed, "channel.disabled", json!({"enabled": false})).await?;
    // One was reported on Slack; of the other, beginning and end still wait when Slack goes.
    alarm(&bed, "early", "ALARM").await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise"), ["🚨 Alarme AWS: early"]);
    bed.stack.advance(minutes(1));
    alarm(&bed, "late", "ALARM").await?;
    bed.stack.advance(minutes(1));
    alarm(&bed, "late", "OK").await?;
    bed.stack.break_with(&["slack:gone".parse::<FaultSpec>().unwrap()]);
    dispatch(&bed).await?;
    bed.stack.advance(minutes(1));
    alarm(&bed, "early", "OK").await?;
    dispatch(&bed).await?;
    assert_eq!(
        emails(&bed, "louise@example.com"),
        ["🚨 Alarme AWS: late", "✅ Alarme AWS terminée: late", "✅ Alarme AWS terminée: early"]
    );
    let rows = deliveries(&bed, "status").await?;
    assert!(rows.iter().all(|row| row["status"] != "pending"), "{rows:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_whose_end_was_lost_is_reported_when_it_comes_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    for _ in 0..2 {
        assert_eq!(alarm(&bed, "a", "ALARM").await?["outcome"], "told");
        bed.stack.advance(minutes(60));
    }
    assert_eq!(alarm(&bed, "a", "OK").await?["outcome"], "told");
    assert_eq!(alarm(&bed, "b", "OK").await?["outcome"], "unmatched");
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise").len(), 3);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_test_notification_succeeds_only_if_all_configured_channels_deliver(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let test = async |faults: &str| {
        let faults: Vec<FaultSpec> = faults.split_whitespace().map(|fault| fault.parse().unwrap()).collect();
        bed.stack.break_with(&faults);
        notices::test(&bed.stack).await
    };
    let report = test("").await?;
    assert_eq!((report.status, report.deliveries.len()), ("success", 9));
    for faults in ["telegram:blocked", "telegram:hang", "sendgrid:403", "slack:gone", "slack:500:∞"] {
        let report = test(faults).await?;
        assert_eq!(report.status, "partial", "{faults}");
        let refused: Vec<&str> =
            report.deliveries.iter().filter(|d| !d.delivered).map(|d| d.channel.name()).collect();
        assert_eq!(refused.len(), 3, "{faults}: {report:?}");
        assert!(faults.starts_with(refused[0]) || faults.starts_with("sendgrid"), "{faults}");
    }
    let report = test("telegram:blocked sendgrid:403 slack:gone").await?;
    assert_eq!(report.status, "failed");
    let shown = serde_json::to_string(&report)?;
    assert!(!shown.contains('@') && !shown.contains("http:"), "{shown}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_moved_is_followed_and_remembered(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"channel": "telegram", "recipients": ["louise"]})).await.ok();
    let rules =
        bed.stack.observer.from("notification_rules").eq("event_type", "alarm.raised").eq("channel", "slack");
    bed.stack
        .write(rules.update(json!({"channel": "telegram", "recipients": ["louise"]}).to_string()))
        .await?;
    bed.stack.break_with(&["telegram:moved".parse::<FaultSpec>().unwrap()]);
    alarm(&bed, "a", "ALARM").await?;
    dispatch(&bed).await?;
    let staff = bed.stack.rows("staff", "key,telegram_chat_id", "key").await?;
    assert_eq!(staff[1]["telegram_chat_id"], "-1001001");
    let sent = bed.stack.sandbox.telegram_messages();
    assert_eq!(sent.iter().map(|sent| sent.to.as_str()).collect::<Vec<_>>(), ["-1001001"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_hold_what_is_not_critical(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    // One in the morning.
    let mut bed = Bed::start(backend).await?;
    let quiet = json!({"from": "22:00", "until": "07:00", "time_zone": "America/Toronto"});
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"], "quiet_hours": quiet})).await?;
    alarm(&bed, "held", "ALARM").await?;
    alarm_of(&bed, "critical", "ALARM", "critical").await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise"), ["🚨 Alarme AWS: critical"]);
    // The problem is over before anybody heard of it: both are sent in the morning, in order.
    bed.stack.advance(minutes(60));
    alarm(&bed, "held", "OK").await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise").len(), 1);
    bed.stack.advance(minutes(301));
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise")[1..], ["🚨 Alarme AWS: held", "✅ Alarme AWS terminée: held"]);
    // Hours without an end would hold for ever; a step to nobody would stop every other one.
    for (from, until, zone) in [
        ("22:00", "07:00", "America/Montral"),
        ("00:00", "24:00", "America/Toronto"),
        ("22:00", "21:59:30", "America/Toronto"),
        ("08:00", "08:00", "America/Toronto"),
    ] {
        let nonsense = json!({"from": from, "until": until, "time_zone": zone});
        assert!(
            rule(&bed, "alarm.raised", json!({"quiet_hours": nonsense})).await.is_err(),
            "{from} to {until}"
        );
    }
    for recipients in [json!([null]), json!([""]), json!([]), json!("louise")] {
        let step = json!([{"after_minutes": 5, "channel": "slack", "recipients": recipients}]);
        assert!(rule(&bed, "alarm.raised", json!({"escalation": step})).await.is_err(), "{step}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_makes_one_message_of_a_window(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"], "digest_minutes": 30})).await?;
    for name in ["a", "b", "c"] {
        alarm(&bed, name, "ALARM").await?;
    }
    alarm_of(&bed, "d", "ALARM", "critical").await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise"), ["🚨 Alarme AWS: d"]);
    bed.stack.advance(minutes(31));
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise")[1..], ["🗞️ 3 notifications"]);
    let text = bed.stack.sandbox.slack_messages().pop().unwrap().body["text"].to_string();
    assert!(
        ["Alarme AWS: a", "Alarme AWS: b", "Alarme AWS: c"].iter().all(|title| text.contains(title)),
        "{text}"
    );
    let rows = deliveries(&bed, "status").await?;
    assert!(rows.iter().all(|row| row["status"] == "sent"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_shows_all_that_it_counts_as_sent_in_as_many_messages_as_it_takes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let delivery = |number: usize| {
        json!({"event_type": "alarm.raised", "severity": "error", "channel": "slack", "recipient": "louise",
               "fingerprint": format!("{number:03}"), "digest_key": "1:1", "data": {"subject": format!("alarme-{number:03}.")},
               "created_at": "2026-01-15T05:00:00Z", "next_attempt_at": "2026-01-15T05:00:00Z"})
    };
    bed.put("notification_deliveries", (0..152).map(delivery).collect()).await?;
    let stats = dispatch(&bed).await?;
    assert_eq!(stats["sent"], 2, "{stats}");
    assert_eq!(slack(&bed, "louise"), ["🗞️ 152 notifications (1 à 100)", "🗞️ 152 notifications (101 à 152)"]);
    let shown: String =
        bed.stack.sandbox.slack_messages().iter().map(|sent| sent.body["blocks"].to_string()).collect();
    for number in 0..152 {
        assert_eq!(shown.matches(&format!("alarme-{number:03}.")).count(), 1, "{number}");
    }
    let rows = deliveries(&bed, "status").await?;
    assert!(rows.iter().all(|row| row["status"] == "sent"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_acknowledges_is_repeated_and_goes_further(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let escalation = json!([{"after_minutes": 30, "channel": "telegram", "recipients": ["allan"]}]);
    let change = json!({"recipients": ["louise"], "escalation": escalation, "reminder_minutes": 60});
    rule(&bed, "alarm.raised", change).await?;
    alarm(&bed, "a", "ALARM").await?;
    alarm(&bed, "b", "ALARM").await?;
    for _ in 0..29 {
        dispatch(&bed).await?;
        bed.stack.advance(minutes(5));
    }
    // At 0: both; at 30: Allan, once each; at 60 and 120: reminders.
    let telegram: Vec<String> = bed
        .stack
        .sandbox
        .telegram_messages()
        .iter()
        .map(|sent| format!("{} {}", sent.to, sent.body["text"].as_str().unwrap().lines().next().unwrap()))
        .collect();
    assert_eq!(
        telegram,
        ["1003 ⏫ Personne n'a répondu: 🚨 Alarme AWS: a", "1003 ⏫ Personne n'a répondu: 🚨 Alarme AWS: b"]
    );
    let of = |name: &str| {
        slack(&bed, "louise").into_iter().filter(|title| title.ends_with(name)).collect::<Vec<_>>()
    };
    let reminder = "🔁 Rappel: 🚨 Alarme AWS: a".to_owned();
    assert_eq!(of("a"), ["🚨 Alarme AWS: a".to_owned(), reminder.clone(), reminder]);
    // One is acknowledged, the other ends: silence for both.
    let incidents = bed.stack.rows("incidents", "id,subject", "subject").await?;
    let arguments =
        json!({"p_id": incidents[0]["id"], "p_by": "louise", "p_now": bed.stack.clock.now().to_string()});
    assert!(bed.stack.observer.rpc::<bool>("acknowledge_incident", &arguments).await?);
    alarm(&bed, "b", "OK").await?;
    for _ in 0..30 {
        dispatch(&bed).await?;
        bed.stack.advance(minutes(5));
    }
    let titles = slack(&bed, "louise");
    assert_eq!(titles.len(), 7, "{titles:?}");
    assert_eq!(titles.last().unwrap(), "✅ Alarme AWS terminée: b");
    Ok(())
}

/// Around every clock change of ten years, in three zones: a message is held exactly as long as the wall clock is
/// in the quiet hours.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_follow_the_wall_clock_over_every_change(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
    #[values("America/Toronto", "Europe/Paris", "Australia/Lord_Howe")] zone: &str,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let tz = TimeZone::get(zone)?;
    let start = date(2025, 1, 1).to_zoned(tz.clone())?.timestamp();
    let end = date(2036, 1, 1).to_zoned(tz.clone())?.timestamp();
    let changes: Vec<Timestamp> =
        tz.following(start).map(|change| change.timestamp()).take_while(|at| *at < end).collect();
    assert_eq!(changes.len(), 22);
    // Over midnight; and within the very hour that a change skips or repeats.
    for (from, until) in [("22:00", "07:00"), ("01:30", "02:15")] {
        let quiet = json!({"from": from, "until": until, "time_zone": zone});
        rule(&bed, "alarm.raised", json!({"recipients": ["louise"], "quiet_hours": quiet})).await?;
        let is_quiet = |at: Timestamp| {
            let time = Zoned::new(at, tz.clone()).time().strftime("%H:%M").to_string();
            let time = time.as_str();
            if from < until { from <= time && time < until } else { from <= time || time < until }
        };
        for change in &changes {
            for offset in [-600, -121, -95, -61, -31, -1, 0, 14, 29, 44, 61, 95, 300] {
                let now = *change + i64::from(offset).minutes();
                let explained = notices::explain(&bed.stack, "alarm.raised", "error", now).await?;
                let held = explained[0]["due_at"].as_str().unwrap().parse::<Timestamp>()?;
                let mut expected = now;
                while is_quiet(expected) {
                    expected += 1.minute();
                }
                assert_eq!(held, expected, "{now} in {zone}, {from} to {until}");
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_explain_themselves() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    let at: Timestamp = NIGHT.parse()?;
    let explained = notices::explain(&bed.stack, "sync.failed", "error", at).await?;
    let page = notices::page(&explained, "sync.failed", "error", at)?;
    assert_eq!(
        page.lines().collect::<Vec<_>>(),
        [
            "sync.failed, severity error, at 2026-01-15 01:00 in Montréal",
            "  slack     louise       at once",
            "  slack     nicolas      at once",
            "  email     allan        not told: the rule asks for critical or worse",
        ]
    );
    let unknown = notices::explain(&bed.stack, "no.such", "error", at).await.unwrap_err().to_string();
    assert!(unknown.contains("nobody is told") && unknown.contains("sync.failed"), "{unknown}");
    Ok(())
}
