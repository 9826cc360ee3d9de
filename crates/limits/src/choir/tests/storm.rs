//! Whatever happens, the promise holds.
//!
//! `ANTIPHON_CHOIR_SEEDS=20000` tries more seeds.

use super::broker::Delays;
use super::ledger::seconds;
use super::singer::Trouble;
use super::world::{Event, Setting, World};
use super::*;

/// How many seeds of each kind are tried.
const SEEDS: u64 = 1_000;

/// Seeds that found something once.
const STORMS: &[u64] = &[];
const ARRIVALS: &[u64] = &[];

/// A world in which everything goes wrong for half a minute.
fn storm(seed: u64) -> Result<(), String> {
    storm_with(seed, 0.0)
}

fn storm_with(seed: u64, dropped: f64) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut setting = setting(&mut rng);
    setting.delays.dropped = dropped;
    let mut world = World::new(seed, setting);
    let begin = world.now;
    let mut voices = rng.random_range(1..=4);
    for _ in 0..voices {
        world.join();
    }
    let lasts = rng.random_range(15..45);
    for _ in 0..rng.random_range(1..lasts / 2) {
        let at = begin + Duration::from_millis(rng.random_range(0..lasts * 1_000));
        let later = at + Duration::from_millis(rng.random_range(0..6_000));
        let who = rng.random_range(0..voices);
        let trouble = trouble(&mut rng);
        match trouble {
            Trouble::Crash if voices < 10 => {
                world.schedule(later, Event::Join);
                voices += 1;
            }
            Trouble::Wants(false) => world.schedule(later, Event::Trouble(who, Trouble::Wants(true))),
            _ => {}
        }
        world.schedule(at, Event::Trouble(who, trouble));
        // What is hardest to get right is a voice that comes while it or another is not all there.
        let near = later + Duration::from_millis(rng.random_range(0..2_000));
        let lapse = Trouble::Deaf(Duration::from_millis(rng.random_range(0..2_500)));
        let other = [who, voices - 1, rng.random_range(0..voices)][rng.random_range(0..3)];
        world.schedule(near, Event::Trouble(other, lapse));
    }
    world.run(begin + seconds(lasts))
}

/// Somebody comes, or comes back, while others and it are not all there, and just long enough for them to go on.
fn arrival(seed: u64) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut setting = setting(&mut rng);
    setting.delays.publish = Duration::from_millis(rng.random_range(1..100));
    setting.delays.lag = Duration::from_millis(rng.random_range(1..100));
    setting.told.truncate(1);
    let mut world = World::new(seed, setting);
    let begin = world.now;
    let present = rng.random_range(1..=2);
    for _ in 0..present {
        world.join();
    }
    let ms = |rng: &mut ChaCha8Rng, from, to| Duration::from_millis(rng.random_range(from..to));
    let comes = begin + seconds(13);
    if rng.random_bool(0.5) {
        world.schedule(comes, Event::Join);
    } else {
        world.schedule(begin, Event::Join);
        let away = Trouble::Wants(false);
        world.schedule(comes - ms(&mut rng, 500, 5_000), Event::Trouble(present, away));
        world.schedule(comes, Event::Trouble(present, Trouble::Wants(true)));
    }
    for who in 0..=present {
        let (at, lasts) = (comes - seconds(1) + ms(&mut rng, 0, 3_000), ms(&mut rng, 1_000, 2_500));
        let lapse = [Trouble::Deaf(lasts), Trouble::Sleep(lasts)][rng.random_range(0..2)].clone();
        world.schedule(at, Event::Trouble(who, lapse));
        let idle = (lasts + ms(&mut rng, 0, 100)).saturating_sub(ms(&mut rng, 0, 400));
        world.schedule(at, Event::Trouble(who, Trouble::Idle(idle)));
    }
    world.run(comes + seconds(8))
}

fn trouble(rng: &mut ChaCha8Rng) -> Trouble {
    let upto = |rng: &mut ChaCha8Rng, most: f64| {
        Duration::from_secs_f64(most * rng.random_range(0.0..1.0_f64).powi(2))
    };
    match rng.random_range(0..14) {
        0..=1 => Trouble::Sleep(upto(rng, 15.0)),
        2..=3 => Trouble::Deaf(upto(rng, 5.0)),
        4..=5 => Trouble::Cut { back: upto(rng, 12.0) },
        6..=8 => Trouble::Crash,
        9..=10 => Trouble::Wants(false),
        11..=12 => Trouble::Idle(upto(rng, 5.0)),
        _ => Trouble::Lagging(upto(rng, 3.0)),
    }
}

fn setting(rng: &mut ChaCha8Rng) -> Setting {
    let skew = Duration::from_millis([50, 200, 1_000][rng.random_range(0..3)]);
    let choir = ChoirSettings {
        interval: Duration::from_millis([500, 650][rng.random_range(0..2)]),
        skew,
        headroom: [1.0, 0.9][rng.random_range(0..2)],
        ..ChoirSettings::default()
    };
    // What is scarce: calls a minute, calls in flight, or either.
    let (paced, crowded) = [(true, false), (false, true), (true, true)][rng.random_range(0..3)];
    let requests = rng.random_range(200..1_200);
    let limits = Limits {
        requests_per_minute: paced.then_some(requests),
        burst: rng.random_bool(0.5).then(|| rng.random_range(1..30)),
        input_tokens_per_minute: (paced && rng.random_bool(0.3)).then_some(requests * 150),
        output_tokens_per_minute: (paced && rng.random_bool(0.3)).then_some(requests * 75),
        concurrency: crowded.then(|| rng.random_range(1..20)),
    };
    let mut told = vec![limits.clone()];
    if rng.random_bool(0.2) {
        told.push(Limits {
            requests_per_minute: paced.then_some(requests / 2),
            burst: Some(5),
            concurrency: (!paced || rng.random_bool(0.5)).then_some(4),
            ..limits
        });
    }
    Setting {
        choir,
        delays: Delays {
            publish: Duration::from_millis(rng.random_range(1..800)),
            lag: Duration::from_millis(rng.random_range(1..500)),
            skew,
            dropped: 0.0,
        },
        told,
        tokens: (u64::from(requests), u64::from(requests) / 2),
        call_ms: if crowded { (100, 4_000) } else { (10, 100) },
    }
}

fn check(world: fn(u64) -> Result<(), String>, regressions: &[u64]) {
    let asked = std::env::var_os("ANTIPHON_CHOIR_SEEDS");
    let asked = asked.and_then(|seeds| seeds.to_str()?.parse().ok());
    let seeds = regressions.iter().copied().chain(0..asked.unwrap_or(SEEDS));
    let broken: Vec<_> = seeds.filter_map(|seed| Some((seed, world(seed).err()?))).collect();
    assert!(
        broken.is_empty(),
        "{} broken, first by seed and what: {:#?}",
        broken.len(),
        &broken[..broken.len().min(8)]
    );
}

#[test]
fn whatever_happens_no_limit_is_passed() {
    check(storm, STORMS);
}

#[test]
fn whoever_comes_no_limit_is_passed() {
    check(arrival, ARRIVALS);
}

#[test]
fn a_queue_that_drops_messages_breaks_the_promise_and_is_found_out() {
    let broken = (0..100).filter(|seed| storm_with(*seed, 0.3).is_err()).count();
    assert!(broken >= 10, "only {broken} of 100 worlds are broken");
}
