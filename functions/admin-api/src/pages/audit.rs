//! Audit: who changed what, field by field. For administrators.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use serde_json::Value;

use crate::{
    data::audit::{self, AuditPage, Change, Filter},
    extract::Params,
    pages::{frame::Frame, render},
    problem::Problem,
    state::App,
};

/// Longer values are cut; the API has them whole.
const MAX_VALUE: usize = 300;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditView {
    frame: Frame,
    filter: Filter,
    page: AuditPage,
}

/// A field before and after.
struct Field {
    name: String,
    before: String,
    after: String,
}

/// `GET /audit`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    if !frame.is_admin() {
        return Err(Problem::forbidden());
    }
    let page = audit::read(&app, &filter).await?;
    render::show(&AuditView { frame, filter, page })
}

impl AuditView {
    /// The fields that differ.
    fn fields(&self, change: &Change) -> Vec<Field> {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let names: BTreeSet<&str> = [before, after]
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(|fields| fields.keys().map(String::as_str))
            .collect();
        let at = |side: Option<&Value>, name: &str| side.and_then(|side| side.get(name)).cloned();
        let named = names.into_iter().map(|name| (name.to_owned(), at(before, name), at(after, name)));
        let whole = (before.is_some_and(|side| !side.is_object())
            || after.is_some_and(|side| !side.is_object()))
        .then(|| (self.frame.t("value-lower").to_owned(), before.cloned(), after.cloned()));
        named
            .chain(whole)
            .filter(|(_, before, after)| shown(before.as_ref()) != shown(after.as_ref()))
            .map(|(name, before, after)| Field {
                name,
                before: self.value(before.as_ref()),
                after: self.value(after.as_ref()),
            })
            .collect()
    }

    fn value(&self, value: Option<&Value>) -> String {
        let text = shown(value);
        self.frame.text(&shared::text::truncate(&text, MAX_VALUE))
    }

    /// The same filters, further on.
    fn further(&self, cursor: &str) -> String {
        let filters = serde_urlencoded::to_string(&self.filter).unwrap_or_default();
        format!("/audit?{filters}&cursor={cursor}")
    }
}

/// Texts without quotes, nothing as a dash, the rest as JSON.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".into(),
        Some(Value::String(text)) if text.is_empty() => "–".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
