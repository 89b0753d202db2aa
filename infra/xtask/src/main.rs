//! `cargo xtask`: developers' commands. It links none of the product, so that it is there at once.

#![allow(clippy::print_stdout)] // A command line speaks on standard output.

mod omissions;
mod stages;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developers' commands of Gazelle Tasks")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that proves the product; installs what it needs.
    Test(test::Arguments),
    /// Leaves out what somebody who adds a thing may forget, and says which check speaks (minutes).
    Omissions {
        /// Only what is called so: `a channel`, `its sample`.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Speed and memory, each beside its bar.
    #[command(disable_help_flag = true)]
    Bench(Forwarded),
    /// Checks template.yaml: translation, lint, own assertions, agreement with the registry of tasks.
    #[command(disable_help_flag = true)]
    Template(Forwarded),
    /// Writes the functions' migration and schema.sql, after a change of SQL.
    #[command(disable_help_flag = true)]
    Db(Forwarded),
    /// The same as `cargo ops restore`.
    #[command(hide = true, disable_help_flag = true)]
    Restore(Forwarded),
    /// The same as `cargo ops cost`.
    #[command(hide = true, disable_help_flag = true)]
    Cost(Forwarded),
    /// The same as `cargo ops schedule`.
    #[command(hide = true, disable_help_flag = true)]
    Schedule(Forwarded),
    /// The same as `cargo ops admin`.
    #[command(hide = true, disable_help_flag = true)]
    Admin(Forwarded),
    /// The same as `cargo ops gazelle`.
    #[command(hide = true, disable_help_flag = true)]
    Gazelle(Forwarded),
}

/// What another program reads.
#[derive(clap::Args)]
struct Forwarded {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Omissions { filter } => omissions::run(&filter),
        Command::Bench(given) => run("bench", &["--profile", "fast"], &[], &given),
        Command::Template(given) => run("deployment", &[], &[], &given),
        Command::Db(given) => run("db", &[], &[], &given),
        Command::Restore(given) => run("ops", &[], &["restore"], &given),
        Command::Cost(given) => run("ops", &[], &["cost"], &given),
        Command::Schedule(given) => run("ops", &[], &["schedule"], &given),
        Command::Admin(given) => run("ops", &[], &["admin"], &given),
        Command::Gazelle(given) => run("ops", &[], &["gazelle"], &given),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(package: &str, options: &[&str], words: &[&str], given: &Forwarded) -> anyhow::Result<()> {
    let mut command = tools::cargo();
    command.args(["run", "--package", package]).args(options).arg("--");
    tools::run(command.args(words).args(&given.arguments))
}
