//! Numbers with a unit: sign, range, degrees and percent.

use super::{
    lexicon::LEXICON,
    role::*,
    token::{Kind, Token},
};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// `%`
    Percent,
    /// Degrees without a letter.
    Degrees,
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

/// A number with its unit, or a range of two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity {
    /// Its first token, the sign included.
    pub(super) first: usize,
    /// Its last token.
    pub(super) last: usize,
    /// A percentage; else a temperature.
    pub(super) is_percent: bool,
    /// Percent or degrees Celsius; none when it is outside of what a room can have. Of a range: its middle.
    pub(super) value: Option<f64>,
    /// Two numbers.
    pub(super) is_range: bool,
    /// The second value of `de … à …`.
    pub(super) reached: Option<f64>,
    /// `+5 %`, `-5 %`, `+3°`: an amount of change.
    pub(super) is_change: bool,
    /// `21C` without a degree sign: also the name of a room.
    pub(super) is_bare_letter: bool,
}

/// Widest range: numbers further apart are two numbers.
const WIDEST: f64 = 30.0;

/// The quantity that begins with the number at `at`, if it has a unit.
pub(super) fn quantity(tokens: &[Token], at: usize) -> Option<Quantity> {
    let own = unit(tokens, at).or_else(|| unit_before(tokens, at).map(|unit| (unit, at)));
    let end = own.map_or(at, |(_, last)| last);
    if let Some(range) = range(tokens, at, own.map(|(unit, _)| unit), end) {
        return Some(range);
    }
    // `42 ± 2 %`: the unit is said once.
    let is_tolerance = own.is_none() && tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Tolerance);
    let (unit, last) = if is_tolerance { unit(tokens, at + 2)? } else { own? };
    let sign = sign(tokens, at, unit);
    let (first, factor) = match sign {
        Sign::Minus(first) => (first, -1.0),
        Sign::Plus | Sign::None => (at, 1.0),
    };
    let is_percent = unit == Unit::Percent;
    Some(Quantity {
        first,
        last,
        is_percent,
        value: value(factor * tokens[at].value, unit),
        is_range: false,
        reached: None,
        is_change: matches!(sign, Sign::Plus) || (is_percent && matches!(sign, Sign::Minus(_))),
        is_bare_letter: last == at + 1 && tokens[last].kind == Kind::Word && tokens[last].is_glued,
    })
}

/// The unit behind a number, and its last token.
#[allow(clippy::wildcard_enum_match_arm)] // Any other sign says nothing.
fn unit(tokens: &[Token], at: usize) -> Option<(Unit, usize)> {
    let next = tokens.get(at + 1)?;
    let letter = |at: usize| {
        let token = tokens.get(at).filter(|token| token.kind == Kind::Word && !token.is_elided)?;
        // `F3` is a note; `21c38%` is two numbers.
        let is_name = tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Number && next.is_glued)
            && tokens.get(at + 2).is_none_or(|unit| unit.kind != Kind::Percent);
        match token.roles {
            _ if is_name => None,
            roles if roles & CELSIUS != 0 => Some(Unit::Celsius),
            roles if roles & FAHRENHEIT != 0 => Some(Unit::Fahrenheit),
            _ => None,
        }
    };
    let degrees = |at: usize| letter(at + 1).map_or((Unit::Degrees, at), |unit| (unit, at + 1));
    // `38 o/o`, `38 °/°` are percent, as people write it by hand.
    let is_ring =
        |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Degree || token.is(LETTER_O));
    if is_ring(at + 1) && is_ring(at + 3) && tokens[at + 2].kind == Kind::Slash {
        return Some((Unit::Percent, at + 3));
    }
    match next.kind {
        Kind::Percent => Some((Unit::Percent, at + 1)),
        Kind::Degree => Some(degrees(at + 1)),
        Kind::Word if next.is(PERCENT) => Some((Unit::Percent, at + 1)),
        Kind::Word if next.is(DEGREE) => Some(degrees(at + 1)),
        // `21o`, `21 oC`; `21 o` alone is no unit.
        Kind::Word if next.is(LETTER_O) && (next.is_glued || letter(at + 2).is_some()) => {
            Some(degrees(at + 1))
        }
        Kind::Word => letter(at + 1).map(|unit| (unit, at + 1)),
        _ => None,
    }
}

/// The unit in front of a number, as forms have it: `HR (%) : 38`, `T° 21`, `Temp (°C): 21`.
#[allow(clippy::wildcard_enum_match_arm)] // Any other sign says nothing.
fn unit_before(tokens: &[Token], at: usize) -> Option<Unit> {
    let mut before =
        tokens[..at].iter().rev().skip_while(|token| matches!(token.kind, Kind::Colon | Kind::Close));
    let mut sign = before.next()?;
    let letter = match sign.roles {
        roles if roles & CELSIUS != 0 => Unit::Celsius,
        roles if roles & FAHRENHEIT != 0 => Unit::Fahrenheit,
        _ => Unit::Degrees,
    };
    if letter != Unit::Degrees {
        sign = before.next()?;
    }
    let mut before = before.skip_while(|token| token.kind == Kind::Open);
    let owner = before.next();
    match sign.kind {
        Kind::Percent if letter == Unit::Degrees => {
            owner.is_none_or(|owner| owner.kind != Kind::Number).then_some(Unit::Percent)
        }
        // `n° 12` is a number.
        Kind::Degree => owner
            .is_some_and(|owner| owner.is(TEMPERATURE) || owner.id == LEXICON.numbered.t)
            .then_some(letter),
        _ => None,
    }
}

/// Two numbers of one unit with a dash, `à`, `to` or `ou` between them, or `et` behind `entre`.
fn range(tokens: &[Token], at: usize, own: Option<Unit>, end: usize) -> Option<Quantity> {
    let link = tokens.get(end + 1)?;
    // `-5 à -2 °C`
    let is_minus = link.kind == Kind::Word && tokens.get(end + 2).is_some_and(|dash| dash.kind == Kind::Dash);
    let place = end + 2 + usize::from(is_minus);
    let second =
        tokens.get(place).filter(|token| token.kind == Kind::Number && (!is_minus || token.is_glued))?;
    let is_between = at > 0 && tokens[at - 1].is(BETWEEN);
    let leads_on = link.kind == Kind::Word && link.is(TO);
    let is_dash = link.kind == Kind::Dash && link.is_glued == second.is_glued;
    let is_range = is_dash || leads_on || link.is(OR) || (is_between && link.is(AND));
    let (unit, last) = unit(tokens, place)?;
    let is_one_kind = own.is_none_or(|own| (own == Unit::Percent) == (unit == Unit::Percent));
    // `salle 30 - 38 %`: the first number is a name.
    let is_named = own.is_none() && at > 0 && (tokens[at - 1].is(ROOM) || tokens[at - 1].is_unknown());
    // A code (`12.05.2024`) has no value, and no distance.
    let distance = (tokens[at].value - second.value).abs();
    let is_wide = distance.is_nan() || distance > WIDEST;
    if !is_range || !is_one_kind || (is_named && !is_dash_glued(link, second)) || is_wide {
        return None;
    }
    let sign = sign(tokens, at, unit);
    let (first, factor) = match sign {
        Sign::Minus(first) if unit != Unit::Percent => (first, -1.0),
        Sign::Minus(_) | Sign::Plus | Sign::None => (at, 1.0),
    };
    // `20-22°C`: the unit is said once.
    let low = value(factor * tokens[at].value, own.filter(|own| *own != Unit::Degrees).unwrap_or(unit))?;
    let high = value(if is_minus { -second.value } else { second.value }, unit)?;
    Some(Quantity {
        first,
        last,
        is_percent: unit == Unit::Percent,
        value: Some((low + high) / 2.0),
        is_range: true,
        reached: (leads_on && !is_between).then_some(high),
        is_change: matches!(sign, Sign::Plus),
        is_bare_letter: false,
    })
}

fn is_dash_glued(link: &Token, second: &Token) -> bool {
    link.kind == Kind::Dash && link.is_glued && second.is_glued
}

enum Sign {
    None,
    Plus,
    /// With its token.
    Minus(usize),
}

/// The sign of a number: a minus touches its number and nothing before it; `38-42`, `- 40` and `21C -38%` have none.
#[allow(clippy::wildcard_enum_match_arm)] // Any other sign says nothing.
fn sign(tokens: &[Token], at: usize, unit: Unit) -> Sign {
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.get(before)) else { return Sign::None };
    let earlier = at.checked_sub(2).and_then(|earlier| tokens.get(earlier));
    let touches_nothing = !before.is_glued
        || earlier.is_none_or(|earlier| {
            earlier.kind.ends_clause() || matches!(earlier.kind, Kind::Colon | Kind::Compare)
        });
    // A dash between a temperature and a percentage parts them.
    let parts_units = unit == Unit::Percent
        && earlier
            .is_some_and(|earlier| earlier.kind == Kind::Degree || earlier.is(CELSIUS | FAHRENHEIT | DEGREE));
    match before.kind {
        Kind::Dash if tokens[at].is_glued && touches_nothing && !parts_units => Sign::Minus(at - 1),
        Kind::Plus if tokens[at].is_glued && touches_nothing => Sign::Plus,
        Kind::Word if before.is(MINUS) => Sign::Minus(at - 1),
        _ => Sign::None,
    }
}

/// Degrees Celsius or percent, within what a room can have. Degrees without a letter from 50 to 86 are Fahrenheit.
fn value(value: f64, unit: Unit) -> Option<f64> {
    let fahrenheit = |value: f64| (value - 32.0) / 1.8;
    match unit {
        Unit::Percent => Some(value).filter(|percent| (0.0..=100.0).contains(percent)),
        Unit::Degrees if (50.0..=86.0).contains(&value) => Some(fahrenheit(value)),
        Unit::Degrees => Some(value).filter(|celsius| (-30.0..=40.0).contains(celsius)),
        Unit::Celsius => Some(value).filter(|celsius| (-30.0..=45.0).contains(celsius)),
        Unit::Fahrenheit => Some(fahrenheit(value)).filter(|celsius| (-30.0..=45.0).contains(celsius)),
    }
}
