//! A CloudWatch alarm becomes an incident and a notice, once per change: the last voice when everything else is
//! silent, so it speaks without the database too.
//!
//! It is no task: it has no run, no schedule and no retry of its own.

mod alarm;

use std::{process::ExitCode, time::Duration};

use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    clock,
    config::{Cached, ConfigError, Settings, SupabaseSettings},
    http::Http,
    notify::{self, Channels, DirectDelivery, Event, Notice},
    run::{Failure, process},
    supabase::{Supabase, SupabaseError},
    trigger::Payload,
};

use self::alarm::{Alarm, State};

/// How long free slots of the channels are waited for; what is left goes out with the next dispatch.
const TELLING: Duration = Duration::from_secs(5);

/// What an invocation answers.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
    /// `told`, `explained` (a run or the watcher has reported it), `stored`, `unmatched` (an end without a beginning),
    /// `duplicate`, `stale` or `told_directly`.
    outcome: String,
    alarm: String,
    state: State,
    #[serde(rename = "told", skip_serializing_if = "Vec::is_empty")]
    notified: Vec<DirectDelivery>,
}

struct Relay {
    http: Http,
    supabase: Supabase,
    channels: Channels,
}

impl Relay {
    fn make(settings: &mut Settings) -> Result<Self, ConfigError> {
        let http = Http::new();
        let supabase = SupabaseSettings::read(settings);
        let channels = Channels::read(settings);
        settings.check()?;
        Ok(Self { supabase: Supabase::new(http.clone(), supabase), channels, http })
    }

    async fn relay(&self, alarm: &Alarm) -> Result<Answer, Failure> {
        let answer = |outcome: &str, notified| Answer {
            status: "success",
            outcome: outcome.into(),
            alarm: alarm.name.clone(),
            state: alarm.state,
            notified,
        };
        match self.record(alarm).await {
            Ok(outcome) => {
                tracing::info!(alarm = alarm.name, state = ?alarm.state, outcome, "alarm.relayed");
                // Its beginning was reported without the database: so is its end.
                if outcome == "unmatched" && alarm.was_on && !alarm.ends_in_silence() {
                    return Ok(answer("told_directly", self.tell(alarm).await));
                }
                if outcome == "told" {
                    notify::deliver(&self.supabase, &self.http, &self.channels, None, TELLING).await;
                }
                Ok(answer(&outcome, Vec::new()))
            }
            Err(error) => {
                tracing::error!(alarm = alarm.name, %error, "alarm.not_recorded");
                let failed = |kind: &str| Failure { kind: kind.into(), message: error.to_string() };
                match alarm.state {
                    State::InsufficientData => Ok(answer("stored", Vec::new())),
                    // Nobody waits for it. A failure would come back as a letter, which is an alarm again.
                    State::Ok if alarm.ends_in_silence() => Ok(answer("stored", Vec::new())),
                    // The end can wait for the platform's retry: then it closes what is open.
                    State::Ok => Err(failed("not_recorded")),
                    State::Alarm if !alarm.speaks_alone() => Err(failed("not_recorded")),
                    State::Alarm => {
                        let notified = self.tell(alarm).await;
                        // Whom nobody could tell, the platform's retry may.
                        if notified.iter().any(|notified| notified.status != "failed") {
                            Ok(answer("told_directly", notified))
                        } else {
                            Err(failed("nobody_told"))
                        }
                    }
                }
            }
        }
    }

    async fn record(&self, alarm: &Alarm) -> Result<String, SupabaseError> {
        let record = json!({
            "name": alarm.name, "state": alarm.state, "changed_at": alarm.changed_at.to_string(),
            "reason": alarm.reason, "severity": alarm.severity(), "data": alarm.data(),
            "ends_in_silence": alarm.ends_in_silence(), "is_of_one_function": !alarm.is_overdue(),
        });
        let arguments =
            json!({"p_alarm": record, "p_tasks": alarm.tasks(), "p_now": clock::now().to_string()});
        let answer: Value = self.supabase.rpc("relay_alarm", &arguments).await?;
        Ok(answer["outcome"].as_str().unwrap_or("stored").to_owned())
    }

    async fn tell(&self, alarm: &Alarm) -> Vec<DirectDelivery> {
        let event_type = if alarm.state == State::Alarm { Event::AlarmRaised } else { Event::AlarmRecovered };
        let fingerprint = format!("{event_type}:{}@{}", alarm.name, alarm.changed_at);
        let notice = Notice::new(event_type, alarm.severity(), fingerprint, alarm.data());
        notify::notify_administrators(&self.http, &self.channels, &notice).await
    }
}

/// The whole `main` of the function.
pub fn serve() -> ExitCode {
    process(async {
        let kept = Cached::load(Relay::make).await;
        let handler = service_fn(async |event: LambdaEvent<Payload>| {
            let failed = |kind: &str, message: String| Failure { kind: kind.into(), message };
            let relay = kept.current().await.map_err(|error| failed("configuration", error.to_string()))?;
            let alarm =
                Alarm::recognise(&event.payload.0).map_err(|reason| failed("unknown_payload", reason))?;
            relay.relay(&alarm).await
        });
        lambda_runtime::run(handler).await
    })
}
