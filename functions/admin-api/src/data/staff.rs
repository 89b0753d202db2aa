//! The people who receive notices. Their addresses are for administrators only.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::form::{Kind, form, spelled, text},
    problem::Problem,
    state::App,
};

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

form! {
    /// What of somebody is set; what is absent stays as it is. A new person needs `first_name`.
    StaffForm {
        gazelle_id: text(100),
        first_name: text(100),
        /// The first name by default.
        display_name: text(100),
        email: spelled(254, is_address, "expects-address"),
        /// A name, so that nobody pastes the secret itself.
        slack_webhook_key: spelled(74, is_webhook_name, "expects-webhook-name"),
        telegram_chat_id: spelled(21, is_chat_id, "expects-number"),
        /// `fr` by default.
        language: Kind::Choice(&["fr", "en"], "expects-language"),
        roles: Kind::Texts(Some((&["admin", "assistant", "technician"], "expects-roles"))),
        active: Kind::Flag,
    }
}

/// `name@host.domain`, of one person.
fn is_address(text: &str) -> bool {
    let strange = |letter: char| letter.is_whitespace() || "<>,;\"@".contains(letter);
    match text.split_once('@') {
        Some((name, host)) => {
            let is_host =
                host.split_once('.').is_some_and(|(host, domain)| !host.is_empty() && !domain.is_empty());
            !name.is_empty() && is_host && !name.contains(strange) && !host.contains(strange)
        }
        None => false,
    }
}

fn is_webhook_name(text: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == b'_';
    text.strip_prefix("SLACK_WEBHOOK_").is_some_and(|name| !name.is_empty() && name.bytes().all(is_letter))
}

/// A number; that of a group is negative.
fn is_chat_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The people.
pub async fn read(app: &App) -> Result<Vec<StaffMember>, Problem> {
    app.ask("staff_list", &json!({})).await
}
