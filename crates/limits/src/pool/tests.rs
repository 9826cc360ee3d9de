use futures::future::join_all;

use super::*;
use crate::choir::Standing;

const SECOND: Duration = Duration::from_secs(1);

fn pool(limits: &Limits) -> Pool {
    Pool::new(limits, PoolSettings { jitter: Seed(1) })
}

fn tokens(input_tokens: u64, output_tokens: u64) -> Estimate {
    Estimate { input_tokens, output_tokens }
}

fn used(input_tokens: u64, cached_input_tokens: u64, output_tokens: u64) -> Usage {
    Usage { input_tokens, cached_input_tokens, output_tokens }
}

async fn take(pool: &Pool) -> Permit {
    pool.take(Estimate::default(), None).await.unwrap()
}

/// What is left of a future that has had every chance to finish without time passing.
macro_rules! waits {
    ($future:expr) => {
        tokio::select! {
            biased;
            _ = $future => false,
            () = tokio::task::yield_now() => true,
        }
    };
}

/// A server that counts as we do, with the whole limit and burst.
struct Server {
    level: f64,
    at: Instant,
    refused: u32,
}

impl Server {
    fn accepts(&mut self) -> bool {
        let now = Instant::now();
        self.level = (self.level + (now - self.at).as_secs_f64() * 50.0).min(50.0);
        self.at = now;
        let accepted = self.level >= 1.0;
        self.level -= if accepted { 1.0 } else { 0.0 };
        self.refused += u32::from(!accepted);
        accepted
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_with_the_same_limit_is_used_up_and_never_refuses() {
    let limits = Limits { requests_per_minute: Some(3_000), burst: Some(50), ..Limits::default() };
    let pool = pool(&limits);
    let begin = Instant::now();
    let server = Mutex::new(Server { level: 50.0, at: begin, refused: 0 });
    let call = async |number: u64| {
        let permit = take(&pool).await;
        // The way there takes between 0 and 40 ms, so that calls arrive closer together than they left.
        tokio::time::sleep(Duration::from_millis(number * 7_919 % 41)).await;
        assert!(server.lock().accepts(), "the server refused call {number}");
        permit.settle(used(1, 0, 1));
    };
    join_all((0..3_000).map(call)).await;
    let took = begin.elapsed();
    assert!(took <= SECOND * 592 / 10, "took {took:?}");
    assert!(took >= SECOND * 59, "took {took:?}: faster than the limit");
    assert_eq!(server.lock().refused, 0);
}

#[tokio::test(start_paused = true)]
async fn calls_start_in_the_order_in_which_they_asked() {
    let pool = pool(&Limits { requests_per_minute: Some(60), ..Limits::default() });
    let order = Mutex::new(Vec::new());
    join_all((0..20).map(async |number| {
        drop(take(&pool).await);
        order.lock().push(number);
    }))
    .await;
    assert_eq!(*order.lock(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_however_a_call_ends() {
    let pool = pool(&Limits { concurrency: Some(1), ..Limits::default() });
    let ends: [fn(Permit); 3] = [drop, Permit::give_back, |permit| permit.settle(Usage::default())];
    for end in ends {
        let permit = take(&pool).await;
        assert!(waits!(take(&pool)));
        end(permit);
        drop(take(&pool).await);
    }
    assert_eq!(pool.reading().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_leaves_the_line() {
    let pool = pool(&Limits { concurrency: Some(1), ..Limits::default() });
    let permit = take(&pool).await;
    assert!(waits!(take(&pool)));
    assert_eq!(pool.reading().waiting, 0);
    let (_, next) = tokio::join!(async { drop(permit) }, take(&pool));
    assert_eq!(pool.reading().in_flight, 1);
    drop(next);
}

#[tokio::test(start_paused = true)]
async fn unused_tokens_come_back_and_excess_is_owed() {
    // 6,000 a minute: 100 a second, and 1,000 at once.
    let pool = pool(&Limits { output_tokens_per_minute: Some(6_000), ..Limits::default() });
    let begin = Instant::now();
    pool.take(tokens(0, 1_000), None).await.unwrap().settle(used(0, 0, 400));
    let second = pool.take(tokens(0, 600), None).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    second.settle(used(0, 0, 900));
    drop(pool.take(tokens(0, 100), None).await.unwrap());
    // 300 in debt and 100 needed.
    assert!((4 * SECOND..4 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    assert_eq!(pool.reading().tokens, tokens(0, 400 + 900 + 100));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_from_a_cache_is_not_input() {
    let pool = pool(&Limits { input_tokens_per_minute: Some(6_000), ..Limits::default() });
    pool.take(tokens(1_000, 0), None).await.unwrap().settle(used(1_000, 900, 0));
    assert!(!waits!(pool.take(tokens(900, 0), None)));
    assert!(waits!(pool.take(tokens(100, 0), None)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_permit_refunds_nothing_and_a_returned_one_its_tokens() {
    let pool = pool(&Limits { input_tokens_per_minute: Some(6_000), ..Limits::default() });
    pool.take(tokens(1_000, 0), None).await.unwrap().give_back();
    drop(pool.take(tokens(1_000, 0), None).await.unwrap());
    assert!(waits!(pool.take(tokens(1, 0), None)));
}

#[tokio::test(start_paused = true)]
async fn an_estimate_above_the_capacity_passes() {
    let pool = pool(&Limits { input_tokens_per_minute: Some(600), ..Limits::default() });
    drop(pool.take(tokens(5_000, 0), None).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_hush_holds_everybody_for_its_time() {
    let pool = pool(&Limits::default());
    pool.hush(Some(30 * SECOND));
    let begin = Instant::now();
    join_all((0..5).map(|_| take(&pool))).await;
    assert!((30 * SECOND..=31 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    assert_eq!(pool.reading().hushes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_hush_also_stops_a_head_that_already_waits() {
    let pool = pool(&Limits { requests_per_minute: Some(60), ..Limits::default() });
    drop(take(&pool).await);
    let begin = Instant::now();
    tokio::join!(async { drop(take(&pool).await) }, async { pool.hush(Some(10 * SECOND)) });
    assert!(begin.elapsed() >= 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_outage_pauses_the_pool() {
    let pool = pool(&Limits::default());
    for _ in 0..3 {
        take(&pool).await.give_back();
        pool.overloaded(None);
    }
    assert!(pool.reading().pause.is_some());
    take(&pool).await.settle(Usage::default());
    assert_eq!(pool.reading().pause, None);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_refused_at_once() {
    let pool = pool(&Limits::default());
    pool.hush(Some(3_600 * SECOND));
    let begin = Instant::now();
    let denied = pool.take(Estimate::default(), Some(begin + 60 * SECOND)).await.unwrap_err();
    assert!(
        matches!(denied, Denied::Late { ready: Some(ready) } if ready >= begin + 3_600 * SECOND),
        "{denied:?}"
    );
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_waiting_in_the_line_and_at_its_head() {
    let pool = pool(&Limits { concurrency: Some(1), ..Limits::default() });
    let _held = take(&pool).await;
    let begin = Instant::now();
    let deadline = Some(begin + 5 * SECOND);
    let (head, next) = tokio::join!(
        pool.take(Estimate::default(), deadline),
        pool.take(Estimate::default(), Some(begin + 2 * SECOND))
    );
    assert_eq!(head.unwrap_err(), Denied::Late { ready: None });
    assert_eq!(next.unwrap_err(), Denied::Late { ready: None });
    assert!((5 * SECOND..5 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stop_wakes_everybody_and_tells_the_first_reason() {
    let pool = pool(&Limits { concurrency: Some(0), ..Limits::default() });
    let waiting = join_all((0..100).map(|_| pool.take(Estimate::default(), None)));
    let (denied, ()) = tokio::join!(waiting, async {
        tokio::task::yield_now().await;
        pool.stop("the key was refused");
        pool.stop("something later");
    });
    for denied in denied {
        assert_eq!(denied.unwrap_err(), Denied::Stopped { reason: "the key was refused".into() });
    }
}

#[tokio::test(start_paused = true)]
async fn headers_lower_what_may_start() {
    let limits = Limits {
        requests_per_minute: Some(600),
        burst: Some(20),
        input_tokens_per_minute: Some(6_000),
        ..Limits::default()
    };
    let pool = pool(&limits);
    let first = take(&pool).await;
    first.observe(Remaining { requests: Some(1), input_tokens: Some(10), output_tokens: None });
    drop(take(&pool).await);
    assert!(waits!(take(&pool)));
    let begin = Instant::now();
    drop(pool.take(tokens(110, 0), None).await.unwrap());
    assert!((SECOND..SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_does_not_take_away_what_has_grown_since_its_call() {
    let pool = pool(&Limits { requests_per_minute: Some(600), burst: Some(20), ..Limits::default() });
    let open = join_all((0..10).map(|_| take(&pool))).await;
    tokio::time::advance(SECOND).await;
    // The server had 10 left, and gets 10 more in this second.
    open[9].observe(Remaining { requests: Some(10), ..Remaining::default() });
    let begin = Instant::now();
    let more = join_all((0..10).map(|_| take(&pool))).await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert!(!waits!(take(&pool)), "8 of the burst of 18 are left");
    // What we started since then counts: none left, 10 grown, 11 started.
    open[9].observe(Remaining { requests: Some(0), ..Remaining::default() });
    assert!(waits!(take(&pool)));
    drop(more);
}

fn share(limits: Limits, valid: Duration) -> Share {
    Share { limits, until: Instant::now() + valid, voices: 1, standing: Standing::Singing }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_without_a_share_and_a_share_wakes_the_line() {
    let pool = Pool::shared(PoolSettings { jitter: Seed(1) });
    let begin = Instant::now();
    assert!(waits!(take(&pool)));
    assert_eq!(pool.reading().allowed_per_minute, Some(0.0));
    tokio::join!(join_all((0..10).map(|_| take(&pool))), async {
        tokio::task::yield_now().await;
        let limits = Limits { requests_per_minute: Some(60), burst: Some(10), ..Limits::default() };
        pool.set_share(&share(limits.clone(), 60 * SECOND));
        pool.set_share(&share(limits, 60 * SECOND));
    });
    // Nothing is saved up when a share begins.
    assert!((10 * SECOND..10 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_share_ends_by_the_clock_and_not_by_a_timer() {
    let pool = Pool::shared(PoolSettings { jitter: Seed(1) });
    pool.set_share(&share(Limits::default(), 2 * SECOND));
    drop(take(&pool).await);
    tokio::time::advance(2 * SECOND).await;
    assert!(waits!(take(&pool)));
    pool.set_share(&share(Limits::default(), SECOND));
    drop(take(&pool).await);
}

#[tokio::test(start_paused = true)]
async fn a_share_that_changes_all_the_time_neither_gains_nor_loses() {
    let pool = Pool::shared(PoolSettings { jitter: Seed(1) });
    let shares = [60, 67, 75, 61].map(|rate| Limits {
        requests_per_minute: Some(rate),
        burst: Some(3),
        output_tokens_per_minute: Some(60 * rate),
        ..Limits::default()
    });
    let begin = Instant::now();
    let calls = Mutex::new(0_u32);
    tokio::select! {
        () = async {
            loop {
                drop(pool.take(tokens(0, 60), None).await.unwrap());
                *calls.lock() += 1;
            }
        } => {}
        () = async {
            for step in 0..3_000_usize {
                pool.set_share(&share(shares[step % 4].clone(), SECOND));
                tokio::time::sleep(SECOND / 5).await;
            }
        } => {}
    }
    let fair = begin.elapsed().as_secs_f64() * (60.0 + 67.0 + 75.0 + 61.0) / 4.0 / 60.0;
    let calls = f64::from(*calls.lock());
    // A timer wakes up to a millisecond late, and no call is saved up over a change.
    assert!(calls <= fair && calls >= 0.99 * fair, "{calls} calls of {fair}");
}

#[tokio::test(start_paused = true)]
async fn debts_outlive_a_gap_between_shares_and_savings_do_not() {
    let pool = Pool::shared(PoolSettings { jitter: Seed(1) });
    let limits = Limits {
        input_tokens_per_minute: Some(6_000),
        output_tokens_per_minute: Some(6_000),
        ..Limits::default()
    };
    pool.set_share(&share(limits.clone(), 20 * SECOND));
    tokio::time::advance(10 * SECOND).await;
    pool.take(tokens(0, 1_000), None).await.unwrap().settle(used(0, 0, 3_000));
    tokio::time::advance(60 * SECOND).await;
    pool.set_share(&share(limits.clone(), 20 * SECOND));
    // The first share went on for 10 s, in which half of the debt of 2,000 was paid. Nothing of the gap counts.
    let begin = Instant::now();
    drop(pool.take(tokens(600, 0), None).await.unwrap());
    assert!((6 * SECOND..6 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    drop(pool.take(tokens(0, 600), None).await.unwrap());
    assert!((16 * SECOND..16 * SECOND + SECOND / 100).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}
