//! Copies of the database, and the drills that load one of them.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{extract::Params, shapes::ProblemBody};
use crate::{problem::Problem, state::App};

/// Which copies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// At most 100; 30 unless told.
    limit: Option<u32>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// `supabase` or `sqlite`.
    kind: Option<String>,
}

/// A page of copies, newest first, and how things stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPage {
    pub items: Vec<Backup>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// The newest drills.
    pub drills: Vec<Drill>,
}

/// One copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    pub id: String,
    pub kind: String,
    /// `writing`, `verified`, `failed` or `inconclusive`.
    pub status: String,
    pub started_at: Option<String>,
    pub created_at: String,
    pub run_id: Option<String>,
    /// The object store's address of the copy.
    pub location: Option<String>,
    pub byte_count: Option<i64>,
    pub row_count: Option<i64>,
    pub encrypted: Option<bool>,
    /// When the retention removed it.
    pub removed_at: Option<String>,
    /// Why it is not verified.
    pub detail: Option<String>,
}

/// A copy that was loaded to see that it can be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    pub id: String,
    pub status: String,
    pub created_at: String,
    pub run_id: Option<String>,
    /// How long the restore took.
    pub rto_seconds: Option<f64>,
    /// How old the copy was.
    pub copy_age_seconds: Option<f64>,
    pub row_count: Option<i64>,
    pub detail: Option<String>,
}

/// Copies, newest first.
#[utoipa::path(get, path = "/backups", params(Filter), responses(
    (status = 200, description = "A page.", body = BackupPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Params(filter): Params<Filter>,
) -> Result<Json<BackupPage>, Problem> {
    Ok(Json(read(&app, &filter).await?))
}

/// A page of copies.
pub async fn read(app: &App, filter: &Filter) -> Result<BackupPage, Problem> {
    let arguments = json!({
        "p_now": app.now().to_string(), "p_cursor": filter.cursor, "p_kind": filter.kind, "p_limit": filter.limit,
    });
    app.ask("backups_page", &arguments).await
}
