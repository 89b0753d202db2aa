//! Gazelle: GraphQL executed against the committed schema, and the token endpoint.

mod account;
mod schema;
mod spoil;

use std::{collections::HashMap, sync::Arc, time::Duration};

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{self, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock;

use self::account::MONTH_SECONDS;
pub use self::{account::Account, schema::Schema};
use super::{Sandbox, credentials, refuse};
use crate::{
    company::{self, Company},
    faults::Fault,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Query {
    query: String,
    #[serde(default)]
    variables: Value,
    operation_name: Option<String>,
}

/// `POST /graphql/private/`
pub async fn graphql(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    tokio::time::sleep(sandbox.gazelle_latency).await;
    let faults = &sandbox.faults;
    if faults.strikes(Fault::GazelleHang) {
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
    if faults.strikes(Fault::GazelleError) {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "planted failure of jean@planted.example");
    }
    if faults.strikes(Fault::GazelleRateLimit) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
    }
    if faults.strikes(Fault::GazelleBan) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "600")]).into_response();
    }
    if faults.figure(Fault::GazelleLimit).is_some_and(|limit| !sandbox.gazelle.admits(limit)) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response();
    }
    if faults.strikes(Fault::GazelleTokenExpired) {
        sandbox.gazelle.expire();
    }
    if let Some(refusal) = unauthorized(&sandbox, &headers) {
        return refusal;
    }
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/json") {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json expected");
    }
    let Ok(query) = serde_json::from_slice::<Query>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "not a GraphQL request");
    };
    if let Some(answer) = spoil::instead(faults) {
        return answer;
    }
    if faults.has(Fault::GazelleOneWay) && !query.variables["last"].is_null() {
        let errors =
            json!([{"message": "Argument 'last' is not supported here", "path": ["allTimelineEntries"]}]);
        return Json(json!({"data": null, "errors": errors})).into_response();
    }
    sandbox.happen(query.operation_name.as_deref().unwrap_or_default());
    let answer = execute(&sandbox, &query);
    if faults.strikes(Fault::GazelleCut) {
        return cut(answer);
    }
    spoil::spoiled(faults, &query.variables, answer)
}

fn unauthorized(sandbox: &Sandbox, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    (!sandbox.gazelle.takes(given)).then(|| refuse(StatusCode::UNAUTHORIZED, "invalid token"))
}

/// Half an answer, then the connection breaks.
pub(super) fn cut(answer: String) -> Response {
    let half = answer.len() / 2;
    let half = (0..=half).rev().find(|at| answer.is_char_boundary(*at)).unwrap_or(0);
    let parts = futures::stream::iter([Ok(answer[..half].to_owned()), Err(std::io::Error::other("cut"))]);
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn execute(sandbox: &Sandbox, query: &Query) -> String {
    let error = |message: String| {
        tracing::warn!(message, "sandbox.gazelle_refused");
        json!({"errors": [{"message": message}]}).to_string()
    };
    let document = match sandbox.schema.document(&query.query) {
        Ok(document) => document,
        Err(message) => return error(message),
    };
    let company = sandbox.company.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let root = Node {
        kind: "Query",
        value: &Value::Null,
        world: &World {
            company: &company,
            without_clients: sandbox.faults.has(Fault::GazelleEmptyClients),
            miscounts: sandbox.faults.has(Fault::GazelleMiscounts),
        },
    };
    let variables = if query.variables.is_null() { json!({}) } else { query.variables.clone() };
    let Ok(variables) = serde_json::from_value(variables) else {
        return error("variables are an object".into());
    };
    let outcome = Execution::new(&sandbox.schema.schema, &document)
        .raw_variable_values(&variables)
        .operation_name(query.operation_name.as_deref())
        .and_then(|execution| execution.execute_sync(&root));
    match outcome {
        Ok(response) => {
            for refusal in &response.errors {
                tracing::warn!(message = refusal.message, path = ?refusal.path, "sandbox.gazelle_field_error");
            }
            serde_json::to_string(&response).unwrap_or_default()
        }
        Err(refusal) => error(refusal.message().to_string()),
    }
}

struct World<'a> {
    company: &'a Company,
    without_clients: bool,
    miscounts: bool,
}

impl World<'_> {
    /// The whole object behind a reference that carries only its id.
    fn whole<'v>(&'v self, value: &'v Value) -> &'v Value {
        let is_reference = value.as_object().is_some_and(|fields| fields.len() == 1);
        let id = value["id"].as_str().filter(|_| is_reference);
        id.and_then(|id| self.company.by_id(id)).unwrap_or(value)
    }
}

/// An object of the company, seen as its GraphQL type.
struct Node<'a> {
    kind: &'a str,
    value: &'a Value,
    world: &'a World<'a>,
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let name = info.field_name();
        let arguments: Value = serde_json::to_value(info.arguments()).unwrap_or_default();
        let kind = info.field_definition().ty.inner_named_type().as_str();
        if self.kind == "Query" {
            return self.root_field(name, &arguments, kind);
        }
        match (self.kind, name) {
            ("PrivateClient", "allContacts") => {
                let whole = self.world.whole(self.value);
                let contacts: Vec<&Value> = whole["contacts"].as_array().into_iter().flatten().collect();
                Ok(selected(self.world, kind, contacts, &arguments))
            }
            ("PrivateContact", "client") => {
                let has = |client: &&Value| {
                    client["contacts"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|own| own["id"] == self.value["id"])
                };
                let client = self.world.company.clients.iter().find(has);
                let world = self.world;
                Ok(ResolvedValue::nullable_object(client.map(|value| Node { kind, value, world })))
            }
            ("PrivateEvent", "allEventPianos") => {
                let pianos: Vec<&Value> =
                    self.value["eventPianos"].as_array().into_iter().flatten().collect();
                Ok(selected(self.world, kind, pianos, &arguments))
            }
            _ => {
                let own = &self.value[name];
                let value =
                    if own.is_null() && name != "id" { &self.world.whole(self.value)[name] } else { own };
                Ok(resolve(self.world, kind, value, info))
            }
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
fn resolve<'a>(
    world: &'a World<'a>,
    kind: &'a str,
    value: &'a Value,
    info: &'a ResolveInfo<'a>,
) -> ResolvedValue<'a> {
    match value {
        Value::Null => ResolvedValue::null(),
        Value::Array(items) => {
            ResolvedValue::list(items.iter().map(move |item| resolve(world, kind, item, info)))
        }
        Value::Object(_) if info.schema().get_object(kind).is_some() => {
            ResolvedValue::object(Node { kind, value, world })
        }
        leaf => ResolvedValue::leaf(leaf.clone()),
    }
}

impl<'a> Node<'a> {
    fn root_field(
        &self,
        name: &str,
        arguments: &Value,
        kind: &'a str,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let world = self.world;
        let company = world.company;
        let by_id = |nodes: &'a [Value], id: &Value| {
            let found = nodes.iter().find(|node| node["id"] == *id);
            ResolvedValue::nullable_object(found.map(|value| Node { kind, value, world }))
        };
        Ok(match name {
            "allUsers" => ResolvedValue::list(
                company.users.iter().map(move |value| ResolvedValue::object(Node { kind, value, world })),
            ),
            "allClients" => {
                let nodes = if world.without_clients { &[][..] } else { &company.clients };
                selected(world, kind, created(nodes, arguments), arguments)
            }
            "allPianos" => selected(world, kind, created(&company.pianos, arguments), arguments),
            "allEventsBatched" => selected(world, kind, events(company, arguments), arguments),
            "allTimelineEntries" => selected(world, kind, entries(company, arguments), arguments),
            "client" => by_id(&company.clients, &arguments["id"]),
            "contact" => {
                let of = |client: &'a Value| client["contacts"].as_array().map_or(&[][..], Vec::as_slice);
                let found =
                    company.clients.iter().flat_map(of).find(|contact| contact["id"] == arguments["id"]);
                ResolvedValue::nullable_object(found.map(|value| Node { kind, value, world }))
            }
            "piano" => by_id(&company.pianos, &arguments["id"]),
            "event" => by_id(&company.appointments, &arguments["eventId"]),
            other => {
                return Err(FieldError { message: format!("the sandbox does not serve {other}") });
            }
        })
    }
}

/// Clients or pianos by the date of their creation. One that has none is in no range of dates.
fn created<'a>(nodes: &'a [Value], arguments: &Value) -> Vec<&'a Value> {
    let filters = &arguments["filters"];
    let (from, until) = (filters["createdGet"].as_str(), filters["createdLet"].as_str());
    let day = |node: &Value| {
        let created = node["createdAt"].as_str().and_then(|instant| instant.parse().ok());
        created.map(|instant| clock::business_date(instant).to_string())
    };
    let is_asked = |node: &&'a Value| match day(node) {
        None => from.is_none() && until.is_none(),
        Some(day) => {
            from.is_none_or(|from| day.as_str() >= from) && until.is_none_or(|until| day.as_str() <= until)
        }
    };
    let mut asked: Vec<&Value> = match (from, until) {
        (None, None) => nodes.iter().collect(),
        _ => nodes.iter().filter(is_asked).collect(),
    };
    if arguments["sortBy"][0] == "CREATED_AT_ASC" {
        asked.sort_by_key(|node| node["createdAt"].as_str());
    }
    asked
}

/// The timeline, newest first as the company keeps it.
fn entries<'a>(company: &'a Company, arguments: &Value) -> Vec<&'a Value> {
    let (since, client) = (arguments["occurredAtGet"].as_str(), arguments["clientId"].as_str());
    let is_asked = |entry: &&'a Value| {
        since.is_none_or(|since| entry["occurredAt"].as_str() >= Some(since))
            && client.is_none_or(|client| entry["client"]["id"] == client)
    };
    match (since, client) {
        (None, None) => company.timeline.iter().collect(),
        _ => company.timeline.iter().filter(is_asked).collect(),
    }
}

fn events<'a>(company: &'a Company, arguments: &Value) -> Vec<&'a Value> {
    let filters = &arguments["filters"];
    let day = |event: &Value| company::day_of(event).map(|day| day.to_string()).unwrap_or_default();
    let has_dates = !filters["dateGet"].is_null() || !filters["dateLet"].is_null();
    // The company keeps them by start, which is the only sort that is asked for.
    company
        .appointments
        .iter()
        .filter(|event| match filters["status"].as_array() {
            Some(statuses) => statuses.contains(&event["status"]),
            // The default listing leaves cancelled events out.
            None => event["status"] != "CANCELED",
        })
        .filter(|event| {
            !has_dates || {
                let day = day(event);
                filters["dateGet"].as_str().is_none_or(|from| day.as_str() >= from)
                    && filters["dateLet"].as_str().is_none_or(|until| day.as_str() <= until)
            }
        })
        .collect()
}

/// A page of a connection: opaque cursors that are positions, a total.
fn selected<'a>(
    world: &'a World<'a>,
    kind: &'a str,
    nodes: Vec<&'a Value>,
    arguments: &Value,
) -> ResolvedValue<'a> {
    let total = nodes.len();
    let position =
        |name: &str| -> Option<usize> { arguments[name].as_str()?.strip_prefix("position-")?.parse().ok() };
    let rows = |name: &str| arguments[name].as_u64().map(|rows| rows as usize);
    let (mut start, mut end) = (position("after").unwrap_or(0).min(total), total);
    if let Some(before) = position("before") {
        end = before.min(total);
    }
    start = start.min(end);
    if let Some(first) = rows("first") {
        end = end.min(start + first);
    }
    if let Some(last) = rows("last") {
        start = start.max(end.saturating_sub(last));
    }
    let page: Vec<&'a Value> = nodes[start..end].to_vec();
    ResolvedValue::object(Page { kind, world, page, start, end, total })
}

struct Page<'a> {
    kind: &'a str,
    world: &'a World<'a>,
    page: Vec<&'a Value>,
    start: usize,
    end: usize,
    total: usize,
}

impl ObjectValue for Page<'_> {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let kind = info.field_definition().ty.inner_named_type().as_str();
        Ok(match (self.kind, info.field_name()) {
            ("PageInfo", "endCursor") if self.page.is_empty() => ResolvedValue::null(),
            ("PageInfo", "endCursor") => ResolvedValue::leaf(format!("position-{}", self.end)),
            ("PageInfo", "startCursor") if self.page.is_empty() => ResolvedValue::null(),
            ("PageInfo", "startCursor") => ResolvedValue::leaf(format!("position-{}", self.start)),
            ("PageInfo", "hasNextPage") => ResolvedValue::leaf(self.end < self.total),
            ("PageInfo", "hasPreviousPage") => ResolvedValue::leaf(self.start > 0),
            ("PrivateClientConnection", "totalCount") if self.world.miscounts => {
                ResolvedValue::leaf(self.total as u64 + 1)
            }
            (_, "totalCount") => ResolvedValue::leaf(self.total as u64),
            (_, "pageInfo") => ResolvedValue::object(Page { kind, page: self.page.clone(), ..*self }),
            (_, "nodes") => {
                let world = self.world;
                ResolvedValue::list(
                    self.page.iter().map(move |value| ResolvedValue::object(Node { kind, value, world })),
                )
            }
            _ => return Err(self.unknown_field_error(info)),
        })
    }
}

/// `GET /developer/oauth/authorize`: everybody here authorizes at once.
pub async fn authorize(extract::Query(asked): extract::Query<HashMap<String, String>>) -> Response {
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    if field("client_id") != credentials::GAZELLE_CLIENT_ID || field("response_type") != "code" {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    match url::Url::parse(field("redirect_uri")) {
        Ok(mut back) => {
            back.query_pairs_mut().append_pair("code", "local-code").append_pair("state", field("state"));
            Redirect::to(back.as_str()).into_response()
        }
        Err(_) => refuse(StatusCode::BAD_REQUEST, "invalid_redirect_uri"),
    }
}

/// `POST /developer/oauth/token`
pub async fn token(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/x-www-form-urlencoded") {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let is_client = field("client_id") == credentials::GAZELLE_CLIENT_ID
        && field("client_secret") == credentials::GAZELLE_CLIENT_SECRET;
    if !is_client {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    match field("grant_type") {
        "refresh_token" if field("refresh_token") == sandbox.gazelle.refresh_token() => {}
        "authorization_code" if field("code") == "local-code" && !field("redirect_uri").is_empty() => {}
        "refresh_token" | "authorization_code" => {
            return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
        }
        _ => return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    }
    if sandbox.faults.strikes(Fault::GazelleRenewedElsewhere) {
        sandbox.gazelle.renew_elsewhere(sandbox.clock.now());
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let life = if sandbox.faults.strikes(Fault::GazelleShortToken) { 7_200 } else { MONTH_SECONDS };
    Json(sandbox.gazelle.renew(life)).into_response()
}
