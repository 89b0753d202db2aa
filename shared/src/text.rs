//! Text: matching without accents and case, the maintenance vocabulary, measurements in notes, bounds, escaping.
//!
//! Matching is by whole words: `trop sec` is not in `trop secoué`.

use std::sync::LazyLock;

use regex_lite::Regex;

/// Lower case without accents; typographic quotes, hyphens and odd spaces become plain, so that
/// `Dampp‑Chaser débranché` and `dampp chaser debranche` are the same text.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' | 'ã' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' | 'ì' => folded.push('i'),
            'ô' | 'ö' | 'ó' | 'ò' | 'õ' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ç' => folded.push('c'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            '’' | '‘' | 'ʼ' => folded.push('\''),
            // Combining accents of decomposed text.
            '\u{300}'..='\u{36f}' => {}
            '-' | '\u{2010}'..='\u{2015}' => folded.push(' '),
            _ if letter.is_whitespace() => folded.push(' '),
            _ => folded.push(letter),
        }
    }
    folded
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether the text holds the phrase as whole words, whatever the case and accents. A word of the text may carry
/// a feminine or plural ending that the phrase lacks: `débranchée` holds `débranché`.
pub fn contains_phrase(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (fold(text), fold(phrase));
    let text: Vec<&str> = words(&text).collect();
    let phrase: Vec<&str> = words(&phrase).collect();
    !phrase.is_empty()
        && text.windows(phrase.len()).any(|window| {
            window.iter().zip(&phrase).all(|(word, wanted)| {
                word.strip_prefix(wanted).is_some_and(|ending| matches!(ending, "" | "e" | "s" | "es"))
            })
        })
}

/// Terms that make a note a maintenance alert, by what they are about (`domain/tasks.md` 4.5).
///
/// `rebranché` is not among them: plugged in again is a resolution.
pub const MAINTENANCE_TERMS: &[(&str, &[&str])] = &[
    ("housse", &["housse retirée", "housse enlevée", "sans housse", "pas de housse"]),
    (
        "alimentation",
        &["débranché", "dampp chaser off", "dampp chaser éteint", "dampp chaser ne fonctionne", "rallonge"],
    ),
    ("reservoir", &["réservoir vide", "tank empty", "réservoir à remplir"]),
    (
        "environnement",
        &[
            "fenêtre ouverte",
            "température trop basse",
            "trop froid",
            "humidité trop élevée",
            "humidité très basse",
            "conditions inadéquates",
            "humidité haute",
            "humidité élevée",
            "très humide",
            "trop humide",
            "humidité basse",
            "humidité faible",
            "très sec",
            "trop sec",
        ],
    ),
];

/// Whether a note reports a maintenance problem.
pub fn is_maintenance_alert(note: &str) -> bool {
    MAINTENANCE_TERMS.iter().flat_map(|(_, terms)| terms.iter()).any(|term| contains_phrase(note, term))
}

/// Temperature in °C and relative humidity in %, as a note states them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measurement {
    /// Degrees Celsius.
    pub celsius: Option<f64>,
    /// Percent.
    pub humidity: Option<f64>,
}

impl Measurement {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.celsius.is_none() && self.humidity.is_none()
    }
}

impl std::fmt::Display for Measurement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.celsius, self.humidity) {
            (Some(celsius), Some(humidity)) => {
                write!(f, "{}°, {}%", number(celsius), number(humidity))
            }
            (Some(celsius), None) => write!(f, "{}°", number(celsius)),
            (None, Some(humidity)) => write!(f, "{}%", number(humidity)),
            (None, None) => Ok(()),
        }
    }
}

fn number(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0)
}

/// Reads the measurement of a text (`domain/tasks.md` 4.6).
///
/// Decimals with point or comma; Fahrenheit is converted; a percentage counts only beside a temperature or a
/// humidity word, so that a discount is not a humidity; `440` is a pitch, not a temperature.
pub fn measurement(text: &str) -> Measurement {
    // `both` is tried first: a temperature directly followed by a percentage.
    static BOTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(-?\d+(?:[.,]\d+)?)\s*(°\s*[cf]?|celsius|degres?\s*(?:celsius|c|f)?|[cf])\s*[,;/]?\s*(?:et\s+)?(\d+(?:[.,]\d+)?)\s*%").ok()
    });
    static TEMPERATURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(-?\d+(?:[.,]\d+)?)\s*(°\s*[cf]?|celsius|degres?(?:\s+(?:celsius|fahrenheit))?|[cf])(?:[^a-z0-9]|$)").ok()
    });
    static HUMIDITY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:humidite|humidity|\bhr\b|\brh\b)[^0-9%]{0,30}(\d+(?:[.,]\d+)?)\s*%").ok()
    });
    static HUMIDITY_AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(\d+(?:[.,]\d+)?)\s*%\s*(?:d'|de\s+|of\s+|relative\s+)*(?:humidit|\bhr\b|\brh\b)").ok()
    });

    let folded = fold(text);
    let captures = |regex: &LazyLock<Option<Regex>>| regex.as_ref()?.captures(&folded);
    if let Some(both) = captures(&BOTH) {
        return Measurement { celsius: celsius(&both[1], &both[2]), humidity: percent(&both[3]) };
    }
    Measurement {
        celsius: captures(&TEMPERATURE).and_then(|found| celsius(&found[1], &found[2])),
        humidity: captures(&HUMIDITY)
            .or_else(|| captures(&HUMIDITY_AFTER))
            .and_then(|found| percent(&found[1])),
    }
}

fn decimal(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok()
}

fn celsius(value: &str, unit: &str) -> Option<f64> {
    let value = decimal(value)?;
    let fahrenheit = unit.ends_with('f') || unit.contains("fahrenheit") || value > 45.0;
    let celsius = if fahrenheit { (value - 32.0) / 1.8 } else { value };
    (-30.0..=60.0).contains(&celsius).then_some(celsius)
}

fn percent(value: &str) -> Option<f64> {
    decimal(value).filter(|percent| (0.0..=100.0).contains(percent))
}

/// Cuts a text to at most `limit` characters; a cut one ends with `…`.
pub fn truncate(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// Replaces "Nicolas" by "Nick", as every screen and message shows him.
pub fn display_names(text: &str) -> String {
    text.replace("Nicolas", "Nick")
}

/// Escapes the three characters that mean something in a Slack text.
pub fn escape_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(text: &str) -> String {
        measurement(text).to_string()
    }

    #[test]
    fn accents_case_hyphens_and_endings_do_not_matter() {
        assert!(contains_phrase("Le Dampp‑Chaser était DÉBRANCHÉ.", "dampp chaser"));
        assert!(contains_phrase("prise débranchée", "débranché"));
        assert!(contains_phrase("e\u{301}teint: De\u{301}branche\u{301}", "débranché"));
        assert!(!contains_phrase("piano trop secoué", "trop sec"));
        assert!(!contains_phrase("système rebranché", "débranché"));
    }

    #[test]
    fn plugged_in_again_is_not_an_alert() {
        assert!(is_maintenance_alert("PLS débranché à mon arrivée"));
        assert!(is_maintenance_alert("Réservoirs vides"));
        assert!(!is_maintenance_alert("PLS rebranché, tout va bien"));
        assert!(!is_maintenance_alert("Accord 440, humidité normale"));
    }

    #[test]
    fn measurements_are_read_in_all_their_spellings() {
        assert_eq!(measured("21C, 39%"), "21°, 39%");
        assert_eq!(measured("21°C, 39%"), "21°, 39%");
        assert_eq!(measured("21.5° 40 %"), "21.5°, 40%");
        assert_eq!(measured("21,5 °C ; 40,5%"), "21.5°, 40.5%");
        assert_eq!(measured("Température 22 degrés Celsius, humidité 45 %"), "22°, 45%");
        assert_eq!(measured("humidité relative: 28.5%"), "28.5%");
        assert_eq!(measured("35% d'humidité"), "35%");
        assert_eq!(measured("20°"), "20°");
    }

    #[test]
    fn fahrenheit_is_converted() {
        assert_eq!(measured("70F, 40%"), "21.1°, 40%");
        assert_eq!(measured("68°F"), "20°");
    }

    #[test]
    fn a_pitch_a_discount_and_an_impossible_value_are_no_measurement() {
        assert_eq!(measured("Accord à 440"), "");
        assert_eq!(measured("rabais de 15% sur l'accord"), "");
        assert_eq!(measured("humidité 140%"), "");
        assert_eq!(measured("3 cordes, 2 feutres"), "");
    }

    #[test]
    fn a_cut_text_says_so_and_never_splits_a_letter() {
        assert_eq!(truncate("éléphant", 4), "élé…");
        assert_eq!(truncate("été", 3), "été");
    }
}
