//! A note as words, numbers and signs.
//!
//! Look-alike signs are one sign (`º ˚ o` for a degree, full-width digits, every dash, every apostrophe), a phrase of
//! the vocabulary is one word, letters and digits are parted (`HR38%`). One pass, whatever the note holds.

use super::{
    fold_letter,
    lexicon::{Id, LEXICON, Lexicon},
    role::*,
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, or a phrase of the vocabulary.
    Word,
    /// Digits with decimals.
    Number,
    /// `%`
    Percent,
    /// `°`
    Degree,
    /// A dash that is no hyphen of a word.
    Dash,
    /// `+`
    Plus,
    /// `±`
    Tolerance,
    /// `:`, `=`, `~`, `@`: leads on.
    Colon,
    /// `<`, `≥` …
    Compare,
    /// `$`, `€`
    Money,
    /// `,`
    Comma,
    /// `/`
    Slash,
    /// `|`, `•`, an arrow, a word that is too long to be one.
    Bar,
    /// A bracket that opens.
    Open,
    /// A bracket that closes.
    Close,
    /// `.`, `;`, `!`
    Stop,
    /// `?`
    Question,
    /// The end of a line.
    Line,
}

impl Kind {
    /// Ends a sentence.
    pub(super) fn ends_sentence(self) -> bool {
        matches!(self, Kind::Stop | Kind::Question | Kind::Line)
    }

    /// Ends a clause.
    pub(super) fn ends_clause(self) -> bool {
        self.ends_sentence()
            || matches!(self, Kind::Comma | Kind::Slash | Kind::Dash | Kind::Bar | Kind::Open | Kind::Close)
    }
}

/// A token and where it stands in the note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// First byte.
    pub(super) start: usize,
    /// First byte behind it.
    pub(super) end: usize,
    /// Number of the word.
    pub(super) id: Id,
    /// What the word may be.
    pub(super) roles: Roles,
    /// Follows the token before it without a space.
    pub(super) is_glued: bool,
    /// An apostrophe follows: `c'est` holds no Celsius.
    pub(super) is_elided: bool,
    /// Value of a number; not finite when it is a code (`12.05.2024`).
    pub(super) value: f64,
}

impl Token {
    /// Whether the word may be any of these.
    pub(super) fn is(&self, roles: Roles) -> bool {
        self.roles & roles != 0
    }

    /// A word that names something the vocabulary does not know.
    pub(super) fn is_unknown(&self) -> bool {
        self.kind == Kind::Word && self.roles == 0
    }
}

/// The tokens of a note.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    /// What any of the words may be.
    pub(super) roles: Roles,
}

/// Longest word in bytes: what is longer is no word, and nothing reaches across it.
const LONGEST_WORD: usize = 60;

impl Tokens {
    /// Reads a note.
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader {
            text,
            at: 0,
            is_glued: false,
            word: String::with_capacity(32),
            tokens: Vec::with_capacity(text.len() / 4 + 4),
            lexicon: &LEXICON,
        };
        while reader.next() {}
        let mut list = reader.tokens;
        join_phrases(&mut list, &LEXICON);
        settle_numbered(&mut list, &LEXICON);
        let roles = list.iter().fold(0, |all, token| all | token.roles);
        Self { list, roles }
    }
}

/// Puts the words of a phrase together.
fn join_phrases(tokens: &mut Vec<Token>, lexicon: &Lexicon) {
    let (mut read, mut write) = (0, 0);
    while let Some(first) = tokens.get(read).copied() {
        let mut token = first;
        let mut length = 1;
        if first.id != 0 {
            let found = lexicon.entry(first.id).phrases.iter().find(|(words, _)| {
                let rest = tokens.get(read + 1..read + 1 + words.len());
                rest.is_some_and(|rest| rest.iter().zip(words).all(|(token, word)| token.id == *word))
            });
            if let Some((words, roles)) = found {
                length += words.len();
                let last = tokens[read + length - 1];
                token = Token { end: last.end, is_elided: last.is_elided, roles: *roles, id: 0, ..first };
            }
        }
        tokens[write] = token;
        write += 1;
        read += length;
    }
    tokens.truncate(write);
}

/// A number beside them makes hours of `hr` and `h`, minutes of `min`, an ordinal of `no`.
fn settle_numbered(tokens: &mut [Token], lexicon: &Lexicon) {
    let special = &lexicon.numbered;
    for at in 0..tokens.len() {
        let id = tokens[at].id;
        if id == 0 {
            continue;
        }
        let is_number = |at: Option<usize>| {
            at.and_then(|at| tokens.get(at)).is_some_and(|token| token.kind == Kind::Number)
        };
        let behind_number = is_number(at.checked_sub(1));
        let is_unit = (id == special.hr || id == special.min) && behind_number;
        if is_unit || (id == special.no && is_number(Some(at + 1))) {
            tokens[at].roles = SMALL;
        } else if id == special.h {
            let skip = tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Colon);
            let names = !behind_number && is_number(Some(at + 1 + usize::from(skip)));
            tokens[at].roles = if names { HUMIDITY } else { SMALL };
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    is_glued: bool,
    /// The word that is being read, folded.
    word: String,
    tokens: Vec<Token>,
    lexicon: &'a Lexicon,
}

impl Reader<'_> {
    fn peek(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.tokens.push(Token {
            kind,
            start,
            end,
            id: 0,
            roles: 0,
            is_glued: self.is_glued,
            is_elided: false,
            value: 0.0,
        });
        self.at = end;
        self.is_glued = true;
    }

    fn push_word(&mut self, start: usize, end: usize) {
        self.push(Kind::Word, start, end);
        let id = self.lexicon.id(&self.word);
        let is_word = end - start <= LONGEST_WORD;
        if let Some(token) = self.tokens.last_mut() {
            token.id = id;
            token.roles = self.lexicon.entry(id).roles;
            token.kind = if is_word { Kind::Word } else { Kind::Bar };
        }
    }

    /// Reads one token or sign; false at the end.
    fn next(&mut self) -> bool {
        let Some(letter) = self.peek(self.at) else { return false };
        let (start, end) = (self.at, self.at + letter.len_utf8());
        match plain(letter) {
            '0'..='9' => self.number(),
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                self.push(Kind::Line, start, end);
                self.is_glued = false;
            }
            '.' => self.point(start, end),
            '-' => self.dash(letter, start, end),
            '\'' => self.apostrophe(end),
            '*' => self.star(start, end),
            '½' | '¼' | '¾' | '⅓' | '⅔' => self.fraction(letter, start, end),
            '℃' | '℉' => {
                self.push(Kind::Degree, start, start);
                self.word.clear();
                self.word.push(if letter == '℃' { 'c' } else { 'f' });
                self.push_word(start, end);
            }
            '&' => {
                self.word.clear();
                self.word.push_str("et");
                self.push_word(start, end);
            }
            // A ring above a digit is a degree sign that was decomposed; other accents belong to their letters.
            '\u{30a}' if self.follows_number() => self.push(Kind::Degree, start, end),
            '\u{300}'..='\u{36f}' => self.at = end,
            // Marks without a width.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{ad}' => {
                self.at = end;
            }
            plain => match sign(plain) {
                Some(kind) => self.push(kind, start, end),
                None if plain.is_alphabetic() => self.word(),
                None => {
                    self.at = end;
                    self.is_glued = false;
                }
            },
        }
        true
    }

    fn follows_number(&self) -> bool {
        self.is_glued && self.tokens.last().is_some_and(|token| token.kind == Kind::Number)
    }

    /// Letters, and single letters with points between them (`H.R.`).
    fn word(&mut self) {
        let start = self.at;
        let mut end = start;
        self.word.clear();
        let mut letters = 0_usize;
        while let Some(letter) = self.peek(end) {
            let small = plain(letter);
            if small.is_ascii_alphabetic() {
                self.word.push(small.to_ascii_lowercase());
            } else if matches!(small, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}') {
                end += letter.len_utf8();
                continue;
            } else if small.is_alphabetic() && sign(small).is_none() {
                small.to_lowercase().for_each(|letter| fold_letter(letter, &mut self.word));
            } else {
                break;
            }
            letters += 1;
            end += letter.len_utf8();
        }
        if letters == 1 && !self.follows_number() {
            end = self.initials(end);
        }
        self.push_word(start, end);
    }

    /// The end of single letters with points between them, which are added to the word.
    fn initials(&mut self, mut end: usize) -> usize {
        let mut is_joined = false;
        loop {
            let mut next = self.text[end..].chars();
            let (Some('.'), Some(letter)) = (next.next(), next.next()) else { break };
            let is_single = next.next().is_none_or(|after| !after.is_alphanumeric());
            if !letter.is_alphabetic() || !is_single || self.word.len() >= 8 {
                break;
            }
            letter.to_lowercase().for_each(|letter| fold_letter(letter, &mut self.word));
            end += 1 + letter.len_utf8();
            is_joined = true;
        }
        if is_joined && self.text[end..].starts_with('.') { end + 1 } else { end }
    }

    fn number(&mut self) {
        let start = self.at;
        let (mut value, mut scale, mut separator, mut is_code) = (0.0_f64, 1.0_f64, None, false);
        let mut end = start;
        while let Some(letter) = self.peek(end) {
            let next = end + letter.len_utf8();
            match (plain(letter), separator) {
                (digit @ '0'..='9', _) => {
                    let digit = f64::from(u32::from(digit) - u32::from('0'));
                    if separator.is_some() {
                        scale /= 10.0;
                        value += digit * scale;
                    } else {
                        value = value * 10.0 + digit;
                    }
                }
                (mark @ ('.' | ','), seen)
                    if self.peek(next).is_some_and(|next| plain(next).is_ascii_digit()) =>
                {
                    match seen {
                        None => separator = Some(mark),
                        Some(seen) if seen == mark => is_code = true,
                        Some(_) => break,
                    }
                }
                _ => break,
            }
            end = next;
        }
        self.push(Kind::Number, start, end);
        if let Some(token) = self.tokens.last_mut() {
            // One decimal of a sum of tenths is exact enough when it is rounded once.
            token.value = if is_code { f64::NAN } else { (value * 1e6).round() / 1e6 };
        }
    }

    fn fraction(&mut self, letter: char, start: usize, end: usize) {
        let part = match letter {
            '½' => 0.5,
            '¼' => 0.25,
            '¾' => 0.75,
            '⅓' => 1.0 / 3.0,
            _ => 2.0 / 3.0,
        };
        let text = self.text;
        match self.tokens.last_mut() {
            Some(last)
                if last.kind == Kind::Number
                    && last.value.fract() == 0.0
                    && text[last.end..start].chars().all(|letter| letter == ' ') =>
            {
                last.value += part;
                last.end = end;
                self.at = end;
            }
            _ => {
                self.push(Kind::Number, start, end);
                if let Some(token) = self.tokens.last_mut() {
                    token.value = part;
                }
            }
        }
    }

    /// A point ends a sentence, unless it belongs to an abbreviation.
    fn point(&mut self, start: usize, end: usize) {
        let count = self.tokens.len();
        let is_abbreviation = self.tokens.last().is_some_and(|last| {
            let behind_number = count > 1 && self.tokens[count - 2].kind == Kind::Number;
            let is_initial = last.end - last.start == 1 && !behind_number;
            last.end == start && last.kind == Kind::Word && (is_initial || last.is(ABBREVIATION))
        });
        if is_abbreviation {
            self.at = end;
            self.is_glued = false;
        } else {
            self.push(Kind::Stop, start, end);
        }
    }

    /// A hyphen within a word parts it, and is nothing else.
    fn dash(&mut self, letter: char, start: usize, end: usize) {
        let is_hyphen = !matches!(letter, '\u{2014}' | '\u{2015}')
            && self.is_glued
            && self.tokens.last().is_some_and(|last| last.kind == Kind::Word)
            && self.peek(end).is_some_and(|next| plain(next).is_alphabetic());
        if is_hyphen {
            self.at = end;
        } else {
            self.push(Kind::Dash, start, end);
        }
    }

    /// Parts words; between a number and `C` or `F` it was typed for a degree sign.
    fn apostrophe(&mut self, end: usize) {
        let mut next = self.text[end..].chars();
        let is_unit = next.next().is_some_and(|letter| matches!(letter, 'c' | 'C' | 'f' | 'F'))
            && next.next().is_none_or(|letter| !letter.is_alphanumeric());
        if self.follows_number() && is_unit {
            self.push(Kind::Degree, self.at, end);
            return;
        }
        if let Some(last) = self.tokens.last_mut().filter(|_| self.is_glued) {
            last.is_elided = true;
        }
        self.at = end;
    }

    /// `21*C` was typed for a degree sign.
    fn star(&mut self, start: usize, end: usize) {
        if self.follows_number() && self.peek(end).is_some_and(|next| matches!(next, 'c' | 'C' | 'f' | 'F')) {
            self.push(Kind::Degree, start, end);
        } else {
            self.at = end;
            self.is_glued = false;
        }
    }
}

/// One letter for those that look alike.
fn plain(letter: char) -> char {
    match letter {
        '`' => '\'',
        _ if letter.is_ascii() => letter,
        '\u{ff07}' | '\u{ff40}' => '\'',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{fe58}' | '\u{2043}' => '-',
        '’' | '‘' | 'ʼ' | '´' | 'ʹ' | '′' | '‛' => '\'',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        _ if letter.is_whitespace() => ' ',
        _ => letter,
    }
}

/// Signs that are a token of one character.
fn sign(letter: char) -> Option<Kind> {
    Some(match letter {
        '%' | '﹪' | '٪' => Kind::Percent,
        '°' | 'º' | '˚' | 'ᵒ' | '∘' | '◦' | '⁰' | '○' | '゜' => Kind::Degree,
        '+' => Kind::Plus,
        ':' | '=' | '~' | '≈' | '@' => Kind::Colon,
        '±' => Kind::Tolerance,
        '<' | '>' | '≤' | '≥' | '⩽' | '⩾' => Kind::Compare,
        '$' | '€' | '£' => Kind::Money,
        ',' | '،' | '、' => Kind::Comma,
        '/' | '\\' | '⁄' => Kind::Slash,
        '|' | '¦' | '•' | '·' | '→' | '⇒' | '➔' | '➜' => Kind::Bar,
        '(' | '[' | '{' => Kind::Open,
        ')' | ']' | '}' => Kind::Close,
        '.' | ';' | '!' | '…' | '。' => Kind::Stop,
        '?' | '¿' => Kind::Question,
        _ => return None,
    })
}
