//! Who is let in to the console and its API, and who is not.

mod routes;

use std::process::Output;

use admin_api::Limits;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{
    Backend, Bed, binary,
    console::{self, Console, Sent, SignedIn, body, claims, token},
};
use gazelle_local::supabase;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::process::Command;

use self::routes::{OPEN, ROUTES};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_routes_is_whole(#[values(Backend::PostgRest)] backend: Backend) -> anyhow::Result<()> {
    let (_bed, console) = console::open(backend).await?;
    let parts = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        path.split('/').map(str::to_owned).collect::<Vec<String>>()
    };
    let is_at = |path: &str, template: &str| {
        let (path, template) = (parts(path), parts(template));
        path.len() == template.len()
            && path.iter().zip(&template).all(|(part, wanted)| wanted.starts_with('{') || part == wanted)
    };
    for (method, template) in console.document().await?.operations() {
        let is_listed = ROUTES.iter().any(|(known, path, _)| *known == method && is_at(path, &template));
        assert!(is_listed || OPEN.contains(&template.as_str()), "{method} {template}");
    }
    Ok(())
}

/// Tokens that are nobody's: what is wrong with each, and the token.
fn invalid_tokens(bed: &Bed) -> anyhow::Result<Vec<(&'static str, String)>> {
    let good = claims(&bed.stack, "admin")?;
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        bed.stack.auth.sign(&claims)
    };
    let without = |field: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().map(|claims| claims.remove(field));
        bed.stack.auth.sign(&claims)
    };
    let now = bed.stack.clock.now().as_second();
    let valid = token(&bed.stack, "admin")?;
    let (signed, _) = valid.rsplit_once('.').unwrap_or_default();
    let payload = signed.split('.').nth(1).unwrap_or_default();
    Ok(vec![
        ("expired", with("exp", json!(now - 1))?),
        ("without an end", without("exp")?),
        ("not valid yet", with("nbf", json!(now + 1_800))?),
        ("another issuer", with("iss", json!("https://evil.example/auth/v1"))?),
        ("another audience", with("aud", json!("anon"))?),
        ("a symmetric key", supabase::sign(&good)),
        ("no algorithm", format!("eyJhbGciOiJub25lIn0.{payload}.")),
        ("no signature", format!("{signed}.")),
        ("the service key", supabase::key("service_role")),
        ("nonsense", "planted".into()),
    ])
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_its_roles_and_nobody_else(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    // More calls than one person makes in a minute.
    let console =
        Console::start_with(&bed.stack, None, Limits { user: u32::MAX >> 1, address: u32::MAX >> 1 }).await?;
    let invalid = invalid_tokens(&bed)?;
    let order = ["none", "viewer", "operator", "admin"];
    for &(method, path, least) in ROUTES {
        for path in [path.to_owned(), format!("/api{path}")] {
            let answer = console.ask(method, &path, &Sent::nothing()).await?;
            assert_eq!(answer.status, 401, "{method} {path} without a token");
            let problem = body(&answer)?;
            assert_eq!((&problem["code"], &problem["status"]), (&json!("unauthenticated"), &json!(401)));
            for (wrong, token) in &invalid {
                let answer = console.ask(method, &path, &Sent::nothing().bearer(token)).await?;
                assert_eq!(answer.status, 401, "{method} {path} with a token: {wrong}");
            }
            for (rank, role) in order.iter().enumerate() {
                let sent = Sent::nothing().bearer(&token(&bed.stack, role)?);
                let status = console.ask(method, &path, &sent).await?.status;
                let may = Some(rank) >= order.iter().position(|role| *role == least);
                if may {
                    assert!(![401, 403].contains(&status), "{method} {path} as {role}: {status}")
                } else {
                    assert_eq!(status, 403, "{method} {path} as {role}")
                }
            }
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_by_the_key_and_the_algorithm_that_the_project_publishes(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let mut claims = claims(&bed.stack, "viewer")?;
    let elliptic = bed.stack.auth.sign(&claims)?;
    let rsa = bed.stack.auth.sign_with_rsa(&claims)?;
    claims["app_metadata"]["gazelle_role"] = json!("admin");
    let other = bed.stack.auth.sign_with_rsa(&claims)?;
    let part = |token: &str, at: usize| token.split('.').nth(at).unwrap_or_default().to_owned();
    let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (body, signature) = (part(&rsa, 1), part(&rsa, 2));
    let cases = [
        ("ES256", elliptic.clone(), 200),
        ("RS256", rsa.clone(), 200),
        (
            "other claims under the signature",
            format!("{}.{}.{signature}", part(&rsa, 0), part(&other, 1)),
            401,
        ),
        ("the other key's name", format!("{}.{body}.{signature}", part(&elliptic, 0)), 401),
        (
            "another algorithm than the key's",
            format!("{}.{body}.{signature}", header(r#"{"alg":"ES256","kid":"local-rs256"}"#)),
            401,
        ),
        (
            "a longer hash than is pinned",
            format!("{}.{body}.{signature}", header(r#"{"alg":"RS512","kid":"local-rs256"}"#)),
            401,
        ),
    ];
    for (case, token, status) in cases {
        let answer = console.ask("GET", "/session", &Sent::nothing().bearer(&token)).await?;
        assert_eq!(answer.status, status, "{case}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_symmetric_token_counts_only_where_its_secret_is_configured(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let symmetric = Sent::nothing().bearer(&supabase::sign(&claims(&bed.stack, "viewer")?));
    let console = Console::start(&bed.stack).await?;
    assert_eq!(console.ask("GET", "/session", &symmetric).await?.status, 401);
    bed.stack.lambda.environment.insert("SUPABASE_JWT_SECRET".into(), supabase::JWT_SECRET.into());
    let console = Console::start(&bed.stack).await?;
    assert_eq!(console.ask("GET", "/session", &symmetric).await?.status, 200);
    // The project's own keys still count, and nothing else does.
    let own = Sent::nothing().bearer(&token(&bed.stack, "viewer")?);
    assert_eq!(console.ask("GET", "/session", &own).await?.status, 200);
    let service = Sent::nothing().bearer(&supabase::key("service_role"));
    assert_eq!(console.ask("GET", "/session", &service).await?.status, 401);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_unknown_keys_do_not_make_the_function_ask_for_keys_each_time(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let good = token(&bed.stack, "viewer")?;
    // {"alg":"ES256","kid":"x"}
    let (_, rest) = good.split_once('.').unwrap_or_default();
    let unknown = Sent::nothing().bearer(&format!("eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.{rest}"));
    for _ in 0..5 {
        assert_eq!(console.ask("GET", "/session", &unknown).await?.status, 401);
        assert_eq!(console.ask("GET", "/session", &Sent::nothing().bearer(&good)).await?.status, 200);
    }
    assert_eq!(bed.stack.auth.key_requests(), 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_makes_a_browser_send_changes_nothing(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let viewer = console.sign_in("viewer").await?;
    let own = || admin.read().header("origin", &admin.origin);
    let cases = [
        ("no origin", admin.read().header("x-csrf-token", &admin.csrf_token), "cross_site"),
        ("a hidden origin", admin.read().header("origin", "null"), "cross_site"),
        ("another site", admin.read().header("origin", "https://evil.example"), "cross_site"),
        (
            "a longer name",
            admin.read().header("origin", format!("{}.evil.example", admin.origin)),
            "cross_site",
        ),
        ("no form token", own(), "form_token"),
        ("another session's token", own().header("x-csrf-token", &viewer.csrf_token), "form_token"),
        ("an empty form", own().form(&[("csrf_token", "")]), "form_token"),
    ];
    for (case, sent, code) in cases {
        let answer = console.ask("POST", "/scheduler/run/backup", &sent).await?;
        assert_eq!((answer.status, &body(&answer)?["code"]), (403, &json!(code)), "{case}");
    }
    assert!(bed.runs("backup").await?.is_empty());

    let foreign = Sent::nothing().header("origin", "https://evil.example");
    let foreign = foreign.form(&[("email", "admin@gazelle.example"), ("password", "local-admin-password")]);
    let answer = console.ask("POST", "/sign-in", &foreign).await?;
    assert_eq!(answer.status, 403);
    assert!(!answer.headers.contains_key("set-cookie"));

    // The console's own form passes.
    let form = own().form(&[("csrf_token", &admin.csrf_token), ("reason", "essai")]);
    assert_eq!(console.ask("POST", "/scheduler/run/backup", &form).await?.status, 202);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_for_this_host_alone_and_only_its_hash_is_stored(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let bed = Bed::start(backend).await?;
    let flags = |signed: &SignedIn| -> Vec<String> {
        signed.set_cookie.split("; ").skip(1).map(str::to_owned).collect()
    };
    let public = Some("https://console.example");
    let console = Console::start_with(&bed.stack, public, Limits::default()).await?;
    let signed = console.sign_in("admin").await?;
    assert!(signed.cookie.starts_with("__Host-session="), "{}", signed.set_cookie);
    assert_eq!(flags(&signed), ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=43200"]);

    let local = Console::start(&bed.stack).await?.sign_in("admin").await?;
    assert!(local.cookie.starts_with("session="), "{}", local.set_cookie);
    assert_eq!(flags(&local), ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"]);

    let rows = bed.stack.rows("console_sessions", "*", "id_hash").await?;
    assert_eq!(rows.len(), 2);
    let stored = Value::from(rows).to_string();
    for signed in [&signed, &local] {
        let (_, id) = signed.cookie.split_once('=').unwrap_or_default();
        // 256 bits in base64.
        assert_eq!(id.len(), 43);
        assert!(!stored.contains(id));
    }
    assert!(!stored.contains("local-refresh"), "{stored}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_signing_out_and_after_twelve_hours(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let viewer = console.sign_in("viewer").await?;
    let admin = console.sign_in("admin").await?;
    assert_eq!(bed.stack.auth.open_sessions(), 2);

    let answer = console.ask("POST", "/sign-out", &viewer.change()).await?;
    assert_eq!(answer.status, 303);
    assert!(answer.headers["set-cookie"].to_str()?.contains("session=; "), "{:?}", answer.headers);
    assert_eq!(console.ask("GET", "/session", &viewer.read()).await?.status, 401);
    // Supabase Auth has forgotten it as well.
    assert_eq!(bed.stack.auth.open_sessions(), 1);
    // A page offers the form instead.
    let answer = console.ask("GET", "/?x=1", &viewer.read()).await?;
    assert_eq!((answer.status, answer.headers["location"].to_str()?), (303, "/sign-in?next=%2F%3Fx%3D1"));

    assert_eq!(console.ask("GET", "/session", &admin.read()).await?.status, 200);
    bed.stack.advance(SignedDuration::from_hours(12));
    assert_eq!(console.ask("GET", "/session", &admin.read()).await?.status, 401);

    let history = bed.stack.rows("login_history", "success,error_type,user_hash", "created_at,id").await?;
    let kinds: Vec<&Value> = history.iter().map(|row| &row["error_type"]).collect();
    assert_eq!(kinds, [&Value::Null, &Value::Null, &json!("logout")]);
    assert!(!Value::from(history).to_string().contains("gazelle.example"));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_role_taken_away_ends_within_minutes_and_a_banned_user_too(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let operator = console.sign_in("operator").await?;
    bed.stack.auth.set_user("admin@gazelle.example", Some("viewer"), false);
    bed.stack.auth.set_user("operator@gazelle.example", Some("operator"), true);
    bed.stack.advance(SignedDuration::from_mins(11));

    let answer = console.ask("POST", "/tasks/backup/pause", &admin.change()).await?;
    assert_eq!(answer.status, 403);
    // What they may still do, they may; the renewed token serves the next look.
    assert_eq!(console.ask("GET", "/tasks", &admin.read()).await?.status, 200);
    bed.stack.advance(SignedDuration::from_mins(11));
    assert_eq!(console.ask("GET", "/tasks", &admin.read()).await?.status, 200);

    assert_eq!(console.ask("GET", "/tasks", &operator.read()).await?.status, 401);
    assert_eq!(bed.stack.rows("console_sessions", "id_hash", "id_hash").await?.len(), 1);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_recorded_and_guessing_is_slow(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    for _ in 0..10 {
        let answer = console.send_form("admin@gazelle.example", "planted-password").await?;
        assert_eq!(answer.status, 401);
        let page = String::from_utf8(answer.body.to_vec())?;
        assert!(page.contains("incorrect") && !page.contains("planted-password"), "{page}");
    }
    let answer = console.send_form("admin@gazelle.example", "local-admin-password").await?;
    assert_eq!(answer.status, 429);
    assert!(answer.headers["retry-after"].to_str()?.parse::<u32>()? <= 300);
    // Another person is not locked out by it.
    console.sign_in("viewer").await?;
    // A user of the project without a part in this product.
    assert_eq!(console.send_form("none@gazelle.example", "local-none-password").await?.status, 403);
    let history = bed.stack.rows("login_history", "error_type", "created_at,id").await?;
    assert_eq!(history.iter().filter(|row| row["error_type"] == "invalid_password").count(), 10);
    assert_eq!(history.last().map(|row| &row["error_type"]), Some(&json!("invalid_user_or_inactive")));
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_of_a_user_or_from_an_address_have_to_wait(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let console = Console::start_with(&bed.stack, None, Limits { user: 3, address: 6 }).await?;
    // The first instant of a minute: the calls of this test fall into one window.
    let now = bed.stack.clock.now();
    bed.stack.advance(SignedDuration::from_secs(60 - now.as_second().rem_euclid(60)));
    let [viewer, admin] = ["viewer", "admin"].map(|role| token(&bed.stack, role));
    let (viewer, admin) = (Sent::nothing().bearer(&viewer?), Sent::nothing().bearer(&admin?));
    for _ in 0..3 {
        assert_eq!(console.ask("GET", "/session", &viewer).await?.status, 200);
    }
    let answer = console.ask("GET", "/session", &viewer).await?;
    assert_eq!((answer.status, &body(&answer)?["code"]), (429, &json!("rate_limited")));
    let wait: i64 = answer.headers["retry-after"].to_str()?.parse()?;
    assert!((1..=60).contains(&wait), "{wait}");
    // Another user is free, until the address has had enough.
    for expected in [200, 200, 429] {
        assert_eq!(console.ask("GET", "/session", &admin).await?.status, expected);
    }
    bed.stack.advance(SignedDuration::from_secs(wait));
    assert_eq!(console.ask("GET", "/session", &viewer).await?.status, 200);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_made_by_a_command(
    #[values(Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let create = async || -> anyhow::Result<Output> {
        let mut command = Command::new(binary("ops")?);
        command.args(["admin", "create", "premier@gazelle.example"]);
        command.env("SUPABASE_URL", &bed.stack.supabase_url);
        command.env("SUPABASE_SERVICE_ROLE_KEY", supabase::key("service_role"));
        Ok(command.output().await?)
    };
    let created = create().await?;
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    let said = String::from_utf8(created.stdout)?;
    let password = said.lines().last().unwrap_or_default().trim();
    assert_eq!(console.send_form("premier@gazelle.example", password).await?.status, 303);
    let again = create().await?;
    assert!(!again.status.success());
    assert!(String::from_utf8(again.stderr)?.contains("has an account already"));
    Ok(())
}
