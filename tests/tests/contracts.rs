//! Every request to Sheets and Slack against the vendors' own contracts; and hand-broken ones are refused.

use anyhow::Context;
use e2e::{Backend, Bed, slack_verdicts};
use gazelle_local::faults::FaultSpec;
use jsonschema::Validator;
use rstest::rstest;
use serde_json::{Map, Value, json};
use timeline_report::{
    tabs::{Row, TabKind, TabRule},
    workbook::{self, Batch, Content},
};

/// `BatchUpdateSpreadsheetRequest` of Google's discovery document, as a closed JSON Schema.
fn sheets_contract() -> anyhow::Result<Validator> {
    let python = tools::python()?;
    let library = python.parent().and_then(|bin| bin.parent()).context("the environment")?.join("lib");
    let version = std::fs::read_dir(library)?.next().context("lib/python3")??;
    let document =
        version.path().join("site-packages/googleapiclient/discovery_cache/documents/sheets.v4.json");
    let mut document: Value = serde_json::from_str(&std::fs::read_to_string(document)?)?;
    let schemas = document["schemas"].take();
    let definitions: Map<String, Value> = schemas
        .as_object()
        .context("schemas")?
        .iter()
        .map(|(name, schema)| (name.clone(), closed(schema, name)))
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/BatchUpdateSpreadsheetRequest",
        "$defs": definitions,
    });
    Ok(jsonschema::validator_for(&schema)?)
}

/// One schema of the discovery document in JSON Schema's words: references, no unknown properties, unions with one
/// member. Names of properties are not keywords, even where they look like one.
fn closed(schema: &Value, name: &str) -> Value {
    const NOT_KEYWORDS: [&str; 7] =
        ["id", "enumDescriptions", "enumDeprecated", "readOnly", "deprecated", "annotations", "description"];
    let Value::Object(fields) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (keyword, value) in fields {
        match (keyword.as_str(), value) {
            (keyword, _) if NOT_KEYWORDS.contains(&keyword) => {}
            ("type", Value::String(kind)) if kind == "any" => {}
            // Formats such as int32 and google-datetime are not JSON Schema's.
            ("format", _) => {}
            ("$ref", Value::String(target)) => {
                out.insert("$ref".into(), format!("#/$defs/{target}").into());
            }
            ("properties", Value::Object(properties)) => {
                let closed_properties: Map<String, Value> = properties
                    .iter()
                    .map(|(property, inner)| (property.clone(), closed(inner, "")))
                    .collect();
                out.insert("properties".into(), closed_properties.into());
                out.insert("additionalProperties".into(), false.into());
            }
            (_, inner) => {
                out.insert(keyword.clone(), closed(inner, ""));
            }
        }
    }
    if ["Request", "ExtendedValue"].contains(&name) {
        out.insert("maxProperties".into(), 1.into());
    }
    out.into()
}

/// Every batch of a report that is written in one, and of one that is not.
fn report_batches() -> anyhow::Result<Vec<Value>> {
    let row = Row {
        date: jiff::civil::date(2026, 1, 15),
        kind: "Service",
        description: "é".repeat(600),
        piano: "Yamaha U1 #123456 (UPRIGHT, 1980)".into(),
        location: "Local B-200".into(),
        technician: "Allan".into(),
        measurement: "21°, 40%".into(),
        is_alert: true,
    };
    let rule = TabRule {
        title: "UQAM".into(),
        kind: TabKind::Institution,
        client_ids: Vec::new(),
        keywords: Vec::new(),
        former_titles: Vec::new(),
    };
    let rules = [rule];
    let mut contents = [Content::default()];
    (0..300).for_each(|_| contents[0].push(&workbook::line(&row), row.is_alert));
    let (prepared, staging) = workbook::prepare(&[], &rules);
    let filled = workbook::fill(&staging, &contents);
    let swapped = workbook::swap(&[], &rules, &staging, &contents);
    let all = [workbook::direct(&[], &rules, &contents), prepared, filled, swapped];
    Ok(all.into_iter().map(|batch: Batch| serde_json::from_str(&batch.finish())).collect::<Result<_, _>>()?)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_request_to_sheets_is_valid_for_google_and_broken_ones_are_not(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let contract = sheets_contract()?;
    let mut bed = Bed::start(backend).await?;
    bed.stack.nightly(&[], &mut |_| ()).await?;
    let sent = bed.stack.sandbox.bodies.lock().unwrap().clone();
    let mut bodies: Vec<Value> =
        sent.into_iter().filter(|(service, _)| *service == "sheets").map(|(_, body)| body).collect();
    assert!(!bodies.is_empty());
    bodies.extend(report_batches()?);
    for body in &bodies {
        let problems: Vec<String> = contract
            .iter_errors(body)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .take(3)
            .collect();
        assert!(problems.is_empty(), "{problems:?}");
    }

    let batch = |request: Value| json!({"requests": [request]});
    let broken = [
        json!({"request": []}),
        batch(json!({"addSheet": {"property": {"title": "x"}}})),
        batch(json!({"addSheet": {"properties": {"title": 5}}})),
        batch(json!({"addSheets": {}})),
        batch(json!({"addSheet": {}, "deleteSheet": {"sheetId": 1}})),
        batch(json!({"deleteSheet": {"sheetId": "one"}})),
        batch(json!({"copyPaste": {"pasteType": "PASTE_EVERYTHING"}})),
        batch(
            json!({"updateCells": {"rows": [{"values": [{"userEnteredValue": {"stringValue": "x", "numberValue": 1}}]}]}}),
        ),
        batch(
            json!({"updateCells": {"rows": [{"values": [{"userEnteredValue": {"dateValue": "2026-01-15"}}]}]}}),
        ),
        batch(json!({"repeatCell": {"cell": {"userEnteredFormat": {"wrapStrategy": "FOLD"}}}})),
    ];
    for body in broken {
        assert!(!contract.is_valid(&body), "not refused: {body}");
    }
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_message_to_slack_is_valid_for_slack_and_broken_ones_are_not(
    #[values(Backend::Embedded, Backend::PostgRest)] backend: Backend,
) -> anyhow::Result<()> {
    let mut messages = Vec::new();
    for fault in ["gazelle:500", "google:500", "eventbridge:partial", "gazelle:empty-clients", "supabase:500"]
    {
        let mut bed = Bed::start(backend).await?;
        let fault: FaultSpec = fault.parse().map_err(anyhow::Error::msg)?;
        bed.stack.nightly(&[fault], &mut |_| ()).await?;
        messages.extend(bed.stack.sandbox.slack_messages().into_iter().map(|sent| sent.body));
    }
    assert_eq!(messages.len(), 10, "five troubles, two administrators");
    for (message, verdict) in messages.iter().zip(slack_verdicts(&messages).await?) {
        assert!(verdict.is_null(), "{verdict}: {message}");
    }

    let text = |length: usize| json!({"type": "mrkdwn", "text": "x".repeat(length)});
    let section = |length| json!({"type": "section", "text": text(length)});
    let plain = |length: usize| json!({"type": "plain_text", "text": "x".repeat(length)});
    let broken = [
        json!({"text": "t", "blocks": [section(3001)]}),
        json!({"text": "t", "blocks": [{"type": "section"}]}),
        json!({"text": "t", "blocks": [{"type": "header", "text": plain(151)}]}),
        json!({"text": "t", "blocks": [{"type": "header", "text": text(10)}]}),
        json!({"text": "t", "blocks": [{"type": "context", "elements": vec![text(5); 11]}]}),
        json!({"text": "t", "blocks": vec![section(5); 51]}),
        json!({"text": "t", "blocks": [{"type": "invented"}]}),
        json!({"text": "x".repeat(40_001)}),
        json!({"message": "t"}),
    ];
    for (message, verdict) in broken.iter().zip(slack_verdicts(&broken).await?) {
        assert!(
            verdict.is_string(),
            "not refused: {}",
            &message.to_string()[..80.min(message.to_string().len())]
        );
    }
    Ok(())
}
