//! `cargo ops schedule`: when everything runs next.

use shared::{
    clock::{self, Schedule},
    task::TASKS,
};

/// Prints the next 10 runs of each task.
pub fn run() -> anyhow::Result<()> {
    let deployed = deployment::functions(&deployment::own()?)?;
    for task in TASKS {
        let input = format!("\"{}\"", task.name);
        let expressions = deployed
            .iter()
            .flat_map(|function| &function.schedules)
            .filter(|scheduled| scheduled.input.contains(&input))
            .map(|scheduled| scheduled.expression.as_str());
        let expressions: Vec<&str> = expressions.collect();
        println!("{} · {}", task.name, task.label);
        if expressions.is_empty() {
            println!(
                "  started by {}",
                task.listens_to.map_or("request only".to_owned(), |event| format!("the event {event:?}"))
            );
        }
        for expression in expressions {
            println!("  {expression} {}", clock::ZONE);
            let schedule: Schedule = expression.parse()?;
            let mut at = clock::now();
            for _ in 0..10 {
                let Some(next) = schedule.next_after(at) else { break };
                let local = next.to_zoned(clock::zone());
                println!(
                    "    {}   {}",
                    local.strftime("%a %Y-%m-%d %H:%M %Z"),
                    next.strftime("%Y-%m-%d %H:%M UTC")
                );
                at = next;
            }
        }
    }
    Ok(())
}
