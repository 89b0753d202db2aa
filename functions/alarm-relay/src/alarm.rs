//! What CloudWatch sends, and what it means here: which tasks an alarm speaks of, by the naming scheme of
//! `template.yaml`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    notify::Severity,
    task::{TASKS, TaskSpec},
    text::clean,
};

/// State of an alarm, as CloudWatch names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Over.
    Ok,
    /// On.
    Alarm,
    /// Nobody knows.
    InsufficientData,
}

/// A change of an alarm.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// `STACK-<function>-errors` …
    pub name: String,
    /// New state.
    pub state: State,
    /// When it changed.
    pub changed_at: Timestamp,
    /// CloudWatch's own words.
    pub reason: String,
    /// Whether it was on before.
    pub was_on: bool,
    region: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    source: String,
    region: String,
    alarm_data: AlarmData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlarmData {
    alarm_name: String,
    state: StateData,
    previous_state: Option<PreviousState>,
}

#[derive(Deserialize)]
struct PreviousState {
    value: State,
}

#[derive(Deserialize)]
struct StateData {
    value: State,
    #[serde(default)]
    reason: String,
    timestamp: Timestamp,
}

impl Alarm {
    /// Recognises the payload of an alarm's Lambda action.
    ///
    /// # Errors
    /// A sentence that says what is accepted.
    pub fn recognise(payload: &Value) -> Result<Self, String> {
        let unknown = |reason: &str| {
            format!(
                "unknown payload ({reason}); accepted: the action of a CloudWatch alarm, with source `aws.cloudwatch` and alarmData"
            )
        };
        // The error's own text may quote the payload.
        let envelope = Envelope::deserialize(payload).map_err(|_| unknown("not an alarm"))?;
        if envelope.source != "aws.cloudwatch" {
            return Err(unknown("another source"));
        }
        let state = envelope.alarm_data.state;
        Ok(Self {
            name: clean(&envelope.alarm_data.alarm_name, 255),
            state: state.value,
            changed_at: state.timestamp,
            reason: clean(&state.reason, 300),
            was_on: envelope.alarm_data.previous_state.is_some_and(|previous| previous.value == State::Alarm),
            region: envelope.region,
        })
    }

    /// The tasks that the alarm speaks of, and those that they follow; none for queues and the account.
    pub fn tasks(&self) -> Vec<&'static str> {
        let of_function = |task: &TaskSpec| {
            ["errors", "throttles", "invocations"]
                .iter()
                .any(|kind| self.name.ends_with(&format!("-{}-{kind}", task.function.crate_name())))
        };
        let is_meant = |task: &&TaskSpec| of_function(task) || self.is_overdue() && task.is_watched();
        TASKS.iter().filter(is_meant).map(|task| task.name).collect()
    }

    /// Whether some task is too late; which, the watcher knows, and has recorded.
    pub fn is_overdue(&self) -> bool {
        self.name.ends_with("-overdue")
    }

    /// Whether it speaks when nothing can be recorded. Without the database tasks are late and the console answers 503: one
    /// message is enough.
    pub fn speaks_alone(&self) -> bool {
        !["-overdue", "-5xx"].iter().any(|kind| self.name.ends_with(kind))
    }

    /// Whether its end says nothing: a letter that came stays where it is until somebody has read it.
    pub fn ends_in_silence(&self) -> bool {
        self.name.ends_with("-depth")
    }

    /// What is held back is to be looked at; all else has failed.
    pub fn severity(&self) -> Severity {
        if self.name.ends_with("-throttles") { Severity::Warning } else { Severity::Error }
    }

    /// What the message is made of.
    pub fn data(&self) -> Value {
        let is_region = self
            .region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_name = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let url = (is_region && is_name).then(|| {
            format!(
                "https://{0}.console.aws.amazon.com/cloudwatch/home?region={0}#alarmsV2:alarm/{1}",
                self.region, self.name
            )
        });
        json!({"subject": self.name, "reason": self.reason, "since": self.changed_at.to_string(), "alarm_url": url})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Value {
        let path = format!("{}/../../events/alarm-relay.{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn named(name: &str) -> Alarm {
        let mut event = event("alarm");
        event["alarmData"]["alarmName"] = name.into();
        Alarm::recognise(&event).unwrap()
    }

    #[test]
    fn every_kind_of_change_is_recognised() {
        let states =
            ["alarm", "ok", "insufficient-data"].map(|name| Alarm::recognise(&event(name)).unwrap().state);
        assert_eq!(states, [State::Alarm, State::Ok, State::InsufficientData]);
        let alarm = Alarm::recognise(&event("alarm")).unwrap();
        assert_eq!(alarm.changed_at, "2026-01-15T06:08:21.514Z".parse().unwrap());
        assert_eq!(
            alarm.data()["alarm_url"],
            "https://ca-central-1.console.aws.amazon.com/cloudwatch/home?region=ca-central-1#alarmsV2:alarm/gazelle-tasks-sync-gazelle-errors"
        );
        for payload in [json!({}), Value::Null, json!({"source": "aws.s3"}), json!([1])] {
            assert!(Alarm::recognise(&payload).unwrap_err().contains("accepted"));
        }
    }

    #[test]
    fn an_alarm_names_its_tasks() {
        assert_eq!(named("gazelle-tasks-backup-errors").tasks(), ["backup", "restore_drill"]);
        let watched = TASKS.iter().filter(|task| task.is_watched()).count();
        assert_eq!(named("s-overdue").tasks().len(), watched);
        assert_eq!(named("s-availability-check-invocations").tasks(), ["availability"]);
        assert_eq!(named("s-scheduler-dead-letters-depth").tasks(), Vec::<&str>::new());
        assert_eq!(named("s-sync-gazelle-throttles").severity(), Severity::Warning);
        let alone = ["s-availability-check-errors", "s-admin-api-errors", "s-admin-api-5xx", "s-overdue"];
        assert_eq!(alone.map(|name| named(name).speaks_alone()), [true, true, false, false]);
        assert_eq!(named("<script>").data()["alarm_url"], Value::Null);
    }
}
