//! What a note says about the humidity system of a piano.
//!
//! A note is read once: its words are looked up, phrases are sequences of words within one sentence. No phrase is
//! found inside a longer word: `hauteur` is not `haute`.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    fold,
    vocabulary::{ALERTS, BROAD, CONTEXT, GENERIC_RESOLUTIONS, NEGATIONS, RESOLUTIONS, TOPICS, Trouble},
};

/// What a note says, per trouble: the phrase that reports it, and the one that says that it is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    alerts: [Option<&'static str>; 4],
    resolutions: [Option<&'static str>; 4],
    named: [Option<&'static str>; 4],
}

impl Reading {
    /// The phrase that reports this trouble.
    pub fn alert(&self, trouble: Trouble) -> Option<&'static str> {
        self.alerts[trouble as usize]
    }

    /// The phrase that says that this trouble is over.
    pub fn resolution(&self, trouble: Trouble) -> Option<&'static str> {
        self.resolutions[trouble as usize]
    }

    /// The phrase that says that this trouble is over, if its sentence says of what it speaks: the only kind that
    /// ends a trouble of another note.
    pub fn named_resolution(&self, trouble: Trouble) -> Option<&'static str> {
        self.named[trouble as usize]
    }

    /// Whether any trouble is reported.
    pub fn has_alert(&self) -> bool {
        self.alerts.iter().any(Option::is_some)
    }
}

/// Whether a note reports a trouble, over or not.
pub fn is_maintenance_alert(note: &str) -> bool {
    read_note(note).has_alert()
}

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Alert(Trouble),
    Resolution(Trouble),
    GenericResolution(Trouble),
    Broad,
    Context,
    Topic(Trouble),
    Negation,
}

struct Phrase {
    words: Vec<u16>,
    meaning: Meaning,
    text: &'static str,
}

/// Number of a word that no phrase has.
const OTHER: u16 = 0;
/// End of a sentence: no phrase goes across.
const STOP: u16 = 1;
/// A number, or a word that begins with one.
const NUMBER: u16 = 2;
/// `%` or `$`.
const SHARE: u16 = 3;
/// The last of the numbers that stand for no word.
const RESERVED: u16 = SHARE;

struct Vocabulary {
    numbers: HashMap<String, u16>,
    /// Phrases by the number of their first word.
    phrases: Vec<Vec<Phrase>>,
}

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let mut vocabulary = Vocabulary { numbers: HashMap::new(), phrases: Vec::new() };
    for (trouble, phrases) in ALERTS {
        vocabulary.add(phrases, Meaning::Alert(trouble));
    }
    for (trouble, phrases) in RESOLUTIONS {
        vocabulary.add(phrases, Meaning::Resolution(trouble));
    }
    for (trouble, phrases) in GENERIC_RESOLUTIONS {
        vocabulary.add(phrases, Meaning::GenericResolution(trouble));
    }
    vocabulary.add(BROAD, Meaning::Broad);
    vocabulary.add(CONTEXT, Meaning::Context);
    for (trouble, words) in TOPICS {
        vocabulary.add(words, Meaning::Topic(trouble));
    }
    vocabulary.add(NEGATIONS, Meaning::Negation);
    vocabulary
});

/// The numbers that a word of a note may stand for: itself, and itself without an ending.
type Word = [u16; 3];

impl Vocabulary {
    fn add(&mut self, phrases: &[&'static str], meaning: Meaning) {
        for text in phrases {
            let words: Vec<u16> = fold(text)
                .split(' ')
                .map(|word| {
                    let next = self.numbers.len() as u16 + RESERVED + 1;
                    *self.numbers.entry(word.to_owned()).or_insert(next)
                })
                .collect();
            self.phrases.resize_with(self.numbers.len() + usize::from(RESERVED) + 1, Vec::new);
            self.phrases[usize::from(words[0])].push(Phrase { words, meaning, text });
        }
    }

    fn word(&self, word: &str) -> Word {
        if word.as_bytes()[0].is_ascii_digit() {
            return [NUMBER, OTHER, OTHER];
        }
        let number = |word: &str| self.numbers.get(word).copied().unwrap_or(OTHER);
        match word.as_bytes() {
            [.., b'e', b's'] => {
                [number(word), number(&word[..word.len() - 1]), number(&word[..word.len() - 2])]
            }
            [.., b'e' | b's'] => [number(word), number(&word[..word.len() - 1]), OTHER],
            _ => [number(word), OTHER, OTHER],
        }
    }

    fn words(&self, folded: &str) -> Vec<Word> {
        let mut words = Vec::with_capacity(folded.len() / 5 + 1);
        let bytes = folded.as_bytes();
        let mut start = 0;
        for (at, letter) in folded.char_indices().chain([(folded.len(), ' ')]) {
            if letter.is_alphanumeric() {
                continue;
            }
            if start < at {
                words.push(self.word(&folded[start..at]));
            }
            start = at + letter.len_utf8();
            // A point between digits is a decimal point.
            let is_decimal = letter == '.'
                && at > 0
                && bytes[at - 1].is_ascii_digit()
                && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            if matches!(letter, '.' | ';' | '!' | '?') && !is_decimal {
                words.push([STOP, OTHER, OTHER]);
            }
            if matches!(letter, '%' | '$') {
                words.push([SHARE, OTHER, OTHER]);
            }
        }
        words
    }
}

/// Reads a note.
pub fn read_note(note: &str) -> Reading {
    let vocabulary = &*VOCABULARY;
    // Line breaks end a sentence too; folding would make spaces of them.
    let folded = match note.contains(['\n', '\r']) {
        true => fold(&note.replace(['\n', '\r'], ". ")),
        false => fold(note),
    };
    let words = vocabulary.words(&folded);
    let mut reading = Reading::default();
    let mut sentence = Sentence::default();
    for (at, word) in words.iter().enumerate() {
        if word[0] == STOP {
            sentence.end(&mut reading);
        }
        for number in word.iter().filter(|number| **number > RESERVED) {
            for phrase in &vocabulary.phrases[usize::from(*number)] {
                let rest = &words[at + 1..];
                let is_here = phrase.words.len() <= rest.len() + 1
                    && phrase.words[1..].iter().zip(rest).all(|(wanted, word)| word.contains(wanted));
                if !is_here {
                    continue;
                }
                match phrase.meaning {
                    Meaning::Alert(trouble) => {
                        reading.alerts[trouble as usize].get_or_insert(phrase.text);
                    }
                    Meaning::Resolution(_) | Meaning::GenericResolution(_) if sentence.is_negated(at) => {}
                    Meaning::GenericResolution(_) if phrase.text == "remise" && is_discount(&words, at) => {}
                    Meaning::Resolution(trouble) => {
                        reading.resolutions[trouble as usize].get_or_insert(phrase.text);
                        reading.named[trouble as usize].get_or_insert(phrase.text);
                    }
                    Meaning::GenericResolution(trouble) => {
                        reading.resolutions[trouble as usize].get_or_insert(phrase.text);
                        sentence.generic[trouble as usize] = Some(phrase.text);
                    }
                    Meaning::Broad => sentence.broad = sentence.broad.or(Some(phrase.text)),
                    Meaning::Context => sentence.has_context = true,
                    Meaning::Topic(trouble) => sentence.topics[trouble as usize] = true,
                    Meaning::Negation => sentence.negated_at = Some(at),
                }
            }
        }
    }
    sentence.end(&mut reading);
    reading
}

/// What is known of the sentence that is being read.
#[derive(Default)]
struct Sentence {
    broad: Option<&'static str>,
    has_context: bool,
    topics: [bool; 4],
    generic: [Option<&'static str>; 4],
    negated_at: Option<usize>,
}

impl Sentence {
    fn is_negated(&self, at: usize) -> bool {
        self.negated_at.is_some_and(|negation| at - negation <= 3)
    }

    /// What only the whole sentence tells.
    fn end(&mut self, reading: &mut Reading) {
        if let (Some(text), true) = (self.broad, self.has_context) {
            reading.alerts[Trouble::Environnement as usize].get_or_insert(text);
        }
        for trouble in Trouble::ALL {
            if let (Some(text), true) = (self.generic[trouble as usize], self.topics[trouble as usize]) {
                reading.named[trouble as usize].get_or_insert(text);
            }
        }
        *self = Self::default();
    }
}

/// `remise de 20 %` and `20 % de remise` give money back, not a cover.
fn is_discount(words: &[Word], at: usize) -> bool {
    let number = |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| word[0] == NUMBER);
    let share = |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| word[0] == SHARE);
    let of = VOCABULARY.numbers.get("de").copied();
    let is_of = |at: usize| words.get(at).is_some_and(|word| Some(word[0]) == of);
    (number(Some(at + 1)) && share(Some(at + 2)))
        || (is_of(at + 1) && number(Some(at + 2)) && share(Some(at + 3)))
        || (share(at.checked_sub(1)) && number(at.checked_sub(2)))
        || (at > 0 && is_of(at - 1) && share(at.checked_sub(2)) && number(at.checked_sub(3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alerts(note: &str) -> Vec<&'static str> {
        let reading = read_note(note);
        Trouble::ALL.iter().filter(|trouble| reading.alert(**trouble).is_some()).map(|t| t.name()).collect()
    }

    #[test]
    fn every_phrase_is_found_and_means_what_it_says() {
        for (trouble, phrases) in ALERTS {
            for phrase in phrases {
                let note = format!("À l'arrivée : {}, sinon rien.", phrase.to_uppercase());
                assert!(read_note(&note).alert(trouble).is_some(), "{phrase}");
            }
        }
        for (trouble, phrases) in RESOLUTIONS.into_iter().chain(GENERIC_RESOLUTIONS) {
            for phrase in phrases {
                let reading = read_note(&format!("Piano vu ({phrase}) ce matin"));
                assert_eq!(reading.resolution(trouble), Some(*phrase));
            }
        }
    }

    /// The predecessor's keywords, as it spelled them.
    #[test]
    fn the_predecessors_keywords_still_alert_and_resolve() {
        let alerting = [
            (
                "housse",
                "housse enlevee,housse retiree,housse retirée,cover removed,sans housse,missing cover",
            ),
            (
                "alimentation",
                "prise debranchee,debranché,pls débranché,pl debranché,player débranché,dampp chaser débranché,\
                 système débranché,power unplugged,deconnecte,pas branche,not plugged",
            ),
            (
                "reservoir",
                "reservoir vide,reservoir à remplir,remplir réservoir,tank empty,empty tank,reservoir manquant,\
                 missing reservoir,pas de reservoir,no reservoir",
            ),
            (
                "environnement",
                "fenetre ouverte,temperature basse,chauffage,heating,ventilation,humidité trop haute,\
                 humidity too high,humidite anormale,température: problème,temperature low,humidity abnormal",
            ),
        ];
        for (name, phrases) in alerting {
            for phrase in phrases.split(',') {
                assert_eq!(alerts(phrase.trim()), [name], "{phrase}");
            }
        }
        let resolving = [
            (Trouble::Housse, "replacee,remise,replaced,put back,repositionnee,installee,installed"),
            (
                Trouble::Alimentation,
                "rebranche,reconnecte,reconnected,plugged back,plugged in,repluge,a été branché,\
                 est branché maintenant,branché à nouveau",
            ),
            (
                Trouble::Reservoir,
                "reservoir rempli,tank filled,filled tank,réservoir rempli à nouveau,reservoir remis,\
                 reservoir reinstalled",
            ),
            (
                Trouble::Environnement,
                "fenetre fermee,window closed,temperature normale,temperature normal,humidite normale,\
                 humidity normal,corrige,fixed,resolu,resolved",
            ),
        ];
        for (trouble, phrases) in resolving {
            for phrase in phrases.split(',') {
                assert!(read_note(phrase.trim()).resolution(trouble).is_some(), "{phrase}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_keyword_is_none() {
        for note in [
            "Humidité: hauteur du clavier réglée",
            "Température du tissu de la housse",
            "Humidity below the case",
            "Accord 440",
            "Accord avec remise de 20 %",
            "Humidité",
            "Humidité 45 %. Pédale trop basse",
            "21C, 39%",
            "PLS rebranché, tout va bien",
        ] {
            assert_eq!(alerts(note), Vec::<&str>::new(), "{note}");
        }
        assert_eq!(read_note("remise de 20 %").resolution(Trouble::Housse), None);
        assert_eq!(read_note("20 % de remise").resolution(Trouble::Housse), None);
        for note in [
            "housse remise en place",
            "Housse enlevée, remise. 21C, 40%",
            "21C, 40% Housse remise",
            "Housse remise le 12",
        ] {
            assert!(read_note(note).resolution(Trouble::Housse).is_some(), "{note}");
        }
    }

    #[test]
    fn what_is_not_done_is_no_resolution() {
        for note in [
            "PLS débranché, pas rebranché",
            "PLS débranché, n'a pas encore été rebranché",
            "unplugged, not plugged in",
        ] {
            assert_eq!(read_note(note).resolution(Trouble::Alimentation), None, "{note}");
        }
        assert_eq!(read_note("Fenêtre ouverte, non résolu").resolution(Trouble::Environnement), None);
        assert!(read_note("Housse pas là. Rebranché le PLS").resolution(Trouble::Alimentation).is_some());
    }

    #[test]
    fn another_note_is_ended_only_by_one_that_names_what_is_repaired() {
        let named = |note: &str, trouble| read_note(note).named_resolution(trouble);
        assert_eq!(named("Cordes installées, feutre replacé", Trouble::Housse), None);
        assert_eq!(named("Bass string replaced", Trouble::Housse), None);
        assert_eq!(named("La housse a été replacée", Trouble::Housse), Some("replacée"));
        assert_eq!(named("PLS rebranché", Trouble::Alimentation), Some("rebranché"));
        assert_eq!(named("Pédale: corrigé", Trouble::Environnement), None);
        assert_eq!(named("Problème d'humidité corrigé", Trouble::Environnement), Some("corrigé"));
    }

    #[test]
    fn one_note_may_report_several_troubles_and_end_some_of_them() {
        let note = "21°C, 28%. PLS débranché, réservoirs vides.\nJe l'ai rebranché";
        assert_eq!(alerts(note), ["alimentation", "reservoir"]);
        let reading = read_note(note);
        assert_eq!(reading.resolution(Trouble::Alimentation), Some("rebranché"));
        assert_eq!(reading.resolution(Trouble::Reservoir), None);
    }

    #[test]
    fn plugged_in_again_is_not_an_alert() {
        assert!(is_maintenance_alert("PLS débranché à mon arrivée"));
        assert!(is_maintenance_alert("Réservoirs vides"));
        assert!(!is_maintenance_alert("PLS rebranché, tout va bien"));
        assert!(!is_maintenance_alert("Accord 440, humidité normale"));
    }
}
