//! Google Sheets v4 with a service account: a signed JWT becomes a token, kept until shortly before its end.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    clock,
    config::{Setting, Settings},
    error_kind::ErrorKind,
    http::{Cause, Http, HttpError, Request, Response, Retry, is_transient, json_request},
    task::TaskError,
};
use tokio::sync::Mutex;
use url::Url;

use crate::{titles::ExistingTab, workbook::Batch};

const SERVICE: &str = "google";
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets";
/// Quotas are per minute: it is worth waiting.
const RETRY: Retry = Retry {
    attempts: 6,
    timeout: std::time::Duration::from_secs(60),
    budget: std::time::Duration::from_secs(150),
    first_wait: std::time::Duration::from_millis(500),
};

/// How often a refused change is made anew from what exists by then.
const REFUSALS: u32 = 3;

/// One spreadsheet.
pub struct Sheets {
    http: Http,
    url: Url,
    spreadsheet_id: String,
    account: Account,
    token: Mutex<Option<Token>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Account {
    client_email: String,
    private_key: SecretString,
    token_uri: Url,
}

struct Token {
    secret: SecretString,
    expires_at_seconds: i64,
}

#[derive(Debug, thiserror::Error)]
enum GoogleError {
    #[error("Google Sheets is unavailable")]
    Unavailable(#[source] HttpError),
    #[error(
        "Google Sheets refused the request (HTTP {0}); check that the sheet is shared with the service account"
    )]
    Refused(u16),
    #[error("Google answered in an unknown form")]
    Malformed,
}

impl From<GoogleError> for TaskError {
    fn from(error: GoogleError) -> Self {
        TaskError::Failed {
            kind: match error {
                GoogleError::Unavailable(_) => ErrorKind::GoogleUnavailable,
                GoogleError::Refused(_) | GoogleError::Malformed => ErrorKind::GoogleRefused,
            },
            message: error.to_string(),
        }
    }
}

impl Sheets {
    /// Reads `GOOGLE_SHEETS_URL`, `SPREADSHEET_ID` and `GOOGLE_SERVICE_ACCOUNT_JSON`, and tries the key.
    pub fn read(settings: &mut Settings, http: &Http) -> Self {
        let text = settings.required(Setting::GoogleServiceAccountJson);
        let account = serde_json::from_str::<Account>(text.trim_start_matches('\u{feff}')).ok();
        let usable = account.filter(|account| account.key().is_some());
        if usable.is_none() && !text.is_empty() {
            settings.problem("GOOGLE_SERVICE_ACCOUNT_JSON is not a service-account file with an RSA key");
        }
        Self {
            http: http.clone(),
            url: settings.url(Setting::GoogleSheetsUrl),
            spreadsheet_id: settings.required(Setting::SpreadsheetId),
            account: usable.unwrap_or_else(Account::unusable),
            token: Mutex::new(None),
        }
    }

    /// The tabs that exist.
    async fn tabs(&self) -> Result<Vec<ExistingTab>, GoogleError> {
        #[derive(Deserialize)]
        struct Sheet {
            properties: ExistingTab,
        }
        #[derive(Deserialize)]
        struct Spreadsheet {
            sheets: Vec<Sheet>,
        }
        let mut url = self.address("");
        url.set_query(Some("fields=sheets.properties(sheetId,title,hidden)"));
        let response = self.call(Method::GET, url, Bytes::new()).await?;
        let spreadsheet: Spreadsheet = response.json(SERVICE).map_err(|_| GoogleError::Malformed)?;
        Ok(spreadsheet.sheets.into_iter().map(|sheet| sheet.properties).collect())
    }

    /// One `batchUpdate` that does the same when it is sent twice: all of it or nothing.
    ///
    /// # Errors
    /// When Google does not take it.
    pub async fn update(&self, batch: Batch) -> Result<(), TaskError> {
        Ok(self.send(batch).await?)
    }

    /// One `batchUpdate` that is made from the tabs that exist, and answers what `plan` answered beside it.
    ///
    /// An answer may be lost on its way after Google has applied the batch; sent again, the batch is then refused,
    /// because it adds what is there or deletes what is gone. People work in the sheet meanwhile, too. So a refused batch
    /// is made anew from what exists then, unless that shows that it `is_done`.
    ///
    /// # Errors
    /// When Google does not take it.
    pub async fn change<T>(
        &self,
        plan: impl Fn(&[ExistingTab]) -> (Batch, T),
        is_done: impl Fn(&[ExistingTab], &T) -> bool,
    ) -> Result<T, TaskError> {
        let mut existing = self.tabs().await?;
        let mut refusals = 0;
        loop {
            let (batch, planned) = plan(&existing);
            let retries = self.http.retries();
            let error = match self.send(batch).await {
                Ok(()) => return Ok(planned),
                Err(error) => error,
            };
            let is_refused = matches!(error, GoogleError::Refused(400));
            // Without an answer to some attempt nobody knows what became of it.
            let is_unknown = matches!(error, GoogleError::Unavailable(_)) || self.http.retries() > retries;
            refusals += 1;
            if !(is_refused || is_unknown) || refusals > REFUSALS {
                return Err(error.into());
            }
            let Ok(now) = self.tabs().await else { return Err(error.into()) };
            existing = now;
            if is_unknown && is_done(&existing, &planned) {
                tracing::warn!(refusals, "google.applied_without_answer");
                return Ok(planned);
            }
            if !is_refused {
                return Err(error.into());
            }
        }
    }

    async fn send(&self, batch: Batch) -> Result<(), GoogleError> {
        self.call(Method::POST, self.address(":batchUpdate"), batch.finish().into()).await?;
        Ok(())
    }

    fn address(&self, action: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("/v4/spreadsheets/{}{action}", self.spreadsheet_id));
        url
    }

    async fn call(&self, method: Method, url: Url, body: Bytes) -> Result<Response, GoogleError> {
        let token = self.token().await?;
        let request = json_request(SERVICE, method, url, body)
            .with_secret_header(AUTHORIZATION, &format!("Bearer {}", token.expose_secret()));
        let response = self.http.send(&request, RETRY, is_transient).await.map_err(GoogleError::of)?;
        match response.status {
            200 => Ok(response),
            status => {
                // A token that Google does not take any more is not taken again.
                *self.token.lock().await = None;
                Err(GoogleError::Refused(status))
            }
        }
    }

    async fn token(&self) -> Result<SecretString, GoogleError> {
        let mut current = self.token.lock().await;
        let now = clock::now().as_second();
        if let Some(token) = current.as_ref().filter(|token| token.expires_at_seconds - 300 > now) {
            return Ok(token.secret.clone());
        }
        let assertion = self.account.assertion(now).ok_or(GoogleError::Malformed)?;
        let request = Request {
            service: SERVICE,
            method: Method::POST,
            url: self.account.token_uri.clone(),
            headers: HeaderMap::from_iter([(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )]),
            body: format!(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
            )
            .into(),
            key: None,
        };
        let response = self.http.send(&request, RETRY, is_transient).await.map_err(GoogleError::of)?;
        if response.status != 200 {
            return Err(GoogleError::Refused(response.status));
        }
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: i64,
        }
        let answer: Answer = response.json(SERVICE).map_err(|_| GoogleError::Malformed)?;
        let secret = SecretString::from(answer.access_token);
        *current = Some(Token { secret: secret.clone(), expires_at_seconds: now + answer.expires_in });
        Ok(secret)
    }
}

impl GoogleError {
    fn of(error: HttpError) -> Self {
        match error.cause {
            Cause::Malformed => GoogleError::Malformed,
            Cause::Connect(_) | Cause::Timeout | Cause::Cut | Cause::Status(_) | Cause::Forbidden => {
                GoogleError::Unavailable(error)
            }
        }
    }
}

impl Account {
    /// Stands in for an account that was refused: the settings' problem keeps the task from running.
    fn unusable() -> Self {
        Self {
            client_email: String::new(),
            private_key: String::new().into(),
            token_uri: Url::parse("http://invalid.example").unwrap_or_else(|_| unreachable!()),
        }
    }

    fn key(&self) -> Option<RsaKeyPair> {
        let pem = self.private_key.expose_secret();
        let encoded: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(|line| line.chars().filter(|letter| !letter.is_whitespace()))
            .collect();
        RsaKeyPair::from_pkcs8(&STANDARD.decode(encoded).ok()?).ok()
    }

    /// A JWT that asks for a token: RS256, one hour.
    fn assertion(&self, now_seconds: i64) -> Option<String> {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(&json!({"alg": "RS256", "typ": "JWT"}));
        let claims = encode(&json!({
            "iss": self.client_email, "scope": SCOPE, "aud": self.token_uri.as_str(),
            "iat": now_seconds, "exp": now_seconds + 3600,
        }));
        let signed = format!("{header}.{claims}");
        let key = self.key()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
