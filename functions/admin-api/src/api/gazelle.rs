//! The connection to Gazelle: how it stands, and how an administrator renews it. No token leaves this module.

use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap};

use crate::{
    data::{
        author::Author,
        gazelle::{Answer, AuthorizeAddress, GazelleConnection, begin, finish, read},
    },
    extract::Params,
    problem::Problem,
    state::App,
};

/// How things stand with Gazelle.
#[utoipa::path(get, path = "/gazelle/connection", responses(
    (status = 200, description = "The connection.", body = GazelleConnection),
    Problem,
))]
pub async fn connection(State(app): State<Arc<App>>) -> Result<Json<GazelleConnection>, Problem> {
    read(&app).await.map(Json)
}

/// Begins an authorization: within ten minutes this very user comes back from Gazelle.
#[utoipa::path(post, path = "/gazelle/authorize", responses(
    (status = 200, description = "Where to go.", body = AuthorizeAddress),
    Problem,
))]
pub async fn authorize(author: Author, headers: HeaderMap) -> Result<Json<AuthorizeAddress>, Problem> {
    let address = begin(&author, &headers).await?;
    Ok(Json(AuthorizeAddress { authorize_url: address }))
}

/// Ends an authorization: the same user, within ten minutes, once.
#[utoipa::path(get, path = "/gazelle_oauth_callback", params(Answer), responses(
    (status = 200, description = "The connection.", body = GazelleConnection),
    Problem,
))]
pub async fn callback(
    author: Author,
    headers: HeaderMap,
    Params(answer): Params<Answer>,
) -> Result<Json<GazelleConnection>, Problem> {
    finish(&author, &headers, &answer).await.map(Json)
}
