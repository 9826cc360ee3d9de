//! What distribution costs: the same calls by one worker over RabbitMQ and S3, and the processor time of a job on its way.

use std::time::Duration;

use antiphon_core::{Event, Job, JobTally, OBJECT_FORMAT, PoolId};
use antiphon_queue::{Delivery, Queue, RabbitMqSettings};
use futures::future::try_join_all;

use crate::figure::{Figure, Target};
use crate::fleet::{Fleet, cpu_seconds};
use crate::scenario::Bench;
use crate::workload::calls;

/// Calls of a job, about.
const CALLS_PER_JOB: f64 = 50.0;
const FEW_JOBS: u32 = 2_000;
const MANY_JOBS: u32 = 12_000;
/// Jobs that are published at a time, as a window is topped up.
const BATCH: usize = 64;
/// Jobs that a worker has in work at a time where it makes 256 calls at once. As many are told of in one message where all of them
/// together take as long as a hint lingers, which is at 6,000 calls a second.
const HELD: usize = 6;

/// Throughput with one worker, and processor time of broker and client.
pub(crate) async fn cost(bench: &Bench, fleet: &Fleet, bare_cpu_us: f64) -> anyhow::Result<Vec<Figure>> {
    let sessions = bench.size.fleet;
    let (mut walls, mut broker_seconds) = ((Vec::new(), Vec::new()), Vec::new());
    for _ in 0..bench.size.repeats {
        walls.0.push(bench.antiphon_wall("fast", sessions).await?);
        let (wall, broker) = one_worker(bench, fleet, sessions).await?;
        walls.1.push(wall.as_secs_f64());
        broker_seconds.push(broker);
    }
    let (alone, together) = (middle(&mut walls.0), middle(&mut walls.1));
    let of = f64::from(calls(sessions));
    let broker_us = middle(&mut broker_seconds) / of * CALLS_PER_JOB * 1e6;
    let job_us = job_cpu_us(fleet).await?;
    let (call_ms, bare_ms) = (job_us / CALLS_PER_JOB / 1e3, bare_cpu_us / 1e3);
    Ok(vec![
        Figure {
            name: "fleet_vs_one_process",
            value: alone / together,
            unit: "times",
            compared_with: format!(
                "one process: {:.0} calls/s; here {:.0}, and {broker_us:.0} µs of the broker a job",
                of / alone,
                of / together
            ),
            target: Target::AtLeast(0.6),
        },
        Figure {
            name: "cpu_ms_per_call_fleet",
            value: call_ms,
            unit: "ms",
            compared_with: format!(
                "bare call: {bare_ms:.4} ms; here broker and client {:.2} of that, {job_us:.0} µs a job",
                call_ms / bare_ms
            ),
            target: Target::AtMost(0.25 * bare_ms),
        },
    ])
}

/// How long one worker takes, from the submission to the end as the fleet wrote them down; and the broker's processor time meanwhile,
/// in seconds, with all that it does besides.
async fn one_worker(bench: &Bench, fleet: &Fleet, sessions: u32) -> anyhow::Result<(Duration, f64)> {
    bench.simulator.reset().await?;
    let stage = fleet.stage().await;
    let _coordinator = stage.role("coordinator", &["coordinator"])?;
    let _worker = stage.role("worker", &["worker", "--pools", "fast"])?;
    // The first run finds everybody awake for the second, which is measured.
    stage.submit("fast", "first", 1)?;
    stage.until_ended("first").await?;
    let before = fleet.broker_cpu_seconds()?;
    // It waits itself: to ask for the status all the time would take more of the processors than the run leaves.
    stage.submit_and_wait("fast", "second", sessions)?;
    let used = fleet.broker_cpu_seconds()? - before;
    Ok((stage.until_ended("second").await?, used))
}

/// Processor time of a job's way through the broker, of broker and client together: published, delivered, told of and acked. The slope
/// between two numbers of jobs, so that connecting and idling do not count.
async fn job_cpu_us(fleet: &Fleet) -> anyhow::Result<f64> {
    let few = jobs_cpu_seconds(fleet, FEW_JOBS).await?;
    let many = jobs_cpu_seconds(fleet, MANY_JOBS).await?;
    Ok((many - few) / f64::from(MANY_JOBS - FEW_JOBS) * 1e6)
}

async fn jobs_cpu_seconds(fleet: &Fleet, count: u32) -> anyhow::Result<f64> {
    let stage = fleet.stage().await;
    let queue = Queue::rabbitmq(stage.vhost.url().parse::<RabbitMqSettings>()?);
    let pool: PoolId = "bench".parse()?;
    let mut events = queue.subscribe_events().await?;
    let mut consumer = queue.consume_jobs(&pool, 8).await?;
    let before = fleet.broker_cpu_seconds()? + cpu_seconds(std::process::id())?;
    let jobs: Vec<Job> = (0..count).map(|chunk| job(&pool, chunk)).collect::<anyhow::Result<_>>()?;
    for batch in jobs.chunks(BATCH) {
        queue.publish_jobs(batch).await?;
        for held in batch.chunks(HELD) {
            let mut deliveries = Vec::new();
            for _ in held {
                deliveries.push(consumer.next().await?);
            }
            let done = |job: &Job| Event::JobDone { job: job.clone(), tally: JobTally::default() };
            let told: Vec<Event> = deliveries.iter().map(|delivery| done(delivery.job())).collect();
            try_join_all(deliveries.into_iter().map(Delivery::ack)).await?;
            queue.publish_events(&told).await?;
            for _ in held {
                events.next().await;
            }
        }
    }
    let after = fleet.broker_cpu_seconds()? + cpu_seconds(std::process::id())?;
    Ok(after - before)
}

fn job(pool: &PoolId, chunk: u32) -> anyhow::Result<Job> {
    Ok(Job {
        format: OBJECT_FORMAT,
        run: "bench".parse()?,
        pool: pool.clone(),
        target: "fast".parse()?,
        block: "b00001".parse()?,
        round: 0,
        chunk,
    })
}

fn middle(walls: &mut [f64]) -> f64 {
    walls.sort_by(f64::total_cmp);
    walls[walls.len() / 2]
}
