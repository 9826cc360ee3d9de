//! Voices, a broker and a provider under simulated time, all drawn from one seed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

use antiphon_core::{ChoirMessage, Limits, VoiceId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::broker::{Broker, Connection, Delays, upto};
use super::ledger::{Held, Ledger, strictest_concurrency};
use super::singer::{Job, Singer, Trouble};
use crate::choir::{ChoirSettings, Standing};
use crate::gate::Blocked;

/// No world that was looked at had a tenth of them.
const MOST_EVENTS: usize = 1_000_000;

/// What may happen next.
#[derive(Debug)]
pub(super) enum Event {
    /// A message leaves the exchange.
    Route(Connection, Rc<ChoirMessage>),
    /// A message is in a queue.
    Arrive(Connection, Rc<ChoirMessage>),
    /// A voice does whatever it has to do.
    Wake(usize),
    /// A call of a voice ends at the provider.
    End(usize, u32),
    Trouble(usize, Trouble),
    Join,
}

/// What a world is made of.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) choir: ChoirSettings,
    pub(super) delays: Delays,
    /// What the voices are told; each is told one of them.
    pub(super) told: Vec<Limits>,
    /// The most input and output tokens of a call.
    pub(super) tokens: (u64, u64),
    /// The shortest and the longest call, in milliseconds.
    pub(super) call_ms: (u64, u64),
}

pub(super) struct World {
    pub(super) setting: Setting,
    pub(super) now: Instant,
    pub(super) begin: Instant,
    pub(super) rng: ChaCha8Rng,
    pub(super) singers: Vec<Singer>,
    pub(super) ledger: Ledger,
    broker: Broker,
    events: BinaryHeap<Reverse<(Instant, u64, usize)>>,
    /// By the number in `events`.
    waiting: Vec<Option<Event>>,
    /// Seconds times calls in flight, as far as they count.
    pub(super) sung: f64,
}

impl World {
    pub(super) fn new(seed: u64, setting: Setting) -> Self {
        let now = Instant::now();
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            ledger: Ledger::new(setting.choir.headroom, now),
            broker: Broker::new(setting.delays.clone(), now),
            singers: Vec::new(),
            events: BinaryHeap::new(),
            waiting: Vec::new(),
            sung: 0.0,
            setting,
            begin: now,
            now,
        }
    }

    pub(super) fn schedule(&mut self, at: Instant, event: Event) {
        let number = self.waiting.len();
        self.waiting.push(Some(event));
        self.events.push(Reverse((at, self.rng.random(), number)));
    }

    pub(super) fn join(&mut self) {
        let told = self.setting.told[self.rng.random_range(0..self.setting.told.len())].clone();
        let (voice, jitter) = (VoiceId(self.rng.random()), self.rng.random());
        let singer = Singer::new(&self.setting.choir, voice, told, jitter, self.now);
        self.singers.push(singer);
        self.connect(self.singers.len() - 1);
    }

    /// Lets everything happen until then. An error says which promise was broken.
    pub(super) fn run(&mut self, until: Instant) -> Result<(), String> {
        while let Some(Reverse((at, _, number))) = self.events.peek().copied()
            && at <= until
        {
            self.events.pop();
            self.pass(at);
            let event = self.waiting[number].take().expect("an event happens once");
            self.happen(event).map_err(|what| format!("{what} after {:?}", at - self.begin))?;
            if number > MOST_EVENTS {
                return Err("somebody wakes up again and again without anything to do".to_owned());
            }
        }
        self.pass(until);
        Ok(())
    }

    fn pass(&mut self, now: Instant) {
        self.sung += f64::from(self.in_flight()) * (now - self.now).as_secs_f64();
        self.ledger.advance(&held(&self.singers), now);
        self.now = now;
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Route(from, message) => self.route(from, &message),
            Event::Arrive(to, message) => {
                let reader = self.singers.iter().position(|singer| singer.connection == Some(to));
                if let Some(reader) = reader {
                    self.singers[reader].queue.push_back(message);
                    let late = upto(Duration::from_millis(50), &mut self.rng);
                    self.wake(reader, self.now + late);
                }
            }
            Event::Wake(singer) if self.singers[singer].next_wake == Some(self.now) => {
                self.singers[singer].next_wake = None;
                self.act(singer)?;
            }
            Event::Wake(_) => {}
            Event::End(singer, call) => self.end(singer, call),
            Event::Trouble(singer, trouble) => self.trouble(singer, trouble),
            Event::Join => self.join(),
        }
        Ok(())
    }

    fn route(&mut self, from: Connection, message: &Rc<ChoirMessage>) {
        if let Some(singer) = self.singers.iter_mut().find(|singer| singer.voice == message.voice()) {
            singer.routed(self.setting.choir.forget_after(), self.now);
        }
        for (to, at) in self.broker.route(from, &mut self.rng, self.now) {
            self.schedule(at, Event::Arrive(to, message.clone()));
        }
    }

    /// Everything that is due, in any order: a process that wakes up does not know how long it slept.
    fn act(&mut self, number: usize) -> Result<(), String> {
        if self.singers[number].gone {
            return Ok(());
        }
        if let Some(asleep) = self.singers[number].asleep_until.filter(|until| *until > self.now) {
            self.wake(number, asleep);
            return Ok(());
        }
        let first = self.rng.random_range(0..4);
        for step in 0..4 {
            match (first + step) % 4 {
                0 => self.read(number),
                1 => self.beat(number),
                2 => self.start(number)?,
                _ => self.singers[number].settle_ended(&mut self.ledger, self.now),
            }
        }
        let singer = &self.singers[number];
        let next = singer.next_act(self.now);
        self.wake(number, next);
        Ok(())
    }

    fn read(&mut self, number: usize) {
        let singer = &mut self.singers[number];
        if singer.deaf_until.is_some_and(|until| until > self.now) {
            return;
        }
        singer.notice(self.now);
        // Calls start between the messages of a pile, too.
        let most = [usize::MAX, 1, 3][self.rng.random_range(0..3)].min(singer.queue.len());
        for message in singer.queue.drain(..most).collect::<Vec<_>>() {
            singer.hear(&message, self.now);
        }
        if !singer.queue.is_empty() {
            singer.deaf_until = Some(self.now + upto(Duration::from_millis(500), &mut self.rng));
        }
    }

    fn beat(&mut self, number: usize) {
        let singer = &mut self.singers[number];
        if let Some(message) = singer.beat(self.now)
            && let Some(from) = singer.connection
        {
            let at = self.broker.publish(from, &mut self.rng, self.now);
            self.schedule(at, Event::Route(from, Rc::new(message)));
        }
    }

    fn start(&mut self, number: usize) -> Result<(), String> {
        self.singers[number].next_call = None;
        let idle = self.singers[number].idle_until.is_some_and(|until| until > self.now);
        while self.singers[number].wants && !idle {
            let estimate = self.singers[number].estimate(self.setting.tokens, &mut self.rng);
            match self.singers[number].gate.start(estimate, self.now) {
                Ok(_) => self.started(number)?,
                Err(Blocked::Until(until)) => {
                    let late = upto(Duration::from_millis(2), &mut self.rng);
                    self.singers[number].next_call = Some(until + late);
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn started(&mut self, number: usize) -> Result<(), String> {
        let (shortest, longest) = self.setting.call_ms;
        let lasts = Duration::from_millis(self.rng.random_range(shortest..=longest));
        let Job { number: call, estimate } = self.singers[number].started();
        self.ledger.advance(&held(&self.singers), self.now);
        self.schedule(self.now + lasts, Event::End(number, call));
        self.ledger.charge(estimate).map_err(|what| format!("voice {number}: {what}"))?;
        let most = strictest_concurrency(&held(&self.singers), self.setting.choir.headroom, self.now);
        let in_flight = self.in_flight();
        if most.is_some_and(|most| in_flight > most) {
            return Err(format!("voice {number}: {in_flight} calls are in flight of {most:?}"));
        }
        Ok(())
    }

    fn end(&mut self, number: usize, call: u32) {
        let used = self.rng.random_range(0..=100);
        self.singers[number].ended(call, used);
        self.wake(number, self.now);
    }

    fn connect(&mut self, number: usize) {
        let connection = self.broker.connect();
        let singer = &mut self.singers[number];
        singer.connection = Some(connection);
        singer.noticed = false;
        self.wake(number, self.now);
    }

    fn trouble(&mut self, number: usize, trouble: Trouble) {
        if self.singers.get(number).is_none_or(|singer| singer.gone) {
            return;
        }
        match trouble {
            Trouble::Connected => self.connect(number),
            Trouble::Lagging(lag) => self.broker.delays.lag = lag,
            Trouble::Cut { back } => {
                if let Some(connection) = self.singers[number].cut() {
                    self.broker.cut(connection);
                    self.schedule(self.now + back, Event::Trouble(number, Trouble::Connected));
                }
            }
            Trouble::Crash => {
                if let Some(connection) = self.singers[number].cut() {
                    self.broker.cut(connection);
                }
                self.singers[number].gone = true;
            }
            other => {
                self.singers[number].suffer(&other, self.now);
                self.wake(number, self.now);
            }
        }
    }

    fn wake(&mut self, number: usize, at: Instant) {
        let singer = &mut self.singers[number];
        if singer.next_wake.is_none_or(|next| at < next) {
            singer.next_wake = Some(at);
            self.schedule(at, Event::Wake(number));
        }
    }

    /// Calls in flight at the provider, but those of voices that were silent for so long that they are forgotten.
    pub(super) fn in_flight(&self) -> u32 {
        let forget_after = self.setting.choir.forget_after();
        self.singers.iter().map(|singer| singer.counted_calls(forget_after, self.now)).sum()
    }

    /// How many voices do that.
    pub(super) fn standing(&self, standing: Standing) -> usize {
        self.singers.iter().filter(|singer| singer.share.standing == standing && !singer.gone).count()
    }
}

fn held(singers: &[Singer]) -> Vec<Held<'_>> {
    singers.iter().filter_map(Singer::held).collect()
}
