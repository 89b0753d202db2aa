//! Notes and what they mean, written by hand from the rule: tables for both languages, read by one test each.

mod conformance;
mod measurements;
mod problems;

use super::{Problem, measurements as measure, read_note};

/// `21°, 38% | 40%`: the measurements of a note in their order.
fn measured(note: &str) -> String {
    measure(note).iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

/// `housse: housse enlevée | -housse: remise`: alerts, then resolutions, by problem. Those that do not say what they
/// are about are in brackets.
fn problems(note: &str) -> String {
    let reading = read_note(note);
    let mut shown = Vec::new();
    for problem in Problem::ALL {
        shown.extend(reading.alert(problem).map(|words| format!("{}: {words}", problem.name())));
    }
    for problem in Problem::ALL {
        let resolution = reading.resolution(problem);
        shown.extend(resolution.map(|words| match reading.named_resolution(problem) {
            Some(_) => format!("-{}: {words}", problem.name()),
            None => format!("-{}: ({words})", problem.name()),
        }));
    }
    shown.join(" | ")
}

fn check(read: fn(&str) -> String, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(note, expected)| read(note) != *expected)
        .map(|(note, expected)| format!("{note:?}\n    is    {:?}\n    not   {expected:?}", read(note)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} notes:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn notes_give_the_measurements_that_people_meant() {
    check(measured, measurements::SOME);
}

#[test]
fn what_is_no_measurement_gives_none() {
    let none: Vec<(&str, &str)> = measurements::NONE.iter().map(|note| (*note, "")).collect();
    check(measured, &none);
}

#[test]
fn notes_report_and_resolve_what_they_name_in_their_own_words() {
    check(problems, problems::SOME);
}

#[test]
fn what_is_denied_asked_supposed_or_another_thing_is_no_problem() {
    let none: Vec<(&str, &str)> = problems::NONE.iter().map(|note| (*note, "")).collect();
    check(problems, &none);
}

#[test]
fn at_least_half_of_the_cases_give_nothing() {
    let (some, none) =
        (measurements::SOME.len() + problems::SOME.len(), measurements::NONE.len() + problems::NONE.len());
    assert!(some + none >= 300 && none >= some, "{some} with a meaning, {none} without");
}

/// Pieces of notes, signs and oddities.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "-",
    "—",
    "+",
    "%",
    "°",
    "º",
    "'",
    "’",
    ".",
    ",",
    ";",
    "?",
    "(",
    ")",
    "/",
    "½",
    "℃",
    "21",
    "38",
    "-5",
    "0",
    "1e9",
    "99999999999999999999999",
    "21.5.3",
    "21C",
    "38%",
    "２１°",
    "é",
    "e\u{301}",
    "\u{30a}",
    "\u{200b}",
    "İ",
    "ß",
    "ﬁ",
    "🎹",
    "H.R.",
    "p.c.",
    "pas",
    "ne",
    "plus",
    "de",
    "housse",
    "réservoir",
    "vide",
    "débranché",
    "si",
    "et",
    "entre",
    "à",
    "humidité",
    "trop",
    "remise",
    "du",
    "no",
    "12",
];

/// Every pair of pieces of notes, signs and oddities: whatever is typed is read, and in a time that grows as its
/// length.
#[test]
fn any_text_is_read() {
    for first in PIECES {
        for second in PIECES {
            for third in ["", " ", "pas", "21", "%", "."] {
                let note = format!("{first}{second}{third}{first} {second} {third}");
                drop((measure(&note), read_note(&note)));
            }
        }
    }
}

/// A step back over the note for every word would take minutes here.
#[test]
fn a_long_note_is_read_in_a_time_that_grows_as_its_length() {
    let pieces = [
        "vide ",
        "débranché, ",
        "(a) 5%, ",
        "21C ",
        "pas ",
        "a",
        ",",
        "\n",
        "38 à ",
        "-",
        "x1",
        "pas de housse ",
        "% : ",
    ];
    for piece in pieces {
        let note = piece.repeat(400_000 / piece.len());
        let start = std::time::Instant::now();
        drop((measure(&note), read_note(&note)));
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{piece:?}: {:?}", start.elapsed());
    }
}
