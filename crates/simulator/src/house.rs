//! What all calls share: voices, limits, faults, counts, the ledger and the clock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::civil::Date;
use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Error, FaultKind, FaultOrder, SimulatorConfig, Voices,
    fault::FaultOrders,
    ledger::{Ledger, Record},
    limits::Group,
    sample_key::SampleKey,
    voice::Voice,
};

/// The state of a running simulator.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) voices: Voices,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) api_key: Option<String>,
    pub(crate) hang: Duration,
    pub(crate) trickle: Duration,
    pub(crate) retry_after: Duration,
    pub(crate) stop: CancellationToken,
    pub(crate) ledger: Ledger,
    /// Another call stands in the ledger.
    pub(crate) recorded: Notify,
    date: RwLock<Option<Date>>,
    orders: Mutex<FaultOrders>,
    attempts: Mutex<HashMap<u64, u32>>,
    unnamed: AtomicU64,
    counts: Vec<Counts>,
    in_flight: AtomicU32,
    in_flight_max: AtomicU32,
    clock: Clock,
}

/// Counts of one voice; the last element of the list is for calls without a voice.
#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    answers: AtomicU64,
    limited: AtomicU64,
    faults: AtomicU64,
}

/// The one place that reads clocks: a monotonic one, set by the wall once.
#[derive(Debug)]
struct Clock {
    start: Instant,
    epoch: Duration,
}

/// Counts since the start or the last reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Calls of every outcome.
    pub calls: u64,
    /// Good answers sent.
    pub answers: u64,
    /// Replies with status 429, by a limit or by a fault.
    pub limited: u64,
    /// Faults of every kind.
    pub faults: u64,
    /// Calls being handled now.
    pub in_flight: u32,
    /// Most calls handled at once.
    pub in_flight_max: u32,
    /// By limit group.
    pub groups: BTreeMap<String, GroupStats>,
    /// By voice.
    pub voices: BTreeMap<String, VoiceStats>,
}

/// The fullest window of a group, over all API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GroupStats {
    /// Most calls in any window, those that were sent away included.
    pub max_calls_in_window: u64,
    /// Most input tokens in any window, of all calls.
    pub max_input_tokens_in_window: u64,
    /// Most output tokens in any window, of calls that were let in.
    pub max_output_tokens_in_window: u64,
}

/// Counts of one voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct VoiceStats {
    /// Calls of every outcome.
    pub calls: u64,
    /// Good answers sent.
    pub answers: u64,
    /// Replies with status 429.
    pub limited: u64,
    /// Faults of every kind.
    pub faults: u64,
}

/// One call that is being handled.
pub(crate) struct InFlight<'a>(&'a House);

impl House {
    pub(crate) fn new(config: SimulatorConfig, port: u16) -> Self {
        let clock = Clock::start();
        // Two simulators on one machine differ in port, two on one port in time.
        let nonce = u64::try_from(clock.epoch.as_nanos()).unwrap_or(0) ^ (u64::from(port) << 48);
        let groups = config.voices.groups.iter();
        let groups = groups.map(|(name, limits)| Group::new(name, *limits, config.window)).collect();
        let counts = (0..=config.voices.all.len()).map(|_| Counts::default()).collect();
        Self {
            groups,
            counts,
            voices: config.voices,
            api_key: config.api_key,
            hang: config.hang,
            trickle: config.trickle,
            retry_after: config.retry_after,
            stop: CancellationToken::new(),
            ledger: Ledger::new(nonce),
            recorded: Notify::new(),
            date: RwLock::new(config.date),
            orders: Mutex::default(),
            attempts: Mutex::default(),
            unnamed: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            in_flight_max: AtomicU32::new(0),
            clock,
        }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.clock.start.elapsed()
    }

    /// The same as time since 1970.
    pub(crate) fn wall(&self, now: Duration) -> Duration {
        self.clock.epoch + now
    }

    pub(crate) fn date(&self) -> Option<Date> {
        *self.date.read()
    }

    pub(crate) fn set_date(&self, date: Option<Date>) {
        *self.date.write() = date;
    }

    pub(crate) fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.in_flight_max.fetch_max(now, Ordering::Relaxed);
        InFlight(self)
    }

    /// The key of a call, from its header or by counting.
    pub(crate) fn sample_key(&self, header: Option<&str>) -> SampleKey {
        match header {
            Some(text) => SampleKey::parse(text),
            None => SampleKey::counted(self.unnamed.fetch_add(1, Ordering::Relaxed) + 1),
        }
    }

    pub(crate) fn order(&self, order: FaultOrder) -> Result<(), Error> {
        if let Some(name) = &order.voice
            && self.voices.index(name).is_none()
        {
            return Err(Error::Order(format!("there is no voice '{name}'")));
        }
        self.orders.lock().add(order).map_err(Error::Order)
    }

    /// What goes wrong with this call, if anything. Counts the attempts of its key while faults are about.
    pub(crate) fn fault(&self, voice: &Voice, key: &SampleKey) -> Option<FaultKind> {
        let mut orders = self.orders.lock();
        if orders.is_empty() && voice.faults.is_empty() {
            return None;
        }
        let attempt = self.attempt(key);
        let struck = orders.strike(&voice.name, voice.seed, key, attempt);
        struck.or_else(|| voice.faults.draw(voice.seed, key, attempt))
    }

    fn attempt(&self, key: &SampleKey) -> u32 {
        if key.anonymous {
            return 1;
        }
        let hash = *blake3::hash(key.whole.as_bytes()).as_bytes();
        let hash = u64::from_le_bytes(hash.first_chunk::<8>().copied().unwrap_or_default());
        let mut attempts = self.attempts.lock();
        let attempt = attempts.entry(hash).or_insert(0);
        *attempt += 1;
        *attempt
    }

    /// Counts a call and writes it into the ledger.
    pub(crate) fn record(&self, record: Record) {
        let counts = &self.counts[record.voice.map_or(self.voices.all.len(), usize::from)];
        counts.calls.fetch_add(1, Ordering::Relaxed);
        counts.answers.fetch_add(u64::from(record.answered.is_some()), Ordering::Relaxed);
        counts.limited.fetch_add(u64::from(record.status == 429), Ordering::Relaxed);
        counts.faults.fetch_add(u64::from(record.fault.is_some()), Ordering::Relaxed);
        self.ledger.push(record);
        self.recorded.notify_waiters();
    }

    pub(crate) fn stats(&self) -> Stats {
        let each: Vec<VoiceStats> = self.counts.iter().map(Counts::read).collect();
        let sum = |pick: fn(&VoiceStats) -> u64| each.iter().map(pick).sum();
        let groups = self.groups.iter().map(|group| {
            let most = group.most();
            let stats = GroupStats {
                max_calls_in_window: most.calls,
                max_input_tokens_in_window: most.input_tokens,
                max_output_tokens_in_window: most.output_tokens,
            };
            (group.name.clone(), stats)
        });
        Stats {
            calls: sum(|voice| voice.calls),
            answers: sum(|voice| voice.answers),
            limited: sum(|voice| voice.limited),
            faults: sum(|voice| voice.faults),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            in_flight_max: self.in_flight_max.load(Ordering::Relaxed),
            groups: groups.collect(),
            voices: self.voices.names().map(str::to_owned).zip(each.iter().copied()).collect(),
        }
    }

    /// Forgets calls, counts, attempts, ordered faults and spent limits. Date and voices stay.
    pub(crate) fn reset(&self) {
        self.ledger.reset();
        self.orders.lock().clear();
        self.attempts.lock().clear();
        self.unnamed.store(0, Ordering::Relaxed);
        self.in_flight_max.store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
        self.groups.iter().for_each(|group| group.reset());
        self.counts.iter().for_each(Counts::reset);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counts {
    fn read(&self) -> VoiceStats {
        VoiceStats {
            calls: self.calls.load(Ordering::Relaxed),
            answers: self.answers.load(Ordering::Relaxed),
            limited: self.limited.load(Ordering::Relaxed),
            faults: self.faults.load(Ordering::Relaxed),
        }
    }

    fn reset(&self) {
        for count in [&self.calls, &self.answers, &self.limited, &self.faults] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place of the simulator that reads the wall clock")]
    fn start() -> Self {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), epoch }
    }
}
