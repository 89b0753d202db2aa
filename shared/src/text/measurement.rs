//! Temperature and humidity in notes (`21,5 °C, 40 %`), in all their spellings. It refuses numbers without a unit,
//! and numbers that belong to something else.
//!
//! 1. **Numbers.** Digits with decimals behind a point or comma, `½` too. A minus touches its number and nothing
//!    before it (`-5°C`, any dash), or is the word `moins`, `minus`; `38-42`, `- 40 %`, `21C -38%` have none.
//! 2. **Units** are needed, behind the number or, as in forms, before it (`HR (%): 38`, `T° 21`). Percent: `%`,
//!    `pour cent`, `pourcent`, `p.c.`, `percent`, `pct`, `o/o`. Degrees: `°` and what looks like it (`º ˚ * ' o`),
//!    `degrés`, `deg`, then perhaps `C`, `F`, `Celsius`, `Fahrenheit`, or one of these alone. `F` is converted, and
//!    so are 50 to 86 degrees without a letter. Other values than −30 to 45 °C (40 without a letter) and 0 to 100 %
//!    are none. A letter with an apostrophe (`2 c'est`) is no unit; neither is the one of a room (`local 21C`),
//!    unless a percentage stands beside it.
//! 3. **Clauses** end at `, ; . ! ? / |`, brackets, a dash with a space beside it, a line's end, and at `et`,
//!    `and`, `mais`, `but`, `car`, `puis`, `because`, `si`, `quand` and their like. A colon ends nothing.
//! 4. **A temperature** counts where it stands, unless it is one of glue, water, an oven, an iron, an angle.
//! 5. **A percentage** is a humidity in four cases. (a) The humidity is named before it in its clause (`humidité`,
//!    `humidity`, `HR`, `RH`, `H.R.`, `hum.`, `hygro…`, `H:`, also `trop sec`, `very humid`; `2 hr` are hours),
//!    whatever stands between, except a thing that has percentages of its own: money, taxes, wear, battery, charge,
//!    tension, progress, water, a part of the piano, the cover, the tank, the system. (b) The humidity is named
//!    behind it with only small words between (`38 % d'humidité`, `38% RH`, `38 % sur l'hygromètre`). (c) It is the
//!    pair of a temperature: nothing but signs, `et` and small words between them on one line, in either order
//!    (`21C, 38%`, `33%, 20C`); before a temperature it must begin its clause. (d) It is alone in its clause but
//!    for small words and words of time and place, and the clause before it (else the one behind) on its line names
//!    the humidity, or has a temperature, and has no percentage; with a word of time or place (`42 % au départ`)
//!    the clause before it may have one.
//! 6. **It is somebody else's** when a word of money, wear … follows (`15 % rabais`), or `de`/`of` and any noun but
//!    the humidity (`40 % des feutres`).
//! 7. **A range** (`38-42`, `38 à 42`, `38 to 42`, `38 ou 42`, `entre 38 et 42`, at most 30 apart) is its middle;
//!    so is `varie de 30 à 40 %`. `42 ± 2 %` is 42.
//! 8. **A change is none**: `+5 %`, `-5 %`, the first number of a clause behind `baissé`, `hausse`, `monté`,
//!    `dropped`, `écart` …, and a number before `de plus`, `de moins`, `more`, `lower`, `warmer` …. The value
//!    reached counts: `baissé à 28 %`, `down to 28%`, the second of `passé de 45 à 38 %`.
//! 9. **A clause measures nothing** that has a word of aim, recommendation or limit (`devrait`, `doit`, `faut`,
//!    `garder`, `idéal`, `cible`, `max`, `should`, `keep`, `target`, `set to`, `needs`, `will` …) or of the outside
//!    (`dehors`, `extérieur`, `outside`, `météo`), before or behind the number. A number directly behind a
//!    comparison (`moins de`, `sous`, `below`, `above`, `>`) or a negation (`n'est pas à 38 %`) is none. Neither is
//!    one in a question (up to its `?`), behind `si`, `if`, `au cas où`, `unless` in its sentence, or behind
//!    `vérifier`, `peut-être`, `maybe`, `quand`, `when` in its clause.
//! 10. **Joining.** A temperature and a humidity that follow one another are one measurement, first within a
//!     sentence, then across sentences and lines. Two temperatures side by side at most a degree apart are one.

use super::{
    claim::{Found, Reader},
    token::Tokens,
};

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
    // Zero has no sign.
    format!("{}", (value * 10.0).round() / 10.0 + 0.0)
}

/// The first measurement of a text.
pub fn measurement(text: &str) -> Measurement {
    measurements(text).first().copied().unwrap_or_default()
}

/// Every measurement of a text, in its order.
pub fn measurements(text: &str) -> Vec<Measurement> {
    // Most notes end here. Digits beyond ASCII are full-width ones or fractions.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte >= 0x80) {
        return Vec::new();
    }
    let tokens = Tokens::read(text);
    let mut reader = Reader::new(&tokens.list);
    reader.read();
    join(&reader.found)
}

/// A temperature and a humidity side by side are one measurement: first within a sentence, then across sentences.
fn join(found: &[Found]) -> Vec<Measurement> {
    let mut kept: Vec<&Found> = Vec::with_capacity(found.len());
    for next in found {
        // `70 °F (21 °C)` is said twice.
        let is_repeated = kept.last().is_some_and(|last| {
            !last.quantity.is_percent
                && !next.quantity.is_percent
                && last.sentence == next.sentence
                && (last.value - next.value).abs() <= 1.0
        });
        if !is_repeated {
            kept.push(next);
        }
    }
    let mut joined: Vec<(Measurement, usize)> = Vec::with_capacity(kept.len());
    for found in kept {
        let single = if found.quantity.is_percent {
            Measurement { celsius: None, humidity: Some(found.value) }
        } else {
            Measurement { celsius: Some(found.value), humidity: None }
        };
        match joined.last_mut().filter(|(_, sentence)| *sentence == found.sentence) {
            Some((last, _)) if completes(last, &single) => *last = both(last, &single),
            Some(_) | None => joined.push((single, found.sentence)),
        }
    }
    let mut measurements: Vec<Measurement> = Vec::with_capacity(joined.len());
    for (next, _) in joined {
        match measurements.last_mut() {
            Some(last) if completes(last, &next) => *last = both(last, &next),
            Some(_) | None => measurements.push(next),
        }
    }
    measurements
}

fn completes(one: &Measurement, other: &Measurement) -> bool {
    one.celsius.is_some() != other.celsius.is_some() && one.humidity.is_some() != other.humidity.is_some()
}

fn both(one: &Measurement, other: &Measurement) -> Measurement {
    Measurement { celsius: one.celsius.or(other.celsius), humidity: one.humidity.or(other.humidity) }
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
