//! Anomalies, as the detectors stored them.

#![allow(unused_qualifications)] // utoipa's macro writes paths in full.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{extract::Params, shapes::ProblemBody};
use crate::{
    access::{Caller, Role},
    problem::Problem,
    state::App,
};

/// Which anomalies.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// At most 200; 50 unless told.
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
    /// Technical names, ids, amounts in cents, hashes: never a person. Viewers see the beginning of an operator's id, and
    /// no amounts but the gap.
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

/// Anomalies, those seen last first.
#[utoipa::path(get, path = "/anomalies", params(Filter), responses(
    (status = 200, description = "A page.", body = AnomalyPage),
    (status = "default", description = "A problem.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Params(filter): Params<Filter>,
) -> Result<Json<AnomalyPage>, Problem> {
    read(&app, caller.role, &filter).await.map(Json)
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

/// Who had a register and what was in it is for those who enter cash sessions. The gap itself is everybody's.
pub fn mask(role: Role, anomaly: &mut Anomaly) {
    if role < Role::Operator {
        mask_value(&mut anomaly.details);
    }
}

fn mask_value(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "operator_id" | "operator_name" => {
                        let begins: String = value.as_str().unwrap_or_default().chars().take(3).collect();
                        *value = format!("{begins}***").into();
                    }
                    "closing_amount_cents" | "actual_amount_cents" => *value = Value::Null,
                    _ => mask_value(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask_value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_looks_sees_the_gap_and_neither_the_person_nor_the_register() {
        let details = json!({
            "operator_id": "louise-1", "variance_cents": -2500, "closing_amount_cents": 30000, "site_id": "atelier",
            "sessions": [{"operator_name": "Louise", "actual_amount_cents": 27500}],
        });
        let shown = |role| {
            let mut anomaly: Anomaly = serde_json::from_value(json!({
                "type": "cash_variance", "severity": "medium", "description": null, "details": details, "id": "1",
                "category": "cash", "status": "open", "first_seen_at": "", "opened_at": "", "last_seen_at": "",
                "resolved_at": null, "occurrences": 1, "reopened_count": 0,
            }))
            .expect("an anomaly");
            mask(role, &mut anomaly);
            anomaly.details
        };
        let masked = json!({
            "operator_id": "lou***", "variance_cents": -2500, "closing_amount_cents": null, "site_id": "atelier",
            "sessions": [{"operator_name": "Lou***", "actual_amount_cents": null}],
        });
        assert_eq!(shown(Role::Viewer), masked);
        assert_eq!((shown(Role::Operator), shown(Role::Admin)), (details.clone(), details.clone()));
    }
}
