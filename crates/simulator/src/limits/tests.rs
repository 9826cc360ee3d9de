use proptest::prelude::*;

use super::*;

fn group(raw: RawLimits) -> Arc<Group> {
    Group::new("g", Limits::new(&raw).unwrap(), Duration::from_secs(60))
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The dimension and the wait in milliseconds, or None if the call was let in (and ended at once).
fn call(group: &Arc<Group>, at: u64, input: u32, output: (u32, u32)) -> Option<(Dimension, u128)> {
    let (admitted, _) = group.admit(millis(at), "key 1", input, output);
    admitted.err().map(|exceeded| (exceeded.dimension, exceeded.wait.as_millis()))
}

#[test]
fn requests_come_at_their_rate_and_no_sooner() {
    let group = group(RawLimits { requests_per_minute: Some(60), burst: Some(2), ..RawLimits::default() });
    let outcomes: Vec<_> =
        [0, 0, 0, 999, 1000, 1001, 1999, 2000].map(|at| call(&group, at, 1, (1, 1))).into();
    let wait = |ms| Some((Dimension::Requests, ms));
    assert_eq!(outcomes, [None, None, wait(1000), wait(1), None, wait(999), wait(1), None]);
    assert_eq!(group.most().calls, 8, "calls that were sent away count too");
}

#[test]
fn output_is_reserved_whole_and_given_back() {
    let group = group(RawLimits { output_tokens_per_minute: Some(600), ..RawLimits::default() });
    assert_eq!(call(&group, 0, 1, (500, 100)), None);
    assert_eq!(call(&group, 0, 1, (500, 100)), None);
    assert_eq!(call(&group, 0, 1, (500, 100)), Some((Dimension::OutputTokens, 10_000)));
    assert_eq!(call(&group, 10_000, 1, (500, 100)), None);
}

#[test]
fn concurrency_counts_permits_that_live() {
    let group = group(RawLimits { concurrency: Some(1), ..RawLimits::default() });
    let (first, _) = group.admit(millis(0), "key 1", 1, (1, 1));
    assert_eq!(call(&group, 0, 1, (1, 1)).map(|(dimension, _)| dimension), Some(Dimension::Concurrency));
    let (other_key, _) = group.admit(millis(0), "key 2", 1, (1, 1));
    assert!(other_key.is_ok());
    drop(first);
    assert_eq!(call(&group, 0, 1, (1, 1)), None);
}

#[test]
fn meters_say_what_is_left_and_when_it_is_full() {
    let group = group(RawLimits { input_tokens_per_minute: Some(6000), ..RawLimits::default() });
    let (_, meters) = group.admit(millis(0), "key 1", 1500, (1, 1));
    assert_eq!(meters.input, Meter { limit: 6000, remaining: 4500, reset: Duration::from_secs(15) });
    assert_eq!(meters.output, Meter::UNLIMITED);
}

#[test]
fn a_window_forgets_after_its_length() {
    let group = group(RawLimits::default());
    for at in [0, 30_000, 59_999, 60_000] {
        call(&group, at, 10, (1, 1));
    }
    assert_eq!(group.most(), Load { calls: 3, input_tokens: 30, output_tokens: 3 });
}

proptest! {
    /// In any span of time no more is let in than the burst and what flows in meanwhile.
    #[test]
    fn never_more_than_burst_and_rate(
        rate in 1u32..600,
        burst in 1u32..20,
        steps in proptest::collection::vec(0u64..2000, 1..200),
    ) {
        let group = group(RawLimits { requests_per_minute: Some(rate), burst: Some(burst), ..RawLimits::default() });
        let mut at = 0;
        let mut taken = Vec::new();
        for step in steps {
            at += step;
            if call(&group, at, 1, (1, 1)).is_none() {
                taken.push(at);
            }
        }
        for (first, from) in taken.iter().enumerate() {
            for (last, to) in taken.iter().enumerate().skip(first) {
                let count = u64::try_from(last - first + 1).unwrap();
                prop_assert!((count - u64::from(burst).min(count)) * 60_000 <= (to - from) * u64::from(rate));
            }
        }
    }

    /// Waiting as long as was said is enough, and a millisecond less is not.
    #[test]
    fn the_wait_is_exact(rate in 1u32..600, early in 0u64..5000) {
        let group = group(RawLimits { requests_per_minute: Some(rate), burst: Some(1), ..RawLimits::default() });
        prop_assert_eq!(call(&group, early, 1, (1, 1)), None);
        let (refused, _) = group.admit(millis(early), "key 1", 1, (1, 1));
        let wait = refused.unwrap_err().wait;
        let (sooner, _) = group.admit(millis(early) + wait - Duration::from_nanos(1), "key 1", 1, (1, 1));
        prop_assert!(sooner.is_err());
        let (later, _) = group.admit(millis(early) + wait, "key 1", 1, (1, 1));
        prop_assert!(later.is_ok());
    }
}
