//! Settings: typed, from the environment and from one JSON secret, with *all* missing or bad ones reported at once.
//!
//! No default person, no default key: what is missing is an error that names the setting and never its value.

mod cached;
mod settings;
mod source;
mod values;

use secrecy::ExposeSecret;
use url::Url;

pub use self::{
    cached::Cached,
    settings::Settings,
    source::{FRESH, Secret},
    values::ConfigError,
};
pub use crate::setting::Setting;

/// Where Supabase is and how to get in.
#[derive(Debug, Clone)]
pub struct SupabaseSettings {
    /// Base address of the project, without `/rest/v1`.
    pub url: Url,
    /// Service-role key: a JWT, or `sb_secret_…`.
    pub key: Secret,
}

impl SupabaseSettings {
    /// Reads `SUPABASE_URL`, and `SUPABASE_SERVICE_ROLE_KEY` else `SUPABASE_KEY`.
    pub fn read(settings: &mut Settings) -> Self {
        let url = settings.url(Setting::SupabaseUrl);
        let key = settings
            .optional_key(Setting::SupabaseServiceRoleKey)
            .or_else(|| settings.optional_key(Setting::SupabaseKey))
            .unwrap_or_else(|| settings.required_key(Setting::SupabaseServiceRoleKey));
        if key.value().expose_secret().chars().any(char::is_control) {
            settings.problem("SUPABASE_SERVICE_ROLE_KEY contains a control character");
        }
        Self { url, key }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{source::Source, values::parse_secret, *};

    #[test]
    fn all_problems_are_reported_at_once_and_no_value_is_shown() {
        let mut settings = Settings::from_pairs([("SUPABASE_URL", "ftp://planted-secret")]);
        SupabaseSettings::read(&mut settings);
        settings.required(Setting::SpreadsheetId);
        let error = settings.check().unwrap_err().to_string();
        assert!(error.contains("SUPABASE_URL is not an http(s) address"), "{error}");
        assert!(error.contains("SUPABASE_SERVICE_ROLE_KEY is missing"), "{error}");
        assert!(error.contains("SPREADSHEET_ID is missing"), "{error}");
        assert!(!error.contains("planted-secret"), "{error}");
    }

    #[test]
    fn an_empty_value_is_an_absent_one_whatever_its_source() {
        let blank = ["", " ", "\t\r\n"];
        for value in blank {
            let secret =
                serde_json::json!({"SUPABASE_JWT_SECRET": value, "SPREADSHEET_ID": value}).to_string();
            let from_secret =
                Settings::of(Arc::new(Source::fixed(parse_secret("SECRET_ARN", &secret).unwrap())));
            let from_pairs =
                Settings::from_pairs([("SUPABASE_JWT_SECRET", value), ("SPREADSHEET_ID", value)]);
            for mut settings in [from_secret, from_pairs] {
                assert!(settings.optional_secret(Setting::SupabaseJwtSecret).is_none(), "{value:?}");
                assert!(settings.with_prefix("SUPABASE_").is_empty(), "{value:?}");
                settings.required(Setting::SpreadsheetId);
                let problem = settings.check().unwrap_err().to_string();
                assert!(problem.contains("SPREADSHEET_ID is missing"), "{problem}");
            }
        }
    }

    #[test]
    fn the_old_name_of_the_key_still_works() {
        let mut settings =
            Settings::from_pairs([("SUPABASE_URL", "https://x.example"), ("SUPABASE_KEY", "k")]);
        assert_eq!(SupabaseSettings::read(&mut settings).key.value().expose_secret(), "k");
        settings.check().unwrap();
    }
}
