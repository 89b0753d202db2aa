//! What a note says about the humidity system of a piano: problems, and that they are over. It refuses to guess:
//! what is asked, supposed, denied or said of something else is nothing.
//!
//! 1. **A problem is a thing and its state**, in either order, in one clause (see `measurement.rs` for
//!    clauses; a colon ends none), in any form of both languages:
//!    - *housse*: the cover (`housse`, `couvercle`, `couverture`, `cover`) is removed, off, missing, lost, stolen,
//!      on the floor, not there, not in place;
//!    - *alimentation*: the system (`PLS`, `Dampp-Chaser`, `système`, `player`, `humidificateur`, `unit`, `prise`,
//!      `plug`, `cord`, `fil`, `câble`, `power` …) or the piano is unplugged, disconnected, or *not* plugged in,
//!      connected; the system (not the piano) is off, out of order, without power, or does *not* work; `rallonge`,
//!      `extension cord` by themselves;
//!    - *reservoir*: the tank (`réservoir`, `tank`, `bac`; or the system, for what is empty or filled) is empty, dry,
//!      emptied, without water, or to be filled (`remplir`, `fill`, `refill`, `doit être rempli`, `needs to be
//!      filled`); the tank is missing;
//!    - *environnement*: a window is open; humidity or temperature is low, high, `basse`, `élevée`, `faible`,
//!      abnormal, too …, lacking, or has a problem or issue; it, a room, the air or the piano is too/very dry,
//!      humid, damp, cold, hot; `chauffage`, `heating`, `ventilation`, `conditions inadéquates` by themselves.
//! 2. **Absence**: a negation directly before cover, tank, heating (`pas de housse`, `sans réservoir`, `no cover`,
//!    `plus de housse`) is a problem, unless a state, a problem or `needed` follows (`pas de housse enlevée` denies
//!    the state).
//! 3. **Over**: the system or piano is plugged in again (`rebranché`, `reconnecté`, `plugged in/back`, `a été
//!    branché`; `branché` alone is nothing); the cover is put back (`remise`, `replacée`, `installée`, `en place`,
//!    `put back`, `replaced`, `back on`); the tank is filled, full, put back; the window is closed; humidity or
//!    temperature is `normale`, `correcte`, `ok`; `corrigé`, `résolu`, `fixed`, `resolved`. An infinitive (`à
//!    rebrancher`, `rebrancher`) is not done. `remise` beside an amount (`remise de 20 %`), or `une`/`la remise`,
//!    is a discount.
//! 4. **Whose state it is.** The nearest fitting thing before it in its clause (within 12 words); a thing of
//!    another kind (pedal, lamp, microphone, keyboard, string, felt, bench, door, form, television …) that is
//!    nearer takes the state away. Else the thing behind it. A clause that names no thing goes on with the last
//!    fitting thing of its sentence, unless an other thing came later (`Housse enlevée, remise`; `Pédale réparée,
//!    débranchée` is nothing). A word that the vocabulary does not know, directly before the state (`Rhodes
//!    débranché`) or with an article behind it (`rempli la demande`), takes it, too; people (`client`, `concierge`)
//!    do not.
//! 5. **Alone**, without any thing: `débranché`, `unplugged`, `pas branché`, `trop sec` and the like are problems;
//!    `rebranché`, `remise`, `rempli`, `corrigé` are resolutions, but of all but `rebranché` only within their own
//!    note. `vide`, `enlevée`, `éteint`, `ouverte` need their thing.
//! 6. **Negations, conditions, questions** are those of `negation.rs`. A negated resolution is neither a
//!    resolution nor a problem. Behind a word of intention (`sera`, `doit`, `will`, `needs to` …) nothing is
//!    reported, except that a tank is to be filled, `chauffage`, `rallonge` and their like. A sentence with a
//!    question mark says nothing.
//! 7. **The words** announced are the note's own, in lower case, from the first to the last one needed, with what
//!    says how much (`humidité trop basse`); a thing named in an earlier clause stands before its state.
//!    `rebranché`, `remise`, `corrigé` stand alone. The first words of each problem stay.

use super::{
    reading::Reading,
    role::*,
    sentence::Sentence,
    token::{Kind, Tokens},
};

/// Whether a note reports a problem, over or not.
pub fn is_maintenance_alert(note: &str) -> bool {
    read_note(note).has_alert()
}

/// Reads a note.
pub fn read_note(note: &str) -> Reading {
    let tokens = Tokens::read(note);
    let mut reading = Reading::default();
    let may_lack = tokens.roles & (LACK | PLUS) != 0 && tokens.roles & (COVER | TANK) != 0;
    if tokens.roles & STATES == 0 && !may_lack {
        return reading;
    }
    let list = &tokens.list;
    let mut start = 0;
    while start < list.len() {
        let end = list[start..].iter().position(|token| token.kind.ends_sentence());
        let end = end.map_or(list.len(), |length| start + length);
        let marks = list[end..].iter().take_while(|token| token.kind.ends_sentence());
        let (mut next, mut is_question) = (end, false);
        for mark in marks {
            is_question |= mark.kind == Kind::Question;
            next += 1;
            if mark.kind == Kind::Line {
                break;
            }
        }
        if !is_question {
            Sentence::new(note, &list[start..end], &mut reading).read();
        }
        start = next.max(start + 1);
    }
    reading
}
