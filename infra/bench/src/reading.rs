//! How fast Gazelle is read: side by side and as one list, as fast as it answers and as fast as it allows.

use std::{sync::atomic::Ordering, time::Duration};

use gazelle_local::stack::Stack;
use serde_json::Value;

use crate::{Bar, Bench, Figure, sync};

const PAGE_ROWS: usize = 100;
/// `sync.concurrency`, unless somebody changes it.
const IN_FLIGHT: usize = 6;
const LATENCY: Duration = Duration::from_millis(300);

pub async fn measure(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let slow = |options: &mut gazelle_local::stack::Options| options.gazelle_latency = LATENCY;
    let (stack, _database) = bench.stack(1.0, slow).await?;
    let pages = pages(&stack)?;
    let all: usize = pages.iter().sum();
    let first = sync(&stack).await?;
    let requests = stack.traffic.of("gazelle");
    let rows = read(&first.answer.stats);
    // The busiest window is smaller than what six requests in flight take for everything.
    let floor = LATENCY * u32::try_from(all.div_ceil(IN_FLIGHT))?;
    let own = first.invocation.duration;
    let ordinary = ordinary_night(&stack).await?;

    let (stack, _database) = bench.stack(1.0, slow).await?;
    stack.break_with(&["gazelle:one-way".parse().map_err(anyhow::Error::msg)?]);
    let as_one_list = sync(&stack).await?.invocation.duration;

    let mut figures = vec![
        Figure {
            name: "first reading / as one list, 300 ms a page, scale 1",
            value: own.as_secs_f64() / as_one_list.as_secs_f64(),
            unit: "times",
            bar: Some(Bar::AtMost(0.40)),
            detail: format!("{:.1} s against {:.1} s", own.as_secs_f64(), as_one_list.as_secs_f64()),
        },
        Figure {
            name: "first reading / floor, 300 ms a page, scale 1",
            value: own.as_secs_f64() / floor.as_secs_f64(),
            unit: "times",
            bar: Some(Bar::AtMost(1.2)),
            detail: format!(
                "{:.1} s, floor {:.1} s ({all} pages, {requests} requests, {:.0} rows/s)",
                own.as_secs_f64(),
                floor.as_secs_f64(),
                rows as f64 / own.as_secs_f64()
            ),
        },
        ordinary,
    ];
    figures.extend(limited(bench).await?);
    Ok(figures)
}

/// One row in a hundred changed, beside the full reading.
async fn ordinary_night(stack: &Stack) -> anyhow::Result<Figure> {
    {
        let mut company = stack.sandbox.company.write().map_err(|_| anyhow::anyhow!("company"))?;
        for client in company.clients.iter_mut().step_by(100) {
            client["personalNotes"] = "Nouveau code d'entrée".into();
            client["updatedAt"] = "2026-06-01T12:00:00Z".into();
        }
    }
    let before = stack.traffic.of("gazelle");
    let night = sync(stack).await?;
    let requests = stack.traffic.of("gazelle") - before;
    let seconds = night.invocation.duration.as_secs_f64();
    Ok(Figure {
        name: "ordinary night, 300 ms a page, scale 1",
        value: seconds,
        unit: "s",
        bar: None,
        detail: format!("{requests} requests, {:.0} rows/s", read(&night.answer.stats) as f64 / seconds),
    })
}

/// A Gazelle that takes two requests a second: how many it refuses, and how long everything takes.
async fn limited(bench: &Bench) -> anyhow::Result<[Figure; 2]> {
    let (stack, _database) = bench.stack(1.0, |options| options.gazelle_latency = LATENCY).await?;
    stack.break_with(&["gazelle:limit:2".parse().map_err(anyhow::Error::msg)?]);
    let pages: usize = pages(&stack)?.iter().sum();
    let took = sync(&stack).await?.invocation.duration.as_secs_f64();
    let requests = stack.traffic.of("gazelle");
    let refused = stack.sandbox.gazelle.throttled.load(Ordering::Relaxed);
    Ok([
        Figure {
            name: "two requests a second: refused",
            value: 100.0 * f64::from(refused) / requests as f64,
            unit: "%",
            bar: Some(Bar::AtMost(5.0)),
            detail: format!("{refused} of {requests} requests"),
        },
        Figure {
            name: "two requests a second: time / pages at that rate",
            value: took / (pages as f64 / 2.0),
            unit: "times",
            bar: Some(Bar::AtMost(1.2)),
            detail: format!("{took:.0} s for {pages} pages"),
        },
    ])
}

/// Pages of each collection.
fn pages(stack: &Stack) -> anyhow::Result<[usize; 4]> {
    let company = stack.sandbox.company.read().map_err(|_| anyhow::anyhow!("company"))?;
    let lists = [&company.clients, &company.pianos, &company.appointments, &company.timeline];
    Ok(lists.map(|list| list.len().div_ceil(PAGE_ROWS)))
}

fn read(stats: &Value) -> u64 {
    let all = stats["collections"].as_object().into_iter().flatten();
    all.flat_map(|(_, counts)| {
        ["inserted", "updated", "unchanged"].map(|field| counts[field].as_u64().unwrap_or(0))
    })
    .sum()
}
