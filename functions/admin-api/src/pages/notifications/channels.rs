//! The channels: whether they work.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    data::channels::{ChannelOverview, read},
    pages::{
        display::Markup,
        frame::Frame,
        notifications::{Names, rules},
        render::show as show_page,
    },
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "notifications/channels.html")]
struct ChannelsPage {
    frame: Frame,
    names: Names,
    overview: ChannelOverview,
}

impl ChannelsPage {
    fn outcome(&self, status: &str) -> Markup {
        match status {
            "success" => self.frame.badge("success", "✓", self.frame.t("all-delivered")),
            "partial" => self.frame.badge("warning", "!", self.frame.t("in-part")),
            _ => self.frame.badge("error", "✕", self.frame.t("nothing-delivered")),
        }
    }

    fn delivered(&self, delivered: &bool) -> Markup {
        if *delivered {
            self.frame.badge("success", "✓", self.frame.t("delivered"))
        } else {
            self.frame.badge("error", "✕", self.frame.t("not-delivered"))
        }
    }

    fn why(&self, reason: &Option<String>) -> String {
        reason.as_deref().map_or_else(|| "–".into(), |reason| self.frame.error_words(reason))
    }
}

/// `GET /notifications/channels`
pub async fn show(State(app): State<Arc<App>>, frame: Frame) -> Result<Response, Problem> {
    let (overview, known) = tokio::try_join!(read(&app), rules::read(&app))?;
    show_page(&ChannelsPage { frame, names: Names::of(&known.recipients), overview })
}
