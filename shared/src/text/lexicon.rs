//! The vocabulary as a table: every word has a number, what it may be, and the phrases that begin with it.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};

use super::{
    fold,
    role::Roles,
    vocabulary::{INFLECTED, WORDS},
};

/// Number of a word of the vocabulary; 0 is any other word.
pub(super) type Id = u16;

/// A word of the vocabulary.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// What it may be when it stands alone.
    pub(super) roles: Roles,
    /// Phrases that begin with it, longest first: the words behind it, and what the whole is.
    pub(super) phrases: Vec<(Vec<Id>, Roles)>,
}

/// The table.
pub(super) struct Lexicon {
    ids: HashMap<String, Id, BuildHasherDefault<Fnv>>,
    entries: Vec<Entry>,
    /// Words that a number beside them turns into something else.
    pub(super) numbered: Numbered,
}

/// `2 hr`, `14 h` are hours, `30 min` minutes, `no 12` is a number: no humidity, limit or negation.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    pub(super) hr: Id,
    pub(super) h: Id,
    pub(super) min: Id,
    pub(super) no: Id,
    /// `T°` is the temperature.
    pub(super) t: Id,
}

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

impl Lexicon {
    fn new() -> Self {
        let mut lexicon =
            Self { ids: HashMap::default(), entries: vec![Entry::default()], numbered: Numbered::default() };
        let texts = || entries(WORDS).chain(entries(INFLECTED));
        for (text, roles) in texts().filter(|(text, _)| !text.contains(' ')) {
            lexicon.add(&text, roles);
        }
        // A word of its own is never an ending of another one; a word of a phrase may be.
        for (text, _) in entries(INFLECTED) {
            let Some(id) = lexicon.ids.get(&text).copied() else { continue };
            for ending in ["e", "s", "es"] {
                lexicon.ids.entry(format!("{text}{ending}")).or_insert(id);
            }
        }
        for (text, roles) in texts().filter(|(text, _)| text.contains(' ')) {
            lexicon.add(&text, roles);
        }
        for entry in &mut lexicon.entries {
            entry.phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        lexicon.numbered = Numbered {
            hr: lexicon.id("hr"),
            h: lexicon.id("h"),
            min: lexicon.id("min"),
            no: lexicon.id("no"),
            t: lexicon.id("t"),
        };
        lexicon
    }

    fn add(&mut self, text: &str, roles: Roles) {
        let words: Vec<Id> = text.split(' ').map(|word| self.number(word)).collect();
        let [first, rest @ ..] = &words[..] else { return };
        let entry = &mut self.entries[usize::from(*first)];
        if rest.is_empty() {
            entry.roles |= roles;
        } else if let Some(known) = entry.phrases.iter_mut().find(|known| known.0 == rest) {
            known.1 |= roles;
        } else {
            entry.phrases.push((rest.to_vec(), roles));
        }
    }

    fn number(&mut self, word: &str) -> Id {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = self.entries.len() as Id;
        self.ids.insert(word.to_owned(), id);
        self.entries.push(Entry::default());
        id
    }

    /// The number of a folded word.
    pub(super) fn id(&self, word: &str) -> Id {
        self.ids.get(word).copied().unwrap_or_default()
    }

    /// A word by its number.
    pub(super) fn entry(&self, id: Id) -> &Entry {
        &self.entries[usize::from(id)]
    }
}

/// Each text of a list, folded, with what it may be.
fn entries(list: &'static [(Roles, &'static str)]) -> impl Iterator<Item = (String, Roles)> {
    list.iter().flat_map(|(roles, texts)| texts.split(',').map(|text| (fold(text.trim()), *roles)))
}

/// FNV-1a: words are short, and the table holds nothing from outside.
#[derive(Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::role::*, *};

    #[test]
    fn a_phrase_is_found_by_its_first_word_and_the_longest_stands_first() {
        let lexicon = Lexicon::new();
        let plugged = lexicon.entry(lexicon.id("plugged"));
        assert_eq!(plugged.roles, POWERED);
        let lengths: Vec<usize> = plugged.phrases.iter().map(|(words, _)| words.len()).collect();
        assert!(lengths.is_sorted_by(|a, b| a >= b) && lengths.len() > 3, "{lengths:?}");
        assert_eq!(lexicon.id("unheard"), 0);
    }

    #[test]
    fn endings_are_those_of_things_and_states_only() {
        let lexicon = Lexicon::new();
        assert_eq!(lexicon.id("debranchees"), lexicon.id("debranche"));
        // `note` is no form of `not`, `pass` none of `pas`.
        assert_ne!(lexicon.id("note"), lexicon.id("not"));
        assert_eq!(lexicon.id("pass"), 0);
    }
}
