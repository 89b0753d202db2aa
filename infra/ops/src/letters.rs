//! `cargo ops letters`: dead letters, that is, what was asked for and was not done. They are listed, or handed to their functions
//! again. AWS is asked through its own command line, with whatever credentials it has.

use std::{collections::BTreeSet, io::Write, process::Command};

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{clock, config::Setting, events::TASK_REQUESTED, text::clean};

/// What `cargo ops letters` takes.
#[derive(Args)]
pub struct Arguments {
    /// Name of the stack; region and credentials are those of the AWS command line.
    stack: String,
    /// Invokes the function of each letter with what it was given, and deletes the letter then. Of a schedule or an event the same
    /// payload is the same run: what succeeded meanwhile answers `duplicate`.
    #[arg(long)]
    redrive: bool,
    /// Deletes the letters, for what is not wanted any more.
    #[arg(long, conflicts_with = "redrive")]
    delete: bool,
    /// Only letters of this task, as the list names it.
    #[arg(long)]
    task: Option<String>,
    /// Letters that are older are not handed on: their work was that of another day.
    #[arg(long, default_value_t = 24)]
    max_age_hours: u32,
}

/// Seconds in which nobody else sees what was received; what stays is shown again at the end.
const HIDDEN: &str = "300";

/// Lists the letters of a stack, hands them on, or deletes them.
///
/// # Errors
/// When AWS refuses, or a letter could not be handed on.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let queues = queues(&arguments.stack)?;
    let (mut count, mut staying) = (0, 0);
    for (name, url) in &queues {
        let mut left = Vec::new();
        for letter in received(url)? {
            let is_meant = arguments.task.as_deref().is_none_or(|task| task == letter.subject());
            if is_meant {
                count += 1;
                println!("{name}  {letter}");
            }
            let outcome = match arguments {
                Arguments { redrive: true, .. } if is_meant => letter.hand_on(url, arguments.max_age_hours),
                Arguments { delete: true, .. } if is_meant => letter.delete(url).map(|()| "deleted".into()),
                Arguments { .. } => {
                    left.push(letter);
                    continue;
                }
            };
            match outcome {
                Ok(done) => println!("    {done}"),
                Err(error) => {
                    println!("    stays: {error:#}");
                    staying += 1;
                    left.push(letter);
                }
            }
        }
        show_again(url, &left)?;
    }
    let names: Vec<&str> = queues.iter().map(|(name, _)| name.as_str()).collect();
    match count {
        0 => println!("no letter in {}", names.join(", ")),
        count if arguments.redrive || arguments.delete => {
            println!("{} of {count} letters are done", count - staying)
        }
        count => println!("{count} letters; --redrive hands them on, --delete deletes them"),
    }
    ensure!(staying == 0, "{staying} letters stay");
    Ok(())
}

/// Every letter of a queue, hidden from others.
fn received(queue: &str) -> anyhow::Result<Vec<Letter>> {
    let (mut letters, mut seen) = (Vec::new(), BTreeSet::new());
    loop {
        // With a wait all servers of the queue are asked, without one only some.
        let answer = aws(&[
            &["sqs", "receive-message", "--queue-url", queue, "--max-number-of-messages", "10"][..],
            &["--visibility-timeout", HIDDEN, "--wait-time-seconds", "1"],
            &["--attribute-names", "All", "--message-attribute-names", "All"],
        ]
        .concat())?;
        let messages = answer["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let before = letters.len();
        letters.extend(messages.iter().map(Letter::read).filter(|letter| seen.insert(letter.id.clone())));
        if letters.len() == before {
            return Ok(letters);
        }
    }
}

/// Others see these letters again at once.
fn show_again(queue: &str, letters: &[Letter]) -> anyhow::Result<()> {
    for some in letters.chunks(10) {
        let entries = some.iter().enumerate().map(|(at, letter)| {
            json!({"Id": at.to_string(), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0})
        });
        let entries = Value::from_iter(entries).to_string();
        aws(&["sqs", "change-message-visibility-batch", "--queue-url", queue, "--entries", &entries])?;
    }
    Ok(())
}

/// Logical id and address of each queue of a stack.
fn queues(stack: &str) -> anyhow::Result<Vec<(String, String)>> {
    let resources = aws(&["cloudformation", "list-stack-resources", "--stack-name", stack])?;
    let resources = resources["StackResourceSummaries"].as_array().context("the stack has no resources")?;
    let queues = resources.iter().filter(|resource| resource["ResourceType"] == "AWS::SQS::Queue");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let queues: Vec<(String, String)> = queues
        .filter_map(|queue| Some((text(&queue["LogicalResourceId"])?, text(&queue["PhysicalResourceId"])?)))
        .collect();
    ensure!(!queues.is_empty(), "the stack {stack} has no queue");
    Ok(queues)
}

/// A message of a dead-letter queue.
struct Letter {
    id: String,
    receipt: String,
    sent_at: Option<Timestamp>,
    /// Name of the function that was to do the work.
    function: Option<String>,
    /// What it was given.
    payload: Option<Value>,
    /// Why it did not.
    reason: String,
    /// It never reached its function.
    is_undelivered: bool,
}

impl Letter {
    /// Two forms: a record of an invocation that failed
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>), and a payload that never reached its
    /// function, with attributes (<https://docs.aws.amazon.com/eventbridge/latest/userguide/rule-dlq.html>).
    fn read(message: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let attribute = |name: &str| text(&message["MessageAttributes"][name]["StringValue"]);
        let body: Option<Value> = message["Body"].as_str().and_then(|body| serde_json::from_str(body).ok());
        let is_record = body.as_ref().is_some_and(|body| body["requestContext"].is_object());
        let (arn, payload, reason) = match body {
            Some(mut record) if is_record => (
                text(&record["requestContext"]["functionArn"]),
                record.get_mut("requestPayload").map(Value::take),
                // Of one that was throttled until it was too old there is no answer.
                [
                    text(&record["requestContext"]["condition"]),
                    text(&record["responsePayload"]["errorType"]),
                    text(&record["responsePayload"]["errorMessage"]),
                ]
                .join(" "),
            ),
            body => (
                attribute("TARGET_ARN"),
                body.filter(Value::is_object).map(|body| with_time(body, &attribute("SCHEDULED_TIME"))),
                format!("{} {}", attribute("ERROR_CODE"), attribute("ERROR_MESSAGE")),
            ),
        };
        let milliseconds = message["Attributes"]["SentTimestamp"].as_str().and_then(|sent| sent.parse().ok());
        Self {
            id: text(&message["MessageId"]),
            receipt: text(&message["ReceiptHandle"]),
            sent_at: milliseconds.and_then(|at| Timestamp::from_millisecond(at).ok()),
            function: function_of(&arn).map(str::to_owned),
            payload,
            reason: reason.trim().to_owned(),
            is_undelivered: !is_record,
        }
    }

    /// What was wanted, as far as the payload says: a task, or the kind of an event.
    fn subject(&self) -> &str {
        let payload = self.payload.as_ref();
        let names = [
            payload.map(|payload| &payload["task"]),
            payload.map(|payload| &payload["detail"]["task"]),
            payload.map(|payload| &payload["detail-type"]),
        ];
        names.into_iter().flatten().find_map(Value::as_str).unwrap_or("?")
    }

    /// Why it is not handed on.
    fn refusal(&self, max_age_hours: u32, now: Timestamp) -> Option<String> {
        let is_request = |payload: &Value| payload["detail-type"] == TASK_REQUESTED;
        if self.is_undelivered && self.payload.as_ref().is_some_and(is_request) {
            return Some("asked for in the console, which was told that it did not start: ask again there, then --delete".into());
        }
        let Some(sent_at) = self.sent_at else {
            return Some("nobody knows how old it is".into());
        };
        let age = now.duration_since(sent_at);
        (age > SignedDuration::from_hours(max_age_hours.into())).then(|| {
            format!(
                "{} hours old: its work was that of another day (--max-age-hours, or --delete)",
                age.as_hours()
            )
        })
    }

    /// Invokes its function, which answers later, and deletes the letter. Between the two the letter may come again.
    fn hand_on(&self, queue: &str, max_age_hours: u32) -> anyhow::Result<String> {
        let function = self.function.as_deref().context("it names no function")?;
        let payload = self.payload.as_ref().context("what the function was given is not in it")?;
        if let Some(refusal) = self.refusal(max_age_hours, clock::now()) {
            bail!(refusal);
        }
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(payload.to_string().as_bytes())?;
        let payload = format!("fileb://{}", file.path().display());
        let invoked = aws(&[
            &["lambda", "invoke", "--function-name", function, "--invocation-type", "Event"][..],
            &["--payload", &payload, "/dev/null"],
        ]
        .concat())?;
        ensure!(invoked["StatusCode"] == 202, "Lambda answers {}", invoked["StatusCode"]);
        self.delete(queue).context("handed on, but not deleted: it comes again")?;
        Ok(format!("handed to {function}"))
    }

    fn delete(&self, queue: &str) -> anyhow::Result<()> {
        aws(&["sqs", "delete-message", "--queue-url", queue, "--receipt-handle", &self.receipt])?;
        Ok(())
    }
}

/// A schedule's input with its time, where the Scheduler has not put it in.
fn with_time(mut input: Value, scheduled_time: &str) -> Value {
    if input["scheduled_time"] == "<aws.scheduler.scheduled-time>" && !scheduled_time.is_empty() {
        input["scheduled_time"] = scheduled_time.into();
    }
    input
}

impl std::fmt::Display for Letter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.sent_at.map_or("?".to_owned(), |at| {
            at.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
        });
        let function = self.function.as_deref().unwrap_or("?");
        let [function, subject, reason] =
            [function, self.subject(), &self.reason].map(|text| clean(text, 200));
        write!(out, "{at}  {function}  {subject}\n    {reason}")
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, with or without a version.
fn function_of(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":function:")?;
    name.split(':').next().filter(|name| !name.is_empty())
}

/// What a command of AWS's command line answers.
fn aws(arguments: &[&str]) -> anyhow::Result<Value> {
    let output = Command::new("aws")
        .args(arguments)
        .args(["--output", "json"])
        // Its first version does not read the variable for SQS.
        .args(
            Setting::AwsEndpointUrl
                .of_the_process()
                .into_iter()
                .flat_map(|url| ["--endpoint-url".to_owned(), url]),
        )
        .env("AWS_PAGER", "")
        .output()
        .context("the AWS command line (`aws`) is needed: https://aws.amazon.com/cli/")?;
    let command = arguments.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("aws {command}: {}", clean(&said, 500));
    }
    match output.stdout.trim_ascii() {
        b"" => Ok(Value::Null),
        answer => serde_json::from_slice(answer).with_context(|| format!("the answer of aws {command}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_what_was_wanted_and_why_it_was_not_done() {
        let arn = "arn:aws:lambda:ca-central-1:000000000000:function:s-Backup-1";
        let record = json!({
            "requestContext": {"functionArn": format!("{arn}:$LATEST")}, "requestPayload": {"task": "backup"},
            "responsePayload": {"errorType": "deadline_exceeded", "errorMessage": "a\u{7}b"},
        });
        let undelivered = json!({"detail-type": "Task Requested", "detail": {"task": "cleanup"}});
        let attributes =
            json!({"TARGET_ARN": {"StringValue": arn}, "ERROR_CODE": {"StringValue": "NO_PERMISSIONS"}});
        let expired = json!({"requestContext": {"functionArn": arn, "condition": "EventAgeExceeded"}, "requestPayload": null});
        for (body, attributes, expected) in [
            (record.to_string(), json!({}), ["s-Backup-1", "backup", "deadline_exceeded a b"]),
            (undelivered.to_string(), attributes, ["s-Backup-1", "cleanup", "NO_PERMISSIONS"]),
            (expired.to_string(), json!({}), ["s-Backup-1", "?", "EventAgeExceeded"]),
            ("no letter of ours".into(), json!({}), ["?", "?", ""]),
            (json!({"requestContext": {}}).to_string(), json!({}), ["?", "?", ""]),
        ] {
            let [function, subject, reason] = expected;
            assert_eq!(
                letter(&body, &attributes).to_string(),
                format!("2026-01-15 01:00 EST  {function}  {subject}\n    {reason}")
            );
        }
    }

    /// Sent at 06:00 UTC.
    fn letter(body: &str, attributes: &Value) -> Letter {
        Letter::read(&json!({
            "MessageId": "1", "Body": body, "MessageAttributes": attributes, "Attributes": {"SentTimestamp": "1768456800000"},
        }))
    }

    #[test]
    fn work_of_another_day_and_what_the_console_gave_up_stay() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let schedule =
            json!({"task": "cleanup", "scheduled_time": "<aws.scheduler.scheduled-time>"}).to_string();
        let time = json!({"SCHEDULED_TIME": {"StringValue": "2026-01-15T05:00:00Z"}});
        let late = letter(&schedule, &time);
        assert_eq!(late.payload.as_ref().unwrap()["scheduled_time"], "2026-01-15T05:00:00Z");
        assert_eq!(late.refusal(24, at("2026-01-16T06:00:00Z")), None);
        assert!(late.refusal(24, at("2026-01-16T06:00:01Z")).unwrap().contains("24 hours old"));
        assert_eq!(late.refusal(48, at("2026-01-16T06:00:01Z")), None);
        assert!(Letter { sent_at: None, ..late }.refusal(48, at("2026-01-15T06:00:00Z")).is_some());
        let request = json!({"detail-type": "Task Requested", "detail": {"task": "cleanup"}});
        assert!(letter(&request.to_string(), &json!({})).refusal(24, at("2026-01-15T06:00:00Z")).is_some());
        // It reached its function, and failed there.
        let failed = json!({"requestContext": {"functionArn": "x"}, "requestPayload": request}).to_string();
        assert_eq!(letter(&failed, &json!({})).refusal(24, at("2026-01-15T06:00:00Z")), None);
    }
}
