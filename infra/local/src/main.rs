//! `cargo local`: the product on one machine, with nothing but Rust and a C compiler.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use gazelle_local::{
    faults::FaultSpec,
    lambda::Ended,
    notices,
    output::Output,
    progress::{say, show_log, watched},
    stack::{Options, Stack, TaskRun},
    up,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    clock::{self, Schedule},
    task::{Function, TASKS, TaskSpec},
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
        /// Crate, task name, or sync | rapport | backup | alerts; without one these four, in this order.
        task: Option<String>,
        /// Payload of the invocation; default: {}. `admin-api` and `alarm-relay` need one, see events/.
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
        #[command(flatten)]
        stack: StackArguments,
    },
    /// Keeps a stack with the schedules of template.yaml and a page that shows what people would see.
    Up {
        /// Port of the page.
        #[arg(long, default_value_t = up::PORT)]
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
    /// Says who would be notified of an event, when and why.
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
    /// Shows what the functions log; the log of a run that failed is always shown. LOG_LEVEL says how much they log.
    #[arg(long)]
    logs: bool,
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
            variables: variables(up::PORT),
        })
    }
}

/// What functions get from whoever runs the command: how much to log, a SQLite file to copy; and where the console is or
/// would be, so that messages have their links.
fn variables(port: u16) -> BTreeMap<String, String> {
    let given = ["BACKUP_SQLITE_URL", "LOG_LEVEL"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    given.chain([("CONSOLE_URL".to_owned(), format!("http://127.0.0.1:{port}/"))]).collect()
}

fn main() -> ExitCode {
    if let Some(code) = gazelle_local::become_function() {
        return code;
    }
    // The engine's own complaints about a request are in its answer: a 400 is no error of the stack.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off,gazelle_local=error"));
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

async fn execute(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Nightly(arguments) => nightly(&arguments).await,
        Command::Run { task, event, stack } => match task {
            Some(task) => run(&task, event, &stack).await,
            None => run_main_tasks(&stack).await,
        },
        Command::Up { port, listen, speed, stack } => {
            // A stack that stays lives in the present, unless another day was asked for.
            let at = stack.at.unwrap_or_else(clock::now);
            let variables = variables(port);
            let running = Stack::start(&Options { listen, at, variables, ..stack.options()? }).await?;
            running.break_with(&stack.fault);
            up::serve(running, port, speed, stack.logs).await.map(|()| true)
        }
        Command::Rules { command: RulesCommand::Explain { event, severity, stack } } => {
            explain(&event, &severity, &stack).await
        }
        Command::Notify { command: NotifyCommand::Test(stack) } => test(&stack).await,
    }
}

async fn start(arguments: &StackArguments) -> anyhow::Result<Stack> {
    let options = arguments.options()?;
    say(&format!("starting the stack: company of scale {}, seed {}", options.scale, options.seed));
    Stack::start(&options).await
}

async fn nightly(arguments: &StackArguments) -> anyhow::Result<bool> {
    let mut stack = start(arguments).await?;
    let database = stack.observer.clone();
    let night = watched(database, stack.nightly(&arguments.fault, &mut say)).await?;
    show_logs(&night.runs, arguments.logs);
    let sync = night.runs.first().and_then(|run| run.answer.run_id.clone());
    let has_child = night.runs.iter().any(|run| sync.is_some() && run.answer.parent_run_id == sync);
    let ok = has_child && all_succeeded(&night.runs);
    print(&stack, &night.runs, night.peak_rss_bytes, ok, arguments.json).await
}

/// The payload in a file.
fn read_event(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}

async fn run(task: &str, event: Option<PathBuf>, arguments: &StackArguments) -> anyhow::Result<bool> {
    let event = event.as_deref().map(read_event).transpose()?;
    let Some(spec) = TaskSpec::meant_by(task) else {
        // Functions that are no tasks answer events of their own.
        let function = Function::ALL.into_iter().find(|function| function.crate_name() == task);
        return match (function, event) {
            (Some(function), Some(event)) => answer(function, &event, arguments).await,
            (Some(_), None) => bail!("{task} needs an event: --event events/{task}.….json"),
            (None, _) => {
                let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
                bail!("there is no task `{task}`; known: {}, admin-api, alarm-relay", known.join(", "))
            }
        };
    };
    let payload = match event {
        Some(event) => event,
        // `{}` means the function's first task.
        None if spec.function.tasks().next().is_some_and(|first| first.name == spec.name) => {
            json!({})
        }
        None => json!({"task": spec.name}),
    };
    let mut stack = start(arguments).await?;
    for needed in spec.needs.iter().filter_map(|name| TaskSpec::named(name)) {
        say(&format!("first: {}", needed.label));
        let done = invoke(&stack, needed, &json!({"task": needed.name})).await?;
        if done.answer.status != "success" {
            bail!("{}, which comes first, ended as {}", needed.name, done.answer.status);
        }
        stack.take_events();
        stack.traffic.reset();
    }
    stack.break_with(&arguments.fault);
    say(spec.label);
    let run = invoke(&stack, spec, &payload).await?;
    let peak_rss_bytes = run.invocation.peak_rss_bytes;
    let runs = [run];
    show_logs(&runs, arguments.logs);
    print(&stack, &runs, peak_rss_bytes, all_succeeded(&runs), arguments.json).await
}

/// The four tasks that people know by a short name, one after the other in one stack: each finds what those before it
/// left.
async fn run_main_tasks(arguments: &StackArguments) -> anyhow::Result<bool> {
    let mut stack = start(arguments).await?;
    stack.break_with(&arguments.fault);
    let mut runs = Vec::new();
    for spec in TASKS.iter().filter(|task| task.alias.is_some()) {
        say(spec.label);
        runs.push(invoke(&stack, spec, &json!({"task": spec.name})).await?);
        stack.take_events();
    }
    show_logs(&runs, arguments.logs);
    let peak_rss_bytes = runs.iter().map(|run| run.invocation.peak_rss_bytes).max().unwrap_or_default();
    print(&stack, &runs, peak_rss_bytes, all_succeeded(&runs), arguments.json).await
}

async fn invoke(stack: &Stack, spec: &TaskSpec, payload: &Value) -> anyhow::Result<TaskRun> {
    watched(stack.observer.clone(), stack.invoke(spec.function, payload)).await
}

/// What a function that is no task answers to an event.
#[allow(clippy::print_stdout)] // The result of the command.
async fn answer(function: Function, event: &Value, arguments: &StackArguments) -> anyhow::Result<bool> {
    let stack = start_small(arguments).await?;
    stack.break_with(&arguments.fault);
    say(function.crate_name());
    let limit = Duration::from_secs(stack.deployed(function)?.timeout_seconds);
    let invocation = stack
        .lambda
        .invoke(function, &event.to_string(), &stack.request_id(), limit, &stack.tripwire)
        .await?;
    let (is_good, shown) = match &invocation.ended {
        Ended::Answer(answer) => (true, answer.clone()),
        Ended::Error { kind, message } => (false, json!({"errorType": kind, "errorMessage": message})),
        Ended::Crashed => (false, json!({"errorType": "crashed"})),
        Ended::TimedOut => (false, json!({"errorType": "timed_out"})),
    };
    if arguments.logs || !is_good {
        eprint!("{}", invocation.log);
    }
    println!("{}", if arguments.json { shown.to_string() } else { serde_json::to_string_pretty(&shown)? });
    Ok(is_good)
}

fn show_logs(runs: &[TaskRun], all: bool) {
    runs.iter().for_each(|run| show_log(run, all));
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
    if arguments.json {
        println!("{explained}")
    } else {
        print!("{}", notices::page(&explained, event, severity, at)?)
    }
    Ok(true)
}

#[allow(clippy::print_stdout)] // The result of the command.
async fn test(arguments: &StackArguments) -> anyhow::Result<bool> {
    let stack = start_small(arguments).await?;
    stack.break_with(&arguments.fault);
    let report = notices::test(&stack).await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        for delivery in &report.deliveries {
            let outcome = delivery.detail.as_deref().unwrap_or("delivered");
            println!("{:<9} {:<12} {outcome}", delivery.channel.name(), delivery.recipient);
        }
        println!("{}", report.status);
    }
    Ok(report.status == "success")
}

fn all_succeeded(runs: &[TaskRun]) -> bool {
    runs.iter().all(|run| run.answer.status == "success")
}

#[allow(clippy::print_stdout)] // The result of the command.
async fn print(stack: &Stack, runs: &[TaskRun], peak: u64, ok: bool, json: bool) -> anyhow::Result<bool> {
    let output = Output::gather(stack, runs, peak, ok).await?;
    if json {
        println!("{}", serde_json::to_string(&output)?)
    } else {
        print!("{}", output.page())
    }
    Ok(ok)
}
