//! Which tasks have not succeeded in time: a pure function of schedules, last successes, pauses and the clock.
//!
//! A schedule is read as EventBridge Scheduler reads it, so that no clock change makes a false alarm or hides a
//! missing run.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use shared::{
    clock::{self, Schedule, Schedules},
    events,
    task::{TASKS, TaskSpec},
};

/// The watcher's own pause after which tasks that run all the time are given a new chance: nothing ran then.
const BLIND: SignedDuration = SignedDuration::from_mins(15);

/// What the database knows of a task.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Known {
    /// Task.
    pub name: String,
    /// Whether its schedules are without effect.
    pub paused: bool,
    /// When the last pause ended.
    pub resumed_at: Option<Timestamp>,
    /// Before this instant nothing is missed.
    pub watched_since: Option<Timestamp>,
    /// The schedule that it was watched for.
    pub schedule: Option<String>,
    /// For when the last good run was planned.
    pub last_success_at: Option<Timestamp>,
    /// When it ended.
    pub last_success_ended_at: Option<Timestamp>,
    /// Whether a run is at work, or waits between two of its parts.
    pub is_running: bool,
    /// The start that it is known to have missed, while nothing has succeeded since.
    pub missed_since: Option<Timestamp>,
}

/// What is to be recorded of a task.
#[derive(Debug, Clone, Serialize)]
pub struct TaskCheck {
    /// Registry entry.
    #[serde(skip)]
    pub task: &'static TaskSpec,
    /// Task.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// `new`, `up`, `down` or `paused`.
    pub state: &'static str,
    /// The schedule it is watched for; null for one that follows another.
    pub schedule: Option<String>,
    /// Seconds between two successes.
    pub expected_every_seconds: u64,
    /// Seconds that a success may be late.
    pub grace_seconds: u64,
    /// Milliseconds from which a run has taken almost all of its time: 80 % of its limit.
    pub slow_ms: u64,
    /// For when the last good run was planned.
    pub last_success_at: Option<Timestamp>,
    /// The first start, planned or due, that no success answers for; none unless it is `down`.
    pub missing_since: Option<Timestamp>,
    /// How late it is, as a share of what it may be late: below 1 unless it is `down`, 0 where nothing is due.
    #[serde(skip)]
    pub overdue: f64,
}

/// The tasks that are expected to succeed again and again.
pub fn watched() -> impl Iterator<Item = &'static TaskSpec> {
    TASKS.iter().filter(|task| task.is_watched())
}

/// Judges every watched task. `previous_tick` is the watcher's own last success.
pub fn judge(
    known: &[Known],
    deployed: &Schedules,
    previous_tick: Option<Timestamp>,
    now: Timestamp,
) -> Vec<TaskCheck> {
    let of = |name: &str| known.iter().find(|known| known.name == name).cloned().unwrap_or_default();
    let was_blind = previous_tick.is_none_or(|tick| now.duration_since(tick) > BLIND);
    let parent = TASKS
        .iter()
        .find(|task| task.chain == shared::task::Chain::Starts)
        .map(|task| of(task.name))
        .unwrap_or_default();
    watched()
        .map(|task| {
            let known = of(task.name);
            let schedule = schedule_of(task, deployed);
            let expression = schedule.as_ref().map(|(text, _)| text.clone());
            // A task that is new, or has a new schedule, has missed nothing yet.
            let watched_since = known.watched_since.filter(|_| known.schedule == expression).unwrap_or(now);
            let baseline =
                [Some(watched_since), known.resumed_at, known.last_success_at].into_iter().flatten().max();
            let baseline = baseline.unwrap_or(now);
            let grace = SignedDuration::try_from(task.grace()).unwrap_or(SignedDuration::MAX);
            // The first start that no success answers for, how late its success may be, and whether it is later.
            let (due, allowed, is_missing) = match &schedule {
                Some((_, Schedule::Rate(period))) => {
                    let due = baseline.checked_add(*period).ok();
                    (due, grace, !was_blind && due.is_some_and(|due| now.duration_since(due) > grace))
                }
                Some((_, schedule)) => (
                    schedule.next_after(baseline),
                    grace,
                    // What is at work is late, not missing: a long sync goes on in parts. When its process is gone, it ends
                    // as a lost run.
                    !known.is_running && missed(schedule, baseline, grace, now, &clock::zone()),
                ),
                // It follows the sync: missing is what came after its last success.
                None => {
                    let follows = task.listens_to == Some(events::SYNC_SUCCEEDED);
                    let is_due = follows && parent.last_success_at.is_some_and(|planned| planned > baseline);
                    let due = parent.last_success_ended_at.filter(|_| is_due);
                    let is_late = due.is_some_and(|due| now.duration_since(due) > grace);
                    (due, grace, is_late && !known.is_running)
                }
            };
            // What was missed stays missed until it succeeds, also where the next start is not due yet.
            let missed_since = known.missed_since.filter(|_| known.schedule == expression);
            let (due, is_missing) = (missed_since.or(due), is_missing || missed_since.is_some());
            let due = due.filter(|_| !known.paused);
            let missing_since = due.filter(|_| is_missing);
            TaskCheck {
                task,
                name: task.name,
                label: task.label,
                state: match () {
                    () if known.paused => "paused",
                    () if missing_since.is_some() => "down",
                    () if known.last_success_at.is_none() => "new",
                    () => "up",
                },
                schedule: expression,
                expected_every_seconds: task.expected_period.as_secs(),
                grace_seconds: task.grace().as_secs(),
                slow_ms: u64::try_from(task.time_limit.as_millis()).unwrap_or(u64::MAX) / 5 * 4,
                last_success_at: known.last_success_at,
                missing_since,
                overdue: due.map_or(0.0, |due| {
                    let share = now.duration_since(due).as_secs_f64() / allowed.as_secs_f64();
                    if missing_since.is_some() { share.max(1.0) } else { share.clamp(0.0, 0.99) }
                }),
            }
        })
        .collect()
}

/// The task that is latest, for its time.
pub fn latest(tasks: &[TaskCheck]) -> Option<&TaskCheck> {
    tasks.iter().max_by(|one, other| one.overdue.total_cmp(&other.overdue))
}

fn schedule_of(task: &TaskSpec, deployed: &Schedules) -> Option<(String, Schedule)> {
    if deployed.knows(task.name) {
        return deployed
            .get(task.name)
            .map(|(expression, schedule)| (expression.to_owned(), schedule.clone()));
    }
    let expression = task.schedule?;
    // A test reads every expression of the registry.
    Some((expression.to_owned(), expression.parse().ok()?))
}

/// Whether a planned time has passed, with its grace, that no success since `baseline` answers for.
fn missed(
    schedule: &Schedule,
    baseline: Timestamp,
    grace: SignedDuration,
    now: Timestamp,
    zone: &TimeZone,
) -> bool {
    now.checked_sub(grace)
        .ok()
        .and_then(|latest| schedule.last_until_in(latest, zone))
        .is_some_and(|due| due > baseline)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn known(name: &str, last: Option<Timestamp>) -> Known {
        Known {
            name: name.into(),
            watched_since: Some("2024-01-01T00:00:00Z".parse().unwrap()),
            schedule: TaskSpec::named(name).unwrap().schedule.map(str::to_owned),
            last_success_at: last,
            last_success_ended_at: last,
            ..Known::default()
        }
    }

    fn state(known: Known, now: Timestamp) -> &'static str {
        let name = known.name.clone();
        let beats = judge(&[known], &Schedules::default(), Some(now - 5.minutes()), now);
        beats.into_iter().find(|beat| beat.name == name).unwrap().state
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_without_a_sync_is_seen_after_its_grace() {
        let sync = || known("sync_gazelle", Some(at("2026-01-14T06:00:00Z")));
        assert_eq!(state(sync(), at("2026-01-15T06:30:00Z")), "up");
        let grace = TaskSpec::named("sync_gazelle").unwrap().grace();
        let late = at("2026-01-15T06:00:01Z") + SignedDuration::try_from(grace).unwrap();
        assert_eq!(state(sync(), late), "down");
        assert_eq!(state(known("sync_gazelle", Some(at("2026-01-15T06:00:00Z"))), late), "up");
        assert_eq!(state(Known { paused: true, ..sync() }, late), "paused");
        assert_eq!(state(Known { resumed_at: Some(late - 1.minute()), ..sync() }, late), "up");
        assert_eq!(
            state(Known { schedule: Some("cron(0 3 * * ? *)".into()), ..sync() }, late),
            "up",
            "a new schedule"
        );
    }

    #[test]
    fn tasks_that_run_all_the_time_get_a_new_chance_after_a_blind_watcher() {
        let now = at("2026-01-15T12:00:00Z");
        let dispatch = known("notification_dispatch", Some(now - 1.hour()));
        assert_eq!(state(dispatch.clone(), now), "down");
        let beats = judge(&[dispatch], &Schedules::default(), Some(now - 1.hour()), now);
        assert!(beats.iter().all(|beat| beat.state != "down"));
    }

    #[test]
    fn what_follows_the_sync_is_missed_only_after_a_good_sync() {
        let now = at("2026-01-15T12:00:00Z");
        let report = known("rapport_timeline", Some(at("2026-01-14T06:00:20Z")));
        let beats = |sync: &str| {
            let sync = known("sync_gazelle", Some(at(sync)));
            let beats = judge(&[sync, report.clone()], &Schedules::default(), Some(now), now);
            beats.into_iter().find(|beat| beat.name == "rapport_timeline").unwrap().state
        };
        assert_eq!(beats("2026-01-15T06:00:00Z"), "down");
        assert_eq!(beats("2026-01-14T06:00:00Z"), "up", "the sync itself is what is missing");
    }

    #[test]
    fn what_is_at_work_is_late_and_not_missing() {
        let late = at("2026-01-15T08:00:00Z");
        let sync = known("sync_gazelle", Some(at("2026-01-14T06:00:00Z")));
        assert_eq!(state(sync.clone(), late), "down");
        let at_work = Known { is_running: true, ..sync };
        let beats = judge(&[at_work], &Schedules::default(), Some(late), late);
        let sync = latest(&beats).unwrap();
        assert_eq!((sync.name, sync.state, sync.overdue), ("sync_gazelle", "up", 0.99));
        // A frequent task that hangs is missing all the same.
        let ticks = Known { is_running: true, ..known("maintenance_alerts", Some(late - 1.hour())) };
        assert_eq!(state(ticks, late), "down");
    }

    #[test]
    fn what_follows_a_long_sync_has_its_time_after_the_end_of_it() {
        let ended = at("2026-01-15T08:40:00Z");
        let sync = Known {
            last_success_ended_at: Some(ended),
            ..known("sync_gazelle", Some(at("2026-01-15T06:00:00Z")))
        };
        let report = known("rapport_timeline", Some(at("2026-01-14T06:10:00Z")));
        let grace = SignedDuration::try_from(report_task().grace()).unwrap();
        let at = |now: Timestamp| {
            let beats = judge(&[sync.clone(), report.clone()], &Schedules::default(), Some(now), now);
            beats.into_iter().find(|beat| beat.name == "rapport_timeline").unwrap().state
        };
        assert_eq!(at(ended + SignedDuration::from_mins(1)), "up");
        assert_eq!(at(ended + grace), "up");
        assert_eq!(at(ended + grace + SignedDuration::from_secs(1)), "down");
    }

    fn report_task() -> &'static TaskSpec {
        TaskSpec::named("rapport_timeline").unwrap()
    }

    #[test]
    fn what_was_missed_stays_missed_until_it_succeeds() {
        // The sync of the second night is a minute old: what follows it is not late yet, and was missed the night before.
        let now = at("2026-01-16T06:01:00Z");
        let sync = known("sync_gazelle", Some(at("2026-01-16T06:00:00Z")));
        let since = at("2026-01-15T06:00:30Z");
        let report = known("rapport_timeline", Some(at("2026-01-14T06:10:00Z")));
        let of = |report: Known| {
            let beats = judge(&[sync.clone(), report], &Schedules::default(), Some(now), now);
            beats.into_iter().find(|beat| beat.name == "rapport_timeline").unwrap()
        };
        assert_eq!(of(report.clone()).state, "up");
        let missed = of(Known { missed_since: Some(since), ..report.clone() });
        assert_eq!((missed.state, missed.missing_since), ("down", Some(since)));
        assert!(missed.overdue >= 1.0);
        let another_schedule = Known { schedule: Some("rate(1 day)".into()), ..report };
        assert_eq!(of(Known { missed_since: Some(since), ..another_schedule }).state, "up");
    }

    #[test]
    fn a_task_is_missing_since_the_first_start_that_did_not_happen() {
        let since = |known: Known, others: &[Known], now| {
            let name = known.name.clone();
            let known: Vec<Known> = others.iter().cloned().chain([known]).collect();
            let beats = judge(&known, &Schedules::default(), Some(now - 5.minutes()), now);
            beats.into_iter().find(|beat| beat.name == name).unwrap().missing_since
        };
        let now = at("2026-01-16T12:00:00Z");
        // Two nights were missed: the first one counts, and not the night that was good.
        let sync = known("sync_gazelle", Some(at("2026-01-14T06:00:00Z")));
        assert_eq!(since(sync.clone(), &[], now), Some(at("2026-01-15T06:00:00Z")));
        assert_eq!(since(Known { paused: true, ..sync }, &[], now), None);
        assert_eq!(since(known("sync_gazelle", Some(at("2026-01-16T06:00:00Z"))), &[], now), None);
        let dispatch = known("notification_dispatch", Some(now - 1.hour()));
        assert_eq!(since(dispatch, &[], now), Some(now - 55.minutes()));
        let parent = known("sync_gazelle", Some(at("2026-01-16T06:00:00Z")));
        let report = known("rapport_timeline", Some(at("2026-01-15T06:00:20Z")));
        assert_eq!(since(report, &[parent], now), Some(at("2026-01-16T06:00:00Z")));
    }

    /// What is known at an instant when every task has succeeded whenever it was due; of one, since an instant not any more.
    fn all_but(stopped: &str, last: Timestamp, now: Timestamp) -> Vec<Known> {
        let succeeded = |task: &TaskSpec| match schedule_of(task, &Schedules::default()) {
            Some((_, Schedule::Rate(_))) => now,
            Some((_, schedule)) => schedule.last_until_in(now, &clock::zone()).unwrap(),
            // After the sync of the night.
            None => schedule_of(TaskSpec::named("sync_gazelle").unwrap(), &Schedules::default())
                .and_then(|(_, schedule)| schedule.last_until_in(now, &clock::zone()))
                .unwrap(),
        };
        let of = |task: &TaskSpec| if task.name == stopped { last } else { succeeded(task) };
        watched().map(|task| known(task.name, Some(of(task)))).collect()
    }

    fn judged(known: &[Known], now: Timestamp) -> Vec<TaskCheck> {
        judge(known, &Schedules::default(), Some(now - 5.minutes()), now)
    }

    #[test]
    fn the_share_of_the_latest_task_reaches_one_when_it_is_down_and_not_before() {
        let due = at("2026-01-15T08:00:00Z");
        let grace = SignedDuration::try_from(TaskSpec::named("backup").unwrap().grace()).unwrap();
        let share_at = |now, paused| {
            let mut known = all_but("backup", due - SignedDuration::from_hours(24), now);
            known.iter_mut().filter(|known| known.name == "backup").for_each(|known| known.paused = paused);
            let beats = judged(&known, now);
            let latest = latest(&beats).unwrap();
            (latest.name, (latest.overdue * 100.0).round() / 100.0, latest.state)
        };
        assert_eq!(share_at(due + grace / 2, false), ("backup", 0.5, "up"));
        assert_eq!(share_at(due + grace - SignedDuration::from_secs(1), false), ("backup", 0.99, "up"));
        assert_eq!(share_at(due + grace, false), ("backup", 1.0, "down"));
        assert_eq!(share_at(due + grace * 2, false), ("backup", 2.0, "down"));
        let (_, share, _) = share_at(due + grace * 2, true);
        assert!(share < 0.1, "{share}: a paused task is not late");
    }

    /// Each task in turn ran for the last time when it was due, and then not any more.
    #[test]
    fn a_task_that_stops_is_down_not_later_than_its_age_alone_would_say_and_the_figure_says_so_at_once() {
        for stopped in watched() {
            let start = at("2026-01-12T14:02:00Z");
            let last = all_but("", start, start)
                .iter()
                .find(|known| known.name == stopped.name)
                .unwrap()
                .last_success_at;
            let last = last.unwrap();
            let mut now = start;
            while judged(&all_but(stopped.name, last, now), now).iter().all(|beat| beat.state != "down") {
                let beats = judged(&all_but(stopped.name, last, now), now);
                assert!(latest(&beats).unwrap().overdue < 1.0, "{} at {now}", stopped.name);
                now += SignedDuration::from_mins(5);
                assert!(now.duration_since(start).as_hours() < 200, "{} is never missed", stopped.name);
            }
            let beats = judged(&all_but(stopped.name, last, now), now);
            let latest = latest(&beats).unwrap();
            assert_eq!((latest.name, latest.state), (stopped.name, "down"));
            assert!(latest.overdue >= 1.0);
            let limit = SignedDuration::try_from(stopped.newest_success_limit()).unwrap();
            let took = now.duration_since(last);
            assert!(
                took <= limit + SignedDuration::from_mins(5),
                "{}: {took:#} after its last success",
                stopped.name
            );
            eprintln!(
                "DETECT {} after {} min (age limit {} min)",
                stopped.name,
                took.as_mins(),
                limit.as_mins()
            );
        }
    }

    #[test]
    fn the_deployed_schedule_counts_and_an_empty_one_is_none() {
        let now = at("2026-01-15T12:00:00Z");
        let cleanup = Known { schedule: None, ..known("cleanup", Some(at("2026-01-01T09:00:00Z"))) };
        let deployed = Schedules::read(r#"{"cleanup": ""}"#).unwrap();
        let beats = judge(&[cleanup], &deployed, Some(now), now);
        assert_eq!(beats.iter().find(|beat| beat.name == "cleanup").unwrap().state, "up");
    }

    /// Around every clock change of ten years: a task that always ran is never missing, one that skipped its last
    /// planned time is, from the end of its grace on.
    #[test]
    fn no_clock_change_makes_a_false_alarm_or_hides_a_missing_run() {
        for name in [clock::ZONE, "Europe/Paris", "Australia/Lord_Howe"] {
            let zone = TimeZone::get(name).unwrap();
            let start = |year| date(year, 1, 1).to_zoned(zone.clone()).unwrap().timestamp();
            let changes: Vec<Timestamp> = zone
                .following(start(2025))
                .map(|change| change.timestamp())
                .take_while(|at| *at < start(2036))
                .collect();
            assert_eq!(changes.len(), 22, "{name}");
            for task in watched().filter(|task| !task.is_frequent()) {
                let Some(schedule) = task.schedule.map(|schedule| schedule.parse::<Schedule>().unwrap())
                else {
                    continue;
                };
                let grace = SignedDuration::try_from(task.grace()).unwrap();
                for change in &changes {
                    let mut now = *change - 60.hours();
                    while now < *change + 200.hours() {
                        let due = schedule.last_until_in(now, &zone).unwrap();
                        assert!(
                            !missed(&schedule, due, grace, now, &zone),
                            "{} at {now} in {name}",
                            task.name
                        );
                        let skipped = schedule.last_until_in(due - 1.second(), &zone).unwrap();
                        let is_late = now.duration_since(due) >= grace;
                        assert_eq!(
                            missed(&schedule, skipped, grace, now, &zone),
                            is_late,
                            "{} at {now} in {name}",
                            task.name
                        );
                        now += 95.minutes();
                    }
                }
            }
        }
    }
}
