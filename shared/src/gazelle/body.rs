//! From the bytes of an answer to JSON, whatever its texts and numbers hold.
//!
//! Notes are typed on telephones and come through programs that cut a text in the middle of a character: `\ud83d` alone,
//! or a byte that is no UTF-8. One of them must not cost the page it stands on. What is no character becomes
//! [`NO_CHARACTER`], for the mapping of the row to see, to name and to replace. A number that a float cannot hold
//! becomes the text of its digits.

use std::ops::Range;

use serde_json::Value;

/// Stands for what was no character until the row is mapped: a noncharacter of Unicode, which no text interchanges.
pub(crate) const NO_CHARACTER: char = '\u{fdd0}';

/// The JSON of an answer; `None` when it is none.
pub(super) fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_str(&legible(bytes)).ok()
}

/// JSON that a strict reader takes: whole characters, no bare control character, no number that would lose digits.
fn legible(bytes: &[u8]) -> String {
    let text = whole_characters(bytes);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut out = String::with_capacity(rest.len());
    while let Some((between, after)) = rest.split_once('"') {
        push_numbers(between, &mut out);
        out.push('"');
        let Some(end) = end_of_text(after) else {
            out.push_str(after);
            return out;
        };
        push_text(&after[..end], &mut out);
        out.push('"');
        rest = &after[end + 1..];
    }
    push_numbers(rest, &mut out);
    out
}

fn whole_characters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(NO_CHARACTER);
        }
    }
    text
}

/// Where the quote stands that ends a text.
fn end_of_text(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

/// Writes the inside of a text: halves of characters become [`NO_CHARACTER`], bare control characters are escaped.
fn push_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| letter == '\\' || letter < ' ') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match rest.as_bytes() {
            [b'\\', b'u', ..] => push_escaped_unit(rest, out),
            // Whatever is escaped is taken with its backslash: it may be a quote, or a backslash again.
            [b'\\', next, ..] if next.is_ascii() => {
                out.push_str(&rest[..2]);
                2
            }
            [b'\\', ..] => {
                out.push('\\');
                1
            }
            [control, ..] => {
                out.push_str(&format!("\\u{control:04x}"));
                1
            }
            [] => 0,
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
}

/// Writes a `\uXXXX`, with its other half where it has one. Answers how many bytes it was.
fn push_escaped_unit(text: &str, out: &mut String) -> usize {
    const HIGH: Range<u32> = 0xd800..0xdc00;
    const LOW: Range<u32> = 0xdc00..0xe000;
    let unit = |from: usize| {
        let digits = text.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let length = match (unit(0), unit(6)) {
        (Some(high), Some(low)) if HIGH.contains(&high) && LOW.contains(&low) => 12,
        (Some(half), _) if HIGH.contains(&half) || LOW.contains(&half) => {
            out.push(NO_CHARACTER);
            return 6;
        }
        (Some(_), _) => 6,
        // No escape at all: the reader says so.
        (None, _) => 2,
    };
    out.push_str(&text[..length]);
    length
}

/// Writes what stands between texts; a number that would not come back as it is becomes a text.
fn push_numbers(between: &str, out: &mut String) {
    let mut rest = between;
    while let Some(start) = rest.find(|letter: char| letter == '-' || letter.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let is_part = |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        if keeps_its_value(number) {
            out.push_str(number)
        } else {
            out.push_str(&format!("\"{number}\""))
        }
        rest = after;
    }
    out.push_str(rest);
}

/// Whether a whole number of 64 bits or a float holds the number; also when it is no number, which is the reader's business.
/// Not asked of the reader: what it keeps depends on how it was built.
fn keeps_its_value(number: &str) -> bool {
    // Fifteen digits always come through a float.
    let is_short = number.len() <= 15 && !number.contains(['e', 'E']);
    if is_short || number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    let Some(value) = decimal(number) else { return true };
    let float = number.parse::<f64>().ok().filter(|float| float.is_finite());
    float.and_then(|float| decimal(&format!("{float:e}"))) == Some(value)
}

/// Sign, digits without zeros around them, and the power of ten behind them. `None`: not a JSON number.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (is_negative, rest) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?.into()),
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || has_leading_zero || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    let power = exponent - i64::try_from(fraction.len()).ok()?
        + i64::try_from(digits.len() - significant.len()).ok()?;
    match significant {
        "" => Some((false, String::new(), 0)),
        _ => Some((is_negative, significant.to_owned(), power)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_character_is_marked_and_the_rest_arrives() {
        for (bytes, expected) in [
            (&br#"{"a":"x\ud83dy"}"#[..], "x\u{fdd0}y"),
            (br#"{"a":"\ud83d"}"#, "\u{fdd0}"),
            (br#"{"a":"\ude00\ud83d"}"#, "\u{fdd0}\u{fdd0}"),
            (br#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{fdd0}\u{1f600}"),
            (br#"{"a":"\ud83d\\ude00"}"#, "\u{fdd0}\\ude00"),
            (br#"{"a":"\ud83d\n"}"#, "\u{fdd0}\n"),
            (b"{\"a\":\"x\xe9y\"}", "x\u{fdd0}y"),
            (b"{\"a\":\"x\xf0\x9f\x98\"}", "x\u{fdd0}"),
            // Whole characters in every spelling.
            (br#"{"a":"\uD83D\uDE00 \u00e9 \"\\\" \/"}"#, "\u{1f600} é \"\\\" /"),
            ("{\"a\":\"😀 é\"}".as_bytes(), "😀 é"),
            (b"\xef\xbb\xbf{\"a\":\"x\"}", "x"),
            // Control characters that should have been escaped.
            (b"{\"a\":\"x\n\ty\0z\"}", "x\n\ty\0z"),
            (br#"{"a":"\u0000"}"#, "\0"),
        ] {
            let read = parse(bytes);
            assert_eq!(read, Some(json!({"a": expected})), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(parse(br#"{"\ud83d":1}"#), Some(json!({"\u{fdd0}": 1})));
    }

    #[test]
    fn what_is_not_json_stays_none() {
        for bytes in [
            &b""[..],
            b"<html>",
            b"{\"a\":\"x",
            b"{\"a\":\"\\u12\"}",
            b"{\"a\":\"\\x\"}",
            b"{\"a\":1-2}",
            b"{\xff}",
        ] {
            assert_eq!(parse(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_number_keeps_every_digit() {
        // What the reader holds exactly stays a number.
        for number in [
            "0",
            "-0",
            "1998",
            "1998.0",
            "-12.5",
            "0.1",
            "1e2",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "123456789012345.5",
            "1.5E+3",
            "0.000000000000000001",
        ] {
            let read = parse(format!("[{number}]").as_bytes()).unwrap();
            assert!(read[0].is_number(), "{number}");
            assert_eq!(decimal(&read[0].to_string()), decimal(number), "{number}");
        }
        // What it would round becomes the text of its digits.
        for number in [
            "18446744073709551616",
            "-9223372036854775809",
            "12345678901234567890123",
            "0.1234567890123456789",
            "9007199254740993.25",
            "1e400",
            "-1.7976931348623159e308",
            "1e-400",
        ] {
            let read = parse(format!("{{\"a\":[{number} ,true]}}").as_bytes());
            assert_eq!(read, Some(json!({"a": [number, true]})), "{number}");
        }
        // Digits inside a text are text.
        let text = r#"{"a":"12345678901234567890123"}"#;
        assert_eq!(parse(text.as_bytes()), Some(json!({"a": "12345678901234567890123"})));
    }
}
