//! Which state of which thing means what.

use super::{role::*, vocabulary::Problem};

/// What a word of state says of the things that it may be said of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) states: Roles,
    pub(super) things: Roles,
    /// Whether it may stand alone.
    pub(super) alone: Alone,
    pub(super) meaning: Meaning,
}

/// Whether a state needs its thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// In its own clause.
    Never,
    /// In its clause, or as the thing last named in the sentence.
    InSentence,
    /// It speaks for itself, unless something else is named.
    Always,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Alert(Problem),
    /// An alert when it is denied; nothing else.
    Denied(Problem),
    /// An alert, although it is still to come.
    ToDo(Problem),
    /// Over; an alert when it is still to come.
    Done(Problem),
    /// Over; the words are the thing and its state.
    Over(Problem),
    /// Over; the word of state says it by itself.
    Restored(Problem),
    /// As `Restored`, and names its problem even when it stands alone.
    Named(Problem),
}

/// A word that is several states, or may be said of several things, is the first one that applies: a thing that is
/// named comes before none.
pub(super) const RULES: [Rule; 21] = {
    use Alone::{Always, InSentence, Never};
    use Meaning::{Alert, Denied, Done, Named, Over, Restored, ToDo};
    use Problem::{Alimentation, Environnement, Housse, Reservoir};
    const fn rule(states: Roles, things: Roles, alone: Alone, meaning: Meaning) -> Rule {
        Rule { states, things, alone, meaning }
    }
    [
        rule(REMOVED | GONE | OFF, COVER, InSentence, Alert(Housse)),
        rule(UNPLUGGED, POWER | PIANO | CORD, Always, Alert(Alimentation)),
        rule(POWERED, POWER | PIANO | CORD, Always, Denied(Alimentation)),
        rule(DEAD | OFF, POWER, InSentence, Alert(Alimentation)),
        rule(WORKS, POWER, InSentence, Denied(Alimentation)),
        rule(EMPTY | GONE, TANK, InSentence, Alert(Reservoir)),
        rule(TO_FILL, TANK, InSentence, ToDo(Reservoir)),
        rule(FILLED, TANK, Always, Done(Reservoir)),
        rule(EMPTY, POWER, InSentence, Alert(Reservoir)),
        rule(TO_FILL, POWER, InSentence, ToDo(Reservoir)),
        rule(FILLED, POWER, InSentence, Done(Reservoir)),
        rule(OPEN, WINDOW, InSentence, Alert(Environnement)),
        rule(LEVEL, HUMIDITY | TEMPERATURE, InSentence, Alert(Environnement)),
        rule(PROBLEM, HUMIDITY | TEMPERATURE, Never, Alert(Environnement)),
        rule(CLIMATE, ROOM | PIANO | HUMIDITY | TEMPERATURE | ENVIRONMENT, Always, Alert(Environnement)),
        rule(PUT_BACK, COVER, Always, Restored(Housse)),
        rule(REPOWERED, POWER | PIANO | CORD, Always, Named(Alimentation)),
        rule(PUT_BACK, TANK, InSentence, Over(Reservoir)),
        rule(CLOSED, WINDOW, InSentence, Over(Environnement)),
        rule(NORMAL, HUMIDITY | TEMPERATURE, InSentence, Over(Environnement)),
        rule(FIXED, HUMIDITY | TEMPERATURE | WINDOW | ENVIRONMENT, Always, Restored(Environnement)),
    ]
};

/// Kinds of things, by the number of their bit among [`THINGS`] and the two words that are problems by themselves.
pub(super) const KINDS: [Roles; 11] =
    [COVER, TANK, POWER, PIANO, WINDOW, HUMIDITY, TEMPERATURE, ROOM, OTHER, ENVIRONMENT, CORD];
