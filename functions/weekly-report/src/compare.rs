//! Two weeks side by side: every figure of the report with its value of the week before.

use shared::notify::weekly::{Figure, Group, Measure, Topic, Unit};

use crate::figures::{Deliveries, Figures, Synced, TaskRuns, share};

/// Both weeks.
struct Pair<'a> {
    week: &'a Figures,
    before: &'a Figures,
}

/// The groups of the report.
pub fn compare(week: &Figures, before: &Figures) -> Vec<Group> {
    let pair = Pair { week, before };
    vec![
        pair.runs(),
        pair.tasks(),
        pair.synced(),
        pair.activity(),
        pair.alerts(),
        pair.availability(),
        pair.anomalies(),
        pair.notifications(),
        pair.ai(),
        pair.cash(),
        pair.people(),
        pair.backups(),
    ]
}

#[allow(clippy::cast_precision_loss)] // Counts, milliseconds and cents of a week.
fn number(value: u64) -> f64 {
    value as f64
}

#[allow(clippy::cast_precision_loss)]
fn signed(value: i64) -> f64 {
    value as f64
}

fn in_seconds(ms: u64) -> f64 {
    number(ms) / 1000.0
}

fn total(figures: &Figures, part: impl Fn(&TaskRuns) -> u64) -> u64 {
    figures.runs.iter().map(part).sum()
}

fn slowest(figures: &Figures) -> Option<&TaskRuns> {
    figures.runs.iter().filter(|runs| runs.max_ms.is_some()).max_by_key(|runs| runs.max_ms)
}

impl Pair<'_> {
    fn counted(&self, measure: Measure, count: impl Fn(&Figures) -> u64) -> Figure {
        Figure::new(measure, Some(number(count(self.week))), Some(number(count(self.before))), Unit::Count)
    }

    fn known(&self, measure: Measure, unit: Unit, value: impl Fn(&Figures) -> Option<f64>) -> Figure {
        Figure::new(measure, value(self.week), value(self.before), unit)
    }

    fn runs(&self) -> Group {
        let success = |figures: &Figures| {
            share(total(figures, |runs| runs.success + runs.warning), total(figures, |runs| runs.finished))
        };
        let rate = success(self.week);
        let mut figures = vec![
            self.known(Measure::SuccessShare, Unit::Share, success).with_bar(rate),
            self.counted(Measure::Runs, |figures| total(figures, |runs| runs.finished)),
            self.counted(Measure::Warnings, |figures| total(figures, |runs| runs.warning)),
            self.counted(Measure::Errors, |figures| total(figures, |runs| runs.error)),
            self.slowest(),
            self.longest_failing(),
        ];
        // The total of all tasks does not compare with that of some.
        if !(self.week.is_log_whole() && self.before.is_log_whole()) {
            figures.iter_mut().for_each(|figure| figure.before = None);
        }
        Group { topic: Topic::Runs, figures }
    }

    fn slowest(&self) -> Figure {
        let figure = self.known(Measure::Slowest, Unit::Seconds, |figures| {
            slowest(figures).and_then(|runs| runs.max_ms).map(in_seconds)
        });
        match slowest(self.week) {
            None => figure,
            Some(runs) => {
                let median = runs.median_ms.map(in_seconds).unwrap_or_default();
                figure.named(&runs.label).with_note(Measure::Median, median, Unit::Seconds)
            }
        }
    }

    fn longest_failing(&self) -> Figure {
        let figure = self.known(Measure::LongestFailing, Unit::Seconds, |figures| {
            figures.failing.as_ref().map(|failing| number(failing.seconds))
        });
        match &self.week.failing {
            None => figure,
            Some(failing) => {
                figure.named(&failing.label).with_note(Measure::Errors, number(failing.runs), Unit::Count)
            }
        }
    }

    fn tasks(&self) -> Group {
        let figures = self.week.runs.iter().map(|runs| {
            let before = self.before.runs.iter().find(|before| before.task == runs.task);
            let rate = runs.success_share();
            let figure =
                Figure::new(Measure::Task, rate, before.and_then(TaskRuns::success_share), Unit::Share)
                    .named(&runs.label)
                    .with_bar(rate)
                    .with_note(Measure::Runs, number(runs.finished), Unit::Count)
                    .with_counts(&[(Measure::Warnings, runs.warning), (Measure::Errors, runs.error)]);
            match (runs.median_ms, runs.max_ms) {
                // Of a single run both are the same.
                (Some(median), Some(longest)) if runs.finished > 1 => figure
                    .with_note(Measure::Median, in_seconds(median), Unit::Seconds)
                    .with_note(Measure::Longest, in_seconds(longest), Unit::Seconds),
                (Some(only), _) => figure.with_note(Measure::Duration, in_seconds(only), Unit::Seconds),
                _ => figure,
            }
        });
        Group { topic: Topic::Tasks, figures: figures.collect() }
    }

    fn synced(&self) -> Group {
        let all = |figures: &Figures| figures.synced.iter().map(Synced::read).sum();
        let largest = self.week.synced.iter().map(Synced::read).max().unwrap_or_default();
        let mut figures = vec![self.counted(Measure::Rows, all)];
        figures.extend(self.week.synced.iter().map(|synced| {
            let before = self.before.synced.iter().find(|before| before.collection == synced.collection);
            let before = before.map_or(0, Synced::read);
            Figure::new(Measure::Collection, Some(number(synced.read())), Some(number(before)), Unit::Count)
                .named(&synced.collection)
                .with_bar(share(synced.read(), largest))
                .with_counts(&[
                    (Measure::Inserted, synced.inserted),
                    (Measure::Updated, synced.updated),
                    (Measure::Deleted, synced.deleted),
                ])
        }));
        Group { topic: Topic::Synced, figures }
    }

    fn activity(&self) -> Group {
        Group {
            topic: Topic::Activity,
            figures: vec![
                self.counted(Measure::Appointments, |figures| figures.appointments),
                self.counted(Measure::Pianos, |figures| figures.pianos),
            ],
        }
    }

    fn alerts(&self) -> Group {
        Group {
            topic: Topic::Alerts,
            figures: vec![
                self.counted(Measure::HumidityOpened, |figures| figures.humidity.opened),
                self.counted(Measure::HumidityClosed, |figures| figures.humidity.closed),
                self.counted(Measure::MaintenanceOpened, |figures| figures.maintenance.opened),
                self.counted(Measure::MaintenanceClosed, |figures| figures.maintenance.closed),
            ],
        }
    }

    fn availability(&self) -> Group {
        Group {
            topic: Topic::Availability,
            figures: vec![
                self.counted(Measure::Outages, |figures| figures.incidents.outages),
                self.known(Measure::DownTime, Unit::Seconds, |figures| {
                    Some(number(figures.incidents.down_seconds))
                }),
                self.counted(Measure::Incidents, |figures| figures.incidents.others),
            ],
        }
    }

    fn anomalies(&self) -> Group {
        let mut figures = vec![
            self.counted(Measure::AnomaliesOpened, |figures| {
                figures.anomalies.iter().map(|severity| severity.opened).sum()
            }),
            self.counted(Measure::AnomaliesResolved, |figures| {
                figures.anomalies.iter().map(|severity| severity.resolved).sum()
            }),
        ];
        figures.extend(self.week.anomalies.iter().map(|anomalies| {
            let before = self.before.anomalies.iter().find(|before| before.severity == anomalies.severity);
            let before = before.map_or(0, |before| before.opened);
            Figure::new(
                Measure::SeverityOpened,
                Some(number(anomalies.opened)),
                Some(number(before)),
                Unit::Count,
            )
            .named(&anomalies.severity)
            .with_note(Measure::Resolved, number(anomalies.resolved), Unit::Count)
        }));
        Group { topic: Topic::Anomalies, figures }
    }

    fn notifications(&self) -> Group {
        let all = |of: &Deliveries| of.sent + of.failed + of.unknown + of.unsent;
        let figures = self.week.notifications.iter().map(|channel| {
            let before = self.before.notifications.iter().find(|before| before.channel == channel.channel);
            let before = before.map_or(0, |before| before.sent);
            Figure::new(Measure::Channel, Some(number(channel.sent)), Some(number(before)), Unit::Count)
                .named(&channel.channel)
                .with_bar(share(channel.sent, all(channel)))
                .with_counts(&[
                    (Measure::Failed, channel.failed),
                    (Measure::Unknown, channel.unknown),
                    (Measure::Unsent, channel.unsent),
                ])
        });
        let sent = self
            .counted(Measure::Sent, |figures| figures.notifications.iter().map(|channel| channel.sent).sum());
        Group { topic: Topic::Notifications, figures: std::iter::once(sent).chain(figures).collect() }
    }

    fn ai(&self) -> Group {
        Group {
            topic: Topic::Ai,
            figures: vec![
                self.counted(Measure::AiCalls, |figures| figures.ai.calls),
                self.known(Measure::AiErrorShare, Unit::Share, |figures| {
                    share(figures.ai.errors, figures.ai.calls)
                }),
                self.known(Measure::AiConfidence, Unit::Share, |figures| figures.ai.confidence),
            ],
        }
    }

    fn cash(&self) -> Group {
        let sales = |figures: &Figures| signed(figures.cash.sales_cents);
        Group {
            topic: Topic::Cash,
            figures: vec![
                self.counted(Measure::CashSessions, |figures| figures.cash.sessions),
                self.known(Measure::CashSales, Unit::Cents, |figures| Some(sales(figures))),
                self.known(Measure::CashItems, Unit::Count, |figures| Some(signed(figures.cash.items))),
                self.known(Measure::CashAverage, Unit::Cents, |figures| {
                    let sessions = figures.cash.sessions;
                    (sessions > 0).then(|| (sales(figures) / number(sessions)).round())
                }),
            ],
        }
    }

    fn people(&self) -> Group {
        Group {
            topic: Topic::People,
            figures: vec![
                self.counted(Measure::UsersTotal, |figures| figures.users.total),
                self.counted(Measure::UsersActive, |figures| figures.users.active),
            ],
        }
    }

    fn backups(&self) -> Group {
        let drill = |figures: &Figures| figures.backup.drill.clone();
        let mut outcome = self.known(Measure::Drill, Unit::Outcome, |figures| {
            drill(figures).map(|drill| f64::from(u8::from(drill.passed)))
        });
        if let Some(duration) = drill(self.week).and_then(|drill| drill.duration_seconds) {
            outcome = outcome.with_note(Measure::Duration, duration, Unit::Seconds);
        }
        Group {
            topic: Topic::Backups,
            figures: vec![
                self.known(Measure::CopyAge, Unit::Seconds, |figures| figures.backup.age_seconds.map(number)),
                outcome,
                self.known(Measure::DrillAge, Unit::Seconds, |figures| {
                    drill(figures).map(|drill| number(drill.age_seconds))
                }),
            ],
        }
    }
}
