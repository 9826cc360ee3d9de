//! Limits through real sockets; their exactness is held by the unit tests with their own clock.

use crate::{Stage, read};

#[tokio::test]
async fn a_burst_passes_and_the_next_call_is_told_to_wait() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        assert_eq!(stage.ask("limited", &["Hm?"], "k").send().await.unwrap().status(), 200);
    }
    let refused = stage.ask("limited", &["Hm?"], "k").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(refused.headers()["anthropic-ratelimit-requests-remaining"], "0");
    assert_eq!(read(refused).await["error"]["type"], "rate_limit_error");
    let stats = stage.running.stats();
    assert_eq!((stats.calls, stats.answers, stats.limited), (4, 3, 1));
    assert_eq!(stats.groups["tight"].max_calls_in_window, 4);
    stage.running.reset();
    assert_eq!(stage.ask("limited", &["Hm?"], "k").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn one_call_at_a_time() {
    let stage = Stage::new().await;
    let call = || async { stage.ask("narrow", &["Hm?"], "k").send().await.unwrap().status().as_u16() };
    let (one, two) = tokio::join!(call(), call());
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(both, [200, 429]);
    assert_eq!(stage.running.stats().in_flight_max, 2);
    assert_eq!(call().await, 200);
}
