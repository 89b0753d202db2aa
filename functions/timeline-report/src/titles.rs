//! Titles of sheets, as Google Sheets compares and bounds them. Pure.
//!
//! Google holds titles that differ by case only to be the same, and takes at most 100 characters. The console says the
//! same in SQL (`internal.sheet_title_key`, `internal.check_report_title`).

use std::ops::Range;

use serde::Deserialize;

/// How the titles of the hidden tabs begin that a large report is filled in. Reserved.
pub const STAGING: &str = "~ en préparation: ";
/// The `gid`s of those tabs. Google gives its own at random; together with a hidden tab and the reserved title this is
/// never a person's tab.
pub const STAGING_IDS: Range<i64> = 2_000_000_000..2_000_100_000;
/// Google takes no longer title.
pub const TITLE_CHARACTERS: usize = 100;

/// A tab of the spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExistingTab {
    /// The `gid`.
    pub sheet_id: i64,
    /// Title.
    pub title: String,
    /// Whether readers do not see it. Google leaves out what is false.
    #[serde(default)]
    pub hidden: bool,
}

impl ExistingTab {
    /// Whether an earlier report left it behind, or this one fills it.
    pub fn is_staging(&self) -> bool {
        self.hidden && STAGING_IDS.contains(&self.sheet_id) && self.title.starts_with(STAGING)
    }
}

/// What two titles have in common that Google, or a reader, holds to be the same: case, and spaces that nobody sees, do
/// not count.
pub fn key(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The tab of this title: by its letters, else as Google compares them.
pub fn find<'a>(tabs: &[&'a ExistingTab], title: &str) -> Option<&'a ExistingTab> {
    let exact = tabs.iter().find(|tab| tab.title == title);
    exact.or_else(|| tabs.iter().find(|tab| key(&tab.title) == key(title))).copied()
}

/// Titles for the staging tabs of these titles: within the limit, and none that is taken or will be.
pub fn staging_titles<'a>(
    existing: &[ExistingTab],
    titles: impl Iterator<Item = &'a str> + Clone,
) -> Vec<String> {
    let mut taken: Vec<String> = existing.iter().map(|tab| key(&tab.title)).collect();
    taken.extend(titles.clone().map(key));
    titles
        .map(|title| {
            let free = (1..)
                .map(|number: usize| {
                    let ending = if number == 1 { String::new() } else { format!(" ({number})") };
                    let left = TITLE_CHARACTERS - STAGING.chars().count() - ending.chars().count();
                    let title: String = title.chars().take(left).collect();
                    format!("{STAGING}{}{ending}", title.trim_end())
                })
                .find(|title| !taken.contains(&key(title)))
                .unwrap_or_default();
            taken.push(key(&free));
            free
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(sheet_id: i64, title: &str) -> ExistingTab {
        ExistingTab { sheet_id, title: title.into(), hidden: false }
    }

    #[test]
    fn titles_are_compared_as_google_does_and_the_very_title_comes_first() {
        let tabs =
            [tab(1, "uqam"), tab(2, "École de Musique"), tab(3, "Place  des Arts "), tab(4, "UQAM Musique")];
        let tabs: Vec<&ExistingTab> = tabs.iter().collect();
        let found = |title: &str| find(&tabs, title).map(|tab| tab.sheet_id);
        assert_eq!(found("UQAM"), Some(1));
        assert_eq!(found("école de musique"), Some(2));
        assert_eq!(found("ÉCOLE DE MUSIQUE"), Some(2));
        assert_eq!(found("Place des Arts"), Some(3));
        assert_eq!(found("Orford"), None);
        assert_eq!(found("Ecole de musique"), None, "an accent makes another title");
        let both = [tab(1, "uqam"), tab(2, "UQAM")];
        assert_eq!(find(&both.iter().collect::<Vec<_>>(), "UQAM").map(|tab| tab.sheet_id), Some(2));
    }

    #[test]
    fn a_staging_title_is_within_the_limit_and_never_taken() {
        let long = "é".repeat(100);
        let existing = [tab(1, "~ EN PRÉPARATION: UQAM")];
        let titles =
            ["UQAM", "uqam ", &long, &format!("{}x", &long[..198]), "~ en préparation: Orford", "Orford"];
        let staged = staging_titles(&existing, titles.iter().copied());
        let keys: std::collections::BTreeSet<String> = staged.iter().map(|title| key(title)).collect();
        assert_eq!(keys.len(), titles.len(), "{staged:?}");
        for title in &staged {
            assert!(title.chars().count() <= TITLE_CHARACTERS && title.starts_with(STAGING), "{title}");
            assert!(!keys.contains(&key(&existing[0].title)) && !titles.contains(&title.as_str()), "{title}");
        }
        assert_eq!(staged[0], "~ en préparation: UQAM (2)");
        // The longest title that the console takes is staged as it is.
        assert_eq!(STAGING.chars().count() + 82, TITLE_CHARACTERS);
    }

    #[test]
    fn only_a_hidden_tab_of_the_reserved_range_was_left_by_a_report() {
        let left = ExistingTab { hidden: true, ..tab(STAGING_IDS.start, "~ en préparation: UQAM") };
        assert!(left.is_staging());
        for persons in [
            ExistingTab { hidden: false, ..left.clone() },
            ExistingTab { sheet_id: 9, ..left.clone() },
            ExistingTab { title: "UQAM".into(), ..left.clone() },
        ] {
            assert!(!persons.is_staging(), "{persons:?}");
        }
    }
}
