//! Institutions: the clients whose pianos are watched.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    data::form::{Field, Kind, form, text},
    problem::Problem,
    state::App,
};

/// A client whose pianos are watched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Institution {
    pub slug: String,
    pub name: String,
    /// The client of Gazelle; without one nothing is watched.
    pub gazelle_client_id: Option<String>,
    pub active: bool,
    pub options: InstitutionOptions,
    /// What Gazelle calls the client; only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
}

/// Bounds of its own, instead of the company's.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct InstitutionOptions {
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity_low: Option<f64>,
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity_high: Option<f64>,
}

form! {
    /// What of an institution is set; what is absent stays as it is. A new one needs `name`.
    InstitutionForm {
        name: text(200),
        gazelle_client_id: text(100),
        active: Kind::Flag,
        /// Bounds of its own, instead of the company's.
        options: Kind::Object(&[
            Field { name: "humidity_low", about: "Percent.", is_required: false, kind: Kind::Number(1.0, 99.0) },
            Field { name: "humidity_high", about: "Percent.", is_required: false, kind: Kind::Number(1.0, 99.0) },
        ]),
    }
}

/// The institutions.
pub async fn read(app: &App) -> Result<Vec<Institution>, Problem> {
    app.ask("institutions_list", &json!({})).await
}
