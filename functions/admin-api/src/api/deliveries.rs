//! What was sent to whom, and the problems behind it. What a message said is not shown: it may name clients.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        deliveries::{Filter, MessagePage, NoticeFilter, NoticePage, NoticeView, read, read_notices},
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// Messages, newest first.
#[utoipa::path(get, path = "/deliveries", params(Filter), responses(
    (status = 200, description = "A page.", body = MessagePage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<MessagePage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// Problems, those seen last first.
#[utoipa::path(get, path = "/notices", params(NoticeFilter), responses(
    (status = 200, description = "A page.", body = NoticePage),
    Problem,
))]
pub async fn notices(
    State(app): State<Arc<App>>,
    Params(filter): Params<NoticeFilter>,
) -> Result<Json<NoticePage>, Problem> {
    read_notices(&app, &filter).await.map(Json)
}

/// Somebody takes care of a problem: no reminder, no escalation any more.
#[utoipa::path(post, path = "/notices/{fingerprint}/acknowledge",
    params(("fingerprint" = String, Path, description = "The trouble.")), responses(
    (status = 200, description = "The trouble.", body = NoticeView),
    Problem,
))]
pub async fn acknowledge(
    author: Author,
    Path(fingerprint): Path<String>,
) -> Result<Json<NoticeView>, Problem> {
    author.find("console_acknowledge_notice", json!({"p_fingerprint": fingerprint})).await.map(Json)
}
