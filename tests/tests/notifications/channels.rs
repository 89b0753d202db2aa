//! Channels that are silent, doubtful, out of credit or slow.

use e2e::{Backend, Bed, NIGHT};
use gazelle_local::{faults::FaultSpec, notices};
use rstest::rstest;
use serde_json::{Value, json};

use super::{alarm, alarm_of, dispatch, emails, minutes, rule, slack};

/// Sandbox: Slack takes messages and does not answer, for as long as the faults stay.
async fn silence(bed: &Bed, fault: &str) -> anyhow::Result<()> {
    bed.stack.break_with(&[fault.parse::<FaultSpec>().map_err(anyhow::Error::msg)?]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_nobody_received_for_certain_goes_out_on_another_channel(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    silence(&bed, "slack:cut:2").await?;
    alarm(&bed, "a", "ALARM").await?;
    dispatch(&bed).await?;
    for address in ["louise@example.com", "nicolas@example.com"] {
        assert_eq!(emails(&bed, address), ["🚨 Alarme AWS: a"]);
    }
    // The end goes where the beginning went for certain, and nowhere else.
    bed.stack.advance(minutes(5));
    alarm(&bed, "a", "OK").await?;
    dispatch(&bed).await?;
    for (person, address) in [("louise", "louise@example.com"), ("nicolas", "nicolas@example.com")] {
        assert_eq!(emails(&bed, address), ["🚨 Alarme AWS: a", "✅ Alarme AWS terminée: a"]);
        assert_eq!(slack(&bed, person), Vec::<String>::new());
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_somebody_received_is_not_repeated_and_who_may_not_have_hears_no_end(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    silence(&bed, "slack:cut:1").await?;
    alarm(&bed, "a", "ALARM").await?;
    dispatch(&bed).await?;
    bed.stack.advance(minutes(5));
    alarm(&bed, "a", "OK").await?;
    dispatch(&bed).await?;
    assert_eq!(bed.stack.sandbox.email_messages().len(), 0);
    let mut notified = [slack(&bed, "louise"), slack(&bed, "nicolas")];
    notified.sort();
    assert_eq!(
        notified,
        [vec![], vec!["🚨 Alarme AWS: a".to_owned(), "✅ Alarme AWS terminée: a".to_owned()]]
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_stays_silent_is_an_incident_rests_and_is_tried_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    rule(&bed, "channel.silent", json!({"recipients": ["louise"]})).await?;
    silence(&bed, "slack:cut").await?;
    for name in ["a", "b", "c", "d"] {
        alarm(&bed, name, "ALARM").await?;
        dispatch(&bed).await?;
        bed.stack.advance(minutes(1));
    }
    assert_eq!(
        emails(&bed, "louise@example.com"),
        [
            "🚨 Alarme AWS: a",
            "🚨 Alarme AWS: b",
            "🚨 Alarme AWS: c",
            "🔇 Slack ne répond pas à nos messages",
            "🚨 Alarme AWS: d"
        ]
    );
    assert_eq!(bed.stack.traffic.of("slack"), 3, "a channel that rests is not asked");
    let open = bed.stack.rows("incidents", "kind,subject,closed_at", "opened_at").await?;
    let silent: Vec<&Value> = open.iter().filter(|incident| incident["kind"] == "channel").collect();
    assert_eq!(silent, [&json!({"kind": "channel", "subject": "slack", "closed_at": null})]);

    // One message tries again after the rest; without an answer it takes the other way, and the next rest is longer.
    bed.stack.advance(minutes(30));
    alarm(&bed, "e", "ALARM").await?;
    dispatch(&bed).await?;
    bed.stack.advance(minutes(31));
    alarm(&bed, "f", "ALARM").await?;
    dispatch(&bed).await?;
    assert_eq!(bed.stack.traffic.of("slack"), 4);
    assert_eq!(emails(&bed, "louise@example.com")[5..], ["🚨 Alarme AWS: e", "🚨 Alarme AWS: f"]);

    // It answers: said once, to whom the silence was reported.
    bed.stack.faults.lift();
    bed.stack.advance(minutes(60));
    alarm(&bed, "g", "ALARM").await?;
    dispatch(&bed).await?;
    dispatch(&bed).await?;
    assert_eq!(slack(&bed, "louise"), ["🚨 Alarme AWS: g"]);
    assert_eq!(emails(&bed, "louise@example.com")[7..], ["✅ Slack répond de nouveau à nos messages"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn used_up_credits_let_a_channel_rest_and_it_is_tried_again_by_itself(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let rules =
        bed.stack.observer.from("notification_rules").eq("event_type", "alarm.raised").eq("channel", "slack");
    bed.stack.write(rules.update(json!({"enabled": false}).to_string())).await?;
    let rules =
        bed.stack.observer.from("notification_rules").eq("event_type", "alarm.raised").eq("channel", "email");
    bed.stack
        .write(rules.update(json!({"recipients": ["louise"], "min_severity": "info"}).to_string()))
        .await?;
    rule(&bed, "channel.silent", json!({"recipients": ["louise"]})).await?;
    rule(&bed, "channel.disabled", json!({"recipients": ["louise"]})).await?;
    bed.stack.break_with(&["sendgrid:credits".parse::<FaultSpec>().unwrap()]);
    for name in ["a", "b"] {
        alarm(&bed, name, "ALARM").await?;
        dispatch(&bed).await?;
        bed.stack.advance(minutes(1));
    }
    // Nothing is lost, it is reported once, and the channel is not switched off.
    assert_eq!(bed.stack.traffic.of("sendgrid"), 1, "a channel that rests is not asked");
    let mut notified = slack(&bed, "louise");
    notified.sort();
    assert_eq!(
        notified,
        ["🔇 SendGrid ne prend pas nos courriels pour l'instant", "🚨 Alarme AWS: a", "🚨 Alarme AWS: b"]
    );
    let queues = bed
        .stack
        .rows("notification_queues", "channel,recipient,disabled_at,blocked_until", "channel")
        .await?;
    let email = queues.iter().find(|queue| queue["channel"] == "email" && queue["recipient"] == "").unwrap();
    assert!(email["disabled_at"].is_null() && !email["blocked_until"].is_null(), "{email}");

    // After the rest one message tries, in vain; the next rest is longer.
    bed.stack.advance(minutes(30));
    alarm(&bed, "c", "ALARM").await?;
    dispatch(&bed).await?;
    bed.stack.advance(minutes(31));
    alarm(&bed, "d", "ALARM").await?;
    dispatch(&bed).await?;
    assert_eq!(bed.stack.traffic.of("sendgrid"), 2);
    // The credits are there again: nobody has to do anything.
    bed.stack.faults.lift();
    bed.stack.advance(minutes(60));
    alarm(&bed, "e", "ALARM").await?;
    dispatch(&bed).await?;
    dispatch(&bed).await?;
    assert_eq!(emails(&bed, "louise@example.com"), ["🚨 Alarme AWS: e"]);
    assert_eq!(slack(&bed, "louise").last().unwrap(), "✅ Email répond de nouveau à nos messages");
    let open = bed.stack.rows("incidents", "kind,closed_reason", "opened_at").await?;
    let channel: Vec<&Value> = open.iter().filter(|incident| incident["kind"] == "channel").collect();
    assert_eq!(channel, [&json!({"kind": "channel", "closed_reason": "recovered"})], "one incident in all");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_vendor_itself_refuses_permanently_switches_a_channel_off() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::Embedded).await?;
    for (fault, for_good) in [
        ("sendgrid:403", true),
        ("sendgrid:key", true),
        ("sendgrid:credits", false),
        ("sendgrid:proxy", false),
        ("slack:gone", true),
        ("slack:prohibited", true),
        ("slack:archived", true),
        ("slack:proxy", false),
        ("telegram:blocked", true),
        ("telegram:key", true),
        ("telegram:rights", true),
        ("telegram:mute", false),
        ("telegram:proxy", false),
    ] {
        bed.stack.break_with(&[fault.parse::<FaultSpec>().unwrap()]);
        let report = notices::test(&bed.stack).await?;
        let refused: Vec<&str> =
            report.deliveries.iter().filter_map(|delivery| delivery.detail.as_deref()).collect();
        assert_eq!(refused.len(), 3, "{fault}: {report:?}");
        assert!(
            refused.iter().all(|detail| detail.starts_with("refused_for_good") == for_good),
            "{fault}: {refused:?}"
        );
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_hangs_keeps_no_other_waiting(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    rule(&bed, "alarm.raised", json!({"recipients": ["louise"]})).await?;
    silence(&bed, "slack:hang:1").await?;
    // Critical: there is a message for Slack, and one for e-mail behind it.
    alarm_of(&bed, "a", "ALARM", "critical").await?;
    dispatch(&bed).await?;
    assert_eq!(
        *bed.stack.sandbox.given_up.lock().unwrap(),
        [1],
        "the e-mail went out while Slack was hanging"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_is_heard_of_although_slack_swallows_everything(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    bed.stack.break_with(&["slack:cut", "gazelle:500"].map(|fault| fault.parse::<FaultSpec>().unwrap()));
    for _ in 0..3 {
        bed.sync(NIGHT).await?;
        dispatch(&bed).await?;
        bed.stack.advance(minutes(1));
    }
    for address in ["louise@example.com", "nicolas@example.com"] {
        let failed =
            emails(&bed, address).iter().filter(|subject| subject.contains("synchronisation")).count();
        assert_eq!(failed, 1, "{address}: {:?}", emails(&bed, address));
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_was_sent_to_nobody_for_certain_explains_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    bed.stack.break_with(&["gazelle:500".parse::<FaultSpec>().unwrap()]);
    let run = bed.sync(NIGHT).await?;
    let relay = async |name: &str| {
        let now = bed.stack.clock.now();
        let answer = bed.relay_alarm(name, "ALARM", "error", now, &["sync_gazelle"]).await?;
        anyhow::Ok(answer["outcome"].clone())
    };
    assert_eq!(relay("before").await?, "explained");
    let notified =
        bed.stack.observer.from("notification_deliveries").eq("run_id", run.answer.run_id.unwrap());
    bed.stack.write(notified.update(json!({"status": "unknown"}).to_string())).await?;
    assert_eq!(relay("after").await?, "told");
    Ok(())
}
