//! The alarms: every function and queue has its own, and one says that a task is late; each under its name and with its
//! actions.
//!
//! The same checks read the template as written and as translated: both as the JSON of CloudFormation.

use std::collections::BTreeSet;

use deployment::Deployed;
use serde_json::{Map, Value, json};
use shared::{metrics, task::Function};

use super::{Problems, Resource, resources_of};

/// The kinds of a function's alarms: end of the name and metric.
const OF_FUNCTIONS: [(&str, &str); 2] = [("errors", "Errors"), ("throttles", "Throttles")];

/// Checks the alarms of a template, and that CloudWatch may call the relay.
pub fn check(template: &Value, functions: &[Deployed], runbook: &str, problems: &mut Problems) {
    let nothing = Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&nothing);
    let list = resources_of(resources, "AWS::CloudWatch::Alarm");
    let all = Alarms { list };
    let relay = functions.iter().find(|deployed| deployed.function == Function::AlarmRelay);
    let relay = relay.map_or("", |deployed| deployed.id.as_str());
    for deployed in functions {
        all.of_function(deployed, problems);
    }
    if let Some(watcher) = functions.iter().find(|deployed| deployed.function == Function::AvailabilityCheck)
    {
        all.of_silence(watcher, problems);
    }
    problems.unless(all.find("account-throttles", "AWS/Lambda", "Throttles", &Value::Null).is_some(), || {
        "account-throttles: no alarm on Throttles of the whole account".into()
    });
    if let Some(console) = functions.iter().find(|deployed| deployed.function == Function::AdminApi) {
        all.of_answers(console, resources, problems);
    }
    all.of_tasks(problems);
    for (id, resource) in resources {
        let is_optional = resource["Type"] == "AWS::CloudWatch::Alarm" && !resource["Condition"].is_null();
        problems.unless(!is_optional || name_of(&resource["Properties"]).ends_with("-throttles"), || {
            format!("{id}: only throttles may be left to the account's alarm")
        });
    }
    for (id, _) in resources_of(resources, "AWS::SQS::Queue") {
        all.of_queue(id, problems);
    }
    all.each(relay, runbook, problems);
    permission(resources, relay, problems);
}

struct Alarms<'a> {
    list: Vec<Resource<'a>>,
}

impl Alarms<'_> {
    /// The alarm of this name on this metric.
    fn find(&self, name: &str, namespace: &str, metric: &str, dimensions: &Value) -> Option<&Value> {
        let full = json!({"Fn::Sub": format!("${{AWS::StackName}}-{name}")});
        let wanted = |alarm: &&Value| {
            alarm["AlarmName"] == full
                && alarm["Namespace"] == namespace
                && alarm["MetricName"] == metric
                && alarm["Dimensions"] == *dimensions
        };
        self.list.iter().map(|(_, alarm)| *alarm).find(wanted)
    }

    fn of_function(&self, deployed: &Deployed, problems: &mut Problems) {
        let name = deployed.function.crate_name();
        let dimensions = json!([{"Name": "FunctionName", "Value": {"Ref": deployed.id}}]);
        for (kind, metric) in OF_FUNCTIONS {
            let Some(alarm) = self.find(&format!("{name}-{kind}"), "AWS/Lambda", metric, &dimensions) else {
                problems.add(format!("{name}: no alarm {name}-{kind} on {metric}"));
                continue;
            };
            problems.unless(alarm["TreatMissingData"] == "notBreaching", || {
                format!("{name}-{kind}: a function that does not run has no problem of this kind")
            });
            problems.unless(
                alarm["Threshold"] == 1 && alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold",
                || format!("{name}-{kind}: the threshold is not 1"),
            );
        }
    }

    /// The watcher is itself watched: no invocation is no data.
    fn of_silence(&self, watcher: &Deployed, problems: &mut Problems) {
        let name = format!("{}-invocations", watcher.function.crate_name());
        let dimensions = json!([{"Name": "FunctionName", "Value": {"Ref": watcher.id}}]);
        let alarm = self.find(&name, "AWS/Lambda", "Invocations", &dimensions);
        let speaks_of_silence = alarm.is_some_and(|alarm| {
            alarm["TreatMissingData"] == "breaching"
                && alarm["ComparisonOperator"] == "LessThanThreshold"
                && alarm["Threshold"] == 1
        });
        problems.unless(speaks_of_silence, || format!("{name}: no alarm that is raised by silence"));
        let by_silence = self.list.iter().filter(|(_, alarm)| alarm["TreatMissingData"] == "breaching");
        let others: Vec<&str> =
            by_silence.map(|(_, alarm)| name_of(alarm)).filter(|other| *other != name).collect();
        problems.unless(others.is_empty(), || format!("{others:?}: one silence would be several messages"));
    }

    /// What people get to see of the console: an answer of 503 is no error of its function.
    fn of_answers(&self, console: &Deployed, resources: &Map<String, Value>, problems: &mut Problems) {
        let name = format!("{}-5xx", console.function.crate_name());
        let mut apis = resources.iter().filter(|(_, resource)| {
            resource["Type"] == "AWS::Serverless::HttpApi" || resource["Type"] == "AWS::ApiGatewayV2::Api"
        });
        let dimensions = json!([{"Name": "ApiId", "Value": {"Ref": apis.next().map(|(id, _)| id)}}]);
        let alarm = self.find(&name, "AWS/ApiGateway", "5xx", &dimensions);
        let speaks = alarm.is_some_and(|alarm| {
            alarm["TreatMissingData"] == "notBreaching"
                && alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
                && alarm["Threshold"] == 1
                && alarm["Statistic"] == "Sum"
        });
        problems.unless(speaks, || format!("{name}: no alarm on what the console's visitors get"));
    }

    /// The watcher's figure: at 1 a task is too late. Its absence is the watcher's own alarm, and only that.
    fn of_tasks(&self, problems: &mut Problems) {
        let dimensions = json!([{"Name": metrics::STACK_DIMENSION, "Value": {"Ref": "AWS::StackName"}}]);
        let alarm = self.find("overdue", metrics::NAMESPACE, metrics::OVERDUE, &dimensions);
        let speaks = alarm.is_some_and(|alarm| {
            alarm["TreatMissingData"] == "ignore"
                && alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
                && alarm["Threshold"] == 1
                && alarm["Statistic"] == "Maximum"
        });
        problems.unless(speaks, || "overdue: no alarm on the latest task of this stack".into());
    }

    fn of_queue(&self, id: &str, problems: &mut Problems) {
        let dimensions = json!([{"Name": "QueueName", "Value": {"Fn::GetAtt": [id, "QueueName"]}}]);
        let has_alarm = self.list.iter().any(|(_, alarm)| {
            alarm["Namespace"] == "AWS/SQS"
                && alarm["MetricName"] == "NumberOfMessagesSent"
                && alarm["Dimensions"] == dimensions
                && alarm["Threshold"] == 1
                && alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
                && name_of(alarm).ends_with("-depth")
        });
        problems.unless(has_alarm, || format!("{id}: no alarm on the letters that come"));
    }

    /// What holds for every alarm: a name of its own, a sentence with its runbook entry, and its actions.
    fn each(&self, relay: &str, runbook: &str, problems: &mut Problems) {
        let mut names = BTreeSet::new();
        for (id, alarm) in &self.list {
            let name = name_of(alarm);
            problems
                .unless(!name.is_empty() && names.insert(name), || format!("{id}: no AlarmName of its own"));
            let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
            let anchor = description.split_once("docs/RUNBOOK.md#").map_or("", |(_, rest)| rest);
            let heading = format!("### {}", anchor.trim_end_matches(')'));
            problems.unless(runbook.lines().any(|line| line == heading), || {
                format!("{id}: its description names no entry of the runbook")
            });
            let wanted = actions(name, relay);
            for list in ["AlarmActions", "OKActions"] {
                problems.unless(alarm[list] == wanted, || format!("{id}: {list} is not {wanted}"));
            }
        }
    }
}

/// The name without the stack's.
fn name_of(alarm: &Value) -> &str {
    let name = alarm["AlarmName"]["Fn::Sub"].as_str().unwrap_or_default();
    name.strip_prefix("${AWS::StackName}-").unwrap_or_default()
}

/// Who hears of an alarm: the relay; where telling itself may be broken, the topic too; about the relay, only the
/// topic.
fn actions(name: &str, relay: &str) -> Value {
    const TELLING: [&str; 4] = ["account-", "availability-check-", "notification-dispatch-", "overdue"];
    let topic = json!({"Ref": "Alarms"});
    let call = json!({"Fn::GetAtt": [relay, "Arn"]});
    match name {
        _ if name.starts_with("alarm-relay-") => json!([topic]),
        _ if TELLING.iter().any(|start| name.starts_with(start)) => json!([call, topic]),
        _ => json!([call]),
    }
}

fn permission(resources: &Map<String, Value>, relay: &str, problems: &mut Problems) {
    let is_allowed = resources_of(resources, "AWS::Lambda::Permission").iter().any(|(_, permission)| {
        permission["Principal"] == "lambda.alarms.cloudwatch.amazonaws.com"
            && permission["Action"] == "lambda:InvokeFunction"
            && permission["FunctionName"] == json!({"Fn::GetAtt": [relay, "Arn"]})
            && !permission["SourceAccount"].is_null()
    });
    problems.unless(is_allowed, || "CloudWatch may not call alarm-relay".into());
}
