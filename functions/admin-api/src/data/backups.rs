//! Copies of the database, and the drills that load one of them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{problem::Problem, state::App};

/// Which copies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// At most 200; 30 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    pub kind: Option<CopyKind>,
}

/// Of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CopyKind {
    /// The database.
    Supabase,
    /// The predecessor's file.
    Sqlite,
}

/// A page of copies, newest first, and how things stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BackupPage {
    pub items: Vec<Backup>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
    pub newest: Newest,
    /// The last twelve drills.
    pub drills: Vec<Drill>,
}

/// What a loss would fall back on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Newest {
    /// The newest copy that was verified and is still there.
    pub verified: Option<VerifiedCopy>,
    /// The newest attempt.
    pub newest: Option<Attempt>,
    /// The last drill.
    pub drill: Option<LastDrill>,
}

/// A copy that was read back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct VerifiedCopy {
    pub id: String,
    pub kind: CopyKind,
    pub started_at: String,
    pub row_count: i64,
    pub byte_count: i64,
    pub encrypted: bool,
    pub run_id: String,
    pub age_seconds: i64,
}

/// An attempt at a copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    pub id: String,
    pub kind: CopyKind,
    pub status: CopyStatus,
    pub started_at: String,
    pub run_id: String,
}

/// The last drill, in short.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LastDrill {
    pub id: String,
    pub status: DrillStatus,
    pub created_at: String,
    pub rto_seconds: Option<f64>,
    pub rpo_seconds: Option<i64>,
    pub run_id: String,
    pub age_seconds: i64,
}

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CopyStatus {
    /// Read back, and the same.
    Verified,
    Failed,
    /// Written, but not all of it could be compared.
    Inconclusive,
    /// Read back, but it holds much less than the good copies: kept beside them.
    Reduced,
    /// What was copied is damaged: kept beside the good copies.
    Damaged,
}

/// One copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    pub id: String,
    pub kind: CopyKind,
    pub status: CopyStatus,
    pub started_at: String,
    pub created_at: String,
    pub run_id: String,
    /// The object store's address of the copy.
    pub location: String,
    /// Objects that it is made of.
    pub parts: i64,
    pub byte_count: i64,
    pub row_count: i64,
    /// Tables that were written to during every reading.
    pub moving: Vec<String>,
    pub encrypted: bool,
    pub schema_version: Option<String>,
    /// When the retention removed it.
    pub removed_at: Option<String>,
    /// Why it is not verified.
    pub detail: Option<String>,
}

/// What a drill showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DrillStatus {
    Passed,
    Failed,
}

/// A copy that was loaded to see that it can be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Drill {
    pub id: String,
    pub status: DrillStatus,
    pub created_at: String,
    pub run_id: String,
    pub location: String,
    pub tables: i64,
    pub row_count: i64,
    /// How long loading and comparing took.
    pub rto_seconds: Option<f64>,
    /// How old the newest verified copy was: what a loss would have cost.
    pub rpo_seconds: Option<i64>,
    /// How old the loaded copy was.
    pub copy_age_seconds: Option<i64>,
    pub detail: Option<String>,
}

/// A page of copies.
pub async fn read(app: &App, filter: &Filter) -> Result<BackupPage, Problem> {
    let arguments = json!({
        "p_now": app.now().to_string(), "p_cursor": filter.cursor, "p_kind": filter.kind, "p_limit": filter.limit,
    });
    app.ask("backups_page", &arguments).await
}
