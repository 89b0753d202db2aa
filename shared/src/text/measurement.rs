//! Temperature and humidity in notes (`21,5 °C, 40 %`), in all their spellings.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

use super::fold;

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

/// The first measurement of a text.
pub fn measurement(text: &str) -> Measurement {
    measurements(text).first().copied().unwrap_or_default()
}

/// Every measurement of a text, in its order.
///
/// Decimals with point or comma; Fahrenheit is converted; a percentage counts only beside a temperature or a
/// humidity word, so that a discount is not a humidity; `440` is a pitch, not a temperature.
pub fn measurements(text: &str) -> Vec<Measurement> {
    // A temperature directly followed by a percentage.
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

    if !may_measure(text) {
        return Vec::new();
    }
    let folded = fold(text);
    let all = |regex: &LazyLock<Option<Regex>>, read: &dyn Fn(&Captures<'_>) -> Measurement| {
        let found = regex.as_ref().into_iter().flat_map(|regex| regex.captures_iter(&folded));
        found
            .filter_map(|found| {
                let measured = read(&found);
                (!measured.is_empty()).then(|| (found.get(0).map_or(0..0, |whole| whole.range()), measured))
            })
            .collect::<Vec<_>>()
    };
    let humidity = |found: &Captures<'_>| Measurement { celsius: None, humidity: percent(&found[1]) };
    let mut found = all(&BOTH, &|found| Measurement {
        celsius: celsius(&found[1], &found[2]),
        humidity: percent(&found[3]),
    });
    let has_pair = !found.is_empty();
    // Without the word there is no use in looking for it with a number.
    if ["humidit", "hr", "rh"].iter().any(|word| folded.contains(word)) {
        for (place, measured) in [all(&HUMIDITY, &humidity), all(&HUMIDITY_AFTER, &humidity)].concat() {
            // What is part of a pair, or said before and after the number, counts once.
            if found.iter().all(|(taken, _)| taken.end <= place.start || place.end <= taken.start) {
                found.push((place, measured));
            }
        }
    }
    found.sort_by_key(|(place, _)| place.start);
    let mut measurements: Vec<Measurement> = found.into_iter().map(|(_, measured)| measured).collect();
    if !has_pair {
        // A temperature of its own goes with the first humidity.
        let temperature = TEMPERATURE.as_ref().and_then(|regex| regex.captures(&folded));
        if let Some(celsius) = temperature.and_then(|found| celsius(&found[1], &found[2])) {
            match measurements.first_mut() {
                Some(first) => first.celsius = Some(celsius),
                None => measurements.push(Measurement { celsius: Some(celsius), humidity: None }),
            }
        }
    }
    measurements
}

/// Whether a digit is followed by anything that may be a unit: most notes end here, without a regular expression.
fn may_measure(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).enumerate().any(|(at, pair)| {
        let is_last_digit = pair[0].is_ascii_digit() && !pair[1].is_ascii_digit();
        is_last_digit
            && bytes[at + 1..]
                .iter()
                .find(|byte| !byte.is_ascii_whitespace())
                // `°` and a no-break space begin with 0xC2, narrow spaces with 0xE2.
                .is_some_and(|byte| {
                    matches!(byte, b'%' | b'c' | b'C' | b'f' | b'F' | b'd' | b'D' | 0xC2 | 0xE2)
                })
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(text: &str) -> String {
        measurement(text).to_string()
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
    fn two_measurements_in_one_note_are_two() {
        let found = measurements("21C, 28% à l'arrivée; 21.5°, 42 % au départ");
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["21°, 28%", "21.5°, 42%"]);
        assert_eq!(measured("21C, 28% à l'arrivée; 21.5°, 42 % au départ"), "21°, 28%");
        let shown = |text: &str| measurements(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown("Humidité 25 % à l'arrivée, humidité 42 % au départ"), ["25%", "42%"]);
        assert_eq!(shown("21C, 28 % à l'arrivée; humidité 42 % au départ"), ["21°, 28%", "42%"]);
    }

    #[test]
    fn a_unit_after_a_no_break_space_is_a_unit() {
        assert_eq!(measured("21\u{a0}°C, 40\u{202f}%"), "21°, 40%");
    }
}
