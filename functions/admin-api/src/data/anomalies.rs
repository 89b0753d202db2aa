//! Anomalies, as the detectors stored them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{identity::role::Role, problem::Problem, state::App};

/// Which anomalies.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 by default.
    pub limit: Option<u16>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    pub status: Option<AnomalyStatus>,
    /// `cash`, `sync`, `auth`, `ai`, `data`, `humidity`, `unusual` or `detection`.
    pub category: Option<String>,
    pub severity: Option<Severity>,
}

/// Whether it is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnomalyStatus {
    Open,
    Resolved,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

/// A page of anomalies, those seen last first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnomalyPage {
    pub items: Vec<Anomaly>,
    /// The parameter `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Anomaly {
    /// `cash_variance`, `sync_failure`, …
    #[serde(rename = "type")]
    pub kind: String,
    pub severity: Severity,
    /// A sentence in French.
    pub description: Option<String>,
    /// Technical names, ids, amounts in cents, hashes: never a person. Viewers see of the cash the gap, and null for
    /// who had the register and what was in it.
    #[schema(value_type = Object)]
    pub details: Value,
    pub id: String,
    pub category: String,
    pub status: AnomalyStatus,
    pub first_seen_at: String,
    /// `first_seen_at`, or when it came back.
    pub opened_at: String,
    pub last_seen_at: String,
    pub resolved_at: Option<String>,
    pub occurrences: u64,
    pub reopened_count: u64,
}

/// A page of anomalies, as a role may see them.
pub async fn read(app: &App, role: Role, filter: &Filter) -> Result<AnomalyPage, Problem> {
    let arguments = json!({
        "p_limit": filter.limit, "p_cursor": filter.cursor, "p_status": filter.status, "p_category": filter.category,
        "p_severity": filter.severity,
    });
    let mut page: AnomalyPage = app.ask("anomalies_page", &arguments).await?;
    page.items.iter_mut().for_each(|anomaly| mask(role, anomaly));
    Ok(page)
}

/// What everybody may know of an anomaly of the cash: where, when and how much is missing. Who had the register and what
/// was in it is for those who enter cash sessions; whatever is new in the details, too, until it is named here.
const CASH: [&str; 9] = [
    "session_id",
    "session_ids",
    "site_id",
    "register_id",
    "variance_cents",
    "closed_at",
    "of",
    "count",
    "days",
];

/// Leaves of the details what a role may see.
pub fn mask(role: Role, anomaly: &mut Anomaly) {
    if role >= Role::Operator || anomaly.category != "cash" {
        return;
    }
    let is_register = anomaly.details["of"] == "register";
    for (name, value) in anomaly.details.as_object_mut().into_iter().flatten() {
        let is_everybodys = CASH.contains(&name.as_str()) || (name == "id" && is_register);
        if !is_everybodys {
            *value = Value::Null;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(role: Role, category: &str, details: &Value) -> Value {
        let mut anomaly: Anomaly = serde_json::from_value(json!({
            "type": "x", "severity": "medium", "description": null, "details": details, "id": "1", "category": category,
            "status": "open", "first_seen_at": "", "opened_at": "", "last_seen_at": "", "resolved_at": null,
            "occurrences": 1, "reopened_count": 0,
        }))
        .expect("an anomaly");
        mask(role, &mut anomaly);
        anomaly.details
    }

    #[test]
    fn who_only_looks_sees_the_gap_and_neither_the_person_nor_the_register() {
        // As the detectors make them: one gap, several of an operator, several at a register.
        let gap = json!({"session_id": "s", "operator_id": "louise", "variance_cents": -2500, "closing_amount_cents": 30000});
        let of_operator = json!({"of": "operator", "id": "louise", "count": 3, "variance_cents": [1]});
        let of_register = json!({"of": "register", "id": "r", "count": 3, "variance_cents": [1]});
        let masked = [
            json!({"session_id": "s", "operator_id": null, "variance_cents": -2500, "closing_amount_cents": null}),
            json!({"of": "operator", "id": null, "count": 3, "variance_cents": [1]}),
            of_register.clone(),
        ];
        for (details, masked) in [&gap, &of_operator, &of_register].into_iter().zip(masked) {
            assert_eq!(shown(Role::Viewer, "cash", details), masked);
            assert_eq!(&shown(Role::Operator, "cash", details), details);
            assert_eq!(&shown(Role::Viewer, "sync", details), details);
        }
    }
}
