//! Stages of a long command: what is at work, and afterwards how long each took, whatever the outcome.

use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

/// The stages so far; their times are printed when it is dropped.
#[derive(Default)]
pub struct Stages {
    done: Vec<(String, Duration, bool)>,
}

impl Stages {
    /// A stage whose commands show by themselves that they move.
    pub fn run<T>(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        eprintln!("▸ {name}");
        let start = Instant::now();
        let result = work();
        self.done.push((name.to_owned(), start.elapsed(), result.is_ok()));
        result.with_context(|| format!("stage `{name}`"))
    }

    /// A stage whose commands are silent.
    pub fn quiet<T>(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let spinner = ProgressBar::new_spinner().with_message(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            spinner.set_style(style);
        }
        spinner.enable_steady_tick(Duration::from_millis(200));
        let result = self.run(name, work);
        spinner.finish_and_clear();
        result
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        println!();
        for (name, duration, is_good) in &self.done {
            let mark = if *is_good { "" } else { "  failed" };
            println!("{name:<24} {:>8.1} s{mark}", duration.as_secs_f64());
        }
        let all: Duration = self.done.iter().map(|(_, duration, _)| *duration).sum();
        println!("{:<24} {:>8.1} s", "all", all.as_secs_f64());
    }
}
