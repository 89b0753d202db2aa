//! What `template.yaml` says of every function, task and queue alike: `cargo xtask template --write` writes it, between two
//! comments, from the registry and from the rest of the template.

use anyhow::{Context, bail};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use shared::{
    events::{SOURCE_SYNC, SOURCE_TASKS, TASK_CONTINUED, TASK_REQUESTED},
    metrics,
    task::{Function, TASKS},
};

use crate::{Deployed, functions};

const BEGIN: &str = "# written: ";
const END: &str = "# end of what is written";

/// The template with its written parts as they should be.
///
/// # Errors
/// When the template cannot be read, or a part is unknown or has no end.
pub fn written(template: &str) -> anyhow::Result<String> {
    let yaml: Yaml = serde_yaml_ng::from_str(template).context("template.yaml")?;
    let functions = functions(template)?;
    let mut out = String::with_capacity(template.len());
    let mut lines = template.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(part) = line.trim_start().strip_prefix(BEGIN) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        for new in part_of(part, &yaml, &functions)?.lines() {
            out.push_str(if new.is_empty() { "" } else { indent });
            out.push_str(new);
            out.push('\n');
        }
        let end = lines.by_ref().find(|line| line.trim_start() == END);
        out.push_str(end.with_context(|| format!("{part}: no line `{END}`"))?);
        out.push('\n');
    }
    Ok(out)
}

/// How many lines people write: all but the written ones.
pub fn lines_by_hand(template: &str) -> usize {
    let mut is_written = false;
    let by_hand = template.lines().filter(|line| {
        is_written = match line.trim_start() {
            END => false,
            line => is_written || line.starts_with(BEGIN),
        };
        !is_written
    });
    by_hand.count()
}

fn part_of(part: &str, yaml: &Yaml, deployed: &[Deployed]) -> anyhow::Result<String> {
    if let Some((of_each, name)) = part.split_once(" of ") {
        let function = Function::ALL.into_iter().find(|function| function.crate_name() == name);
        let function = function.with_context(|| format!("{name} is no function"))?;
        return match of_each {
            "permissions" => Ok(permissions(function)),
            "requests" => Ok(requests(function)),
            unknown => bail!("nothing is written as `{unknown} of {name}`"),
        };
    }
    Ok(match part {
        "schedules" => schedules(yaml)?,
        "log groups" => deployed.iter().map(|deployed| log_group(&deployed.id)).collect(),
        "alarms" => alarms(yaml, deployed)?,
        "dashboard" => dashboard(yaml, deployed),
        unknown => bail!("nothing is written as `{unknown}`"),
    })
}

/// The parameter of each task's schedule, as every function is told.
fn schedules(yaml: &Yaml) -> anyhow::Result<String> {
    let mut parameters = Vec::new();
    for (_, resource) in yaml["Resources"].as_mapping().into_iter().flatten() {
        for (_, event) in resource["Properties"]["Events"].as_mapping().into_iter().flatten() {
            let details = &event["Properties"];
            let input: Option<Value> =
                details["Input"].as_str().and_then(|input| serde_json::from_str(input).ok());
            if let Some(task) = input.as_ref().and_then(|input| input["task"].as_str()) {
                parameters.push((task.to_owned(), parameter(&details["ScheduleExpression"])?));
            }
        }
    }
    let entries = TASKS.iter().filter(|task| task.is_watched()).map(|task| {
        let parameter = parameters.iter().find(|(name, _)| name == task.name).map(|(_, parameter)| parameter);
        let expression = parameter.map(|parameter| format!("${{{parameter}}}")).unwrap_or_default();
        format!("  \"{}\":\"{expression}\"", task.name)
    });
    Ok(format!("SCHEDULES: !Sub >-\n  {{\n{}\n  }}\n", entries.collect::<Vec<_>>().join(",\n")))
}

/// `!Ref P`, or the one of an `!If` that has something.
#[allow(clippy::wildcard_enum_match_arm)] // YAML, another crate's.
fn parameter(expression: &Yaml) -> anyhow::Result<String> {
    match expression {
        Yaml::Tagged(tagged) if tagged.tag == "Ref" => {
            tagged.value.as_str().map(str::to_owned).context("!Ref of nothing")
        }
        Yaml::Tagged(tagged) if tagged.tag == "If" => parameter(&tagged.value[1]),
        _ => bail!("a schedule without a parameter"),
    }
}

/// What every function may: read the settings, and publish events as what it is.
fn permissions(function: Function) -> String {
    let read = "- { Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref SecretArn }
- !If
  - HasSecretKey
  - { Effect: Allow, Action: kms:Decrypt, Resource: !Ref SecretKeyArn }
  - !Ref AWS::NoValue
";
    let sources = match function {
        Function::AlarmRelay => return read.into(),
        // The dispatcher publishes what others could not.
        Function::SyncGazelle | Function::NotificationDispatch => [SOURCE_SYNC, SOURCE_TASKS].join(", "),
        Function::TimelineReport
        | Function::HumidityAlerts
        | Function::Backup
        | Function::AppointmentAlerts
        | Function::MaintenanceAlerts
        | Function::Cleanup
        | Function::AvailabilityCheck
        | Function::AnomalyDetection
        | Function::WeeklyReport
        | Function::AdminApi => SOURCE_TASKS.into(),
    };
    format!(
        "{read}- Effect: Allow
  Action: events:PutEvents
  Resource: !GetAtt Bus.Arn
  Condition: {{ StringEquals: {{ events:source: [{sources}] }} }}
"
    )
}

/// What people and the product itself ask a function for.
fn requests(function: Function) -> String {
    let tasks: Vec<&str> = function.tasks().map(|task| task.name).collect();
    format!(
        "Requested:
  Type: EventBridgeRule
  Properties:
    EventBusName: !Ref Bus
    Pattern:
      source: [{SOURCE_TASKS}]
      detail-type: [{TASK_REQUESTED}, {TASK_CONTINUED}]
      detail:
        task: [{}]
    RetryPolicy: {{ MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 7200 }}
    DeadLetterConfig: {{ Arn: !GetAtt SchedulerDeadLetters.Arn }}
",
        tasks.join(", ")
    )
}

fn log_group(id: &str) -> String {
    format!(
        "{id}Logs:\n  Type: AWS::Logs::LogGroup\n  Properties:\n    RetentionInDays: !Ref LogRetentionDays\n"
    )
}

/// Who hears of an alarm, when it is raised and when it ends.
#[derive(Clone, Copy)]
enum Hears {
    /// The relay, which notifies people.
    Relay,
    /// The topic as well: what notifies people may be what is broken.
    Both,
    /// The topic alone: the relay is what is broken.
    Topic,
}

struct Alarm {
    id: String,
    /// After the stack's name. One name, one meaning: `alarm-relay` reads it.
    name: String,
    /// One sentence in French.
    description: String,
    /// Entry of the runbook.
    entry: &'static str,
    /// Namespace, metric, name and value of its dimension.
    metric: (&'static str, &'static str, Option<(&'static str, String)>),
    statistic: &'static str,
    period: u64,
    periods: u64,
    /// Of the periods, how many suffice; all: none.
    suffices: Option<u64>,
    comparison: &'static str,
    missing: &'static str,
    condition: Option<&'static str>,
    hears: Hears,
    /// Why it is as it is.
    comment: &'static str,
}

impl Alarm {
    fn yaml(&self) -> String {
        let mut out = String::new();
        for line in self.comment.lines() {
            out.push_str(&format!("# {line}\n"));
        }
        out.push_str(&format!("{}:\n  Type: AWS::CloudWatch::Alarm\n", self.id));
        if let Some(condition) = self.condition {
            out.push_str(&format!("  Condition: {condition}\n"));
        }
        out.push_str("  Properties:\n");
        let (namespace, metric, dimension) = &self.metric;
        let actions = match self.hears {
            Hears::Relay => "[!GetAtt AlarmRelay.Arn]",
            Hears::Both => "[!GetAtt AlarmRelay.Arn, !Ref Alarms]",
            Hears::Topic => "[!Ref Alarms]",
        };
        let mut properties = vec![
            ("AlarmName", format!("!Sub ${{AWS::StackName}}-{}", self.name)),
            ("AlarmDescription", format!("{} (docs/RUNBOOK.md#{})", self.description, self.entry)),
            ("Namespace", (*namespace).to_owned()),
            ("MetricName", (*metric).to_owned()),
        ];
        if let Some((name, value)) = dimension {
            properties.push(("Dimensions", format!("[{{ Name: {name}, Value: {value} }}]")));
        }
        properties.extend([
            ("Statistic", self.statistic.to_owned()),
            ("Period", self.period.to_string()),
            ("EvaluationPeriods", self.periods.to_string()),
        ]);
        if let Some(suffices) = self.suffices {
            properties.push(("DatapointsToAlarm", suffices.to_string()));
        }
        properties.extend([
            ("Threshold", "1".to_owned()),
            ("ComparisonOperator", self.comparison.to_owned()),
            ("TreatMissingData", self.missing.to_owned()),
            ("AlarmActions", actions.to_owned()),
            ("OKActions", actions.to_owned()),
        ]);
        for (name, value) in properties {
            out.push_str(&format!("    {name}: {value}\n"));
        }
        out
    }
}

/// What people call what a function does.
fn subject(function: Function) -> &'static str {
    match function {
        Function::SyncGazelle => "La synchronisation de la nuit",
        Function::TimelineReport => "Le rapport timeline",
        Function::HumidityAlerts => "La recherche de problèmes d'humidité",
        Function::Backup => "La sauvegarde, ou l'essai de restauration,",
        Function::AppointmentAlerts => "L'alerte des rendez-vous non confirmés",
        Function::MaintenanceAlerts => "Le calcul des alertes de maintenance",
        Function::Cleanup => "Le nettoyage",
        Function::AvailabilityCheck => "Le contrôle de disponibilité",
        Function::AnomalyDetection => "La détection d'anomalies",
        Function::WeeklyReport => "Le rapport hebdomadaire",
        Function::NotificationDispatch => "L'envoi des notifications",
        Function::AlarmRelay => "Le relais des alarmes",
        Function::AdminApi => "La console",
    }
}

fn hears(function: Function) -> Hears {
    match function {
        Function::AlarmRelay => Hears::Topic,
        Function::AvailabilityCheck | Function::NotificationDispatch => Hears::Both,
        Function::SyncGazelle
        | Function::TimelineReport
        | Function::HumidityAlerts
        | Function::Backup
        | Function::AppointmentAlerts
        | Function::MaintenanceAlerts
        | Function::Cleanup
        | Function::AnomalyDetection
        | Function::WeeklyReport
        | Function::AdminApi => Hears::Relay,
    }
}

const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";

fn alarms(yaml: &Yaml, deployed: &[Deployed]) -> anyhow::Result<String> {
    let mut alarms = Vec::new();
    for deployed in deployed {
        let function = deployed.function;
        let subject = subject(function);
        let again = match failures_in_a_row(function) {
            1 => "",
            2 => " deux fois de suite",
            _ => " trois fois de suite",
        };
        let of = |kind: &str, metric: &'static str| Alarm {
            id: format!("{}{metric}", deployed.id),
            name: format!("{}-{kind}", function.crate_name()),
            description: format!("{subject} a échoué{again}"),
            entry: "errors",
            metric: ("AWS/Lambda", metric, Some(("FunctionName", format!("!Ref {}", deployed.id)))),
            statistic: "Sum",
            period: period_of(function),
            periods: failures_in_a_row(function),
            suffices: None,
            comparison: AT_LEAST,
            missing: "notBreaching",
            condition: None,
            hears: hears(function),
            comment: "",
        };
        alarms.push(of("errors", "Errors"));
        alarms.push(Alarm {
            description: format!("{subject} n'a pas pu démarrer, trop d'exécutions en cours"),
            entry: "throttles",
            condition: Some("HasThrottleAlarms"),
            ..of("throttles", "Throttles")
        });
    }
    alarms.extend(others(deployed)?);
    alarms.extend(queues(yaml).into_iter().map(of_queue));
    Ok(alarms.iter().map(Alarm::yaml).collect())
}

/// How often a function must fail before it is worth a message: the next tick of a frequent one is its retry.
fn failures_in_a_row(function: Function) -> u64 {
    match function.tasks().filter(|task| task.is_frequent()).map(|task| task.expected_period.as_secs()).min()
    {
        None => 1,
        Some(seconds) if seconds > 600 => 2,
        Some(_) => 3,
    }
}

fn period_of(function: Function) -> u64 {
    let periods =
        function.tasks().filter(|task| task.is_frequent()).map(|task| task.expected_period.as_secs());
    periods.min().unwrap_or(300)
}

/// What no single function's errors say.
fn others(deployed: &[Deployed]) -> anyhow::Result<[Alarm; 4]> {
    let id = |function: Function| {
        let found = deployed.iter().find(|deployed| deployed.function == function);
        found
            .map(|deployed| deployed.id.clone())
            .with_context(|| format!("{} is not there", function.crate_name()))
    };
    let watcher = id(Function::AvailabilityCheck)?;
    let plain = |id: &str, name: &str| Alarm {
        id: id.into(),
        name: name.into(),
        description: String::new(),
        entry: "",
        metric: ("", "", None),
        statistic: "Sum",
        period: 300,
        periods: 1,
        suffices: None,
        comparison: AT_LEAST,
        missing: "notBreaching",
        condition: None,
        hears: Hears::Both,
        comment: "",
    };
    Ok([
        Alarm {
            description: "La console répond qu'elle ne peut pas".into(),
            entry: "5xx",
            metric: ("AWS/ApiGateway", "5xx", Some(("ApiId", "!Ref ConsoleApi".into()))),
            periods: 3,
            suffices: Some(2),
            hears: Hears::Relay,
            comment: "What people get to see: also 503, with which the function itself answers, and what the gateway could \
                      not hand over.",
            ..plain(&format!("{}5xx", id(Function::AdminApi)?), "admin-api-5xx")
        },
        Alarm {
            description: "Des fonctions n'ont pas pu démarrer, trop d'exécutions en cours dans le compte"
                .into(),
            entry: "throttles",
            metric: ("AWS/Lambda", "Throttles", None),
            comment: "Without a dimension: every function of the account. It is the account's limit that throttles, unless a\n\
                      function has reserved its own.",
            ..plain("AccountThrottles", "account-throttles")
        },
        Alarm {
            description: "Le contrôle de disponibilité n'a pas démarré depuis 15 minutes".into(),
            entry: "invocations",
            metric: ("AWS/Lambda", "Invocations", Some(("FunctionName", format!("!Ref {watcher}")))),
            period: 900,
            comparison: "LessThanThreshold",
            missing: "breaching",
            comment: "No invocation, no metric: missing data is the problem itself.",
            ..plain(&format!("{watcher}Invocations"), "availability-check-invocations")
        },
        Alarm {
            description: "Une tâche n'a pas réussi à temps".into(),
            entry: "overdue",
            metric: (
                metrics::NAMESPACE,
                metrics::OVERDUE,
                Some((metrics::STACK_DIMENSION, "!Ref AWS::StackName".into())),
            ),
            statistic: "Maximum",
            missing: "ignore",
            comment: "The latest task, as a share of what it may be late; the watcher sends it. When the watcher is silent or\n\
                      fails, its own alarms say so, and this one stays as it is.",
            ..plain("Overdue", "overdue")
        },
    ])
}

/// Logical ids of the queues.
fn queues(yaml: &Yaml) -> Vec<String> {
    let resources = yaml["Resources"].as_mapping().into_iter().flatten();
    let queues = resources.filter(|(_, resource)| resource["Type"] == "AWS::SQS::Queue");
    queues.filter_map(|(id, _)| id.as_str().map(str::to_owned)).collect()
}

fn of_queue(id: String) -> Alarm {
    let is_of_functions = id.starts_with("Function");
    Alarm {
        description: if is_of_functions {
            "Une fonction a échoué après toutes ses tentatives"
        } else {
            "Un horaire ou un événement n'a pas pu démarrer sa fonction"
        }
        .into(),
        entry: "depth",
        name: format!(
            "{}-depth",
            if is_of_functions { "function-dead-letters" } else { "scheduler-dead-letters" }
        ),
        metric: ("AWS/SQS", "NumberOfMessagesSent", Some(("QueueName", format!("!GetAtt {id}.QueueName")))),
        id: format!("{id}Depth"),
        statistic: "Sum",
        period: 300,
        periods: 4,
        suffices: Some(1),
        comparison: AT_LEAST,
        missing: "notBreaching",
        condition: None,
        hears: Hears::Relay,
        comment: "Letters that came, not those that wait: a later one is reported although the first was not read yet. The figures\n\
                  of a queue that was idle come up to 15 minutes late, so any of the last four counts.",
    }
}

/// At most 50 metrics: the first three dashboards of an account are free up to there.
fn dashboard(yaml: &Yaml, deployed: &[Deployed]) -> String {
    let of_functions = |metric: &str| -> Vec<String> {
        let line = |deployed: &Deployed| {
            format!(r#"["AWS/Lambda", "{metric}", "FunctionName", "${{{}}}"]"#, deployed.id)
        };
        deployed.iter().map(line).collect()
    };
    let own = |metric: &str| {
        format!(
            r#"["{}", "{metric}", "{}", "${{AWS::StackName}}"]"#,
            metrics::NAMESPACE,
            metrics::STACK_DIMENSION
        )
    };
    let waiting = queues(yaml).into_iter().map(|id| {
        format!(r#"["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${{{id}.QueueName}}"]"#)
    });
    let deliveries = ["deliveries_sent", "deliveries_failed", "deliveries_unknown"].map(own).to_vec();
    let widgets = [
        widget(
            [0, 0, 12, 7],
            "Retard de la tâche la plus en retard (1 : en défaut)",
            "Maximum",
            300,
            vec![own(metrics::OVERDUE)],
        ),
        widget([12, 0, 12, 7], "Erreurs, par fonction", "Sum", 900, of_functions("Errors")),
        widget([0, 7, 12, 7], "Durées, par fonction", "Maximum", 900, of_functions("Duration")),
        widget([12, 7, 6, 7], "Notifications, par issue", "Sum", 3600, deliveries),
        widget([18, 7, 6, 4], "Messages en échec", "Maximum", 300, waiting.collect()),
        widget(
            [18, 11, 6, 3],
            "Exécutions simultanées du compte",
            "Maximum",
            300,
            vec![r#"["AWS/Lambda", "ConcurrentExecutions"]"#.into()],
        ),
    ];
    let body: String = widgets.join(",\n").lines().map(|line| format!("        {line}\n")).collect();
    format!(
        "Overview:
  Type: AWS::CloudWatch::Dashboard
  Condition: HasDashboard
  Properties:
    DashboardName: !Ref AWS::StackName
    DashboardBody: !Sub |
      {{\"widgets\": [
{body}      ]}}
"
    )
}

/// `place`: column, row, width, height.
fn widget(place: [u32; 4], title: &str, statistic: &str, period: u32, metrics: Vec<String>) -> String {
    let [x, y, width, height] = place;
    let metrics: String =
        metrics.iter().map(|metric| format!("    {metric}")).collect::<Vec<_>>().join(",\n");
    format!(
        r#"{{"type": "metric", "x": {x}, "y": {y}, "width": {width}, "height": {height}, "properties": {{
  "title": "{title}", "region": "${{AWS::Region}}", "view": "timeSeries", "stat": "{statistic}", "period": {period},
  "metrics": [
{metrics}
  ]}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own;

    #[test]
    fn what_is_written_is_as_the_registry_has_it() {
        let template = own().unwrap();
        assert_eq!(written(&template).unwrap(), template, "cargo xtask template --write");
    }

    #[test]
    fn a_change_by_hand_between_the_comments_is_seen_and_put_right() {
        let template = own().unwrap();
        for (from, to) in [
            ("Value: !Ref Backup }", "Value: !Ref Cleanup }"),
            ("\"cleanup\":\"${CleanupSchedule}\"", "\"cleanup\":\"${SyncSchedule}\""),
            ("task: [rapport_timeline]", "task: [rapport]"),
            ("BackupLogs:\n", "BackupLog:\n"),
            ("Durées, par fonction", "Durées"),
        ] {
            let changed = template.replacen(from, to, 1);
            assert_ne!(changed, template, "nothing changed: {from}");
            assert_eq!(written(&changed).unwrap(), template, "{from}");
        }
        assert!(written("Resources: {}\n# written: nothing\n# end of what is written\n").is_err());
        assert!(written("Resources: {}\n# written: log groups\n").is_err());
    }

    #[test]
    fn people_write_at_most_800_lines() {
        let lines = lines_by_hand(&own().unwrap());
        assert!(lines <= 800, "{lines}");
    }
}
