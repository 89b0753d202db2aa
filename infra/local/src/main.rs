//! `cargo local`: the product on one machine, with nothing but Rust and a C compiler.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use gazelle_local::{
    faults::FaultSpec,
    notices,
    output::Output,
    stack::{Options, Stack, TaskRun},
    up,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    clock::{self, Schedule},
    task::{TASKS, TaskSpec},
};
use url::Url;

#[derive(Parser)]
#[command(
    name = "cargo local",
    about = "Gazelle Tasks on this machine: embedded Supabase, sandbox of the outside services, local Lambda"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the nightly chain once in a fresh temporary stack: the sync, and on success what its event starts.
    Nightly(StackArguments),
    /// Runs one task once in a fresh temporary stack; fills the mirror first where the task needs it.
    Run {
        /// Crate, task name, or sync | rapport | backup | alerts.
        task: String,
        /// Payload of the invocation; default: {}.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        #[command(flatten)]
        stack: StackArguments,
    },
    /// Keeps a stack with the schedules of template.yaml and a page that shows what people would see.
    Up {
        /// Port of the page.
        #[arg(long, default_value_t = 8787)]
        port: u16,
        /// Address to listen on; containers of `sam local invoke` reach 172.17.0.1.
        #[arg(long, default_value = "127.0.0.1")]
        listen: IpAddr,
        /// Simulated seconds per second.
        #[arg(long, default_value_t = 1)]
        speed: u32,
        #[command(flatten)]
        stack: StackArguments,
    },
    /// Says who would be told of an event, when and why.
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Tries the channels.
    Notify {
        #[command(subcommand)]
        command: NotifyCommand,
    },
}

#[derive(Subcommand)]
enum RulesCommand {
    /// Applies the notification rules to one event type at one instant (`--at`).
    Explain {
        /// Event type: sync.failed, availability.down …
        event: String,
        /// How bad it is.
        #[arg(long, default_value = "error", value_parser = ["info", "warning", "error", "critical"])]
        severity: String,
        #[command(flatten)]
        stack: StackArguments,
    },
}

#[derive(Subcommand)]
enum NotifyCommand {
    /// Sends a test notification to every administrator on every configured channel.
    Test(StackArguments),
}

#[derive(Args)]
struct StackArguments {
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// Size of the company; 1 = about 4 000 clients and 27 000 timeline entries.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Seed of the invented company.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Instant at which the clock starts [default: last night's one o'clock in Montréal; for `up`: now].
    #[arg(long, value_name = "INSTANT")]
    at: Option<Timestamp>,
    /// Milliseconds added to every Gazelle page.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    gazelle_latency: u64,
    /// Milliseconds added to every Supabase request.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    supabase_latency: u64,
    /// A real, migrated project instead of the embedded one; its key is read from SUPABASE_SERVICE_ROLE_KEY.
    #[arg(long, value_name = "URL")]
    supabase_url: Option<Url>,
    /// What goes wrong, with an optional count: gazelle:500, gazelle:429:3, slack:500 …
    #[arg(long, value_name = "SPEC", num_args = 1..)]
    fault: Vec<FaultSpec>,
}

impl StackArguments {
    fn options(&self) -> anyhow::Result<Options> {
        if !(self.scale > 0.0 && self.scale <= 20.0) {
            bail!("--scale is between 0 and 20");
        }
        let one_in_the_morning: Schedule = "cron(0 1 * * ? *)".parse()?;
        let at = match self.at {
            Some(at) => at,
            None => one_in_the_morning.last_until(clock::now()).context("there was a last night")?,
        };
        let remote = match &self.supabase_url {
            None => None,
            Some(url) => {
                let key = std::env::var("SUPABASE_SERVICE_ROLE_KEY")
                    .context("--supabase-url needs the project's key in SUPABASE_SERVICE_ROLE_KEY")?;
                Some((Url::parse(&format!("{}/rest/v1", url.as_str().trim_end_matches('/')))?, key))
            }
        };
        Ok(Options {
            scale: self.scale,
            seed: self.seed,
            at,
            gazelle_latency: Duration::from_millis(self.gazelle_latency),
            supabase_latency: Duration::from_millis(self.supabase_latency),
            remote,
            executable: std::env::current_exe()?,
            listen: Ipv4Addr::LOCALHOST.into(),
        })
    }
}

fn main() -> ExitCode {
    if let Some(code) = gazelle_local::become_function() {
        return code;
    }
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(execute(Cli::parse().command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn progress(line: &str) {
    eprintln!("▸ {line}");
}

async fn execute(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Nightly(arguments) => nightly(&arguments).await,
        Command::Run { task, event, stack } => run(&task, event, &stack).await,
        Command::Up { port, listen, speed, stack } => {
            // A stack that stays lives in the present, unless another day was asked for.
            let at = stack.at.unwrap_or_else(clock::now);
            let running = Stack::start(&Options { listen, at, ..stack.options()? }).await?;
            running.break_with(&stack.fault);
            up::serve(running, port, speed, progress).await.map(|()| true)
        }
        Command::Rules { command: RulesCommand::Explain { event, severity, stack } } => {
            explain(&event, &severity, &stack).await
        }
        Command::Notify { command: NotifyCommand::Test(stack) } => test(&stack).await,
    }
}

async fn start(arguments: &StackArguments) -> anyhow::Result<Stack> {
    let options = arguments.options()?;
    progress(&format!("starting the stack: company of scale {}, seed {}", options.scale, options.seed));
    Stack::start(&options).await
}

async fn nightly(arguments: &StackArguments) -> anyhow::Result<bool> {
    let mut stack = start(arguments).await?;
    let night = stack.nightly(&arguments.fault, &mut progress).await?;
    let sync = night.runs.first().and_then(|run| run.answer.run_id.clone());
    let has_child = night.runs.iter().any(|run| sync.is_some() && run.answer.parent_run_id == sync);
    let ok = has_child && all_succeeded(&night.runs);
    print(&stack, &night.runs, night.peak_rss_bytes, ok, arguments.json).await
}

async fn run(task: &str, event: Option<PathBuf>, arguments: &StackArguments) -> anyhow::Result<bool> {
    let Some(spec) = TaskSpec::meant_by(task) else {
        let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
        bail!("there is no task `{task}`; known: {}", known.join(", "));
    };
    let payload: Value = match event {
        Some(file) => {
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?
        }
        // `{}` means the function's first task.
        None if spec.function.tasks().next().is_some_and(|first| first.name == spec.name) => {
            json!({})
        }
        None => json!({"task": spec.name}),
    };
    let mut stack = start(arguments).await?;
    for needed in spec.needs.iter().filter_map(|name| TaskSpec::named(name)) {
        progress(&format!("first: {}", needed.label));
        let done = stack.invoke(needed.function, &json!({"task": needed.name})).await?;
        if done.answer.status != "success" {
            bail!("{}, which comes first, ended as {}", needed.name, done.answer.status);
        }
        stack.take_events();
        stack.traffic.reset();
    }
    stack.break_with(&arguments.fault);
    progress(spec.label);
    let run = stack.invoke(spec.function, &payload).await?;
    let peak_rss_bytes = run.invocation.peak_rss_bytes;
    let runs = [run];
    print(&stack, &runs, peak_rss_bytes, all_succeeded(&runs), arguments.json).await
}

/// A stack for a question: the company hardly matters.
async fn start_small(arguments: &StackArguments) -> anyhow::Result<Stack> {
    Stack::start(&Options { scale: arguments.scale.min(0.01), ..arguments.options()? }).await
}

#[allow(clippy::print_stdout)] // The result of the command.
async fn explain(event: &str, severity: &str, arguments: &StackArguments) -> anyhow::Result<bool> {
    let stack = start_small(arguments).await?;
    let at = stack.clock.now();
    let explained = notices::explain(&stack, event, severity, at).await?;
    match arguments.json {
        true => println!("{explained}"),
        false => print!("{}", notices::page(&explained, event, severity, at)?),
    }
    Ok(true)
}

#[allow(clippy::print_stdout)] // The result of the command.
async fn test(arguments: &StackArguments) -> anyhow::Result<bool> {
    let stack = start_small(arguments).await?;
    stack.break_with(&arguments.fault);
    let report = notices::test(&stack).await?;
    match arguments.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => {
            for delivery in &report.deliveries {
                let outcome = delivery.detail.as_deref().unwrap_or("delivered");
                println!("{:<9} {:<12} {outcome}", delivery.channel, delivery.recipient);
            }
            println!("{}", report.status);
        }
    }
    Ok(report.status == "success")
}

fn all_succeeded(runs: &[TaskRun]) -> bool {
    runs.iter().all(|run| run.answer.status == "success")
}

#[allow(clippy::print_stdout)] // The result of the command.
async fn print(stack: &Stack, runs: &[TaskRun], peak: u64, ok: bool, json: bool) -> anyhow::Result<bool> {
    let output = Output::gather(stack, runs, peak, ok).await?;
    match json {
        true => println!("{}", serde_json::to_string(&output)?),
        false => print!("{}", output.page()),
    }
    Ok(ok)
}
