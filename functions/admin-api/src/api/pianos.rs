//! The humidity of one piano: what was measured and written there, within which limits, and the alerts of it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};

use crate::{
    data::pianos::{PianoHumidity, read},
    problem::Problem,
    state::App,
};

/// Measurements, notes and alerts of a piano.
#[utoipa::path(get, path = "/humidity-alerts/pianos/{piano_id}",
    params(("piano_id" = String, Path, description = "Gazelle's id of the piano.")), responses(
    (status = 200, description = "The piano.", body = PianoHumidity),
    Problem,
))]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(piano_id): Path<String>,
) -> Result<Json<PianoHumidity>, Problem> {
    read(&app, &piano_id).await.map(Json)
}
