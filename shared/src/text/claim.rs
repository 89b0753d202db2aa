//! Which quantities of a note are a temperature or a humidity: what the words before and behind them say, and the
//! clauses beside them.

use super::{
    negation::Scope,
    number::{Quantity, quantity},
    role::*,
    token::{Kind, Token},
};

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
pub(super) struct Found {
    pub(super) quantity: Quantity,
    /// Its value, or the one that it reached.
    pub(super) value: f64,
    clause: usize,
    pub(super) sentence: usize,
    claim: Claim,
}

/// Words that say neither what was measured nor of what.
const CONNECTING: Roles = SMALL | ARTICLE | OF | TO | TIME | ROOM | PIANO | BETWEEN | OR | AND | CLAUSE;

/// Words that are skipped between a number and what belongs to it.
const NEAR: usize = 6;

/// A note that is being read.
pub(super) struct Reader<'a> {
    tokens: &'a [Token],
    scope: Scope,
    clauses: Vec<Clause>,
    /// What was measured, in the order of the note.
    pub(super) found: Vec<Found>,
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
    pub(super) fn new(tokens: &'a [Token]) -> Self {
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

    /// Reads it.
    pub(super) fn read(&mut self) {
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            if at < self.next {
                continue;
            }
            if token.kind.ends_clause() && !self.is_sign(at) {
                self.boundary(at);
            } else if token.kind == Kind::Word {
                self.word(at);
            } else if token.kind == Kind::Number {
                self.number(at);
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
        if matches!(token.kind, Kind::Open | Kind::Close) {
            self.is_bracket = token.kind == Kind::Open;
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
        let is_device = token.is(HUMIDITY | GAUGE) && self.is_device(at);
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

    /// `système d'humidité`, `humidity control`, `pile de l'hygromètre`.
    fn is_device(&self, at: usize) -> bool {
        let before = self.tokens[..at].iter().rev().take(3).find(|token| !token.is(OF | ARTICLE));
        let after = self.tokens.get(at + 1);
        let is_part = self.tokens[..at].iter().rev().take(2).any(|token| token.is(OF));
        before.is_some_and(|token| token.is(DEVICE) || (is_part && token.is(FOREIGN)))
            || after.is_some_and(|token| token.is(DEVICE))
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
        // `varie de 30 à 40 %` is a range, `varié de 15 %` a change.
        let varies = quantity.is_range && quantity.first > 0 && {
            let before = &self.tokens[quantity.first - 1];
            before.is(CHANGE) && before.is(BETWEEN)
        };
        if is_changing && !varies {
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
