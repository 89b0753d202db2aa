//! Maintenance alerts: what is due or late, by urgency, and what people do about it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::json;

use crate::{
    data::{
        alerts::{
            Alert, AlertChanged, AlertPage, AlertStats, Filter, MaintenanceAlerts, Window, count, read,
        },
        author::Author,
        shapes::Message,
    },
    extract::{Params, next_link, row_id},
    problem::Problem,
    state::App,
};

/// The active alerts, the most urgent first, then by due date: a bare array; the next page is in `Link`.
#[utoipa::path(get, path = "/alerts", params(Filter), responses(
    (status = 200, description = "A page.", body = Vec<Alert>),
    Problem,
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<(HeaderMap, Json<Vec<Alert>>), Problem> {
    let page: AlertPage<Alert> = read(&app, &filter, false).await?;
    let headers = match page.next {
        Some(cursor) => next_link(&Filter { cursor: Some(cursor), ..filter }),
        None => HeaderMap::new(),
    };
    Ok((headers, Json(page.items)))
}

/// How many alerts are active.
#[utoipa::path(get, path = "/alerts/stats", responses(
    (status = 200, description = "Counts.", body = AlertStats),
    Problem,
))]
pub async fn stats(State(app): State<Arc<App>>) -> Result<Json<AlertStats>, Problem> {
    count(&app).await.map(Json)
}

/// The active alerts with their number.
#[utoipa::path(get, path = "/alertes/maintenance", params(Window), responses(
    (status = 200, description = "A page.", body = MaintenanceAlerts),
    Problem,
))]
pub async fn maintenance(
    State(app): State<Arc<App>>,
    Params(window): Params<Window>,
) -> Result<Json<MaintenanceAlerts>, Problem> {
    let arguments = json!({"p_limit": window.limit.map(|limit| limit.min(500)), "p_cursor": window.cursor});
    app.ask("maintenance_alerts_list", &arguments).await.map(Json)
}

/// Somebody has read an alert.
#[utoipa::path(put, path = "/alerts/{id}/read", params(("id" = i64, Path, description = "The alert.")), responses(
    (status = 200, description = "Read, or was already.", body = AlertChanged),
    Problem,
))]
pub async fn mark_read(author: Author, Path(id): Path<String>) -> Result<Json<AlertChanged>, Problem> {
    let alert = author.find("console_read_alert", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(AlertChanged { message: "Alerte marquée comme lue", alert }))
}

/// Takes an alert off the list, for its due date.
#[utoipa::path(delete, path = "/alerts/{id}", params(("id" = i64, Path, description = "The alert.")), responses(
    (status = 200, description = "Dismissed, or was already.", body = Message),
    Problem,
))]
pub async fn dismiss(author: Author, Path(id): Path<String>) -> Result<Json<Message>, Problem> {
    let _: Alert = author.find("console_dismiss_alert", json!({"p_id": row_id(&id)?})).await?;
    Ok(Json(Message { message: "Alerte retirée de la liste" }))
}
