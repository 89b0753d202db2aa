//! The vocabulary of troubles around a piano's humidity system, for the report and the alerts alike: lists, no logic.

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// The cover is off.
    Housse,
    /// The system has no power.
    Alimentation,
    /// The tank is empty or missing.
    Reservoir,
    /// The room is too dry, too humid, too cold, or open.
    Environnement,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Trouble; 4] =
        [Trouble::Housse, Trouble::Alimentation, Trouble::Reservoir, Trouble::Environnement];

    /// The name in `humidity_alerts.alert_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Trouble::Housse => "housse",
            Trouble::Alimentation => "alimentation",
            Trouble::Reservoir => "reservoir",
            Trouble::Environnement => "environnement",
        }
    }
}

/// Phrases that report a trouble. A word of a note may carry a feminine or plural ending that the phrase lacks.
///
/// `rebranché` is not among them: plugged in again is a resolution.
pub(super) const ALERTS: [(Trouble, &[&str]); 4] = [
    (
        Trouble::Housse,
        &[
            "housse enlevée",
            "housse retirée",
            "cover removed",
            "cover off",
            "sans housse",
            "pas de housse",
            "no cover",
            "housse manquante",
            "missing cover",
        ],
    ),
    (
        Trouble::Alimentation,
        &[
            "prise débranchée",
            "débranché",
            "unplugged",
            "déconnecté",
            "disconnected",
            "pas branché",
            "not plugged",
            "dampp chaser off",
            "dampp chaser éteint",
            "dampp chaser ne fonctionne",
            "rallonge",
        ],
    ),
    (
        Trouble::Reservoir,
        &[
            "réservoir vide",
            "réservoir à remplir",
            "remplir réservoir",
            "remplir le réservoir",
            "tank empty",
            "empty tank",
            "réservoir manquant",
            "missing reservoir",
            "pas de réservoir",
            "no reservoir",
        ],
    ),
    (
        Trouble::Environnement,
        &[
            "fenêtre ouverte",
            "température basse",
            "température trop basse",
            "humidité trop élevée",
            "humidité très basse",
            "humidité haute",
            "humidité élevée",
            "humidité basse",
            "humidité faible",
            "conditions inadéquates",
            "très humide",
            "trop humide",
            "très sec",
            "trop sec",
            "trop froid",
            "chauffage",
            "heating",
            "ventilation",
        ],
    ),
];

/// Words that are a trouble of the environment only with a word of [`CONTEXT`] in the same sentence.
pub(super) const BROAD: &[&str] = &["humidité", "humidity", "température", "temperature"];

pub(super) const CONTEXT: &[&str] = &[
    "basse",
    "haute",
    "élevée",
    "anormale",
    "problème",
    "issue",
    "trop",
    "low",
    "high",
    "abnormal",
    "problem",
];

/// Phrases that say of themselves which trouble is over.
pub(super) const RESOLUTIONS: [(Trouble, &[&str]); 3] = [
    (
        Trouble::Alimentation,
        &[
            "rebranché",
            "reconnecté",
            "reconnected",
            "plugged back",
            "plugged in",
            "replugé",
            "a été branché",
            "est branché maintenant",
            "branché à nouveau",
        ],
    ),
    (
        Trouble::Reservoir,
        &["réservoir rempli", "tank filled", "filled tank", "réservoir remis", "reservoir reinstalled"],
    ),
    (
        Trouble::Environnement,
        &[
            "fenêtre fermée",
            "window closed",
            "température normale",
            "temperature normal",
            "humidité normale",
            "humidity normal",
        ],
    ),
];

/// Resolutions that do not say what is repaired: strings are replaced and locks installed as well.
pub(super) const GENERIC_RESOLUTIONS: [(Trouble, &[&str]); 2] = [
    (
        Trouble::Housse,
        &[
            "replacée",
            "remise",
            "replaced",
            "put back",
            "repositionnée",
            "repositioned",
            "installée",
            "installed",
        ],
    ),
    (Trouble::Environnement, &["corrigé", "fixed", "résolu", "resolved"]),
];

/// Words that name what a generic resolution is about.
pub(super) const TOPICS: [(Trouble, &[&str]); 2] = [
    (Trouble::Housse, &["housse", "cover"]),
    (
        Trouble::Environnement,
        &[
            "fenêtre",
            "window",
            "humidité",
            "humidity",
            "température",
            "temperature",
            "chauffage",
            "ventilation",
        ],
    ),
];

/// Words that turn a resolution into its opposite, up to three words before it.
pub(super) const NEGATIONS: &[&str] = &["pas", "non", "jamais", "not", "never"];
