//! Équipements et entretiens: the list, and one piece of equipment with what belongs to it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use shared::notify::figures::decimal_mark;

use crate::{
    data::{
        alerts::Alert,
        assets::{self, Asset, AssetPage, AssetStatistics, Filter, FoundAsset},
        maintenances::Maintenance,
    },
    extract::{Params, row_id},
    pages::{display::Markup, frame::Frame, render},
    problem::Problem,
    state::App,
};

/// A word of the database, and the key of what people read.
type Word = (&'static str, &'static str);

const CATEGORIES: [Word; 7] = [
    ("piano", "piano"),
    ("dampp_chaser", "dampp-chaser"),
    ("bâtiment", "building"),
    ("véhicule", "vehicle"),
    ("équipement", "equipment-equipement"),
    ("mobilier", "furniture"),
    ("terrain", "land"),
];
const STATUSES: [Word; 5] = [
    ("actif", "active"),
    ("maintenance", "in-maintenance"),
    ("maintenance_required", "maintenance-required"),
    ("hors_service", "out-of-service"),
    ("déclassé", "retired"),
];
const MAINTENANCE_TYPES: [Word; 3] =
    [("préventive", "preventive"), ("corrective", "corrective"), ("inspection", "inspection")];
const MAINTENANCE_STATUSES: [Word; 4] =
    [("planifiée", "planned"), ("en_cours", "under-way"), ("complétée", "done"), ("annulée", "cancelled")];

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    frame: Frame,
    filter: Filter,
    page: AssetPage,
    statistics: AssetStatistics,
    /// What a new one begins with.
    asset: Asset,
    /// The query of the next page.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "asset.html")]
struct AssetShown {
    frame: Frame,
    asset: Asset,
    client_name: Option<String>,
    maintenances: Vec<Maintenance>,
    alerts: Vec<Alert>,
    /// What a new one begins with.
    blank: Maintenance,
}

impl Frame {
    fn word<'a>(&self, words: &[Word], word: &'a str) -> &'a str {
        let known = words.iter().find(|(known, ..)| *known == word);
        known.map_or(word, |(_, key)| self.t(key))
    }

    fn category<'a>(&self, word: &'a str) -> &'a str {
        self.word(&CATEGORIES, word)
    }

    fn asset_status(&self, word: &str) -> Markup {
        let (class, mark) = match word {
            "actif" => ("success", "✓"),
            "maintenance" => ("info", "▶"),
            "maintenance_required" => ("warning", "!"),
            _ => ("", "–"),
        };
        self.known_badge(class, mark, &STATUSES, word)
    }

    fn maintenance_status(&self, word: &str) -> Markup {
        let (class, mark) = match word {
            "complétée" => ("success", "✓"),
            "en_cours" => ("running", "▶"),
            "planifiée" => ("queued", "…"),
            _ => ("", "–"),
        };
        self.known_badge(class, mark, &MAINTENANCE_STATUSES, word)
    }

    /// A badge takes the program's own texts only.
    fn known_badge(&self, class: &str, mark: &str, words: &[Word], word: &str) -> Markup {
        let known = words.iter().find(|(known, ..)| *known == word);
        self.badge(class, mark, known.map_or("?", |(_, key)| self.t(key)))
    }

    fn dollars(&self, value: &Option<f64>) -> String {
        let Some(value) = value else { return "–".into() };
        let cents = (value * 100.0).round() as i64;
        let whole = self.count(&(cents / 100));
        let cents = match cents % 100 {
            0 => String::new(),
            cents => format!("{}{cents:02}", decimal_mark(self.language)),
        };
        self.language.sentence("dollars", [("amount", format!("{whole}{cents}").into())])
    }

    fn maybe_day(&self, date: &Option<String>) -> String {
        date.as_deref().map_or_else(|| "–".into(), |date| self.day(date))
    }
}

impl AssetsPage {
    fn categories(&self) -> &'static [Word] {
        &CATEGORIES
    }

    fn statuses(&self) -> &'static [Word] {
        &STATUSES
    }

    fn is_category(&self, word: &str) -> bool {
        self.filter.category.as_deref() == Some(word)
    }

    fn is_status(&self, word: &str) -> bool {
        self.filter.status.as_deref() == Some(word)
    }

    fn value(&self) -> String {
        self.frame.dollars(&Some(self.statistics.total_value))
    }

    fn is_filtered(&self) -> bool {
        let Filter { category, status, search, cursor, limit: _ } = &self.filter;
        [category, status, search, cursor].into_iter().flatten().any(|text| !text.is_empty())
    }
}

impl AssetShown {
    fn categories(&self) -> &'static [Word] {
        &CATEGORIES
    }

    fn statuses(&self) -> &'static [Word] {
        &STATUSES
    }

    fn maintenance_types(&self) -> &'static [Word] {
        &MAINTENANCE_TYPES
    }

    fn maintenance_statuses(&self) -> &'static [Word] {
        &MAINTENANCE_STATUSES
    }

    fn maintenance_type<'a>(&self, word: &'a str) -> &'a str {
        self.frame.word(&MAINTENANCE_TYPES, word)
    }

    fn source(&self, maintenance: &Maintenance) -> &str {
        match maintenance.source.as_str() {
            "appointment" => self.frame.t("appointment"),
            "gazelle_interval" => self.frame.t("gazelle-interval"),
            _ => self.frame.t("entered-by-hand"),
        }
    }

    fn priority(&self, alert: &Alert) -> Markup {
        self.frame.priority(alert.priority)
    }

    fn due(&self, alert: &Alert) -> String {
        self.frame.due(alert)
    }

    fn is_open(&self, maintenance: &Maintenance) -> bool {
        ["planifiée", "en_cours"].contains(&maintenance.status.as_str())
    }
}

/// `GET /assets`
pub async fn list(
    State(app): State<Arc<App>>,
    frame: Frame,
    Params(mut filter): Params<Filter>,
) -> Result<Response, Problem> {
    filter.limit = filter.limit.or(Some(50));
    let (page, statistics) = tokio::try_join!(assets::read(&app, &filter), assets::count(&app))?;
    let asset = Asset { category: "équipement".into(), status: "actif".into(), ..Asset::default() };
    let next = page.next.clone().and_then(|cursor| {
        let Filter { limit, category, status, search, cursor: _ } = &filter;
        let (category, status, search) = (category.clone(), status.clone(), search.clone());
        serde_urlencoded::to_string(Filter { limit: *limit, cursor: Some(cursor), category, status, search })
            .ok()
    });
    render::show(&AssetsPage { frame, filter, page, statistics, asset, next })
}

/// `GET /assets/{id}`
pub async fn show(
    State(app): State<Arc<App>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let FoundAsset { asset, client_name, maintenances, alerts } = assets::find(&app, row_id(&id)?).await?;
    let blank = Maintenance { status: "planifiée".into(), ..Maintenance::default() };
    render::show(&AssetShown { frame, asset, client_name, maintenances, alerts, blank })
}
