//! `cargo xtask test`: everything that proves the product, what costs least first.

use std::process::Command;

use clap::Args;
use tools::{POSTGRES_VERSIONS, Postgres};

use crate::stages::Stages;

/// Many tests wait for a limit, a rate or a process: more of them than processors are at work.
const TESTS_PER_PROCESSOR: usize = 3;

/// The end-to-end tests.
const SUITE: [&str; 3] = ["--workspace", "--test", "suite"];

/// What to run.
#[derive(Args)]
pub struct Arguments {
    /// Only the tests whose name contains this.
    filter: Option<String>,
    /// Only this subject: a module of tests/tests.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// Also what is too long for every change: the end-to-end tests on the older PostgreSQL, cargo-lambda.
    #[arg(long, conflicts_with_all = ["filter", "file"])]
    all: bool,
}

/// Runs all stages and prints how long each took.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    match (&arguments.filter, &arguments.file) {
        (None, None) => whole(&mut stages, arguments.all),
        (None, Some(file)) => some(&mut stages, &SUITE, &[&format!("{file}::")]),
        (Some(filter), Some(file)) => {
            let names = names(&format!("{file}::"), filter)?;
            let names: Vec<&str> =
                std::iter::once("--exact").chain(names.iter().map(String::as_str)).collect();
            some(&mut stages, &SUITE, &names)
        }
        (Some(filter), None) => some(&mut stages, &["--workspace", "--all-targets"], &[filter]),
    }
}

fn whole(stages: &mut Stages, all: bool) -> anyhow::Result<()> {
    stages.run("format", || cargo(&["fmt", "--all", "--check"]))?;
    stages.quiet("tools", tools::everything)?;
    stages.run("licences and bans", tools::deny)?;
    // Selected with the whole workspace, so that nothing is built again with other features.
    stages.run("template", || {
        cargo(&["build", "--workspace", "--bin", "deployment"])?;
        tools::run(&mut Command::new(tools::root().join("target/debug/deployment")))
    })?;
    stages.run("clippy", || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    stages.run("documentation", || {
        let mut command = tools::cargo();
        command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        tools::run(&mut command)
    })?;
    stages.run("build", || cargo(&["build", "--workspace", "--all-targets"]))?;
    let [newest, older] = POSTGRES_VERSIONS;
    stages.run(&format!("tests, PostgreSQL {newest}"), || {
        tests(newest, &["--workspace", "--all-targets"], &[])
    })?;
    // What the versions differ in is SQL.
    let subjects: &[&str] =
        if all { &["PostgRest"] } else { &["database::", "maintenance::", "notifications::"] };
    stages.run(&format!("tests, PostgreSQL {older}"), || tests(older, &SUITE, subjects))?;
    if all {
        stages.run("cargo-lambda", || tests(newest, &["--workspace", "--test", "cargo_lambda"], &[]))?;
    }
    Ok(())
}

/// Some tests: what they need is installed when they ask for it.
fn some(stages: &mut Stages, what: &[&str], filters: &[&str]) -> anyhow::Result<()> {
    // The programs that tests run, with the features that they have beside all others.
    stages.run("build", || cargo(&["build", "--workspace", "--bins"]))?;
    stages.run("tests", || tests(POSTGRES_VERSIONS[0], what, filters))
}

/// The end-to-end tests of a subject whose name contains `filter`.
fn names(subject: &str, filter: &str) -> anyhow::Result<Vec<String>> {
    let mut command = tools::cargo();
    let list =
        command.arg("test").args(SUITE).args(["--", "--list", "--format", "terse", subject]).output()?;
    let list = String::from_utf8_lossy(&list.stdout);
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    let names: Vec<String> = names.filter(|name| name.contains(filter)).map(str::to_owned).collect();
    anyhow::ensure!(!names.is_empty(), "no test of {subject} has {filter} in its name");
    Ok(names)
}

fn tests(version: u32, what: &[&str], filters: &[&str]) -> anyhow::Result<()> {
    let postgres = Postgres::start(version)?;
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let mut command = tools::cargo();
    command
        .args(["test", "--no-fail-fast"])
        .args(what)
        .arg("--")
        .args(filters.iter().filter(|filter| !filter.is_empty()))
        .env("GAZELLE_TEST_POSTGRES", &postgres.url)
        .env("RUST_TEST_THREADS", (processors * TESTS_PER_PROCESSOR).to_string());
    tools::run(&mut command)
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    tools::run(tools::cargo().args(arguments))
}
