//! Names of event types and reasons, for screens that list them.

use crate::{error_kind::ErrorKind, notify::Event, words::Language};

/// What an event type is called, in a few words; an unknown one stays as it is.
pub fn event_name(event_type: &str, language: Language) -> String {
    Event::named(event_type).map_or(event_type, |event| language.text(event.words())).to_owned()
}

/// The reason of a failure in words; an unknown kind stays as it is.
pub fn error_name(kind: &str, language: Language) -> String {
    match ErrorKind::named(kind) {
        Some(ErrorKind::Http(status)) => language.sentence("http-answer", [("status", status.into())]),
        Some(known) => language.text(known.words()).to_owned(),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_kind_has_words_in_both_languages() {
        for kind in ErrorKind::ALL {
            for language in Language::ALL {
                assert!(language.find(kind.words()).is_some(), "{kind}");
            }
        }
    }

    #[test]
    fn event_types_are_read_without_signs_and_unknown_ones_as_they_are() {
        assert_eq!(event_name("sync.failed", Language::Fr), "Erreur de synchronisation");
        assert_eq!(event_name("report.weekly", Language::En), "Weekly report");
        assert_eq!(event_name("alarm.raised", Language::Fr), "Alarme AWS");
        assert_eq!(event_name("x.unheard", Language::Fr), "x.unheard");
        assert_eq!(error_name("http_404", Language::En), "HTTP answer 404");
        assert_eq!(error_name("x_unheard", Language::En), "x_unheard");
    }
}
