//! Text: matching without accents and case, the vocabulary of problems, measurements in notes, bounds, escaping.
//!
//! Matching is by whole words: `trop sec` is not in `trop secoué`.

#[cfg(test)]
mod cases;
mod claim;
mod lexicon;
mod measurement;
mod negation;
mod notes;
mod number;
mod reading;
mod role;
mod rule;
mod sentence;
mod token;
mod vocabulary;

pub use self::{
    measurement::{Measurement, measurement, measurements},
    notes::{is_maintenance_alert, read_note},
    reading::Reading,
    vocabulary::Problem,
};

/// Lower case without accents; typographic quotes, hyphens and odd spaces become plain, so that
/// `Dampp‑Chaser débranché` and `dampp chaser debranche` are the same text.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '-' => folded.push(' '),
            _ if letter.is_ascii_whitespace() => folded.push(' '),
            // Most letters end here.
            _ if letter.is_ascii() => folded.push(letter.to_ascii_lowercase()),
            _ => letter.to_lowercase().for_each(|letter| fold_letter(letter, &mut folded)),
        }
    }
    folded
}

fn fold_letter(letter: char, folded: &mut String) {
    match letter {
        'à' | 'â' | 'ä' | 'á' | 'ã' => folded.push('a'),
        'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
        'î' | 'ï' | 'í' | 'ì' => folded.push('i'),
        'ô' | 'ö' | 'ó' | 'ò' | 'õ' => folded.push('o'),
        'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
        'ç' => folded.push('c'),
        'ñ' => folded.push('n'),
        'œ' => folded.push_str("oe"),
        'æ' => folded.push_str("ae"),
        '’' | '‘' | 'ʼ' => folded.push('\''),
        // Combining accents of decomposed text.
        '\u{300}'..='\u{36f}' => {}
        '\u{2010}'..='\u{2015}' => folded.push(' '),
        _ if letter.is_whitespace() => folded.push(' '),
        _ => folded.push(letter),
    }
}

/// A person's name as the end of a setting's name: `Marie-Ève` is `MARIE_EVE`, `O'Brien` is `O_BRIEN`. Only what a
/// shell takes in the name of a variable: A to Z, digits, and `_` for whatever stands between them.
pub fn variable_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in fold(name).chars() {
        match letter {
            'å' | 'ā' | 'ă' | 'ą' => plain.push('a'),
            'č' | 'ć' | 'ĉ' | 'ċ' => plain.push('c'),
            'ď' | 'đ' | 'ð' => plain.push('d'),
            'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => plain.push('e'),
            'ğ' | 'ĝ' | 'ġ' | 'ģ' => plain.push('g'),
            'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => plain.push('i'),
            'ł' | 'ľ' | 'ĺ' | 'ļ' => plain.push('l'),
            'ń' | 'ň' | 'ņ' => plain.push('n'),
            'ø' | 'ō' | 'ŏ' | 'ő' => plain.push('o'),
            'ř' | 'ŕ' => plain.push('r'),
            'š' | 'ś' | 'ş' | 'ș' => plain.push('s'),
            'ß' => plain.push_str("ss"),
            'ť' | 'ţ' | 'ț' => plain.push('t'),
            'þ' => plain.push_str("th"),
            'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'ž' | 'ź' | 'ż' => plain.push('z'),
            _ => plain.push(letter),
        }
    }
    let parts = plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_uppercase()
}

fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether the text holds the phrase as whole words, whatever the case and accents. A word of the text may carry
/// a feminine or plural ending that the phrase lacks: `débranchée` holds `débranché`.
pub fn contains_phrase(text: &str, phrase: &str) -> bool {
    let (text, phrase) = (fold(text), fold(phrase));
    let text: Vec<&str> = words(&text).collect();
    let phrase: Vec<&str> = words(&phrase).collect();
    !phrase.is_empty()
        && text.windows(phrase.len()).any(|window| {
            window.iter().zip(&phrase).all(|(word, wanted)| {
                word.strip_prefix(wanted).is_some_and(|ending| matches!(ending, "" | "e" | "s" | "es"))
            })
        })
}

/// Cuts a text to at most `limit` characters; a cut one ends with `…`.
pub fn truncate(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// A text from outside as one line that shows what it is: control characters and marks that reverse the direction
/// of writing are taken out, white space is one space, and at most `limit` characters stay.
pub fn clean(text: &str, limit: usize) -> String {
    let is_mark = |letter: &char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let visible: String = text
        .chars()
        .filter(|letter| !is_mark(letter))
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    truncate(&visible.split_whitespace().collect::<Vec<_>>().join(" "), limit)
}

/// Summary and comment of a note, both when both say something.
pub fn note(title: Option<&str>, description: Option<&str>) -> String {
    let parts: Vec<&str> =
        [title, description].into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [title, description] if title == description => title.to_owned(),
        _ => parts.join("\n"),
    }
}

/// Escapes the three characters that mean something in a Slack text.
pub fn escape_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_hyphens_and_endings_do_not_matter() {
        assert!(contains_phrase("Le Dampp‑Chaser était DÉBRANCHÉ.", "dampp chaser"));
        assert!(contains_phrase("prise débranchée", "débranché"));
        assert!(contains_phrase("e\u{301}teint: De\u{301}branche\u{301}", "débranché"));
        assert!(!contains_phrase("piano trop secoué", "trop sec"));
        assert!(!contains_phrase("système rebranché", "débranché"));
    }

    #[test]
    fn the_name_of_a_variable_has_no_accent_space_or_sign() {
        for (name, variable) in [
            ("Nicolas", "NICOLAS"),
            ("Marie-Ève", "MARIE_EVE"),
            ("Marie‑E\u{300}ve", "MARIE_EVE"),
            ("Jean Claude", "JEAN_CLAUDE"),
            (" Jean  -  Claude ", "JEAN_CLAUDE"),
            ("O'Brien", "O_BRIEN"),
            ("D’Arcy", "D_ARCY"),
            ("J. P.", "J_P"),
            ("Anaïs", "ANAIS"),
            ("Søren Łukasz", "SOREN_LUKASZ"),
            ("Cœur\u{a0}Ÿ", "COEUR_Y"),
            ("2e main", "2E_MAIN"),
            ("李", ""),
            ("", ""),
        ] {
            assert_eq!(variable_name(name), variable, "{name}");
        }
    }

    #[test]
    fn a_text_from_outside_is_one_line_that_shows_what_it_is() {
        assert_eq!(clean("a\u{202e}b\n\tc\u{0}d  e", 100), "ab c d e");
        assert_eq!(clean(&"x".repeat(200), 10), "xxxxxxxxx…");
    }

    #[test]
    fn a_cut_text_says_so_and_never_splits_a_letter() {
        assert_eq!(truncate("éléphant", 4), "élé…");
        assert_eq!(truncate("été", 3), "été");
    }
}
