//! Two stacks in one account and region: no name, metric or alarm of one is also the other's. A healthy staging must not
//! answer for a dead production, nor keep it from being deployed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use shared::metrics;

use super::Problems;

/// What is called a name and is none of a resource: what AWS measures, and the one stage of the gateway.
const NO_NAMES: [&str; 2] = ["MetricName", "StageName"];

/// Compares a template, as CloudFormation's JSON, with itself under another stack's name.
pub fn check(template: &Value, problems: &mut Problems) {
    let [production, staging] = ["production", "staging"].map(|stack| taken(template, stack));
    for shared in production.intersection(&staging) {
        problems.add(format!("{shared} would belong to every stack"));
    }
    problems.unless(!production.is_empty(), || "no resource has a name".into());
}

/// Every name, metric and alarm that a stack takes.
fn taken(template: &Value, stack: &str) -> BTreeSet<String> {
    let nothing = Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&nothing);
    let mut taken = BTreeSet::new();
    for (id, resource) in resources {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let properties = &resource["Properties"];
        for (key, value) in properties.as_object().into_iter().flatten() {
            if key.ends_with("Name") && !NO_NAMES.contains(&key.as_str()) {
                taken.extend(
                    resolved(value, resources, stack).map(|name| format!("{id}: {kind} {key} {name:?}")),
                );
            }
        }
        if properties["Namespace"] == metrics::NAMESPACE {
            let of = |dimension: &Value| {
                let value = resolved(&dimension["Value"], resources, stack).unwrap_or_default();
                format!(" {}={value}", dimension["Name"].as_str().unwrap_or_default())
            };
            let dimensions: String =
                properties["Dimensions"].as_array().into_iter().flatten().map(of).collect();
            taken.insert(format!("{id}: the metric {}{dimensions}", properties["MetricName"]));
        }
    }
    taken
}

/// What CloudFormation makes of a value; none where whoever deploys chooses it by a parameter.
fn resolved(value: &Value, resources: &Map<String, Value>, stack: &str) -> Option<String> {
    if let Some(literal) = value.as_str() {
        return Some(literal.to_owned());
    }
    let of = |name: &str| match name {
        "AWS::StackName" => Some(stack.to_owned()),
        pseudo if pseudo.starts_with("AWS::") => Some(pseudo.to_owned()),
        // CloudFormation calls it by the stack and a random part.
        id => resources.contains_key(id).then(|| format!("{stack}/{id}")),
    };
    if let Some(name) = value["Ref"].as_str() {
        return of(name);
    }
    if let Some(id) = value["Fn::GetAtt"][0].as_str() {
        return of(id);
    }
    if let Some(branches) = value["Fn::If"].as_array() {
        // Both are taken by some stack; the last is the default.
        return resolved(branches.last()?, resources, stack);
    }
    let text = value["Fn::Sub"].as_str()?;
    let mut parts = text.split("${");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        out.push_str(&of(name.split('.').next()?)?);
        out.push_str(rest);
    }
    Some(out)
}
