//! The weekly report as people read it: figures that carry no language become a verdict and labelled rows.
//!
//! A value that nobody knows is shown as `—`; a zero is a zero.

mod figure;
mod names;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    figure::{Figure, Group, Unit},
    names::{Measure, Topic},
};
use super::{Message, Section, shown, texts};
use crate::{notify::Event, words::Language};

/// The report of one week: what the message is made of, in any language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeeklyReport {
    /// ISO label: `2026-W03`.
    pub week: String,
    /// Its Monday.
    pub from: Date,
    /// Its Sunday.
    pub until: Date,
    /// Figures by topic, in their order.
    pub groups: Vec<Group>,
}

/// A copy should never be older at the end of a week than this.
const COPY_AGE_SECONDS: f64 = 48.0 * 3600.0;
/// A drill is due every Sunday.
const DRILL_AGE_SECONDS: f64 = 8.0 * 24.0 * 3600.0;

impl WeeklyReport {
    fn figure(&self, measure: Measure) -> Option<&Figure> {
        self.groups.iter().flat_map(|group| &group.figures).find(|figure| figure.measure == measure)
    }

    fn value(&self, measure: Measure) -> Option<f64> {
        self.figure(measure)?.value
    }

    /// Tasks that did not run at all.
    fn idle_tasks(&self) -> Vec<&str> {
        let tasks = self.groups.iter().flat_map(|group| &group.figures);
        let idle = tasks.filter(|figure| figure.measure == Measure::Task && figure.value.is_none());
        idle.filter_map(|figure| figure.name.as_deref()).collect()
    }

    /// The sentence that may be all that somebody reads.
    fn verdict(&self, language: Language) -> String {
        let runs = match self.value(Measure::SuccessShare) {
            Some(share) => {
                let share = Unit::Share.shown(share, language);
                language.sentence("share-of-the-runs-succeeded", [("share", share.into())])
            }
            None => language.text("no-run").to_owned(),
        };
        let down = self.value(Measure::DownTime).unwrap_or(0.0);
        let outages = match self.value(Measure::Outages).unwrap_or(0.0) {
            0.0 => language.text("no-outage").to_owned(),
            count => {
                let values = [
                    ("count", count.into()),
                    ("shown", Unit::Count.shown(count, language).into()),
                    ("duration", Unit::Seconds.shown(down, language).into()),
                ];
                language.sentence("outages-of-the-week", values)
            }
        };
        format!("{}: {runs}, {outages}.", names::period(self.from, self.until, language))
    }

    /// What somebody should look at.
    fn concerns(&self, language: Language) -> Vec<String> {
        let mut concerns = Vec::new();
        if let Some(Figure { name: Some(task), value: Some(seconds), .. }) =
            self.figure(Measure::LongestFailing)
        {
            let (task, seconds) = (shown(task, 80), Unit::Seconds.shown(*seconds, language));
            concerns.push(
                language.sentence(
                    "warning-longest-failing",
                    [("task", task.into()), ("duration", seconds.into())],
                ),
            );
        }
        let idle = self.idle_tasks();
        if !idle.is_empty() {
            let idle = shown(&idle.join(", "), 300);
            concerns.push(language.sentence("warning-without-any-run", [("tasks", idle.into())]));
        }
        match self.value(Measure::CopyAge) {
            None => concerns.push(language.text("warning-no-backup").to_owned()),
            Some(age) if age > COPY_AGE_SECONDS => {
                concerns.push(language.text("warning-backup-is-old").to_owned())
            }
            Some(_) => {}
        }
        match (self.value(Measure::Drill), self.value(Measure::DrillAge)) {
            (Some(0.0), _) => concerns.push(language.text("warning-last-restore-drill-failed").to_owned()),
            (None, _) => concerns.push(language.text("warning-no-restore-drill").to_owned()),
            (_, Some(age)) if age > DRILL_AGE_SECONDS => {
                concerns.push(language.text("warning-last-restore-drill-is-old").to_owned())
            }
            _ => {}
        }
        concerns
    }
}

/// The message of a week; without readable figures, what every notice has.
pub(super) fn weekly(data: &Value, language: Language) -> Message {
    let advice = texts::advice(Event::ReportWeekly, &Value::Null, language);
    let Ok(report) = WeeklyReport::deserialize(data) else {
        return Message {
            title: texts::title(Event::ReportWeekly, &Value::Null, language),
            advice,
            ..Message::default()
        };
    };
    let mut intro = vec![report.verdict(language)];
    intro.extend(report.concerns(language));
    intro.push(language.text("each-figure-followed-by-change").to_owned());
    let sections = report.groups.iter().map(|group| Section {
        title: group.topic.label(language).to_owned(),
        rows: group.figures.iter().map(|figure| figure.row(language)).collect(),
    });
    Message {
        title: format!(
            "{} {}",
            texts::title(Event::ReportWeekly, &Value::Null, language),
            shown(&report.week, 20)
        ),
        intro,
        sections: sections.collect(),
        advice,
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(language: Language) -> Message {
        let figure = |measure: &str, value: Value, unit: &str| json!({"measure": measure, "value": value, "before": null, "unit": unit});
        let task = json!({"measure": "task", "name": "Backup SQL", "value": null, "before": 1, "unit": "share",
                          "notes": [["runs", 0, "count"]]});
        let data = json!({"week": "2026-W03", "from": "2026-01-12", "until": "2026-01-18", "groups": [
            {"topic": "runs", "figures": [figure("success_share", json!(1), "share")]},
            {"topic": "tasks", "figures": [task]},
            {"topic": "availability", "figures": [
                figure("outages", json!(1), "count"), figure("down_time", json!(720), "seconds")]},
            {"topic": "backups", "figures": [
                figure("copy_age", json!(72000), "seconds"), figure("drill", json!(1), "outcome"),
                figure("drill_age", json!(800_000), "seconds")]},
        ]});
        weekly(&data, language)
    }

    #[test]
    fn the_verdict_and_what_needs_a_look_come_first_in_both_languages() {
        let plain = |language| report(language).intro.join("\n").replace('\u{a0}', "_");
        assert_eq!(
            plain(Language::Fr),
            "Semaine du 12 au 18 janvier 2026: 100_% des exécutions réussies, 1_panne (12_min).\n\
             ⚠️ Sans aucune exécution: Backup SQL.\n\
             ⚠️ Le dernier essai de restauration date de plus d'une semaine.\n\
             Chaque chiffre est suivi de son écart avec la semaine précédente; « — » veut dire inconnu."
        );
        assert_eq!(
            plain(Language::En),
            "Week of 12 to 18 January 2026: 100% of the runs succeeded, 1_outage (12_min).\n\
             ⚠️ Without any run: Backup SQL.\n\
             ⚠️ The last restore drill is more than a week old.\n\
             Each figure is followed by its change against the week before; “—” means unknown."
        );
    }

    #[test]
    fn an_unknown_figure_is_no_zero() {
        let row = &report(Language::En).sections[1].rows[0];
        assert_eq!((row.value.as_str(), row.change.as_str(), row.note.as_str()), ("—", "—", "0\u{a0}runs"));
        assert_eq!(row.bar, None);
    }
}
