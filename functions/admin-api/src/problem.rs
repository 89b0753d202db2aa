//! Errors as callers see them: RFC 9457, one stable code each, nothing of the inside.

use std::borrow::Cow;

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::{notify::Language, supabase::SupabaseError};

use crate::{pages::language_of, routes::shapes::ProblemBody};

/// An answer that says what is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    french: Box<Words>,
    english: Box<Words>,
    run_id: Option<String>,
    retry_after_seconds: Option<u32>,
}

/// What people read of it.
#[derive(Debug, Clone)]
struct Words {
    title: &'static str,
    detail: Cow<'static, str>,
}

impl<T: Into<Cow<'static, str>>> From<(&'static str, T)> for Words {
    fn from((title, detail): (&'static str, T)) -> Self {
        Self { title, detail: detail.into() }
    }
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &'static str,
        french: impl Into<Words>,
        english: impl Into<Words>,
    ) -> Self {
        let (french, english) = (Box::new(french.into()), Box::new(english.into()));
        Self { status, code, french, english, run_id: None, retry_after_seconds: None }
    }

    /// Nobody knows who asks.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            ("Connexion requise", "Connectez-vous, ou envoyez un jeton valide."),
            ("Sign-in required", "Sign in, or send a valid token."),
        )
    }

    /// Supabase Auth does not know this name and password together.
    pub fn wrong_password() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong_password",
            ("Connexion refusée", "Le courriel ou le mot de passe est incorrect."),
            ("Sign-in refused", "The e-mail or the password is wrong."),
        )
    }

    /// A user of the project without a part in this product.
    pub fn no_role() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "no_role",
            (
                "Accès refusé",
                "Ce compte n'a pas accès à la console. Un administrateur peut lui donner un rôle.",
            ),
            (
                "Access refused",
                "This account has no access to the console. An administrator can give it a role.",
            ),
        )
    }

    /// The role is not enough.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            ("Accès refusé", "Votre rôle ne permet pas cette action."),
            ("Access refused", "Your role does not allow this."),
        )
    }

    /// Another site made the browser ask.
    pub fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            ("Requête refusée", "La requête ne vient pas de la console."),
            ("Request refused", "The request does not come from the console."),
        )
    }

    /// The form does not belong to the session.
    pub fn form_token() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "form_token",
            ("Formulaire expiré", "Rechargez la page, puis recommencez."),
            ("Form out of date", "Load the page again, then try once more."),
        )
    }

    /// Too many calls.
    pub fn limited(retry_after_seconds: u32) -> Self {
        let french = ("Trop de requêtes", format!("Réessayez dans {retry_after_seconds} s."));
        let english = ("Too many requests", format!("Try again in {retry_after_seconds} s."));
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", french, english);
        Self { retry_after_seconds: Some(retry_after_seconds), ..problem }
    }

    /// What the caller sent cannot be used; `detail` says what is accepted, in French only.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        let french = ("Requête invalide", detail.clone());
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", french, ("Invalid request", detail))
    }

    /// The request holds what no address and no body may hold.
    pub fn unreadable() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            ("Requête illisible", "L'adresse ou le corps de la requête contient des caractères non permis."),
            (
                "Unreadable request",
                "The address or the body of the request holds characters that are not allowed.",
            ),
        )
    }

    /// The body is too large.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            ("Requête trop volumineuse", "Le corps de la requête est trop volumineux."),
            ("Request too large", "The body of the request is too large."),
        )
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            ("Introuvable", "Cette adresse ne correspond à rien."),
            ("Not found", "There is nothing at this address."),
        )
    }

    /// The address takes other methods.
    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            ("Méthode refusée", "Cette adresse n'accepte pas cette méthode."),
            ("Method refused", "This address does not take this method."),
        )
    }

    /// A run that excludes the wanted one is live.
    pub fn live(run_id: &str) -> Self {
        let french = ("Déjà en cours", "Une exécution est déjà en cours ou demandée.");
        let english = ("Already running", "A run is already live or requested.");
        let problem = Self::new(StatusCode::CONFLICT, "run_live", french, english);
        Self { run_id: Some(run_id.into()), ..problem }
    }

    /// What this stands on does not answer.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            (
                "Service indisponible",
                "Supabase ne répond pas. Les tâches planifiées reprendront d'elles-mêmes; réessayez dans une minute.",
            ),
            (
                "Service unavailable",
                "Supabase does not answer. The scheduled tasks resume by themselves; try again in a minute.",
            ),
        )
    }

    /// Gazelle does not answer.
    pub fn gazelle_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "gazelle_unavailable",
            (
                "Gazelle ne répond pas",
                "Gazelle ne répond pas pour l'instant. Réessayez dans quelques minutes.",
            ),
            ("Gazelle does not answer", "Gazelle does not answer for now. Try again in a few minutes."),
        )
    }

    /// Something is wrong in here; the log says what.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            ("Erreur interne", "L'erreur a été notée au journal."),
            ("Internal error", "The error was noted in the log."),
        )
    }

    /// Its title for people.
    pub fn title(&self, language: Language) -> &'static str {
        self.words(language).title
    }

    /// The sentence for people.
    pub fn detail(&self, language: Language) -> &str {
        &self.words(language).detail
    }

    fn words(&self, language: Language) -> &Words {
        match language {
            Language::Fr => &self.french,
            Language::En => &self.english,
        }
    }

    fn body(&self, language: Language) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:gazelle-tasks:problem:{}", self.code),
            title: self.title(language),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail(language).to_owned(),
            location: self.run_id.as_ref().map(|id| format!("/runs/{id}")),
            run_id: self.run_id.clone(),
        }
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

/// Middleware of the API: scripts of a page in English are told of problems in English.
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
        if let SupabaseError::Input { message, .. } = error {
            return Self::invalid(message);
        }
        tracing::error!(%error, "database.failed");
        match error {
            SupabaseError::Unavailable(_) => Self::unavailable(),
            SupabaseError::Data { .. } => Self::invalid("Une valeur n'est pas acceptée."),
            _ => Self::internal(),
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
