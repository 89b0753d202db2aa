//! Settings in the console: people, institutions, tabs, thresholds, what is watched, and the connection to Gazelle.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use e2e::{
    Backend, Bed,
    console::{self, Console, Sent, SignedIn, between, body, token},
};
use gazelle_local::sandbox::credentials;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use shared::task::Function;
use url::Url;

use crate::browser::UNLIMITED;

/// A field of what the task reads by `settings_of`, or a place in SQL that names the key.
#[test]
fn every_setting_has_somebody_who_obeys_it() {
    let root = tools::root();
    let sources = |folder: &str, extension: &str| -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![root.join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|found| found == extension) {
                    let text = std::fs::read_to_string(&entry).unwrap();
                    found.push((entry, text));
                }
            }
        }
        found
    };
    let sql = sources("infra/supabase/functions", "sql");
    let rust = [sources("functions", "rs"), sources("shared/src", "rs")].concat();
    let of_rules = |(path, _): &&(PathBuf, String)| path.ends_with("console_settings.sql");
    let rules = &sql.iter().find(of_rules).unwrap().1;
    let rules = rules.split_once("internal.setting_rules()").unwrap().1.split_once("$$;").unwrap().0;
    let quoted: Vec<&str> = rules.split('\'').skip(1).step_by(2).collect();
    let kinds = ["whole", "number", "flag"];
    let keys: Vec<&str> = quoted
        .windows(2)
        .filter(|pair| kinds.contains(&pair[1]))
        .map(|pair| pair[0])
        .filter(|key| *key != "retention.")
        .collect();
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        let (section, name) = key.split_once('.').unwrap();
        let (asks, field) = (format!("\"p_section\": \"{section}\""), format!(" {name}: "));
        // Whoever asks for the section keeps its fields in the same crate.
        let crate_of =
            |path: &Path| path.components().take_while(|part| part.as_os_str() != "src").collect::<PathBuf>();
        let readers: BTreeSet<PathBuf> =
            rust.iter().filter(|(_, text)| text.contains(&asks)).map(|(path, _)| crate_of(path)).collect();
        let in_rust =
            rust.iter().any(|(path, text)| readers.contains(&crate_of(path)) && text.contains(&field));
        let in_sql =
            sql.iter().filter(|file| !of_rules(file)).any(|(_, text)| text.contains(&format!("'{key}'")));
        assert!(in_rust || in_sql, "nobody obeys {key}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_setting_has_a_default_and_bounds_and_takes_nothing_beyond_them(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let answer = console.ask("GET", "/settings", &admin.read()).await?;
    document.check("GET", "/settings", &answer)?;
    let settings = body(&answer)?.as_array().unwrap().clone();
    assert!(settings.len() > 50, "{}", settings.len());
    for setting in &settings {
        // Nobody changed anything yet: the default is what the migrations set.
        assert_eq!(setting["value"], setting["default"], "{setting}");
        let description = setting["description"].as_str().unwrap();
        assert!(!description.is_empty() && description != setting["key"], "no words for {setting}");
        assert!(setting["kind"] == "flag" || setting["maximum"].is_number(), "{setting}");
    }
    let before = bed.stack.rows("settings", "key,value", "key").await?;
    for (key, wrong) in [
        ("humidity.low", json!({"value": 0})),
        ("humidity.low", json!({"value": 61})),
        ("humidity.low", json!({"value": "30"})),
        ("humidity.low", json!({"value": null})),
        ("humidity.low", json!({})),
        ("humidity.all_clients", json!({"value": 1})),
        ("retention.runs", json!({"value": 30.5})),
        ("anomaly.cash_medium_cents", json!({"value": 6000})),
    ] {
        let path = format!("/settings/{key}");
        let answer = console.ask("PUT", &path, &admin.change().json(&wrong)).await?;
        document.check("PUT", "/settings/{key}", &answer)?;
        let problem = body(&answer)?;
        assert_eq!(answer.status, 400, "{key} {wrong}: {problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{key}:")), "{problem}");
    }
    for nothing in ["nothing", "gazelle_oauth_token", "%00", "a%2Fb"] {
        let sent = admin.change().json(&json!({"value": 1}));
        let answer = console.ask("PUT", &format!("/settings/{nothing}"), &sent).await?;
        assert_eq!(answer.status, 404, "{nothing}");
    }
    assert_eq!(bed.stack.rows("settings", "key,value", "key").await?, before);
    let form = admin.change().json(&json!({"value": 35}));
    let answer = console.ask("PUT", "/api/settings/humidity.low", &form).await?;
    document.check("PUT", "/settings/{key}", &answer)?;
    let saved = body(&answer)?;
    assert_eq!((&saved["value"], &saved["default"]), (&json!(35), &json!(30)));
    assert_eq!(saved["updated_by"], "admin@gazelle.example");

    let viewer = console.sign_in("viewer").await?;
    let shown = console.page("/settings/thresholds", &viewer, "fr").await?;
    assert!(shown.contains("de 1 à 99") && shown.contains("modifié") && shown.contains("0,6"), "{shown}");
    assert!(!shown.contains("hx-put"), "a viewer is offered no change");
    let shown = console.page("/settings/thresholds", &admin, "en").await?;
    assert!(shown.contains("hx-put=\"/api/settings/humidity.low\""), "{shown}");
    assert!(shown.contains("Humidity (%) below which a piano is too dry"), "{shown}");
    Ok(())
}

/// One kind of setting: its address, one that is new, and what is refused, by field.
struct Kind {
    path: &'static str,
    template: &'static str,
    key: &'static str,
    made: Value,
    refused: Vec<(&'static str, Value)>,
    /// Where it is shown.
    page: &'static str,
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            path: "/institutions",
            template: "/institutions/{slug}",
            key: "orford",
            made: json!({"name": "<b>Orford</b>", "options": {"humidity_low": 35.5}}),
            refused: vec![
                ("name", json!({"name": null})),
                ("name", json!({"name": 7})),
                ("humidity_low", json!({"options": {"humidity_low": 70, "humidity_high": 60}})),
                ("active", json!({"active": "yes"})),
                ("colour", json!({"colour": "red"})),
            ],
            page: "/settings/institutions",
        },
        Kind {
            path: "/report-tabs",
            template: "/report-tabs/{key}",
            key: "orford",
            made: json!({"title": "<b>Orford</b>", "keywords": ["orford"]}),
            refused: vec![
                ("title", json!({"title": "UQAM"})),
                ("kind", json!({"kind": "other"})),
                ("position", json!({"position": 0})),
                ("keywords", json!({"keywords": "orford"})),
            ],
            page: "/settings/tabs",
        },
        Kind {
            path: "/staff",
            template: "/staff/{key}",
            key: "eve",
            made: json!({"first_name": "<b>Eve</b>", "email": "planted@private.example", "roles": ["technician"]}),
            refused: vec![
                ("first_name", json!({"first_name": ""})),
                ("email", json!({"email": "nobody"})),
                ("slack_webhook_key", json!({"slack_webhook_key": "https://hooks.slack.example/x"})),
                ("telegram_chat_id", json!({"telegram_chat_id": "@eve"})),
                ("language", json!({"language": "de"})),
                ("roles", json!({"roles": ["king"]})),
            ],
            page: "/settings/people",
        },
        Kind {
            path: "/monitor-targets",
            template: "/monitor-targets/{name}",
            key: "site",
            made: json!({"label": "<b>Site</b>", "url": "https://site.example/", "expected_status": [200]}),
            refused: vec![
                ("label", json!({"label": null})),
                ("url", json!({"url": "https://user:password@site.example/"})),
                ("kind", json!({"kind": "slack"})),
                ("timeout_ms", json!({"timeout_ms": 1})),
                ("expected_status", json!({"expected_status": [42]})),
            ],
            page: "/settings/targets",
        },
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn people_institutions_tabs_and_targets_are_made_changed_and_deleted(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    for kind in kinds() {
        let address = format!("/api{}/{}", kind.path, kind.key);
        let answer = console.ask("PUT", &address, &admin.change().json(&kind.made)).await?;
        assert_eq!(answer.status, 200, "{address}: {:?}", answer.body);
        document.check("PUT", kind.template, &answer)?;
        let list = console.ask("GET", kind.path, &admin.read()).await?;
        document.check("GET", kind.path, &list)?;
        for (field, wrong) in &kind.refused {
            let answer = console.ask("PUT", &address, &admin.change().json(wrong)).await?;
            document.check("PUT", kind.template, &answer)?;
            let problem = body(&answer)?;
            assert_eq!(answer.status, 400, "{address} {wrong}: {problem}");
            assert!(
                problem["detail"].as_str().unwrap().starts_with(&format!("{field}:")),
                "{wrong}: {problem}"
            );
        }
        assert_eq!(body(&console.ask("GET", kind.path, &admin.read()).await?)?, body(&list)?, "{address}");
        // `a/b`, as such an id is written.
        for bad in ["Majuscule", "%00", "~YS9i", "é"] {
            let path = format!("{}/{bad}", kind.path);
            let answer = console.ask("PUT", &path, &admin.change().json(&kind.made)).await?;
            assert_eq!(answer.status, 400, "{path}");
            let answer = console.ask("DELETE", &path, &admin.change()).await?;
            assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        }
        // Shown as text, in both languages.
        for (language, words) in [("fr", "Modifier"), ("en", "Edit")] {
            let shown = console.page(kind.page, &admin, language).await?;
            assert!(shown.contains("&#60;b&#62;") && !shown.contains("<b>"), "{shown}");
            assert!(shown.contains(words) && shown.contains("hx-delete"), "{shown}");
        }
        let answer = console.ask("DELETE", &address, &admin.change()).await?;
        assert_eq!(answer.status, 200, "{address}");
        document.check("DELETE", kind.template, &answer)?;
        assert_eq!(console.ask("DELETE", &address, &admin.change()).await?.status, 404);
    }
    // Empty bounds, as the page sends them, are the company's.
    let bounds = |low: Value, high: Value| json!({"options": {"humidity_low": low, "humidity_high": high}});
    for (form, options) in [
        (bounds(json!(35), json!(55)), json!({"humidity_low": 35.0, "humidity_high": 55.0})),
        (bounds(json!(36), Value::Null), json!({"humidity_low": 36.0})),
        (json!({"options": null}), json!({})),
    ] {
        let answer = console.ask("PUT", "/institutions/uqam", &admin.change().json(&form)).await?;
        assert_eq!(body(&answer)?["options"], options, "{form}");
    }
    // Whom rules name stays, and so does a known service.
    for (path, field) in [("/staff/louise", "key"), ("/monitor-targets/gazelle", "name")] {
        let problem = body(&console.ask("DELETE", path, &admin.change()).await?)?;
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{field}:")), "{problem}");
    }
    let audit = bed.stack.rows("audit_log", "action", "seq").await?;
    let actions: Vec<&str> = audit
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .filter(|action| !action.ends_with("update"))
        .collect();
    assert_eq!(
        actions,
        [
            "institution.create",
            "institution.delete",
            "report_tab.create",
            "report_tab.delete",
            "staff.create",
            "staff.delete",
            "target.create",
            "target.delete"
        ]
    );
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn maintenance_windows_and_rows_set_aside_are_dealt_with(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let form = json!({"target": "gazelle", "starts_at": "2026-01-15T05:00:00Z", "ends_at": "2026-01-15T08:00:00Z", "reason": "<i>x</i>"});
    let answer = console.ask("POST", "/maintenance-windows", &admin.change().json(&form)).await?;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    document.check("POST", "/maintenance-windows", &answer)?;
    let path = format!("/maintenance-windows/{}", body(&answer)?["id"]);
    for (field, wrong) in [
        ("ends_at", json!({"ends_at": "2026-01-15T04:00:00Z"})),
        ("ends_at", json!({"ends_at": "2026-03-15T04:00:00Z"})),
        ("starts_at", json!({"starts_at": "tomorrow"})),
        ("target", json!({"target": "nothing"})),
    ] {
        let answer = console.ask("PUT", &path, &admin.change().json(&wrong)).await?;
        let problem = body(&answer)?;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("{field}:")), "{wrong}: {problem}");
    }
    // A time without a zone is Montréal's, whoever sends it from wherever.
    for (field, at, detail) in [
        ("starts_at", "2026-03-08T02:30", "starts_at: 2026-03-08 02:30 n'existe pas à Montréal"),
        ("ends_at", "2026-03-08T02:00", "ends_at: 2026-03-08 02:00 n'existe pas à Montréal"),
    ] {
        let answer = console.ask("PUT", &path, &admin.change().json(&json!({field: at}))).await?;
        let problem = body(&answer)?;
        assert_eq!(answer.status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    }
    let twice = json!({"starts_at": "2026-11-01T01:30", "ends_at": "2026-11-01T01:30"});
    let answer = console.ask("PUT", &path, &admin.change().json(&twice)).await?;
    let instant =
        |field: &str, value: &Value| value[field].as_str().unwrap().parse::<Timestamp>().unwrap().to_string();
    let window = body(&answer)?;
    assert_eq!(
        (instant("starts_at", &window).as_str(), instant("ends_at", &window).as_str()),
        ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
        "the hour that comes twice belongs to the window"
    );
    let local = json!({"starts_at": "2026-01-15T00:00", "ends_at": "2026-01-15T03:00", "target": null});
    let answer = console.ask("PUT", &path, &admin.change().json(&local)).await?;
    assert_eq!(instant("starts_at", &body(&answer)?), "2026-01-15T05:00:00Z");
    document.check("PUT", "/maintenance-windows/{id}", &answer)?;
    let answer = console.ask("GET", "/maintenance-windows", &admin.read()).await?;
    document.check("GET", "/maintenance-windows", &answer)?;
    let list = body(&answer)?;
    assert_eq!((&list[0]["target"], &list[0]["is_active"]), (&Value::Null, &json!(true)));
    let viewer = console.sign_in("viewer").await?;
    let shown = console.page("/settings/targets", &viewer, "fr").await?;
    assert!(
        shown.contains("Tous les services") && !shown.contains("<i>") && !shown.contains("hx-put"),
        "{shown}"
    );
    let form = console.page("/settings/targets", &admin, "fr").await?;
    assert!(form.contains("value=\"2026-01-15T00:00\" data-instant=\"2026-01-15T05:00:00"), "{form}");
    assert!(form.contains("America/Toronto") && form.contains("heure de Montréal"), "{form}");
    let answer = console.ask("DELETE", &path, &admin.change()).await?;
    document.check("DELETE", "/maintenance-windows/{id}", &answer)?;
    for nothing in ["0", "x", "99999999999999999999", "%00"] {
        let path = format!("/maintenance-windows/{nothing}");
        assert_eq!(console.ask("DELETE", &path, &admin.change()).await?.status, 404, "{nothing}");
    }

    bed.put(
        "sync_quarantine",
        json!([{"collection": "clients", "external_id": "cli/1 <x>", "reason": "invalide", "payload": "planted@private.example"}]),
    )
    .await?;
    let answer = console.ask("GET", "/quarantine?open=true", &viewer.read()).await?;
    document.check("GET", "/quarantine", &answer)?;
    assert!(!String::from_utf8_lossy(&answer.body).contains("planted"));
    let shown = console.page("/settings/gazelle", &admin, "en").await?;
    // The id as the page writes it: its characters would not survive a gateway.
    let part = between(&shown, "/api/quarantine/clients/", "/resolve");
    assert!(part.starts_with('~') && shown.contains("It is resolved"), "{shown}");
    let resolve = &format!("/api/quarantine/clients/{part}/resolve");
    assert!(!console.page("/settings/gazelle", &viewer, "fr").await?.contains(resolve));
    let answer = console.ask("POST", resolve, &admin.change()).await?;
    document.check("POST", "/quarantine/{collection}/{external_id}/resolve", &answer)?;
    assert_eq!(answer.status, 200);
    let open = body(&console.ask("GET", "/quarantine?open=true", &viewer.read()).await?)?;
    assert_eq!(open["items"], json!([]));
    assert_eq!(console.ask("GET", "/quarantine?open=perhaps", &viewer.read()).await?.status, 400);
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn peoples_addresses_are_for_administrators_only(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let form = json!({"email": "planted@private.example", "telegram_chat_id": "7777777777"});
    assert_eq!(console.ask("PUT", "/staff/louise", &admin.change().json(&form)).await?.status, 200);
    for role in ["viewer", "operator"] {
        let who = console.sign_in(role).await?;
        let bearer = Sent::nothing().bearer(&token(&bed.stack, role)?);
        assert_eq!(console.ask("GET", "/staff", &bearer).await?.status, 403);
        let shown = console.page("/settings/people", &who, "fr").await?;
        assert!(shown.contains("Réservé à l&#39;administration"), "{shown}");
        assert!(console.page("/settings/people", &who, "en").await?.contains("For administrators only"));
        for path in [
            "/settings",
            "/settings/people",
            "/settings/institutions",
            "/settings/tabs",
            "/settings/thresholds",
            "/settings/targets",
            "/settings/gazelle",
            "/institutions",
            "/report-tabs",
            "/monitor-targets",
            "/gazelle/connection",
        ] {
            for accept in ["text/html", "application/json"] {
                let answer = console.ask("GET", path, &who.read().header("accept", accept)).await?;
                assert!([200, 303, 404, 405].contains(&answer.status), "{path} {accept}: {}", answer.status);
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                let token = stored_token(&bed).await?["access_token"].clone();
                for secret in ["planted@", "7777777777", token.as_str().unwrap()] {
                    assert!(!said.contains(secret), "{path}: {secret}");
                }
            }
        }
    }
    let shown = console.page("/settings/people", &admin, "fr").await?;
    assert!(shown.contains("planted@private.example") && shown.contains("Nick"), "{shown}");
    Ok(())
}

async fn stored_token(bed: &Bed) -> anyhow::Result<Value> {
    let rows = bed.stack.rows("system_settings", "key,value", "key").await?;
    let row = rows.into_iter().find(|row| row["key"] == "gazelle_oauth_token").unwrap_or_default();
    Ok(match &row["value"] {
        Value::String(text) => serde_json::from_str(text)?,
        other => other.clone(),
    })
}

/// Goes to Gazelle as a browser does; the path and query with which Gazelle sends it back.
async fn go_to_gazelle(bed: &Bed, console: &Console, who: &SignedIn) -> anyhow::Result<(Url, String)> {
    let answer = console.ask("POST", "/api/gazelle/authorize", &who.change()).await?;
    console.document().await?.check("POST", "/gazelle/authorize", &answer)?;
    let address: Url = body(&answer)?["authorize_url"].as_str().unwrap().parse()?;
    assert!(address.as_str().starts_with(&bed.stack.sandbox_url));
    let given =
        |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(given("client_id").as_deref(), Some(credentials::GAZELLE_CLIENT_ID));
    let back = given("redirect_uri").unwrap();
    assert_eq!(back, format!("{}/gazelle_oauth_callback", console.origin()));
    let state = given("state").unwrap();
    Ok((address, format!("/gazelle_oauth_callback?code=local-code&state={state}")))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_connects_gazelle_again_and_nobody_else_can(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let (mut bed, console) = console::open(backend).await?;
    let admin = console.sign_in("admin").await?;
    let viewer = console.sign_in("viewer").await?;
    // Another administrator.
    bed.stack.auth.set_user("operator@gazelle.example", Some("admin"), false);
    let other = Sent::nothing().bearer(&token(&bed.stack, "operator")?).header("accept", "text/html");
    let before = stored_token(&bed).await?;
    assert_eq!(console.ask("POST", "/gazelle/authorize", &viewer.change()).await?.status, 403);

    let (_, back) = go_to_gazelle(&bed, &console, &admin).await?;
    let state = back.rsplit('=').next().unwrap();
    // The state is stored as its hash only.
    let stored = json!(bed.stack.rows("system_settings", "key,value", "key").await?).to_string();
    assert!(stored.contains("gazelle_oauth_state:") && !stored.contains(state), "{stored}");
    for (why, who, path, status) in [
        ("a viewer", viewer.browse("fr"), back.clone(), 403),
        ("another administrator's state", other, back.clone(), 400),
        ("another state", admin.browse("fr"), format!("{}x", back), 400),
        ("no state", admin.browse("fr"), "/gazelle_oauth_callback?code=local-code".into(), 400),
        (
            "no code",
            admin.browse("fr"),
            format!("/gazelle_oauth_callback?error=access_denied&state={state}"),
            400,
        ),
        ("nothing", admin.browse("fr"), "/gazelle_oauth_callback".into(), 400),
        ("nonsense", admin.browse("fr"), "/gazelle_oauth_callback?code=%00&state=%00".into(), 400),
    ] {
        let answer = console.ask("GET", &path, &who).await?;
        assert_eq!(answer.status, status, "{why}");
        assert!(answer.headers["content-type"].to_str()?.starts_with("text/html"), "{why}");
        assert_eq!(stored_token(&bed).await?, before, "{why}");
    }

    // Back as oneself: connected, once.
    let answer = console.ask("GET", &back, &admin.browse("fr")).await?;
    let shown = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{shown}");
    assert!(shown.contains("Gazelle est connectée"), "{shown}");
    let after = stored_token(&bed).await?;
    assert_ne!(after["access_token"], before["access_token"]);
    for secret in [&after["access_token"], &after["refresh_token"]] {
        assert!(!shown.contains(secret.as_str().unwrap()));
    }
    assert_eq!(console.ask("GET", &back, &admin.browse("fr")).await?.status, 400);
    assert_eq!(stored_token(&bed).await?, after);
    let audit = bed.stack.rows("audit_log", "action,email,before,after", "seq").await?;
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (&audit[0]["action"], &audit[0]["email"]),
        (&json!("gazelle.authorize"), &json!("admin@gazelle.example"))
    );
    assert!(!json!(audit).to_string().contains(after["access_token"].as_str().unwrap()));
    // The sync works with it.
    bed.fill().await?;

    let answer = console.ask("GET", "/gazelle/connection", &viewer.read()).await?;
    console.document().await?.check("GET", "/gazelle/connection", &answer)?;
    assert_eq!(body(&answer)?["authorized"], true);

    // Whoever comes back too late begins again; a program gets the same as JSON.
    let (_, late) = go_to_gazelle(&bed, &console, &admin).await?;
    bed.stack.advance(SignedDuration::from_mins(11));
    assert_eq!(console.ask("GET", &late, &admin.browse("fr")).await?.status, 400);
    let (_, again) = go_to_gazelle(&bed, &console, &admin).await?;
    let answer = console.ask("GET", &again, &admin.read()).await?;
    console.document().await?.check("GET", "/gazelle_oauth_callback", &answer)?;
    assert_eq!(answer.status, 200);
    // A code that Gazelle does not take changes nothing.
    let held = stored_token(&bed).await?;
    let (_, refused) = go_to_gazelle(&bed, &console, &admin).await?;
    let answer = console.ask("GET", &refused.replace("local-code", "stolen"), &admin.browse("fr")).await?;
    assert_eq!(answer.status, 400);
    assert_eq!(stored_token(&bed).await?, held);
    Ok(())
}

/// What the form accepts is obeyed, at both bounds; what it would not accept is not, wherever it comes from.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_obeyed_within_its_bounds_and_is_its_default_beyond_them(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut bed = Bed::start(backend).await?;
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    let admin = console.sign_in("admin").await?;
    let settings = body(&console.ask("GET", "/settings", &admin.read()).await?)?;
    let settings = settings.as_array().unwrap();
    // Of two that belong together one bound of the one is beyond the other.
    let has_companion = |key: &str| {
        ["humidity.low", "humidity.high"].contains(&key) || key.contains("_medium") || key.contains("_high")
    };
    let obeyed = async |key: &str| -> anyhow::Result<Value> {
        let (section, name) = key.split_once('.').unwrap();
        let section: Value = bed.stack.observer.rpc("settings_of", &json!({"p_section": section})).await?;
        Ok(section[name].clone())
    };
    let number = |value: &Value| value.as_f64();
    for setting in settings {
        let key = setting["key"].as_str().unwrap();
        let (within, beyond): (Vec<Value>, Vec<Value>) = match setting["kind"].as_str().unwrap() {
            "flag" => (vec![json!(true), json!(false)], vec![json!(1), json!("true"), Value::Null]),
            kind => {
                let (least, most) =
                    (setting["minimum"].as_f64().unwrap(), setting["maximum"].as_f64().unwrap());
                let step = if kind == "whole" { 1.0 } else { 0.01 };
                let mut beyond = vec![json!(least - step), json!(most + step), json!("5"), json!([5])];
                beyond.extend((kind == "whole").then(|| json!(least + 0.5)));
                // Written with a fraction of nothing, as some programs write every number.
                (vec![json!(least), json!(most)], beyond)
            }
        };
        for value in &within {
            let sent = admin.change().json(&json!({"value": value}));
            if !has_companion(key) {
                let answer = console.ask("PUT", &format!("/settings/{key}"), &sent).await?;
                assert_eq!(answer.status, 200, "{key} {value}: {}", body(&answer)?);
            }
            bed.put("settings", json!([{"key": key, "value": value}])).await?;
            let found = obeyed(key).await?;
            assert!(found == *value || number(&found) == number(value), "{key}: {found} instead of {value}");
            assert!(setting["kind"] != "whole" || found.is_u64(), "{key}: {found} is no whole number");
        }
        for value in beyond {
            let sent = admin.change().json(&json!({"value": value}));
            let answer = console.ask("PUT", &format!("/settings/{key}"), &sent).await?;
            assert_eq!(answer.status, 400, "{key} {value}: {}", body(&answer)?);
            if !value.is_null() {
                // By somebody who writes into the table.
                bed.put("settings", json!([{"key": key, "value": value}])).await?;
                let found = obeyed(key).await?;
                assert!(
                    found == setting["default"] || number(&found) == number(&setting["default"]),
                    "{key} {value}: {found}"
                );
            }
        }
        let change = json!([{"key": key, "value": setting["default"]}]);
        bed.put("settings", change).await?;
    }

    // And the tasks read them, whatever they are.
    for bound in ["minimum", "maximum"] {
        let at_bound =
            settings.iter().filter(|setting| !setting["key"].as_str().unwrap().starts_with("retention."));
        let rows = at_bound.map(|setting| {
            let value = match setting["kind"].as_str().unwrap() {
                "flag" => json!(bound == "maximum"),
                _ => setting[bound].clone(),
            };
            json!({"key": setting["key"], "value": value})
        });
        bed.put("settings", rows.collect()).await?;
        bed.stack.advance(SignedDuration::from_hours(24));
        for function in
            [Function::SyncGazelle, Function::HumidityAlerts, Function::AnomalyDetection, Function::Cleanup]
        {
            let run = bed.stack.invoke(function, &json!({})).await?;
            let status = run.answer.status.as_str();
            assert!(["success", "warning"].contains(&status), "{bound}: {:?}", run.answer);
        }
    }
    Ok(())
}
