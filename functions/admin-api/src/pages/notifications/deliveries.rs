//! What was sent, and what became of it.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use shared::notify::Channel;

use crate::{
    data::{
        deliveries::{Filter, MessagePage, read},
        rules::{NotificationRules, Recipient},
    },
    extract::Params,
    pages::{
        display::Markup,
        frame::Frame,
        notifications::{Names, rules},
        render::show as show_page,
    },
    problem::Problem,
    state::App,
};

/// How a message may stand.
const STATES: [&str; 5] = ["pending", "sent", "failed", "skipped", "unknown"];

#[derive(Template)]
#[template(path = "notifications/deliveries.html")]
struct DeliveriesPage {
    frame: Frame,
    names: Names,
    recipients: Vec<Recipient>,
    event_types: Vec<String>,
    filter: Filter,
    page: MessagePage,
}

impl DeliveriesPage {
    fn is(&self, given: &Option<String>, value: &str) -> bool {
        given.as_deref() == Some(value)
    }

    /// The page after this one, with the same filters.
    fn more(&self) -> Option<String> {
        let next = self.page.next.as_deref()?;
        let filter = &self.filter;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("status", &filter.status),
            ("channel", &filter.channel),
            ("recipient", &filter.recipient),
            ("event_type", &filter.event_type),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        Some(format!("/notifications/deliveries?{}", query.append_pair("cursor", next).finish()))
    }
}

impl Frame {
    /// What became of a message.
    pub fn delivery_badge(&self, status: &str) -> Markup {
        match status {
            "sent" => self.badge("success", "✓", self.delivery_state(status)),
            "pending" => self.badge("queued", "…", self.delivery_state(status)),
            "failed" => self.badge("error", "✕", self.delivery_state(status)),
            "skipped" => self.badge("", "–", self.delivery_state(status)),
            _ => self.badge("warning", "?", self.delivery_state("unknown")),
        }
    }

    /// The same as a word.
    pub fn delivery_state(&self, status: &str) -> &str {
        match status {
            "sent" => self.t("sent-envoye"),
            "pending" => self.t("waiting"),
            "failed" => self.t("failed-echoue"),
            "skipped" => self.t("skipped-omis"),
            _ => self.t("uncertain"),
        }
    }

    /// Why there was a message.
    pub fn delivery_reason(&self, reason: &str) -> &str {
        match reason {
            "again" => self.t("again"),
            "escalation" => self.t("nobody-answered"),
            "reminder" => self.t("reminder"),
            "recovery" => self.t("recovery"),
            _ => self.t("first-time"),
        }
    }
}

/// `GET /notifications/deliveries`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let (page, known) = tokio::try_join!(read(&app, &filter), rules::read(&app))?;
    let NotificationRules { rules, recipients, .. } = known;
    let mut event_types: Vec<String> = rules.into_iter().map(|rule| rule.event_type).collect();
    event_types.dedup();
    let names = Names::of(&recipients);
    show_page(&DeliveriesPage { frame, names, recipients, event_types, filter, page })
}
