//! How much of a shared limit workers use together, and how often they overstep it: by the simulator's own counts.

use std::time::Duration;

use crate::figure::{Figure, Target};
use crate::fleet::{Fleet, Service, Stage};
use crate::scenario::Bench;
use crate::simulator::Stats;
use crate::workload::{CALLS_PER_MINUTE, TOKENS_PER_MINUTE};

/// Sizes of the steady fleets.
const STEADY: [usize; 3] = [1, 4, 16];
/// Workers of the changing fleet at its beginning; it never falls below 4.
const CHANGING: usize = 5;
/// How long newcomers take to sing: two rounds of beats, and a margin.
const WARMUP: Duration = Duration::from_secs(15);
/// More sessions than any of these runs can ask.
const ENDLESS: u32 = 100;

/// What happened in a stretch of time.
struct Stretch {
    /// Share of the limit that was used.
    used: f64,
    calls: u64,
    limited: u64,
}

/// A change of the fleet.
enum Change {
    Join,
    Kill,
    Leave,
}

/// Use of the limit while nobody comes or goes, and while somebody does every minute.
pub(crate) async fn limits(bench: &Bench, fleet: &Fleet) -> anyhow::Result<Vec<Figure>> {
    let mut steady = Vec::new();
    for workers in STEADY {
        steady.push(steady_use(bench, fleet, workers).await?);
    }
    let changing = changing_use(bench, fleet).await?;
    let all = || steady.iter().chain([&changing]);
    let least = steady.iter().map(|stretch| stretch.used).fold(f64::INFINITY, f64::min);
    let (calls, limited) = all().fold((0, 0), |(c, l), s| (c + s.calls, l + s.limited));
    let each: Vec<String> = STEADY
        .iter()
        .zip(&steady)
        .map(|(workers, stretch)| format!("{workers}: {:.3}", stretch.used))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand calls")]
    let share = limited as f64 / calls as f64;
    Ok(vec![
        Figure {
            name: "fleet_limit_use_steady",
            value: least,
            unit: "of limit",
            compared_with: format!(
                "{CALLS_PER_MINUTE} calls and {TOKENS_PER_MINUTE} tokens a minute; by number of workers {}",
                each.join(", ")
            ),
            target: Target::AtLeast(0.95),
        },
        Figure {
            name: "fleet_limit_use_changing",
            value: changing.used,
            unit: "of limit",
            compared_with: format!(
                "the same; a worker comes, leaves or is killed every minute, {CHANGING} at first"
            ),
            target: Target::AtLeast(0.85),
        },
        Figure {
            name: "fleet_429_share",
            value: share,
            unit: "of calls",
            compared_with: format!("none; {limited} of {calls} calls"),
            target: Target::AtMost(0.001),
        },
    ])
}

async fn steady_use(bench: &Bench, fleet: &Fleet, workers: usize) -> anyhow::Result<Stretch> {
    bench.simulator.reset().await?;
    let stage = fleet.stage().await;
    let _coordinator = stage.role("coordinator", &["coordinator"])?;
    let crowd = (0..workers).map(|_| join(&stage)).collect::<anyhow::Result<Vec<_>>>()?;
    stage.submit("shared", "steady", ENDLESS)?;
    tokio::time::sleep(WARMUP).await;
    let stretch = measure(bench, bench.size.minute).await?;
    tell(&format!("{workers} workers"), &stretch);
    stage.run(&["cancel", "steady"])?;
    drop(crowd);
    Ok(stretch)
}

async fn changing_use(bench: &Bench, fleet: &Fleet) -> anyhow::Result<Stretch> {
    bench.simulator.reset().await?;
    let stage = fleet.stage().await;
    let _coordinator = stage.role("coordinator", &["coordinator"])?;
    let mut crowd = (0..CHANGING).map(|_| join(&stage)).collect::<anyhow::Result<Vec<_>>>()?;
    stage.submit("shared", "changing", ENDLESS)?;
    tokio::time::sleep(WARMUP).await;
    let before = bench.simulator.stats().await?;
    let began = tokio::time::Instant::now();
    for change in [Change::Kill, Change::Join, Change::Leave, Change::Join, Change::Kill] {
        match change {
            Change::Join => crowd.push(join(&stage)?),
            Change::Kill => drop(crowd.remove(0)),
            Change::Leave => crowd.remove(0).stop()?,
        }
        tokio::time::sleep(bench.size.minute).await;
    }
    let stretch = between(&before, &bench.simulator.stats().await?, began.elapsed());
    tell("a changing fleet", &stretch);
    stage.run(&["cancel", "changing"])?;
    Ok(stretch)
}

fn join(stage: &Stage<'_>) -> anyhow::Result<Service> {
    stage.role("worker", &["worker", "--pools", "shared", "--grace", "5s"])
}

async fn measure(bench: &Bench, during: Duration) -> anyhow::Result<Stretch> {
    let before = bench.simulator.stats().await?;
    let began = tokio::time::Instant::now();
    tokio::time::sleep(during).await;
    Ok(between(&before, &bench.simulator.stats().await?, began.elapsed()))
}

fn between(before: &Stats, after: &Stats, during: Duration) -> Stretch {
    let (calls, limited) = (after.calls - before.calls, after.limited - before.limited);
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand calls")]
    let answered = (calls - limited) as f64;
    let used = answered / (f64::from(CALLS_PER_MINUTE) / 60.0 * during.as_secs_f64());
    Stretch { used, calls, limited }
}

#[expect(clippy::print_stderr, reason = "a benchmark says how far it is")]
fn tell(side: &str, stretch: &Stretch) {
    let Stretch { used, calls, limited } = stretch;
    eprintln!("{side:>16}: {used:.3} of the limit, {calls} calls, {limited} answers 429");
}
