//! One figure: its value, its change against the week before, its bar.

use serde::{Deserialize, Serialize};

use super::{
    names::{Measure, Topic, proper},
    shown,
};
use crate::{
    notify::{
        figures::{Detail, decimal_mark, duration, grouped, percent_sign, thousands_mark},
        render::{Bar, Row, Tone},
    },
    words::Language,
};

/// Figures of one topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Topic.
    pub topic: Topic,
    /// Figures, in their order.
    pub figures: Vec<Figure>,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things.
    Count,
    /// A part of one: 0.5 is half.
    Share,
    /// Canadian cents.
    Cents,
    /// Seconds.
    Seconds,
    /// 1 when something passed, 0 when it failed.
    Outcome,
}

/// One figure of the week and of the week before; null is unknown, which is not zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What is measured.
    pub measure: Measure,
    /// Of which task, channel, collection …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// This week.
    pub value: Option<f64>,
    /// The week before.
    pub before: Option<f64>,
    /// What both count.
    pub unit: Unit,
    /// Length of the bar, a part of one; none has no bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar: Option<f64>,
    /// What is reported beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<(Measure, f64, Unit)>,
}

const NO_BREAK: char = '\u{a0}';
const NAME_LIMIT: usize = 60;

impl Figure {
    /// A figure without name, bar and notes.
    pub fn new(measure: Measure, value: Option<f64>, before: Option<f64>, unit: Unit) -> Self {
        Self { measure, name: None, value, before, unit, bar: None, notes: Vec::new() }
    }

    /// The same, of something that has a name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The same with a bar.
    pub fn with_bar(mut self, share: Option<f64>) -> Self {
        self.bar = share;
        self
    }

    /// The same with something reported beside it.
    pub fn with_note(mut self, measure: Measure, value: f64, unit: Unit) -> Self {
        self.notes.push((measure, value, unit));
        self
    }

    /// The same with the counts that are not zero beside it.
    #[allow(clippy::cast_precision_loss)] // Counts of a week.
    pub fn with_counts(mut self, counts: &[(Measure, u64)]) -> Self {
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        self.notes.extend(counts.map(|(measure, count)| (*measure, *count as f64, Unit::Count)));
        self
    }

    pub(super) fn row(&self, language: Language) -> Row {
        let label = self.measure.label(language);
        let name = self.name.as_deref().map(|name| shown(proper(name, language), NAME_LIMIT));
        let mut notes: Vec<String> = self.notes.iter().map(|note| note_text(note, language)).collect();
        let label = match (name, self.measure) {
            (
                Some(name),
                Measure::Task | Measure::Collection | Measure::Channel | Measure::SeverityOpened,
            ) => name,
            (Some(name), _) => {
                notes.insert(0, name);
                label.to_owned()
            }
            (None, _) => label.to_owned(),
        };
        Row {
            label,
            note: notes.join(", "),
            value: self.value.map_or_else(unknown, |value| self.unit.shown(value, language)),
            change: self.change(language),
            bar: self.bar.map(|share| Bar { percent: percent(share), tone: self.tone(share) }),
        }
    }

    /// The difference: points for shares, things for what is few, else percent.
    fn change(&self, language: Language) -> String {
        let (Some(value), Some(before)) = (self.value, self.before) else {
            return unknown();
        };
        let difference = value - before;
        let sign = if difference < 0.0 { '−' } else { '+' };
        match self.unit {
            Unit::Outcome => String::new(),
            _ if difference.abs() < f64::EPSILON => "=".to_owned(),
            Unit::Share => {
                let points = decimal(difference.abs() * 100.0, 1, language);
                if points == "0" { "=".to_owned() } else { format!("{sign}{points}{NO_BREAK}pt") }
            }
            Unit::Count if before < 20.0 => format!("{sign}{}", self.unit.shown(difference.abs(), language)),
            _ if before == 0.0 => format!("{sign}{}", self.unit.shown(difference.abs(), language)),
            Unit::Count | Unit::Cents | Unit::Seconds => {
                match decimal(difference.abs() / before * 100.0, 0, language) {
                    same if same == "0" => "=".to_owned(),
                    percent => format!("{sign}{percent}{NO_BREAK}%"),
                }
            }
        }
    }

    fn tone(&self, share: f64) -> Tone {
        match self.unit {
            Unit::Share if share >= 0.99 => Tone::Good,
            Unit::Share if share >= 0.9 => Tone::Fair,
            Unit::Share => Tone::Poor,
            Unit::Count | Unit::Cents | Unit::Seconds | Unit::Outcome => Tone::Plain,
        }
    }
}

fn unknown() -> String {
    "—".to_owned()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within 0 and 100.
fn percent(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u8
}

fn note_text((measure, value, unit): &(Measure, f64, Unit), language: Language) -> String {
    let shown = unit.shown(*value, language);
    if measure.is_named_first() {
        return format!("{} {shown}", measure.label(language));
    }
    format!("{shown}{NO_BREAK}{}", measure.counted(*value, language))
}

impl Unit {
    /// A value as people write it, without a break inside.
    pub(super) fn shown(self, value: f64, language: Language) -> String {
        match self {
            Unit::Count => decimal(value, 0, language),
            // What is not all is not shown as all.
            Unit::Share if value < 1.0 => {
                format!("{}{}", decimal((value * 100.0).min(99.9), 1, language), percent_sign(language))
            }
            Unit::Share => format!("100{}", percent_sign(language)),
            Unit::Cents => match language {
                Language::Fr => format!("{}{NO_BREAK}$", cents(value, language)),
                Language::En => format!("${}", cents(value, language)),
            },
            #[allow(clippy::cast_possible_truncation)] // A duration of centuries is no figure of a week.
            Unit::Seconds => duration((value * 1_000.0).round() as i64, Detail::Figure, language),
            Unit::Outcome if value > 0.0 => language.text("drill-passed").to_owned(),
            Unit::Outcome => language.text("failed").to_owned(),
        }
    }
}

/// A number with at most so many decimals, none of them a trailing zero.
fn decimal(value: f64, decimals: usize, language: Language) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let whole = grouped(whole, thousands_mark(language));
    match fraction {
        "" => whole,
        fraction => format!("{whole}{}{fraction}", decimal_mark(language)),
    }
}

fn cents(value: f64, language: Language) -> String {
    let text = format!("{:.2}", value / 100.0);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    format!("{}{}{fraction}", grouped(whole, thousands_mark(language)), decimal_mark(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn french(unit: Unit, value: f64) -> String {
        unit.shown(value, Language::Fr).replace(NO_BREAK, "_")
    }

    #[test]
    fn numbers_are_written_as_in_french() {
        for (unit, value, text) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 1_234_567.0, "1_234_567"),
            (Unit::Share, 0.992, "99,2_%"),
            (Unit::Share, 0.99999, "99,9_%"),
            (Unit::Share, 1.0, "100_%"),
            (Unit::Share, 0.0, "0_%"),
            (Unit::Cents, 123_450.0, "1_234,50_$"),
            (Unit::Cents, -5.0, "−0,05_$"),
            (Unit::Seconds, 0.0, "0_s"),
            (Unit::Seconds, 3.24, "3,2_s"),
            (Unit::Seconds, 75.0, "1_min_15_s"),
            (Unit::Seconds, 3600.0, "1_h"),
            (Unit::Seconds, 97_200.0, "1_j_3_h"),
        ] {
            assert_eq!(french(unit, value), text);
        }
        assert_eq!(Unit::Cents.shown(123_450.0, Language::En), "$1,234.50");
    }

    #[test]
    fn a_change_is_in_the_unit_that_says_most_and_an_unknown_is_none() {
        let change = |unit, value, before| {
            Figure::new(Measure::Runs, value, before, unit).change(Language::Fr).replace(NO_BREAK, "_")
        };
        assert_eq!(change(Unit::Count, Some(7.0), None), "—");
        assert_eq!(change(Unit::Count, None, Some(7.0)), "—");
        assert_eq!(change(Unit::Count, Some(0.0), Some(0.0)), "=");
        assert_eq!(change(Unit::Count, Some(7.0), Some(9.0)), "−2");
        assert_eq!(change(Unit::Count, Some(112.0), Some(100.0)), "+12_%");
        assert_eq!(change(Unit::Count, Some(1000.0), Some(1001.0)), "=");
        assert_eq!(change(Unit::Share, Some(0.992), Some(0.98)), "+1,2_pt");
        assert_eq!(change(Unit::Cents, Some(5000.0), Some(0.0)), "+50,00_$");
    }
}
