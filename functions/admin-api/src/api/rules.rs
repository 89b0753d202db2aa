//! Notification rules: who is notified what, on which channel, when; and what that means at an instant.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::json;

use crate::{
    data::{
        author::Author,
        form::Checked,
        rules::{
            Explanation, NotificationRule, NotificationRuleForm, NotificationRules, Question, answer, read,
        },
    },
    extract::{Params, row_id},
    problem::Problem,
    state::App,
};

/// Every rule, by event type.
#[utoipa::path(get, path = "/notification-rules", responses(
    (status = 200, description = "The rules.", body = NotificationRules),
    Problem,
))]
pub async fn list(State(app): State<Arc<App>>) -> Result<Json<NotificationRules>, Problem> {
    read(&app).await.map(Json)
}

/// Makes a rule.
#[utoipa::path(post, path = "/notification-rules", request_body = NotificationRuleForm, responses(
    (status = 201, description = "The rule.", body = NotificationRule),
    Problem,
))]
pub async fn create(
    author: Author,
    form: Checked<NotificationRuleForm>,
) -> Result<(StatusCode, Json<NotificationRule>), Problem> {
    let rule = author.ask_once("save_notification_rule", json!({"p_values": form.values})).await?;
    Ok((StatusCode::CREATED, Json(rule)))
}

/// Changes a rule.
#[utoipa::path(put, path = "/notification-rules/{id}", request_body = NotificationRuleForm,
    params(("id" = String, Path, description = "The rule.")), responses(
    (status = 200, description = "The rule.", body = NotificationRule),
    Problem,
))]
pub async fn change(
    author: Author,
    Path(id): Path<String>,
    form: Checked<NotificationRuleForm>,
) -> Result<Json<NotificationRule>, Problem> {
    author
        .find("save_notification_rule", json!({"p_id": row_id(&id)?, "p_values": form.values}))
        .await
        .map(Json)
}

/// Deletes a rule. One that is only to be silent is switched off instead.
#[utoipa::path(delete, path = "/notification-rules/{id}",
    params(("id" = String, Path, description = "The rule.")), responses(
    (status = 200, description = "What it was.", body = NotificationRule),
    Problem,
))]
pub async fn delete(author: Author, Path(id): Path<String>) -> Result<Json<NotificationRule>, Problem> {
    author.find("delete_notification_rule", json!({"p_id": row_id(&id)?})).await.map(Json)
}

/// Who would be notified of an event, how, when, and why not.
#[utoipa::path(get, path = "/notification-rules/explain", params(Question), responses(
    (status = 200, description = "NotificationRule by rule, person by person.", body = Explanation),
    Problem,
))]
pub async fn explain(
    State(app): State<Arc<App>>,
    Params(question): Params<Question>,
) -> Result<Json<Explanation>, Problem> {
    answer(&app, &question).await.map(Json)
}
