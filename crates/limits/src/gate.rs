//! All limits of a pool as one state machine that is told the time. It grants a call everything or nothing.

use std::sync::Arc;
use std::time::Duration;

use antiphon_core::{Limits, Seed, Usage};
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use crate::choir::Share;
use crate::hush::Hush;
use crate::overload::Overload;
use crate::request_pace::{RequestPace, own_burst};
use crate::token_bucket::TokenBucket;

/// What a call will probably use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens; providers that count them beforehand count the most that was asked for.
    pub output_tokens: u64,
}

/// What the provider says is left of its limits. What it does not say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Calls.
    pub requests: Option<u32>,
    /// Input tokens.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
}

/// How a pool does, for progress and metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Calls that may start in a minute at present; `None` is unlimited.
    pub allowed_per_minute: Option<f64>,
    /// Calls that started.
    pub started: u64,
    /// Calls under way.
    pub in_flight: u32,
    /// Calls waiting for a permit.
    pub waiting: usize,
    /// Tokens charged so far, net of refunds.
    pub tokens: Estimate,
    /// Separate 429s.
    pub hushes: u64,
    /// What every rate is multiplied with at present, in 0.05..=1.
    pub factor: f64,
    /// How long nothing will start, if the pool is pausing.
    pub pause: Option<Duration>,
    /// Why the pool was stopped.
    pub stopped: Option<Arc<str>>,
}

/// When a call started, by the clock and among the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// How many calls had started then, itself included.
    number: u64,
    at: Instant,
}

/// Why a call may not start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Not before then.
    Until(Instant),
    /// Not before something changes: a call ends, or the share does.
    Change,
    /// Never.
    Stopped(Arc<str>),
}

/// All limits of a pool.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    /// From then on nothing may start: the end of the share, where the limits are shared.
    until: Option<Instant>,
    requests: Option<RequestPace>,
    input: Option<TokenBucket>,
    output: Option<TokenBucket>,
    hush: Hush,
    overload: Overload,
    jitter: ChaCha8Rng,
    in_flight: u32,
    started: u64,
    tokens: Estimate,
    stopped: Option<Arc<str>>,
}

impl Gate {
    pub(crate) fn new(limits: &Limits, jitter: Seed, now: Instant) -> Self {
        let bucket = |limit: Option<u32>| limit.map(|limit| TokenBucket::new(limit, now));
        Self {
            requests: limits
                .requests_per_minute
                .and_then(|limit| RequestPace::new(limit, own_burst(limit, limits.burst), now)),
            input: bucket(limits.input_tokens_per_minute),
            output: bucket(limits.output_tokens_per_minute),
            limits: limits.clone(),
            until: None,
            hush: Hush::new(now),
            overload: Overload::default(),
            jitter: jitter.stream(&["limits", "jitter"]),
            in_flight: 0,
            started: 0,
            tokens: Estimate::default(),
            stopped: None,
        }
    }

    /// Limits that are shared with others, and no share yet.
    pub(crate) fn shared(jitter: Seed, now: Instant) -> Self {
        Self { until: Some(now), ..Self::new(&Limits::default(), jitter, now) }
    }

    /// Goes on under another share. Where the one before has not ended, what is left of it or owed goes over; where it
    /// has, somebody else may have had what was left since, and only debts do.
    pub(crate) fn set_share(&mut self, share: &Share, now: Instant) {
        let goes_on = !self.has_ended(now);
        self.fill(now);
        self.until = Some(share.until);
        if self.has_ended(now) {
            return;
        }
        let limits = &share.limits;
        let burst = limits.burst.unwrap_or(1);
        self.requests = limits.requests_per_minute.and_then(|limit| match self.requests.take() {
            Some(pace) if goes_on => pace.under(limit, burst, now),
            _ => RequestPace::spent(limit, burst, now),
        });
        let bucket = |old: Option<TokenBucket>, limit: Option<u32>| {
            let bucket = old.unwrap_or_else(|| TokenBucket::nothing(now));
            limit.map(|limit| bucket.under(limit, goes_on, now))
        };
        self.input = bucket(self.input.take(), limits.input_tokens_per_minute);
        self.output = bucket(self.output.take(), limits.output_tokens_per_minute);
        self.limits = limits.clone();
    }

    /// Starts a call, or says what it waits for. Nothing is charged unless everything is there.
    pub(crate) fn start(&mut self, estimate: Estimate, now: Instant) -> Result<Start, Blocked> {
        if let Some(reason) = &self.stopped {
            return Err(Blocked::Stopped(reason.clone()));
        }
        if self.has_ended(now) {
            return Err(Blocked::Change);
        }
        if let Some(until) = self.hush.pause(now).max(self.overload.pause(now)) {
            return Err(Blocked::Until(until));
        }
        if self.limits.concurrency.is_some_and(|most| self.in_flight >= most) {
            return Err(Blocked::Change);
        }
        self.fill(now);
        let factor = self.hush.factor();
        let pairs = [(&self.input, estimate.input_tokens), (&self.output, estimate.output_tokens)];
        for (bucket, tokens) in pairs {
            if let Some(bucket) = bucket {
                bucket
                    .ready(tokens, factor)
                    .map_err(|until| until.map_or(Blocked::Change, Blocked::Until))?;
            }
        }
        // The pace comes last, because asking it is taking from it.
        match (&mut self.requests, self.limits.requests_per_minute) {
            (Some(pace), _) => pace.start(factor, now).map_err(Blocked::Until)?,
            (None, Some(_)) => return Err(Blocked::Change),
            (None, None) => {}
        }
        self.charge(estimate);
        Ok(Start { number: self.started, at: now })
    }

    /// A call ended and was answered: what it really used replaces the estimate. Cache reads do not count.
    pub(crate) fn settle(&mut self, estimate: Estimate, usage: Usage, now: Instant) {
        self.overload.answered();
        let used = Estimate {
            input_tokens: usage.input_tokens.saturating_sub(usage.cached_input_tokens),
            output_tokens: usage.output_tokens,
        };
        self.correct(estimate, used, now);
        self.release();
    }

    /// A call ended without the provider having done anything: its tokens go back, its request does not.
    pub(crate) fn give_back(&mut self, estimate: Estimate, now: Instant) {
        self.correct(estimate, Estimate::default(), now);
        self.release();
    }

    /// A call ended, nobody knows how: everything stays spent.
    pub(crate) fn release(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(crate) fn hush(&mut self, after: Option<Duration>, now: Instant) {
        self.fill(now);
        self.hush.hush(after, &mut self.jitter, now);
    }

    pub(crate) fn overloaded(&mut self, after: Option<Duration>, now: Instant) {
        self.overload.overloaded(after, &mut self.jitter, now);
    }

    /// What was left when that call came in.
    pub(crate) fn observe(&mut self, remaining: Remaining, call: Start, now: Instant) {
        if let (Some(pace), Some(left)) = (&mut self.requests, remaining.requests) {
            pace.lower_to(pace.aged(left, call.at, self.started - call.number, now), now);
        }
        self.fill(now);
        for (bucket, left) in
            [(&mut self.input, remaining.input_tokens), (&mut self.output, remaining.output_tokens)]
        {
            if let (Some(bucket), Some(left)) = (bucket, left) {
                bucket.lower_to(left);
            }
        }
    }

    /// Nothing starts any more. The first reason stands.
    pub(crate) fn stop(&mut self, reason: &str) {
        self.stopped.get_or_insert_with(|| reason.into());
    }

    pub(crate) fn reading(&mut self, waiting: usize, now: Instant) -> Reading {
        self.fill(now);
        let factor = self.hush.factor();
        Reading {
            allowed_per_minute: if self.has_ended(now) {
                Some(0.0)
            } else {
                self.limits.requests_per_minute.map(|limit| f64::from(limit) * factor)
            },
            started: self.started,
            in_flight: self.in_flight,
            waiting,
            tokens: self.tokens,
            hushes: self.hush.hushes(),
            factor,
            pause: self.hush.pause(now).max(self.overload.pause(now)).map(|until| until - now),
            stopped: self.stopped.clone(),
        }
    }

    fn has_ended(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Lets time pass. After the end of a share nothing is added.
    fn fill(&mut self, now: Instant) {
        self.hush.recover(now);
        let now = self.until.map_or(now, |until| now.min(until));
        for bucket in [&mut self.input, &mut self.output].into_iter().flatten() {
            bucket.fill(self.hush.factor(), now);
        }
    }

    fn charge(&mut self, estimate: Estimate) {
        self.in_flight += 1;
        self.started += 1;
        self.tokens.input_tokens += estimate.input_tokens;
        self.tokens.output_tokens += estimate.output_tokens;
        if let Some(bucket) = &mut self.input {
            bucket.charge(estimate.input_tokens);
        }
        if let Some(bucket) = &mut self.output {
            bucket.charge(estimate.output_tokens);
        }
    }

    fn correct(&mut self, reserved: Estimate, used: Estimate, now: Instant) {
        self.fill(now);
        let tokens = &mut self.tokens;
        tokens.input_tokens = tokens.input_tokens.saturating_sub(reserved.input_tokens) + used.input_tokens;
        tokens.output_tokens =
            tokens.output_tokens.saturating_sub(reserved.output_tokens) + used.output_tokens;
        if let Some(bucket) = &mut self.input {
            bucket.settle(reserved.input_tokens, used.input_tokens);
        }
        if let Some(bucket) = &mut self.output {
            bucket.settle(reserved.output_tokens, used.output_tokens);
        }
    }
}
