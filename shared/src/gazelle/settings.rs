//! Where Gazelle is and how to get in.

use url::Url;

use crate::config::{Secret, Setting, Settings};

/// Where Gazelle is and how to get in.
#[derive(Debug, Clone)]
pub struct GazelleSettings {
    pub(crate) url: Url,
    pub(crate) token_url: Url,
    pub(super) authorize_url: Url,
    pub(crate) credential: Credential,
}

#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// A rotating token in `system_settings`.
    OAuth { client_id: String, client_secret: Secret },
    /// The company's key.
    ApiKey(Secret),
}

impl GazelleSettings {
    /// Reads `GAZELLE_*`. The kind of credential is said, never guessed.
    pub fn read(settings: &mut Settings) -> Self {
        let kind = settings.required(Setting::GazelleCredential);
        let credential = match kind.as_str() {
            "api_key" => Credential::ApiKey(settings.required_key(Setting::GazelleApiKey)),
            other => {
                if other != "oauth" {
                    settings.problem("GAZELLE_CREDENTIAL is neither oauth nor api_key");
                }
                Credential::OAuth {
                    client_id: settings.required(Setting::GazelleClientId),
                    client_secret: settings.required_key(Setting::GazelleClientSecret),
                }
            }
        };
        Self {
            url: settings.url(Setting::GazelleApiUrl),
            token_url: settings.url(Setting::GazelleTokenUrl),
            authorize_url: settings.url(Setting::GazelleAuthorizeUrl),
            credential,
        }
    }

    /// The address at which a person authorizes; Gazelle sends them back to `redirect` with `state`. `None` with a key,
    /// which needs nobody's word.
    pub fn authorize_address(&self, redirect: &str, state: &str) -> Option<Url> {
        let Credential::OAuth { client_id, .. } = &self.credential else { return None };
        let mut address = self.authorize_url.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("state", state);
        Some(address)
    }
}
