//! The fields of a form of settings, as they came: absent is not empty, and the database says by its name which field is
//! wrong.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use super::extract::Change;
use crate::problem::Problem;

/// The fields that somebody sent.
#[derive(Debug, Default)]
pub struct Fields(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Change(fields) = Change::from_request(request, state).await?;
        Ok(Self(fields))
    }
}

/// A number of the address: there is nothing of another form.
pub fn number(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(Problem::not_found)
}
