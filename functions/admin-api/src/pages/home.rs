//! Santé du système.

use askama::Template;
use axum::response::Response;

use super::Frame;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
}

/// `GET /`
pub async fn show(frame: Frame) -> Result<Response, Problem> {
    super::show(&HomePage { frame })
}
