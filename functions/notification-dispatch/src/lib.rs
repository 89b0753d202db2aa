//! Empties the two outboxes: domain events that EventBridge did not take, and notices that did not get through. And
//! looks at what time alone brings: escalation steps and reminders.

use std::time::Duration;

use serde_json::json;
use shared::{
    clock,
    config::{Setting, Settings},
    events::{Aws, Published, QueuedEvent},
    http::Http,
    notify::{self, Channels},
    run::{Run, Task, finished},
    supabase::SupabaseError,
    task::{Function, Outcome, TaskError},
};

/// How long one run waits for free slots of the channels' rates, well within its time limit.
const BUDGET: Duration = Duration::from_secs(70);

/// The task `notification_dispatch`.
pub struct NotificationDispatch {
    channels: Channels,
    bus: String,
}

impl Task for NotificationDispatch {
    const FUNCTION: Function = Function::NotificationDispatch;

    fn new(settings: &mut Settings, _http: &Http) -> Self {
        Self { channels: Channels::read(settings), bus: settings.required(Setting::EventBus) }
    }

    async fn run(&self, run: &Run) -> Result<Outcome, TaskError> {
        let (published, refused) = self.publish(run).await?;
        let arguments = json!({"p_now": clock::now().to_string()});
        // What waits in the outbox goes out whatever becomes of escalation and reminders.
        let advanced: Option<u32> = run
            .supabase
            .rpc("advance_notices", &arguments)
            .await
            .inspect_err(|error| tracing::warn!(%error, "notices.not_advanced"))
            .ok();
        let delivered = notify::deliver(&run.supabase, &run.http, &self.channels, None, BUDGET).await;
        let message = format!("{} notifications envoyées", delivered.sent);
        let stats = json!({
            "sent": delivered.sent, "pending": delivered.pending, "failed": delivered.failed,
            "unknown": delivered.unknown, "advanced": advanced, "events_published": published, "events_refused": refused,
        });
        Ok(finished(message, stats))
    }
}

impl NotificationDispatch {
    /// Publishes due events; answers how many were taken and refused.
    async fn publish(&self, run: &Run) -> Result<(usize, usize), SupabaseError> {
        let now = clock::now().to_string();
        let arguments = json!({"p_limit": 50, "p_lease_seconds": 60, "p_now": now});
        let due: Vec<QueuedEvent> = run.supabase.rpc("claim_events", &arguments).await?;
        if due.is_empty() {
            return Ok((0, 0));
        }
        let outcomes: Vec<Published> = Aws::from_environment().await.publish(&self.bus, &due).await;
        let arguments = json!({"p_results": outcomes, "p_now": clock::now().to_string()});
        run.supabase.rpc::<u32>("settle_events", &arguments).await?;
        let published = outcomes.iter().filter(|outcome| outcome.published).count();
        Ok((published, outcomes.len() - published))
    }
}
