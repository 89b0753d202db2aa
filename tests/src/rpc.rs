//! What the tests of the console ask of the database.

use serde_json::{Value, json};
use shared::{supabase::SupabaseError, task::TASKS};

use crate::Bed;

/// Ten past seven on the morning of the bed's night.
pub const MORNING: &str = "2026-01-15T12:10:00Z";
/// Who clicks.
pub const USER: &str = "louise@example.com";

/// The same as the API hands it to the functions that change something.
pub fn actor() -> Value {
    json!({"user_id": "usr-1", "email": USER, "address": "203.0.113.7"})
}

/// The names of all tasks.
pub fn tasks() -> Value {
    TASKS.iter().map(|task| task.name).collect()
}

/// Of those whose successes are folded.
pub fn frequent() -> Value {
    TASKS.iter().filter(|task| task.is_frequent()).map(|task| task.name).collect()
}

/// The answer of a function.
///
/// # Errors
/// When it is refused.
pub async fn ask(bed: &Bed, function: &str, arguments: Value) -> anyhow::Result<Value> {
    bed.stack
        .observer
        .rpc(function, &arguments)
        .await
        .map_err(|error| anyhow::anyhow!("{function} {arguments}: {error:?}"))
}

/// The code with which a call is refused.
///
/// # Errors
/// When it is not.
pub async fn refused(bed: &Bed, function: &str, arguments: Value) -> anyhow::Result<String> {
    match bed.stack.observer.rpc::<Value>(function, &arguments).await {
        Err(
            SupabaseError::Input { code, .. }
            | SupabaseError::Refused { code, .. }
            | SupabaseError::Data { code, .. },
        ) => Ok(code),
        other => anyhow::bail!("{function} {arguments}: {other:?}"),
    }
}
