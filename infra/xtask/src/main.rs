//! `cargo xtask`: developer and operator commands.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

mod admin;
mod bench;
mod cost;
mod gazelle;
mod restore;
mod schedule;
mod template;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer and operator commands of Gazelle Tasks")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that proves the product; installs the Python and npm tools it needs into target/tools.
    Test(test::Arguments),
    /// Speed and memory, each beside its bar.
    Bench(bench::Arguments),
    /// Checks template.yaml: translation, lint, own assertions, agreement with the registry of tasks.
    Template(template::Arguments),
    /// Puts a copy back into a database, or lists the copies of a store.
    Restore(restore::Arguments),
    /// What a month costs at list price, line by line; fails beyond 10 US dollars.
    Cost(cost::Arguments),
    /// The next 10 runs of each task, in Montréal time and UTC.
    Schedule,
    /// The people who may use the console.
    #[command(subcommand)]
    Admin(admin::Command),
    /// The authorization at Gazelle.
    #[command(subcommand)]
    Gazelle(gazelle::Command),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Template(arguments) => template::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Schedule => schedule::run(),
        Command::Admin(command) => admin::run(command),
        Command::Gazelle(command) => gazelle::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
