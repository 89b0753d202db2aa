//! The authorization as Gazelle keeps it.

use std::{
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::supabase::Supabase;

use super::super::lock;

/// Life of an access token.
pub const MONTH_SECONDS: u32 = 2_592_000;

/// Gazelle's side of the authorization: tokens rotate.
#[derive(Debug)]
pub struct Account {
    pub generation: Mutex<u32>,
    pub expired: Mutex<Option<u32>>,
    pub admitted: Mutex<Vec<Instant>>,
    /// Requests that were refused for their number.
    pub throttled: AtomicU32,
    /// Where another process stores the token that it renewed.
    pub store: OnceLock<Supabase>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            generation: Mutex::new(1),
            expired: Mutex::new(None),
            admitted: Mutex::default(),
            throttled: AtomicU32::new(0),
            store: OnceLock::new(),
        }
    }
}

impl Account {
    /// The access token in force.
    pub fn access_token(&self) -> String {
        format!("local-gazelle-access-token-of-generation-{}", *lock(&self.generation))
    }

    /// The refresh token in force.
    pub fn refresh_token(&self) -> String {
        format!("local-gazelle-refresh-token-of-generation-{}", *lock(&self.generation))
    }

    /// How many tokens there were.
    pub fn generation(&self) -> u32 {
        *lock(&self.generation)
    }

    /// Gives the next token out.
    pub fn renew(&self, expires_in: u32) -> Value {
        *lock(&self.generation) += 1;
        json!({
            "access_token": self.access_token(),
            "refresh_token": self.refresh_token(),
            "expires_in": expires_in,
            "token_type": "Bearer",
        })
    }

    /// Another process was faster: its token is stored a moment later.
    pub fn renew_elsewhere(&self, now: Timestamp) {
        let mut token = self.renew(MONTH_SECONDS);
        token["created_at"] = now.as_second().into();
        let Some(store) = self.store.get().cloned() else { return };
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let arguments = json!({"p_token": token, "p_now": now.to_string()});
            if let Err(error) = store.rpc::<bool>("replace_gazelle_token", &arguments).await {
                tracing::error!(%error, "sandbox.token_not_stored");
            }
        });
    }

    /// Whether another request fits into the last second.
    pub fn admits(&self, limit: u32) -> bool {
        let now = Instant::now();
        let mut admitted = lock(&self.admitted);
        admitted.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
        let fits = admitted.len() < limit as usize;
        if fits {
            admitted.push(now);
        } else {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        }
        fits
    }

    /// The access token is not taken any more; only a refresh helps.
    pub fn expire(&self) {
        *lock(&self.expired) = Some(*lock(&self.generation));
    }

    pub fn takes(&self, authorization: Option<&str>) -> bool {
        let is_expired = *lock(&self.expired) == Some(*lock(&self.generation));
        !is_expired && authorization == Some(&format!("Bearer {}", self.access_token()))
    }
}
