//! Cash registers and their sessions. Every amount is in integer cents.

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
        cash::{
            CloseValues, Filter, OpenValues, Register, RegisterValues, Session, SessionPage, read_registers,
            read_sessions,
        },
        form::Checked,
    },
    extract::{Params, uuid},
    problem::Problem,
    state::App,
};

/// The cash registers.
#[utoipa::path(get, path = "/cash/registers", responses(
    (status = 200, description = "By name.", body = Vec<Register>),
    Problem,
))]
pub async fn registers(State(app): State<Arc<App>>) -> Result<Json<Vec<Register>>, Problem> {
    read_registers(&app).await.map(Json)
}

/// Adds a cash register.
#[utoipa::path(post, path = "/cash/registers", request_body = RegisterValues, responses(
    (status = 201, description = "The register.", body = Register),
    Problem,
))]
pub async fn add_register(
    author: Author,
    form: Checked<RegisterValues>,
) -> Result<(StatusCode, Json<Register>), Problem> {
    let register = author.ask_once("save_cash_register", json!({"p_values": form.values})).await?;
    Ok((StatusCode::CREATED, Json(register)))
}

/// Changes a cash register.
#[utoipa::path(put, path = "/cash/registers/{id}", request_body = RegisterValues,
    params(("id" = String, Path, description = "The register.")), responses(
    (status = 200, description = "The register.", body = Register),
    Problem,
))]
pub async fn save_register(
    author: Author,
    Path(id): Path<String>,
    form: Checked<RegisterValues>,
) -> Result<Json<Register>, Problem> {
    uuid(&id)?;
    author.find("save_cash_register", json!({"p_id": id, "p_values": form.values})).await.map(Json)
}

/// Deletes a cash register that was never used; one with sessions is made inactive instead.
#[utoipa::path(delete, path = "/cash/registers/{id}", params(("id" = String, Path, description = "The register.")),
    responses(
    (status = 200, description = "As it was.", body = Register),
    Problem,
))]
pub async fn delete_register(author: Author, Path(id): Path<String>) -> Result<Json<Register>, Problem> {
    uuid(&id)?;
    author.find("delete_cash_register", json!({"p_id": id})).await.map(Json)
}

/// Cash sessions, the newest first.
#[utoipa::path(get, path = "/cash/sessions", params(Filter), responses(
    (status = 200, description = "A page.", body = SessionPage),
    Problem,
))]
pub async fn sessions(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<SessionPage>, Problem> {
    read_sessions(&app, &filter).await.map(Json)
}

/// Opens a session.
#[utoipa::path(post, path = "/cash/sessions", request_body = OpenValues, responses(
    (status = 201, description = "The session.", body = Session),
    Problem,
))]
pub async fn open(author: Author, form: Checked<OpenValues>) -> Result<(StatusCode, Json<Session>), Problem> {
    let session = author.ask_once("console_open_cash_session", json!({"p_values": form.values})).await?;
    Ok((StatusCode::CREATED, Json(session)))
}

/// Closes a session: what was sold and what was counted. Closed twice with the same figures is closed once.
#[utoipa::path(post, path = "/cash/sessions/{id}/close", request_body = CloseValues,
    params(("id" = String, Path, description = "The session.")), responses(
    (status = 200, description = "The session.", body = Session),
    Problem,
))]
pub async fn close(
    author: Author,
    Path(id): Path<String>,
    form: Checked<CloseValues>,
) -> Result<Json<Session>, Problem> {
    uuid(&id)?;
    author.find("console_close_cash_session", json!({"p_id": id, "p_values": form.values})).await.map(Json)
}
