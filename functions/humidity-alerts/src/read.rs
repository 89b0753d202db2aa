//! What a scan needs: the rules, the notes of the window, the alerts that are stored.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{run::Run, supabase::SupabaseError};

use crate::judge::{Entry, Known, Limit, Limits};

/// The rules of a scan; rows of `settings` and `institutions`.
#[derive(Debug)]
pub struct Rules {
    /// First instant of the window.
    pub since: Timestamp,
    /// Whose pianos are watched; `None`: everybody's.
    pub clients: Option<Vec<String>>,
    /// Limits of humidity.
    pub limits: Limits,
    /// Whether the language model is asked.
    pub model_enabled: bool,
}

/// The section `humidity` of the settings.
#[derive(Deserialize)]
struct Settings {
    low: f64,
    high: f64,
    margin: f64,
    window_days: i64,
    all_clients: bool,
    model_enabled: bool,
}

#[derive(Deserialize)]
struct Institution {
    gazelle_client_id: Option<String>,
    #[serde(default)]
    options: Option<Value>,
}

/// Reads the rules.
pub async fn rules(run: &Run) -> Result<Rules, SupabaseError> {
    let settings: Settings = run.supabase.rpc("settings_of", &json!({"p_section": "humidity"})).await?;
    let query = || {
        let table = run.supabase.from("institutions").select("slug,gazelle_client_id,options");
        table.is("active", "true")
    };
    let institutions: Vec<Institution> = run.supabase.all("slug", query).await?;

    let default = Limit { low: settings.low, high: settings.high, margin: settings.margin };
    let mut by_client = HashMap::new();
    let mut clients = Vec::new();
    for institution in institutions {
        let Some(client) = institution.gazelle_client_id else { continue };
        let own = |field: &str| institution.options.as_ref().and_then(|options| options[field].as_f64());
        if own("humidity_low").is_some() || own("humidity_high").is_some() {
            let limit = Limit {
                low: own("humidity_low").unwrap_or(default.low),
                high: own("humidity_high").unwrap_or(default.high),
                ..default
            };
            by_client.insert(client.clone(), limit);
        }
        clients.push(client);
    }
    Ok(Rules {
        since: run.scheduled_for - SignedDuration::from_hours(24 * settings.window_days),
        // No institution configured is no reason to watch nobody.
        clients: (!settings.all_clients && !clients.is_empty()).then_some(clients),
        limits: Limits { default, by_client },
        model_enabled: settings.model_enabled,
    })
}

/// The watched notes of the window, in the order of time.
pub async fn entries(run: &Run, rules: &Rules) -> Result<Vec<Entry>, SupabaseError> {
    let mut entries: Vec<Entry> = Vec::new();
    let is_watched = |entry: &Entry| match (&rules.clients, &entry.client_id) {
        (None, _) => true,
        (Some(clients), Some(client)) => clients.contains(client),
        (Some(_), None) => false,
    };
    // A note that is dated in a year to come is a typing error: it would end whatever is found before it. A day is for
    // zones and clocks.
    let until = (run.scheduled_for + SignedDuration::from_hours(24)).to_string();
    let view = || {
        let view = run.supabase.from("humidity_scan_entries").select("*").lte("occurred_at", &until);
        // A piano that is gone concerns nobody; its history goes on where it went.
        view.gte("occurred_at", rules.since.to_string()).is("piano_is_gone", "false")
    };
    let key = |entry: &Entry| entry.external_id.clone();
    run.supabase
        .pages("external_id", key, view, |page| entries.extend(page.into_iter().filter(is_watched)))
        .await?;
    entries.sort_by(|a, b| (a.occurred_at, &a.external_id).cmp(&(b.occurred_at, &b.external_id)));
    Ok(entries)
}

/// The stored alerts that are open, whose note is in the window, or that ended in it.
pub async fn known(run: &Run, rules: &Rules) -> Result<Vec<Known>, SupabaseError> {
    const COLUMNS: &str = "id,timeline_entry_id,piano_id,alert_type,source,is_resolved,archived,resolved_at,\
                           archived_at,resolved_by,observed_at";
    let mut known: Vec<Known> = Vec::new();
    let since = rules.since;
    let wanted = format!(
        "observed_at.gte.{since},resolved_at.gte.{since},archived_at.gte.{since},\
         and(is_resolved.eq.false,archived.eq.false)"
    );
    let table = || run.supabase.from("humidity_alerts").select(COLUMNS).or(&wanted);
    run.supabase.pages("id", |alert: &Known| alert.id.clone(), table, |page| known.extend(page)).await?;
    Ok(known)
}
