//! `cargo xtask test`: formatting, lints, documentation, the template, every test on every back end.

use std::time::Instant;

use anyhow::Context;
use clap::Args;

use crate::{template, tools};

/// What to run.
#[derive(Args)]
pub struct Arguments {
    /// Only the Rust tests whose name contains this.
    filter: Option<String>,
    /// Only this file of tests/tests.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
}

/// Runs all stages and prints how long each took.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stages = Stages { done: Vec::new() };
    let everything = arguments.filter.is_none() && arguments.file.is_none();
    if everything {
        stages.stage("format", || cargo(&["fmt", "--all", "--check"]))?;
    }
    let python = stages.stage("python tools", tools::python)?;
    let postgrest = stages.stage("postgrest", tools::postgrest)?;
    let (chromium, axe) = stages.stage("browser", || Ok((tools::chromium()?, tools::axe()?)))?;
    // One unoptimised build serves every test; one file of them needs no other file's program.
    let targets = if arguments.file.is_some() { "--bins" } else { "--all-targets" };
    stages.stage("build", || cargo(&["build", "--workspace", targets]))?;
    let postgres = stages.stage("postgres", || {
        let postgres = tools::Postgres::start()?;
        postgres.prepare()?;
        Ok(postgres)
    })?;
    stages.stage("tests", || {
        let mut command = tools::cargo();
        command
            .args(["test", "--no-fail-fast"])
            .args(match &arguments.file {
                Some(file) => vec!["--package", "e2e", "--test", file],
                None => vec!["--workspace", "--all-targets"],
            })
            .env("GAZELLE_TEST_POSTGRES", &postgres.url)
            .env("GAZELLE_TEST_PSQL", postgres.psql())
            .env("GAZELLE_TEST_POSTGREST", &postgrest)
            .env("GAZELLE_TEST_PYTHON", &python)
            .env("GAZELLE_TEST_CHROMIUM", &chromium)
            .env("GAZELLE_TEST_AXE", &axe);
        if let Some(filter) = &arguments.filter {
            command.arg(filter);
        }
        tools::run(&mut command)
    })?;
    if everything {
        stages.stage("template", || template::run(&template::Arguments::default()))?;
        stages
            .stage("lints", || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
        stages.stage("documentation", || {
            let mut command = tools::cargo();
            command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
            tools::run(&mut command)
        })?;
    }
    stages.print();
    Ok(())
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    tools::run(tools::cargo().args(arguments))
}

struct Stages {
    done: Vec<(&'static str, f64)>,
}

impl Stages {
    fn stage<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        eprintln!("▸ {name}");
        let start = Instant::now();
        let result = work().with_context(|| format!("stage `{name}`"))?;
        self.done.push((name, start.elapsed().as_secs_f64()));
        Ok(result)
    }

    fn print(&self) {
        println!();
        for (name, seconds) in &self.done {
            println!("{name:<16} {seconds:>8.1} s");
        }
        println!("{:<16} {:>8.1} s", "all", self.done.iter().map(|(_, seconds)| seconds).sum::<f64>());
    }
}
