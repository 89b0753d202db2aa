//! Cash registers and their sessions. Every amount is in integer cents.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    data::form::{Kind, form, text},
    extract::uuid,
    problem::Problem,
    state::App,
};

/// A cash register.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Register {
    pub id: String,
    pub name: String,
    pub location: Option<String>,
    pub site_id: Option<String>,
    pub is_active: bool,
    /// A gap beyond it is an anomaly; null: the setting `anomaly.cash_medium_cents`.
    pub variance_limit: Option<i64>,
    /// In lists: sessions that are not closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_sessions: Option<u64>,
}

form! {
    /// A register as it is made or changed; what is absent stays as it is. A new one needs `name`.
    RegisterValues {
        name: text(200),
        location: text(200),
        site_id: text(100),
        is_active: Kind::Flag,
        /// In cents.
        variance_limit: Kind::Whole(1, 100_000_000),
    }
}

/// Which sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    pub status: Option<SessionStatus>,
    pub register_id: Option<String>,
}

/// Whether it goes on. `OPEN` and `CLOSED` are understood as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    #[serde(alias = "OPEN")]
    Open,
    #[serde(alias = "CLOSED")]
    Closed,
}

/// A page of sessions, the newest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionPage {
    pub items: Vec<Session>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A cash session.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CashSession)]
pub struct Session {
    pub id: String,
    pub operator_id: String,
    pub site_id: Option<String>,
    pub register_id: Option<String>,
    pub initial_amount: i64,
    pub current_amount: i64,
    pub status: SessionStatus,
    pub opened_at: String,
    pub closed_at: Option<String>,
    /// `ENTRY`, `SALE` or `EXIT`.
    pub current_step: String,
    pub last_activity: Option<String>,
    pub step_start_time: Option<String>,
    pub total_sales: i64,
    pub total_items: i64,
    /// What should be there: initial amount and sales.
    pub closing_amount: Option<i64>,
    /// What was counted.
    pub actual_amount: Option<i64>,
    /// Counted less expected.
    pub variance: Option<i64>,
    pub variance_comment: Option<String>,
}

/// Cents that a session may be about: a billion.
const CENTS: i64 = 100_000_000_000;

form! {
    /// A session as it is opened.
    OpenValues {
        /// The signed-in user by default.
        operator_id: text(200),
        /// In cents.
        initial_amount: Kind::Whole(0, CENTS),
        site_id: text(100),
        register_id: text(36),
    }
}

form! {
    /// A session as it is closed.
    CloseValues {
        /// In cents.
        total_sales (required): Kind::Whole(-CENTS, CENTS),
        total_items: Kind::Whole(0, 1_000_000),
        /// In cents.
        actual_amount (required): Kind::Whole(0, CENTS),
        /// Required with a gap of more than a cent.
        comment: text(2000),
    }
}

/// The cash registers, by name.
pub async fn read_registers(app: &App) -> Result<Vec<Register>, Problem> {
    app.ask("cash_registers_list", &json!({})).await
}

/// A page of sessions.
pub async fn read_sessions(app: &App, filter: &Filter) -> Result<SessionPage, Problem> {
    if let Some(register) = &filter.register_id {
        uuid(register).map_err(|_| Problem::invalid("problem-register-id"))?;
    }
    let arguments = json!({
        "p_limit": filter.limit, "p_cursor": filter.cursor, "p_status": filter.status,
        "p_register_id": filter.register_id,
    });
    app.ask("cash_sessions_page", &arguments).await
}
