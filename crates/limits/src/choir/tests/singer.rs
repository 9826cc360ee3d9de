//! A process with one voice: the real choir and the real gate, wired as a worker wires them.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use antiphon_core::{ChoirMessage, Limits, Seed, Usage, VoiceId};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::broker::Connection;
use super::ledger::{Held, Ledger};
use crate::choir::{Choir, ChoirSettings, Share, Standing};
use crate::gate::{Estimate, Gate};

/// What may befall a voice.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// The whole process stands still.
    Sleep(Duration),
    /// It reads nothing, but goes on with everything else.
    Deaf(Duration),
    /// It has nothing to start for a while, and then everything at once.
    Idle(Duration),
    /// The connection is lost; the voice notices when it is back.
    Cut {
        back: Duration,
    },
    Connected,
    /// The process is gone at once. The provider goes on with its calls.
    Crash,
    /// It has nothing to sing any more, or something again.
    Wants(bool),
    /// The broker lags as a whole from now on.
    Lagging(Duration),
}

/// A call of a voice, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) number: u32,
    pub(super) estimate: Estimate,
}

struct Call {
    job: Job,
    /// How many hundredths of the estimate it used, once it has ended at the provider.
    used: Option<u64>,
    /// Its voice was forgotten meanwhile, so nobody counts it any more.
    orphaned: bool,
}

pub(super) struct Singer {
    pub(super) voice: VoiceId,
    pub(super) choir: Choir,
    pub(super) gate: Gate,
    pub(super) share: Share,
    pub(super) connection: Option<Connection>,
    /// Whether the voice knows that this connection is a new one.
    pub(super) noticed: bool,
    pub(super) queue: VecDeque<Rc<ChoirMessage>>,
    pub(super) asleep_until: Option<Instant>,
    pub(super) deaf_until: Option<Instant>,
    pub(super) idle_until: Option<Instant>,
    pub(super) wants: bool,
    pub(super) gone: bool,
    pub(super) next_wake: Option<Instant>,
    pub(super) next_call: Option<Instant>,
    told: Limits,
    next_job: Option<Job>,
    calls: Vec<Call>,
    numbers: u32,
    last_routed: Option<Instant>,
}

impl Singer {
    pub(super) fn new(
        settings: &ChoirSettings,
        voice: VoiceId,
        told: Limits,
        jitter: u64,
        now: Instant,
    ) -> Self {
        let mut choir = Choir::new(*settings, super::pool(), voice, told.clone(), now);
        Self {
            voice,
            gate: Gate::shared(Seed(jitter), now),
            share: choir.share(now),
            choir,
            connection: None,
            noticed: true,
            queue: VecDeque::new(),
            asleep_until: None,
            deaf_until: None,
            idle_until: None,
            wants: true,
            gone: false,
            next_wake: None,
            next_call: None,
            told: crate::choir::share::with_burst(told),
            next_job: None,
            calls: Vec::new(),
            numbers: 0,
            last_routed: None,
        }
    }

    /// Notices a new connection, as the queue would say it before the first message of it.
    pub(super) fn notice(&mut self, now: Instant) {
        if self.connection.is_some() && !self.noticed {
            self.noticed = true;
            self.choir.disconnected(now);
            self.set_share(now);
        }
    }

    pub(super) fn hear(&mut self, message: &ChoirMessage, now: Instant) {
        self.choir.hear(message, now);
        self.set_share(now);
    }

    /// Publishes a beat, if one is due, or if there is news of whether there is something to sing.
    pub(super) fn beat(&mut self, now: Instant) -> Option<ChoirMessage> {
        if self.choir.changes_at().is_some_and(|at| at <= now) {
            self.set_share(now);
        }
        if self.choir.beat_due() > now {
            return None;
        }
        let in_flight = self.gate.reading(0, now).in_flight;
        let message = self.choir.beat(self.wants, in_flight, now);
        self.set_share(now);
        Some(message)
    }

    fn set_share(&mut self, now: Instant) {
        self.share = self.choir.share(now);
        self.gate.set_share(&self.share, now);
        self.next_call = Some(now);
    }

    /// The call that stands at the head of the line.
    pub(super) fn estimate(&mut self, most: (u64, u64), rng: &mut ChaCha8Rng) -> Estimate {
        let number = self.numbers;
        let job = self.next_job.get_or_insert_with(|| Job {
            number,
            estimate: Estimate {
                input_tokens: rng.random_range(0..=most.0),
                output_tokens: rng.random_range(0..=most.1),
            },
        });
        job.estimate
    }

    pub(super) fn started(&mut self) -> Job {
        let job = self.next_job.take().expect("a call was at the head of the line");
        self.numbers += 1;
        self.calls.push(Call { job, used: None, orphaned: false });
        job
    }

    pub(super) fn ended(&mut self, number: u32, used: u64) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.job.number == number) {
            call.used = Some(used);
        }
    }

    /// Takes in the replies of calls that have ended.
    pub(super) fn settle_ended(&mut self, ledger: &mut Ledger, now: Instant) {
        let part = |tokens: u64, used: u64| tokens * used / 100;
        self.calls.retain(|call| {
            let Some(used) = call.used else { return true };
            let estimate = call.job.estimate;
            let usage = Usage {
                input_tokens: part(estimate.input_tokens, used),
                cached_input_tokens: 0,
                output_tokens: part(estimate.output_tokens, used),
            };
            ledger.refund(
                estimate.input_tokens - usage.input_tokens,
                estimate.output_tokens - usage.output_tokens,
            );
            self.gate.settle(estimate, usage, now);
            self.next_call = Some(now);
            false
        });
    }

    /// When there is something to do again.
    pub(super) fn next_act(&self, now: Instant) -> Instant {
        let ahead = |until: Option<Instant>| until.filter(|until| *until > now);
        let (deaf, idle) = (ahead(self.deaf_until), ahead(self.idle_until));
        let times = [Some(self.choir.beat_due()), self.choir.changes_at(), self.next_call, deaf, idle];
        let next = times.into_iter().flatten().min().expect("a beat is always due some time");
        next.max(now + Duration::from_micros(10))
    }

    pub(super) fn suffer(&mut self, trouble: &Trouble, now: Instant) {
        match trouble {
            Trouble::Sleep(lasts) => self.asleep_until = Some(now + *lasts),
            Trouble::Deaf(lasts) => self.deaf_until = Some(now + *lasts),
            Trouble::Idle(lasts) => self.idle_until = Some(now + *lasts),
            Trouble::Wants(wants) => self.wants = *wants,
            other => unreachable!("{other:?} befalls the broker too"),
        }
    }

    pub(super) fn cut(&mut self) -> Option<Connection> {
        self.queue.clear();
        self.connection.take()
    }

    /// A beat of this voice was routed: whoever hears it remembers the voice for so long.
    pub(super) fn routed(&mut self, forget_after: Duration, now: Instant) {
        if self.is_forgotten(forget_after, now) {
            self.calls.iter_mut().for_each(|call| call.orphaned = true);
        }
        self.last_routed = Some(now);
    }

    pub(super) fn counted_calls(&self, forget_after: Duration, now: Instant) -> u32 {
        if self.is_forgotten(forget_after, now) {
            return 0;
        }
        let counted = self.calls.iter().filter(|call| call.used.is_none() && !call.orphaned);
        u32::try_from(counted.count()).expect("calls are few")
    }

    /// The share that the gate goes by, if it has one and the process is still there.
    pub(super) fn held(&self) -> Option<Held<'_>> {
        let held = self.share.standing == Standing::Singing && !self.gone;
        held.then_some(Held { until: self.share.until, told: &self.told })
    }

    fn is_forgotten(&self, forget_after: Duration, now: Instant) -> bool {
        self.last_routed.is_some_and(|at| now >= at + forget_after)
    }
}
