//! How figures are written for people, in messages and on pages alike: whole numbers, durations, months, severities.

use crate::words::Language;

/// Keys of the months' names in full.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Keys of the months' short names.
pub const SHORT_MONTHS: [&str; 12] = [
    "january-short",
    "february-short",
    "march-short",
    "april-short",
    "may-short",
    "june-short",
    "july-short",
    "august-short",
    "september-short",
    "october-short",
    "november-short",
    "december-short",
];

/// How exactly a duration is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a run took: `1,2 s`, `45 s`, `12 min 05 s`, `3 h 05 min`.
    Exact,
    /// What a message says: `45 s`, `12 min`, `3 h 05 min`, `2 j 4 h`.
    Plain,
    /// How old something is: its largest unit, rounded; `12 min`, `3 h`, `2 j`.
    Age,
    /// A figure of the weekly report, without a break inside: `3,2 s`, `1 min 15 s`, `1 j 3 h`.
    Figure,
}

/// A duration in words of at most two units.
pub fn duration(milliseconds: i64, detail: Detail, language: Language) -> String {
    let seconds = (milliseconds + 500) / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let day = language.text("d");
    match (detail, seconds) {
        (Detail::Exact, ..10) => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}{}{} s", tenths / 10, decimal_mark(language), tenths % 10)
        }
        (Detail::Exact | Detail::Plain | Detail::Age, ..60) => format!("{seconds} s"),
        (Detail::Exact, ..3_600) => format!("{minutes} min {:02} s", seconds % 60),
        (Detail::Exact, _) => format!("{} h {minutes:02} min", seconds / 3_600),
        (Detail::Plain, ..3_600) => format!("{minutes} min"),
        (Detail::Plain, ..86_400) => format!("{hours} h {minutes:02} min"),
        // Messages say `j` in either language, as they always did.
        (Detail::Plain, _) => format!("{days} j {hours} h"),
        (Detail::Age, ..5_400) => format!("{} min", (seconds + 30) / 60),
        (Detail::Age, ..129_600) => format!("{} h", (seconds + 1_800) / 3_600),
        (Detail::Age, _) => format!("{} {day}", (seconds + 43_200) / 86_400),
        (Detail::Figure, _) if milliseconds < 10_000 => {
            let tenths = (milliseconds + 50) / 100;
            let fraction = match tenths % 10 {
                0 => String::new(),
                tenth => format!("{}{tenth}", decimal_mark(language)),
            };
            format!("{}{fraction}\u{a0}s", tenths / 10)
        }
        (Detail::Figure, _) => {
            let units = [(days, day), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
            let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3);
            let parts: Vec<String> = units[first..]
                .iter()
                .take(2)
                .filter(|(count, _)| *count > 0)
                .map(|(count, unit)| format!("{count}\u{a0}{unit}"))
                .collect();
            parts.join("\u{a0}")
        }
    }
}

/// What stands before the decimals of a number.
pub fn decimal_mark(language: Language) -> &'static str {
    match language {
        Language::Fr => ",",
        Language::En => ".",
    }
}

/// What stands between the thousands of a number.
pub fn thousands_mark(language: Language) -> &'static str {
    match language {
        Language::Fr => "\u{a0}",
        Language::En => ",",
    }
}

/// A percent sign after its number.
pub fn percent_sign(language: Language) -> &'static str {
    match language {
        Language::Fr => "\u{a0}%",
        Language::En => "%",
    }
}

/// The digits of a whole number in threes, with `between` between them; a leading `-` becomes a minus sign.
pub fn grouped(digits: &str, between: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("−", rest));
    let mut text = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(between);
        }
        text.push(digit);
    }
    text
}

/// How bad something is, in lower case: the severities of notices, of anomalies and of maintenance alerts. An unknown one
/// has no name.
pub fn severity_name(severity: &str, language: Language) -> Option<&'static str> {
    language.find(&format!("severity-{severity}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        let french = |seconds: f64, detail| {
            #[allow(clippy::cast_possible_truncation)] // Some days at most.
            duration((seconds * 1_000.0) as i64, detail, Language::Fr).replace('\u{a0}', "_")
        };
        for (seconds, exact, plain, age, figure) in [
            (0.0, "0,0 s", "0 s", "0 s", "0_s"),
            (3.24, "3,2 s", "3 s", "3 s", "3,2_s"),
            (59.0, "59 s", "59 s", "59 s", "59_s"),
            (75.0, "1 min 15 s", "1 min", "1 min", "1_min_15_s"),
            (3_600.0, "1 h 00 min", "1 h 00 min", "60 min", "1_h"),
            (7_500.0, "2 h 05 min", "2 h 05 min", "2 h", "2_h_5_min"),
            (97_200.0, "27 h 00 min", "1 j 3 h", "27 h", "1_j_3_h"),
        ] {
            let shown =
                [Detail::Exact, Detail::Plain, Detail::Age, Detail::Figure].map(|d| french(seconds, d));
            assert_eq!(shown, [exact, plain, age, figure], "{seconds}");
        }
        assert_eq!(duration(1_250, Detail::Exact, Language::En), "1.3 s");
    }

    #[test]
    fn digits_stand_in_threes() {
        for (digits, expected) in [("0", "0"), ("999", "999"), ("1000", "1 000"), ("-1234567", "−1 234 567")]
        {
            assert_eq!(grouped(digits, " "), expected);
        }
    }
}
