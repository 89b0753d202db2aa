//! `cargo ops`: what the engineer who deploys and maintains the product does by hand. Nothing of the local stack is
//! linked.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

mod admin;
mod cost;
mod gazelle;
mod letters;
mod restore;
mod schedule;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo ops", about = "Operators' commands of Gazelle Tasks")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The people who may use the console.
    #[command(subcommand)]
    Admin(admin::Command),
    /// The authorization at Gazelle.
    #[command(subcommand)]
    Gazelle(gazelle::Command),
    /// Dead letters: what was asked for and was not done. Lists them, or hands them to their functions again.
    Letters(letters::Arguments),
    /// Puts a copy back into a database, or lists the copies of a store.
    Restore(restore::Arguments),
    /// The next 10 runs of each task, in Montréal time and UTC.
    Schedule,
    /// What a month costs at list price, line by line; fails beyond 5 US dollars.
    Cost(cost::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Admin(command) => admin::run(command),
        Command::Gazelle(command) => gazelle::run(command),
        Command::Letters(arguments) => letters::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Schedule => schedule::run(),
        Command::Cost(arguments) => cost::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
