//! How far a negation, a condition, a doubt and an intention reach.
//!
//! - **A negation** (`pas`, `non`, `jamais`, `aucun`, `ni`, `rien`, `sans`, `ne … plus`; `not`, `no`, `never`,
//!   `none`, `nor`, `without`, `isn't`, `didn't` …) denies every state behind it, up to the end of its clause;
//!   `ou`, `or` end nothing. `aucun`, `non`, `jamais`, `rien`, `no`, `none`, `never` as the last word of a clause
//!   deny what stands before them (`Problème d'humidité : aucun`); so does one that is the whole next clause
//!   (`problème d'humidité - aucun`).
//! - A negation that is **part of what was found** (`pas branché`, `pas de housse`, `ne fonctionne pas`) is used up
//!   and denies nothing else: `PLS pas branché, rebranché` is a problem and its end. Two in a row (`jamais sans
//!   housse`) are nothing.
//! - `sans doute`, `pas mal`, `pas seulement`, `not only`, `no doubt`, `même si`, `even if` deny and suppose
//!   nothing.
//! - **A condition** (`si`, `s'il`, `if`, `unless`, `au cas où`, `in case`, `en cas`) reaches to the end of its
//!   sentence; nothing holds behind it. `si besoin`, `if needed` are no conditions.
//! - **A doubt** (`vérifier`, `s'assurer`, `éviter`, `risque`, `peut-être`, `quand`, `lorsque`, `check if`, `make
//!   sure`, `avoid`, `maybe`, `might`, `when`) reaches to the end of its clause. `quand je suis arrivé` and `when I
//!   arrived` are no doubt; nor are `probablement`, `semble`, `seems`.
//! - **An intention** (`faut`, `doit`, `devrait`, `sera`, `va`, `soit`, `svp`, `besoin`; `will`, `should`, `must`,
//!   `to be`, `needs to`, `please`) reaches to the end of its clause: what stands behind it is still to come.

use super::{
    role::*,
    token::{Kind, Token},
};

/// What reaches the word that is read next.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Scope {
    /// Negations of the clause that are not used up.
    negations: usize,
    ne: Option<usize>,
    has_doubt: bool,
    has_intent: bool,
    has_condition: bool,
    /// `et` or `and` joined the clause to one with a negation.
    is_joined: bool,
}

/// Words between `ne` and its `plus`.
const NE_REACH: usize = 4;

impl Scope {
    /// Reads a token: the end of a clause or sentence, or a word that reaches what follows.
    pub(super) fn read(&mut self, at: usize, token: &Token) {
        if token.kind.ends_sentence() {
            *self = Self::default();
        } else if token.kind.ends_clause() {
            self.end_clause(false);
        } else if token.kind == Kind::Word {
            if token.is(AND | CLAUSE) {
                self.end_clause(token.is(AND));
            }
            self.read_word(at, token);
        }
    }

    fn end_clause(&mut self, is_joined: bool) {
        *self = Self {
            has_condition: self.has_condition,
            is_joined: is_joined && self.negations > 0,
            ..Self::default()
        };
    }

    fn read_word(&mut self, at: usize, token: &Token) {
        if token.is(NE) {
            self.ne = Some(at);
        }
        let is_no_more = token.is(PLUS) && self.ne.is_some_and(|ne| at - ne <= NE_REACH);
        if token.is(NEGATION) || is_no_more {
            self.negations += 1;
        }
        self.has_doubt |= token.is(DOUBT);
        self.has_intent |= token.is(INTENT);
        self.has_condition |= token.is(CONDITION);
    }

    /// Whether the next word is denied.
    pub(super) fn is_negated(&self) -> bool {
        self.negations > 0
    }

    /// Whether the clause goes on with an enumeration that was denied: `pas de problème de chauffage et ventilation`.
    pub(super) fn continues_negation(&self) -> bool {
        self.is_joined
    }

    /// A negation was part of what was found.
    pub(super) fn use_up(&mut self) {
        self.negations = self.negations.saturating_sub(1);
    }

    /// Whether the next word is only asked for, feared or possible.
    pub(super) fn is_hypothetical(&self) -> bool {
        self.has_condition || self.has_doubt
    }

    /// Whether the next word is still to come.
    pub(super) fn is_intended(&self) -> bool {
        self.has_intent
    }
}
