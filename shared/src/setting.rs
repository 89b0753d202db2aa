//! Every setting of a deployment, in one list: its name, who needs it, its default and what it means. The code reads settings
//! by it alone, and README's table is written from it.

macro_rules! settings {
    ($($variant:ident, $name:literal, $needed_by:literal, $default:expr, $meaning:literal;)*) => {
        /// A setting: a variable of the environment, or a key of the secret.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // Each has its meaning, which README shows.
        pub enum Setting {
            $($variant,)*
        }

        impl Setting {
            /// Every setting, in README's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in the environment and in the secret.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Who cannot do without it, in a few words; `–` where it is optional.
            pub const fn needed_by(self) -> &'static str {
                match self {
                    $(Self::$variant => $needed_by,)*
                }
            }

            /// What it is where it is absent.
            pub const fn default(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $default,)*
                }
            }

            /// What it means, in Markdown.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

settings! {
    SupabaseUrl, "SUPABASE_URL", "all", None, "address of the project";
    SupabaseServiceRoleKey, "SUPABASE_SERVICE_ROLE_KEY", "all", None, "service key (JWT or `sb_secret_…`)";
    SupabaseKey, "SUPABASE_KEY", "–", None, "read where `SUPABASE_SERVICE_ROLE_KEY` is missing";
    SlackWebhookAdmin1, "SLACK_WEBHOOK_ADMIN_1", "all", None, "Louise";
    SlackWebhookAdmin2, "SLACK_WEBHOOK_ADMIN_2", "all", None, "Nicolas";
    SlackWebhookAllan, "SLACK_WEBHOOK_ALLAN", "–", None, "Allan; others likewise, `staff.slack_webhook_key` names the setting";
    SendgridApiKey, "SENDGRID_API_KEY", "all", None, "e-mail";
    EmailFrom, "EMAIL_FROM", "all", None, "a sender that SendGrid has verified";
    EmailFromName, "EMAIL_FROM_NAME", "–", Some("Assistant Gazelle"), "the sender's name";
    EmailNicolas, "EMAIL_NICOLAS", "who is notified by e-mail", None, "address, unless `staff.email` has one; \
        `EMAIL_<FIRST NAME>` without accents, `_` for spaces, hyphens and apostrophes: `EMAIL_MARIE_EVE`";
    EmailAllan, "EMAIL_ALLAN", "who is notified by e-mail", None, "likewise";
    EmailLouise, "EMAIL_LOUISE", "who is notified by e-mail", None, "likewise";
    GazelleCredential, "GAZELLE_CREDENTIAL", "sync", Some("oauth"), "`oauth` or `api_key`";
    GazelleClientId, "GAZELLE_CLIENT_ID", "sync, `oauth`", None, "OAuth client";
    GazelleClientSecret, "GAZELLE_CLIENT_SECRET", "sync, `oauth`", None, "its secret";
    GazelleApiKey, "GAZELLE_API_KEY", "sync, `api_key`", None, "the company's key";
    GazelleRedirectUri, "GAZELLE_REDIRECT_URI", "console, `cargo ops gazelle authorize`", None,
        "redirect address of the OAuth client; the console's default: `CONSOLE_URL` and `gazelle_oauth_callback`";
    GazelleApiUrl, "GAZELLE_API_URL", "–", Some("https://gazelleapp.io/graphql/private/"), "Gazelle's API";
    GazelleAuthorizeUrl, "GAZELLE_AUTHORIZE_URL", "–", Some("https://gazelleapp.io/developer/oauth/authorize"),
        "where an administrator authorizes";
    GazelleTokenUrl, "GAZELLE_TOKEN_URL", "–", Some("https://gazelleapp.io/developer/oauth/token"), "where tokens come from";
    SpreadsheetId, "SPREADSHEET_ID", "report", None, "the spreadsheet, shared with the service account as editor";
    GoogleServiceAccountJson, "GOOGLE_SERVICE_ACCOUNT_JSON", "report", None,
        "the service account's file; its `token_uri` is used";
    GoogleSheetsUrl, "GOOGLE_SHEETS_URL", "–", Some("https://sheets.googleapis.com"), "Google Sheets";
    SendgridUrl, "SENDGRID_URL", "–", Some("https://api.sendgrid.com"), "SendGrid";
    AnthropicUrl, "ANTHROPIC_URL", "–", Some("https://api.anthropic.com"), "the language model";
    TelegramUrl, "TELEGRAM_URL", "–", Some("https://api.telegram.org"), "Telegram";
    AwsEndpointUrl, "AWS_ENDPOINT_URL", "–", None, "another AWS, for tests; by default AWS's own";
    EventBus, "EVENT_BUS", "–", Some("gazelle-tasks"), "the bus; the template sets it";
    BackupUrl, "BACKUP_URL", "backup", None,
        "where copies go: `s3://bucket/folder` or `file:///folder`; the template sets it";
    BackupAgeKey, "BACKUP_AGE_KEY", "–", None,
        "age identity that encrypts copies (`AGE-SECRET-KEY-1…`); keep it elsewhere too";
    BackupSqliteUrl, "BACKUP_SQLITE_URL", "–", None, "a SQLite database to copy as well: `file:`, `s3:` or `https:`";
    RestoreDrillSupabaseUrl, "RESTORE_DRILL_SUPABASE_URL", "–", None, "another project for the drill";
    RestoreDrillSupabaseKey, "RESTORE_DRILL_SUPABASE_KEY", "the drill in another project", None, "its service key";
    AnthropicApiKey, "ANTHROPIC_API_KEY", "humidity, if `humidity.model_enabled`", None,
        "language model for notes that the rules do not understand";
    ConsoleUrl, "CONSOLE_URL", "–", None, "address of the console: links in notices, the origin that changes must come \
        from, and where the watcher asks for `/health`";
    TelegramBotToken, "TELEGRAM_BOT_TOKEN", "who is notified on Telegram", None,
        "the bot; chat ids are `staff.telegram_chat_id`";
    HeartbeatUrl, "HEARTBEAT_URL", "–", None,
        "called after each good tick of the watcher: a service that alarms when the calls stop";
    MonitorPrivateHosts, "MONITOR_PRIVATE_HOSTS", "–", None,
        "hosts inside a private network that `monitor_targets` may name, separated by commas";
    StackName, "STACK_NAME", "–", None, "name of the stack, set by the template: the dimension of the metrics";
    Schedules, "SCHEDULES", "–", None, "JSON of the deployed schedules, set by the template: what the watcher expects to run";
    SecretArn, "SECRET_ARN", "–", None, "the secret";
    BackupSecretArn, "BACKUP_SECRET_ARN", "–", None, "a second secret that only the backup reads, for `BACKUP_AGE_KEY`";
    LogLevel, "LOG_LEVEL", "–", Some("info"), "what is logged: `error`, `warn`, `info`, `debug` or `trace`";
    ClockOffsetMs, "CLOCK_OFFSET_MS", "–", None, "the local stack plays another day with it; never set in a deployment";
    SupabaseAnonKey, "SUPABASE_ANON_KEY", "console", None, "the project's public key, for signing in";
    SupabaseJwtSecret, "SUPABASE_JWT_SECRET", "–", None,
        "older projects only: their symmetric (HS256) tokens are accepted too; at least 32 bytes";
    ConsoleRoleField, "CONSOLE_ROLE_FIELD", "–", Some("gazelle_role"), "field of `app_metadata` that holds a user's role; \
        with `role`, that one is accepted, too, where there is no `gazelle_role`";
    ConsoleSessionKey, "CONSOLE_SESSION_KEY", "console", None,
        "32 random bytes in base64 (`openssl rand -base64 32`); a new one ends every session";
}

impl Setting {
    /// What the names of the webhooks begin with.
    pub const SLACK_WEBHOOK: &str = "SLACK_WEBHOOK_";
    /// What the names of people's e-mail addresses begin with.
    pub const EMAIL: &str = "EMAIL_";

    /// Its value in the environment of this process, else its default, for what is needed before a secret can be read.
    pub fn of_the_process(self) -> Option<String> {
        let value = std::env::var(self.name()).ok();
        let value = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        value.or_else(|| self.default().map(str::to_owned))
    }

    /// Whether something may be called so: a setting, or the webhook or address of somebody.
    pub fn is_name(name: &str) -> bool {
        name.starts_with(Self::SLACK_WEBHOOK)
            || name.starts_with(Self::EMAIL)
            || Self::ALL.iter().any(|setting| setting.name() == name)
    }
}

impl std::fmt::Display for Setting {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}
