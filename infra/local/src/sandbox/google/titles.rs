//! What Google Sheets refuses of a tab's title: each rule with the place where it is written down.
//!
//! No character is forbidden: `[ ] * / : ?`, an apostrophe, or a title that looks like a cell (`CO2`) are taken
//! (github.com/stencila/desktop/issues/43, github.com/dataiku/dataiku-contrib/issues/215); they matter in A1 notation
//! only, which the product does not use.

/// A rule.
pub struct Rule {
    /// What Google answers.
    pub refusal: &'static str,
    /// Where it is written down.
    pub source: &'static str,
    is_broken: fn(&str, &[&str]) -> bool,
}

/// All of them.
pub const RULES: [Rule; 3] = [
    Rule {
        refusal: "A sheet with this name already exists. Please enter another name.",
        // "trying to create 2 sheets with the same name but different cases fails, wether you do it from the
        // spreadsheet UI or the API"
        source: "github.com/socialpoint-labs/sheetfu/pull/26",
        is_broken: |title, others| others.iter().any(|other| folded(other) == folded(title)),
    },
    Rule {
        refusal: "The name of a sheet is at most 100 characters long.",
        source: "github.com/hildogjr/KiCost/issues/52",
        is_broken: |title, _| title.chars().count() > 100,
    },
    Rule {
        // Left out, a title is chosen by Google; given, it is one.
        refusal: "The name of a sheet cannot be empty.",
        source: "rdrr.io/pkg/googlesheets4/man/sheet_add.html",
        is_broken: |title, _| title.trim().is_empty(),
    },
];

/// Nothing is written about spaces around a title; the stricter reading is taken: they make no other title.
fn folded(title: &str) -> String {
    title.trim().to_lowercase()
}

/// Refuses what Google refuses.
pub fn check<'a>(title: &str, others: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let others: Vec<&str> = others.collect();
    match RULES.iter().find(|rule| (rule.is_broken)(title, &others)) {
        Some(rule) => Err(format!("{title:?}: {} (see {})", rule.refusal, rule.source)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_google_refuses_is_refused_and_nothing_else() {
        let others = ["UQAM", "École"];
        let refused = |title: &str| check(title, others.iter().copied()).is_err();
        for title in ["UQAM", "uqam", "Uqam ", "ÉCOLE", "", " ", &"é".repeat(101)] {
            assert!(refused(title), "{title:?}");
        }
        for title in ["UQAM 2", "Ecole", "CO2", "a/b [c]*?:", "'Vincent d'Indy'", "~ x", &"é".repeat(100)] {
            assert!(!refused(title), "{title:?}");
        }
        assert!(RULES.iter().all(|rule| rule.source.contains('/')));
    }
}
