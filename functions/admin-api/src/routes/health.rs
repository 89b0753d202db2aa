//! `GET /health`: whether what the console stands on answers, by really asking it. Open, so it names nothing else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use shared::{http::Retry, task::TASKS};

use crate::state::App;

const PROBE: Retry = Retry {
    attempts: 1,
    timeout: Duration::from_secs(5),
    budget: Duration::from_secs(5),
    first_wait: Duration::from_millis(100),
};

/// 200 `ok`, or 503 `unavailable`, with one result per dependency.
pub async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (database, auth) = tokio::join!(
        check("database", async {
            let arguments = json!({"p_tasks": [TASKS[0].name], "p_now": app.now().to_string()});
            app.supabase.rpc_within::<Value>("task_overview", &arguments, PROBE).await.is_ok()
        }),
        check("auth", async { app.auth.signing_keys().await.is_ok() }),
    );
    let is_up = database.0 && auth.0;
    let (status, word) = match is_up {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    (status, Json(json!({"status": word, "checks": [database.1, auth.1]})))
}

async fn check(name: &str, probe: impl Future<Output = bool>) -> (bool, Value) {
    let started = Instant::now();
    let is_up = probe.await;
    let status = if is_up { "ok" } else { "unavailable" };
    let duration_ms = started.elapsed().as_millis() as u64;
    (is_up, json!({"name": name, "status": status, "duration_ms": duration_ms}))
}
