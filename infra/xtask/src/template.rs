//! `cargo xtask template`: what the linters cannot see, and agreement with the registry of tasks.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use anyhow::{Context, bail};
use clap::Args;
use gazelle_local::template::{self, Deployed};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use shared::{
    clock::{self, Schedule},
    task::{Function, TASKS, TaskSpec},
    trigger::{Kind, Payload, Trigger},
};

use crate::tools;

/// What to check.
#[derive(Args, Default)]
pub struct Arguments {
    /// Another template than template.yaml.
    #[arg(long)]
    template: Option<PathBuf>,
}

/// Checks a template; every problem is printed.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = arguments.template.clone().unwrap_or_else(|| tools::root().join("template.yaml"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let problems = problems(&text);
    for problem in &problems {
        println!("template: {problem}");
    }
    let python = tools::python()?;
    let script = tools::root().join("infra/xtask/src/translate.py");
    let out = tools::root().join("target/template.json");
    tools::run(Command::new(python).arg(script).arg(&path).arg(out)).context("translation and lint")?;
    if !problems.is_empty() {
        bail!("{} problems in {}", problems.len(), path.display());
    }
    println!("template.yaml: translated, linted, in agreement with {} tasks", TASKS.len());
    Ok(())
}

/// What is wrong with a template, one sentence each.
pub fn problems(text: &str) -> Vec<String> {
    let mut problems = Problems(Vec::new());
    if text.starts_with('\u{feff}') {
        problems.add("starts with a byte-order mark");
    }
    let text = text.trim_start_matches('\u{feff}');
    let Ok(yaml) = serde_yaml_ng::from_str::<Yaml>(text) else {
        return vec!["is not YAML".into()];
    };
    match template::functions(text) {
        Ok(functions) => registry(&functions, &mut problems),
        Err(error) => problems.add(format!("{error:#}")),
    }
    for (id, resource) in yaml["Resources"].as_mapping().into_iter().flatten() {
        let id = id.as_str().unwrap_or_default();
        if resource["Type"] == "AWS::Serverless::Function" {
            function(&yaml, id, &resource["Properties"], &mut problems);
        }
    }
    secrets(&yaml, "", &mut problems);
    problems.0
}

struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    fn unless(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.0.push(problem());
        }
    }
}

/// Functions, limits, schedules and events are those of the registry.
fn registry(functions: &[Deployed], problems: &mut Problems) {
    for function in Function::ALL {
        let name = function.crate_name();
        let Some(deployed) = functions.iter().find(|deployed| deployed.function == function) else {
            problems.add(format!("{name} is not deployed"));
            continue;
        };
        let limit = function.time_limit().as_secs();
        problems.unless(deployed.timeout_seconds == limit, || {
            format!("{name}: Timeout is {} s, the registry says {limit} s", deployed.timeout_seconds)
        });
        for scheduled in &deployed.schedules {
            let task = scheduled_task(function, &scheduled.input);
            let expected = task.and_then(|task| task.schedule);
            problems.unless(expected == Some(scheduled.expression.as_str()), || {
                format!("{name}: schedule {} differs from the registry's {expected:?}", scheduled.expression)
            });
        }
        for task in function.tasks() {
            let is_scheduled = deployed.schedules.iter().any(|scheduled| {
                scheduled_task(function, &scheduled.input).is_some_and(|found| found.name == task.name)
            });
            problems.unless(is_scheduled == task.schedule.is_some(), || {
                format!("{}: scheduled in one of template and registry only", task.name)
            });
            if let Some(event) = task.listens_to {
                let is_heard =
                    deployed.patterns.iter().any(|pattern| contains(&pattern["detail-type"], event));
                problems.unless(is_heard, || format!("{}: no rule for the event {event:?}", task.name));
            }
        }
        let wanted: BTreeSet<&str> = function.tasks().map(|task| task.name).collect();
        let requestable: BTreeSet<&str> = deployed
            .patterns
            .iter()
            .filter(|pattern| {
                contains(&pattern["detail-type"], "Task Requested")
                    && contains(&pattern["detail-type"], "Task Continued")
            })
            .flat_map(|pattern| {
                pattern["detail"]["task"].as_array().into_iter().flatten().filter_map(Value::as_str)
            })
            .collect();
        problems.unless(wanted == requestable, || {
            format!(
                "{name}: Task Requested and Task Continued reach {requestable:?}, the registry has {wanted:?}"
            )
        });
    }
}

fn contains(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(|item| item == text))
}

/// The task that a schedule's input starts, seen as the function will see it.
fn scheduled_task(function: Function, input: &str) -> Option<&'static TaskSpec> {
    let input = input.replace("<aws.scheduler.scheduled-time>", "2026-01-15T06:00:00Z");
    let payload = Payload(serde_json::from_str(&input).ok()?);
    let trigger = Trigger::recognise(&payload, function, "check").ok()?;
    (trigger.kind == Kind::Scheduled).then_some(trigger.task)
}

/// The parts of a function that linters take as they are.
fn function(template: &Yaml, id: &str, properties: &Yaml, problems: &mut Problems) {
    let between = |value: &Yaml, low: i64, high: i64| {
        value.as_i64().is_some_and(|number| (low..=high).contains(&number))
    };
    for (name, event) in properties["Events"].as_mapping().into_iter().flatten() {
        let place = format!("{id}.{}", name.as_str().unwrap_or_default());
        let details = &event["Properties"];
        let retry = &details["RetryPolicy"];
        problems.unless(between(&retry["MaximumRetryAttempts"], 0, 185), || {
            format!("{place}: MaximumRetryAttempts is 0 to 185")
        });
        problems.unless(between(&retry["MaximumEventAgeInSeconds"], 60, 86_400), || {
            format!("{place}: MaximumEventAgeInSeconds is 60 to 86400")
        });
        problems.unless(!details["DeadLetterConfig"]["Arn"].is_null(), || {
            format!("{place}: no dead-letter queue")
        });
        if event["Type"] == "ScheduleV2" {
            schedule(template, &place, details, problems);
        }
    }
    let invoke = &properties["EventInvokeConfig"];
    problems.unless(between(&invoke["MaximumRetryAttempts"], 0, 2), || {
        format!("{id}: asynchronous retries are 0 to 2")
    });
    problems.unless(!invoke["DestinationConfig"]["OnFailure"]["Destination"].is_null(), || {
        format!("{id}: no destination for what failed after its retries")
    });
    problems.unless(!properties["LoggingConfig"]["LogGroup"].is_null(), || {
        format!("{id}: no log group with a retention")
    });
    for metric in ["Errors", "Throttles", "Duration"] {
        let has_alarm = template["Resources"].as_mapping().into_iter().flatten().any(|(_, resource)| {
            let alarm = &resource["Properties"];
            let is_own =
                |dimension: &Yaml| matches!(&dimension["Value"], Yaml::Tagged(tagged) if tagged.value == id);
            resource["Type"] == "AWS::CloudWatch::Alarm"
                && alarm["MetricName"] == metric
                && alarm["Dimensions"].as_sequence().is_some_and(|dimensions| dimensions.iter().any(is_own))
        });
        problems.unless(has_alarm, || format!("{id}: no alarm on {metric}"));
    }
}

fn schedule(template: &Yaml, place: &str, details: &Yaml, problems: &mut Problems) {
    let timezone = details["ScheduleExpressionTimezone"].as_str().unwrap_or_default();
    problems.unless(timezone == clock::ZONE, || {
        format!("{place}: time zone {timezone:?} instead of {}", clock::ZONE)
    });
    problems.unless(details["FlexibleTimeWindow"]["Mode"] == "OFF", || {
        format!("{place}: the flexible time window is not OFF")
    });
    let expression = template::text(template, &details["ScheduleExpression"]);
    match expression.parse::<Schedule>() {
        Ok(schedule) => problems.unless(!schedule.hours().contains(&2), || {
            format!("{place}: {expression} fires between 02:00 and 02:59, which does not exist once a year")
        }),
        Err(error) => problems.add(format!("{place}: {error}")),
    }
    let input = details["Input"].as_str().unwrap_or_default();
    problems.unless(serde_json::from_str::<Value>(input).is_ok_and(|input| input.is_object()), || {
        format!("{place}: Input is not a JSON object")
    });
    problems.unless(input.contains("<aws.scheduler.scheduled-time>"), || {
        format!("{place}: Input does not carry <aws.scheduler.scheduled-time>")
    });
}

/// No value that looks like a secret, and no literal under a name that asks for one.
fn secrets(yaml: &Yaml, place: &str, problems: &mut Problems) {
    const MARKS: [&str; 8] = [
        "hooks.slack.com/services/",
        "SG.",
        "sb_secret_",
        "eyJhbGciOi",
        "-----BEGIN",
        "AKIA",
        "xoxb-",
        "ghp_",
    ];
    const NAMES: [&str; 6] = ["KEY", "SECRET", "TOKEN", "WEBHOOK", "PASSWORD", "SERVICE_ACCOUNT_JSON"];
    match yaml {
        Yaml::Mapping(fields) => {
            for (name, value) in fields {
                let name = name.as_str().unwrap_or_default();
                let asks = name.chars().all(|letter| !letter.is_lowercase())
                    && NAMES.iter().any(|mark| name.contains(mark));
                problems.unless(!(asks && matches!(value, Yaml::String(_))), || {
                    format!("{place}.{name}: a literal secret")
                });
                secrets(value, &format!("{place}.{name}"), problems);
            }
        }
        Yaml::Sequence(items) => items.iter().for_each(|item| secrets(item, place, problems)),
        Yaml::Tagged(tagged) => secrets(&tagged.value, place, problems),
        Yaml::String(text) => problems
            .unless(!MARKS.iter().any(|mark| text.contains(mark)), || format!("{place}: a literal secret")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> String {
        std::fs::read_to_string(tools::root().join("template.yaml")).unwrap()
    }

    #[test]
    fn the_template_of_this_repository_has_no_problem() {
        assert_eq!(problems(&own()), Vec::<String>::new());
    }

    #[test]
    fn every_planted_mistake_is_refused() {
        let planted = [
            (
                "ScheduleExpressionTimezone: America/Toronto",
                "ScheduleExpressionTimezone: America/Montral",
                "time zone",
            ),
            ("Default: cron(0 1 * * ? *)", "Default: cron(0 1 * * *)", "six fields"),
            ("Default: cron(0 1 * * ? *)", "Default: cron(30 2 * * ? *)", "02:00 and 02:59"),
            ("Default: cron(0 1 * * ? *)", "Default: cron(0 4 * * ? *)", "differs from the registry"),
            ("MaximumRetryAttempts: 10,", "MaximumRetryAttempts: 500,", "0 to 185"),
            ("FlexibleTimeWindow: { Mode: \"OFF\" }", "FlexibleTimeWindow: { Mode: FLEXIBLE }", "flexible"),
            (
                "Input: '{\"task\": \"sync_gazelle\",",
                "Input: '{\"task\": \"sync_gazelle\"",
                "not a JSON object",
            ),
            ("\"<aws.scheduler.scheduled-time>\"}'", "\"2026-01-15T06:00:00Z\"}'", "does not carry"),
            ("EVENT_BUS: !Ref Bus", "SLACK_WEBHOOK_ADMIN_1: https://hooks.example/x", "literal secret"),
            ("Timeout: 900", "Timeout: 1000", "the registry says 900 s"),
            ("task: [rapport_timeline]", "task: [rapport]", "the registry has"),
            (
                "detail-type: [Gazelle Sync Succeeded]",
                "detail-type: [Gazelle Sync Suceeded]",
                "no rule for the event",
            ),
            ("MetricName: Throttles", "MetricName: Throttled", "no alarm on Throttles"),
            ("AWSTemplateFormatVersion", "\u{feff}AWSTemplateFormatVersion", "byte-order mark"),
        ];
        for (good, bad, expected) in planted {
            let text = own().replacen(good, bad, 1);
            assert_ne!(text, own(), "nothing planted: {good}");
            let found = problems(&text);
            assert!(found.iter().any(|problem| problem.contains(expected)), "{bad}: {found:?}");
        }
    }
}
