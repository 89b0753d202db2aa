//! A text that is too long for one message of a vendor, in parts: nothing of it is lost.

use std::time::Duration;

/// Slack and Telegram take one message per second for the same people.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// Longer than this a sender does not wait inside a message of several parts.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Parts of at most `limit` UTF-16 units, as Telegram counts; no vendor counts more. Whole paragraphs, else whole lines,
/// else words, else letters, but no entity such as `&amp;` is cut in two.
pub(super) fn split(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = fitting(rest, limit);
        let end = if end == rest.len() {
            end
        } else {
            ["\n\n", "\n", " "]
                .iter()
                .find_map(|mark| rest[..end].rfind(mark).filter(|at| *at > 0))
                .unwrap_or_else(|| before_entity(rest, end))
        };
        parts.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    parts
}

/// The longest beginning of a text that fits, in bytes.
fn fitting(text: &str, limit: usize) -> usize {
    let mut units = 0;
    text.char_indices()
        .find(|(_, letter)| {
            units += letter.len_utf16();
            units > limit
        })
        .map_or(text.len(), |(at, _)| at)
}

/// The end itself, or the start of the entity that it would cut in two.
fn before_entity(text: &str, end: usize) -> usize {
    match text[..end].rfind('&') {
        Some(start) if start > 0 && end - start < "&quot;".len() && !text[start..end].contains(';') => start,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_at_paragraphs_and_nothing_is_lost() {
        let text = "premier paragraphe\n\nsecond paragraphe\nligne deux\n\n".repeat(200);
        let parts = split(&text, 4096);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(part.encode_utf16().count() <= 4096);
            assert!(part.starts_with("premier") || part.starts_with("second"), "{part:.40}");
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&parts.join("\n")), words(&text));
    }

    #[test]
    fn the_limit_counts_utf16_units_and_no_letter_is_cut() {
        // Two units each.
        let parts = split(&"🎹".repeat(3000), 4096);
        assert_eq!(parts.iter().map(|part| part.encode_utf16().count()).collect::<Vec<_>>(), [4096, 1904]);
        assert_eq!(split("", 4096), Vec::<String>::new());
        assert_eq!(split(&"x".repeat(4096), 4096).len(), 1);
        assert_eq!(split(&"x".repeat(4097), 4096).len(), 2);
    }

    #[test]
    fn no_entity_is_cut_in_two() {
        let text = "&amp;".repeat(1000);
        let parts = split(&text, 3001);
        assert!(parts.iter().all(|part| part.starts_with('&') && part.ends_with(';')), "{parts:?}");
        assert_eq!(parts.concat(), text);
    }
}
