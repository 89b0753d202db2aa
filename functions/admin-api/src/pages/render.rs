//! A page as an answer.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::problem::Problem;

/// A page, or the answer that it could not be shown.
pub fn show(page: &impl askama::Template) -> Result<Response, Problem> {
    show_as(StatusCode::OK, page)
}

/// The same with another status.
pub fn show_as(status: StatusCode, page: &impl askama::Template) -> Result<Response, Problem> {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "page.not_rendered");
        Problem::internal()
    })?;
    Ok((status, Html(html)).into_response())
}
