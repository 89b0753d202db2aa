//! What a word may be in a note: one bit each, for a word may be several things (`remise` is a discount and a cover
//! put back).

/// A set of roles.
pub(super) type Roles = u64;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        roles!(@ 0u32; $($(#[$doc])* $name;)*);
    };
    (@ $bit:expr; $(#[$doc:meta])* $name:ident; $($rest:tt)*) => {
        $(#[$doc])* pub(in crate::text) const $name: Roles = 1 << ($bit);
        roles!(@ $bit + 1; $($rest)*);
    };
    (@ $bit:expr;) => {};
}

roles! {
    /// Articles, prepositions, auxiliaries, adverbs: they say nothing of their own.
    SMALL;
    /// Articles and possessives: a noun follows.
    ARTICLE;
    /// `de`, `of`: what follows owns what precedes.
    OF;
    /// `à`, `to`: leads to the value reached, or to the end of a range.
    TO;
    /// `entre`, `between`.
    BETWEEN;
    /// `ou`, `or`.
    OR;
    /// `et`, `and`: begins a clause.
    AND;
    /// Any other word that begins a clause.
    CLAUSE;
    /// When and at which point of the visit.
    TIME;
    /// An abbreviation whose point ends no sentence.
    ABBREVIATION;

    /// A negation.
    NEGATION;
    /// A negation that says in front of a thing that it is not there: `pas de housse`.
    LACK;
    /// A negation that stands behind what it denies: `débranché : non`.
    ANSWER;
    /// `ne`, `n'`.
    NE;
    /// `plus`: a negation behind `ne`.
    PLUS;
    /// `si`, `if`: nothing holds up to the end of the sentence.
    CONDITION;
    /// `vérifier`, `peut-être`, `quand`: nothing holds up to the end of the clause.
    DOUBT;
    /// `devrait`, `will`: not yet, up to the end of the clause.
    INTENT;
    /// An aim, a recommendation, a limit: its clause measures nothing.
    AIM;

    /// The cover.
    COVER;
    /// The water tank.
    TANK;
    /// The humidity system and what feeds it.
    POWER;
    /// The piano itself.
    PIANO;
    /// A window.
    WINDOW;
    /// The humidity.
    HUMIDITY;
    /// The temperature.
    TEMPERATURE;
    /// A room, the air in it.
    ROOM;
    /// A thing of the piano or the house that is none of the above.
    OTHER;

    /// Off its piano.
    REMOVED;
    /// Not there.
    GONE;
    /// `off`.
    OFF;
    /// Unplugged.
    UNPLUGGED;
    /// Without power, out of order.
    DEAD;
    /// Plugged in: a problem when it is denied.
    POWERED;
    /// Works: a problem when it is denied.
    WORKS;
    /// Empty.
    EMPTY;
    /// To be filled.
    TO_FILL;
    /// Open.
    OPEN;
    /// Low, high, too …: of humidity and temperature.
    LEVEL;
    /// A problem.
    PROBLEM;
    /// Too dry, too humid, too cold.
    CLIMATE;
    /// A word that is a problem of the environment by itself.
    ENVIRONMENT;
    /// A word that is a problem of the power by itself.
    CORD;

    /// Put back.
    PUT_BACK;
    /// Plugged in again.
    REPOWERED;
    /// Filled.
    FILLED;
    /// Closed.
    CLOSED;
    /// Normal.
    NORMAL;
    /// Settled, whatever it was.
    FIXED;
    /// `nécessaire`: `pas de housse nécessaire` misses none.
    NEEDED;

    /// Names the humidity of a percentage, but is not the humidity (`hygromètre`).
    GAUGE;
    /// `système`, `control`: `système d'humidité` is no humidity.
    DEVICE;
    /// Owns a percentage: money, wear, charge, progress.
    FOREIGN;
    /// Owns degrees: an angle, glue, an oven.
    NOT_AIR;
    /// Outside the house.
    OUTSIDE;
    /// A change in front of its amount.
    CHANGE;
    /// A change behind its amount.
    MORE;
    /// `moins de`, `above`: the value itself is not said.
    BOUND;
    /// `moins`, `minus`.
    MINUS;

    /// `pour cent`.
    PERCENT;
    /// `degrés`.
    DEGREE;
    /// `C`, `Celsius`.
    CELSIUS;
    /// `F`, `Fahrenheit`.
    FAHRENHEIT;
    /// `o`, typed for a degree sign.
    LETTER_O;
}

/// Things that a problem may be about.
pub(super) const THINGS: Roles =
    COVER | TANK | POWER | PIANO | WINDOW | HUMIDITY | TEMPERATURE | ROOM | OTHER;
/// Words that report a state of a thing, or stand for a problem by themselves.
pub(super) const STATES: Roles = REMOVED
    | GONE
    | OFF
    | UNPLUGGED
    | DEAD
    | POWERED
    | WORKS
    | EMPTY
    | TO_FILL
    | OPEN
    | LEVEL
    | PROBLEM
    | CLIMATE
    | ENVIRONMENT
    | CORD
    | PUT_BACK
    | REPOWERED
    | FILLED
    | CLOSED
    | NORMAL
    | FIXED;
