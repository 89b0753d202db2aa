//! How pages write instants, durations, counts and states: one way each, in Montréal's time and the reader's language.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{Timestamp, Zoned};
use shared::{
    clock,
    notify::figures::{self, Detail},
    words::Language,
};

use crate::{address::segment, data::shapes::Status, pages::frame::Frame};

/// HTML that is already escaped.
#[derive(Debug, Clone)]
pub struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

impl Frame {
    /// An instant of the API as Montréal's clock showed it; the exact instant on hover. Nothing for nothing.
    pub fn when(&self, instant: &(impl Instant + ?Sized)) -> Markup {
        let Some(at) = instant.timestamp() else { return Markup("–".into()) };
        let local = at.to_zoned(clock::zone());
        let time = local.strftime("%H:%M");
        let text = match self.day_name(&local) {
            Some("") => time.to_string(),
            Some(day) => format!("{day} {time}"),
            None => format!("{} {time}", self.date_of(&local)),
        };
        let exact = local.strftime("%Y-%m-%d %H:%M:%S %:z");
        Markup(format!(r#"<time datetime="{at}" title="{exact}">{text}</time>"#))
    }

    /// How long ago an instant was, or in how long it comes; the exact instant on hover.
    pub fn ago(&self, instant: &(impl Instant + ?Sized)) -> Markup {
        let Some(at) = instant.timestamp() else { return Markup("–".into()) };
        let seconds = self.now.as_second() - at.as_second();
        let span = self.age(seconds.abs());
        let text = match seconds {
            -59..60 => self.t("just-now").to_owned(),
            60.. => self.language.sentence("span-ago", [("span", span.into())]),
            _ => self.language.sentence("in-span", [("span", span.into())]),
        };
        let exact = at.to_zoned(clock::zone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
        Markup(format!(r#"<time datetime="{at}" title="{exact}">{text}</time>"#))
    }

    /// A day `YYYY-MM-DD` in words.
    pub fn day(&self, date: &str) -> String {
        match date.parse::<jiff::civil::Date>().ok().and_then(|date| date.to_zoned(clock::zone()).ok()) {
            Some(local) => self.date_of(&local),
            None => date.to_owned(),
        }
    }

    /// A span in seconds in its largest unit: minutes, hours, days.
    pub fn age(&self, seconds: i64) -> String {
        figures::duration(seconds.saturating_mul(1_000), Detail::Age, self.language)
    }

    /// A duration in milliseconds, to the second; below ten seconds to the tenth.
    pub fn duration(&self, milliseconds: &Option<i64>) -> String {
        milliseconds.map_or_else(|| "–".into(), |ms| figures::duration(ms, Detail::Exact, self.language))
    }

    /// A whole number with its thousands apart.
    pub fn count(&self, number: &impl fmt::Display) -> String {
        // A narrow space that does not break, as French writes it.
        figures::grouped(&number.to_string(), if self.language == Language::Fr { "\u{202f}" } else { "," })
    }

    /// A share in percent, with one decimal.
    pub fn percent(&self, share: &Option<f64>) -> String {
        let Some(share) = share else { return "–".into() };
        let text = format!("{share:.1}").replace('.', figures::decimal_mark(self.language));
        format!("{text}{}", figures::percent_sign(self.language))
    }

    /// A size in bytes in its largest unit.
    pub fn bytes(&self, bytes: &i64) -> String {
        let units = [(1 << 30, "gigabytes"), (1 << 20, "megabytes"), (1 << 10, "kilobytes")];
        match units.into_iter().find(|(size, ..)| bytes >= size) {
            Some((size, unit)) => {
                let tenths = bytes * 10 / size;
                format!(
                    "{}{}{} {}",
                    tenths / 10,
                    figures::decimal_mark(self.language),
                    tenths % 10,
                    self.t(unit)
                )
            }
            None => format!("{bytes} {}", self.t("bytes")),
        }
    }

    /// What somebody or something wrote, as it is: people have their names from `staff`, not from a text.
    pub fn text(&self, text: &str) -> String {
        text.to_owned()
    }

    /// The same, and a dash where there is nothing.
    pub fn maybe(&self, text: &Option<String>) -> String {
        text.as_deref().filter(|text| !text.is_empty()).map_or_else(|| "–".into(), str::to_owned)
    }

    /// The badge of a run's state.
    pub fn status(&self, status: &Status) -> Markup {
        let (class, mark, text) = match status {
            Status::Queued => ("queued", "…", self.t("queued")),
            Status::Running => ("running", "▶", self.t("running")),
            Status::Success => ("success", "✓", self.t("success")),
            Status::Warning => ("warning", "!", self.t("warning")),
            Status::Error => ("error", "✕", self.t("error")),
        };
        self.badge(class, mark, text)
    }

    /// A badge of one of the classes of the style sheet: `success`, `warning`, `error`, `running`, `queued`, `info`.
    /// The texts are the program's own.
    pub fn badge(&self, class: &str, mark: &str, text: &str) -> Markup {
        Markup(format!(r#"<span class="badge {class}"><span aria-hidden="true">{mark}</span> {text}</span>"#))
    }

    /// Who or what started a run.
    pub fn trigger(&self, triggered_by: &Option<String>) -> String {
        match triggered_by.as_deref() {
            Some("scheduler") => self.t("scheduled-auto").into(),
            Some("manual") => self.t("manual").into(),
            Some("api") => "API".into(),
            Some(other) => other.to_owned(),
            None => "–".into(),
        }
    }

    /// An id as part of an address.
    pub fn segment(&self, id: &str) -> String {
        segment(id)
    }

    /// Empty for today, a name for the days beside it.
    fn day_name(&self, local: &Zoned) -> Option<&str> {
        let today = self.now.to_zoned(clock::zone()).date();
        let day = local.date();
        match day {
            _ if day == today => Some(""),
            _ if Some(day) == today.yesterday().ok() => Some(self.t("yesterday")),
            _ if Some(day) == today.tomorrow().ok() => Some(self.t("tomorrow")),
            _ => None,
        }
    }

    fn date_of(&self, local: &Zoned) -> String {
        let month = self.t(figures::SHORT_MONTHS[usize::from(local.month().unsigned_abs()) - 1]);
        let year = if local.year() == self.now.to_zoned(clock::zone()).year() {
            String::new()
        } else {
            format!(" {}", local.year())
        };
        match self.language {
            Language::Fr => format!("{} {month}{year}", local.day()),
            Language::En => format!("{month} {}{}", local.day(), year.replace(' ', ", ")),
        }
    }
}

/// What the API writes as an instant.
pub trait Instant {
    /// The instant, unless there is none.
    fn timestamp(&self) -> Option<Timestamp>;
}

impl Instant for str {
    fn timestamp(&self) -> Option<Timestamp> {
        self.parse().ok()
    }
}

impl Instant for String {
    fn timestamp(&self) -> Option<Timestamp> {
        self.parse().ok()
    }
}

impl Instant for Timestamp {
    fn timestamp(&self) -> Option<Timestamp> {
        Some(*self)
    }
}

impl<T: Instant> Instant for Option<T> {
    fn timestamp(&self) -> Option<Timestamp> {
        self.as_ref().and_then(Instant::timestamp)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn frame(language: &str) -> Frame {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", format!("language={language}").parse().expect("a header"));
        Frame::of(&headers, "/".into(), None, "2026-01-15T12:00:00Z".parse().expect("an instant"))
    }

    #[test]
    fn instants_are_montreals_with_the_exact_one_on_hover() {
        let fr = frame("fr");
        let today = fr.when("2026-01-15T06:00:00.5Z").to_string();
        assert!(today.contains(">01:00<") && today.contains("2026-01-15 01:00:00 -05:00"), "{today}");
        assert!(fr.when("2026-01-14T06:00:00Z").to_string().contains(">hier 01:00<"));
        assert!(fr.when("2025-07-14T06:00:00Z").to_string().contains(">14 juill. 2025 02:00<"));
        assert!(frame("en").when("2025-07-14T06:00:00Z").to_string().contains(">Jul 14, 2025 02:00<"));
        assert_eq!(fr.when(&None::<String>).to_string(), "–");
        assert_eq!(fr.when("<script>").to_string(), "–");
    }

    #[test]
    fn zero_is_a_duration() {
        let fr = frame("fr");
        let shown = [None, Some(0), Some(340), Some(34_200), Some(125_000), Some(3_780_000)];
        let shown = shown.map(|milliseconds| fr.duration(&milliseconds));
        assert_eq!(shown, ["–", "0,0 s", "0,3 s", "34 s", "2 min 05 s", "1 h 03 min"]);
    }

    #[test]
    fn numbers_are_written_as_the_language_has_them() {
        assert_eq!(frame("fr").count(&27_000), "27\u{202f}000");
        assert_eq!(frame("en").count(&-1_234_567), "−1,234,567");
        assert_eq!(frame("fr").percent(&Some(98.5)), "98,5\u{a0}%");
        assert_eq!(frame("en").bytes(&45_200_000), "43.1 MB");
    }
}
