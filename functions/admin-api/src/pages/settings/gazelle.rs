//! The connection to Gazelle, and the rows of Gazelle that could not be stored.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};

use crate::{
    address::segment,
    data::{
        author::Author,
        gazelle::{self, Answer, GazelleConnection},
        quarantine::{self, Filter, QuarantinePage, QuarantinedRow},
    },
    extract::Params,
    pages::{display::Markup, frame::Frame, render::show as show_page},
    problem::Problem,
    state::App,
};

#[derive(Template)]
#[template(path = "settings/gazelle.html")]
struct GazellePage {
    frame: Frame,
    connection: GazelleConnection,
    filter: Filter,
    quarantine: QuarantinePage,
}

impl GazellePage {
    fn badge(&self) -> Markup {
        let frame = &self.frame;
        match (self.connection.authorized, self.connection.is_expired) {
            (false, _) => frame.badge("error", "✕", frame.t("not-authorized")),
            (true, Some(true)) => frame.badge("error", "✕", frame.t("expired")),
            (true, _) => frame.badge("success", "✓", frame.t("authorized")),
        }
    }

    fn resolve(&self, row: &QuarantinedRow) -> String {
        format!("/api/quarantine/{}/{}/resolve", segment(&row.collection), segment(&row.external_id))
    }

    fn more(&self) -> Option<String> {
        let next = self.quarantine.next.as_deref()?;
        let open = self.filter.open.map(|open| format!("open={open}&")).unwrap_or_default();
        Some(format!("/settings/gazelle?{open}cursor={next}"))
    }
}

/// `GET /settings/gazelle`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<Filter>,
) -> Result<Response, Problem> {
    let (connection, quarantine) = tokio::try_join!(gazelle::read(&app), quarantine::read(&app, &filter))?;
    show_page(&GazellePage { frame, connection, filter, quarantine })
}

#[derive(Template)]
#[template(path = "settings/connected.html")]
struct ConnectedPage {
    frame: Frame,
    connection: GazelleConnection,
}

/// `GET /gazelle_oauth_callback`: where Gazelle sends an administrator back to.
pub async fn callback(
    author: Author,
    frame: Frame,
    headers: HeaderMap,
    Params(answer): Params<Answer>,
) -> Result<Response, Problem> {
    if !frame.is_admin() {
        return Err(Problem::forbidden());
    }
    let connection = gazelle::finish(&author, &headers, &answer).await?;
    show_page(&ConnectedPage { frame, connection })
}
