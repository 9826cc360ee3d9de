//! The choir: how the workers of a fleet keep the limits of a pool together, without a leader.
//!
//! [`Choir`] is one voice in one pool, as a state machine that is told the time and what was heard, and says what to
//! publish and which share of the limits is its own. `docs/choir.md` explains it to operators. Why it holds:
//!
//! * A voice spends at `t` only if it has heard its own beat published after `t − ttl`. So it has heard every beat that
//!   reached its queue by then.
//! * A newcomer B first heard itself at `h`, so its beat was in every queue by `h + skew`. It spends only after an echo
//!   published at `h + ttl + skew` or later. Whoever spends from then on has heard everything up to `h + skew`, hence B.
//! * Whoever was singing at `h + ttl` had heard itself since `h`; that beat was in B's queue by `h + ttl + skew`, so B has
//!   heard it. Whoever was not is a newcomer itself, and B is the one that it must hear.
//! * So all who spend at the same moment count each other. Each takes its [`portion`](share::portion) of a limit by how
//!   many it counts and how many of them stand before it; whoever counts more takes no more.
//!
//! Nothing here speaks to a broker: delivering every message of a connection in order, or saying that it was lost, is
//! the queue's promise.

use std::time::Duration;

use antiphon_core::{Beat, ChoirMessage, Hush, Limits, OBJECT_FORMAT, PoolId, VoiceId};
use tokio::time::Instant;

use echo::Echo;
pub use share::{Share, Standing};
use voices::Voices;

mod echo;
mod share;
mod voices;

/// From here on, more voices beat less often.
const MOST_BEATS_PER_SECOND: f64 = 200.0;

/// An interval is at most `ttl` divided by this, or a single late beat would silence its voice.
const LEAST_BEATS_PER_TTL: u32 = 3;

/// The times of a choir. They must be the same in the whole fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChoirSettings {
    /// Between two beats of a voice. Grows to `ttl / 3` where there are so many voices that beats pass 200 a second.
    pub interval: Duration,
    /// How long a voice may spend after it published the newest beat that it has heard of itself.
    pub ttl: Duration,
    /// How much later than in another queue the broker may put a message in a queue.
    pub skew: Duration,
    /// What part of every limit but the burst the fleet uses, in 0..=1.
    pub headroom: f64,
}

impl Default for ChoirSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(500),
            ttl: Duration::from_secs(2),
            skew: Duration::from_secs(1),
            headroom: 1.0,
        }
    }
}

impl ChoirSettings {
    /// A voice that is silent for so long is forgotten: `4 × ttl + skew`. Half of that would be safe while `skew` holds; the rest
    /// is for brokers that do worse, and for the calls in flight of a voice that is gone.
    #[must_use]
    pub fn forget_after(&self) -> Duration {
        self.ttl * 4 + self.skew
    }
}

/// A 429 that another voice was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hushed {
    /// Who was told.
    pub by: VoiceId,
    /// How long to wait, if the provider said so. It is what [`crate::Pool::hush`] takes.
    pub after: Option<Duration>,
}

/// One voice in one pool.
///
/// Whoever drives it does three things in one task, so that they happen one after the other:
/// * At [`Choir::beat_due`], reads the calls in flight, publishes what [`Choir::beat`] returns, and then sets the share.
/// * Gives every message to [`Choir::hear`] in the order in which it came, every loss of the connection to
///   [`Choir::disconnected`], and sets the share after each.
/// * Sets the share at [`Choir::changes_at`].
///
/// To set the share is `pool.set_share(&choir.share(now))`. A voice that leaves stops its calls first, and then beats with
/// `singing` false.
#[derive(Debug)]
pub struct Choir {
    settings: ChoirSettings,
    pool: PoolId,
    voice: VoiceId,
    told: Limits,
    echo: Echo,
    others: Voices,
    /// What the newest beat said.
    singing: bool,
    beat_due: Instant,
}

impl Choir {
    /// A newcomer, whose first beat is due at once. `limits` are the pool's, as this process was told them.
    #[must_use]
    pub fn new(settings: ChoirSettings, pool: PoolId, voice: VoiceId, limits: Limits, now: Instant) -> Self {
        Self {
            told: share::with_burst(limits),
            echo: Echo::new(settings.ttl, settings.skew),
            others: Voices::new(voice, settings.forget_after()),
            singing: false,
            beat_due: now,
            settings,
            pool,
            voice,
        }
    }

    /// Goes on with these limits as what this process was told. Others learn of it by the next beat; then set the share.
    pub fn tell(&mut self, limits: Limits) {
        self.told = share::with_burst(limits);
    }

    /// When the next beat is due.
    #[must_use]
    pub fn beat_due(&self) -> Instant {
        self.beat_due
    }

    /// The next beat, taken to be published at `now`, so publish it afterwards. `singing`: whether there is something to sing.
    /// `in_flight`: the calls in flight, read after the newest share was set.
    ///
    /// Once it has said that it does not sing, or that it rests, a voice has no share until it has listened again.
    pub fn beat(&mut self, singing: bool, in_flight: u32, now: Instant) -> ChoirMessage {
        self.others.forget(now);
        self.singing = singing && !self.rests();
        let number = self.echo.sent(self.singing, now);
        let voices = f64::from(self.others.known());
        let least = Duration::from_secs_f64((voices + 1.0) / MOST_BEATS_PER_SECOND);
        self.beat_due = now + self.settings.interval.max(least).min(self.settings.ttl / LEAST_BEATS_PER_TTL);
        let limited = self.limits().concurrency.is_some();
        let counted = if limited { self.others.counted(number) } else { Vec::new() };
        ChoirMessage::Beat(Beat {
            format: OBJECT_FORMAT,
            pool: self.pool.clone(),
            voice: self.voice,
            number,
            singing: self.singing,
            in_flight,
            counted,
            settled: limited && self.echo.is_settled(now),
            limits: self.told.clone(),
        })
    }

    /// What to publish after a 429, besides hushing the pool here. Its echo does nothing.
    #[must_use]
    pub fn hush(&self, after: Option<Duration>) -> ChoirMessage {
        let after_ms = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        ChoirMessage::Hush(Hush {
            format: OBJECT_FORMAT,
            pool: self.pool.clone(),
            voice: self.voice,
            after_ms,
        })
    }

    /// Takes in a message, and says whether the pool is to be hushed. Messages about other pools do nothing.
    pub fn hear(&mut self, message: &ChoirMessage, now: Instant) -> Option<Hushed> {
        if message.pool() != &self.pool {
            return None;
        }
        let own = message.voice() == self.voice;
        match message {
            ChoirMessage::Beat(beat) if own => self.echo.heard(beat.number, now),
            ChoirMessage::Beat(beat) => self.others.hear(beat, now),
            ChoirMessage::Hush(_) if own => return None,
            ChoirMessage::Hush(hush) => {
                return Some(Hushed { by: hush.voice, after: hush.after_ms.map(Duration::from_millis) });
            }
        }
        let others = &self.others;
        let forget_after = self.settings.forget_after();
        self.echo.settle_if(|first, since| {
            others.all_counted_us(first) && (others.any_settled() || now >= since + forget_after)
        });
        None
    }

    /// The connection was lost, and messages with it: a newcomer again.
    pub fn disconnected(&mut self, now: Instant) {
        self.echo.lose();
        self.beat_due = now;
    }

    /// The share of the limits that is this voice's own at `now`.
    pub fn share(&mut self, now: Instant) -> Share {
        self.others.forget(now);
        let limits = self.limits();
        let until = self.echo.until(limits.concurrency.is_some(), now);
        let (voices, rank) = (self.others.singing() + 1, self.others.rank());
        let counted = if self.singing { voices } else { voices - 1 };
        if !self.singing || self.rests() {
            return Share::silent(Standing::Resting, counted, now);
        }
        let Some(until) = until else {
            return Share::silent(Standing::Listening, counted, now);
        };
        let mut portion = share::portions(&limits, voices, rank);
        portion.concurrency = limits.concurrency.map(|all| self.others.places(all));
        Share { limits: portion, until, voices, standing: Standing::Singing }
    }

    /// When the newest share changes by time alone: a voice is forgotten, or it ends. Later than the `now` of [`Choir::share`].
    #[must_use]
    pub fn changes_at(&self) -> Option<Instant> {
        [self.echo.ends(), self.others.next_forgotten()].into_iter().flatten().min()
    }

    /// Whether there are so many voices before this one that nothing is left for it.
    fn rests(&self) -> bool {
        self.others.rank() >= share::seats(&self.limits())
    }

    /// The strictest limits that any voice was told, and of those the part to use.
    fn limits(&self) -> Limits {
        share::usable(&self.others.lower(&self.told), self.settings.headroom)
    }
}

#[cfg(test)]
mod tests;
