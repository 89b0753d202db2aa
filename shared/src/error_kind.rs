//! Why something failed, as a stable name: in `scheduler_logs`, in deliveries and checks, in the Lambda error, and, by its
//! key of the catalogue, in what people read.
//!
//! A kind says what somebody would do about it; what exactly happened stands in the log.

use std::{borrow::Cow, fmt};

use serde::{Serialize, Serializer};

macro_rules! kinds {
    ($($variant:ident, $name:literal, $words:literal $(, advice $advice:literal)?;)*) => {
        /// A kind of failure; its name says what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)] // The catalogue says of each what it means.
        pub enum ErrorKind {
            $($variant,)*
            /// A service answered with this status, and nothing more is known of it.
            Http(u16),
        }

        impl ErrorKind {
            /// Every kind that has a name of its own.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, in `snake_case`; `http_404` for a status.
            pub fn name(self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => Cow::Borrowed($name),)*
                    Self::Http(status) => Cow::Owned(format!("http_{status}")),
                }
            }

            /// The key of what it is called; that of a status has the placeholder `status`.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                    Self::Http(_) => "http-answer",
                }
            }

            /// The key of what helps against it, where that is the same for every task.
            pub const fn advice(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => kinds!(@advice $($advice)?),)*
                    Self::Http(_) => None,
                }
            }
        }
    };
    (@advice) => { None };
    (@advice $advice:literal) => { Some($advice) };
}

kinds! {
    // Of a run.
    BadParameters, "bad_parameters", "error-bad-parameters";
    Busy, "busy", "error-busy";
    Configuration, "configuration", "error-configuration", advice "advice-configuration";
    DeadlineExceeded, "deadline_exceeded", "error-deadline-exceeded";
    DetectionError, "detection_error", "error-detection-error";
    LeaseLost, "lease_lost", "error-lease-lost";
    Lost, "lost", "error-lost";
    NotStarted, "not_started", "error-not-started";
    Panic, "panic", "error-panic";
    Quarantined, "quarantined", "error-quarantined";
    ServiceRefused, "service_refused", "error-service-refused";
    ServiceUnavailable, "service_unavailable", "error-service-unavailable";
    SupabaseRefused, "supabase_refused", "error-supabase-refused";
    SupabaseUnavailable, "supabase_unavailable", "error-supabase-unavailable";
    TooManyParts, "too_many_parts", "error-too-many-parts";
    UnknownPayload, "unknown_payload", "error-unknown-payload";
    UnknownRun, "unknown_run", "error-unknown-run";
    // Of Gazelle.
    GazelleAuthorization, "gazelle_authorization", "error-gazelle-authorization";
    GazelleMalformed, "gazelle_malformed", "error-gazelle-malformed";
    GazelleRefused, "gazelle_refused", "error-gazelle-refused";
    GazelleUnavailable, "gazelle_unavailable", "error-gazelle-unavailable";
    IncompleteRead, "incomplete_read", "error-incomplete-read";
    // Of the report.
    GoogleRefused, "google_refused", "error-google-refused";
    GoogleUnavailable, "google_unavailable", "error-google-unavailable";
    NoTabs, "no_tabs", "error-no-tabs";
    SameTitle, "same_title", "error-same-title";
    // Of copies.
    BackupCorrupt, "backup_corrupt", "error-backup-corrupt";
    BackupInconclusive, "backup_inconclusive", "error-backup-inconclusive";
    BackupReduced, "backup_reduced", "error-backup-reduced", advice "advice-backup-reduced";
    BackupSourceMissing, "backup_source_missing", "error-backup-source-missing";
    BackupStoreFull, "backup_store_full", "error-backup-store-full";
    BackupStoreRefused, "backup_store_refused", "error-backup-store-refused";
    BackupStoreUnavailable, "backup_store_unavailable", "error-backup-store-unavailable";
    BackupUnproven, "backup_unproven", "error-backup-unproven", advice "advice-backup-unproven";
    DrillMismatch, "drill_mismatch", "error-drill-mismatch";
    NoCopy, "no_copy", "error-no-copy";
    SqliteBusy, "sqlite_busy", "error-sqlite-busy";
    SqliteDamaged, "sqlite_damaged", "error-sqlite-damaged";
    SqliteUnchecked, "sqlite_unchecked", "error-sqlite-unchecked";
    // Of a delivery.
    Acknowledged, "acknowledged", "error-acknowledged";
    ChannelOff, "channel_off", "error-channel-off";
    ChatNotFound, "chat_not_found", "error-chat-not-found";
    CreditsExceeded, "credits_exceeded", "error-credits-exceeded";
    Expired, "expired", "error-expired";
    NoAddressConfigured, "no_address_configured", "error-no-address-configured";
    NoAnswer, "no_answer", "error-no-answer";
    NoBotConfigured, "no_bot_configured", "error-no-bot-configured";
    NoChatConfigured, "no_chat_configured", "error-no-chat-configured";
    NoConnection, "no_connection", "error-no-connection";
    NotTheVendor, "not_the_vendor", "error-not-the-vendor";
    NoWebhookConfigured, "no_webhook_configured", "error-no-webhook-configured";
    ProblemNotDelivered, "problem_not_delivered", "error-problem-not-delivered";
    RateLimited, "rate_limited", "error-rate-limited";
    RefusedForNow, "refused_for_now", "error-refused-for-now";
    Resolved, "resolved", "error-resolved";
    SenderLost, "sender_lost", "error-sender-lost";
    ServiceError, "service_error", "error-service-error";
    Template, "template", "error-template";
    WebhookIsNotAnAddress, "webhook_is_not_an_address", "error-webhook-is-not-an-address";
    // Of a probe, and of a question to the language model.
    CertificateEnds, "certificate_ends", "error-certificate-ends";
    CertificateExpired, "certificate_expired", "error-certificate-expired";
    CertificateName, "certificate_name", "error-certificate-name";
    CertificateUntrusted, "certificate_untrusted", "error-certificate-untrusted";
    ConnectionRefused, "connection_refused", "error-connection-refused";
    Cut, "cut", "error-cut";
    Dns, "dns", "error-dns";
    Malformed, "malformed", "error-malformed";
    NotAnAddress, "not_an_address", "error-not-an-address";
    NotPublic, "not_public", "error-not-public";
    Redirect, "redirect", "error-redirect";
    Refused, "refused", "error-refused";
    Slow, "slow", "error-slow";
    Timeout, "timeout", "error-timeout";
    Tls, "tls", "error-tls";
    Unavailable, "unavailable", "error-unavailable";
    UnexpectedBody, "unexpected_body", "error-unexpected-body";
}

impl ErrorKind {
    /// Whether the error's own sentence says more than the words of its kind: which week, which title, which service.
    pub const fn keeps_its_sentence(self) -> bool {
        matches!(
            self,
            Self::BadParameters
                | Self::Http(_)
                | Self::LeaseLost
                | Self::NoTabs
                | Self::SameTitle
                | Self::ServiceRefused
                | Self::ServiceUnavailable
                | Self::TooManyParts
        )
    }

    /// The kind of a name; none when this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("http_") {
            Some(status) if status.len() == 3 && status.bytes().all(|digit| digit.is_ascii_digit()) => {
                status.parse().ok().map(Self::Http)
            }
            Some(_) => None,
            None => Self::ALL.iter().copied().find(|kind| kind.name() == name),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_kind_and_a_strange_one_to_none() {
        for kind in ErrorKind::ALL.iter().copied().chain([ErrorKind::Http(404)]) {
            assert_eq!(ErrorKind::named(&kind.name()), Some(kind));
        }
        for strange in ["", "http_", "http_12", "http_4040", "http_+404", "Timeout", "something_new"] {
            assert_eq!(ErrorKind::named(strange), None, "{strange}");
        }
    }
}
