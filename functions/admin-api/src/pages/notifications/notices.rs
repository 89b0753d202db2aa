//! Problems: what is wrong or was, and who takes care.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{
    address::segment,
    data::deliveries::{NoticeFilter, NoticePage, NoticeView, read_notices},
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

#[derive(Template)]
#[template(path = "notifications/notices.html")]
struct NoticesPage {
    frame: Frame,
    names: Names,
    filter: NoticeFilter,
    page: NoticePage,
}

impl NoticesPage {
    fn badge(&self, notice: &NoticeView) -> Markup {
        match (&notice.resolved_at, &notice.acknowledged_at) {
            (Some(_), _) => self.frame.badge("success", "✓", self.frame.t("over")),
            (None, Some(_)) => self.frame.badge("info", "i", self.frame.t("in-hand")),
            (None, None) => self.frame.badge("error", "✕", self.frame.t("open-ouvert")),
        }
    }

    fn is_open(&self, notice: &NoticeView) -> bool {
        notice.resolved_at.is_none() && notice.acknowledged_at.is_none()
    }

    /// The address at which somebody takes care; a fingerprint may hold anything.
    fn acknowledge(&self, notice: &NoticeView) -> String {
        format!("/api/notices/{}/acknowledge", segment(&notice.fingerprint))
    }

    fn more(&self) -> Option<String> {
        let next = self.page.next.as_deref()?;
        let open = self.filter.open.map(|open| format!("open={open}&")).unwrap_or_default();
        Some(format!("/notifications/notices?{open}cursor={next}"))
    }
}

/// `GET /notifications/notices`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(filter): Params<NoticeFilter>,
) -> Result<Response, Problem> {
    let (page, known) = tokio::try_join!(read_notices(&app, &filter), rules::read(&app))?;
    show_page(&NoticesPage { frame, names: Names::of(&known.recipients), filter, page })
}
