//! A pool: the line of calls that wait for its limits.
//!
//! Calls start in the order in which they asked. Only the head of the line looks at the gate, so a large call is not
//! overtaken for ever by small ones, and a thousand waiting calls cost one timer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use antiphon_core::{Limits, Seed, Usage};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::choir::Share;
use crate::gate::{Blocked, Estimate, Gate, Reading, Remaining, Start};

/// The limits of one pool in this process. A clone is the same pool.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Line>);

/// What a pool needs besides its limits.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// From which pauses draw their jitter. Workers should differ, or they come back all at once.
    pub jitter: Seed,
}

/// Why there is no permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The whole pool was stopped.
    #[error("the pool was stopped: {reason}")]
    Stopped {
        /// What was given to [`Pool::stop`].
        reason: Arc<str>,
    },
    /// There is none before the deadline.
    #[error("no permit before the deadline")]
    Late {
        /// When the head of the line could go on, where the limits know it: a long pause is one to wait out elsewhere.
        ready: Option<Instant>,
    },
}

#[derive(Debug)]
struct Line {
    /// Whoever holds it is the head of the line. Tokio's mutex is handed on first come, first served.
    head: tokio::sync::Mutex<()>,
    gate: Mutex<Gate>,
    /// Wakes the head.
    changed: Notify,
    waiting: AtomicUsize,
}

impl Pool {
    /// A pool with full buckets. Limits that are absent are unlimited; a limit of 0 lets nothing start.
    #[must_use]
    pub fn new(limits: &Limits, settings: PoolSettings) -> Self {
        Self::of(Gate::new(limits, settings.jitter, Instant::now()))
    }

    /// A pool whose limits are shared with other processes. Nothing starts before it has a share: see [`Pool::set_share`].
    #[must_use]
    pub fn shared(settings: PoolSettings) -> Self {
        Self::of(Gate::shared(settings.jitter, Instant::now()))
    }

    fn of(gate: Gate) -> Self {
        Self(Arc::new(Line {
            head: tokio::sync::Mutex::new(()),
            gate: Mutex::new(gate),
            changed: Notify::new(),
            waiting: AtomicUsize::new(0),
        }))
    }

    /// Waits until a call of that size may start. An estimate above a token bucket's capacity waits for a full bucket.
    ///
    /// Fails with [`Denied::Late`] as soon as it is clear that the deadline cannot be met, and with
    /// [`Denied::Stopped`] once the pool is stopped. Dropping the future leaves the line.
    pub async fn take(&self, estimate: Estimate, deadline: Option<Instant>) -> Result<Permit, Denied> {
        let free = self.0.head.try_lock().ok();
        if free.is_some()
            && let Ok(permit) = self.start(estimate, deadline)?
        {
            return Ok(permit);
        }
        let _waiting = Waiting::new(&self.0.waiting);
        let _head = match (free, deadline) {
            (Some(head), _) => head,
            (None, None) => self.0.head.lock().await,
            (None, Some(at)) => {
                timeout_at(at, self.0.head.lock()).await.map_err(|_| Denied::Late { ready: None })?
            }
        };
        loop {
            let until = match self.start(estimate, deadline)? {
                Ok(permit) => return Ok(permit),
                Err(until) => until.or(deadline),
            };
            // Dropping either branch loses nothing: a notification that nobody took is kept for the next head, and
            // whoever becomes head looks at the gate first.
            match until {
                None => self.0.changed.notified().await,
                Some(at) => tokio::select! {
                    () = sleep_until(at) => {}
                    () = self.0.changed.notified() => {}
                },
            }
        }
    }

    /// A 429: nothing starts for `after` (`None`: about a second, longer if it goes on). Three separate ones without a clean
    /// minute between them halve every rate; see the module `hush`.
    pub fn hush(&self, after: Option<Duration>) {
        self.change(|gate, now| gate.hush(after, now));
    }

    /// A 503 or 529. Three in a row without an answer between them pause the pool, longer each time.
    pub fn overloaded(&self, after: Option<Duration>) {
        self.change(|gate, now| gate.overloaded(after, now));
    }

    /// Goes on under another share, until it ends. What was saved up, the part of a call that the pace had already waited for,
    /// and debts in tokens go over to it; after a gap between two shares only the debts do. Calls under way stay.
    pub fn set_share(&self, share: &Share) {
        self.change(|gate, now| gate.set_share(share, now));
    }

    /// Nothing starts any more; whoever waits is told why. The first reason stands.
    pub fn stop(&self, reason: &str) {
        self.change(|gate, _| gate.stop(reason));
    }

    /// How the pool does.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.0.gate.lock().reading(self.0.waiting.load(Ordering::Relaxed), Instant::now())
    }

    /// A permit, or until when to wait (`None`: until something changes), or why there will be none.
    fn start(
        &self,
        estimate: Estimate,
        deadline: Option<Instant>,
    ) -> Result<Result<Permit, Option<Instant>>, Denied> {
        let mut gate = self.0.gate.lock();
        // A process that was stopped while it waited for the lock must not start by the clock of before.
        let now = Instant::now();
        let until = match gate.start(estimate, now) {
            Ok(start) => return Ok(Ok(Permit { pool: Some(self.clone()), estimate, start })),
            Err(Blocked::Stopped(reason)) => return Err(Denied::Stopped { reason }),
            Err(Blocked::Until(until)) => Some(until),
            Err(Blocked::Change) => None,
        };
        match deadline {
            Some(deadline) if until.is_some_and(|until| until > deadline) || now >= deadline => {
                Err(Denied::Late { ready: until })
            }
            _ => Ok(Err(until)),
        }
    }

    fn change(&self, how: impl FnOnce(&mut Gate, Instant)) {
        let mut gate = self.0.gate.lock();
        how(&mut gate, Instant::now());
        drop(gate);
        self.0.changed.notify_one();
    }
}

/// The right to make one call. It ends in one of three ways: [`Permit::settle`], [`Permit::give_back`], or being dropped, after
/// which the call's place is free again but everything it reserved stays spent, since nobody knows what it used.
///
/// It can end only once:
///
/// ```compile_fail,E0382
/// # fn twice(permit: antiphon_limits::Permit) {
/// permit.settle(antiphon_core::Usage::default());
/// permit.give_back();
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a permit that is dropped frees its place and spends its estimate"]
pub struct Permit {
    /// Absent once it has ended.
    pool: Option<Pool>,
    estimate: Estimate,
    start: Start,
}

impl Permit {
    /// What the reply to this call says is left. It may lower what the pool believes, never raise it.
    pub fn observe(&self, remaining: Remaining) {
        if let Some(pool) = &self.pool {
            pool.0.gate.lock().observe(remaining, self.start, Instant::now());
        }
    }

    /// The call was answered: the real usage replaces the estimate, by refund or debt. Cache reads do not count as input.
    pub fn settle(mut self, usage: Usage) {
        let estimate = self.estimate;
        self.end(|gate, now| gate.settle(estimate, usage, now));
    }

    /// The call was answered, and nobody says what it used: the estimate stands.
    pub fn settle_as_estimated(self) {
        let Estimate { input_tokens, output_tokens } = self.estimate;
        self.settle(Usage { input_tokens, output_tokens, ..Usage::default() });
    }

    /// The provider did nothing (429, 5xx, no connection): the tokens go back, the request stays spent.
    pub fn give_back(mut self) {
        let estimate = self.estimate;
        self.end(|gate, now| gate.give_back(estimate, now));
    }

    fn end(&mut self, how: impl FnOnce(&mut Gate, Instant)) {
        if let Some(pool) = self.pool.take() {
            pool.change(how);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(|gate, _| gate.release());
    }
}

/// Counts one waiting call for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
