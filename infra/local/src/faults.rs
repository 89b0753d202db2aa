//! Faults of the outside world, by name: what the sandbox and the gateway do wrong, and how often.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::HeaderMap;

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Gazelle answers 500.
    GazelleError,
    /// Gazelle never answers.
    GazelleHang,
    /// Gazelle answers 200 with GraphQL errors.
    GazelleGraphqlError,
    /// Gazelle answers 429.
    GazelleRateLimit,
    /// Gazelle breaks the connection inside an answer.
    GazelleCut,
    /// Gazelle does not take the access token any more.
    GazelleTokenExpired,
    /// Gazelle has no clients all of a sudden.
    GazelleEmptyClients,
    /// Gazelle wants to be left alone for ten minutes.
    GazelleBan,
    /// Gazelle takes so many requests a second; the count is the limit.
    GazelleLimit,
    /// Gazelle counts one client more than it lists.
    GazelleMiscounts,
    /// Gazelle reads no list from its end.
    GazelleOneWay,
    /// Gazelle answers 200 with an internal error that passes.
    GazelleInternalError,
    /// Gazelle answers 200 with an error that says: too many requests.
    GazelleThrottled,
    /// Something between answers 403 with a page of HTML.
    GazelleProxy,
    /// Something between answers 200 with a page of HTML.
    GazelleHtml,
    /// Gazelle leaves `pageInfo` out.
    GazelleNoPageInfo,
    /// Every page leads to the same next one.
    GazelleSameCursor,
    /// Three cursors lead round in a circle.
    GazelleCursorCircle,
    /// The second page of a client's contacts leads to itself.
    GazelleContactsCircle,
    /// A page without rows says that there are more.
    GazelleEmptyPage,
    /// A page says that there are more, and not where.
    GazelleNoCursor,
    /// One text of each page holds half a character.
    GazelleHalfCharacter,
    /// One text of each page holds a byte that is no UTF-8.
    GazelleNotUtf8,
    /// One text of each page holds a NUL.
    GazelleNul,
    /// Numbers have more digits than a float.
    GazelleLongNumbers,
    /// Numbers come as `1998.0` and as texts.
    GazelleLooseTypes,
    /// Years, dates and instants come as words.
    GazelleUnreadable,
    /// Lists inside a node end before their total, and do not say so.
    GazelleCutLists,
    /// Renewed tokens live for two hours.
    GazelleShortToken,
    /// Another process renews the token first, and stores it 0.7 s later.
    GazelleRenewedElsewhere,
    /// Supabase answers 500.
    SupabaseError,
    /// The database restarts (57P03).
    SupabaseRestarting,
    /// Supabase's gateway refuses the public key before Supabase Auth is asked.
    AuthKey,
    /// Supabase Auth before July 2026: `GET /user` answers about those who are banned, too.
    AuthOld,
    /// A proxy refuses in Supabase Auth's place.
    AuthProxy,
    /// PostgREST does not know the functions of the last migration yet (PGRST202).
    SupabaseSchemaCache,
    /// PostgREST gives seven rows at once ("Max rows").
    SupabaseMaxRows,
    /// Google answers 429.
    GoogleRateLimit,
    /// Google answers 500.
    GoogleError,
    /// Google applies a batch and breaks the connection inside its answer; the same batch again is answered.
    GoogleCut,
    /// EventBridge answers 200 and takes nothing.
    EventbridgePartial,
    /// Slack answers 500.
    SlackError,
    /// Slack answers 429 with `Retry-After`.
    SlackRateLimit,
    /// Slack takes a message and never answers.
    SlackHang,
    /// Slack takes a message and breaks the connection.
    SlackCut,
    /// The webhooks do not exist any more.
    SlackGone,
    /// The workspace does not let webhooks write any more.
    SlackProhibited,
    /// The channel of the webhooks was archived.
    SlackArchived,
    /// A proxy refuses in Slack's place.
    SlackProxy,
    /// SendGrid does not accept the sender any more.
    SendgridForbidden,
    /// SendGrid does not accept the key any more.
    SendgridKey,
    /// The account's credits are used up until they are renewed.
    SendgridCredits,
    /// A proxy refuses in SendGrid's place.
    SendgridProxy,
    /// Telegram answers 429 with `retry_after`.
    TelegramRateLimit,
    /// Telegram never answers.
    TelegramHang,
    /// The bot was thrown out of every chat.
    TelegramBlocked,
    /// Telegram does not know the bot's token any more.
    TelegramKey,
    /// The bot may not write into its chats any more.
    TelegramRights,
    /// Telegram refuses every chat for some minutes.
    TelegramMute,
    /// A proxy refuses in Telegram's place.
    TelegramProxy,
    /// The chats have become supergroups with other ids.
    TelegramMoved,
    /// Events arrive twice.
    EventDuplicate,
}

const FAULTS: [(&str, Fault, Option<u32>); 62] = [
    ("gazelle:500", Fault::GazelleError, None),
    ("gazelle:hang", Fault::GazelleHang, None),
    ("gazelle:graphql-error", Fault::GazelleGraphqlError, None),
    ("gazelle:429", Fault::GazelleRateLimit, Some(3)),
    ("gazelle:cut", Fault::GazelleCut, Some(3)),
    ("gazelle:token-expired", Fault::GazelleTokenExpired, Some(1)),
    ("gazelle:empty-clients", Fault::GazelleEmptyClients, None),
    ("gazelle:ban", Fault::GazelleBan, Some(1)),
    ("gazelle:limit", Fault::GazelleLimit, Some(2)),
    ("gazelle:miscount", Fault::GazelleMiscounts, None),
    ("gazelle:one-way", Fault::GazelleOneWay, None),
    ("gazelle:internal-error", Fault::GazelleInternalError, Some(3)),
    ("gazelle:throttled", Fault::GazelleThrottled, Some(3)),
    ("gazelle:proxy", Fault::GazelleProxy, Some(3)),
    ("gazelle:html", Fault::GazelleHtml, Some(3)),
    ("gazelle:no-page-info", Fault::GazelleNoPageInfo, Some(3)),
    ("gazelle:same-cursor", Fault::GazelleSameCursor, None),
    ("gazelle:cursor-circle", Fault::GazelleCursorCircle, None),
    ("gazelle:contacts-circle", Fault::GazelleContactsCircle, Some(50)),
    ("gazelle:empty-page", Fault::GazelleEmptyPage, None),
    ("gazelle:no-cursor", Fault::GazelleNoCursor, None),
    ("gazelle:half-character", Fault::GazelleHalfCharacter, None),
    ("gazelle:not-utf8", Fault::GazelleNotUtf8, None),
    ("gazelle:nul", Fault::GazelleNul, None),
    ("gazelle:long-numbers", Fault::GazelleLongNumbers, None),
    ("gazelle:loose-types", Fault::GazelleLooseTypes, None),
    ("gazelle:unreadable", Fault::GazelleUnreadable, None),
    ("gazelle:cut-lists", Fault::GazelleCutLists, None),
    ("gazelle:short-token", Fault::GazelleShortToken, None),
    ("gazelle:renewed-elsewhere", Fault::GazelleRenewedElsewhere, Some(1)),
    ("supabase:500", Fault::SupabaseError, None),
    ("auth:key", Fault::AuthKey, None),
    ("auth:old", Fault::AuthOld, None),
    ("auth:proxy", Fault::AuthProxy, None),
    ("supabase:restarting", Fault::SupabaseRestarting, Some(3)),
    ("supabase:schema-cache", Fault::SupabaseSchemaCache, Some(3)),
    ("supabase:max-rows", Fault::SupabaseMaxRows, None),
    ("google:429", Fault::GoogleRateLimit, Some(3)),
    ("google:500", Fault::GoogleError, None),
    ("google:cut", Fault::GoogleCut, None),
    ("eventbridge:partial", Fault::EventbridgePartial, None),
    ("slack:500", Fault::SlackError, Some(3)),
    ("slack:429", Fault::SlackRateLimit, Some(3)),
    ("slack:hang", Fault::SlackHang, None),
    ("slack:cut", Fault::SlackCut, None),
    ("slack:gone", Fault::SlackGone, None),
    ("slack:prohibited", Fault::SlackProhibited, None),
    ("slack:archived", Fault::SlackArchived, None),
    ("slack:proxy", Fault::SlackProxy, None),
    ("sendgrid:403", Fault::SendgridForbidden, None),
    ("sendgrid:key", Fault::SendgridKey, None),
    ("sendgrid:credits", Fault::SendgridCredits, None),
    ("sendgrid:proxy", Fault::SendgridProxy, None),
    ("telegram:429", Fault::TelegramRateLimit, Some(3)),
    ("telegram:hang", Fault::TelegramHang, None),
    ("telegram:blocked", Fault::TelegramBlocked, None),
    ("telegram:key", Fault::TelegramKey, None),
    ("telegram:rights", Fault::TelegramRights, None),
    ("telegram:mute", Fault::TelegramMute, None),
    ("telegram:proxy", Fault::TelegramProxy, None),
    ("telegram:moved", Fault::TelegramMoved, None),
    ("event:duplicate", Fault::EventDuplicate, None),
];

/// A fault with its count; `None` = always.
#[derive(Debug, Clone, Copy)]
pub struct FaultSpec {
    /// What.
    pub fault: Fault,
    /// How often.
    pub count: Option<u32>,
}

impl FromStr for FaultSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || FAULTS.map(|(name, ..)| name).join(", ");
        let (name, default, given) = FAULTS
            .iter()
            .find_map(|(name, fault, default)| {
                let rest = text.strip_prefix(name)?;
                match rest.strip_prefix(':') {
                    Some(count) => Some((*fault, *default, Some(count))),
                    None if rest.is_empty() => Some((*fault, *default, None)),
                    None => None,
                }
            })
            .ok_or_else(|| format!("unknown fault `{text}`; known: {}", known()))?;
        let count = match given {
            None => default,
            Some("∞") => None,
            Some(count) => {
                Some(count.parse().map_err(|_| format!("`{count}` is not a count (a number, or ∞)"))?)
            }
        };
        Ok(FaultSpec { fault: name, count })
    }
}

/// The faults in force, counted down as they happen.
#[derive(Debug, Default)]
pub struct Faults {
    left: Mutex<BTreeMap<Fault, Option<u32>>>,
    revoked: Mutex<BTreeSet<String>>,
}

impl Faults {
    fn left(&self) -> MutexGuard<'_, BTreeMap<Fault, Option<u32>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Supabase does not accept a key any more.
    pub fn revoke(&self, key: &str) {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
    }

    /// Whether the key of a request is none any more.
    pub fn is_revoked(&self, headers: &HeaderMap) -> bool {
        let key = headers.get("apikey").and_then(|key| key.to_str().ok()).unwrap_or_default();
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Replaces what is in force.
    pub fn set(&self, specs: &[FaultSpec]) {
        *self.left() = specs.iter().map(|spec| (spec.fault, spec.count)).collect();
    }

    /// Ends all faults.
    pub fn lift(&self) {
        self.left().clear();
    }

    /// Whether the fault happens now; counts it down.
    pub fn strikes(&self, fault: Fault) -> bool {
        match self.left().get_mut(&fault) {
            None | Some(Some(0)) => false,
            Some(None) => true,
            Some(Some(count)) => {
                *count -= 1;
                true
            }
        }
    }

    /// The count of a fault in force, which is its figure.
    pub fn figure(&self, fault: Fault) -> Option<u32> {
        self.left().get(&fault).copied().flatten()
    }

    /// Whether the fault is in force, without counting.
    pub fn has(&self, fault: Fault) -> bool {
        self.left().get(&fault).is_some_and(|count| *count != Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_overrides_the_default_and_nonsense_is_named() {
        let spec: FaultSpec = "gazelle:429".parse().unwrap();
        assert_eq!(spec.count, Some(3));
        let spec: FaultSpec = "gazelle:429:∞".parse().unwrap();
        assert_eq!(spec.count, None);
        let spec: FaultSpec = "gazelle:500:2".parse().unwrap();
        assert_eq!((spec.fault, spec.count), (Fault::GazelleError, Some(2)));
        assert!("gazelle:501".parse::<FaultSpec>().unwrap_err().contains("known: gazelle:500"));
    }
}
