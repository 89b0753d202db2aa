//! Bearer tokens: JWTs of the project's own users, checked with the project's public keys.
//!
//! Which algorithms count is decided here, never by the token. The keys are fetched once and again when a token
//! names one that is not known, at most once a minute: nobody makes this function ask for them at will.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::Jwk};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use shared::config::{Setting, Settings};
use tokio::sync::Mutex;
use url::Url;

use crate::identity::{
    auth::{Auth, AuthError},
    keys::sha256_hex,
    role::{Bearer, RoleField},
};

/// How long a user is believed without asking Supabase Auth whether they and their role still stand.
pub const CHECK: SignedDuration = SignedDuration::from_mins(10);

const AUDIENCE: &str = "authenticated";
const ASYMMETRIC: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];
/// Between two fetches of the keys.
const UNCONFIRMED: Duration = Duration::from_secs(60);
/// A key that was taken back does not live on in a warm process.
const FRESHNESS: Duration = Duration::from_secs(3600);

/// The name of the symmetric secret.
const SECRET_NAME: Setting = Setting::SupabaseJwtSecret;
/// A shorter key than the hash can be found by trying: RFC 7518, 3.2. Supabase makes none.
const MIN_SECRET_BYTES: usize = 32;

/// Checks bearer tokens.
pub struct Verifier {
    issuer: String,
    secret: Option<DecodingKey>,
    keys: Mutex<Option<Known>>,
    roles: RoleField,
    /// What Supabase Auth last said of the user of a token, by the token's hash.
    auth_answers: Mutex<BTreeMap<String, AuthAnswer>>,
}

struct AuthAnswer {
    asked_at: Timestamp,
    bearer: Bearer,
}

struct Known {
    keys: Vec<Jwk>,
    fetched_at: Instant,
}

/// Why a token gives no user.
#[derive(Debug)]
pub enum BearerError {
    /// It is not valid; why is nobody's business.
    Invalid,
    /// The keys cannot be had.
    Unavailable(AuthError),
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    app_metadata: Value,
}

impl Verifier {
    /// Reads `SUPABASE_JWT_SECRET`: only with it are HS256 tokens of older projects accepted.
    pub fn read(settings: &mut Settings, project: &Url, roles: RoleField) -> Self {
        let secret = settings.optional_secret(SECRET_NAME);
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < MIN_SECRET_BYTES) {
            settings.problem(format!(
                "{SECRET_NAME} has fewer than {MIN_SECRET_BYTES} bytes: copy it whole, or leave it out"
            ));
        }
        Self {
            issuer: format!("{}/auth/v1", project.as_str().trim_end_matches('/')),
            secret: secret.map(|secret| DecodingKey::from_secret(secret.expose_secret().as_bytes())),
            keys: Mutex::default(),
            roles,
            auth_answers: Mutex::default(),
        }
    }

    /// The user of a token.
    ///
    /// # Errors
    /// See [`BearerError`].
    pub async fn verify(&self, auth: &Auth, token: &str, now: Timestamp) -> Result<Bearer, BearerError> {
        let header = decode_header(token).map_err(|_| BearerError::Invalid)?;
        let key = match (header.alg, &self.secret) {
            (Algorithm::HS256, Some(secret)) => secret.clone(),
            (algorithm, _) if ASYMMETRIC.contains(&algorithm) => {
                let id = header.kid.ok_or(BearerError::Invalid)?;
                let key = self.key(auth, &id).await?;
                DecodingKey::from_jwk(&key).map_err(|_| BearerError::Invalid)?
            }
            _ => return Err(BearerError::Invalid),
        };
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The crate would read the machine's clock.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &key, &validation).map_err(|_| BearerError::Invalid)?.claims;
        let second = now.as_second();
        if claims.exp <= second || claims.nbf.is_some_and(|from| from > second) {
            return Err(BearerError::Invalid);
        }
        let role = self.roles.role(&claims.app_metadata);
        let said = Bearer { role, user_id: claims.sub, email: claims.email };
        self.auth_answers(auth, token, said, now).await
    }

    /// The user as Supabase Auth knows them now, asked once per token and [`CHECK`]; where it cannot be asked, as the
    /// token says until the next time, as it is with sessions.
    async fn auth_answers(
        &self,
        auth: &Auth,
        token: &str,
        said: Bearer,
        now: Timestamp,
    ) -> Result<Bearer, BearerError> {
        let hash = sha256_hex(token);
        let mut auth_answers = self.auth_answers.lock().await;
        auth_answers.retain(|_, known| now.duration_since(known.asked_at) < CHECK);
        if let Some(known) = auth_answers.get(&hash) {
            return Ok(known.bearer.clone());
        }
        let bearer = match auth.user(token).await {
            Ok(user) if user.user_id == said.user_id => user,
            Ok(_) | Err(AuthError::Refused) => return Err(BearerError::Invalid),
            Err(error) => {
                tracing::warn!(%error, "bearer.not_checked");
                said
            }
        };
        auth_answers.insert(hash, AuthAnswer { asked_at: now, bearer: bearer.clone() });
        Ok(bearer)
    }

    /// The project's key with this id.
    async fn key(&self, auth: &Auth, id: &str) -> Result<Jwk, BearerError> {
        let find =
            |known: &Known| known.keys.iter().find(|key| key.common.key_id.as_deref() == Some(id)).cloned();
        // Held over the fetch: who comes meanwhile waits for the same answer.
        let mut known = self.keys.lock().await;
        if let Some(known) = known.as_ref() {
            let age = known.fetched_at.elapsed();
            match find(known) {
                Some(key) if age < FRESHNESS => return Ok(key),
                None if age < UNCONFIRMED => return Err(BearerError::Invalid),
                _ => {}
            }
        }
        let keys = auth.signing_keys().await.map_err(BearerError::Unavailable)?;
        let fetched = Known {
            // A kind of key that is not known here is not an error of the others.
            keys: keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect(),
            fetched_at: Instant::now(),
        };
        let found = find(&fetched).ok_or(BearerError::Invalid);
        *known = Some(fetched);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(secret: &str) -> (Verifier, Settings) {
        let mut settings = Settings::from_pairs([(SECRET_NAME.name(), secret)]);
        let project = Url::parse("https://project.example").unwrap();
        let roles = RoleField::read(&mut settings);
        (Verifier::read(&mut settings, &project, roles), settings)
    }

    #[test]
    fn an_empty_secret_accepts_no_symmetric_token() {
        let (verifier, mut settings) = read("");
        settings.check().unwrap();
        assert!(verifier.secret.is_none());
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_a_problem_that_does_not_show_it() {
        let (_, mut settings) = read("planted");
        let problem = settings.check().unwrap_err().to_string();
        assert!(problem.contains(SECRET_NAME.name()) && !problem.contains("planted"), "{problem}");
        read(&"x".repeat(MIN_SECRET_BYTES)).1.check().unwrap();
    }
}
