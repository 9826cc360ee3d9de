//! What the promise costs: how much of a limit is used, and by whom.

use super::broker::Delays;
use super::ledger::seconds;
use super::singer::Trouble;
use super::world::{Event, Setting, World};
use super::*;

/// Delays of a broker in the same building, with a second now and then.
fn calm(limits: &Limits) -> Setting {
    Setting {
        choir: ChoirSettings::default(),
        delays: Delays {
            publish: Duration::from_millis(20),
            lag: Duration::from_millis(20),
            skew: Duration::from_millis(50),
            dropped: 0.0,
        },
        told: vec![limits.clone()],
        tokens: (100, 100),
        call_ms: (200, 2_000),
    }
}

fn requests(requests_per_minute: u32) -> Limits {
    Limits { requests_per_minute: Some(requests_per_minute), ..Limits::default() }
}

fn places(concurrency: u32) -> Limits {
    Limits { concurrency: Some(concurrency), ..Limits::default() }
}

/// Calls in flight at the mean, and calls started in a second, from second `from` to second `to`.
fn use_of(world: &mut World, from: u64, to: u64) -> (f64, f64) {
    let begin = world.begin;
    world.run(begin + seconds(from)).expect("the promise holds");
    let (sung, started) = (world.sung, world.ledger.spent[0]);
    world.run(begin + seconds(to)).expect("the promise holds");
    let lasts = (to - from) as f64;
    ((world.sung - sung) / lasts, (world.ledger.spent[0] - started) / lasts)
}

fn crowd(seed: u64, limits: &Limits, voices: usize) -> World {
    let mut world = World::new(seed, calm(limits));
    (0..voices).for_each(|_| world.join());
    world
}

fn check(voices: usize, used: f64, least: f64) {
    println!("{voices} voices use {used:.4} of the limit");
    assert!(used >= least && used <= 1.001, "{voices} voices use {used} of the limit");
}

#[test]
fn a_steady_set_uses_a_rate_up() {
    for voices in [1, 4, 16] {
        // 1,200 a minute are 20 a second.
        let used = use_of(&mut crowd(1, &requests(1_200), voices), 15, 75).1 / 20.0;
        check(voices, used, 0.98);
    }
}

#[test]
fn a_steady_set_uses_a_concurrency_up() {
    for voices in [1, 4, 16] {
        let used = use_of(&mut crowd(1, &places(40), voices), 15, 75).0 / 40.0;
        check(voices, used, 0.98);
    }
}

#[test]
fn where_there_is_less_than_a_call_for_each_the_highest_ids_rest_and_all_of_it_is_used() {
    for voices in [4, 16] {
        // One second's worth of 180 a minute is a burst of 3, of which slack leaves 2.
        let mut world = crowd(1, &requests(180), voices);
        check(voices, use_of(&mut world, 15, 75).1 / 3.0, 0.95);
        assert_eq!((world.standing(Standing::Singing), world.standing(Standing::Resting)), (2, voices - 2));
        let mut ids: Vec<_> =
            world.singers.iter().map(|singer| (singer.voice, singer.share.standing)).collect();
        ids.sort_by_key(|(voice, _)| *voice);
        assert!(ids[..2].iter().all(|(_, standing)| *standing == Standing::Singing), "{ids:?}");
    }
}

/// One voice joins, one leaves and one is killed in every minute of five.
fn restless(seed: u64, limits: &Limits, voices: usize) -> World {
    let mut world = crowd(seed, limits, voices);
    let begin = world.begin;
    let at = |minute: u64, second: u64| begin + seconds(20 + 60 * minute + second);
    for minute in 0..5 {
        let number = usize::try_from(minute).expect("five are few");
        world.schedule(at(minute, 5), Event::Join);
        world.schedule(at(minute, 25), Event::Trouble(2 * number, Trouble::Wants(false)));
        world.schedule(at(minute, 45), Event::Trouble(2 * number + 1, Trouble::Crash));
        world.schedule(at(minute, 46), Event::Join);
    }
    world
}

#[test]
fn a_restless_set_uses_most_of_a_rate() {
    for voices in [4, 8] {
        let used = use_of(&mut restless(1, &requests(1_200), voices), 20, 320).1 / 20.0;
        check(voices, used, 0.85);
    }
}

#[test]
fn a_restless_set_uses_most_of_a_concurrency() {
    for voices in [4, 8] {
        let used = use_of(&mut restless(1, &places(40), voices), 20, 320).0 / 40.0;
        check(voices, used, 0.85);
    }
}

#[test]
fn a_lone_voice_starts_soon_and_later_where_calls_of_others_may_be_in_flight() {
    let ChoirSettings { interval, ttl, skew, .. } = ChoirSettings::default();
    let forget_after = ChoirSettings::default().forget_after();
    for (limits, waits) in [(requests(1_200), ttl + skew), (places(4), forget_after)] {
        let mut world = crowd(1, &limits, 1);
        let begin = world.begin;
        world.run(begin + waits).expect("the promise holds");
        assert_eq!(world.standing(Standing::Listening), 1);
        world.run(begin + waits + 2 * interval).expect("the promise holds");
        assert_eq!(world.standing(Standing::Singing), 1);
    }
}

#[test]
fn a_newcomer_does_not_wait_for_long_where_somebody_knows_everybody() {
    let mut world = crowd(1, &places(40), 1);
    let begin = world.begin;
    world.schedule(begin + seconds(20), Event::Join);
    let ChoirSettings { interval, ttl, skew, .. } = ChoirSettings::default();
    world.run(begin + seconds(20) + ttl + skew + 3 * interval).expect("the promise holds");
    assert_eq!(world.standing(Standing::Singing), 2);
}

#[test]
fn whoever_is_killed_costs_its_share_until_it_is_forgotten() {
    let mut world = crowd(1, &requests(1_200), 4);
    let begin = world.begin;
    world.schedule(begin + seconds(20), Event::Trouble(0, Trouble::Crash));
    let forget_after = ChoirSettings::default().forget_after();
    world.run(begin + seconds(20) + forget_after - seconds(1)).expect("the promise holds");
    assert_eq!(world.singers[1].share.voices, 4);
    world.run(begin + seconds(20) + forget_after + seconds(1)).expect("the promise holds");
    assert_eq!(world.singers[1].share.voices, 3);
}

#[test]
fn without_a_broker_everybody_falls_silent() {
    let mut world = crowd(1, &requests(1_200), 4);
    let begin = world.begin;
    for voice in 0..4 {
        world.schedule(begin + seconds(20), Event::Trouble(voice, Trouble::Cut { back: seconds(20) }));
    }
    let ChoirSettings { ttl, skew, interval, .. } = ChoirSettings::default();
    world.run(begin + seconds(20) + ttl).expect("the promise holds");
    let spent = world.ledger.spent[0];
    world.run(begin + seconds(40)).expect("the promise holds");
    assert!(world.ledger.spent[0] <= spent, "somebody sings without hearing itself");
    world.run(begin + seconds(40) + ttl + skew + 3 * interval).expect("the promise holds");
    assert_eq!(world.standing(Standing::Singing), 4);
}
