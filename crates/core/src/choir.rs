//! What the workers of a pool tell each other, so that together they keep its limits.

use serde::{Deserialize, Serialize};

use crate::{Limits, PoolId};

/// One worker in one pool, for as long as its process lives. Drawn at random; 0 is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VoiceId(pub u64);

impl std::fmt::Display for VoiceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A message to all workers of a pool, its sender included. A connection carries them in order; any may be lost with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoirMessage {
    /// I am here.
    Beat(Beat),
    /// The provider answered 429: everybody falls silent.
    Hush(Hush),
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// [`crate::OBJECT_FORMAT`] when it was sent.
    pub format: u32,
    /// The pool.
    pub pool: PoolId,
    /// Who beats.
    pub voice: VoiceId,
    /// Counts this voice's beats, from 1.
    pub number: u64,
    /// Whether it sings or waits to. A voice with nothing to sing, and one that rests, leave the count.
    pub singing: bool,
    /// Its calls in flight.
    pub in_flight: u32,
    /// The voices that sing or have calls in flight, itself included, sorted, each with the number of the newest beat that it heard
    /// of it: which life of a voice was counted matters where the voice has left and come back. Empty where concurrency is unlimited.
    pub counted: Vec<(VoiceId, u64)>,
    /// Whether `counted` is everybody who may have calls in flight, also those who were silent of late.
    pub settled: bool,
    /// The limits of the pool as it was told them. The strictest that anybody was told are everybody's.
    pub limits: Limits,
}

/// A 429.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hush {
    /// [`crate::OBJECT_FORMAT`] when it was sent.
    pub format: u32,
    /// The pool.
    pub pool: PoolId,
    /// Who was told.
    pub voice: VoiceId,
    /// How long to wait, in milliseconds, if the provider said so.
    pub after_ms: Option<u64>,
}

impl ChoirMessage {
    /// Who sent it.
    #[must_use]
    pub fn voice(&self) -> VoiceId {
        match self {
            Self::Beat(beat) => beat.voice,
            Self::Hush(hush) => hush.voice,
        }
    }

    /// The pool that it is about.
    #[must_use]
    pub fn pool(&self) -> &PoolId {
        match self {
            Self::Beat(beat) => &beat.pool,
            Self::Hush(hush) => &hush.pool,
        }
    }
}
