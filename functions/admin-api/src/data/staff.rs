//! The people who receive notices. Their addresses are for administrators only.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{problem::Problem, state::App};

/// Somebody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffMember {
    pub key: String,
    pub gazelle_id: Option<String>,
    pub first_name: String,
    pub display_name: String,
    /// Without one, the variable `EMAIL_<FIRST NAME>`: no accents, `_` for spaces, hyphens and apostrophes.
    pub email: Option<String>,
    /// Name of a setting `SLACK_WEBHOOK_…`, never the address itself.
    pub slack_webhook_key: Option<String>,
    pub telegram_chat_id: Option<String>,
    /// `fr` or `en`.
    pub language: String,
    /// `admin`, `assistant`, `technician`.
    pub roles: Vec<String>,
    pub active: bool,
}

/// What of somebody is set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffForm {
    pub gazelle_id: Option<String>,
    pub first_name: Option<String>,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub slack_webhook_key: Option<String>,
    pub telegram_chat_id: Option<String>,
    pub language: Option<String>,
    pub roles: Option<Vec<String>>,
    pub active: Option<bool>,
}

/// The people.
pub async fn read(app: &App) -> Result<Vec<StaffMember>, Problem> {
    app.ask("staff_list", &json!({})).await
}
