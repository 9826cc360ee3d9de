//! What all voices spend, against what is promised.
//!
//! For every rate there is one bucket, as a strict provider would keep it: it is filled, while anybody has a share, at the
//! strictest limit that any voice with a share was told, up to that limit's burst (requests: nine tenths of it, the rest is slack;
//! tokens: a sixth of the limit), and it begins empty. That it never runs dry is the same as: in every window of
//! length `w`, what was charged is at most `limit × w + burst`.

use std::time::Duration;

use antiphon_core::Limits;
use tokio::time::Instant;

use crate::choir::share;
use crate::gate::Estimate;

/// Fractions of a token that rounding may grant.
const ROUNDING: f64 = 0.01;

/// A voice's share as the ledger sees it.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) until: Instant,
    pub(super) told: &'a Limits,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    /// Absent while nobody with a share was told a limit.
    burst: Option<f64>,
    per_second: f64,
}

pub(super) struct Ledger {
    /// Requests, input tokens, output tokens.
    buckets: [Bucket; 3],
    at: Instant,
    headroom: f64,
    pub(super) spent: [f64; 3],
    /// What could have been spent.
    pub(super) grown: f64,
}

impl Ledger {
    pub(super) fn new(headroom: f64, now: Instant) -> Self {
        let empty = Bucket { level: 0.0, burst: Some(0.0), per_second: 0.0 };
        Self { buckets: [empty; 3], at: now, headroom, spent: [0.0; 3], grown: 0.0 }
    }

    /// Lets time pass, during which shares end.
    pub(super) fn advance(&mut self, held: &[Held<'_>], now: Instant) {
        while self.at < now {
            let ends = held.iter().map(|held| held.until).filter(|until| *until > self.at).min();
            let next = ends.map_or(now, |until| until.min(now));
            self.obey(strictest(held, self.at).as_ref());
            let passed = (next - self.at).as_secs_f64();
            for bucket in &mut self.buckets {
                bucket.level += bucket.per_second * passed;
                bucket.level = bucket.burst.map_or(bucket.level, |burst| bucket.level.min(burst));
            }
            self.grown += self.buckets[0].per_second * passed;
            self.at = next;
        }
        self.obey(strictest(held, now).as_ref());
    }

    /// Charges a call, or says which bucket ran dry.
    pub(super) fn charge(&mut self, estimate: Estimate) -> Result<(), String> {
        let charges = [1.0, estimate.input_tokens as f64, estimate.output_tokens as f64];
        for (number, (bucket, charge)) in self.buckets.iter_mut().zip(charges).enumerate() {
            self.spent[number] += charge;
            bucket.level -= charge;
            if bucket.burst.is_some() && bucket.level < -ROUNDING {
                let what = ["requests", "input tokens", "output tokens"][number];
                return Err(format!("{what}: {charge} were spent and {} too many", -bucket.level));
            }
        }
        Ok(())
    }

    pub(super) fn refund(&mut self, input_tokens: u64, output_tokens: u64) {
        for (number, refund) in [(1, input_tokens as f64), (2, output_tokens as f64)] {
            self.spent[number] -= refund;
            let bucket = &mut self.buckets[number];
            bucket.level = bucket.burst.map_or(0.0, |burst| (bucket.level + refund).min(burst));
        }
    }

    fn obey(&mut self, limits: Option<&Limits>) {
        let Some(limits) = limits.map(|limits| share::usable(limits, self.headroom)) else {
            // Without any voice nothing is spent, and what was saved up stands.
            self.buckets.iter_mut().for_each(|bucket| bucket.per_second = 0.0);
            return;
        };
        let tokens = |limit: Option<u32>| limit.map(|limit| (limit, f64::from(limit) / 6.0));
        let rates = [
            limits.requests_per_minute.zip(limits.burst.map(f64::from)),
            tokens(limits.input_tokens_per_minute),
            tokens(limits.output_tokens_per_minute),
        ];
        for (bucket, rate) in self.buckets.iter_mut().zip(rates) {
            bucket.per_second = rate.map_or(0.0, |(limit, _)| f64::from(limit) / 60.0);
            let burst = rate.map(|(_, burst)| burst);
            // Those who knew of no limit may have saved up a burst since they heard of it.
            let level =
                if bucket.burst.is_none() { burst } else { burst.map(|burst| burst.min(bucket.level)) };
            (bucket.burst, bucket.level) = (burst, level.unwrap_or(0.0));
        }
    }
}

/// The least number of calls in flight that anybody with a share was told.
pub(super) fn strictest_concurrency(held: &[Held<'_>], headroom: f64, now: Instant) -> Option<u32> {
    strictest(held, now).and_then(|limits| share::usable(&limits, headroom).concurrency)
}

fn strictest(held: &[Held<'_>], now: Instant) -> Option<Limits> {
    let mut valid = held.iter().filter(|held| held.until > now).map(|held| held.told);
    let first = valid.next()?.clone();
    Some(valid.fold(first, |limits, told| limits.lowered_by(told)))
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
