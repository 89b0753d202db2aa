//! The console as a browser, and its API as a program sees it.

use std::time::Duration;

use admin_api::Limits;
use anyhow::Context;
use gazelle_local::{sandbox::auth::USERS, stack::Stack};
use serde_json::Value;
use shared::http::{Http, Response, json_request};
use url::Url;

use crate::{Backend, Bed, gateway};

/// A console that is being served.
pub struct Console {
    /// Its address, without a path.
    pub address: Url,
    public: Url,
    http: Http,
}

/// What a request carries beyond its method and path.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Sent {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { body: body.to_string(), ..self }
    }

    /// With the fields of a form.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body, ..self.header("content-type", "application/x-www-form-urlencoded") }
    }
}

/// Somebody who signed in by the form.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The whole `Set-Cookie`.
    pub set_cookie: String,
    /// What a browser sends back.
    pub cookie: String,
    /// What a script reads from `GET /session`.
    pub csrf_token: String,
    /// The console's own address, as a browser writes it.
    pub origin: String,
}

impl SignedIn {
    /// What a program sends that has the cookie.
    pub fn read(&self) -> Sent {
        Sent::nothing().header("cookie", &self.cookie)
    }

    /// What a browser sends for a page, in the language that was chosen there.
    pub fn browse(&self, language: &str) -> Sent {
        Sent::nothing()
            .header("cookie", format!("{}; language={language}", self.cookie))
            .header("accept", "text/html,application/xhtml+xml")
    }

    /// What the console's own pages send with a change.
    pub fn change(&self) -> Sent {
        self.read().header("origin", &self.origin).header("x-csrf-token", &self.csrf_token)
    }
}

/// A stack and its console.
///
/// # Errors
/// When one of them does not start.
pub async fn open(backend: Backend) -> anyhow::Result<(Bed, Console)> {
    let bed = Bed::start(backend).await?;
    let console = Console::start(&bed.stack).await?;
    Ok((bed, console))
}

impl Console {
    /// Serves the console of a stack, in processes of its function behind a gateway.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(stack: &Stack) -> anyhow::Result<Self> {
        Self::start_with(stack, None, Limits::default()).await
    }

    /// The same for people who reach it at another address, or with other limits.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_with(stack: &Stack, public: Option<&str>, limits: Limits) -> anyhow::Result<Self> {
        let address = gateway::serve(stack, public, limits).await?;
        let public = public.map(str::parse).transpose()?.unwrap_or_else(|| address.clone());
        Ok(Self { address, public, http: Http::new() })
    }

    /// Asks, and takes whatever comes.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(&self, method: &str, path: &str, sent: &Sent) -> anyhow::Result<Response> {
        let address = self.address.join(path)?;
        let mut request = json_request("console", method.parse()?, address, sent.body.clone().into());
        for (name, value) in &sent.headers {
            request.headers.insert(*name, value.parse()?);
        }
        Ok(self.http.send_once(&request, Duration::from_secs(60)).await?)
    }

    /// What a browser shows at an address, whatever came of it.
    ///
    /// # Errors
    /// When there is no answer, or none that a browser shows.
    pub async fn view(&self, path: &str, who: &SignedIn, language: &str) -> anyhow::Result<(u16, String)> {
        let answer = self.ask("GET", path, &who.browse(language)).await?;
        let kind = answer.headers["content-type"].to_str()?;
        anyhow::ensure!(kind.starts_with("text/html"), "{path}: {kind}");
        Ok((answer.status, String::from_utf8(answer.body.to_vec())?))
    }

    /// A page that is there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn page(&self, path: &str, who: &SignedIn, language: &str) -> anyhow::Result<String> {
        let (status, page) = self.view(path, who, language).await?;
        anyhow::ensure!(status == 200, "{path}: {status} {page}");
        Ok(page)
    }

    /// What the console says of its own API.
    ///
    /// # Errors
    /// When it is no OpenAPI 3.1.
    pub async fn document(&self) -> anyhow::Result<Document> {
        let document = body(&self.ask("GET", "/openapi.json", &Sent::nothing()).await?)?;
        anyhow::ensure!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        Ok(Document(document))
    }

    /// The address as `Origin` has it.
    pub fn origin(&self) -> String {
        self.public.origin().ascii_serialization()
    }

    /// Sends the form.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send_form(&self, email: &str, password: &str) -> anyhow::Result<Response> {
        let form = Sent::nothing().header("origin", self.origin());
        let form = form.form(&[("email", email), ("password", password), ("next", "/runs")]);
        self.ask("POST", "/sign-in", &form).await
    }

    /// Signs a user of the sandbox in, by role.
    ///
    /// # Errors
    /// When the console does not let them in.
    pub async fn sign_in(&self, role: &str) -> anyhow::Result<SignedIn> {
        let (email, password, _) =
            USERS.into_iter().find(|(_, _, found)| *found == Some(role)).context("no such user")?;
        let answer = self.send_form(email, password).await?;
        anyhow::ensure!(answer.status == 303, "{}: {:?}", answer.status, answer.body);
        let set_cookie = answer.headers["set-cookie"].to_str()?.to_owned();
        let cookie = set_cookie.split(';').next().context("a cookie")?.to_owned();
        let session = self.ask("GET", "/session", &Sent::nothing().header("cookie", &cookie)).await?;
        let session: Value = session.json("console")?;
        let csrf_token = session["csrf_token"].as_str().context("a form token")?.to_owned();
        Ok(SignedIn { set_cookie, cookie, csrf_token, origin: self.origin() })
    }
}

/// The API's description of itself.
pub struct Document(Value);

impl Document {
    /// The described paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0["paths"].as_object().into_iter().flatten().map(|(path, _)| path.as_str())
    }

    /// The document itself.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Method and path of everything described.
    pub fn operations(&self) -> Vec<(String, String)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().into_iter().flatten();
                methods.map(|(method, _)| (method.to_uppercase(), path.clone()))
            })
            .collect()
    }

    /// Holds an answer against its description: status, kind, and every field.
    ///
    /// # Errors
    /// What differs.
    pub fn check(&self, method: &str, path: &str, answer: &Response) -> anyhow::Result<()> {
        let kind = answer.headers["content-type"].to_str()?;
        let operation = &self.0["paths"][path][method.to_lowercase()]["responses"];
        let described = operation.get(answer.status.to_string()).or(operation.get("default"));
        let mut schema = described.map(|found| found["content"][kind]["schema"].clone()).unwrap_or_default();
        anyhow::ensure!(schema.is_object(), "{method} {path} {} {kind}: {operation}", answer.status);
        schema["components"] = self.0["components"].clone();
        let shape = jsonschema::validator_for(&schema)?;
        let said = body(answer)?;
        let errors: Vec<String> = shape.iter_errors(&said).map(|error| error.to_string()).collect();
        anyhow::ensure!(errors.is_empty(), "{method} {path}: {errors:?}");
        Ok(())
    }
}

/// What lies between two texts of a page.
///
/// # Panics
/// When the first is missing.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{from} is missing: {text}"));
    rest.split_once(to).map_or(rest, |(inner, _)| inner)
}

/// The card of a task on the page of the journal.
///
/// # Panics
/// When it is missing.
pub fn card<'a>(page: &'a str, task: &str) -> &'a str {
    between(page, &format!(r#"id="task-{task}""#), "</article>")
}

/// The JSON of an answer.
///
/// # Errors
/// When it is none.
pub fn body(answer: &Response) -> anyhow::Result<Value> {
    serde_json::from_slice(&answer.body)
        .with_context(|| format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

/// The claims of an access token of a user of the sandbox, by role.
///
/// # Errors
/// When there is no such user.
pub fn claims(stack: &Stack, role: &str) -> anyhow::Result<Value> {
    let issuer = format!("{}/auth/v1", stack.supabase_url);
    stack.auth.claims(&format!("{role}@gazelle.example"), &issuer).context("no such user")
}

/// A bearer token of a user of the sandbox, by role, as Supabase Auth makes it.
///
/// # Errors
/// When there is no such user.
pub fn token(stack: &Stack, role: &str) -> anyhow::Result<String> {
    stack.auth.sign(&claims(stack, role)?)
}
