//! The other voices, as far as they were heard.

use std::collections::BTreeMap;
use std::time::Duration;

use antiphon_core::{Beat, Limits, VoiceId};
use tokio::time::Instant;

use super::share;

/// The voices heard of in the last while, without the own.
#[derive(Debug)]
pub(super) struct Voices {
    own: VoiceId,
    forget_after: Duration,
    heard: BTreeMap<VoiceId, Heard>,
}

/// The newest beat of a voice.
#[derive(Debug)]
struct Heard {
    at: Instant,
    number: u64,
    singing: bool,
    in_flight: u32,
    /// The number of the newest beat of ours that it counted.
    counted_us: u64,
    /// Those that it counts.
    counted: Vec<VoiceId>,
    settled: bool,
    limits: Limits,
}

impl Voices {
    pub(super) fn new(own: VoiceId, forget_after: Duration) -> Self {
        Self { own, forget_after, heard: BTreeMap::new() }
    }

    /// Takes in a beat of another voice. One that was overtaken on a newer connection is old news.
    pub(super) fn hear(&mut self, beat: &Beat, now: Instant) {
        let before = self.heard.get(&beat.voice);
        if before.is_some_and(|before| beat.number <= before.number) {
            return;
        }
        let counted_us = beat.counted.iter().find(|(voice, _)| *voice == self.own).map(|(_, number)| *number);
        let heard = Heard {
            at: now,
            number: beat.number,
            singing: beat.singing,
            in_flight: beat.in_flight,
            counted_us: counted_us.or(before.map(|before| before.counted_us)).unwrap_or(0),
            counted: beat.counted.iter().map(|(voice, _)| *voice).collect(),
            settled: beat.settled,
            limits: beat.limits.clone(),
        };
        self.heard.insert(beat.voice, heard);
    }

    /// Forgets whoever was silent for too long.
    pub(super) fn forget(&mut self, now: Instant) {
        self.heard.retain(|_, heard| now < heard.at + self.forget_after);
    }

    /// When the next is forgotten, unless it is heard again.
    pub(super) fn next_forgotten(&self) -> Option<Instant> {
        self.heard.values().map(|heard| heard.at + self.forget_after).min()
    }

    /// How many there are, singing or not.
    pub(super) fn known(&self) -> u32 {
        u32::try_from(self.heard.len()).unwrap_or(u32::MAX)
    }

    /// How many sing.
    pub(super) fn singing(&self) -> u32 {
        count(self.heard.values().filter(|heard| heard.singing))
    }

    /// How many sing that have lower ids than we.
    pub(super) fn rank(&self) -> u32 {
        count(self.heard.range(..self.own).filter(|(_, heard)| heard.singing))
    }

    /// Those that sing or have calls in flight, with the newest beat heard of each, ourselves included.
    pub(super) fn counted(&self, own: u64) -> Vec<(VoiceId, u64)> {
        let held = self.heard.iter().filter(|(_, heard)| heard.singing || heard.in_flight > 0);
        let mut counted: Vec<_> = held.map(|(voice, heard)| (*voice, heard.number)).collect();
        counted.push((self.own, own));
        counted.sort_unstable();
        counted
    }

    /// Whether all that sing have counted our beat of that number or a newer one, and count nobody that we have not heard: such
    /// a one is silent, but the calls that it began may not have ended.
    pub(super) fn all_counted_us(&self, number: u64) -> bool {
        let known = |voice: &VoiceId| *voice == self.own || self.heard.contains_key(voice);
        let mut singing = self.heard.values().filter(|heard| heard.singing);
        singing.all(|heard| heard.counted_us >= number && heard.counted.iter().all(known))
    }

    /// Whether there is one that knows of everybody who may have calls in flight.
    pub(super) fn any_settled(&self) -> bool {
        self.heard.values().any(|heard| heard.singing && heard.settled)
    }

    /// Those limits or the stricter ones that somebody was told, limit by limit.
    pub(super) fn lower(&self, limits: &Limits) -> Limits {
        self.heard.values().fold(limits.clone(), |limits, heard| limits.lowered_by(&heard.limits))
    }

    /// How many of `all` calls in flight are left to us. A call that began under an older share still holds its place, so
    /// every other voice is taken to hold its share, or what it said it holds, whichever is more.
    pub(super) fn places(&self, all: u32) -> u32 {
        let voices = self.singing() + 1;
        let mut rank = 0;
        let mut held = 0_u64;
        for (voice, heard) in &self.heard {
            let share = if heard.singing {
                rank += 1;
                share::portion(all, voices, rank - u32::from(*voice < self.own))
            } else {
                0
            };
            held += u64::from(share.max(heard.in_flight));
        }
        u32::try_from(u64::from(all).saturating_sub(held)).unwrap_or(0)
    }
}

fn count<T>(voices: impl Iterator<Item = T>) -> u32 {
    u32::try_from(voices.count()).unwrap_or(u32::MAX)
}
