//! A hundred thousand jobs at once: how long they take to submit, list and go on with, and how much memory.

use std::time::{Duration, Instant};

use antiphon_queue::{Queue, RabbitMqSettings};
use anyhow::ensure;

use crate::figure::{Figure, Target};
use crate::fleet::{Fleet, Service, Stage};
use crate::scenario::Bench;

/// More jobs than any of these runs has.
const WINDOW: u32 = 1_000_000;
const LOOK: Duration = Duration::from_millis(50);

/// What one number of jobs took.
struct Taken {
    jobs: u64,
    /// Until the broker has all of them, from the start of `antiphon submit`.
    submit: Duration,
    /// Of `antiphon status`.
    list: Duration,
    /// From the start of another coordinator until it has found what is missing and published it again.
    resume: Duration,
    peak_mib: f64,
}

/// Submits a run of that many jobs to a fleet without workers, with a window that holds them all.
pub(crate) async fn submit(bench: &Bench, fleet: &Fleet) -> anyhow::Result<Vec<Figure>> {
    let few = taken(fleet, bench.size.few_jobs).await?;
    let many = taken(fleet, bench.size.many_jobs).await?;
    let times = |taken: &Taken| {
        let Taken { jobs, submit, list, resume, peak_mib } = taken;
        format!(
            "{jobs} jobs: {:.1} s, list {:.1} s, resume {:.1} s, coordinator at most {peak_mib:.0} MiB",
            submit.as_secs_f64(),
            list.as_secs_f64(),
            resume.as_secs_f64()
        )
    };
    Ok(vec![Figure {
        name: "submit_100k_jobs_s",
        value: many.submit.as_secs_f64(),
        unit: "s",
        compared_with: format!("{}; {}", times(&few), times(&many)),
        // A tenth of the jobs may take no less than a tenth of the time, or it would not be linear; the rest is slack for starting.
        target: Target::AtMost(12.0 * few.submit.as_secs_f64()),
    }])
}

async fn taken(fleet: &Fleet, sessions: u32) -> anyhow::Result<Taken> {
    let stage = fleet.stage().await;
    let queue = Queue::rabbitmq(stage.vhost.url().parse::<RabbitMqSettings>()?);
    let window = WINDOW.to_string();
    let coordinator = stage.role("coordinator", &["coordinator", "--window", &window])?;
    let began = Instant::now();
    stage.submit("fast", "many", sessions)?;
    let begun_list = Instant::now();
    let jobs = stage.status("many")?.jobs.planned;
    let list = begun_list.elapsed();
    until_waiting(&queue, jobs).await?;
    let submit = began.elapsed();
    let peak_mib = peak_mib(&coordinator)?;
    drop(coordinator);
    let resume = resumed(&stage, &queue, &window, jobs).await?;
    Ok(Taken { jobs, submit, list, resume, peak_mib })
}

/// The queue knows nothing of what the store says, so the next coordinator publishes what is missing once more.
async fn resumed(stage: &Stage<'_>, queue: &Queue, window: &str, jobs: u64) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let _coordinator = stage.role("coordinator", &["coordinator", "--window", window])?;
    until_waiting(queue, 2 * jobs).await?;
    Ok(began.elapsed())
}

async fn until_waiting(queue: &Queue, jobs: u64) -> anyhow::Result<()> {
    let pool = "fast".parse()?;
    let began = Instant::now();
    while queue.depth(&pool).await? < jobs {
        ensure!(began.elapsed() < Duration::from_secs(600), "{jobs} jobs are not there after ten minutes");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// The most memory that a process has had.
fn peak_mib(service: &Service) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(f64::NAN);
    Ok(kib / 1024.0)
}
