//! Signing in while others guess, while Supabase Auth is not itself, and after a user is gone.

use e2e::{
    Backend, Bed,
    console::{self, Console, Sent, body, token},
};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};

/// Attempts of five minutes per name, and per name at a known place.
const ATTEMPTS: u32 = 10;

/// What the database says to an attempt: seconds to wait, or 0.
async fn attempt(bed: &Bed, name: &str, address: &str) -> anyhow::Result<u32> {
    let arguments = json!({
        "p_name": name, "p_address": address, "p_limit": ATTEMPTS, "p_window_seconds": 300,
        "p_now": bed.stack.clock.now().to_string(),
    });
    Ok(bed.stack.observer.rpc("allow_sign_in", &arguments).await?)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_attack_locks_nobody_out_where_they_have_been_and_is_reported_once(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let names = ["louise@example.com", "nicolas@example.com"];
    for name in names {
        let known = json!({
            "p_user_name": name, "p_address": "198.51.100.7", "p_success": true, "p_now": bed.stack.clock.now().to_string(),
            "p_user_id": name,
        });
        bed.stack.observer.rpc::<()>("record_sign_in", &known).await?;
    }
    let mut waits = 0;
    for number in 0..1000 {
        let (name, address) = (names[number % 2], format!("203.0.113.{}", number % 50));
        match attempt(&bed, name, &address).await? {
            0 => {
                let failed = json!({
                    "p_user_name": name, "p_address": address, "p_success": false,
                    "p_now": bed.stack.clock.now().to_string(), "p_error_type": "invalid_password",
                });
                bed.stack.observer.rpc::<()>("record_sign_in", &failed).await?;
            }
            _ => waits += 1,
        }
    }
    assert!(waits >= 1000 - 2 * 2 * ATTEMPTS, "{waits}: a name is tried ten times in five minutes");
    for name in names {
        assert_eq!(attempt(&bed, name, "198.51.100.7").await?, 0, "{name} from where they have been");
        assert_ne!(attempt(&bed, name, "192.0.2.44").await?, 0, "{name} from elsewhere");
    }
    // Those who had to wait take a row for each name and address, not for each attempt.
    let refused = bed.stack.rows("login_history", "error_type,attempts", "id").await?;
    let waiting: Vec<&Value> = refused.iter().filter(|row| row["error_type"] == "rate_limited").collect();
    assert!(waiting.len() <= 2 * 2 * 51, "{}", waiting.len());
    let counted: i64 = waiting.iter().filter_map(|row| row["attempts"].as_i64()).sum();
    assert_eq!(counted, i64::from(waits) + 2);

    for _ in 0..3 {
        bed.run("anomalies", &bed.stack.clock.now().to_string()).await?;
        bed.stack.advance(SignedDuration::from_mins(30));
    }
    let found = bed.stack.rows("anomalies", "type,severity,details", "id").await?;
    let attacks: Vec<&Value> = found.iter().filter(|found| found["type"] == "auth_attack").collect();
    assert_eq!((attacks.len(), &attacks[0]["details"]["addresses"]), (1, &json!(51)));
    assert!(found.len() > 50, "what it tried stays known: {}", found.len());
    assert_eq!(bed.notified(), ["louise", "nicolas"]);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_had_enough_spends_nobodys_attempts(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    for number in 0..2 * ATTEMPTS {
        assert_eq!(attempt(&bed, &format!("nobody{number}@example.com"), "203.0.113.1").await?, 0);
    }
    for _ in 0..2 * ATTEMPTS {
        assert_ne!(attempt(&bed, "louise@example.com", "203.0.113.1").await?, 0);
    }
    assert_eq!(attempt(&bed, "louise@example.com", "192.0.2.44").await?, 0, "she has used none of hers");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn strangers_leave_those_who_have_been_here_their_share_of_supabase_auth(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let known = json!({
        "p_user_name": "louise@example.com", "p_address": "198.51.100.7", "p_success": true,
        "p_now": bed.stack.clock.now().to_string(), "p_user_id": "louise",
    });
    bed.stack.observer.rpc::<()>("record_sign_in", &known).await?;
    // A name and an address of its own each: neither limit is reached.
    let mut let_in = 0;
    for number in 0..200 {
        let (name, address) = (format!("nobody{number}@example.com"), format!("203.0.113.{number}"));
        let_in += u32::from(attempt(&bed, &name, &address).await? == 0);
    }
    // However many names and places, what is refused fills no table.
    for number in 0..300 {
        attempt(&bed, &format!("nobody{number}@example.com"), &format!("192.0.2.{}", number % 10)).await?;
    }
    let rows = bed.stack.rows("login_history", "error_type,attempts", "id").await?;
    let refused: Vec<&Value> = rows.iter().filter(|row| row["error_type"] == "rate_limited").collect();
    assert!(refused.len() <= 61, "{}", refused.len());
    let counted: i64 = refused.iter().filter_map(|row| row["attempts"].as_i64()).sum();
    assert_eq!(counted, 200 - i64::from(let_in) + 300);
    assert_eq!(let_in, 6 * ATTEMPTS, "Supabase Auth answers 150 in five minutes, of everybody together");
    assert_eq!(attempt(&bed, "louise@example.com", "198.51.100.7").await?, 0);
    Ok(())
}

/// What takes the ten-minute look without having it.
#[rstest]
#[case::wrong_form("wrong form")]
#[case::limited("limited")]
#[case::auth_silent("auth")]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_a_role_by_spending_the_look_at_it(#[case] how: &str) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(Backend::Embedded).await?;
    let admin = console.sign_in("admin").await?;
    bed.stack.auth.set_user("admin@gazelle.example", Some("viewer"), false);
    bed.stack.advance(SignedDuration::from_mins(11));
    let pause = async || console.ask("POST", "/tasks/backup/pause", &admin.change()).await;
    match how {
        "wrong form" => {
            let sent =
                Sent::nothing().header("cookie", admin.cookie.clone()).header("origin", console.origin());
            assert_eq!(console.ask("POST", "/alerts/generate", &sent).await?.status, 403);
        }
        "limited" => {
            let user = bed.stack.rows("console_sessions", "user_id", "id_hash").await?.pop().unwrap();
            let full = json!([{"key": format!("user:{}", user["user_id"].as_str().unwrap()), "count": 100_000,
                "window_started_at": bed.stack.clock.now().round(jiff::Unit::Minute)?.to_string(),
                "window_ends_at": bed.stack.clock.now().to_string()}]);
            bed.put("rate_limits", full).await?;
            assert_eq!(pause().await?.status, 429);
            bed.stack.advance(SignedDuration::from_mins(1));
        }
        _ => {
            bed.stack.break_with(&["auth:proxy".parse().map_err(anyhow::Error::msg)?]);
            assert_eq!(console.ask("GET", "/session", &admin.read()).await?.status, 200);
            bed.stack.advance(SignedDuration::from_mins(50));
            // One asks, and gets no answer; the others learn that nobody knows any more.
            console.ask("GET", "/session", &admin.read()).await?;
            assert_eq!(pause().await?.status, 503);
            bed.stack.faults.lift();
            bed.stack.advance(SignedDuration::from_secs(16));
        }
    }
    assert_eq!(pause().await?.status, 403, "the look was still to be had");
    Ok(())
}

/// Ways in which something else than Supabase Auth answers in its place.
#[rstest]
#[case::key("auth:key")]
#[case::proxy("auth:proxy")]
#[case::outage("supabase:500")]
#[tokio::test(flavor = "multi_thread")]
async fn only_supabase_auth_itself_refuses_a_password_and_ends_a_session(
    #[values(Backend::Embedded)] backend: Backend,
    #[case] fault: &str,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    bed.stack.break_with(&[fault.parse().map_err(anyhow::Error::msg)?]);
    let answer = console.send_form("viewer@gazelle.example", "local-viewer-password").await?;
    assert_eq!(answer.status, 503);
    let page = String::from_utf8(answer.body.to_vec())?;
    assert!(!page.contains("incorrect"), "{page}");
    if fault.starts_with("auth") {
        // The ten-minute look cannot be had: the session goes on.
        bed.stack.advance(SignedDuration::from_mins(11));
        assert_eq!(console.ask("GET", "/session", &admin.read()).await?.status, 200);
    }
    bed.stack.faults.lift();
    assert_eq!(console.ask("GET", "/session", &admin.read()).await?.status, 200);
    let history = bed.stack.rows("login_history", "success", "id").await?;
    assert!(history.iter().all(|row| row["success"] == true), "nobody typed a wrong password: {history:?}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_of_a_user_who_is_gone_is_worth_nothing(
    #[values(Backend::Embedded)] backend: Backend,
    #[values("", "auth:old")] fault: &str,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    if let Ok(fault) = fault.parse() {
        bed.stack.break_with(&[fault]);
    }
    let bearer = |bed: &Bed, role| token(&bed.stack, role).map(|token| Sent::nothing().bearer(&token));
    let [admin, operator, viewer] = ["admin", "operator", "viewer"].map(|role| bearer(&bed, role));
    let (admin, operator, viewer) = (admin?, operator?, viewer?);
    for who in [&admin, &operator, &viewer] {
        assert_eq!(console.ask("GET", "/session", who).await?.status, 200);
    }
    bed.stack.auth.set_user("admin@gazelle.example", Some("viewer"), false);
    bed.stack.auth.set_user("operator@gazelle.example", Some("operator"), true);
    bed.stack.advance(SignedDuration::from_mins(11));
    assert_eq!(console.ask("GET", "/session", &operator).await?.status, 401, "banned");
    assert_eq!(body(&console.ask("GET", "/session", &admin).await?)?["role"], "viewer", "the role of now");
    assert_eq!(console.ask("GET", "/audit", &admin).await?.status, 403);
    assert_eq!(console.ask("GET", "/session", &viewer).await?.status, 200);

    // Where Supabase Auth cannot be asked, the token counts until the next look: nobody waits at every request.
    bed.stack.auth.set_user("viewer@gazelle.example", Some("operator"), false);
    let unasked = bearer(&bed, "viewer")?;
    bed.stack.auth.set_user("viewer@gazelle.example", Some("admin"), false);
    bed.stack.break_with(&["auth:proxy:1".parse().map_err(anyhow::Error::msg)?]);
    for _ in 0..2 {
        assert_eq!(body(&console.ask("GET", "/session", &unasked).await?)?["role"], "operator");
    }

    let mut claims = console::claims(&bed.stack, "viewer")?;
    claims["sub"] = "00000000-0000-4000-b000-999999999999".into();
    let stranger = Sent::nothing().bearer(&bed.stack.auth.sign(&claims)?);
    assert_eq!(console.ask("GET", "/session", &stranger).await?.status, 401, "of nobody");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn asking_for_the_health_in_a_loop_costs_next_to_nothing(
    #[values(Backend::Embedded)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let console = Console::start(&bed.stack).await?;
    for path in ["/health", "/admin/health/database"] {
        let before = bed.stack.traffic.of("supabase");
        for _ in 0..50 {
            assert_eq!(console.ask("GET", path, &Sent::nothing()).await?.status, 200);
        }
        let asked = bed.stack.traffic.of("supabase") - before;
        assert!((1..=10).contains(&asked), "{path}: {asked}");
    }
    Ok(())
}
