//! What every page has around its content: who looks, in which language and colours, and where they are.

use std::{
    convert::Infallible,
    fmt::Display,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::digest;
use shared::words::{Language, Value};

use crate::{
    access::caller::Caller, address::own_path, cookies::cookie_named, identity::role::Role,
    language::language_of, state::App,
};

/// Colours of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the device has it.
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The theme of a name, as forms and cookies have it.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Changes with the assets, so that browsers may keep them.
static ASSETS: LazyLock<String> = LazyLock::new(|| {
    let mut hash = digest::Context::new(&digest::SHA256);
    for asset in [
        include_str!("../../assets/console.css"),
        include_str!("../../assets/console.js"),
        include_str!("../../assets/vendor/htmx.min.js"),
    ] {
        hash.update(asset.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(&hash.finish().as_ref()[..6])
});

/// The frame of one answer.
#[derive(Debug, Clone)]
pub struct Frame {
    pub language: Language,
    pub theme: Theme,
    pub caller: Option<Caller>,
    /// Path and query.
    pub address: String,
    pub now: Timestamp,
}

impl FromRequestParts<Arc<App>> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let address = parts.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned();
        let caller = parts.extensions.get::<Caller>().cloned();
        Ok(Self::of(&parts.headers, address, caller, app.now()))
    }
}

impl Frame {
    /// The frame of a request.
    pub fn of(headers: &HeaderMap, address: String, caller: Option<Caller>, now: Timestamp) -> Self {
        Self {
            language: language_of(headers),
            theme: cookie_named(headers, "theme").and_then(Theme::named).unwrap_or(Theme::Auto),
            caller,
            address,
            now,
        }
    }

    /// The text of a key in the reader's language.
    pub fn t(&self, key: &'static str) -> &'static str {
        self.language.text(key)
    }

    /// How many there are, in words: a sentence of the catalogue with `$count`, which chooses the form, and `$shown`.
    pub fn n<N: Copy + Display + Into<Value<'static>>>(&self, key: &str, count: &N) -> String {
        self.language.sentence(key, [("count", (*count).into()), ("shown", self.count(count).into())])
    }

    /// For the attribute `lang`.
    pub fn lang(&self) -> &'static str {
        self.language.code()
    }

    /// For the attribute `data-theme`.
    pub fn theme(&self) -> &'static str {
        self.theme.name()
    }

    /// Whether this theme was chosen.
    pub fn has_theme(&self, name: &str) -> bool {
        self.theme.name() == name
    }

    /// What changes with the assets.
    pub fn assets(&self) -> &'static str {
        &ASSETS
    }

    /// The session's form token, for the header that htmx sends.
    pub fn csrf_token(&self) -> &str {
        let session = self.caller.as_ref().and_then(|caller| caller.session.as_ref());
        session.map_or("", |session| &session.csrf_token)
    }

    /// The address as a link: one that a browser takes for another host's leads home.
    pub fn own_address(&self) -> &str {
        own_path(&self.address)
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// Whether the reader is at this page or below it.
    pub fn is_at(&self, path: &str) -> bool {
        let rest = self.path().strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || path != "/" && rest.starts_with('/'))
    }

    /// Whether the reader is in this part of the menu: the alerts have three addresses.
    pub fn is_in(&self, path: &str) -> bool {
        let is_alerts = path == "/alerts" && (self.is_at("/humidity-alerts") || self.is_at("/alertes-rv"));
        self.is_at(path) || is_alerts
    }

    /// Whether a page of the menu is for the reader.
    pub fn may_open(&self, path: &str) -> bool {
        path != "/cash" || self.is_operator()
    }

    /// What the reader may do; a stranger no more than anybody.
    pub fn role(&self) -> Role {
        self.caller.as_ref().map_or(Role::Viewer, |caller| caller.role)
    }

    /// Whether the reader may take note of things, resolve them and enter data.
    pub fn is_operator(&self) -> bool {
        self.role() >= Role::Operator
    }

    /// Whether the reader may run, pause and configure.
    pub fn is_admin(&self) -> bool {
        self.role() >= Role::Admin
    }
}
