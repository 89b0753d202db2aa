//! The dashboard: JSON that shows how late tasks are, and every function, by metrics that exist.

use deployment::Deployed;
use serde_json::Value;
use shared::metrics;

use super::Problems;

/// Beyond this a dashboard is none of the three that are free.
const MAX_METRICS: usize = 50;
const STACK: &str = "${AWS::StackName}";
const OF_LAMBDA: [&str; 5] = ["ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"];

/// Checks the dashboards of a template.
pub fn check(template: &Value, functions: &[Deployed], problems: &mut Problems) {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let dashboards: Vec<&Value> = resources
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Dashboard")
        .map(|(_, resource)| &resource["Properties"]["DashboardBody"]["Fn::Sub"])
        .collect();
    problems.unless(dashboards.len() == 1, || format!("{} dashboards instead of one", dashboards.len()));
    for body in dashboards {
        // A placeholder stands inside a text, so the body is JSON before it is filled in, or never.
        match serde_json::from_str::<Value>(body.as_str().unwrap_or_default()) {
            Ok(body) => widgets(&body, template, functions, problems),
            Err(error) => problems.add(format!("the dashboard is not JSON: {error}")),
        }
    }
}

fn widgets(body: &Value, template: &Value, functions: &[Deployed], problems: &mut Problems) {
    let shown: Vec<Vec<&str>> = body["widgets"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten())
        .map(|metric| metric.as_array().into_iter().flatten().filter_map(Value::as_str).collect())
        .collect();
    problems.unless(shown.len() <= MAX_METRICS, || format!("the dashboard shows {} metrics", shown.len()));
    for metric in &shown {
        problems.unless(exists(metric, template, functions), || {
            format!("the dashboard shows {metric:?}, which does not exist")
        });
    }
    let shows = |wanted: &[&str]| shown.iter().any(|metric| metric == wanted);
    let overdue = [metrics::NAMESPACE, metrics::OVERDUE, metrics::STACK_DIMENSION, STACK];
    problems.unless(shows(&overdue), || "the dashboard does not show how late tasks are".into());
    for deployed in functions {
        let id = format!("${{{}}}", deployed.id);
        for metric in ["Errors", "Duration"] {
            problems.unless(shows(&["AWS/Lambda", metric, "FunctionName", &id]), || {
                format!("the dashboard does not show {metric} of {}", deployed.id)
            });
        }
    }
}

fn exists(metric: &[&str], template: &Value, functions: &[Deployed]) -> bool {
    let inside =
        |text: &str| text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).map(str::to_owned);
    match *metric {
        ["AWS/Lambda", name] => OF_LAMBDA.contains(&name),
        ["AWS/Lambda", name, "FunctionName", function] => {
            let id = inside(function);
            OF_LAMBDA.contains(&name) && functions.iter().any(|deployed| Some(&deployed.id) == id.as_ref())
        }
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue] => {
            let id = inside(queue).and_then(|text| text.strip_suffix(".QueueName").map(str::to_owned));
            id.is_some_and(|id| template["Resources"][id]["Type"] == "AWS::SQS::Queue")
        }
        [metrics::NAMESPACE, name, metrics::STACK_DIMENSION, STACK] => {
            name == metrics::OVERDUE || metrics::OF_RUNS.iter().any(|(known, _)| *known == name)
        }
        _ => false,
    }
}
