//! `cargo xtask template`: what the linters cannot see, and agreement with the registry of tasks.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

mod alarms;
mod dashboard;
mod functions;
mod gateway;
mod problems;
mod secrets;
mod stacks;

use std::{path::PathBuf, process::Command};

use anyhow::{Context, bail};
use clap::Parser;
use deployment::{Deployed, documents::DOCUMENTS, long_form};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use shared::task::TASKS;

use self::problems::{Problems, Resource, resources_of};

/// Checks template.yaml: translation, lint, own assertions, agreement with the registry of tasks.
#[derive(Parser)]
#[command(name = "cargo xtask template")]
struct Arguments {
    /// Another template than template.yaml.
    #[arg(long)]
    template: Option<PathBuf>,
    /// Writes what follows from the registry of tasks, between the comments `# written: …`, and the tables of the documents.
    #[arg(long)]
    write: bool,
}

/// Checks a template as written and as translated; every problem is printed.
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let path = arguments.template.clone().unwrap_or_else(|| tools::root().join("template.yaml"));
    let mut text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    if arguments.write {
        let written = deployment::write::written(&text)?;
        let is_new = written != text;
        if is_new {
            std::fs::write(&path, &written).with_context(|| format!("writing {}", path.display()))?;
            text = written;
        }
        println!("{}: {}", path.display(), if is_new { "written" } else { "as it was" });
    }
    let mut problems = problems(&text);
    for document in &DOCUMENTS {
        let text = document.read()?;
        let written = document.written(&text)?;
        if arguments.write && written != text {
            std::fs::write(document.file(), &written)
                .with_context(|| format!("writing {}", document.path))?;
            println!("{}: written", document.path);
        } else if written != text {
            problems.push(format!(
                "{}: its table is not the registry's: `cargo xtask template --write`",
                document.path
            ));
        }
    }
    let python = tools::python()?;
    let script = tools::root().join("infra/deployment/translate.py");
    let out = tools::root().join("target/template.json");
    let linted = tools::run(Command::new(python).arg(script).arg(&path).arg(&out));
    if linted.is_ok() {
        let translated = serde_json::from_slice(&std::fs::read(out)?).context("the translated template")?;
        let functions = deployment::functions(&text)?;
        let mut found = Problems(watching(&translated, &functions));
        gateway::check(&translated, &functions, &mut found);
        problems.extend(found.0.into_iter().map(|problem| format!("translated: {problem}")));
    }
    for problem in &problems {
        println!("template: {problem}");
    }
    linted.context("translation and lint")?;
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
    match deployment::write::written(text) {
        Ok(written) => problems.unless(written == text, || {
            "a part is not as the registry of tasks has it: `cargo xtask template --write`".into()
        }),
        Err(error) => problems.add(format!("{error:#}")),
    }
    match deployment::functions(text) {
        Ok(functions) => {
            functions::registry(&functions, &mut problems);
            problems.0.extend(watching(&long_form(&yaml), &functions));
        }
        Err(error) => problems.add(format!("{error:#}")),
    }
    for (id, resource) in yaml["Resources"].as_mapping().into_iter().flatten() {
        let id = id.as_str().unwrap_or_default();
        if resource["Type"] == "AWS::Serverless::Function" {
            functions::function(&yaml, id, &resource["Properties"], &mut problems);
        }
    }
    functions::variables("Globals", &yaml["Globals"]["Function"], &mut problems);
    functions::schedules(&yaml, &mut problems);
    secrets::check(&yaml, "", &mut problems);
    problems.0
}

/// What is wrong with the alarms and the dashboard.
fn watching(template: &Value, functions: &[Deployed]) -> Vec<String> {
    let mut problems = Problems(Vec::new());
    let runbook = std::fs::read_to_string(tools::root().join("docs/RUNBOOK.md")).unwrap_or_default();
    alarms::check(template, functions, &runbook, &mut problems);
    dashboard::check(template, functions, &mut problems);
    stacks::check(template, &mut problems);
    problems.0
}

#[cfg(test)]
mod tests {
    use shared::task::Function;

    use super::*;

    fn own() -> String {
        deployment::own().unwrap()
    }

    #[test]
    fn the_template_of_this_repository_has_no_problem() {
        assert_eq!(problems(&own()), Vec::<String>::new());
    }

    #[test]
    fn every_function_is_built_has_events_to_try_and_stands_in_the_readme() {
        let root = tools::root();
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
        let (manifest, readme) = (read("Cargo.toml"), read("README.md"));
        // What `cargo lambda build` builds.
        let built = manifest.split_once("default-members = [").unwrap().1.split_once(']').unwrap().0;
        let built: Vec<&str> = built.split('"').skip(1).step_by(2).collect();
        let functions = Function::ALL.map(|function| format!("functions/{}", function.crate_name()));
        let mut functions = functions.to_vec();
        functions.sort();
        assert_eq!(built, functions, "default-members of Cargo.toml");
        let events: Vec<String> = std::fs::read_dir(root.join("events"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        for function in Function::ALL {
            let name = function.crate_name();
            assert!(
                events.iter().any(|event| event.starts_with(&format!("{name}."))),
                "events/{name}.*.json"
            );
            assert!(readme.contains(name), "README.md says nothing of {name}");
        }
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
            ("STACK_NAME: !Ref", "STACK: !Ref", "the variable STACK is no setting"),
            (
                "          BACKUP_URL: !If",
                "          BACKUPS_URL: !If",
                "the variable BACKUPS_URL is no setting",
            ),
            ("Timeout: 900", "Timeout: 1000", "the registry says 900 s"),
            ("task: [rapport_timeline]", "task: [rapport]", "the registry has"),
            (
                "detail-type: [Gazelle Sync Succeeded]",
                "detail-type: [Gazelle Sync Suceeded]",
                "no rule for the event",
            ),
            ("\"cleanup\":\"${CleanupSchedule}\",\n", "", "SCHEDULES has"),
            ("OmitName: true", "OmitName: false", "would be every stack's"),
            ("  BackupLogs:\n", "  BackupLog:\n", "cargo xtask template --write"),
            (
                "            DeadLetterConfig: { Arn: !GetAtt SchedulerDeadLetters.Arn }\n",
                "",
                "no dead-letter queue",
            ),
            ("\"cleanup\":\"${CleanupSchedule}\"", "\"cleanup\":\"${SyncSchedule}\"", "SCHEDULES: cleanup"),
            ("AWSTemplateFormatVersion", "\u{feff}AWSTemplateFormatVersion", "byte-order mark"),
        ];
        for (good, bad, expected) in planted {
            plant(good, bad, expected);
        }
    }

    fn plant(good: &str, bad: &str, expected: &str) {
        let text = own().replacen(good, bad, 1);
        assert_ne!(text, own(), "nothing planted: {good}");
        let found = problems(&text);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{bad}: {found:?}");
    }

    #[test]
    fn every_mistake_planted_in_the_alarms_is_refused() {
        let planted = [
            ("MetricName: Throttles", "MetricName: Throttled", "no alarm sync-gazelle-throttles"),
            (
                "FunctionName, Value: !Ref Backup }",
                "FunctionName, Value: !Ref Bakup }",
                "no alarm backup-errors",
            ),
            ("Threshold: 1\n", "Threshold: 2\n", "the threshold is not 1"),
            ("AlarmActions: [!GetAtt AlarmRelay.Arn]", "AlarmActions: [!Ref Alarms]", "AlarmActions is not"),
            ("      OKActions: [!GetAtt AlarmRelay.Arn]\n", "", "OKActions is not"),
            (
                "OKActions: [!Ref Alarms]",
                "OKActions: [!GetAtt AlarmRelay.Arn]",
                "AlarmRelayErrors: OKActions",
            ),
            (
                "AlarmActions: [!GetAtt AlarmRelay.Arn, !Ref Alarms]",
                "AlarmActions: [!GetAtt AlarmRelay.Arn]",
                "NotificationDispatchErrors: AlarmActions",
            ),
            ("QueueName, Value: !GetAtt S", "QueueName, Value: !GetAtt F", "SchedulerDeadLetters: no alarm"),
            (
                "Name: Stack, Value: !Ref AWS::StackName }",
                "Name: Stack, Value: gazelle }",
                "latest task of this stack",
            ),
            (
                "Name: Stack, Value: !Ref AWS::StackName }",
                "Name: Stack, Value: gazelle }",
                "belong to every stack",
            ),
            ("MetricName: overdue", "MetricName: late", "latest task of this stack"),
            ("TreatMissingData: ignore", "TreatMissingData: breaching", "latest task of this stack"),
            ("${AWS::StackName}-overdue", "${AWS::StackName}-cleanup-errors", "AlarmName of its own"),
            (
                "AlarmName: !Sub ${AWS::StackName}-overdue",
                "AlarmName: gazelle-overdue",
                "belong to every stack",
            ),
            ("DashboardName: !Ref AWS::StackName", "DashboardName: gazelle", "belong to every stack"),
            (
                "!Ref AWS::StackName]\n      # What the bus",
                "gazelle-tasks]\n      # What the bus",
                "belong to every stack",
            ),
            ("MetricName: NumberOfMessagesSent", "MetricName: NumberOfMessages", "letters that come"),
            ("${AWS::StackName}-account-throttles", "${AWS::StackName}-throttles", "the whole account"),
            (
                "Properties:\n      AlarmName: !Sub ${AWS::StackName}-backup-errors",
                "Condition: HasDashboard\n    Properties:\n      AlarmName: !Sub ${AWS::StackName}-backup-errors",
                "BackupErrors: only throttles",
            ),
            ("MetricName: 5xx", "MetricName: 4xx", "what the console's visitors get"),
            ("MetricName: Invocations", "MetricName: Invoked", "raised by silence"),
            ("TreatMissingData: ignore", "TreatMissingData: breaching", "several messages"),
            ("RUNBOOK.md#depth", "RUNBOOK.md#depths", "no entry of the runbook"),
            ("lambda.alarms.cloudwatch", "alarms.cloudwatch", "may not call alarm-relay"),
        ];
        for (good, bad, expected) in planted {
            plant(good, bad, expected);
        }
    }

    #[test]
    fn every_mistake_planted_in_the_dashboard_is_refused() {
        let planted = [
            ("{\"widgets\": [", "{\"widgets\": [,", "not JSON"),
            (
                "\"GazelleTasks\", \"deliveries_sent\"",
                "\"GazelleTasks\", \"messages_sent\"",
                "does not exist",
            ),
            ("\"GazelleTasks\", \"overdue\"", "\"GazelleTasks\", \"late\"", "how late tasks are"),
            ("\"Stack\", \"${AWS::StackName}\"", "\"Stack\", \"gazelle\"", "does not exist"),
            ("\"${SyncGazelle}\"", "\"${Sync}\"", "does not exist"),
            ("\"${SchedulerDeadLetters.QueueName}\"", "\"${Bus.QueueName}\"", "does not exist"),
            ("\"AWS/Lambda\", \"Duration\"", "\"AWS/Lambda\", \"Time\"", "does not show Duration"),
        ];
        for (good, bad, expected) in planted {
            plant(good, bad, expected);
        }
    }
}
