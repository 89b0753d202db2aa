//! Forms: what the document says of a field, what the console does, and what the tables take, are the same.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use e2e::{
    Backend, Bed,
    console::{Console, SignedIn, body},
    rpc::{actor, ask},
};
use gazelle_local::postgrest::Database;
use serde_json::{Value, json};

use crate::browser::UNLIMITED;

/// A form: where it is sent, what it needs, and what the database does with it.
struct Sent {
    schema: &'static str,
    method: &'static str,
    path: String,
    /// A form that is accepted.
    base: Value,
    function: &'static str,
    /// The arguments of the function besides the values, who and when.
    arguments: Value,
}

/// Fields that also depend on rows: what is at their limit is refused for another reason than what is beyond it.
const OF_ROWS: [&str; 5] = ["asset_id", "target", "register_id", "recipients", "quiet_hours"];

/// What stands beside a value, so that only the value itself is in question.
fn beside(schema: &str, field: &str) -> Value {
    match (schema, field) {
        ("InstitutionForm", "options.humidity_low") => json!({"humidity_high": null}),
        _ => json!({}),
    }
}

/// A text of so many characters as a field has it written.
fn text(field: &str, length: usize) -> String {
    let filled = |start: &str, letter: &str, end: &str| {
        format!("{start}{}{end}", letter.repeat(length.saturating_sub(start.len() + end.len())))
    };
    match field {
        "email" => filled("", "a", "@courriel.example"),
        "slack_webhook_key" => filled("SLACK_WEBHOOK_", "A", ""),
        "telegram_chat_id" => filled("-", "1", ""),
        "event_type" => filled("forms.", "a", ""),
        "url" => filled("https://service.example/", "a", ""),
        // Letters of two bytes: characters are counted.
        _ => "é".repeat(length),
    }
}

/// A value, and whether it is within the limits.
type Case = (Value, bool);

/// Every documented limit of a field: at it, within it by one, and beyond it by one.
fn cases(field: &str, schema: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    if let Some(words) = schema["enum"].as_array() {
        cases.extend(words.iter().filter(|word| !word.is_null()).map(|word| (word.clone(), true)));
        cases.push((json!("unheard-of"), false));
    }
    if let Some(most) = schema["maxLength"].as_u64().map(|most| usize::try_from(most).unwrap()) {
        // Any one character is enough, unless the field is written in a certain way.
        let is_free = text(field, 1) == "é";
        cases.extend([1].into_iter().filter(|_| is_free).map(|length| (json!(text(field, length)), true)));
        cases.extend(
            [(most - 1, true), (most, true), (most + 1, false)]
                .map(|(length, is_within)| (json!(text(field, length)), is_within)),
        );
    }
    for (bound, inwards) in [("minimum", 1), ("maximum", -1)] {
        let Some(bound) = schema[bound].as_f64() else { continue };
        let number = |value: f64| if value.fract() == 0.0 { json!(value as i64) } else { json!(value) };
        let step = f64::from(inwards);
        cases.extend(
            [(bound, true), (bound + step, true), (bound - step, false)]
                .map(|(value, is_within)| (number(value), is_within)),
        );
    }
    if let Some(most) = schema["maxItems"].as_u64().map(|most| usize::try_from(most).unwrap()) {
        let items = &schema["items"];
        for (item, is_within) in self::cases(field, items) {
            cases.push((json!([item]), is_within));
        }
        let one = |at: usize| match (items["type"].as_str(), items["enum"].as_array()) {
            (Some("integer"), _) => json!(100 + at),
            (_, Some(words)) => words[at % words.len()].clone(),
            _ if items["$ref"].is_string() => {
                json!({"after_minutes": 5 + at, "channel": "email", "recipients": ["allan"]})
            }
            _ => json!(format!("text {at}")),
        };
        for (length, is_within) in [(most - 1, true), (most, true), (most + 1, false)] {
            cases.push(((0..length).map(one).collect(), is_within));
        }
    }
    if schema["format"] == "date" {
        cases.extend([
            (json!("2028-02-29"), true),
            (json!("2027-02-29"), false),
            (json!("2999-12-31"), true),
        ]);
    }
    cases
}

/// The fields with limits, also those inside of others: `options.humidity_low`.
fn fields(schema: &Value, prefix: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{name}");
        found.extend(fields(field, &format!("{name}.")));
        found.push((name, field.clone()));
    }
    found
}

/// The base with a field set.
fn with(base: &Value, field: &str, value: &Value, beside: Value) -> Value {
    let mut form = base.clone();
    match field.split_once('.') {
        None => form[field] = value.clone(),
        Some((outer, inner)) => {
            let mut inside = beside;
            inside[inner] = value.clone();
            form[outer] = inside;
        }
    }
    form
}

async fn forms(bed: &Bed) -> anyhow::Result<Vec<Sent>> {
    let rule = bed.stack.rows("notification_rules", "id", "id").await?;
    bed.put("assets", json!([{"id": 700, "name": "Camion", "category": "véhicule"}])).await?;
    bed.put("maintenances", json!([{"id": 700, "asset_id": 700}])).await?;
    let register = "00000000-0000-4000-8000-000000000700";
    bed.put("cash_registers", json!([{"id": register, "name": "Caisse"}])).await?;
    let window = json!({"starts_at": "2027-01-15T06:00:00Z", "ends_at": "2027-01-15T07:00:00Z"});
    let put = |schema, path: &str, base, function, arguments| Sent {
        schema,
        method: "PUT",
        path: path.into(),
        base,
        function,
        arguments,
    };
    let post = |schema, path: &str, base, function| Sent {
        method: "POST",
        ..put(schema, path, base, function, json!({}))
    };
    Ok(vec![
        put(
            "StaffForm",
            "/staff/forms",
            json!({"first_name": "Eve"}),
            "save_staff",
            json!({"p_key": "forms"}),
        ),
        put(
            "InstitutionForm",
            "/institutions/forms",
            json!({"name": "Orford"}),
            "save_institution",
            json!({"p_slug": "forms"}),
        ),
        put(
            "ReportTabForm",
            "/report-tabs/forms",
            json!({"title": "Orford"}),
            "save_report_tab",
            json!({"p_key": "forms"}),
        ),
        put(
            "MonitorTargetForm",
            "/monitor-targets/forms",
            json!({"label": "Site", "url": "https://site.example"}),
            "save_monitor_target",
            json!({"p_name": "forms"}),
        ),
        post("MaintenanceWindowForm", "/maintenance-windows", window, "save_maintenance_window"),
        put(
            "NotificationRuleForm",
            &format!("/notification-rules/{}", rule[0]["id"]),
            json!({}),
            "save_notification_rule",
            json!({"p_id": rule[0]["id"]}),
        ),
        put("AssetValues", "/assets/700", json!({}), "save_asset", json!({"p_id": 700})),
        put("MaintenanceValues", "/maintenances/700", json!({}), "save_maintenance", json!({"p_id": 700})),
        put(
            "RegisterValues",
            &format!("/cash/registers/{register}"),
            json!({}),
            "save_cash_register",
            json!({"p_id": register}),
        ),
        post("OpenValues", "/cash/sessions", json!({}), "console_open_cash_session"),
        post(
            "CloseValues",
            "/cash/sessions/{new}/close",
            json!({"total_sales": 5, "actual_amount": 5, "comment": "compté deux fois"}),
            "console_close_cash_session",
        ),
        post(
            "AiCall",
            "/ai-events",
            json!({"feature": "humidity", "model": "a-model", "success": true}),
            "insert_ai_event",
        ),
    ])
}

/// A cash session that is open.
async fn new_session(bed: &Bed) -> anyhow::Result<String> {
    let arguments = json!({"p_operator_id": "eve", "p_initial_amount": 0, "p_now": "2026-01-15T06:00:00Z"});
    let session = ask(bed, "open_cash_session", arguments).await?;
    Ok(session["id"].as_str().context("an id")?.to_owned())
}

/// What the console answers: none when it accepts the form, otherwise the field and the reason.
async fn answer(
    console: &Console,
    admin: &SignedIn,
    sent: &Sent,
    path: &str,
    form: &Value,
) -> anyhow::Result<Option<String>> {
    let answer = console.ask(sent.method, path, &admin.change().json(form)).await?;
    match answer.status {
        200 | 201 => Ok(None),
        400 => Ok(body(&answer)?["detail"].as_str().map(str::to_owned)),
        other => anyhow::bail!("{} {path} {form}: {other}", sent.method),
    }
}

/// Words that columns may have, and their name in the document.
const WORDS: [(&str, &str, &str); 13] = [
    ("Status", "scheduler_logs", "status"),
    ("IncidentKind", "incidents", "kind"),
    ("AlertType", "alerts", "alert_type"),
    ("Priority", "alerts", "priority"),
    ("CopyKind", "backups", "kind"),
    ("CopyStatus", "backups", "status"),
    ("DrillStatus", "restore_drills", "status"),
    ("TargetState", "monitor_states", "state"),
    ("SessionStatus", "cash_sessions", "status"),
    ("Severity", "anomalies", "severity"),
    ("AnomalyStatus", "anomalies", "status"),
    ("RecommendationPriority", "recommendations", "priority"),
    ("RecommendationStatus", "recommendations", "status"),
];

/// Words of the document that no column has: roles are Supabase Auth's, the rest is made of several rows.
const OTHER_WORDS: [&str; 2] = ["Overall", "Role"];

/// A word that only the tables know would make a page of what holds it unreadable.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_knows_every_word_that_a_column_may_have_and_no_other() -> anyhow::Result<()> {
    let bed = Bed::start(Backend::PostgRest).await?;
    let console = Console::start(&bed.stack).await?;
    let document = console.document().await?;
    let schemas = document.value()["components"]["schemas"].as_object().context("schemas")?;
    let with_words =
        schemas.iter().filter(|(_, schema)| schema["enum"].is_array()).map(|(name, _)| name.as_str());
    let known: Vec<&str> = WORDS.iter().map(|(name, ..)| *name).chain(OTHER_WORDS).collect();
    let unknown: Vec<&str> = with_words.filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "whose words are these? {unknown:?}");
    let database = Database::connect(&bed.database.as_ref().context("a database")?.url).await?;
    for (name, table, column) in WORDS {
        let constraint: String = database
            .query_one(
                "select pg_get_constraintdef(oid) from pg_constraint
                 where contype = 'c' and conrelid = to_regclass($1) and pg_get_constraintdef(oid) ~ ('\\(' || $2 || ' = ANY')",
                &[&format!("public.{table}"), &column],
            )
            .await
            .with_context(|| format!("{table}.{column}"))?
            .get(0);
        let of_column: BTreeSet<String> =
            constraint.split('\'').skip(1).step_by(2).map(str::to_lowercase).collect();
        let words = schemas[name]["enum"].as_array().with_context(|| name)?;
        let words: BTreeSet<String> =
            words.iter().filter_map(|word| word.as_str().map(str::to_lowercase)).collect();
        assert_eq!(words, of_column, "{name} and {table}.{column}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_the_console_and_the_tables_agree_about_every_limit_of_every_form() -> anyhow::Result<()>
{
    let bed = Bed::start(Backend::PostgRest).await?;
    let console = Console::start_with(&bed.stack, None, UNLIMITED).await?;
    let admin = console.sign_in("admin").await?;
    let document = console.document().await?;
    let schemas = &document.value()["components"]["schemas"];
    let forms = forms(&bed).await?;
    let mut described: Vec<&str> = document
        .operations()
        .iter()
        .filter_map(|(method, path)| {
            let body = &document.value()["paths"][path][method.to_lowercase()]["requestBody"];
            body["content"].as_object()?.values().next()?["schema"]["$ref"].as_str()?.rsplit('/').next()
        })
        .filter_map(|name| schemas.as_object()?.keys().find(|known| *known == name).map(String::as_str))
        .collect();
    described.sort_unstable();
    described.dedup();
    let tried: Vec<&str> = forms.iter().map(|form| form.schema).collect();
    let rest: Vec<&str> = described.into_iter().filter(|name| !tried.contains(name)).collect();
    assert_eq!(rest, OTHER_BODIES, "a form that nobody tries");

    let mut limits: BTreeMap<&str, usize> = BTreeMap::new();
    for sent in &forms {
        for (field, schema) in fields(&schemas[sent.schema], "") {
            for (value, is_within) in cases(field.rsplit('.').next().unwrap(), &schema) {
                let form = with(&sent.base, &field, &value, beside(sent.schema, &field));
                let is_about_a_session = sent.path.contains("{new}");
                let session = if is_about_a_session { new_session(&bed).await? } else { String::new() };
                let path = sent.path.replace("{new}", &session);
                let case = format!("{} {field}: {}", sent.schema, short(&value));
                let named = field.rsplit('.').next().unwrap();
                let said = answer(&console, &admin, sent, &path, &form).await?;
                let is_decided = decided_elsewhere(sent.schema, &field, &value);
                match said {
                    None => assert!(is_within, "{case}: taken by the console"),
                    Some(detail) => {
                        assert!(detail.starts_with(&format!("{named}:")), "{case}: {detail}");
                        assert!(!is_within || is_decided, "{case}: {detail}");
                    }
                }
                // The same past the console.
                let mut arguments = sent.arguments.clone();
                arguments["p_values"] = form;
                arguments["p_now"] = "2026-01-15T06:00:00Z".into();
                if sent.function != "insert_ai_event" {
                    arguments["p_actor"] = actor();
                }
                if !session.is_empty() {
                    arguments["p_id"] = new_session(&bed).await?.into();
                }
                let stored = ask(&bed, sent.function, arguments).await;
                match (stored, is_within) {
                    (Ok(_), true) | (Err(_), false) => {}
                    (Err(_), true) if is_decided => {}
                    (Err(error), true) => panic!("{case}: refused by the database: {error}"),
                    (Ok(_), false) => panic!("{case}: taken by the database"),
                }
                *limits.entry(sent.schema).or_default() += 1;
            }
        }
    }
    assert!(limits.len() == forms.len() && limits.values().sum::<usize>() > 300, "{limits:?}");
    Ok(())
}

/// Bodies without limits of their own: a decision is one of three words, and the bounds of a setting are tried by
/// `every_setting_is_obeyed…`.
const OTHER_BODIES: [&str; 2] = ["Decision", "SettingForm"];

/// Values within the limits of the form that rows, or another field, decide about.
fn decided_elsewhere(schema: &str, field: &str, value: &Value) -> bool {
    match (schema, field) {
        // Only `http` is made; the others are there already.
        ("MonitorTargetForm", "kind") => value != "http",
        // The type of a rule does not change; one for each channel, and no reminder within five minutes.
        ("NotificationRuleForm", "event_type" | "channel") => true,
        ("NotificationRuleForm", "reminder_minutes") => value == 1,
        (_, field) => OF_ROWS.contains(&field),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}
