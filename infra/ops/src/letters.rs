//! `cargo ops letters`: dead letters, that is, what was asked for and was not done. They are listed, or handed to their functions
//! again. AWS is asked through its own command line, with whatever credentials it has.

use std::{collections::BTreeSet, io::Write, process::Command};

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use shared::{clock, config::Setting, text::clean};

/// What `cargo ops letters` takes.
#[derive(Args)]
pub struct Arguments {
    /// Name of the stack; region and credentials are those of the AWS command line.
    stack: String,
    /// Invokes the function of each letter with what it was given, and deletes the letter then. What succeeded meanwhile answers
    /// `duplicate`: the same payload is the same run.
    #[arg(long)]
    redrive: bool,
}

/// Lists the letters of a stack, or hands them on.
///
/// # Errors
/// When AWS refuses, or a letter could not be handed on.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let queues = queues(&arguments.stack)?;
    let (mut seen, mut left) = (BTreeSet::new(), 0);
    // Seconds in which nobody else sees what was received: enough to look at ten letters, or to hand them on.
    let unseen = if arguments.redrive { "120" } else { "20" };
    for (name, url) in &queues {
        loop {
            let received = aws(&[
                "sqs",
                "receive-message",
                "--queue-url",
                url,
                "--max-number-of-messages",
                "10",
                "--visibility-timeout",
                unseen,
                "--attribute-names",
                "All",
                "--message-attribute-names",
                "All",
            ])?;
            let messages = received["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            let new: Vec<Letter> =
                messages.iter().map(Letter::read).filter(|letter| seen.insert(letter.id.clone())).collect();
            if new.is_empty() {
                break;
            }
            for letter in new {
                println!("{name}  {letter}");
                if arguments.redrive {
                    match letter.hand_on(url) {
                        Ok(function) => println!("    handed to {function}"),
                        Err(error) => {
                            left += 1;
                            println!("    stays: {error:#}");
                        }
                    }
                }
            }
        }
    }
    match (seen.len(), arguments.redrive) {
        (0, _) => println!(
            "no letter in {}",
            queues.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        ),
        (count, false) => {
            println!("{count} letters; --redrive hands them on (they are hidden for 20 seconds)")
        }
        (count, true) => println!("{} of {count} letters handed on", count - left),
    }
    ensure!(left == 0, "{left} letters could not be handed on");
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
                Some(record["requestPayload"].take()).filter(|payload| !payload.is_null()),
                format!(
                    "{} {}",
                    text(&record["responsePayload"]["errorType"]),
                    text(&record["responsePayload"]["errorMessage"])
                ),
            ),
            body => (
                attribute("TARGET_ARN"),
                body.filter(Value::is_object),
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

    /// Invokes its function, which answers later, and deletes the letter. Between the two the letter may come again: that is the
    /// same run.
    fn hand_on(&self, queue: &str) -> anyhow::Result<&str> {
        let function = self.function.as_deref().context("it names no function")?;
        let payload = self.payload.as_ref().context("what the function was given is not in it")?;
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(payload.to_string().as_bytes())?;
        let payload = format!("fileb://{}", file.path().display());
        let invoked = aws(&[
            "lambda",
            "invoke",
            "--function-name",
            function,
            "--invocation-type",
            "Event",
            "--payload",
            &payload,
            "/dev/null",
        ])?;
        ensure!(invoked["StatusCode"] == 202, "Lambda answers {}", invoked["StatusCode"]);
        aws(&["sqs", "delete-message", "--queue-url", queue, "--receipt-handle", &self.receipt])
            .context("handed on, but not deleted: it comes again, as the same run")?;
        Ok(function)
    }
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
    use serde_json::json;

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
        for (body, attributes, expected) in [
            (record.to_string(), json!({}), ["s-Backup-1", "backup", "deadline_exceeded a b"]),
            (undelivered.to_string(), attributes, ["s-Backup-1", "cleanup", "NO_PERMISSIONS"]),
            ("no letter of ours".into(), json!({}), ["?", "?", ""]),
            (json!({"requestContext": {}}).to_string(), json!({}), ["?", "?", ""]),
        ] {
            let letter = Letter::read(&json!({
                "MessageId": "1", "Body": body, "MessageAttributes": attributes, "Attributes": {"SentTimestamp": "1768456800000"},
            }));
            let [function, subject, reason] = expected;
            assert_eq!(
                letter.to_string(),
                format!("2026-01-15 01:00 EST  {function}  {subject}\n    {reason}")
            );
        }
    }
}
