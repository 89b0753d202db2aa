//! The API for people who write programs against it: the OpenAPI document as a page.

use std::{collections::BTreeMap, sync::OnceLock};

use askama::Template;
use axum::{Extension, response::Response};
use serde_json::{Map, Value};

use crate::{
    identity::role::Role,
    openapi::Described,
    pages::{frame::Frame, render},
    problem::Problem,
};

static REFERENCE: OnceLock<Reference> = OnceLock::new();

/// Everything that is described.
#[derive(Default)]
struct Reference {
    /// By the first part of the path.
    groups: BTreeMap<String, Vec<Operation>>,
    schemas: Vec<Schema>,
}

/// One method of one path.
struct Operation {
    method: String,
    path: String,
    /// The least role.
    role: &'static str,
    summary: String,
    parameters: Vec<Field>,
    body: Option<Kind>,
    answers: Vec<Answer>,
}

/// A parameter, or a field of a schema.
struct Field {
    name: String,
    /// `query`, `path`, or nothing.
    place: String,
    kind: Kind,
    is_required: bool,
    description: String,
}

/// An answer.
struct Answer {
    status: String,
    description: String,
    kind: Option<Kind>,
}

/// An object, or a choice of words.
struct Schema {
    name: String,
    description: String,
    fields: Vec<Field>,
    words: Vec<String>,
}

/// What a value is, and the schema that says more.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    text: String,
    schema: Option<String>,
}

impl Reference {
    fn read(described: Described) -> Self {
        let mut reference = Self::default();
        let mut schemas = Map::new();
        for (role, document) in (described.0)() {
            let document = serde_json::to_value(document).unwrap_or_default();
            for (path, methods) in document["paths"].as_object().into_iter().flatten() {
                let group = path.split('/').nth(1).unwrap_or_default().to_owned();
                let operations = methods.as_object().into_iter().flatten();
                let operations =
                    operations.map(|(method, operation)| Operation::read(method, path, role, operation));
                reference.groups.entry(group).or_default().extend(operations);
            }
            schemas.extend(document["components"]["schemas"].as_object().cloned().unwrap_or_default());
        }
        for operations in reference.groups.values_mut() {
            operations.sort_by(|left, right| left.path.cmp(&right.path).then(left.method.cmp(&right.method)));
        }
        reference.schemas = schemas.iter().map(|(name, schema)| Schema::read(name, schema)).collect();
        reference.schemas.sort_by(|left, right| left.name.cmp(&right.name));
        reference
    }
}

impl Operation {
    fn read(method: &str, path: &str, role: Option<Role>, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten().map(|parameter| Field {
            place: text(&parameter["in"]),
            is_required: parameter["required"] == true,
            description: text(&parameter["description"]),
            ..Field::read(&text(&parameter["name"]), &parameter["schema"])
        });
        let answers =
            operation["responses"].as_object().into_iter().flatten().map(|(status, answer)| Answer {
                status: status.clone(),
                description: text(&answer["description"]),
                kind: content(answer),
            });
        let words = [text(&operation["summary"]), text(&operation["description"])];
        let words: Vec<&str> = words.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            role: match role {
                None => "–",
                Some(Role::Viewer) => "viewer",
                Some(Role::Operator) => "operator",
                Some(Role::Admin) => "admin",
            },
            summary: words.join(" "),
            parameters: parameters.collect(),
            body: content(&operation["requestBody"]),
            answers: answers.collect(),
        }
    }
}

impl Field {
    fn read(name: &str, schema: &Value) -> Self {
        Self {
            name: name.to_owned(),
            place: String::new(),
            kind: Kind::read(schema),
            is_required: false,
            description: text(&schema["description"]),
        }
    }
}

impl Schema {
    fn read(name: &str, schema: &Value) -> Self {
        // What is flattened comes as one of several parts.
        let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
        let mut fields = Vec::new();
        for part in parts {
            if let Some(reference) = part["$ref"].as_str() {
                let kind = Kind::named(reference);
                fields.push(Field { name: "…".into(), kind, ..Field::read("", &Value::Null) });
            }
            let required = part["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            for (name, field) in part["properties"].as_object().into_iter().flatten() {
                let is_required = required.iter().any(|required| required == name);
                fields.push(Field { is_required, ..Field::read(name, field) });
            }
        }
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        let words =
            choices.chain([schema]).flat_map(|choice| choice["enum"].as_array().into_iter().flatten());
        Self {
            name: name.to_owned(),
            description: text(&schema["description"]),
            fields,
            words: words.map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect(),
        }
    }
}

impl Kind {
    #[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
    fn read(schema: &Value) -> Self {
        if let Some(reference) = schema["$ref"].as_str() {
            return Self::named(reference);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                return Self::either(choices.iter().map(Self::read).collect());
            }
        }
        let items = || Self::read(&schema["items"]);
        match &schema["type"] {
            Value::String(kind) if kind == "array" => {
                let items = items();
                Self { text: format!("[{}]", items.text), ..items }
            }
            Value::String(kind) => Self { text: kind.clone(), schema: None },
            Value::Array(kinds) => {
                let kinds = kinds.iter().map(|kind| match kind.as_str() {
                    Some("array") => {
                        let items = items();
                        Self { text: format!("[{}]", items.text), ..items }
                    }
                    kind => Self { text: kind.unwrap_or_default().to_owned(), schema: None },
                });
                Self::either(kinds.collect())
            }
            _ => Self { text: "any".into(), schema: None },
        }
    }

    fn named(reference: &str) -> Self {
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        Self { text: name.clone(), schema: Some(name) }
    }

    fn either(kinds: Vec<Self>) -> Self {
        let texts: Vec<&str> = kinds.iter().map(|kind| kind.text.as_str()).collect();
        Self { text: texts.join(" | "), schema: kinds.iter().find_map(|kind| kind.schema.clone()) }
    }
}

/// What a body or an answer holds.
fn content(holder: &Value) -> Option<Kind> {
    let (_, content) = holder["content"].as_object()?.iter().next()?;
    Some(Kind::read(&content["schema"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    frame: Frame,
    reference: &'static Reference,
}

/// `GET /docs`
pub async fn show(frame: Frame, Extension(described): Extension<Described>) -> Result<Response, Problem> {
    let reference = REFERENCE.get_or_init(|| Reference::read(described));
    render::show(&DocsPage { frame, reference })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_is_shown_with_its_least_role() {
        let described = Described(crate::api::described);
        let reference = Reference::read(described);
        let all: Vec<&Operation> = reference.groups.values().flatten().collect();
        let described: usize = (described.0)().iter().map(|(_, document)| document.paths.paths.len()).sum();
        assert!(all.len() >= described && described > 10, "{} {described}", all.len());
        let run = all.iter().find(|operation| operation.path == "/scheduler/run/{task}").expect("a route");
        assert_eq!((run.method.as_str(), run.role), ("POST", "admin"));
        assert!(run.answers.iter().any(|answer| answer.status == "409"));
        assert!(all.iter().all(|operation| !operation.summary.is_empty()));
        // Whatever is linked to is there.
        let names: Vec<&str> = reference.schemas.iter().map(|schema| schema.name.as_str()).collect();
        for answer in all.iter().flat_map(|operation| &operation.answers) {
            let schema = answer.kind.as_ref().and_then(|kind| kind.schema.as_deref());
            assert!(schema.is_none_or(|schema| names.contains(&schema)), "{schema:?}");
        }
    }

    #[test]
    fn kinds_are_written_as_a_reader_says_them() {
        let kind = |schema: Value| Kind::read(&schema).text;
        assert_eq!(kind(json!({"type": ["string", "null"]})), "string | null");
        assert_eq!(kind(json!({"type": "array", "items": {"$ref": "#/components/schemas/Run"}})), "[Run]");
        assert_eq!(
            kind(json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Run"}]})),
            "null | Run"
        );
        assert_eq!(kind(json!({})), "any");
    }
}
