//! What started this invocation, and the key that makes a second delivery of it a duplicate.
//!
//! Known payloads are accepted, everything else is refused with the list of what is known. A payload is never
//! trusted further than its fields.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    events,
    task::{Function, TaskSpec},
};

/// The shapes that a function accepts, as shown to whoever sent another one.
pub const ACCEPTED: &str = "accepted: {} or null (manual run); {\"task\", \"parameters\"?} (manual run of a task); \
     {\"task\", \"scheduled_time\", \"parameters\"?} (schedule); an EventBridge event of type \
     `Gazelle Sync Succeeded`, `Task Requested` or `Task Continued`";

/// The body of an invocation. No body at all counts as `null`.
#[derive(Debug, Clone, Default)]
pub struct Payload(pub Value);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer) {
            Ok(value) => Ok(Payload(value)),
            // An empty body ends before its first character; anything else that ends early is broken.
            Err(error) if error.to_string().contains("line 1 column 0") => Ok(Payload(Value::Null)),
            Err(error) => Err(error),
        }
    }
}

/// How the invocation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// EventBridge Scheduler.
    Scheduled,
    /// The event of a finished run.
    Chained,
    /// *Task Requested*, from the admin API.
    Requested,
    /// *Task Continued*: the next part of a long run.
    Continued,
    /// A person, in the AWS console, by `sam local invoke` or locally.
    Manual,
}

/// A recognised trigger.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// How.
    pub kind: Kind,
    /// What is to be run.
    pub task: &'static TaskSpec,
    /// Unique per wanted run.
    pub run_key: String,
    /// The run that the trigger speaks of, where it exists already.
    pub run_id: Option<String>,
    /// Part of a long run; 0 = the first.
    pub part: u32,
    /// The run whose event this is.
    pub parent_run_id: Option<String>,
    /// Carried through a whole chain.
    pub correlation_id: Option<String>,
    /// The instant that business dates come from.
    pub scheduled_for: Option<Timestamp>,
    /// Parameters of the task, or what a continuation handed over.
    pub parameters: Value,
    /// Who asked.
    pub requested_by: Option<String>,
}

/// A payload without a known envelope.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown payload ({reason}); {ACCEPTED}")]
pub struct UnknownPayload {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Direct {
    task: String,
    scheduled_time: Option<Timestamp>,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: String,
    source: String,
    detail: Value,
}

#[derive(Deserialize)]
struct Succeeded {
    run_id: String,
    correlation_id: Option<String>,
}

#[derive(Deserialize)]
struct Requested {
    task: String,
    run_id: String,
    requested_by: Option<String>,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
struct Continued {
    task: String,
    run_id: String,
    part: u32,
    continuation: Value,
}

impl Trigger {
    /// Recognises the payload of an invocation of `function`.
    ///
    /// # Errors
    /// When the payload has no known envelope, or speaks of a task that this function does not run.
    #[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
    pub fn recognise(
        payload: &Payload,
        function: Function,
        request_id: &str,
    ) -> Result<Self, UnknownPayload> {
        let unknown = |reason: String| UnknownPayload { reason };
        let default = function.tasks().next().ok_or_else(|| unknown("this function runs no task".into()))?;
        let own = |name: &str| {
            TaskSpec::named(name)
                .filter(|task| task.function == function)
                .ok_or_else(|| unknown(format!("this function does not run the task {:?}", bounded(name))))
        };
        let object = match &payload.0 {
            Value::Null => return Ok(Self::manual(default, request_id, Value::Null)),
            Value::Object(object) if object.is_empty() => {
                return Ok(Self::manual(default, request_id, Value::Null));
            }
            Value::Object(object) => object,
            _ => return Err(unknown("not an object".into())),
        };
        if object.contains_key("detail-type") {
            let envelope: Envelope = parse(&payload.0).map_err(|error| unknown(format!("event: {error}")))?;
            return Self::from_event(&envelope, default, own).map_err(unknown);
        }
        let direct: Direct = parse(&payload.0).map_err(unknown)?;
        let task = own(&direct.task)?;
        let parameters = direct.parameters.unwrap_or_default();
        Ok(match direct.scheduled_time {
            None => Self::manual(task, request_id, parameters),
            Some(time) => Self {
                kind: Kind::Scheduled,
                run_key: format!("{}@{time}", task.name),
                scheduled_for: Some(time),
                ..Self::manual(task, request_id, parameters)
            },
        })
    }

    fn manual(task: &'static TaskSpec, request_id: &str, parameters: Value) -> Self {
        Self {
            kind: Kind::Manual,
            task,
            run_key: format!("{}@{request_id}", task.name),
            run_id: None,
            part: 0,
            parent_run_id: None,
            correlation_id: None,
            scheduled_for: None,
            parameters,
            requested_by: None,
        }
    }

    fn from_event(
        envelope: &Envelope,
        default: &'static TaskSpec,
        own: impl Fn(&str) -> Result<&'static TaskSpec, UnknownPayload>,
    ) -> Result<Self, String> {
        match (envelope.source.as_str(), envelope.detail_type.as_str()) {
            (events::SOURCE_SYNC, events::SYNC_SUCCEEDED)
                if default.listens_to == Some(events::SYNC_SUCCEEDED) =>
            {
                let detail: Succeeded = parse(&envelope.detail)?;
                Ok(Self {
                    kind: Kind::Chained,
                    run_key: format!("{}@{}", default.name, detail.run_id),
                    parent_run_id: Some(detail.run_id),
                    correlation_id: detail.correlation_id,
                    ..Self::manual(default, "", Value::Null)
                })
            }
            (events::SOURCE_TASKS, events::TASK_REQUESTED) => {
                let detail: Requested = parse(&envelope.detail)?;
                let task = own(&detail.task).map_err(|error| error.reason)?;
                Ok(Self {
                    kind: Kind::Requested,
                    run_key: format!("{}@{}", task.name, detail.run_id),
                    run_id: Some(detail.run_id),
                    requested_by: detail.requested_by,
                    ..Self::manual(task, "", detail.parameters.unwrap_or_default())
                })
            }
            (events::SOURCE_TASKS, events::TASK_CONTINUED) => {
                let detail: Continued = parse(&envelope.detail)?;
                let task = own(&detail.task).map_err(|error| error.reason)?;
                Ok(Self {
                    kind: Kind::Continued,
                    run_key: format!("{}@{}#{}", task.name, detail.run_id, detail.part),
                    run_id: Some(detail.run_id),
                    part: detail.part,
                    ..Self::manual(task, "", detail.continuation)
                })
            }
            (source, detail_type) => {
                Err(format!("event {:?} from {:?}", bounded(detail_type), bounded(source)))
            }
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    // serde names fields and types; a value of the payload could be anything and is not repeated.
    serde_json::from_value(value.clone()).map_err(|error| match error.to_string() {
        text if text.starts_with("missing field") || text.starts_with("unknown field") => bounded(&text),
        _ => "a field has the wrong type".into(),
    })
}

fn bounded(text: &str) -> String {
    crate::text::truncate(text, 120)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recognise(payload: Value, function: Function) -> Result<Trigger, UnknownPayload> {
        Trigger::recognise(&Payload(payload), function, "request-1")
    }

    #[test]
    fn every_envelope_has_its_run_key() {
        let key = |payload, function| recognise(payload, function).unwrap().run_key;
        assert_eq!(key(json!({}), Function::SyncGazelle), "sync_gazelle@request-1");
        assert_eq!(key(Value::Null, Function::TimelineReport), "rapport_timeline@request-1");
        assert_eq!(
            key(
                json!({"task": "sync_gazelle", "scheduled_time": "2026-01-15T06:00:00Z"}),
                Function::SyncGazelle
            ),
            "sync_gazelle@2026-01-15T06:00:00Z"
        );
        let event = |source, detail_type, detail| json!({"source": source, "detail-type": detail_type, "detail": detail});
        assert_eq!(
            key(
                event("gazelle.sync", "Gazelle Sync Succeeded", json!({"run_id": "r1"})),
                Function::TimelineReport
            ),
            "rapport_timeline@r1"
        );
        assert_eq!(
            key(
                event("gazelle.tasks", "Task Requested", json!({"task": "import_pianos", "run_id": "r2"})),
                Function::SyncGazelle
            ),
            "import_pianos@r2"
        );
        assert_eq!(
            key(
                event(
                    "gazelle.tasks",
                    "Task Continued",
                    json!({"task": "sync_gazelle", "run_id": "r3", "part": 2, "continuation": {}})
                ),
                Function::SyncGazelle
            ),
            "sync_gazelle@r3#2"
        );
    }

    #[test]
    fn anything_else_is_refused_and_the_answer_names_what_is_accepted() {
        for payload in [
            json!([]),
            json!("text"),
            json!({"hello": "planted-value"}),
            json!({"task": "rapport_timeline"}),
            json!({"task": "sync_gazelle", "scheduled_time": "yesterday"}),
            json!({"source": "x", "detail-type": "y", "detail": {}}),
            json!({"source": "gazelle.sync", "detail-type": "Gazelle Sync Succeeded", "detail": {"run_id": "r"}}),
            json!({"source": "gazelle.tasks", "detail-type": "Task Requested", "detail": 5}),
        ] {
            let error = recognise(payload.clone(), Function::SyncGazelle).unwrap_err().to_string();
            assert!(error.contains("accepted: {}"), "{payload}: {error}");
            assert!(!error.contains("planted-value"), "{error}");
        }
    }

    #[test]
    fn no_body_is_a_manual_run_and_a_broken_one_is_not() {
        assert!(serde_json::from_slice::<Payload>(b"").unwrap().0.is_null());
        assert!(serde_json::from_slice::<Payload>(b"{\"task\":").is_err());
    }
}
