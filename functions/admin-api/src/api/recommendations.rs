//! Recommendations: what should be done, why, until when, and what people decided.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        recommendations::{Decision, Filter, Recommendation, RecommendationPage, read},
    },
    extract::{Change, Params, uuid},
    problem::Problem,
    state::App,
};

/// Recommendations, those seen last first.
#[utoipa::path(get, path = "/recommendations", params(Filter), responses(
    (status = 200, description = "A page.", body = RecommendationPage),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<RecommendationPage>, Problem> {
    read(&app, &filter).await.map(Json)
}

/// Somebody did what it says, decided not to, or takes that back.
#[utoipa::path(post, path = "/recommendations/{id}/decision", request_body = Decision,
    params(("id" = String, Path, description = "The recommendation.")), responses(
    (status = 200, description = "The recommendation.", body = Recommendation),
    Problem,
))]
pub async fn decide(
    author: Author,
    Path(id): Path<String>,
    Change(decision): Change<Decision>,
) -> Result<Json<Recommendation>, Problem> {
    uuid(&id)?;
    let arguments = json!({"p_id": id, "p_status": decision.status});
    author.find("console_decide_recommendation", arguments).await.map(Json)
}
