//! `cargo local up`: the stack stays, schedules fire, and a page shows what people would see.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use admin_api::Limits;
use anyhow::Context;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Html,
    routing::{get, put},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{
    clock::Schedule,
    task::{Function, TaskSpec},
};
use tokio::net::TcpListener;

use crate::{
    console,
    faults::FaultSpec,
    progress::{say, show_log},
    sandbox::{Sandbox, auth},
    stack::{Stack, local},
};

/// Port of the console unless another one is asked for.
pub const PORT: u16 = 8787;

/// The local stack's secret.
const SECRET: &str = "arn:aws:secretsmanager:ca-central-1:000000000000:secret:local";

/// Tasks whose schedules do not fire: as if somebody had disabled them in the AWS console.
#[derive(Clone, Default)]
struct SwitchedOff(Arc<Mutex<BTreeSet<String>>>);

struct Planned {
    function: Function,
    task: String,
    schedule: Schedule,
    input: String,
    next: Option<Timestamp>,
}

/// Serves until the process is ended.
pub async fn serve(mut stack: Stack, port: u16, speed: u32, logs: bool) -> anyhow::Result<()> {
    let off = SwitchedOff::default();
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} is taken; choose another with --port"))?;
    let router = Router::new()
        .route("/sandbox", get(page))
        .route("/faults", put(break_with))
        .with_state(stack.sandbox.clone())
        .merge(Router::new().route("/schedules/off", put(switch_off)).with_state(off.clone()))
        .fallback_service(
            console::router(&stack, &format!("http://127.0.0.1:{port}"), Limits::default()).await?,
        );
    tokio::spawn(async move { axum::serve(listener, router).await });
    say(&format!("console: http://127.0.0.1:{port}/"));
    let issuer = format!("{}/auth/v1", stack.supabase_url);
    for (email, password, role) in auth::USERS {
        say(&format!("  {}: {email} / {password}", role.unwrap_or("no role")));
        let claims = stack.auth.claims(email, &issuer).context("a user of the sandbox")?;
        let token = stack.auth.sign(&claims)?;
        say(&format!("    curl -H 'authorization: Bearer {token}' http://127.0.0.1:{port}/api/tasks"));
    }
    say(&format!("sandbox page: http://127.0.0.1:{port}/sandbox"));
    say(&format!(
        "what goes wrong: curl -X PUT http://127.0.0.1:{port}/faults -d gazelle:500 (nothing: -d '')"
    ));
    say(&format!(
        "schedules that do not fire: curl -X PUT http://127.0.0.1:{port}/schedules/off -d backup (all fire: -d '')"
    ));
    say(&format!("Supabase: {}/rest/v1", stack.supabase_url));
    let file = offer_to_sam(&stack)?;
    say(&format!("sam local invoke … --env-vars {file}"));

    let mut plan = Vec::new();
    for deployed in stack.functions() {
        for scheduled in &deployed.schedules {
            let schedule: Schedule = scheduled.expression.parse()?;
            let input: Value = serde_json::from_str(&scheduled.input)?;
            plan.push(Planned {
                function: deployed.function,
                task: input["task"].as_str().unwrap_or_default().to_owned(),
                // The first night is now: whoever starts the stack wants to see it.
                next: Some(stack.clock.now()),
                schedule,
                input: scheduled.input.clone(),
            });
        }
    }
    loop {
        let now = stack.clock.now();
        for planned in &mut plan {
            if planned.next.is_none_or(|next| next > now) {
                continue;
            }
            if off.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&planned.task) {
                planned.next = planned.schedule.next_after(now);
                continue;
            }
            let input = planned.input.replace("<aws.scheduler.scheduled-time>", &now.to_string());
            planned.next = planned.schedule.next_after(now);
            let run = stack.invoke(planned.function, &serde_json::from_str::<Value>(&input)?).await?;
            show_log(&run, logs);
            let next = planned.next.map(local).unwrap_or_default();
            say(&format!("{} {}: {}; next {next}", local(now), run.answer.task, run.answer.status));
        }
        for run in stack.deliver_events().await? {
            show_log(&run, logs);
            say(&format!("{} {}: {}", local(stack.clock.now()), run.answer.task, run.answer.status));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        stack.advance(SignedDuration::from_secs(i64::from(speed) - 1));
    }
}

/// Replaces the tasks whose schedules do not fire: names separated by white space.
async fn switch_off(State(off): State<SwitchedOff>, body: String) -> (StatusCode, String) {
    let tasks: BTreeSet<String> = body.split_whitespace().map(str::to_owned).collect();
    if let Some(unknown) = tasks.iter().find(|task| TaskSpec::named(task).is_none()) {
        return (StatusCode::BAD_REQUEST, format!("there is no task {unknown}\n"));
    }
    let answer = format!("{} schedules off\n", tasks.len());
    *off.0.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
    (StatusCode::OK, answer)
}

/// Replaces the faults in force: specifications as of `--fault`, separated by white space.
async fn break_with(State(sandbox): State<Arc<Sandbox>>, body: String) -> (StatusCode, String) {
    match body.split_whitespace().map(str::parse).collect::<Result<Vec<FaultSpec>, String>>() {
        Ok(faults) => {
            sandbox.faults.set(&faults);
            (StatusCode::OK, format!("{} faults in force\n", faults.len()))
        }
        Err(problem) => (StatusCode::BAD_REQUEST, problem),
    }
}

/// Puts the stack's settings into the sandbox's secret store, and where that is into a file for `sam local invoke`,
/// which passes only variables that the template declares.
fn offer_to_sam(stack: &Stack) -> anyhow::Result<String> {
    let settings = &stack.lambda.environment;
    let secret: serde_json::Map<String, Value> = settings
        .iter()
        .filter(|(name, _)| !name.starts_with("AWS_"))
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    stack.sandbox.put_secret(SECRET, &Value::Object(secret).to_string());
    let variables = json!({"Parameters": {
        "AWS_ENDPOINT_URL": stack.sandbox_url, "SECRET_ARN": SECRET, "EVENT_BUS": shared::config::Setting::EventBus.default(),
        "CONSOLE_URL": settings.get("CONSOLE_URL"), "SCHEDULES": "{}", "BACKUP_URL": "file:///tmp/backups",
    }});
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/sam-env.json");
    std::fs::write(path, variables.to_string()).with_context(|| format!("writing {path}"))?;
    Ok("target/sam-env.json".into())
}

/// Slack's three entities as people see them.
fn shown_by_slack(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

async fn page(State(sandbox): State<Arc<Sandbox>>) -> Html<String> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut html = String::from(
        "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"refresh\" content=\"5\"><title>Bac à sable</title>\
         <style>body{font-family:sans-serif;margin:2em;max-width:70em}pre{white-space:pre-wrap;background:#f4f4f4;padding:1em}\
         table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3em;vertical-align:top;font-size:.85em}</style>\
         <h1>Bac à sable</h1>",
    );
    html.push_str("<h2>Slack</h2>");
    for message in sandbox.slack_messages() {
        html.push_str(&format!(
            "<h3>{}</h3><pre>{}</pre>",
            escape(&message.to),
            escape(&shown_by_slack(message.body["text"].as_str().unwrap_or_default()))
        ));
    }
    html.push_str("<h2>Courriels</h2>");
    for message in sandbox.email_messages() {
        html.push_str(&format!(
            "<h3>{}: {}</h3><pre>{}</pre>",
            escape(&message.to),
            escape(message.body["subject"].as_str().unwrap_or_default()),
            escape(message.body["content"][0]["value"].as_str().unwrap_or_default())
        ));
    }
    html.push_str("<h2>Telegram</h2>");
    for message in sandbox.telegram_messages() {
        html.push_str(&format!(
            "<h3>{}</h3><pre>{}</pre>",
            escape(&message.to),
            escape(message.body["text"].as_str().unwrap_or_default())
        ));
    }
    html.push_str("<h2>Rapport Timeline</h2>");
    for tab in sandbox.workbook().report_tabs() {
        html.push_str(&format!("<h3>{} ({} lignes)</h3><table>", escape(&tab.title), tab.rows()));
        for row in 0..tab.cells.len().min(25) {
            html.push_str("<tr>");
            for column in 0..7 {
                let name = if row == 0 { "th" } else { "td" };
                html.push_str(&format!("<{name}>{}</{name}>", escape(&tab.shown(row, column))));
            }
            html.push_str("</tr>");
        }
        html.push_str("</table>");
    }
    Html(html)
}
