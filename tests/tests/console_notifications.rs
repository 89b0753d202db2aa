//! Notifications in the console: rules that mean what they say, what was sent, problems, and channels that are tested.

use e2e::{
    Backend, Bed,
    console::{self, Console, Sent, SignedIn, body, token},
};
use gazelle_local::{faults::FaultSpec, notices};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};

/// The rule of an event type on Slack.
async fn rule(console: &Console, who: &SignedIn, event_type: &str) -> anyhow::Result<Value> {
    let all = body(&console.ask("GET", "/notification-rules", &who.read()).await?)?;
    let rules = all["rules"].as_array().unwrap().clone();
    Ok(rules
        .into_iter()
        .find(|rule| rule["event_type"] == event_type && rule["channel"] == "slack")
        .unwrap_or_default())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_edited_in_the_console_changes_what_is_explained_and_the_audit_says_who(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let answer = console.ask("GET", "/notification-rules", &admin.read()).await?;
    document.check("GET", "/notification-rules", &answer)?;

    let at = bed.stack.clock.now();
    let before = notices::explain(&bed.stack, "sync.failed", "error", at).await?;
    let notified: Vec<&Value> = before.as_array().unwrap().iter().map(|row| &row["verdict"]).collect();
    assert_eq!(notified, ["send", "send", "below_severity"]);

    let id = rule(&console, &admin, "sync.failed").await?["id"].clone();
    let quiet = json!({"from": "22:00", "until": "07:00", "time_zone": "America/Toronto"});
    let form = json!({
        "recipients": ["louise"], "min_severity": "warning", "cooldown_minutes": 60, "quiet_hours": quiet,
        "reminder_minutes": 30, "escalation": [{"after_minutes": 20, "channel": "email", "recipients": ["allan"]}],
    });
    let answer =
        console.ask("PUT", &format!("/api/notification-rules/{id}"), &admin.change().json(&form)).await?;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    document.check("PUT", "/notification-rules/{id}", &answer)?;
    assert_eq!(body(&answer)?["updated_by"], "admin@gazelle.example");

    // One in the morning: Louise is notified at seven, and Nicolas is not any more.
    let path = "/notification-rules/explain?event_type=sync.failed";
    let answer = console.ask("GET", path, &admin.read()).await?;
    document.check("GET", "/notification-rules/explain", &answer)?;
    let explained = body(&answer)?;
    assert_eq!(explained["severity"], "error");
    let slack: Vec<&Value> = explained["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|notified| notified["rule_channel"] == "slack")
        .collect();
    assert_eq!(slack.len(), 1, "{explained}");
    assert_eq!((&slack[0]["recipient"], &slack[0]["verdict"]), (&json!("louise"), &json!("send")));
    assert_eq!(slack[0]["due_at"], "2026-01-15T12:00:00Z");
    assert_eq!(slack[0]["escalation"][0]["recipients"], json!(["allan"]));
    // What the command line says is the same.
    let after = notices::explain(&bed.stack, "sync.failed", "error", at).await?;
    assert_eq!(after.as_array().unwrap().len(), 2);
    let written = notices::page(&after, "sync.failed", "error", at)?;
    assert!(written.contains("louise") && !written.contains("nicolas"), "{written}");
    // A critical one passes the quiet hours; an instant and a severity can be chosen.
    let path = "/notification-rules/explain?event_type=sync.failed&severity=critical&at=2026-01-15T03:30:00Z";
    let explained = body(&console.ask("GET", path, &admin.read()).await?)?;
    assert_eq!(explained["deliveries"][0]["due_at"], "2026-01-15T03:30:00Z");

    // Off is off.
    let off = admin.change().json(&json!({"enabled": false}));
    assert_eq!(console.ask("PUT", &format!("/notification-rules/{id}"), &off).await?.status, 200);
    let explained = notices::explain(&bed.stack, "sync.failed", "error", at).await?;
    assert_eq!(explained[0]["verdict"], "disabled");
    let audit = bed.stack.rows("audit_log", "action,subject,email,before,after", "seq").await?;
    assert_eq!(audit.len(), 2);
    assert_eq!(
        (&audit[0]["action"], &audit[0]["email"]),
        (&json!("rule.update"), &json!("admin@gazelle.example"))
    );
    assert_eq!(
        (&audit[1]["before"]["enabled"], &audit[1]["after"]["enabled"]),
        (&json!(true), &json!(false))
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_made_and_deleted_and_one_that_is_wrong_is_refused_by_its_field(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let made =
        json!({"event_type": "backup.failed", "channel": "email", "recipients": ["allan", "@concerned"]});
    let answer = console.ask("POST", "/notification-rules", &admin.change().json(&made)).await?;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    document.check("POST", "/notification-rules", &answer)?;
    let id = body(&answer)?["id"].clone();

    let rows = bed.stack.rows("notification_rules", "*", "id").await?;
    for (field, wrong) in [
        ("channel", json!({"event_type": "backup.failed", "channel": "email", "recipients": ["allan"]})),
        ("channel", json!({"event_type": "x.y", "channel": "pigeon", "recipients": ["allan"]})),
        ("event_type", json!({"event_type": "Rubbish!", "channel": "slack", "recipients": ["allan"]})),
        ("recipients", json!({"event_type": "x.y", "channel": "slack", "recipients": ["nobody"]})),
        ("recipients", json!({"event_type": "x.y", "channel": "slack", "recipients": []})),
        ("recipients", json!({"event_type": "x.y", "channel": "slack", "recipients": "allan"})),
        ("corps", json!([1])),
        ("colour", json!({"colour": "red"})),
    ] {
        let answer = console.ask("POST", "/notification-rules", &admin.change().json(&wrong)).await?;
        let problem = body(&answer)?;
        assert_eq!(answer.status, 400, "{wrong}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(field == "corps" || detail.starts_with(&format!("{field}:")), "{wrong}: {detail}");
    }
    for (field, wrong) in [
        ("min_severity", json!({"min_severity": "loud"})),
        ("cooldown_minutes", json!({"cooldown_minutes": -1})),
        ("cooldown_minutes", json!({"cooldown_minutes": "soon"})),
        ("digest_minutes", json!({"digest_minutes": 1.5})),
        ("reminder_minutes", json!({"reminder_minutes": 2})),
        (
            "quiet_hours",
            json!({"quiet_hours": {"from": "25:00", "until": "07:00", "time_zone": "America/Toronto"}}),
        ),
        (
            "quiet_hours",
            json!({"quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Mars/Olympus"}}),
        ),
        (
            "escalation",
            json!({"escalation": [{"after_minutes": 0, "channel": "slack", "recipients": ["allan"]}]}),
        ),
        (
            "escalation",
            json!({"escalation": [{"after_minutes": 5, "channel": "slack", "recipients": ["@concerned"]}]}),
        ),
        ("event_type", json!({"event_type": "sync.failed"})),
        ("enabled", json!({"enabled": "yes"})),
    ] {
        let path = format!("/notification-rules/{id}");
        let answer = console.ask("PUT", &path, &admin.change().json(&wrong)).await?;
        let problem = body(&answer)?;
        assert_eq!(answer.status, 400, "{wrong}: {problem}");
        document.check("PUT", "/notification-rules/{id}", &answer)?;
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{field}:")), "{wrong}: {problem}");
    }
    assert_eq!(bed.stack.rows("notification_rules", "*", "id").await?, rows);
    for nothing in ["0", "-1", "999999", "99999999999999999999", "x", "%00", "1%2F2"] {
        for method in ["PUT", "DELETE"] {
            let path = format!("/notification-rules/{nothing}");
            let answer = console.ask(method, &path, &admin.change()).await?;
            assert_eq!(answer.status, 404, "{method} {path}: {:?}", answer.body);
        }
    }
    for wrong in [
        "event_type=x&severity=loud",
        "event_type=x&at=yesterday",
        "event_type=x&at=9999-12-30T00:00:00Z",
        "event_type=%00",
        "severity=error",
    ] {
        let path = format!("/notification-rules/explain?{wrong}");
        assert_eq!(console.ask("GET", &path, &admin.read()).await?.status, 400, "{path}");
    }
    let answer = console.ask("DELETE", &format!("/notification-rules/{id}"), &admin.change()).await?;
    document.check("DELETE", "/notification-rules/{id}", &answer)?;
    assert_eq!(body(&answer)?["recipients"], json!(["allan", "@concerned"]));
    assert_eq!(bed.stack.rows("notification_rules", "id", "id").await?.len(), rows.len() - 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_why_is_shown_and_a_problem_is_taken_in_hand_by_an_operator(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let document = console.document().await?;
    bed.stack.break_with(&["gazelle:500".parse().map_err(anyhow::Error::msg)?]);
    bed.sync(e2e::NIGHT).await?;
    bed.stack.faults.lift();
    bed.stack.advance(SignedDuration::from_mins(5));
    bed.run("notification_dispatch", "2026-01-15T06:05:00Z").await?;
    let [operator, viewer] = [console.sign_in("operator").await?, console.sign_in("viewer").await?];

    let answer = console.ask("GET", "/deliveries?limit=1", &viewer.read()).await?;
    document.check("GET", "/deliveries", &answer)?;
    let first = body(&answer)?;
    assert_eq!(first["items"][0]["status"], "sent", "{first}");
    assert_eq!(
        (&first["items"][0]["event_type"], &first["items"][0]["reason"]),
        (&json!("sync.failed"), &json!("first"))
    );
    let next = format!("/deliveries?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = body(&console.ask("GET", &next, &viewer.read()).await?)?;
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    let count = async |query: &str| -> anyhow::Result<usize> {
        let answer = console.ask("GET", &format!("/deliveries?{query}"), &viewer.read()).await?;
        Ok(body(&answer)?["items"].as_array().unwrap().len())
    };
    assert_eq!(count("recipient=louise&event_type=sync.failed&status=sent&channel=slack").await?, 1);
    assert_eq!(count("from=2026-01-16T00:00:00Z").await?, 0);
    assert_eq!(count("status=").await?, count("").await?);
    for wrong in ["limit=x", "from=yesterday", "cursor=AAAA"] {
        assert_eq!(console.ask("GET", &format!("/deliveries?{wrong}"), &viewer.read()).await?.status, 400);
    }

    let answer = console.ask("GET", "/notices?open=true", &viewer.read()).await?;
    document.check("GET", "/notices", &answer)?;
    let open = body(&answer)?;
    let fingerprint = open["items"][0]["fingerprint"].as_str().unwrap();
    let address: String = url::form_urlencoded::byte_serialize(fingerprint.as_bytes()).collect();
    let path = format!("/notices/{address}/acknowledge");
    assert_eq!(console.ask("POST", &path, &viewer.change()).await?.status, 403);
    let shown = console.page("/notifications/notices", &viewer, "fr").await?;
    assert!(
        shown.contains("Erreur de synchronisation") && !shown.contains("hx-post=\"/api/notices/"),
        "{shown}"
    );
    let shown = console.page("/notifications/notices", &operator, "en").await?;
    assert!(shown.contains("hx-post=\"/api/notices/sync.failed") && shown.contains("I take care"), "{shown}");
    let answer = console.ask("POST", &path, &operator.change()).await?;
    document.check("POST", "/notices/{fingerprint}/acknowledge", &answer)?;
    assert_eq!(body(&answer)?["acknowledged_by"], "operator@gazelle.example");
    assert_eq!(body(&console.ask("GET", "/notices?open=true", &viewer.read()).await?)?["items"], json!([]));
    for nothing in ["nothing", "%00", "a%2Fb"] {
        let answer =
            console.ask("POST", &format!("/notices/{nothing}/acknowledge"), &operator.change()).await?;
        assert!([400, 404].contains(&answer.status), "{nothing}: {}", answer.status);
    }
    let shown = console.page("/notifications/deliveries?status=sent", &viewer, "fr").await?;
    assert!(
        shown.contains("Envoyé") && shown.contains("première fois") && shown.contains("Louise"),
        "{shown}"
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_channels_tells_what_arrived_and_what_did_not(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let path = "/api/admin/health/test-notifications";
    let test = async |bed: &Bed, faults: &[&str], options: Value| -> anyhow::Result<(u16, Value)> {
        let faults: Vec<FaultSpec> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        bed.stack.break_with(&faults);
        let answer = console.ask("POST", path, &admin.change().json(&options)).await?;
        document.check("POST", "/admin/health/test-notifications", &answer)?;
        Ok((answer.status, body(&answer)?))
    };
    let (status, all) = test(&bed, &[], json!({})).await?;
    assert_eq!((status, &all["status"]), (200, &json!("success")), "{all}");
    assert_eq!(all["deliveries"].as_array().unwrap().len(), 9);
    assert_eq!(all["message"], "Les 9 messages ont été livrés.");
    let (status, one) = test(&bed, &[], json!({"channel": "slack"})).await?;
    assert_eq!((status, one["deliveries"].as_array().unwrap().len()), (200, 3));
    // Three that hang take as long as one.
    let (status, hanging) = test(&bed, &["telegram:hang"], json!({})).await?;
    assert_eq!((status, &hanging["status"]), (502, &json!("partial")), "{hanging}");
    let undelivered: Vec<&Value> = hanging["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|notified| notified["delivered"] == false)
        .map(|notified| &notified["channel"])
        .collect();
    assert_eq!(undelivered, ["telegram", "telegram", "telegram"]);
    let (status, refused) = test(&bed, &["slack:gone"], json!({"channel": "slack"})).await?;
    assert_eq!((status, &refused["status"]), (502, &json!("failed")));
    assert!(!refused.to_string().contains('@') && !refused.to_string().contains("http:"), "{refused}");
    let (status, _) = test(&bed, &[], json!({"channel": "pigeon"})).await?;
    assert_eq!(status, 400);
    test(&bed, &[], json!({"channel": "email"})).await?;

    // Who tested, and what came of it, stays to be read, without anybody's address.
    let viewer = console.sign_in("viewer").await?;
    let answer = console.ask("GET", "/channels", &viewer.read()).await?;
    document.check("GET", "/channels", &answer)?;
    let overview = body(&answer)?;
    let tests: Vec<&Value> =
        overview["tests"].as_array().unwrap().iter().map(|test| &test["status"]).collect();
    assert_eq!(tests, ["success", "failed", "partial", "success", "success"]);
    let audit = bed.stack.rows("audit_log", "action,subject,email", "seq").await?;
    assert_eq!(audit.len(), 5);
    assert_eq!(
        (&audit[3]["action"], &audit[3]["subject"]),
        (&json!("channel.test"), &json!("channel:slack"))
    );
    let shown = console.page("/notifications/channels", &viewer, "fr").await?;
    assert!(shown.contains("Non livré") && shown.contains("refusé pour de bon"), "{shown}");
    assert!(!shown.contains("test-notifications"), "a viewer is offered no test");
    let shown = console.page("/notifications/channels", &admin, "en").await?;
    assert!(shown.contains("Test all channels") && shown.contains("Not delivered"), "{shown}");

    // Five in a minute are enough, wherever the minute begins.
    bed.stack.advance(SignedDuration::from_mins(1));
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let options = admin.change().json(&json!({"channel": "email"}));
        statuses.push(console.ask("POST", path, &options).await?.status);
    }
    assert!(statuses.contains(&429) && statuses.starts_with(&[200, 200]), "{statuses:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_refused_is_switched_on_again(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    bed.put(
        "notification_queues",
        json!([
            {"channel": "slack", "recipient": "", "disabled_at": e2e::NIGHT, "disabled_reason": "http_404"},
            {"channel": "telegram", "recipient": "louise", "disabled_at": e2e::NIGHT, "disabled_reason": "http_403"},
        ]),
    )
    .await?;
    let shown = console.page("/notifications/channels", &admin, "fr").await?;
    assert!(shown.contains("Désactivé") && shown.contains("réponse HTTP 404"), "{shown}");
    assert!(
        shown.contains("/api/channels/slack/enable") && shown.contains("Réactiver pour Louise"),
        "{shown}"
    );
    let explained = console.page("/notifications?event_type=sync.failed", &admin, "fr").await?;
    assert!(explained.contains("Courriel · tout de suite (Slack est désactivé)"), "{explained}");
    let answer = console.ask("POST", "/channels/slack/enable", &admin.change()).await?;
    document.check("POST", "/channels/{channel}/enable", &answer)?;
    assert_eq!(body(&answer)?, json!({"success": true, "was_off": true}));
    let again = body(&console.ask("POST", "/channels/slack/enable", &admin.change()).await?)?;
    assert_eq!(again["was_off"], false);
    let whom = admin.change().json(&json!({"recipient": "louise"}));
    assert_eq!(body(&console.ask("POST", "/channels/telegram/enable", &whom).await?)?["was_off"], true);
    for nothing in ["pigeon", "%00"] {
        let path = format!("/channels/{nothing}/enable");
        assert_eq!(console.ask("POST", &path, &admin.change()).await?.status, 404);
    }
    let off = bed.stack.rows("notification_queues", "disabled_at", "channel").await?;
    assert!(off.iter().all(|row| row["disabled_at"].is_null()), "{off:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rules_are_read_in_words_in_both_languages_and_hostile_texts_stay_texts(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let hostile = "<script>alert(1)</script>";
    bed.put(
        "staff",
        json!([{"key": "eve", "first_name": "Eve", "display_name": hostile, "email": "planted@private.example",
                "roles": [], "active": true, "language": "fr"}]),
    )
    .await?;
    bed.put(
        "notices",
        json!([{"fingerprint": hostile, "event_type": hostile, "severity": "error", "opened_at": e2e::NIGHT,
                "last_seen_at": e2e::NIGHT}]),
    )
    .await?;
    let form = json!({"recipients": ["eve", "nicolas"]});
    let id = rule(&console, &admin, "sync.failed").await?["id"].clone();
    let path = format!("/notification-rules/{id}");
    assert_eq!(console.ask("PUT", &path, &admin.change().json(&form)).await?.status, 200);

    let viewer = console.sign_in("viewer").await?;
    let edit = format!("/notifications/rules/{id}");
    for (language, words) in [("fr", "Qui serait prévenu ?"), ("en", "Who would be told?")] {
        for path in ["/notifications", "/notifications?event_type=sync.failed&severity=critical"] {
            let shown = console.page(path, &viewer, language).await?;
            assert!(shown.contains(words) && shown.contains("sync.failed"), "{shown}");
            assert!(shown.contains("Nick") && !shown.contains(hostile), "{shown}");
            assert!(!shown.contains("/notifications/rules/") && !shown.contains("planted@"), "{shown}");
        }
        for path in ["/notifications/deliveries", "/notifications/notices", "/notifications/channels"] {
            let shown = console.page(path, &viewer, language).await?;
            assert!(!shown.contains(hostile), "{path}: {shown}");
            assert!(!path.ends_with("notices") || shown.contains("&#60;script&#62;"), "{path}: {shown}");
        }
        for path in [edit.as_str(), "/notifications/rules/new"] {
            let shown = console.page(path, &admin, language).await?;
            assert!(shown.contains("name=\"quiet_hours.from\"") && !shown.contains(hostile), "{shown}");
        }
    }
    let shown = console.page("/notifications", &admin, "fr").await?;
    assert!(shown.contains("Erreur de synchronisation") && shown.contains(&edit), "{shown}");
    // The editor is for administrators; nothing of another id is there.
    assert_eq!(console.ask("GET", &edit, &viewer.browse("fr")).await?.status, 403);
    for nothing in ["999999", "x", "%00"] {
        let path = format!("/notifications/rules/{nothing}");
        assert_eq!(console.ask("GET", &path, &admin.browse("fr")).await?.status, 404, "{path}");
    }
    // By a token, too, nobody's address is read.
    let bearer = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    for path in ["/notification-rules", "/deliveries", "/notices", "/channels"] {
        let answer = console.ask("GET", path, &bearer).await?;
        assert!(!String::from_utf8_lossy(&answer.body).contains("planted@"), "{path}");
    }
    Ok(())
}
