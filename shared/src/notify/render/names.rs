//! Names of event types and reasons, for screens that list them.

use super::texts;
use crate::{notify::Event, words::Language};

/// What an event type is called, in a few words; an unknown one stays as it is.
pub fn event_name(event_type: &str, language: Language) -> String {
    Event::named(event_type).map_or(event_type, |event| language.text(event.words())).to_owned()
}

/// The reason of a failure in words; an unknown kind stays as it is.
pub fn error_name(kind: &str, language: Language) -> String {
    texts::explanation(kind, language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_read_without_signs_and_unknown_ones_as_they_are() {
        assert_eq!(event_name("sync.failed", Language::Fr), "Erreur de synchronisation");
        assert_eq!(event_name("report.weekly", Language::En), "Weekly report");
        assert_eq!(event_name("alarm.raised", Language::Fr), "Alarme AWS");
        assert_eq!(event_name("x.unheard", Language::Fr), "x.unheard");
        assert_eq!(error_name("http_404", Language::En), "HTTP answer 404");
    }
}
