//! Workers that share the limits of a pool.

use std::time::Duration;

use antiphon_core::Limits;
use antiphon_limits::{ChoirSettings, Standing};
use antiphon_simulator::FaultKind;
use antiphon_tests::VOICES;
use antiphon_worker::FRESH;
use tokio::time::{Instant, sleep, timeout};

use crate::stage::{Stage, Worker, config, pool};

const SECOND: Duration = Duration::from_secs(1);

/// What the simulator allows, and all workers together are told.
const LIMITS: Limits = Limits {
    requests_per_minute: Some(3_000),
    burst: Some(20),
    input_tokens_per_minute: None,
    output_tokens_per_minute: None,
    concurrency: Some(4),
};

/// The usual voices under one limit.
fn limited_voices() -> String {
    let voices = VOICES.replace("latency_ms", "limit_group: house\n    latency_ms");
    format!("{voices}limits:\n  house: {{requests_per_minute: 3000, burst: 20, concurrency: 4}}\n")
}

fn voices(worker: &Worker) -> Option<(u32, Standing)> {
    let share = worker.health.read().pools.get(&pool())?.share.clone()?;
    Some((share.voices, share.standing))
}

async fn until_it_sings_with(worker: &Worker, others: u32) {
    let sings = async {
        while voices(worker) != Some((others + 1, Standing::Singing)) {
            sleep(SECOND / 100).await;
        }
    };
    // Where nothing is left to ask, nobody sings any more.
    timeout(120 * SECOND, sings).await.unwrap_or_else(|_| panic!("it does not sing: {:?}", voices(worker)));
}

/// By the simulator's own count, on the real clock: while voices come, die and leave.
#[tokio::test]
async fn together_they_keep_the_limits() {
    let settings = ChoirSettings {
        interval: SECOND / 20,
        ttl: SECOND / 2,
        skew: SECOND / 10,
        // What is left keeps the server's burst full, for calls that a busy machine holds up.
        headroom: 0.8,
    };
    // Enough for ten seconds at these limits, so that there is still something to sing when the third comes, however busy the machine is.
    let stage = Stage::with(100, &limited_voices(), Limits::default()).await;
    let jobs = stage.publish().await;
    let first = stage.singer(&LIMITS, settings);
    stage.simulator.until_calls(20).await;
    let second = stage.singer(&LIMITS, settings);
    until_it_sings_with(&second, 1).await;
    let third = stage.singer(&LIMITS, settings);
    until_it_sings_with(&third, 2).await;
    drop(second);
    first.end().await.unwrap();
    // The second was killed, and with it the hints of jobs that it had just stored.
    stage.until_stored(jobs.len()).await;
    third.end().await.unwrap();
    let stats = stage.simulator.stats();
    assert_eq!(stats.limited, 0, "{stats:?}");
    assert!(stats.in_flight_max <= 4, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_hushes_all_and_is_told_once() {
    let mut stage = Stage::new(40).await;
    let jobs = stage.publish().await;
    let workers = [(); 3].map(|()| {
        stage.singer(&Limits { concurrency: Some(24), ..Limits::default() }, ChoirSettings::default())
    });
    for worker in &workers {
        until_it_sings_with(worker, 2).await;
    }
    // Several of one pause hit the same worker.
    stage.fault(FaultKind::RateLimit, 24);
    stage.until_done(jobs.len()).await;
    let read = |count: fn(&antiphon_worker::Reading) -> u64| -> Vec<u64> {
        workers.iter().map(|worker| count(&worker.metrics.read())).collect()
    };
    let (own, heard) = (read(|reading| reading.hushes_own), read(|reading| reading.hushes_heard));
    // Each of three hears what the two others tell.
    let all = heard.iter().sum::<u64>() / 2;
    assert!(all >= 1 && heard.iter().sum::<u64>() == 2 * all, "heard {heard:?}");
    for ((worker, own), heard) in workers.iter().zip(&own).zip(&heard) {
        let (told, pauses) = (all - heard, worker.pool.reading().hushes);
        assert!(told <= *own, "told {told} times of {own} of its own");
        assert!(pauses >= 1 && *own <= pauses, "{own} of {pauses} pauses");
    }
    for worker in workers {
        worker.end().await.unwrap();
    }
}

/// Long before it would have been forgotten.
#[tokio::test(start_paused = true)]
async fn who_leaves_says_goodbye() {
    let settings = ChoirSettings { ttl: 20 * SECOND, ..ChoirSettings::default() };
    let stage = Stage::new(200).await;
    stage.publish().await;
    let limits = Limits { requests_per_minute: Some(600), ..Limits::default() };
    let (stays, leaves) = (stage.singer(&limits, settings), stage.singer(&limits, settings));
    until_it_sings_with(&stays, 1).await;
    let begin = Instant::now();
    leaves.end().await.unwrap();
    until_it_sings_with(&stays, 0).await;
    assert!(begin.elapsed() < settings.forget_after() / 2, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_has_nothing_to_do_is_not_counted_and_waits_before_it_sings_again() {
    let mut stage = Stage::new(2).await;
    let limits = Limits { requests_per_minute: Some(600), ..Limits::default() };
    let idle = stage.singer(&limits, ChoirSettings::default());
    let jobs = stage.publish().await;
    let begin = Instant::now();
    stage.until_done(jobs.len()).await;
    assert!(begin.elapsed() >= 3 * SECOND, "a newcomer waits for ttl and skew: {:?}", begin.elapsed());
    assert_eq!(voices(&idle), Some((1, Standing::Singing)), "it does not leave between two jobs");
    // The others count it no more, and it counts nobody.
    while voices(&idle) != Some((0, Standing::Resting)) {
        sleep(SECOND / 10).await;
    }
    idle.end().await.unwrap();
}

/// Where a worker has the limits for itself, nothing waits for anybody.
#[tokio::test(start_paused = true)]
async fn a_lone_worker_begins_at_once() {
    let mut stage = Stage::new(2).await;
    let jobs = stage.publish().await;
    let begin = Instant::now();
    let worker = stage.worker(&["alto", "bass"], &Limits::default(), config());
    stage.until_done(jobs.len()).await;
    assert!(begin.elapsed() < SECOND, "{:?}", begin.elapsed());
    worker.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_suite_lowers_what_the_fleet_may_use() {
    let suite = Limits { requests_per_minute: Some(120), ..Limits::default() };
    let mut stage = Stage::with(4, VOICES, suite).await;
    let jobs = stage.publish().await;
    let worker = stage
        .singer(&Limits { requests_per_minute: Some(6_000), ..Limits::default() }, ChoirSettings::default());
    stage.until_done(jobs.len()).await;
    let share = worker.health.read().pools[&pool()].share.clone().unwrap();
    assert_eq!(share.limits.requests_per_minute, Some(120));
    worker.end().await.unwrap();
}

/// Whoever submits a run again may lower its limits further, or raise them.
#[tokio::test(start_paused = true)]
async fn the_limits_of_a_suite_are_those_that_were_submitted_last() {
    let mut stage = Stage::new(20).await;
    let jobs = stage.publish().await;
    let told = Limits { requests_per_minute: Some(600), ..Limits::default() };
    let worker = stage.singer(&told, ChoirSettings::default());
    for (number, lowered) in (1..).zip([60, 300]) {
        let limits = Limits { requests_per_minute: Some(lowered), ..Limits::default() };
        stage.opened.manifest.limits = limits;
        stage.submit().await;
        stage.until_done(3 * number).await;
        sleep(FRESH).await;
        stage.until_done(3 * number + 2).await;
        let share = worker.health.read().pools[&pool()].share.clone().unwrap();
        assert_eq!(share.limits.requests_per_minute, Some(lowered));
    }
    stage.until_done(jobs.len()).await;
    worker.end().await.unwrap();
}

/// Twelve voices share two places: those that are left nothing take no jobs from those that sing.
#[tokio::test(start_paused = true)]
async fn who_is_left_nothing_holds_up_nobody() {
    let mut stage = Stage::new(20).await;
    let jobs = stage.publish().await;
    let begin = Instant::now();
    let limits = Limits { requests_per_minute: Some(120), ..Limits::default() };
    let workers = [(); 12].map(|()| stage.singer(&limits, ChoirSettings::default()));
    stage.until_done(jobs.len()).await;
    // 80 calls at two a second, after a newcomer's wait.
    assert!(begin.elapsed() < 60 * SECOND, "{:?}", begin.elapsed());
    let busy = workers.iter().filter(|worker| worker.metrics.read().samples > 0).count();
    assert!(busy <= 2, "{busy} worked");
    for worker in workers {
        worker.end().await.unwrap();
    }
}

/// The last jobs are with those that sing, and nobody's delivery is lost by leaving.
#[tokio::test(start_paused = true)]
async fn a_voice_that_dies_is_forgotten_and_its_jobs_are_done() {
    let mut stage = Stage::new(20).await;
    let jobs = stage.publish().await;
    let limits = Limits { requests_per_minute: Some(600), ..Limits::default() };
    let (dies, stays) =
        (stage.singer(&limits, ChoirSettings::default()), stage.singer(&limits, ChoirSettings::default()));
    until_it_sings_with(&stays, 1).await;
    let begin = Instant::now();
    drop(dies);
    until_it_sings_with(&stays, 0).await;
    assert!(begin.elapsed() >= ChoirSettings::default().forget_after() - SECOND, "{:?}", begin.elapsed());
    stage.until_done(jobs.len()).await;
    stays.end().await.unwrap();
}
