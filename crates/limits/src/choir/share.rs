//! How limits are divided.

use antiphon_core::Limits;
use tokio::time::Instant;

use crate::request_pace::local_burst;

/// A voice's part of the limits of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// What the voice may use; what is absent is unlimited. A burst is exact: its slack is already taken off.
    pub limits: Limits,
    /// From then on nothing may start. A share that ends at the moment it was made for lets nothing start at all.
    pub until: Instant,
    /// How many voices are counted.
    pub voices: u32,
    /// What the voice does.
    pub standing: Standing,
}

/// What a voice does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It has a share.
    Singing,
    /// It has none yet: it waits until it has heard everybody, and everybody has heard it.
    Listening,
    /// It has nothing to sing, or nothing is left for it: a limit has fewer calls than there are voices.
    Resting,
}

impl Share {
    pub(super) fn silent(standing: Standing, voices: u32, now: Instant) -> Self {
        Self { limits: Limits::default(), until: now, voices, standing }
    }
}

/// The part of `limit` for the voice that `rank` others out of `voices` stand before: `⌈(limit − rank) / voices⌉`.
///
/// These add up to the limit, and a part never grows with `voices` or `rank`. So parts of voices that count different
/// ones, but all of each other, never add up to more.
pub(super) fn portion(limit: u32, voices: u32, rank: u32) -> u32 {
    limit.saturating_sub(rank).div_ceil(voices)
}

/// The parts of all limits, but concurrency, which is a stock.
pub(super) fn portions(limits: &Limits, voices: u32, rank: u32) -> Limits {
    let part = |limit: Option<u32>| limit.map(|limit| portion(limit, voices, rank));
    Limits {
        requests_per_minute: part(limits.requests_per_minute),
        burst: part(limits.burst),
        input_tokens_per_minute: part(limits.input_tokens_per_minute),
        output_tokens_per_minute: part(limits.output_tokens_per_minute),
        concurrency: None,
    }
}

/// How many voices can sing so that each has at least one of everything.
pub(super) fn seats(limits: &Limits) -> u32 {
    let all = [
        limits.requests_per_minute,
        limits.burst,
        limits.input_tokens_per_minute,
        limits.output_tokens_per_minute,
        limits.concurrency,
    ];
    all.into_iter().flatten().min().unwrap_or(u32::MAX)
}

/// The limits with their burst written out, so that the strictest of several can be found.
pub(super) fn with_burst(limits: Limits) -> Limits {
    let burst = limits.requests_per_minute.map(|limit| limits.burst.unwrap_or((limit / 60).max(1)));
    Limits { burst, ..limits }
}

/// What the fleet uses of the limits: `headroom` of each, at least 1, and of the burst what is left after its slack.
pub(super) fn usable(limits: &Limits, headroom: f64) -> Limits {
    let part = |limit: Option<u32>| limit.map(|limit| scaled(limit, headroom));
    Limits {
        requests_per_minute: part(limits.requests_per_minute),
        burst: limits.burst.map(|burst| local_burst(burst).get()),
        input_tokens_per_minute: part(limits.input_tokens_per_minute),
        output_tokens_per_minute: part(limits.output_tokens_per_minute),
        concurrency: part(limits.concurrency),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of a u32 is a u32, and rounding down is meant"
)]
fn scaled(limit: u32, headroom: f64) -> u32 {
    let part = (f64::from(limit) * headroom.clamp(0.0, 1.0)) as u32;
    part.max(limit.min(1))
}
