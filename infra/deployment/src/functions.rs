//! Functions, their schedules and their rules: agreement with the registry of tasks, and what linters take as it is.

use std::collections::BTreeSet;

use deployment::Deployed;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use shared::{
    clock::{self, Schedule},
    config::Setting,
    task::{Function, TASKS, TaskSpec},
    trigger::{Kind, Payload, Trigger},
};

use super::Problems;

/// Functions, limits, schedules and events are those of the registry.
pub fn registry(functions: &[Deployed], problems: &mut Problems) {
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
pub fn function(template: &Yaml, id: &str, properties: &Yaml, problems: &mut Problems) {
    let between = |value: &Yaml, low: i64, high: i64| {
        value.as_i64().is_some_and(|number| (low..=high).contains(&number))
    };
    problems.unless(!properties["LoggingConfig"]["LogGroup"].is_null(), || {
        format!("{id}: no log group with a retention")
    });
    variables(id, properties, problems);
    let events = || properties["Events"].as_mapping().into_iter().flatten();
    if events().next().is_some() && events().all(|(_, event)| event["Type"] == "HttpApi") {
        // Somebody waits for the answer: nothing is retried, nothing waits in a queue.
        return;
    }
    for (name, event) in events() {
        let place = format!("{id}.{}", name.as_str().unwrap_or_default());
        let details = &event["Properties"];
        let retry = &details["RetryPolicy"];
        problems.unless(between(&retry["MaximumRetryAttempts"], 0, 185), || {
            format!("{place}: MaximumRetryAttempts is 0 to 185")
        });
        problems.unless(between(&retry["MaximumEventAgeInSeconds"], 60, 86_400), || {
            format!("{place}: MaximumEventAgeInSeconds is 60 to 86400")
        });
        // The next tick of a frequent task is the retry: what it leaves in a queue hides the letters of others.
        let is_tick = event["Type"] == "ScheduleV2" && is_frequent(properties);
        problems.unless(details["DeadLetterConfig"]["Arn"].is_null() == is_tick, || {
            format!("{place}: {} dead-letter queue", if is_tick { "a tick needs no" } else { "no" })
        });
        if event["Type"] == "ScheduleV2" {
            schedule(template, &place, details, problems);
        }
    }
    let invoke = &properties["EventInvokeConfig"];
    problems.unless(between(&invoke["MaximumRetryAttempts"], 0, 2), || {
        format!("{id}: asynchronous retries are 0 to 2")
    });
    let has_none = invoke["DestinationConfig"]["OnFailure"]["Destination"].is_null();
    problems.unless(has_none == is_frequent(properties), || {
        let needed = if has_none { "no" } else { "a frequent function needs no" };
        format!("{id}: {needed} destination for what failed after its retries")
    });
}

/// Whether a function only does what its next tick does again.
fn is_frequent(properties: &Yaml) -> bool {
    let uri = properties["CodeUri"].as_str().unwrap_or_default();
    let function =
        Function::ALL.into_iter().find(|function| uri == format!("functions/{}", function.crate_name()));
    function.is_some_and(|function| function.tasks().any(TaskSpec::is_frequent))
}

fn schedule(template: &Yaml, place: &str, details: &Yaml, problems: &mut Problems) {
    let timezone = details["ScheduleExpressionTimezone"].as_str().unwrap_or_default();
    problems.unless(timezone == clock::ZONE, || {
        format!("{place}: time zone {timezone:?} instead of {}", clock::ZONE)
    });
    problems.unless(details["OmitName"] == true && details["Name"].is_null(), || {
        format!("{place}: the schedule's name would be every stack's; OmitName leaves it to CloudFormation")
    });
    problems.unless(details["FlexibleTimeWindow"]["Mode"] == "OFF", || {
        format!("{place}: the flexible time window is not OFF")
    });
    let expression = deployment::text(template, &details["ScheduleExpression"]);
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

/// `SCHEDULES` tells the functions when every watched task starts; a task that events start has an empty one.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
pub fn schedules(template: &Yaml, problems: &mut Problems) {
    let variable = &template["Globals"]["Function"]["Environment"]["Variables"]["SCHEDULES"];
    let text = match variable {
        Yaml::Tagged(tagged) if tagged.tag == "Sub" => tagged.value.as_str().unwrap_or_default(),
        _ => "",
    };
    let Ok(Value::Object(deployed)) = serde_json::from_str(text) else {
        problems.add("SCHEDULES is not a JSON object");
        return;
    };
    let wanted: BTreeSet<&str> =
        TASKS.iter().filter(|task| task.is_watched()).map(|task| task.name).collect();
    let found: BTreeSet<&str> = deployed.keys().map(String::as_str).collect();
    problems.unless(wanted == found, || format!("SCHEDULES has {found:?}, the registry {wanted:?}"));
    for (name, expression) in &deployed {
        let parameter = expression.as_str().unwrap_or_default().trim_matches(['$', '{', '}']);
        let default = template["Parameters"][parameter]["Default"].as_str().unwrap_or_default();
        let expected = TaskSpec::named(name).and_then(|task| task.schedule).unwrap_or_default();
        problems.unless(default == expected, || {
            format!("SCHEDULES: {name} is {default:?}, the registry says {expected:?}")
        });
    }
}

/// A variable that nobody reads is a misspelled one.
pub fn variables(place: &str, of: &Yaml, problems: &mut Problems) {
    // The C library's: when memory that is freed goes back to the system.
    const ALLOCATOR: &str = "MALLOC_MMAP_THRESHOLD_";
    for (name, _) in of["Environment"]["Variables"].as_mapping().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        problems.unless(name == ALLOCATOR || Setting::is_name(name), || {
            format!("{place}: the variable {name} is no setting")
        });
    }
}
