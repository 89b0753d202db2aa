//! What a command says while it works: lines on standard error, and below them what the running tasks report of
//! themselves (their own progress in the run log).

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::Value;
use shared::supabase::Supabase;

use crate::stack::TaskRun;

/// Between two looks at the run log.
const LOOK: Duration = Duration::from_millis(700);
/// Where there is no terminal, what has changed is a line of its own, at most this often.
const LINE: Duration = Duration::from_secs(5);

/// The line that moves, while there is one.
static MOVING: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Says a line.
pub fn say(line: &str) {
    match MOVING.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        Some(bar) if !bar.is_hidden() => bar.println(format!("▸ {line}")),
        _ => eprintln!("▸ {line}"),
    }
}

/// What a function logged, if it failed; or in any case.
pub fn show_log(run: &TaskRun, in_any_case: bool) {
    if in_any_case || run.answer.status == "error" {
        eprintln!("── log of {}", run.answer.task);
        eprint!("{}", run.invocation.log);
    }
}

#[derive(Deserialize)]
struct Running {
    task_label: String,
    #[serde(default)]
    progress: Value,
}

/// Works, and meanwhile shows how far the running tasks have come.
pub async fn watched<T>(database: Supabase, work: impl Future<Output = T>) -> T {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(150));
    *MOVING.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
    let done = tokio::select! {
        done = work => done,
        never = follow(&database, &bar) => match never {},
    };
    *MOVING.lock().unwrap_or_else(PoisonError::into_inner) = None;
    bar.finish_and_clear();
    done
}

async fn follow(database: &Supabase, bar: &ProgressBar) -> std::convert::Infallible {
    let mut seen = Seen::default();
    let (mut said, mut said_at) = (String::new(), Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let running = database.from("scheduler_logs").select("task_label,progress").eq("status", "running");
        // A database that is slow or broken on purpose is looked at again.
        let Ok(runs) = database.rows::<Running>(running).await else { continue };
        let text = seen.take(&runs);
        bar.set_message(text.clone());
        if bar.is_hidden() && !text.is_empty() && text != said && said_at.elapsed() >= LINE {
            say(&format!("  {text}"));
            (said, said_at) = (text, Instant::now());
        }
    }
}

/// The newest figures of each running task: side by side at work, its parts report in turn.
#[derive(Default)]
struct Seen(BTreeMap<String, BTreeMap<String, String>>);

impl Seen {
    #[allow(clippy::wildcard_enum_match_arm)] // JSON, another crate's.
    fn take(&mut self, runs: &[Running]) -> String {
        self.0.retain(|task, _| runs.iter().any(|run| run.task_label == *task));
        for run in runs {
            let figures = self.0.entry(run.task_label.clone()).or_default();
            for (name, value) in run.progress.as_object().into_iter().flatten() {
                match value {
                    Value::Object(parts) => {
                        figures.extend(parts.iter().map(|(part, count)| (part.clone(), count.to_string())));
                    }
                    Value::String(text) if name != "collection" => {
                        figures.insert(name.clone(), text.clone());
                    }
                    Value::Number(number) => {
                        figures.insert(name.clone(), number.to_string());
                    }
                    // Shown by its rows, or nothing to show.
                    _ => {}
                }
            }
        }
        let shown = self.0.iter().map(|(task, figures)| {
            let figures: Vec<String> =
                figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("{task}: {}", figures.join(", "))
        });
        shown.collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn collections_that_report_in_turn_are_shown_together_and_a_run_that_ended_is_gone() {
        let run = |progress: Value| vec![Running { task_label: "Sync".into(), progress }];
        let mut seen = Seen::default();
        seen.take(&run(json!({"collection": "clients", "rows": {"clients": 100, "contacts": 20}})));
        let text = seen.take(&run(json!({"collection": "pianos", "rows": {"pianos": 7}})));
        assert_eq!(text, "Sync: clients 100, contacts 20, pianos 7");
        assert_eq!(seen.take(&[]), "");
    }
}
