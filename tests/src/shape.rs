//! The shape of an answer, for snapshots that no id and no instant disturbs.

use serde_json::{Value, json};

/// Objects whose keys are data: task names, event types, collections.
const MAPS: [&str; 13] = [
    "by_type",
    "by_user",
    "details",
    "evidence",
    "notifications_sent",
    "options",
    "parameters",
    "progress",
    "rows",
    "runs_by_trigger",
    "stats_by_technician",
    "stats_by_user",
    "tables_updated",
];

/// The shape of an answer: the names and kinds of its fields, lists as one element with all that theirs have.
///
/// # Panics
/// At an instant without its `Z`, and at a list of different things.
#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => {
            assert!(text.ends_with('Z'), "an instant without Z: {text}");
            json!("instant")
        }
        Value::String(_) => json!("text"),
        Value::Array(items) => Value::Array(items.iter().map(shape).reduce(both).into_iter().collect()),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::Object(_) if MAPS.contains(&name.as_str()) => (name.clone(), json!("map")),
                // The figures of a run are data; the counts of a list are not.
                Value::Object(inner) if name == "stats" && !inner.contains_key("unresolved") => {
                    (name.clone(), json!("map"))
                }
                _ => (name.clone(), shape(value)),
            })
            .collect(),
    }
}

/// One shape for two values of the same field.
///
/// # Panics
/// When they are of different kinds.
pub fn both(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(mut left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "two shapes in one list: {left:?} {right:?}");
            for (name, value) in right {
                let merged = both(left[&name].take(), value);
                left.insert(name, merged);
            }
            Value::Object(left)
        }
        (Value::Array(left), Value::Array(right)) => {
            Value::Array(left.into_iter().chain(right).reduce(both).into_iter().collect())
        }
        (left, right) if left == right => left,
        (Value::String(left), Value::String(right)) => {
            let mut kinds: Vec<&str> = left.split(" or ").chain(right.split(" or ")).collect();
            kinds.sort_unstable();
            kinds.dedup();
            json!(kinds.join(" or "))
        }
        // Nothing, or the thing itself.
        (Value::String(kind), thing) | (thing, Value::String(kind)) => {
            assert_eq!(kind, "null");
            thing
        }
        (left, right) => panic!("two kinds in one list: {left} {right}"),
    }
}
