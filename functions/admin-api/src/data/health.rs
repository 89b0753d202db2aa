//! `GET /health`: whether what the console stands on answers, by really asking it. Open, so it names nothing else.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::{http::Retry, task::TASKS};

use crate::{
    data::shapes::{Check, Health},
    state::App,
};

const UP: &str = "ok";

const DOWN: &str = "unavailable";

/// A probe answers at once or not at all.
pub const PROBE: Retry = Retry {
    attempts: 1,
    timeout: Duration::from_secs(5),
    budget: Duration::from_secs(5),
    first_wait: Duration::from_millis(100),
};

pub async fn look(app: &App) -> (StatusCode, Value) {
    let (database, auth) = tokio::join!(
        check("database", async {
            let arguments = json!({"p_tasks": [TASKS[0].name], "p_now": app.now().to_string()});
            app.supabase.rpc_within::<Value>("task_overview", &arguments, PROBE).await.is_ok()
        }),
        check("auth", async { app.auth.signing_keys().await.is_ok() }),
    );
    let checks = vec![database, auth];
    let (code, status) = if checks.iter().all(|check| check.status == UP) {
        (StatusCode::OK, UP)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, DOWN)
    };
    (code, json!(Health { status, checks }))
}

async fn check(name: &'static str, probe: impl Future<Output = bool>) -> Check {
    let started = Instant::now();
    let status = if probe.await { UP } else { DOWN };
    Check { name, status, duration_ms: started.elapsed().as_millis() as u64 }
}
