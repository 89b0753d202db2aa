//! Who makes a change, and when.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{problem::Problem, state::App};

/// Whoever makes a change, and when: the database records both with everything it changes.
pub struct Author {
    /// What every request shares.
    pub app: Arc<App>,
    /// As SQL functions record it.
    pub actor: Value,
    /// The instant of all that the request does.
    pub now: Timestamp,
}

impl Author {
    /// The answer of a SQL function that may be repeated, as [`App::ask`].
    pub async fn ask<T: DeserializeOwned>(&self, function: &str, arguments: Value) -> Result<T, Problem> {
        self.app.ask(function, &self.signed(arguments)).await
    }

    /// The same for one thing that may not exist, as [`App::find`].
    pub async fn find<T: DeserializeOwned>(&self, function: &str, arguments: Value) -> Result<T, Problem> {
        self.app.find(function, &self.signed(arguments)).await
    }

    /// The same for a call that makes something, as [`App::ask_once`].
    pub async fn ask_once<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: Value,
    ) -> Result<T, Problem> {
        self.app.ask_once(function, &self.signed(arguments)).await
    }

    pub fn signed(&self, mut arguments: Value) -> Value {
        arguments["p_actor"] = self.actor.clone();
        arguments["p_now"] = self.now.to_string().into();
        arguments
    }
}
