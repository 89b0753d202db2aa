//! What `template.yaml` deploys: which function listens to which event, and the schedules. The local stack and the
//! operators' commands read it here.

pub mod documents;
pub mod write;

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;
use shared::task::{Function, TASKS};

/// A function of the template with what starts it.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// Logical id.
    pub id: String,
    /// Function.
    pub function: Function,
    /// Limit of one invocation in seconds.
    pub timeout_seconds: u64,
    /// Event patterns of its rules.
    pub patterns: Vec<Value>,
    /// Its enabled schedules.
    pub schedules: Vec<Scheduled>,
}

/// A schedule of the template.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// Expression, with the parameters' defaults.
    pub expression: String,
    /// Time zone.
    pub timezone: String,
    /// Input text, with its placeholder.
    pub input: String,
}

/// Reads the functions of a template.
pub fn functions(template: &str) -> anyhow::Result<Vec<Deployed>> {
    let template: Yaml = serde_yaml_ng::from_str(template).context("template.yaml")?;
    let resources = template["Resources"].as_mapping().context("template.yaml has no Resources")?;
    let mut functions = Vec::new();
    for (id, resource) in resources {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let id = id.as_str().unwrap_or_default().to_owned();
        functions.push(function(&template, &id, &resource["Properties"]).with_context(|| id.clone())?);
    }
    Ok(functions)
}

fn function(template: &Yaml, id: &str, properties: &Yaml) -> anyhow::Result<Deployed> {
    let uri = properties["CodeUri"].as_str().unwrap_or_default();
    let Some(function) =
        Function::ALL.into_iter().find(|function| uri == format!("functions/{}", function.crate_name()))
    else {
        bail!("CodeUri {uri} is not the folder of a function");
    };
    let mut deployed = Deployed {
        id: id.into(),
        function,
        timeout_seconds: properties["Timeout"].as_u64().context("Timeout is missing")?,
        patterns: Vec::new(),
        schedules: Vec::new(),
    };
    for (name, event) in properties["Events"].as_mapping().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let details = &event["Properties"];
        match event["Type"].as_str() {
            Some("EventBridgeRule") => {
                deployed
                    .patterns
                    .push(serde_json::to_value(&details["Pattern"]).with_context(|| name.to_owned())?);
            }
            Some("ScheduleV2") if text(template, &details["State"]) != "DISABLED" => {
                deployed.schedules.push(Scheduled {
                    expression: text(template, &details["ScheduleExpression"]),
                    timezone: text(template, &details["ScheduleExpressionTimezone"]),
                    input: text(template, &details["Input"]),
                });
            }
            // The console's requests: `cargo local up` answers them itself.
            Some("ScheduleV2" | "HttpApi") => {}
            other => bail!("event {name}: the local stack does not know {other:?}"),
        }
    }
    Ok(deployed)
}

/// The JSON of CloudFormation: `!Ref A` is `{"Ref": "A"}`, `!GetAtt A.B` is `{"Fn::GetAtt": ["A", "B"]}`.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
pub fn long_form(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            match (name.trim_start_matches('!'), long_form(&tagged.value)) {
                ("Ref", value) => json!({"Ref": value}),
                ("Condition", value) => json!({"Condition": value}),
                ("GetAtt", Value::String(path)) => {
                    json!({"Fn::GetAtt": path.splitn(2, '.').collect::<Vec<_>>()})
                }
                (function, value) => json!({(format!("Fn::{function}")): value}),
            }
        }
        Yaml::Mapping(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                (name.as_str().map_or_else(|| format!("{name:?}"), str::to_owned), long_form(value))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Yaml::Sequence(items) => items.iter().map(long_form).collect(),
        plain => serde_json::to_value(plain).unwrap_or_default(),
    }
}

/// What the template hands to every function as `SCHEDULES`: the expression of each task, empty for none.
pub fn schedules(functions: &[Deployed]) -> Value {
    let scheduled: BTreeMap<String, &str> = functions
        .iter()
        .flat_map(|deployed| &deployed.schedules)
        .filter_map(|scheduled| {
            let input: Value = serde_json::from_str(&scheduled.input).ok()?;
            Some((input["task"].as_str()?.to_owned(), scheduled.expression.as_str()))
        })
        .collect();
    TASKS
        .iter()
        .map(|task| (task.name.to_owned(), scheduled.get(task.name).copied().unwrap_or_default().into()))
        .collect::<Map<String, Value>>()
        .into()
}

/// A text of the template with parameters at their defaults. `!If` asks only whether a parameter is empty, which
/// is what the template's `Has…` conditions say.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
pub fn text(template: &Yaml, yaml: &Yaml) -> String {
    match yaml {
        Yaml::Tagged(tagged) if tagged.tag == "Ref" => {
            let name = tagged.value.as_str().unwrap_or_default();
            template["Parameters"][name]["Default"].as_str().unwrap_or_default().to_owned()
        }
        Yaml::Tagged(tagged) if tagged.tag == "If" => {
            let condition = tagged.value[0].as_str().unwrap_or_default();
            let parameter = condition.trim_start_matches("Has");
            let is_empty =
                template["Parameters"][parameter]["Default"].as_str().unwrap_or_default().is_empty();
            text(template, &tagged.value[if is_empty { 2 } else { 1 }])
        }
        Yaml::String(literal) => literal.clone(),
        _ => String::new(),
    }
}

/// Whether an event matches a pattern: every field of the pattern lists the values that are accepted.
#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, inner)| matches(inner, &event[name])),
        Value::Array(accepted) => accepted.contains(event),
        _ => false,
    }
}

/// The variables that a template gives every function as plain text; the others depend on the account.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
pub fn variables(template: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let template: Yaml = serde_yaml_ng::from_str(template).context("template.yaml")?;
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let plain = |(name, value): (&Yaml, &Yaml)| match value {
        Yaml::String(text) => Some((name.as_str()?.to_owned(), text.clone())),
        _ => None,
    };
    Ok(variables.as_mapping().into_iter().flatten().filter_map(plain).collect())
}

/// The template of this repository.
pub fn own() -> anyhow::Result<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    std::fs::read_to_string(path).with_context(|| format!("reading {path}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn functions_get_the_templates_plain_variables() {
        let variables = variables(&own().unwrap()).unwrap();
        assert_eq!(variables, [("MALLOC_MMAP_THRESHOLD_".into(), "131072".into())].into());
    }

    #[test]
    fn the_templates_rules_route_the_events() {
        let functions = functions(&own().unwrap()).unwrap();
        let targets = |event: Value| -> Vec<&str> {
            let is_target =
                |function: &&Deployed| function.patterns.iter().any(|pattern| matches(pattern, &event));
            functions.iter().filter(is_target).map(|function| function.function.crate_name()).collect()
        };
        assert_eq!(
            targets(json!({"source": "gazelle.sync", "detail-type": "Gazelle Sync Succeeded"})),
            ["timeline-report", "humidity-alerts", "maintenance-alerts"]
        );
        let continued = json!({"source": "gazelle.tasks", "detail-type": "Task Continued", "detail": {"task": "sync_gazelle"}});
        assert_eq!(targets(continued), ["sync-gazelle"]);
        assert!(targets(json!({"source": "gazelle.tasks", "detail-type": "Task Ended"})).is_empty());
        // The report has no schedule of its own unless one is configured.
        let report = functions.iter().find(|deployed| deployed.function == Function::TimelineReport).unwrap();
        assert!(report.schedules.is_empty());
    }
}
