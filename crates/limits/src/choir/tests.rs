use antiphon_core::PoolId;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

mod broker;
mod ledger;
mod singer;
mod steady;
mod storm;
mod world;
mod written;

fn pool() -> PoolId {
    "provider.account.family".parse().expect("a pool's name")
}

fn choir(voice: u64, now: Instant) -> Choir {
    Choir::new(ChoirSettings::default(), pool(), VoiceId(voice), Limits::default(), now)
}

proptest! {
    /// Voices that count each other, and any others besides.
    #[test]
    fn parts_never_add_up_to_more_than_the_whole(
        limit in 0..10_000_u32,
        singing in 1..20_usize,
        others in prop::collection::vec(prop::collection::vec(0..40_usize, 0..20), 20),
    ) {
        // Ids of those who sing are even, so that others fall between them.
        let parts = (0..singing).map(|voice| {
            let mut counted: Vec<usize> = (0..singing).map(|voice| 2 * voice).chain(others[voice].clone()).collect();
            counted.sort_unstable();
            counted.dedup();
            let rank = counted.iter().position(|counted| *counted == 2 * voice).expect("a voice counts itself");
            share::portion(limit, u32::try_from(counted.len()).unwrap(), u32::try_from(rank).unwrap())
        });
        let parts: Vec<u32> = parts.collect();
        prop_assert!(parts.iter().sum::<u32>() <= limit, "{parts:?}");
        if others[..singing].iter().all(Vec::is_empty) {
            prop_assert_eq!(parts.iter().sum::<u32>(), limit);
        }
    }
}

#[test]
fn a_hush_is_for_the_others_and_names_its_wait() {
    let now = Instant::now();
    let (mut one, mut other) = (choir(1, now), choir(2, now));
    let after = Some(Duration::from_millis(1_500));
    let hush = one.hush(after);
    assert_eq!(one.hear(&hush, now), None);
    assert_eq!(other.hear(&hush, now), Some(Hushed { by: VoiceId(1), after }));
    assert_eq!(other.hear(&one.hush(None), now), Some(Hushed { by: VoiceId(1), after: None }));
}

#[test]
fn another_pool_is_none_of_our_business() {
    let now = Instant::now();
    let mut one = choir(1, now);
    let elsewhere = "elsewhere".parse().expect("a pool's name");
    let mut other = Choir::new(ChoirSettings::default(), elsewhere, VoiceId(2), Limits::default(), now);
    one.hear(&other.beat(true, 0, now), now);
    assert_eq!(one.hear(&other.hush(None), now), None);
    one.beat(true, 0, now);
    assert_eq!(one.share(now).voices, 1);
}

#[test]
fn the_interval_grows_with_the_voices_but_leaves_room_for_a_late_beat() {
    let now = Instant::now();
    let settings = ChoirSettings::default();
    let mut one = choir(0, now);
    let mut next = |voices: std::ops::Range<u64>| {
        for voice in voices {
            one.hear(&choir(voice, now).beat(true, 0, now), now);
        }
        one.beat(true, 0, now);
        one.beat_due() - now
    };
    assert_eq!(next(1..100), settings.interval);
    assert_eq!(next(100..120), Duration::from_millis(600));
    assert_eq!(next(120..1_000), settings.ttl / 3);
}

#[test]
fn no_limit_at_all_is_shared_as_no_limit() {
    let limits = share::portions(&share::with_burst(Limits::default()), 7, 3);
    assert_eq!(limits, Limits::default());
    assert_eq!(share::seats(&limits), u32::MAX);
}

#[test]
fn headroom_leaves_at_least_one_of_everything_but_nothing_of_nothing() {
    let limits = Limits {
        requests_per_minute: Some(1),
        burst: Some(20),
        input_tokens_per_minute: Some(999),
        output_tokens_per_minute: Some(0),
        concurrency: Some(10),
    };
    let usable = Limits {
        burst: Some(18),
        input_tokens_per_minute: Some(899),
        concurrency: Some(9),
        ..limits.clone()
    };
    assert_eq!(share::usable(&limits, 0.9), usable);
}

#[test]
fn changes_lie_ahead() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    assert_eq!(one.changes_at(), None);
    let beat = one.beat(true, 0, begin);
    one.hear(&beat, begin);
    one.hear(&choir(2, begin).beat(true, 0, begin), begin);
    let settings = ChoirSettings::default();
    for (at, voices) in [(settings.ttl, 2), (settings.forget_after(), 1)] {
        assert_eq!(one.changes_at(), Some(begin + at));
        assert_eq!(one.share(begin + at).voices, voices);
    }
    assert_eq!(one.changes_at(), None);
}

#[test]
fn the_documentation_says_what_the_settings_are() {
    let page = include_str!("../../../../docs/choir.md");
    let settings = ChoirSettings::default();
    let ChoirSettings { interval, ttl, skew, headroom } = settings;
    let (listens, forgets) = ((ttl + skew).as_secs_f64(), settings.forget_after().as_secs_f64());
    for says in [
        format!("| `interval` | {} s |", interval.as_secs_f64()),
        format!("| `ttl` | {} s |", ttl.as_secs_f64()),
        format!("| `skew` | {} s |", skew.as_secs_f64()),
        format!("| `headroom` | {headroom:.1} |"),
        format!("waits {listens} s after it first heard itself, {forgets} s where"),
        format!("forgotten after {forgets} s"),
        format!("beats stay at {MOST_BEATS_PER_SECOND} a second"),
        format!("`ttl / {LEAST_BEATS_PER_TTL}`"),
    ] {
        assert!(page.contains(&says), "docs/choir.md does not say: {says}");
    }
}
