//! The key that a request carries: it has the value that its setting has now, and is put in again where a service refuses it
//! and the setting has changed meanwhile.

use std::{fmt, sync::Arc};

use reqwest::header::HeaderName;
use secrecy::{ExposeSecret, SecretString};

use super::Request;
use crate::config::Secret;

/// A key, and how it is put into the request.
#[derive(Clone)]
pub struct Key {
    secret: Secret,
    used: SecretString,
    put: Arc<Put>,
    /// It is part of the address: one that is none any more is not found.
    is_address: bool,
}

type Put = dyn Fn(&mut Request, &str) + Send + Sync;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.secret.fmt(f)
    }
}

impl Request {
    /// Puts in a key, as it is now and again when it has changed.
    #[must_use]
    pub fn with_key(self, secret: &Secret, put: impl Fn(&mut Self, &str) + Send + Sync + 'static) -> Self {
        self.keyed(secret, false, put)
    }

    /// The same for one that is part of the address.
    #[must_use]
    pub fn with_key_in_address(
        self,
        secret: &Secret,
        put: impl Fn(&mut Self, &str) + Send + Sync + 'static,
    ) -> Self {
        self.keyed(secret, true, put)
    }

    /// The same in one header.
    #[must_use]
    pub fn with_key_header(self, secret: &Secret, name: HeaderName, prefix: &'static str) -> Self {
        self.with_key(secret, move |request, value| {
            request.set_secret_header(name.clone(), &format!("{prefix}{value}"))
        })
    }

    fn keyed(
        mut self,
        secret: &Secret,
        is_address: bool,
        put: impl Fn(&mut Self, &str) + Send + Sync + 'static,
    ) -> Self {
        let used = secret.value();
        put(&mut self, used.expose_secret());
        self.key = Some(Key { secret: secret.clone(), used, put: Arc::new(put), is_address });
        self
    }

    /// The request with the key as it is by now; none where the status does not refuse the key, or it has not changed.
    pub(super) async fn with_changed_key(&self, status: u16) -> Option<Self> {
        let key = self.key.as_ref()?;
        let is_refused = matches!(status, 401 | 403) || (key.is_address && matches!(status, 404 | 410));
        if !is_refused {
            return None;
        }
        let value = key.secret.instead_of(&key.used).await?;
        let mut request = self.clone();
        (key.put)(&mut request, value.expose_secret());
        Some(request)
    }
}
