//! One sentence: of what its words of state are said, and whether they hold.

use super::{
    clean,
    negation::Scope,
    reading::Reading,
    role::*,
    rule::{Alone, KINDS, Meaning, RULES, Rule},
    token::{Kind, Token},
    vocabulary::Problem,
};

/// Words between a state and its thing.
const REACH: usize = 12;
/// Words between a state and a thing behind it.
const AHEAD: usize = 6;
/// What a state is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// A thing of its clause.
    Here(usize),
    /// A thing of an earlier clause of the sentence.
    Earlier(usize),
    /// Nothing is named.
    Nobody,
    /// Something that is none of the things it may be said of.
    Another,
}

/// What was found in the clause that is being read.
struct Finding {
    problem: Problem,
    is_alert: bool,
    is_named: bool,
    words: String,
}

/// A sentence that is being read.
pub(super) struct Sentence<'a> {
    note: &'a str,
    tokens: &'a [Token],
    reading: &'a mut Reading,
    scope: Scope,
    /// First token of the clause.
    clause: usize,
    /// Where each kind of thing was named last.
    last: [Option<usize>; KINDS.len()],
    found: Vec<Finding>,
    /// What the clause before it said.
    before: Vec<Finding>,
}

impl<'a> Sentence<'a> {
    pub(super) fn new(note: &'a str, tokens: &'a [Token], reading: &'a mut Reading) -> Self {
        Self {
            note,
            tokens,
            reading,
            scope: Scope::default(),
            clause: 0,
            last: [None; KINDS.len()],
            found: Vec::new(),
            before: Vec::new(),
        }
    }

    /// Reads it.
    pub(super) fn read(mut self) {
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            if token.kind.ends_clause() || token.is(AND | CLAUSE) {
                self.end_clause(at);
                self.clause = at + 1;
            }
            self.scope.read(at, &token);
            if token.kind != Kind::Word {
                continue;
            }
            if token.is(STATES) {
                self.state(at);
            }
            if token.is(COVER | TANK) {
                self.lack(at);
            }
            for (last, kind) in self.last.iter_mut().zip(KINDS) {
                if token.is(kind) {
                    *last = Some(at);
                }
            }
        }
        self.end_clause(self.tokens.len());
        self.report();
    }

    /// Keeps what the clause said, unless its last word denies it (`débranché : non`), or the next clause does, which is
    /// no more than such a word (`problème d'humidité - aucun`).
    fn end_clause(&mut self, end: usize) {
        let said = &self.tokens[self.clause.min(end)..end];
        let is_denied = self.scope.is_negated() && said.last().is_some_and(|token| token.is(ANSWER));
        if said.is_empty() {
            return;
        }
        if is_denied && said.len() == 1 {
            self.before.clear();
        }
        self.report();
        self.before = std::mem::take(&mut self.found);
        if is_denied {
            self.before.clear();
        }
    }

    /// Reports what the clause before said.
    fn report(&mut self) {
        for finding in self.before.drain(..) {
            let place = finding.problem as usize;
            let words = Some(finding.words);
            if finding.is_alert {
                keep(&mut self.reading.alerts[place], words);
            } else {
                if finding.is_named {
                    keep(&mut self.reading.named[place], words.clone());
                }
                keep(&mut self.reading.resolutions[place], words);
            }
        }
    }

    /// A word of state: of what it is said, and whether it holds.
    fn state(&mut self, at: usize) {
        let token = self.tokens[at];
        if token.is(ENVIRONMENT | CORD) {
            self.word_of_problem(at);
        }
        if self.scope.is_hypothetical() {
            return;
        }
        let is_discount = token.is(FOREIGN) && token.is(PUT_BACK) && self.is_discount(at);
        let rules =
            || RULES.iter().filter(|rule| token.is(rule.states) && !(is_discount && rule.states == PUT_BACK));
        let subjects: Vec<(Subject, &Rule)> = rules().map(|rule| (self.subject(at, rule), rule)).collect();
        let named = subjects.iter().filter(|(subject, rule)| match subject {
            Subject::Here(_) => true,
            Subject::Earlier(_) => rule.alone != Alone::Never,
            Subject::Nobody | Subject::Another => false,
        });
        let unnamed = subjects
            .iter()
            .filter(|(subject, rule)| *subject == Subject::Nobody && rule.alone == Alone::Always);
        for (subject, rule) in named.chain(unnamed) {
            if self.conclude(at, rule.meaning, *subject) {
                break;
            }
        }
    }

    /// What a state means under the negations and intentions that reach it; true when it means something.
    fn conclude(&mut self, at: usize, meaning: Meaning, subject: Subject) -> bool {
        let is_negated = self.scope.is_negated();
        let is_intended = self.scope.is_intended();
        let is_named = matches!(subject, Subject::Here(_) | Subject::Earlier(_));
        let whole = |sentence: &Self| sentence.words(at, subject);
        match meaning {
            Meaning::Denied(problem) => {
                if !is_negated || is_intended {
                    return false;
                }
                self.scope.use_up();
                if !self.scope.is_negated() {
                    let first = self.negation_before(at);
                    let words = self.words_from(first, at, subject);
                    self.find(problem, true, is_named, words);
                }
            }
            _ if is_negated => {}
            Meaning::Alert(problem) if !is_intended => self.find(problem, true, is_named, whole(self)),
            Meaning::ToDo(problem) => self.find(problem, true, is_named, whole(self)),
            Meaning::Done(problem) if is_intended => {
                if is_named {
                    self.find(problem, true, is_named, whole(self));
                }
            }
            Meaning::Done(problem) | Meaning::Over(problem) if !is_intended => {
                self.find(problem, false, is_named, whole(self));
            }
            Meaning::Restored(problem) if !is_intended => {
                self.find(problem, false, is_named, self.span(at, at));
            }
            Meaning::Named(problem) if !is_intended => self.find(problem, false, true, self.span(at, at)),
            Meaning::Alert(_)
            | Meaning::Done(_)
            | Meaning::Over(_)
            | Meaning::Restored(_)
            | Meaning::Named(_) => {}
        }
        true
    }

    fn find(&mut self, problem: Problem, is_alert: bool, is_named: bool, words: String) {
        self.found.push(Finding { problem, is_alert, is_named, words });
    }

    /// `chauffage`, `rallonge`: a problem unless it is denied, asked or supposed.
    fn word_of_problem(&mut self, at: usize) {
        if self.scope.is_hypothetical() || self.scope.continues_negation() {
            return;
        }
        let mut first = at;
        if self.scope.is_negated() {
            // `pas de chauffage` is a problem, `pas de problème de chauffage` is none.
            let Some(negation) = self.lack_before(at).filter(|_| self.is_lack_whole(at, PROBLEM | LEVEL))
            else {
                return;
            };
            self.scope.use_up();
            if self.scope.is_negated() || self.tokens[at].is(CORD) {
                return;
            }
            first = negation;
        }
        let is_cord = self.tokens[at].is(CORD);
        let problem = if is_cord { Problem::Alimentation } else { Problem::Environnement };
        self.find(problem, true, true, self.span(first, at));
    }

    /// `pas de housse`, `no reservoir`: a thing that is denied itself, and not a state of it.
    fn lack(&mut self, at: usize) {
        if self.scope.is_hypothetical() || !self.scope.is_negated() && !self.is_spoken_lack(at) {
            return;
        }
        let Some(negation) = self.lack_before(at) else { return };
        // `pas de housse enlevée`, `no cover needed`
        let behind = self.rest_of_clause(at).find(|token| !token.is(SMALL | TO));
        if behind.is_some_and(|token| token.is(STATES | NEEDED)) {
            return;
        }
        self.scope.use_up();
        if !self.scope.is_negated() {
            let problem = if self.tokens[at].is(COVER) { Problem::Housse } else { Problem::Reservoir };
            let words = self.span(negation, at);
            self.find(problem, true, true, words);
        }
    }

    /// Whether nothing behind a thing takes its negation.
    fn is_lack_whole(&self, at: usize, takers: Roles) -> bool {
        !self.rest_of_clause(at).any(|token| token.is(takers))
    }

    /// Some tokens behind a word, up to the end of its clause.
    fn rest_of_clause(&self, at: usize) -> impl Iterator<Item = &Token> {
        let behind = self.tokens[at + 1..].iter().take(AHEAD);
        behind.take_while(|token| !token.kind.ends_clause() && !token.is(AND | CLAUSE))
    }

    /// `plus de housse` without its `ne`.
    fn is_spoken_lack(&self, at: usize) -> bool {
        self.lack_before(at).is_some_and(|negation| self.tokens[negation].is(PLUS))
    }

    /// The negation directly in front of a thing.
    fn lack_before(&self, at: usize) -> Option<usize> {
        let before = (self.clause..at).rev().take(3).find(|before| !self.tokens[*before].is(OF))?;
        let token = &self.tokens[before];
        let is_lack = token.is(LACK) || (token.is(PLUS) && (before + 1 < at || token.is(BOUND)));
        is_lack.then_some(before)
    }

    /// The thing that a state is said of: the nearest one before it in its clause, else the one behind it, else the
    /// one that the sentence named last.
    fn subject(&self, at: usize, rule: &Rule) -> Subject {
        let here = |things: Roles| self.last_of(things).filter(|thing| *thing >= self.clause);
        let (before, other) = (here(rule.things), here(OTHER));
        if self.tokens[at].is(rule.things) {
            return Subject::Here(at);
        }
        if let Some(thing) = before.filter(|thing| Some(*thing) > other && at - thing <= REACH) {
            return Subject::Here(thing);
        }
        let is_first = here((THINGS | ENVIRONMENT | CORD) & !(PIANO | ROOM)).is_none();
        match self.behind(at, rule.things) {
            Behind::Thing { at, is_direct } if is_direct || is_first => return Subject::Here(at),
            Behind::Another => return Subject::Another,
            Behind::Thing { .. } | Behind::Nothing => {}
        }
        if !is_first || self.has_unknown_before(at) {
            return Subject::Another;
        }
        match (self.last_of(rule.things), self.last_of(OTHER)) {
            (Some(thing), other) if Some(thing) > other => Subject::Earlier(thing),
            (_, Some(_)) => Subject::Another,
            (_, None) => Subject::Nobody,
        }
    }

    /// Where one of these things was named last.
    fn last_of(&self, things: Roles) -> Option<usize> {
        let places = self.last.iter().zip(KINDS).filter(|(_, kind)| kind & things != 0);
        places.filter_map(|(place, _)| *place).max()
    }

    fn behind(&self, at: usize, things: Roles) -> Behind {
        let (mut is_direct, mut has_article) = (true, false);
        for (place, token) in self.tokens.iter().enumerate().skip(at + 1).take(AHEAD) {
            if token.kind.ends_clause() || token.is(AND | CLAUSE) {
                break;
            }
            match () {
                () if token.is(things) => return Behind::Thing { at: place, is_direct },
                // `installé le PLS` says nothing of a cover.
                () if is_direct && token.is(THINGS & !(PIANO | ROOM)) => return Behind::Another,
                () if token.is(OTHER) => return if is_direct { Behind::Another } else { Behind::Nothing },
                () if token.is_unknown() && is_direct && has_article => return Behind::Another,
                () if token.is(ARTICLE | OF) => {
                    has_article = true;
                    // `débranché du PLS` is not `débranché le PLS`; `problème d'humidité` is.
                    is_direct &= !token.is(OF) || self.tokens[at].is(LEVEL | PROBLEM);
                }
                () => {
                    has_article = false;
                    is_direct &= token.is(LEVEL);
                }
            }
        }
        Behind::Nothing
    }

    /// Whether a word that the vocabulary does not know stands directly before a state: `concert annulé`.
    fn has_unknown_before(&self, at: usize) -> bool {
        let before = self.tokens[self.clause..at].iter().rev().take(REACH);
        let mut before = before.take_while(|token| token.kind != Kind::Colon);
        before
            .find(|token| token.kind == Kind::Word && !token.is(!STATES))
            .is_some_and(|token| token.roles == 0)
    }

    /// `remise de 20 %` and `20 % de remise` give money back, not a cover.
    fn is_discount(&self, at: usize) -> bool {
        let is_amount =
            |token: &Token| matches!(token.kind, Kind::Percent | Kind::Money) || token.is(PERCENT);
        let is_named = self.last_of(COVER).is_some_and(|cover| cover >= self.clause);
        let mut behind = self.tokens[at + 1..].iter().skip_while(|token| token.is(OF)).take(2);
        let amount_behind = match (behind.next(), behind.next()) {
            (Some(first), Some(second)) => first.kind == Kind::Number && is_amount(second),
            (_, _) => false,
        };
        let before = self.tokens[self.clause..at].iter().rev().take(2).find(|token| !token.is(OF));
        (amount_behind && !is_named) || before.is_some_and(is_amount)
    }

    /// The last negation of the clause before a state.
    fn negation_before(&self, at: usize) -> usize {
        let before = (self.clause..at).rev().take(REACH);
        before.into_iter().find(|place| self.tokens[*place].is(NEGATION | PLUS)).unwrap_or(at)
    }

    fn words(&self, at: usize, subject: Subject) -> String {
        self.words_from(at, at, subject)
    }

    /// The words from `first` to `last` with the thing they are said of, and with what says how much.
    fn words_from(&self, first: usize, last: usize, subject: Subject) -> String {
        let is_level = |at: &usize| self.tokens.get(*at).is_some_and(|token| token.is(LEVEL));
        let extend = |end: usize| (end + 1..end + 4).take_while(is_level).last().unwrap_or(end);
        match subject {
            Subject::Here(thing) => self.span(first.min(thing), extend(last.max(thing))),
            Subject::Earlier(thing) => {
                format!("{} {}", self.span(thing, thing), self.span(first, extend(last)))
            }
            Subject::Nobody | Subject::Another => self.span(first, last),
        }
    }

    /// The text of some tokens, in lower case.
    fn span(&self, first: usize, last: usize) -> String {
        let mut text = String::new();
        let mut end = None;
        for token in &self.tokens[first..=last] {
            // An apostrophe or hyphen stays; more than that is a space.
            let between = end.map_or("", |end| &self.note[end..token.start]);
            text.push_str(if between.len() <= 4 { between } else { " " });
            text.push_str(&self.note[token.start..token.end]);
            end = Some(token.end);
        }
        clean(&text.to_lowercase(), 200)
    }
}

/// What stands behind a state.
#[derive(Debug, Clone, Copy)]
enum Behind {
    Thing { at: usize, is_direct: bool },
    Another,
    Nothing,
}

/// The first words stay.
fn keep(place: &mut Option<String>, words: Option<String>) {
    if place.is_none() {
        *place = words;
    }
}
