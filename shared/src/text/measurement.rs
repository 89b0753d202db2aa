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
//! 7. **A range** (`38-42`, `38 à 42`, `38 to 42`, `38 ou 42`, `entre 38 et 42`, at most 30 apart) is its middle.
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
    negation::Scope,
    number::{Quantity, quantity},
    role::*,
    token::{Kind, Token, Tokens},
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

/// What a clause says about the numbers in it and beside it.
#[derive(Debug, Default, Clone, Copy)]
struct Clause {
    line: usize,
    is_bracket: bool,
    /// Has a word or a number.
    is_said: bool,
    /// Names the humidity.
    has_name: bool,
    has_percentage: bool,
    has_temperature: bool,
    /// Has a word that is neither small, nor of time or place.
    has_content: bool,
    /// Has a word of time or place.
    has_circumstance: bool,
}

/// How a quantity got its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// A temperature; a percentage with its name or its temperature.
    Measured,
    /// A percentage without a name: its clause and the clauses beside it decide.
    Bare,
    /// A number behind a room, `salle 21C`: a temperature only beside a percentage.
    Room,
}

/// A quantity that may be a measurement.
#[derive(Debug, Clone, Copy)]
struct Found {
    quantity: Quantity,
    value: f64,
    clause: usize,
    sentence: usize,
    claim: Claim,
}

/// Words that say neither what was measured nor of what.
const CONNECTING: Roles = SMALL | ARTICLE | OF | TO | TIME | ROOM | PIANO | BETWEEN | OR | AND | CLAUSE;

/// Words that are skipped between a number and what belongs to it.
const NEAR: usize = 6;

struct Reader<'a> {
    tokens: &'a [Token],
    scope: Scope,
    clauses: Vec<Clause>,
    found: Vec<Found>,
    /// First quantity of the clause and of the sentence that are being read.
    clause_found: usize,
    sentence_found: usize,
    sentence: usize,
    line: usize,
    is_bracket: bool,
    /// The nearest thing named in the clause is the humidity; it is something that owns percentages.
    is_named: bool,
    is_owned: bool,
    /// A word of change stands before the next number.
    is_changing: bool,
    /// An aim, an intention or the outside: the clause measures nothing.
    is_void: bool,
    /// Tokens before it are part of a quantity.
    next: usize,
}

impl<'a> Reader<'a> {
    fn new(tokens: &'a [Token]) -> Self {
        Self {
            tokens,
            scope: Scope::default(),
            clauses: vec![Clause::default()],
            found: Vec::new(),
            clause_found: 0,
            sentence_found: 0,
            sentence: 0,
            line: 0,
            is_bracket: false,
            is_named: false,
            is_owned: false,
            is_changing: false,
            is_void: false,
            next: 0,
        }
    }

    fn read(&mut self) {
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            match token.kind {
                _ if at < self.next => {}
                kind if kind.ends_clause() && !self.is_sign(at) => self.boundary(at),
                Kind::Word => self.word(at),
                Kind::Number => self.number(at),
                _ => {}
            }
        }
        self.end_clause();
        self.settle();
    }

    /// A dash that touches the number behind it may be its sign.
    fn is_sign(&self, at: usize) -> bool {
        self.tokens[at].kind == Kind::Dash
            && self.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Number)
            && quantity(self.tokens, at + 1).is_some_and(|quantity| quantity.first == at)
    }

    fn clause(&mut self) -> &mut Clause {
        let last = self.clauses.len() - 1;
        &mut self.clauses[last]
    }

    fn boundary(&mut self, at: usize) {
        let token = self.tokens[at];
        self.end_clause();
        self.scope.read(at, &token);
        match token.kind {
            Kind::Open => self.is_bracket = true,
            Kind::Close => self.is_bracket = false,
            _ => {}
        }
        if token.kind.ends_sentence() {
            if token.kind == Kind::Question {
                self.found.truncate(self.sentence_found);
            }
            self.is_bracket = false;
            self.line += usize::from(token.kind == Kind::Line);
            // `?!` and `...` end one sentence.
            let goes_on = self.tokens.get(at + 1).is_some_and(|next| next.kind.ends_sentence());
            if !goes_on {
                self.sentence += 1;
                self.sentence_found = self.found.len();
            }
        }
        self.begin_clause();
    }

    fn begin_clause(&mut self) {
        let clause = Clause { line: self.line, is_bracket: self.is_bracket, ..Clause::default() };
        let current = self.clause();
        if current.is_said {
            self.clauses.push(clause);
        } else {
            *current = clause;
        }
        self.clause_found = self.found.len();
        (self.is_named, self.is_owned, self.is_changing, self.is_void) = (false, false, false, false);
    }

    fn end_clause(&mut self) {
        if self.is_void {
            self.found.truncate(self.clause_found);
            let clause = self.clause();
            (clause.has_name, clause.has_temperature) = (false, false);
        }
    }

    fn word(&mut self, at: usize) {
        let token = self.tokens[at];
        if token.is(AND | CLAUSE) {
            self.end_clause();
            self.begin_clause();
        }
        self.scope.read(at, &token);
        self.is_void |= token.is(AIM | INTENT | OUTSIDE);
        self.is_changing |= token.is(CHANGE);
        let is_device = token.is(HUMIDITY) && self.is_device(at);
        if token.is(HUMIDITY | GAUGE) && !is_device {
            (self.is_named, self.is_owned) = (true, false);
            self.clause().has_name = true;
        } else if token.is(CLIMATE) {
            // `très humide, 72 %`; not when it is said of a thing, `colle très sèche`.
            self.is_named |= !self.is_owned;
            self.clause().has_name |= !self.is_owned;
        } else if token.is(FOREIGN | NOT_AIR | OTHER | COVER | TANK | POWER) {
            (self.is_named, self.is_owned) = (false, true);
        }
        let clause = self.clause();
        clause.has_circumstance |= token.is(TIME | ROOM);
        clause.is_said |= !token.is(AND | CLAUSE);
        clause.has_content |= !token.is(CONNECTING | TEMPERATURE | HUMIDITY | GAUGE);
    }

    /// `système d'humidité`, `humidity control`.
    fn is_device(&self, at: usize) -> bool {
        let before = self.tokens[..at].iter().rev().take(3).find(|token| !token.is(OF | ARTICLE));
        let after = self.tokens.get(at + 1);
        before.is_some_and(|token| token.is(DEVICE)) || after.is_some_and(|token| token.is(DEVICE))
    }

    fn number(&mut self, at: usize) {
        let is_changing = std::mem::take(&mut self.is_changing);
        self.clause().is_said = true;
        let Some(quantity) = quantity(self.tokens, at) else { return };
        self.next = quantity.last + 1;
        let Some(mut value) = quantity.value else { return };
        if quantity.is_change || self.scope.is_hypothetical() || self.is_limited(quantity.first) {
            return;
        }
        if is_changing {
            match (quantity.reached, self.is_reached(quantity.first)) {
                (Some(reached), _) => value = reached,
                (None, true) => {}
                (None, false) => return,
            }
        }
        let Some(claim) = self.claim(&quantity) else { return };
        let clause = self.clauses.len() - 1;
        let sentence = self.sentence;
        match (quantity.is_percent, claim) {
            (true, _) => self.clause().has_percentage = true,
            (false, Claim::Room) => {}
            (false, _) => self.clause().has_temperature = true,
        }
        self.found.push(Found { quantity, value, clause, sentence, claim });
    }

    /// A limit, a comparison or a negation directly in front of the number.
    fn is_limited(&self, first: usize) -> bool {
        let before = self.tokens[..first]
            .iter()
            .rev()
            .take(NEAR)
            .find(|token| !token.is(SMALL | OF | TO) || token.is(BOUND | NEGATION));
        before.is_some_and(|token| token.kind == Kind::Compare || token.is(BOUND | NEGATION))
    }

    /// `baissé à 28 %`: the value reached, not the change.
    fn is_reached(&self, first: usize) -> bool {
        let before = self.tokens[..first].iter().rev().take(NEAR);
        before.clone().find(|token| token.is(TO | CHANGE)).is_some_and(|token| token.is(TO))
    }

    /// What the words behind and before a quantity make of it; none when it belongs to something else.
    fn claim(&self, quantity: &Quantity) -> Option<Claim> {
        let owner = self.owner(quantity);
        if owner == Owner::Another {
            return None;
        }
        if !quantity.is_percent {
            let before = quantity.first.checked_sub(1).map(|before| &self.tokens[before]);
            let is_room = quantity.is_bare_letter && before.is_some_and(|before| before.is(ROOM));
            return if is_room {
                Some(Claim::Room)
            } else {
                (!self.is_owned || !self.is_owned_by_heat(quantity.first)).then_some(Claim::Measured)
            };
        }
        if owner == Owner::Humidity || self.is_named || self.follows_temperature(quantity) {
            return Some(Claim::Measured);
        }
        (!self.is_owned).then_some(Claim::Bare)
    }

    /// Whether a thing that has degrees of its own stands before a temperature: glue, an oven, an angle.
    fn is_owned_by_heat(&self, first: usize) -> bool {
        let before = self.tokens[..first].iter().rev();
        before
            .take(2 * NEAR)
            .take_while(|token| !token.kind.ends_clause())
            .find(|token| token.is(THINGS | FOREIGN | NOT_AIR | GAUGE))
            .is_some_and(|token| token.is(NOT_AIR))
    }

    /// Whether the percentage stands directly behind a temperature of its line.
    fn follows_temperature(&self, percentage: &Quantity) -> bool {
        self.found.last().is_some_and(|found| {
            !found.quantity.is_percent && self.is_beside(found.quantity.last, percentage.first)
        })
    }

    /// Nothing but signs and small words of one line between two tokens.
    fn is_beside(&self, last: usize, first: usize) -> bool {
        first - last <= NEAR
            && self.tokens[last + 1..first].iter().all(|token| match token.kind {
                Kind::Word => token.is(SMALL | TO | AND),
                Kind::Line
                | Kind::Question
                | Kind::Number
                | Kind::Money
                | Kind::Compare
                | Kind::Tolerance => false,
                Kind::Percent
                | Kind::Degree
                | Kind::Dash
                | Kind::Plus
                | Kind::Colon
                | Kind::Comma
                | Kind::Slash
                | Kind::Bar
                | Kind::Open
                | Kind::Close
                | Kind::Stop => true,
            })
    }

    /// Whose number it is, by the words directly behind it.
    fn owner(&self, quantity: &Quantity) -> Owner {
        let mut is_of = false;
        for (offset, token) in self.tokens[quantity.last + 1..].iter().take(NEAR).enumerate() {
            match token.kind {
                Kind::Colon => {}
                Kind::Word if token.is(MORE | CHANGE) && !is_of => return Owner::Another,
                Kind::Word
                    if token.is(if quantity.is_percent { FOREIGN } else { NOT_AIR })
                        && !self.has_own_percentage(quantity.last + offset + 1) =>
                {
                    return Owner::Another;
                }
                Kind::Word if token.is(HUMIDITY | GAUGE) && quantity.is_percent => {
                    // `5 % d'humidité de moins`
                    let is_change =
                        self.tokens.get(quantity.last + offset + 2).is_some_and(|next| next.is(MORE));
                    return if is_change { Owner::Another } else { Owner::Humidity };
                }
                Kind::Word if token.is(OF) => is_of = true,
                Kind::Word if token.is(TIME | TEMPERATURE) => return Owner::Nobody,
                Kind::Word if token.is(SMALL | TO) => {}
                Kind::Word if is_of => return Owner::Another,
                Kind::Word
                | Kind::Number
                | Kind::Percent
                | Kind::Degree
                | Kind::Dash
                | Kind::Plus
                | Kind::Compare
                | Kind::Tolerance
                | Kind::Money
                | Kind::Comma
                | Kind::Slash
                | Kind::Bar
                | Kind::Open
                | Kind::Close
                | Kind::Stop
                | Kind::Question
                | Kind::Line => return Owner::Nobody,
            }
        }
        Owner::Nobody
    }

    /// `38 % rabais 15 %`: the word goes with the percentage behind it.
    fn has_own_percentage(&self, at: usize) -> bool {
        let is_number = self.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Number);
        is_number && quantity(self.tokens, at + 1).is_some_and(|own| own.is_percent)
    }

    /// Decides what needs the clauses beside it.
    fn settle(&mut self) {
        let claims: Vec<bool> = (0..self.found.len()).map(|at| self.is_measured(at)).collect();
        let mut claims = claims.into_iter();
        self.found.retain(|_| claims.next().unwrap_or_default());
    }

    fn is_measured(&self, at: usize) -> bool {
        let found = &self.found[at];
        match found.claim {
            Claim::Measured => true,
            Claim::Room => self.pairs_ahead(at),
            Claim::Bare => self.leads_pair(at) || self.belongs_to_neighbour(found),
        }
    }

    /// Whether the next quantity is of the other kind and stands directly behind.
    fn pairs_ahead(&self, at: usize) -> bool {
        let found = &self.found[at].quantity;
        self.found.get(at + 1).is_some_and(|next| {
            next.quantity.is_percent != found.is_percent && self.is_beside(found.last, next.quantity.first)
        })
    }

    /// `38 %, 21C`: the percentage begins its clause, and a temperature of its own follows.
    fn leads_pair(&self, at: usize) -> bool {
        let first = self.found[at].quantity.first;
        let before = self.tokens[..first].iter().rev().take(NEAR);
        let opens =
            before.take_while(|token| !token.kind.ends_clause() && !token.is(AND | CLAUSE)).all(|token| {
                matches!(token.kind, Kind::Colon | Kind::Number) || token.is(CONNECTING | TEMPERATURE)
            });
        opens && self.pairs_ahead(at)
    }

    /// A percentage alone in its clause belongs to the clause before it, or behind it, that has a name of the
    /// humidity or a temperature, and no percentage of its own — or says when and where the next one was read.
    fn belongs_to_neighbour(&self, found: &Found) -> bool {
        let own = &self.clauses[found.clause];
        if own.has_content {
            return false;
        }
        let is_of = |clause: &&Clause| clause.line == own.line;
        let mut earlier = self.clauses[..found.clause].iter().rev().take(NEAR);
        let before = earlier.find(|clause| !clause.is_bracket || own.is_bracket);
        let after = self.clauses.get(found.clause + 1);
        let accepts = |clause: &Clause| {
            let speaks = clause.has_name || clause.has_temperature;
            speaks && (!clause.has_percentage || own.has_circumstance)
        };
        before.filter(is_of).is_some_and(accepts)
            || after.filter(is_of).is_some_and(|clause| accepts(clause) && !clause.has_percentage)
    }
}

/// Whose number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Nobody,
    Humidity,
    Another,
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
        let single = match found.quantity.is_percent {
            true => Measurement { celsius: None, humidity: Some(found.value) },
            false => Measurement { celsius: Some(found.value), humidity: None },
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
