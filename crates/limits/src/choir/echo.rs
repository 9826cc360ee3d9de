//! What a voice hears of itself: its proof that it has heard the others.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The own beats that said that the voice sings, and which of them came back.
#[derive(Debug)]
pub(super) struct Echo {
    ttl: Duration,
    skew: Duration,
    /// The newest beat's number.
    number: u64,
    /// Beats that have not come back, oldest first, with when they were published.
    sent: VecDeque<(u64, Instant)>,
    chain: Option<Chain>,
}

/// Echoes without a gap: each came while the one before was younger than `ttl`, and was itself.
#[derive(Debug)]
struct Chain {
    /// The number of the first beat, and when it came back.
    first: u64,
    since: Instant,
    /// When the newest beat that came back was published.
    newest: Instant,
    /// Whether everybody has been heard, and has heard this voice or stopped.
    listened: bool,
    /// Whether everybody who was there has said so, and nobody is left who may have calls in flight without being heard.
    /// Whoever comes later has to hear it from this voice.
    settled: bool,
}

impl Echo {
    pub(super) fn new(ttl: Duration, skew: Duration) -> Self {
        Self { ttl, skew, number: 0, sent: VecDeque::new(), chain: None }
    }

    /// The number of a beat that is published at `now`. One that says that the voice does not sing ends the chain.
    pub(super) fn sent(&mut self, singing: bool, now: Instant) -> u64 {
        self.number += 1;
        if !singing {
            self.lose();
        } else {
            self.sent.retain(|(_, at)| now < *at + self.ttl);
            self.sent.push_back((self.number, now));
        }
        self.number
    }

    /// A beat came back. One that is as old as `ttl` proves nothing any more.
    pub(super) fn heard(&mut self, number: u64, now: Instant) {
        let position = self.sent.iter().position(|(sent, _)| *sent == number);
        let Some((_, at)) = position.and_then(|position| self.sent.drain(..=position).next_back()) else {
            return;
        };
        if now >= at + self.ttl {
            return;
        }
        self.break_if_old(now);
        let fresh = Chain { first: number, since: now, newest: at, listened: false, settled: false };
        let chain = self.chain.get_or_insert(fresh);
        chain.newest = at;
        chain.listened |= at >= chain.since + self.ttl + self.skew;
    }

    /// Asks, once everybody has been heard and until it is so, whether everybody counts the beat from which on this
    /// voice is to be counted. That beat came back at the time given along with its number.
    pub(super) fn settle_if(&mut self, all_counted: impl FnOnce(u64, Instant) -> bool) {
        if let Some(chain) = &mut self.chain
            && chain.listened
            && !chain.settled
        {
            chain.settled = all_counted(chain.first, chain.since);
        }
    }

    /// Whether it has become so, and there has been no gap since.
    pub(super) fn is_settled(&mut self, now: Instant) -> bool {
        self.break_if_old(now);
        self.chain.as_ref().is_some_and(|chain| chain.settled)
    }

    /// Nothing that was published will come back.
    pub(super) fn lose(&mut self) {
        self.sent.clear();
        self.chain = None;
    }

    /// Until when the voice may spend, if it may at `now`.
    pub(super) fn until(&mut self, must_settle: bool, now: Instant) -> Option<Instant> {
        self.break_if_old(now);
        let chain = self.chain.as_ref()?;
        (chain.listened && (chain.settled || !must_settle)).then(|| chain.newest + self.ttl)
    }

    /// When the chain will have a gap, unless there is another echo.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.chain.as_ref().map(|chain| chain.newest + self.ttl)
    }

    fn break_if_old(&mut self, now: Instant) {
        self.chain.take_if(|chain| now >= chain.newest + self.ttl);
    }
}
