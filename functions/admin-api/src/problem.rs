//! Errors as callers see them: RFC 9457, one stable code each, nothing of the inside.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use shared::{
    supabase::{SupabaseError, Unaccepted},
    words::Language,
};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder},
};

use crate::language::language_of;

/// What is wrong, as RFC 9457 has it. Problems may have further fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// Stable.
    pub code: &'static str,
    /// A sentence for people, in French.
    pub detail: String,
    /// `run_live`: the run that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// `run_live`: where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// An answer that says what is wrong. Its title is the key `problem-<code>-title` of the catalogue.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Detail,
    run_id: Option<String>,
    retry_after_seconds: Option<u32>,
}

/// The sentence for people.
#[derive(Debug, Clone)]
enum Detail {
    /// The key `problem-<code>`.
    OfCode,
    /// A key of its own, with what it is filled with.
    Of(&'static str, Vec<(&'static str, String)>),
    /// What the database does not accept.
    Refused(Box<Unaccepted>),
}

/// What every route may answer, for its description.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
        let response = ResponseBuilder::new()
            .description("A problem.")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

impl Problem {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, detail: Detail::OfCode, run_id: None, retry_after_seconds: None }
    }

    /// Nobody knows who asks.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated")
    }

    /// Supabase Auth does not know this name and password together.
    pub fn wrong_password() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_password")
    }

    /// A user of the project without a part in this product.
    pub fn no_role() -> Self {
        Self::new(StatusCode::FORBIDDEN, "no_role")
    }

    /// The role is not enough.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden")
    }

    /// Another site made the browser ask.
    pub fn cross_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross_site")
    }

    /// The form does not belong to the session.
    pub fn form_token() -> Self {
        Self::new(StatusCode::FORBIDDEN, "form_token")
    }

    /// Too many calls.
    pub fn limited(retry_after_seconds: u32) -> Self {
        let detail = Detail::Of("problem-rate-limited", vec![("seconds", retry_after_seconds.to_string())]);
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
        Self { detail, retry_after_seconds: Some(retry_after_seconds), ..problem }
    }

    /// What the caller sent cannot be used; the sentence of this key says what is accepted.
    pub fn invalid(key: &'static str) -> Self {
        Self::invalid_with(key, [])
    }

    /// The same, of a sentence with placeholders.
    pub fn invalid_with<const N: usize>(key: &'static str, values: [(&'static str, String); N]) -> Self {
        Self {
            detail: Detail::Of(key, values.into()),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_request")
        }
    }

    /// A value of a form is not what it must be, for a reason of the catalogue (`refused-<reason>`), with what its sentence
    /// is filled with.
    pub fn refused(field: &str, reason: &str, values: Value) -> Self {
        let values = values.as_object().cloned().unwrap_or_default().into_iter().collect();
        Self::unaccepted(Unaccepted { field: Some(field.into()), reason: reason.into(), values })
    }

    fn unaccepted(unaccepted: Unaccepted) -> Self {
        Self { detail: Detail::Refused(Box::new(unaccepted)), ..Self::invalid("problem-value") }
    }

    /// The request holds what no address and no body may hold.
    pub fn unreadable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable")
    }

    /// The body is too large.
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large")
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }

    /// The address takes other methods.
    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
    }

    /// A run that excludes the wanted one is live.
    pub fn live(run_id: &str) -> Self {
        Self { run_id: Some(run_id.into()), ..Self::new(StatusCode::CONFLICT, "run_live") }
    }

    /// What this stands on does not answer.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    }

    /// Gazelle does not answer.
    pub fn gazelle_unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "gazelle_unavailable")
    }

    /// Something is wrong in here; the log says what.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// Its title for people.
    pub fn title(&self, language: Language) -> &'static str {
        let key = format!("problem-{}-title", self.code.replace('_', "-"));
        language.find(&key).unwrap_or(self.code)
    }

    /// The sentence for people.
    pub fn detail(&self, language: Language) -> String {
        match &self.detail {
            Detail::OfCode => {
                let key = format!("problem-{}", self.code.replace('_', "-"));
                language.find(&key).unwrap_or(self.code).to_owned()
            }
            Detail::Of(key, values) => {
                language.sentence(key, values.iter().map(|(name, value)| (*name, value.as_str().into())))
            }
            Detail::Refused(unaccepted) => refused(unaccepted, language),
        }
    }

    fn body(&self, language: Language) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:gazelle-tasks:problem:{}", self.code),
            title: self.title(language),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail(language),
            location: self.run_id.as_ref().map(|id| format!("/runs/{id}")),
            run_id: self.run_id.clone(),
        }
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

/// `field: what is accepted`.
fn refused(unaccepted: &Unaccepted, language: Language) -> String {
    let texts = unaccepted.values.iter().map(|(name, value)| {
        (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let reason = language
        .sentence(&format!("refused-{}", unaccepted.reason), texts.map(|(name, text)| (name, text.into())));
    match &unaccepted.field {
        Some(field) => {
            let values = [("field", field.as_str().into()), ("reason", reason.into())];
            language.sentence("problem-refused", values)
        }
        None => reason,
    }
}

/// Middleware of the API: scripts of a page in English get problems in English.
pub async fn translate(request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let response = next.run(request).await;
    if language == Language::default() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Some(problem) = parts.extensions.get::<Problem>() else { return Response::from_parts(parts, body) };
    let body = Json(problem.body(language)).into_response().into_body();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

impl From<SupabaseError> for Problem {
    fn from(error: SupabaseError) -> Self {
        if let SupabaseError::Input { unaccepted, .. } = error {
            return Self::unaccepted(unaccepted);
        }
        tracing::error!(%error, "database.failed");
        match error {
            SupabaseError::Unavailable(_) => Self::unavailable(),
            SupabaseError::Data { .. } => Self::invalid("problem-value"),
            SupabaseError::Refused { .. }
            | SupabaseError::Input { .. }
            | SupabaseError::LeaseLost
            | SupabaseError::Malformed => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body(Language::default()))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // For the pages, which say the same in HTML, and for other languages.
        response.extensions_mut().insert(self);
        response
    }
}
